"""In: what a party should answer; out: a real server on loopback with these answers, which records its requests."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import parse_qsl, urlsplit


@dataclass
class Asked:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


@dataclass
class Reply:
    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Party:
    """An HTTP server. `answer` may give None to hang up without a word."""

    answer: Callable[[Asked], Reply | None]
    asked: list[Asked] = field(default_factory=list)
    url: str = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                asked = await self._read(reader)
                self.asked.append(asked)
                reply = self.answer(asked)
                if reply is None:
                    return
                head = {"Content-Length": str(len(reply.body)), **reply.headers}
                lines = "".join(f"{k}: {v}\r\n" for k, v in head.items())
                phrase = HTTPStatus(reply.status).phrase
                writer.write(f"HTTP/1.1 {reply.status} {phrase}\r\n{lines}\r\n".encode() + reply.body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass  # the client left, or the test is over
        finally:
            writer.close()

    async def _read(self, reader: asyncio.StreamReader) -> Asked:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        method, target, _ = head[0].split(" ")
        headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        parts = urlsplit(target)
        return Asked(method, parts.path, dict(parse_qsl(parts.query)), headers, body)


@asynccontextmanager
async def party(answer: Callable[[Asked], Reply | None]) -> AsyncIterator[Party]:
    """The server, for as long as the block lasts."""
    host = Party(answer)
    server = await asyncio.start_server(host.serve, "127.0.0.1", 0)
    host.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield host
    finally:
        server.close()


@asynccontextmanager
async def mail_server(
    says: dict[str, str], received: list[bytes], reports: list[str] | None = None
) -> AsyncIterator[int]:
    """A scripted SMTP server: `says` sets its answers at GREETING, MAIL, RCPT, DATA or BODY ('HANGUP' hangs up).
    Gives its port. `heard`: the commands as they came.
    """

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        def say(step: str, usual: str) -> bool:
            words = says.get(step, usual)
            if words != "HANGUP":
                writer.write(words.encode() + b"\r\n")
            return words != "HANGUP"

        try:
            if not say("GREETING", "220 mail.example ESMTP"):
                return
            while line := (await reader.readline()).decode("utf-8", "replace"):
                verb = line[:4].strip().upper()
                if reports is not None:
                    reports.append(line.strip())
                usual = {"EHLO": "250-mail.example\r\n250 8BITMIME", "QUIT": "221 Bye", "DATA": "354 Go"}
                if not say(verb, usual.get(verb, "250 Ok")) or verb == "QUIT":
                    return
                if verb == "DATA" and says.get("DATA", "354").startswith("354"):
                    received.append(await reader.readuntil(b"\r\n.\r\n"))
                    if not say("BODY", "250 2.0.0 Ok: queued as 4ZxQ1"):
                        return
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
