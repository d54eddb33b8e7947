"""In: faults that a test or a person sets; out: a party that fails that way, for so many requests or for so long."""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from paradeiro.simulator.carriers.registry import simulated_carriers
from paradeiro.simulator.scenario.answer_changes import CHANGES, RENAMES, change_answer

_HTML = b"<!DOCTYPE html><html><head><title>502 Proxy Error</title></head><body><h1>Proxy Error</h1></body></html>"
_BAD_LANGUAGE = b'{"msgs": ["SRO-018: Permitido apenas os valores pt-BR, en e es-ES para o idioma"]}'
KINDS = (
    "status",  # answers `status`; 429 with an empty body and the rate headers
    "html",  # a web page with 200
    "html_502",
    "redirect",  # 302 to a web page: how interfaces were switched off
    "truncated",  # half of the right answer, as if it were whole
    "empty",  # 200 without a body
    "hollow",  # 200 and {}
    "renamed",  # the right answer, whose `field` has another name
    "slow",  # the right answer after `seconds`
    "reset",  # the connection ends before anything is done
    "accept_then_drop",  # carries the request out, then the connection breaks
    "accept_then_status",  # carries the request out, then answers `status`
    "drip",  # the right answer, a byte at a time over `seconds`
    "language",  # Correios only: 400, every language is refused
    *CHANGES,  # Correios only: the content of its answer is altered (answer_changes.py)
    *RENAMES,
)
# Simulated by Mercado Livre itself, with its own answers; for one shipment by its path.
SELLER_KINDS = (
    "no_effect",  # 200 OK, and the shipment stays as it was
    "not_sender",  # 403: the shipment is another seller's
)
# What a mail server can do of these: `status` is its SMTP answer.
MAIL_KINDS = ("status", "reset", "accept_then_drop")
_PARTIES = ("correios", "seventeen_track", "vtex", "marketplace", "mercado_livre", "mail")


@dataclass(slots=True)
class Fault:
    """One way to fail, for the next `count` requests whose path contains `path`, from `since` until before `until`;
    with `every` only each n-th of them. `retry_after` (seconds) is sent with a `status`; without it no such header is
    sent. `field`: which one is "renamed".
    """

    party: str
    kind: str
    count: int = 1_000_000
    status: int = 500
    seconds: float = 1.0
    path: str = ""
    since: datetime | None = None
    until: datetime | None = None
    every: int = 1
    met: int = 0
    retry_after: int | None = None
    field: str = ""

    def applies(self, party: str, path: str, now: datetime | None) -> bool:
        """Whether it affects a request now. Without a clock, the time window is ignored."""
        if self.party != party or self.path not in path or self.count <= 0:
            return False
        early = now is not None and self.since is not None and now < self.since
        late = now is not None and self.until is not None and now >= self.until
        return not (early or late)


@dataclass(slots=True)
class Faults:
    """The active faults; the first that applies to a request is used."""

    active: list[Fault] = field(default_factory=list)
    clock: Callable[[], datetime] | None = None

    def order(self, fault: Fault) -> None:
        """Activate a fault."""
        parties = (*_PARTIES, *simulated_carriers())
        if fault.party not in parties:
            raise ValueError(f"no party '{fault.party}'; there are: {', '.join(parties)}")
        kinds = MAIL_KINDS if fault.party == "mail" else KINDS
        if fault.party == "mercado_livre":
            kinds = (*KINDS, *SELLER_KINDS)
        if fault.kind not in kinds:
            raise ValueError(f"no fault '{fault.kind}'; there are: {', '.join(kinds)}")
        self.active.append(fault)

    def clear(self, party: str | None = None) -> None:
        """Remove all faults (of one party, or of all)."""
        self.active = [f for f in self.active if party is not None and f.party != party]

    def take(self, party: str, path: str) -> Fault | None:
        """The fault for this request; reduces its count by one."""
        now = self.clock() if self.clock else None
        for fault in self.active:
            if fault.applies(party, path, now):
                fault.met += 1
                if fault.met % fault.every:
                    return None
                fault.count -= 1
                return fault
        return None


