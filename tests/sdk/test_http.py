"""One exchange ends, whatever the other side does, and says whether it may have been heard."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from paradeiro.sdk.http import HttpAnswer, HttpFailure, exchange, new_client

_LONGEST = 0.4
_Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def _server(talk: _Talk) -> AsyncIterator[int]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(reader, writer)
        except OSError:
            pass  # the client hung up, which is what these tests are about
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def _ask(talk: _Talk, scheme: str = "http") -> tuple[HttpAnswer | HttpFailure, float]:
    loop = asyncio.get_running_loop()
    async with _server(talk) as port:
        client = new_client(f"{scheme}://127.0.0.1:{port}")
        began = loop.time()
        answer = await exchange(client, "POST", "/", body=b"news", longest=_LONGEST)
        took = loop.time() - began
        await client.aclose()
    return answer, took


async def test_an_answer_that_drips_ends_as_a_failure_in_doubt() -> None:
    """Each byte comes in time, so no limit of a single wait is ever met."""

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(1000):
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.02)

    answer, took = await _ask(drip)
    assert isinstance(answer, HttpFailure)
    assert answer.in_doubt
    assert took < 5


async def test_headers_that_never_come_end_as_a_failure_in_doubt() -> None:
    async def silence(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    answer, _ = await _ask(silence)
    assert isinstance(answer, HttpFailure)
    assert answer.in_doubt


async def test_before_anything_was_sent_there_is_no_doubt() -> None:
    """The handshake of the connection hangs: nobody heard the question."""

    async def silence(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    answer, _ = await _ask(silence, "https")
    assert isinstance(answer, HttpFailure)
    assert not answer.in_doubt
