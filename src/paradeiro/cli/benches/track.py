"""In: a scratch database, a number of requests; out: customers' pages/s beside a file of their size, ms, and bytes."""

import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from paradeiro.app import open_app
from paradeiro.cli.accounts.accounts import make_key
from paradeiro.cli.benches.api import CLIENTS, Call, cpu_seconds, free_port, ready, run
from paradeiro.cli.benches.track_app import FOLDER
from paradeiro.settings import Settings

_MOST_PACKAGES = 40
_MOST_ALONE = 200
_FILE = "page.html"
_STEPS = ("accepted", "in_transit", "in_transit", "out_for_delivery", "attempt_failed", "out_for_delivery")
_LINKED = re.compile(r'<(?:link rel="stylesheet" href|script src)="([^"]+)"')


async def bench(settings: Settings, url: str, size: int) -> dict[str, Any]:
    """Pages of packages with six events each. The ceiling: a file of the same size, from the same server."""
    async with open_app(settings, url) as context:
        _, key = await make_key(context, "Bench", name="bench")
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        env = os.environ | {
            "PARADEIRO_DATABASE_URL": url,
            "PARADEIRO_PORT": str(port),
            "PARADEIRO_HOST": "127.0.0.1",
            "PARADEIRO_DATA_DIR": str(settings.data_dir.resolve()),
            FOLDER: folder,
        }
        command = [sys.executable, "-m", "paradeiro.cli.benches.track_app"]
        server = subprocess.Popen(command, env=env)  # noqa: ASYNC220, S603 - our own command, started once
        try:
            return await _measure(f"http://127.0.0.1:{port}", key, server.pid, size, Path(folder))
        finally:
            server.terminate()
            server.wait(15)


async def _measure(address: str, key: str, pid: int, size: int, folder: Path) -> dict[str, Any]:
    limits = httpx.Limits(max_connections=CLIENTS)
    async with httpx.AsyncClient(base_url=address, limits=limits, timeout=300, trust_env=False) as client:
        await ready(client)
        pages = [await _package(client, key, number) for number in range(min(_MOST_PACKAGES, size // 20))]
        shown = (await client.get(pages[0])).raise_for_status()
        (folder / _FILE).write_bytes(shown.content)
        linked = [(await client.get(each)).raise_for_status() for each in _LINKED.findall(shown.text)]
        calls: dict[str, Callable[[int], str]] = {
            "page": lambda number: pages[number % len(pages)],
            "file of the same size": lambda _: f"/bench/{_FILE}",
        }
        figures: dict[str, Any] = {}
        for name, path in calls.items():
            figures |= await _timed(client, name, path, pid, size // 2)
    page, file = (f"{name}: requests/s" for name in calls)
    figures["ratio"] = figures[page] / figures[file]
    figures["page: events on it"] = shown.text.count("<time class=")
    figures["page: bytes"] = len(shown.content)
    figures["page with style and script: bytes"] = len(shown.content) + sum(len(each.content) for each in linked)
    return figures


async def _timed(
    client: httpx.AsyncClient, name: str, path: Callable[[int], str], pid: int, count: int
) -> dict[str, Any]:
    """Many at once, then one after the other: the latency for a single reader."""
    call = _getting(path)
    await run(client, call, CLIENTS * 4)  # each process has its templates and connections by then
    cpu, began = cpu_seconds(pid), time.perf_counter()
    await run(client, call, count)
    took = time.perf_counter() - began
    spent = cpu_seconds(pid) - cpu
    alone = []
    for number in range(min(_MOST_ALONE, count)):
        begun = time.perf_counter()
        (await call(client, number)).raise_for_status()
        alone.append((time.perf_counter() - begun) * 1000)
    return {
        f"{name}: requests/s": count / took,
        f"{name}: CPU ms per request": spent * 1000 / count,
        f"{name}: ms alone, median": statistics.median(alone),
        f"{name}: ms alone, 95th percentile": statistics.quantiles(alone, n=20)[-1],
    }


def _getting(path: Callable[[int], str]) -> Call:
    async def call(client: httpx.AsyncClient, number: int) -> httpx.Response:
        return await client.get(path(number))

    return call


async def _package(client: httpx.AsyncClient, key: str, number: int) -> str:
    """The path of the page of a package with its events."""
    headers = {"X-API-Key": key}
    begin = datetime.now(UTC) - timedelta(days=len(_STEPS))
    body = {
        "carrier": "correios",
        "tracking_code": "AA123456785BR",
        "order": {
            "number": f"B{number}",
            "ordered_at": begin.isoformat(),
            "promised_at": (begin + timedelta(days=9)).isoformat(),
        },
        "invoice": {"number": "NF-1", "items": [{"id": "1", "quantity": 1, "price": 100, "name": "Caneca"}]},
    }
    made = (await client.post("/api/v1/shipments", json=body, headers=headers)).raise_for_status().json()
    for day, status in enumerate(_STEPS):
        at = (begin + timedelta(days=day, hours=1)).isoformat()
        event = {"status": status, "city": "Itu", "state": "SP", "occurred_at": at}
        told = await client.post(f"/api/v1/orders/B{number}/invoices/NF-1/events", json=event, headers=headers)
        told.raise_for_status()
    return urlsplit(str(made["shipment"]["tracking_link"])).path