class Faulty:
    """An ASGI application that fails as the active faults say."""

    def __init__(self, app: ASGIApp, party: str, faults: Faults) -> None:
        self._app, self._party, self._faults = app, party, faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        fault = self._faults.take(self._party, scope["path"]) if scope["type"] == "http" else None
        if fault is None:
            await self._app(scope, receive, send)
            return
        body = await _read_request_body(receive)
        match fault.kind:
            case "status":
                await _answer(send, fault.status, b"", _limits(fault))
            case kind if kind in SELLER_KINDS:
                await self._app({**scope, "fault": kind}, _replay_body(body), send)
            case "language":
                await _answer(send, 400, _BAD_LANGUAGE, (_JSON,))
            case kind if kind in _FIXED:
                await _answer(send, *_FIXED[kind])
            case "reset":
                await _reset_connection(send)
            case _:
                await self._with_answer(fault, scope, body, send)

    async def _with_answer(self, fault: Fault, scope: Scope, request_body: bytes, send: Send) -> None:
        """The faults that first carry the request out."""
        messages: list[Message] = []

        async def collect(message: Message) -> None:
            messages.append(message)

        await self._app(scope, _replay_body(request_body), collect)
        body = b"".join(m.get("body", b"") for m in messages if m["type"] == "http.response.body")
        if fault.kind == "accept_then_drop":
            await _reset_connection(send)
        elif fault.kind == "accept_then_status":
            await _answer(send, fault.status, b"", ())
        elif fault.kind == "drip":
            await _drip_answer(send, messages[0], body, fault.seconds)
        elif fault.kind == "truncated":
            await _answer(send, messages[0]["status"], body[: len(body) // 2], (_JSON,))
        elif fault.kind == "renamed":
            await _answer(send, messages[0]["status"], renamed(body, fault.field), (_JSON,))
        elif fault.kind in CHANGES or fault.kind in RENAMES:
            await _answer(
                send,
                messages[0]["status"],
                change_answer(fault.kind, body, fault.since),
                (_JSON,),
            )
        else:
            await asyncio.sleep(fault.seconds)
            for message in messages:
                await send(message)


def renamed(body: bytes, field: str) -> bytes:
    """A JSON answer whose field of this name has another."""
    return body.replace(f'"{field}":'.encode(), f'"{new_name(field)}":'.encode())


def new_name(field: str) -> str:
    """The name that a "renamed" field has."""
    return f"{field}_v2"


_JSON = (b"content-type", b"application/json")
_TEXT_HTML = (b"content-type", b"text/html; charset=iso-8859-1")
# Answers that nothing of the request changes: status, body, headers.
_FIXED: dict[str, tuple[int, bytes, tuple[tuple[bytes, bytes], ...]]] = {
    "html": (200, _HTML, (_TEXT_HTML,)),
    "html_502": (502, _HTML, (_TEXT_HTML,)),
    "redirect": (302, _HTML, (_TEXT_HTML, (b"location", b"https://www.example.com/manutencao"))),
    "empty": (200, b"", ()),
    "hollow": (200, b"{}", (_JSON,)),
}
_RATE = ((b"x-ratelimit-replenish-rate", b"50"), (b"x-ratelimit-burst-capacity", b"55"))


def _limits(fault: Fault) -> tuple[tuple[bytes, bytes], ...]:
    """The rate-limit headers of a refusal. Mercado Livre publishes none."""
    known = _RATE if fault.status == 429 and fault.party != "mercado_livre" else ()
    return (*known, (b"retry-after", str(fault.retry_after).encode())) if fault.retry_after is not None else known


async def _read_request_body(receive: Receive) -> bytes:
    """Read the request's body, so that a kept-alive connection stays in step."""
    body: bytes = b""
    while True:
        message = await receive()
        body += bytes(message.get("body", b""))
        if message["type"] != "http.request" or not message.get("more_body", False):
            return body


def _replay_body(body: bytes) -> Callable[[], Awaitable[Message]]:
    async def read() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return read


async def _answer(send: Send, status: int, body: bytes, headers: tuple[tuple[bytes, bytes], ...]) -> None:
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
    await send({"type": "http.response.body", "body": body})


async def _drip_answer(send: Send, start: Message, body: bytes, seconds: float) -> None:
    """A client that limits only the time between bytes waits for ever."""
    await send(start)
    for at in range(len(body)):
        await send({"type": "http.response.body", "body": body[at : at + 1], "more_body": True})
        await asyncio.sleep(seconds / max(len(body), 1))
    await send({"type": "http.response.body", "body": b""})


async def _reset_connection(send: Send) -> None:
    """Reset the connection without sending a byte. ASGI cannot express it: uvicorn's `send` is bound to the request's
    cycle, which holds the transport.
    """
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    assert isinstance(transport, asyncio.Transport), "only uvicorn's connections can be broken"
    reset_transport(transport)
    await asyncio.sleep(0)  # let the server notice, or it would still try to answer 500


def reset_transport(transport: asyncio.Transport) -> None:
    """Reset a connection: lingering for zero seconds makes the kernel send RST instead of FIN."""
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
