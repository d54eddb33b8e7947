"""The web's connections: limited in number and in time, and trusting no unconfigured proxy."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
import uvicorn

from paradeiro.app import real_clock
from paradeiro.cli.running.http_connections import BoundedProtocol, web_options
from paradeiro.db.accounts import stores
from paradeiro.db.pool import transaction
from paradeiro.web import bounds
from paradeiro.web.track import order_lookup
from tests.flow.conftest import Shop, shop
from tests.web.apps import create_app

__all__ = ["shop"]
_MOST = 12


class Hasty(BoundedProtocol):
    """The same with less time."""

    head_seconds = 0.4


@asynccontextmanager
async def served(shop: Shop, *, proxies: str = "") -> AsyncIterator[int]:
    app = create_app(shop.context, real_clock)

    options = web_options(most=_MOST, proxies=proxies) | {"http": Hasty}
    server = uvicorn.Server(uvicorn.Config(app, port=0, lifespan="off", **options))
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await task


async def said(port: int, sent: bytes, *, seconds: float = 5) -> bytes:
    """All that is answered to these bytes until the other side ends it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    try:
        return await asyncio.wait_for(reader.read(), seconds)
    finally:
        writer.close()


async def test_a_head_that_does_not_end_is_ended(shop: Shop) -> None:
    async with served(shop) as port:
        begun = time.monotonic()
        assert await said(port, b"GET /health HTTP/1.1\r\nHost: x\r\nX-Slow: ") == b""
        assert time.monotonic() - begun < 3
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(40):  # a byte now and then does not keep it open
            writer.write(b"G")
            if reader.at_eof() or writer.is_closing():
                break
            await asyncio.sleep(0.1)
        else:
            pytest.fail("a dripping head was kept open")
        writer.close()


async def test_a_connection_serves_one_after_another_and_ends_when_nothing_comes(
    shop: Shop,
) -> None:
    async with served(shop) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(4):
            writer.write(b"GET /api/v1/orders HTTP/1.1\r\nHost: x\r\n\r\n")
            assert b" 401 " in await reader.readline()
            while (await reader.readline()).strip():
                pass
            await reader.readuntil(b"}}}")
            await asyncio.sleep(0.2)
        assert await asyncio.wait_for(reader.read(), 3) == b""
        writer.close()


async def test_beyond_the_bound_connections_are_refused_and_places_come_free(
    shop: Shop,
) -> None:
    async with served(shop) as port:
        held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(_MOST)]
        await asyncio.sleep(0.1)
        refused = await said(port, b"")
        assert refused.startswith(b"HTTP/1.1 503 ")
        assert b"Retry-After" in refused
        await asyncio.sleep(0.6)
        assert b" 401 " in await said(port, b"GET /api/v1/orders HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        for _, writer in held:
            writer.close()


async def test_a_body_that_does_not_end_is_answered(
    shop: Shop,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bounds, "BODY_SECONDS", 0.4)
    async with served(shop) as port:
        for path, status in (("/sign-in", b" 408 "), ("/api/v1/orders", b" 408 "), ("/pvt/orders/1/invoice", b" 408 ")):
            head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n".encode()
            answer = await said(port, head + b"Content-Type: application/x-www-form-urlencoded\r\n\r\nkey=")
            assert status in answer.splitlines()[0], (path, answer)


async def test_little_of_an_anonymous_body_is_read(shop: Shop) -> None:
    async with served(shop) as port:
        for path, status in (("/sign-in", b" 413 "), ("/t/", b" 413 "), ("/api/v1/orders", b" 401 ")):
            head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n".encode()
            answer = await said(port, head + b"Content-Length: 1048576\r\n\r\n")
            assert status in answer.splitlines()[0], "a length is believed before anything is read"
            body = b"8000\r\n" + b"x" * 0x8000 + b"\r\n"
            answer = await said(port, head + b"Transfer-Encoding: chunked\r\n\r\n" + body * 3)
            assert status in answer.splitlines()[0], "a length that is not named is counted"


@pytest.mark.parametrize(("proxies", "heard"), [("", "127.0.0.1"), ("127.0.0.1", "203.0.113.9")])
async def test_a_forwarded_address_is_believed_from_a_named_proxy_only(
    shop: Shop,
    monkeypatch: pytest.MonkeyPatch,
    proxies: str,
    heard: str,
) -> None:
    monkeypatch.setattr(order_lookup, "ANSWER_SECONDS", 0.0)
    async with served(shop, proxies=proxies) as port, httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        for at in range(11):
            place = {"X-Forwarded-For": "203.0.113.9" if at < 10 else "203.0.113.10"}
            answer = await client.post("/t/", data={"number": f"n{at}", "typed": "x@example.com"}, headers=place)
        assert (answer.status_code == 429) == (heard == "127.0.0.1")


async def test_odd_bytes_are_no_fault(shop: Shop) -> None:
    async with served(shop) as port:
        for odd in (
            b"GET /\xe9\xff HTTP/1.1\r\nHost: x\r\n",
            b"GET /%ff%fe?\xe9 HTTP/1.1\r\nHost: x\r\n",
            b"GET /t/%ff%00 HTTP/1.1\r\nHost: \xe9[\r\n",
            b"GET /sign-in HTTP/1.1\r\nHost: [\r\n",
            b"POST /sign-in HTTP/1.1\r\nHost: [::\r\nContent-Length: 0\r\n",
            b"GET / HTTP/1.1\r\nHost: x\r\nCookie: paradeiro_session=\xe9; paradeiro_done=\xff\r\n",
            b"GET /api/v1/orders HTTP/1.1\r\nHost: x\r\nX-API-Key: \xe9\r\n",
        ):
            answer = await said(port, odd + b"Connection: close\r\n\r\n")
            assert answer.split(b" ")[1][:1] in {b"2", b"3", b"4"}, (odd, answer[:200])


@pytest.mark.parametrize("line", [b"\n", b'{"order": {"number": "' + b"x" * 3000 + b'"}, "carrier": 1}\n'])
async def test_a_large_bulk_does_not_delay_others(shop: Shop, line: bytes) -> None:
    async with transaction(shop.context.pool) as connection:
        await stores.add_api_key(
            connection, shop.store_id, name="erp", key="pk_erp", scopes=["write"], now=shop.clock()
        )
    content = line * (30_000_000 if line == b"\n" else 9_000)
    headers = {"X-API-Key": "pk_erp", "Content-Type": "application/x-ndjson"}
    async with served(shop) as port, httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
        bulk = asyncio.create_task(client.post("/api/v1/orders/bulk", content=content, headers=headers))
        slowest = 0.0
        while not bulk.done():
            begun = time.monotonic()
            assert (await client.get("/health")).status_code == 200
            slowest = max(slowest, time.monotonic() - begun)
        try:
            assert (await bulk).status_code == (422 if line == b"\n" else 200)
        except (httpx.WriteError, httpx.ReadError):
            assert line == b"\n", "only what is refused before its end may be cut off"
    assert slowest < 2, "it took 17 s when all was read in the event loop"
