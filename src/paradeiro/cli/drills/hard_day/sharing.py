"""In: anonymous requests that never end, or huge ones; out: whether other requests are served meanwhile."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import httpx

from paradeiro.app import open_app, real_clock
from paradeiro.cli.accounts.accounts import make_key
from paradeiro.cli.drills.hard_day.day import Case, CaseResult, Place
from paradeiro.cli.drills.hard_day.processes import Running, running
from paradeiro.db.accounts import stores

_STORE = "Loja"
_FEEDS = 32 * 1024 * 1024
_POSTS, _POST_BYTES = 150, 1024 * 1024
_SLOWEST_SECONDS = 2.0
_MOST_MEGABYTES = 80.0
_READY = 60.0


@asynccontextmanager
async def _serving(place: Place) -> AsyncIterator[tuple[Running, str, str]]:
    """The web in a process of its own: the process, its address, a key of a store."""
    async with open_app(place.settings, place.url, clock=real_clock) as context:
        async with context.pool.connection() as connection:
            await stores.add_store(connection, _STORE, now=context.now())
        _, key = await make_key(context, _STORE, name="drill")
    port = _free_port()
    env = {
        "PARADEIRO_DATABASE_URL": place.url,
        "PARADEIRO_DATA_DIR": str(place.folder / "data"),
        "PARADEIRO_SECRET_KEY": context.secret_key,
        "PARADEIRO_PORT": str(port),
    }
    address = f"http://127.0.0.1:{port}"
    with running(place.folder, "serve", **env) as web:
        await web.until(lambda: _health(address, 5.0) is not None, _READY)
        yield web, address, key


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _health(address: str, seconds: float) -> float | None:
    """Seconds that GET /health takes; None if there is no answer."""
    began = time.monotonic()
    try:
        httpx.get(f"{address}/health", timeout=seconds, trust_env=False)
    except httpx.HTTPError:
        return None
    return time.monotonic() - began


async def line_feeds(place: Place) -> CaseResult:
    """One bulk request of 32 MB of line feeds."""
    found = CaseResult(tried=1)
    async with _serving(place) as (_, address, key):
        headers = {"X-API-Key": key, "Content-Type": "application/x-ndjson"}
        async with httpx.AsyncClient(trust_env=False, timeout=60, headers=headers) as client:
            bulk = asyncio.create_task(client.post(f"{address}/api/v1/orders/bulk", content=b"\n" * _FEEDS))
            slowest = 0.0
            while not bulk.done():
                waited: float | None = await asyncio.to_thread(_health, address, _READY)
                slowest = max(slowest, _READY if waited is None else waited)
            with suppress(httpx.HTTPError):  # refused before it was read to its end: as good an answer
                found.expect((await bulk).status_code < 500, "the bulk request was answered with a fault")
        found.stopped = int(slowest > _SLOWEST_SECONDS)
        found.expect(not found.stopped, f"the web stood still for {slowest:.1f} s")
    return found


async def unfinished_posts(place: Place) -> CaseResult:
    """Many anonymous POSTs of a megabyte are begun and none is finished."""
    found = CaseResult(tried=_POSTS)
    async with _serving(place) as (web, address, _):
        before = _megabytes(web)
        writers = []
        port = int(address.rsplit(":", 1)[1])
        for _n in range(_POSTS):
            with suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(
                    b"POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                    b"Transfer-Encoding: chunked\r\n\r\n" + b"%x\r\n" % _POST_BYTES + b"a" * _POST_BYTES + b"\r\n"
                )
                writers.append(writer)
        await asyncio.sleep(3)
        grown, answered = _megabytes(web) - before, await asyncio.to_thread(_health, address, 5.0)
        found.expect(grown < _MOST_MEGABYTES, f"the web grew by {grown:.0f} MB")
        found.stopped = int(answered is None or answered > _SLOWEST_SECONDS)
        for writer in writers:
            writer.transport.abort()
    return found


def _megabytes(one: Running) -> float:
    """The resident memory of a process."""
    lines = Path(f"/proc/{one.process.pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024


CASES = (
    Case("line-feeds", 2, "one bulk request of 32 MB of line feeds", line_feeds),
    Case("unfinished-posts", 2, "150 posts of a megabyte that never end", unfinished_posts),
)
