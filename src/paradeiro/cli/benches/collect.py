"""In: a scratch database, a number of shipments; out: unchanged shipments/s through `collect`, and where time goes."""

import cProfile
import json
import pstats
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from paradeiro.app import open_app
from paradeiro.cli.accounts.accounts import add_account
from paradeiro.db.measuring import bench_rows
from paradeiro.db.pool import transaction
from paradeiro.flow.collect import collect
from paradeiro.flow.context import Context
from paradeiro.settings import Settings
from paradeiro.worker.drain import drain

_DAYS = 12
_BATCH = 50
_PAUSE = 0.05
# Which files' own time counts as what.
_PARTS = {
    "HTTP": ("httpx", "httpcore", "h11", "anyio", "sdk/http"),
    "JSON": ("msgspec", "/json/", "connectors/"),
    "SQL": ("psycopg", "paradeiro/db/"),
    "waiting for the other side": ("select", "epoll"),
}


async def bench(settings: Settings, url: str, size: int) -> dict[str, Any]:
    """All shipments are due and nothing changed; the simulator runs in a process of its own. The ceiling: the same
    requests with nothing else done.
    """
    with simulator_of(size, "--without-async") as simulator:
        return await _measure(settings, url, simulator)


@contextmanager
def simulator_of(packages: int, *more: str) -> Iterator[dict[str, Any]]:
    """A simulator at the end of its days in a process of its own: its description."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "world.json"
        start = datetime.now(UTC) - timedelta(days=_DAYS)
        size = ["--packages", str(packages), "--days", str(_DAYS), "--speed", "0"]
        command = [sys.executable, "-m", "paradeiro.simulator", *size, *more]
        command += ["--start", start.isoformat(), "--file", str(file)]
        process = subprocess.Popen(command)  # noqa: S603 - our own command
        try:
            yield _described(file)
        finally:
            process.terminate()
            process.wait(10)


def _described(file: Path) -> dict[str, Any]:
    until = time.monotonic() + 120
    while not file.exists() and time.monotonic() < until:
        time.sleep(_PAUSE)
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


async def _measure(settings: Settings, url: str, simulator: dict[str, Any]) -> dict[str, Any]:
    async with httpx.AsyncClient(trust_env=False, timeout=120) as client:
        codes = await at_its_end(client, simulator)
        async with open_app(settings, url) as context:
            account = await follow(context, simulator, codes, "Bench")
            await drain(context)
            took, asked = await _round(context, account)
            profile = cProfile.Profile()
            profile.enable()
            await _round(context, account)
            profile.disable()
        ceiling = await _only_questions(client, simulator, codes)
    figures: dict[str, Any] = {
        "shipments": asked,
        "unchanged shipments/s through collect": asked / took,
        "shipments/s, questions only": ceiling,
        "ratio to the questions only": asked / took / ceiling,
    }
    return figures | {f"share of time, {part}, %": share for part, share in _shares(profile).items()}


async def at_its_end(client: httpx.AsyncClient, simulator: dict[str, Any]) -> list[str]:
    """Set the simulator's clock to now; the codes of all its packages."""
    admin = simulator["urls"]["admin"]
    await client.post(f"{admin}/clock", json={"now": datetime.now(UTC).isoformat()})
    return [each["tracking_code"] for each in (await client.get(f"{admin}/truth")).json()]


async def follow(context: Context, simulator: dict[str, Any], codes: list[str], store: str) -> int:
    """Have a store of that name follow these codes at the simulated post office; its account's id."""
    connector, values = context.connectors["correios"], simulator["accounts"]["correios"]
    account = await add_account(context, store, connector, name="Correios", channel=None, values=values)
    async with transaction(context.pool) as connection:
        await bench_rows.add_packages(connection, account, codes, now=context.now())
    return account


async def _round(context: Context, account: int) -> tuple[float, int]:
    """Check everything once: seconds, and how many shipments."""
    async with transaction(context.pool) as connection:
        await bench_rows.make_all_due(connection, now=context.now())
    began, asked = time.perf_counter(), 0
    while done := await collect(context, account):
        asked += done
    return time.perf_counter() - began, asked


async def _only_questions(client: httpx.AsyncClient, simulator: dict[str, Any], codes: list[str]) -> float:
    base = simulator["urls"]["correios"]
    said = simulator["accounts"]["correios"]
    token = await client.post(
        f"{base}/token/v1/autentica/cartaopostagem",
        json={"numero": said["posting_card"]},
        auth=(said["user"], said["access_code"]),
    )
    headers = {"Authorization": f"Bearer {token.json()['token']}", "Accept-Language": "pt-BR"}
    began = time.perf_counter()
    for start in range(0, len(codes), _BATCH):
        params = httpx.QueryParams([("codigosObjetos", code) for code in codes[start : start + _BATCH]]).add(
            "resultado", "T"
        )
        (await client.get(f"{base}/srorastro/v1/objetos", params=params, headers=headers)).raise_for_status()
    return len(codes) / (time.perf_counter() - began)


def _shares(profile: cProfile.Profile) -> dict[str, float]:
    """Own time by part, in hundredths of the whole (under the profiler: good for shares, not for seconds)."""
    stats: dict[tuple[str, int, str], tuple[Any, ...]] = pstats.Stats(profile).stats  # type: ignore[attr-defined]  # typeshed hides it
    spent = dict.fromkeys([*_PARTS, "our own code and the rest"], 0.0)
    for (file, _, name), (_, _, own, *_) in stats.items():
        found = (part for part, marks in _PARTS.items() if any(mark in file or mark in name for mark in marks))
        spent[next(found, "our own code and the rest")] += own
    whole = sum(spent.values()) or 1.0
    return {part: 100 * seconds / whole for part, seconds in spent.items()}
