"""In: a simulator; out: its addresses and credentials, in a process of its own too, and a clean end."""

import asyncio
import json
import os
import signal
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from paradeiro.simulator.clock import SimulatorClock
from paradeiro.simulator.parties import Simulator
from paradeiro.simulator.scenario.scenario import Scenario
from paradeiro.simulator.server import serve

from .conftest import START


async def test_says_where_it_is(simulator: Simulator) -> None:
    assert simulator.urls.keys() == {"correios", "seventeen_track", "vtex", "marketplace", "mercado_livre", "admin"}
    assert all(url.startswith("http://127.0.0.1:") for url in simulator.urls.values())
    accounts = simulator.accounts()
    assert accounts.keys() == {"correios", "vtex", "vtex_marketplace", "mercado_livre", "email"}
    assert simulator.fallback()["base_url"] == simulator.urls["seventeen_track"]
    assert accounts["email"]["port"] == str(simulator.smtp_port)
    assert json.loads(json.dumps(simulator.described()))["urls"] == simulator.urls


async def test_its_doors_close(http: httpx.AsyncClient) -> None:
    async with serve(Scenario(5, 3, 1, START).ground_truth(), SimulatorClock(START)) as simulator:
        url = f"{simulator.urls['admin']}/clock"
        assert (await http.get(url)).status_code == 200
    with pytest.raises(httpx.TransportError):
        await http.get(url)


async def test_two_simulators_side_by_side() -> None:
    ground_truth = Scenario(5, 3, 1, START).ground_truth
    async with (
        serve(ground_truth(), SimulatorClock(START)) as one,
        serve(ground_truth(), SimulatorClock(START)) as other,
    ):
        assert not set(one.urls.values()) & set(other.urls.values())
        assert one.smtp_port != other.smtp_port


@pytest.mark.slow
async def test_runs_until_terminated(tmp_path: Path, http: httpx.AsyncClient) -> None:
    file = tmp_path / "world.json"
    start = datetime.now(UTC) - timedelta(days=12)
    command = [sys.executable, "-m", "paradeiro.simulator", "--packages", "5", "--start", start.isoformat()]
    process = await asyncio.create_subprocess_exec(*command, "--file", str(file), stderr=asyncio.subprocess.PIPE)
    async with asyncio.timeout(20):
        while not file.exists():
            assert process.returncode is None
            await asyncio.sleep(0.05)
        told = json.loads(file.read_text())
        assert file.stat().st_mode & 0o777 == 0o600
        assert (await http.get(f"{told['urls']['admin']}/clock")).json()["speed"] == told["clock"]["speed"] == 360
        os.kill(process.pid, signal.SIGTERM)
        _, complaints = await process.communicate()
    assert (process.returncode, complaints) == (0, b"")
