"""In: how Correios' gateway should answer; out: a simulated one on loopback, and a session with it."""

import asyncio
import json
from collections.abc import Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from paradeiro.connectors.correios import CONNECTOR
from paradeiro.sdk.contract import AccountRef

NOW = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)
A, B, C = "AA123456785BR", "QQ850419295BR", "DG049186226BR"
SECRET = "senha-Zx81+á/é"
HTML = b"<!DOCTYPE html><html><body><h1>502 Proxy Error</h1></body></html>"
GTW_008 = "GTW-008: Token não válido para este ambiente."
ENVELOPE = {"date": "2026-03-10T12:00:00", "path": "/srorastro/v1/objetos"}


@dataclass
class Asked:
    method: str
    path: str
    query: list[tuple[str, str]]
    headers: dict[str, str]
    body: bytes

    @property
    def is_login(self) -> bool:
        return self.path.startswith("/token/")

    @property
    def codes(self) -> list[str]:
        return [value for name, value in self.query if name == "codigosObjetos"]


@dataclass
class Reply:
    status: int
    body: bytes = b""
    headers: str = ""
    length: int | None = None  # said, if another than the body's


def make_reply(status: int, body: object, headers: str = "") -> Reply:
    return Reply(status, json.dumps(body).encode(), headers)


def found_object(code: str) -> dict[str, Any]:
    event = {"codigo": "PO", "tipo": "01", "dtHrCriado": "2026-03-09T10:00:00", "descricao": "Objeto postado"}
    return {"codObjeto": code, "eventos": [{**event, "unidade": {"endereco": {"cidade": "BAURU", "uf": "SP"}}}]}


def all_found(asked: Asked) -> Reply:
    objects = [found_object(code) for code in asked.codes]
    return make_reply(200, {"versao": "3.5.38", "quantidade": len(objects), "objetos": objects})


@dataclass
class Correios:
    """A gateway. Tokens are t1, t2, …; `answer` answers about codes, `stale` names the tokens it refuses."""

    answer: Callable[[Asked], Reply | None] = all_found
    token_answer: Callable[[Asked], Reply | None] | None = None
    refusal: Reply = field(default_factory=lambda: make_reply(401, ENVELOPE))
    stale: set[str] = field(default_factory=set)
    clock: datetime = NOW
    zone: str | None = "-03:00"
    hours: float = 24
    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    slow: float = 0
    at_once: int = 0
    most_at_once: int = 0

    @property
    def questions(self) -> list[Asked]:
        return [asked for asked in self.asked if not asked.is_login]

    @property
    def logins(self) -> list[Asked]:
        return [asked for asked in self.asked if asked.is_login]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
                method, target, _ = head[0].split(" ")
                headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in head[1:] if line)}
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                parts = urlsplit(target)
                asked = Asked(method, parts.path, parse_qsl(parts.query, keep_blank_values=True), headers, body)
                self.asked.append(asked)
                reply = self._login(asked) if asked.is_login else self._tracking(asked)
                await self._think()
                if reply is None:
                    return
                length = len(reply.body) if reply.length is None else reply.length
                top = f"HTTP/1.1 {reply.status} X\r\nContent-Length: {length}\r\n{reply.headers}\r\n"
                writer.write(top.encode() + reply.body)
                await writer.drain()
                if reply.length is not None:
                    return
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass  # the client left, or the test is over
        finally:
            writer.close()

    async def _think(self) -> None:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(self.slow)
        self.at_once -= 1

    def _login(self, asked: Asked) -> Reply | None:
        if self.token_answer is not None:
            return self.token_answer(asked)
        ends = (self.clock + timedelta(hours=self.hours)).astimezone(UTC) - timedelta(hours=3)
        body = {"token": f"t{len(self.logins)}", "expiraEm": f"{ends:%Y-%m-%dT%H:%M:%S}", "zoneOffset": self.zone}
        return make_reply(201, {"ambiente": "PRODUCAO", **body})

    def _tracking(self, asked: Asked) -> Reply | None:
        bearer = asked.headers.get("authorization", "").removeprefix("Bearer ")
        return self.refusal if bearer in self.stale else self.answer(asked)


@asynccontextmanager
async def open_to(host: Correios, **more: str) -> Any:
    """The gateway and a session with it. Settings that are empty are left out."""
    server = await asyncio.start_server(host.serve, "127.0.0.1", 0)
    host.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    usual = {"base_url": host.url, "user": "loja", "access_code": SECRET, "posting_card": "0099999999"}
    settings = {name: value for name, value in {**usual, **more}.items() if value}
    session = CONNECTOR.open(AccountRef(1, 1, "correios", "main", settings), lambda: host.clock)
    try:
        yield session
    finally:
        await session.close()
        server.close()
