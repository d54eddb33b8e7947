"""In: how an endpoint should answer; out: an HTTP server on loopback that does so and stores the requests."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

OK = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"


def status(line: str, headers: str = "", body: bytes = b"") -> bytes:
    return f"HTTP/1.1 {line}\r\n{headers}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body


@dataclass(frozen=True, slots=True)
class Got:
    """A message as it came."""

    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def said(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


@dataclass(slots=True)
class Receiver:
    """An endpoint. `answer`: bytes, None to hang up, or a number of seconds to say nothing."""

    port: int = 0
    answer: bytes | float | None = OK
    trickle: bytes = b""  # said again and again after the answer, for ever
    got: list[Got] = field(default_factory=list)
    decide: Callable[[Got], bytes | None] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/news?x=1"

    @property
    def types(self) -> list[str]:
        return [got.said["type"] for got in self.got]

    async def _handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            first, *rest = head.strip().split("\r\n")
            headers = {n.lower(): v for n, v in (line.split(": ", 1) for line in rest)}
            body = await reader.readexactly(int(headers["content-length"]))
            got = Got(first.split(" ")[1], headers, body)
            self.got.append(got)
            answer = self.decide(got) if self.decide else self.answer
            if isinstance(answer, float):
                await asyncio.sleep(answer)
            elif answer is None:
                writer.transport.abort()
            else:
                writer.write(answer)
                while self.trickle:
                    writer.write(self.trickle)
                    await writer.drain()
                    await asyncio.sleep(0.05)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def receiver(tls: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    made = Receiver()
    tasks: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        await made._handle(reader, writer)
        tasks.discard(task)

    server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=tls)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        server.close()
