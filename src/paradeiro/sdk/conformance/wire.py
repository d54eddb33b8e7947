"""In: a connector that uses HTTP; out: its outcomes against a party on loopback that fails in each usual way."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from paradeiro.domain.orders.identifiers import IdentifierKind
from paradeiro.domain.words import Outcome, PartyKind, Way
from paradeiro.sdk.conformance.subject import CANARY, Subject, account_of, is_carrier
from paradeiro.sdk.contract import AccountRef, Answer, Connector, Request, Sent, Subscriber
from paradeiro.sdk.hard_cases import hard_cases
from paradeiro.sdk.order_systems import OrdersPage
from paradeiro.sdk.ways_in import FeedAnswer

_SECONDS = 20.0
_CODES = {
    IdentifierKind.TRACKING_CODE: ("AA123456785BR", "QQ850419295BR"),
    IdentifierKind.INVOICE_KEY: (
        "35260312345678000195550010001234561123456786",
        "35261111222333000181550010000001231000001234",
    ),
    IdentifierKind.INVOICE: ("12345678000195/1/123456", "11222333000181/1/123"),
    IdentifierKind.ORDER: ("order:v100200300-01", "order:v100200301-01"),
    IdentifierKind.CARRIER_NUMBER: ("number:9b1f33c4-0000-4000-8000-000000000001", "number:1002003004"),
}
_ADDRESS = "https://hooks.example.com/hooks/x/y"
_DEEP = b'{"token":' + b"[" * 5_000 + b"]" * 5_000 + b"}"
_HTML = b"<!DOCTYPE html><html><body><h1>502 Proxy Error</h1></body></html>"


@dataclass(frozen=True, slots=True)
class Failure:
    """A way to fail: the bytes that every request gets (None: the connection is closed), and the outcomes allowed."""

    name: str
    answer: bytes | None
    meaning: frozenset[Outcome]


def _http(line: str, body: bytes = b"", kind: str = "application/json") -> bytes:
    head = f"HTTP/1.1 {line}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return head.encode() + body


_LATER = frozenset({Outcome.RETRY})
_NO_ANSWER = frozenset({Outcome.RETRY, Outcome.MALFORMED})
# Such bytes may be stored as FOUND: recording reports that they cannot be parsed.
_ODD = _NO_ANSWER | {Outcome.FOUND}
FAILURES = (
    Failure("500", _http("500 Internal Server Error", b"{}"), _LATER),
    Failure("503 as HTML", _http("503 Service Unavailable", _HTML, "text/html"), _LATER),
    Failure("429 with an empty body", _http("429 Too Many Requests"), _LATER),
    Failure("401", _http("401 Unauthorized", b'{"msgs":["no"]}'), frozenset({Outcome.AUTH_FAILED})),
    Failure("200 with HTML", _http("200 OK", _HTML, "text/html"), _NO_ANSWER),
    Failure("200 with JSON that never ends", _http("200 OK", b"[" * 60_000), _ODD),
    Failure("200 with JSON nested too deeply", _http("200 OK", _DEEP), _ODD),
    Failure("200 with another kind of JSON", _http("200 OK", b"[1e999, null, [[]], {}]"), _ODD),
    Failure("302", _http("302 Found", _HTML, "text/html"), _NO_ANSWER),
    Failure("a closed connection", None, _LATER),
    Failure("half an answer", b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{", _LATER),
)


def check_failures(subject: Subject) -> Iterator[str]:
    """An outage, bad credentials, a rate limit and a web page instead of an answer each give their one outcome."""
    yield from asyncio.run(_failure_problems(subject.connector))


def uses_http(connector: Connector) -> bool:
    """Whether the party's address is an account field: else it cannot be pointed at loopback."""
    return any("url" in field.name for field in connector.account_fields)


async def _failure_problems(connector: Connector) -> list[str]:
    problems: list[str] = []
    for failure in FAILURES:
        async with _run_party(failure.answer) as address:
            problems += await _call_everything(connector, account_of(connector, address), failure)
    nobody = Failure("nobody listening", None, _LATER)
    problems += await _call_everything(connector, account_of(connector), nobody)
    return problems


@asynccontextmanager
async def _run_party(answer: bytes | None) -> AsyncIterator[str]:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                (int(x.split(b":")[1]) for x in head.lower().split(b"\r\n") if x[:15] == b"content-length:"), 0
            )
            await reader.readexactly(length)
            writer.write(answer or b"")
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client closed the connection first
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


async def _call_everything(connector: Connector, account: AccountRef, failure: Failure) -> list[str]:
    """Problems of every operation of the connector, each called once against a party that fails this way."""
    session = connector.open(account, lambda: datetime.now(UTC))
    problems: list[str] = []
    try:
        if is_carrier(connector) and Way.FEED in connector.ways:
            page: FeedAnswer = await asyncio.wait_for(session.read_feed(""), _SECONDS)
            problems += _outcome_problems(page.outcome, failure, "read_feed")
        if is_carrier(connector) and Way.ASKED in connector.ways:
            codes = _CODES[connector.identifiers[0]][: connector.batch_size]
            answers: list[Answer] = await asyncio.wait_for(session.fetch(codes), _SECONDS)
            problems += _answer_problems(codes, answers, failure)
        if PartyKind.ORDER_SYSTEM in connector.kinds:
            orders: OrdersPage = await asyncio.wait_for(session.orders("", ()), _SECONDS)
            problems += _outcome_problems(orders.problem, failure, "orders")
        if isinstance(session, Subscriber):
            done = await asyncio.wait_for(session.subscribe(_ADDRESS, CANARY, "shop@example.com"), _SECONDS)
            problems += _outcome_problems(done.outcome, failure, "subscribe")
        for request, key in _requests(connector, account):
            sent: Sent = await asyncio.wait_for(session.send(request, key), _SECONDS)
            problems += _sent_problems(sent, failure)
    except Exception as error:  # noqa: BLE001 - any exception is the finding: a party's faults must be outcomes
        problems.append(f"{failure.name}: raised {type(error).__name__}: {str(error)[:120]}")
    finally:
        await session.close()
    return problems


def _requests(connector: Connector, account: AccountRef) -> Iterator[tuple[Request, str]]:
    """A plain request of each effect kind of the connector, with its idempotency key."""
    if connector.render is None:
        return
    for kind in sorted(connector.effects):
        _, plain = next(hard_cases(kind))
        yield connector.render(plain, account.settings), plain.effect_key


def _answer_problems(codes: tuple[str, ...], answers: list[Answer], failure: Failure) -> Iterator[str]:
    if [answer.tracking_code for answer in answers] != list(codes):
        yield f"{failure.name}: fetch gave {len(answers)} answers for {len(codes)} codes, or in another order"
    for answer in answers[:1]:
        yield from _outcome_problems(answer.outcome, failure, "fetch")


def _sent_problems(sent: Sent, failure: Failure) -> Iterator[str]:
    yield from _outcome_problems(sent.outcome, failure, "send")
    broke = failure.name in {"a closed connection", "half an answer"}
    if broke and not sent.in_doubt:
        yield f"{failure.name}: the other side may have done it, so `in_doubt` should be true"
    if failure.name == "nobody listening" and sent.in_doubt:
        yield f"{failure.name}: nobody can have done it, so `in_doubt` should be false"


def _outcome_problems(outcome: Outcome | None, failure: Failure, what: str) -> Iterator[str]:
    if outcome not in failure.meaning:
        yield f"{failure.name}: {what} gave {outcome}, should be {' or '.join(sorted(failure.meaning))}"
