"""In: faults that somebody orders; out: a party that fails that way, for so many requests."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_HTML = b"<!DOCTYPE html><html><head><title>502 Proxy Error</title></head><body><h1>Proxy Error</h1></body></html>"
KINDS = (
    "status",  # answers `status`; 429 with an empty body and the rate headers
    "html",  # a web page with 200
    "html_502",
    "redirect",  # 302 to a web page: how interfaces die
    "truncated",  # half of the right answer, as if it were whole
    "empty",  # 200 without a body
    "slow",  # the right answer after `seconds`
    "reset",  # the connection ends before anything is done
    "accept_then_drop",  # does what it was asked, then the connection breaks
)


@dataclass(slots=True)
class Fault:
    """One way to fail, for the next `count` requests whose path contains `path`."""

    party: str
    kind: str
    count: int = 1_000_000
    status: int = 500
    seconds: float = 1.0
    path: str = ""


@dataclass(slots=True)
class Faults:
    """The faults in force; the first that fits a request is used."""

    active: list[Fault] = field(default_factory=list)

    def order(self, fault: Fault) -> None:
        """Put a fault in force."""
        if fault.kind not in KINDS:
            message = f"no fault '{fault.kind}'; there are: {', '.join(KINDS)}"
            raise ValueError(message)
        self.active.append(fault)

    def clear(self, party: str | None = None) -> None:
        """All is well again (at one party, or everywhere)."""
        self.active = [f for f in self.active if party is not None and f.party != party]

    def take(self, party: str, path: str) -> Fault | None:
        """The fault that befalls this request, used up by one."""
        for fault in self.active:
            if fault.party == party and fault.path in path and fault.count > 0:
                fault.count -= 1
                return fault
        return None


class Faulty:
    """An ASGI application that fails when it is told to."""

    def __init__(self, app: ASGIApp, party: str, faults: Faults) -> None:
        self._app, self._party, self._faults = app, party, faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        fault = self._faults.take(self._party, scope["path"]) if scope["type"] == "http" else None
        if fault is None:
            await self._app(scope, receive, send)
            return
        body = await _swallow(receive)
        match fault.kind:
            case "status":
                await _answer(send, fault.status, b"", _RATE if fault.status == 429 else ())
            case "html":
                await _answer(send, 200, _HTML, (_TEXT_HTML,))
            case "html_502":
                await _answer(send, 502, _HTML, (_TEXT_HTML,))
            case "redirect":
                await _answer(send, 302, _HTML, (_TEXT_HTML, (b"location", b"https://www.example.com/manutencao")))
            case "empty":
                await _answer(send, 200, b"", ())
            case "reset":
                await _break(send)
            case _:
                await self._with_answer(fault, scope, body, send)

    async def _with_answer(self, fault: Fault, scope: Scope, asked: bytes, send: Send) -> None:
        """The faults that first do what was asked."""
        told: list[Message] = []

        async def keep(message: Message) -> None:
            told.append(message)

        await self._app(scope, _again(asked), keep)
        body = b"".join(m.get("body", b"") for m in told if m["type"] == "http.response.body")
        if fault.kind == "accept_then_drop":
            await _break(send)
        elif fault.kind == "truncated":
            await _answer(send, told[0]["status"], body[: len(body) // 2], ((b"content-type", b"application/json"),))
        else:
            await asyncio.sleep(fault.seconds)
            for message in told:
                await send(message)


_TEXT_HTML = (b"content-type", b"text/html; charset=iso-8859-1")
_RATE = ((b"x-ratelimit-replenish-rate", b"50"), (b"x-ratelimit-burst-capacity", b"55"))


async def _swallow(receive: Receive) -> bytes:
    """Read the request's body, so that a kept-alive connection stays in step."""
    body: bytes = b""
    while True:
        message = await receive()
        body += bytes(message.get("body", b""))
        if message["type"] != "http.request" or not message.get("more_body", False):
            return body


def _again(body: bytes) -> Callable[[], Awaitable[Message]]:
    async def read() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return read


async def _answer(send: Send, status: int, body: bytes, headers: tuple[tuple[bytes, bytes], ...]) -> None:
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
    await send({"type": "http.response.body", "body": body})


async def _break(send: Send) -> None:
    """Promise more than is sent: the server then breaks the connection."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1000")]})
    await send({"type": "http.response.body", "body": b"{", "more_body": True})
