"""In: a scratch database, a number of requests; out: requests/s and CPU ms per request with two server workers."""

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx

from paradeiro.app import open_app
from paradeiro.cli.accounts.accounts import make_key
from paradeiro.flow.orders.bulk import MOST_LINES
from paradeiro.settings import Settings
from paradeiro.simulator.s10 import s10

_WORKERS = 2
CLIENTS = 16
_READY_SECONDS = 30.0
_TICKS = os.sysconf("SC_CLK_TCK")
Call = Callable[[httpx.AsyncClient, int], Awaitable[httpx.Response]]


async def bench(settings: Settings, url: str, size: int) -> dict[str, Any]:
    """Register, post an event, read, many lines at once; the ceiling is /health, the server's cheapest answer."""
    async with open_app(settings, url) as context:
        _, key = await make_key(context, "Bench", name="bench")
    port = free_port()
    env = os.environ | {
        "PARADEIRO_DATABASE_URL": url,
        "PARADEIRO_PORT": str(port),
        "PARADEIRO_HOST": "127.0.0.1",
        "PARADEIRO_DATA_DIR": str(settings.data_dir.resolve()),
    }
    command = [sys.executable, "-m", "paradeiro", "serve", "--workers", str(_WORKERS)]
    server = subprocess.Popen(command, env=env)  # noqa: ASYNC220, S603 - our own command, started once
    try:
        return await _measure(f"http://127.0.0.1:{port}", key, server.pid, size)
    finally:
        server.terminate()
        server.wait(15)


async def _measure(address: str, key: str, pid: int, size: int) -> dict[str, Any]:
    limits = httpx.Limits(max_connections=CLIENTS)
    async with httpx.AsyncClient(
        base_url=address, headers={"X-API-Key": key}, limits=limits, timeout=300, trust_env=False
    ) as client:
        await ready(client)
        each = max(size // 4, CLIENTS)
        calls: dict[str, Call] = {"health": _health, "register": _register, "event": _event, "read": _read}
        figures: dict[str, Any] = {}
        for name, call in calls.items():
            cpu, began = cpu_seconds(pid), time.perf_counter()
            await run(client, call, each)
            took = time.perf_counter() - began
            figures[f"{name}: requests/s"] = each / took
            figures[f"{name}: CPU ms per request"] = (cpu_seconds(pid) - cpu) * 1000 / each
        figures["bulk: lines/s"] = await _bulk(client, min(size, MOST_LINES))
    for name in ("register", "event", "read"):
        figures[f"{name}: ratio to health"] = figures[f"{name}: requests/s"] / figures["health: requests/s"]
    return figures


async def _bulk(client: httpx.AsyncClient, lines: int) -> float:
    """New packages in one call, each of an order of its own."""
    each = (
        {"carrier": "correios", "tracking_code": s10("AB", number), "order": {"number": f"L{number}"}}
        for number in range(lines)
    )
    body = "\n".join(json.dumps(line) for line in each).encode()
    began = time.perf_counter()
    answer = await client.post("/api/v1/shipments/bulk", content=body, headers={"Content-Type": "application/x-ndjson"})
    answer.raise_for_status()
    return answer.text.count('"created"') / (time.perf_counter() - began)


def free_port() -> int:
    """A free port on loopback."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def ready(client: httpx.AsyncClient) -> None:
    """Wait until a server answers. RuntimeError if it does not."""
    until = time.perf_counter() + _READY_SECONDS
    while time.perf_counter() < until:
        try:
            if (await client.get("/health")).status_code == 200:
                return
        except httpx.HTTPError:
            await asyncio.sleep(0.1)
    message = "the server did not start"
    raise RuntimeError(message)


async def run(client: httpx.AsyncClient, call: Call, count: int) -> None:
    """So many calls, by `CLIENTS` at once."""
    numbers = iter(range(count))

    async def one_client() -> None:
        for number in numbers:
            (await call(client, number)).raise_for_status()

    await asyncio.gather(*(one_client() for _ in range(CLIENTS)))


async def _health(client: httpx.AsyncClient, _: int) -> httpx.Response:
    return await client.get("/health")


async def _register(client: httpx.AsyncClient, number: int) -> httpx.Response:
    body = {
        "carrier": "correios",
        "tracking_code": s10("AA", number),
        "order": {"number": f"B{number}", "customer": {"email": "a@example.com"}},
        "invoice": {"number": "NF-1"},
    }
    return await client.post("/api/v1/shipments", json=body)


async def _event(client: httpx.AsyncClient, number: int) -> httpx.Response:
    body = {"status": "in_transit", "city": "Itu", "state": "SP"}
    return await client.post(f"/api/v1/orders/B{number}/invoices/NF-1/events", json=body)


async def _read(client: httpx.AsyncClient, number: int) -> httpx.Response:
    return await client.get(f"/api/v1/orders/B{number}")


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and its children, from /proc (Linux); 0 where there is none."""
    try:
        pids = [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split())]
        fields = [Path(f"/proc/{p}/stat").read_text(encoding="ascii").rpartition(")")[2].split() for p in pids]
    except OSError:
        return 0.0
    return sum(int(f[11]) + int(f[12]) for f in fields) / _TICKS
