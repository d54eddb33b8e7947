"""One request ends, whatever the other side does, and the result says whether it may have been received."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from paradeiro.sdk.http import HttpAnswer, HttpFailure, embedded_refusal, new_client, send_request

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
        answer = await send_request(client, "POST", "/", body=b"news", longest=_LONGEST)
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
    """The handshake of the connection hangs: the request was not received."""

    async def silence(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    answer, _ = await _ask(silence, "https")
    assert isinstance(answer, HttpFailure)
    assert not answer.in_doubt


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"error":"invalid","message":"no such service"}', "HTTP 200: no such service"),
        (b'{"error":{"code":"OMS003","message":"wrong status"}}', "HTTP 200: wrong status"),
        (b'{"errors":["x"]}', "HTTP 200"),
        (b'{"error_code":"bad_request","message":"no"}', "HTTP 200: no"),
        (b'{"success":false}', "HTTP 200"),
        (b'{"code":12052048,"message":"not found"}', "HTTP 200: not found"),
        (b'{"code":0,"message":"Success"}', ""),
        (b'{"code":200}', ""),
        (b'{"status":"OK"}', ""),
        (b'{"error":"","errors":[],"receipt":"r1"}', ""),
        (b"[]", ""),
        (b"", ""),
    ],
)
def test_a_refusal_inside_a_success_is_found(body: bytes, words: str) -> None:
    assert embedded_refusal(HttpAnswer(200, {}, body)) == words
