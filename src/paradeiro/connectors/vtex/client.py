"""In: an account of a VTEX store; out: a session that reads its orders and carries our requests to it. The wire only.

Contract: facts/vtex, section 2. The outside's faults are outcomes, never exceptions.
"""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import msgspec

from paradeiro.connectors.vtex import readback
from paradeiro.connectors.vtex.parse import OrderProblemError, parse_order
from paradeiro.connectors.vtex.render import segment
from paradeiro.connectors.vtex.sweep import MOST_LISTED, PAGE_SIZE, Sweep, cursor_of, halved, listed, query, resumed
from paradeiro.domain.records import Order
from paradeiro.domain.words import Outcome
from paradeiro.sdk.contract import AccountRef, Clock, OrdersPage, Request, Sent
from paradeiro.sdk.http import (
    HttpAnswer,
    HttpFailure,
    error_words,
    exchange,
    json_object,
    new_client,
    retry_after,
    trouble,
)

ORDERS = "/api/oms/pvt/orders"
_MOST_READ = 50  # orders read in one call
_AT_ONCE = 5  # requests under way: the limit is the whole store's (facts/vtex, section 2.1)
_MOST_LATE = 200  # more orders than this that cannot be read are no single cases
_FIRST_LOOK_DAYS = 30
_THERE = "already there"  # instead of a receipt: nothing was sent
_KEPT_BY_VTEX_DAYS = 730
_PAUSE_AFTER_429 = 60.0
_ODD_INVOICE = re.compile(r"/invoice/[^/]*%[0-9A-F]{2}")
_LONGEST_MESSAGE = 300
_BAD_GATEWAYS = frozenset({502, 504})


@dataclass(frozen=True, slots=True)
class _Trouble:
    """Why there is no answer. `outcome` is RETRY, AUTH_FAILED, REFUSED or MALFORMED."""

    outcome: Outcome
    message: str
    status: int | None = None
    retry_after: float | None = None
    in_doubt: bool = False


@dataclass(frozen=True, slots=True)
class _Read:
    """One order that was asked for: the order, or None if there is none of that number, or why it could not be read."""

    number: str
    order: Order | None = None
    trouble: _Trouble | None = None


class _Listed(msgspec.Struct, rename="camel"):
    order_id: str


class _Paging(msgspec.Struct):
    total: int
    pages: int


class _ListPage(msgspec.Struct):
    list: list[_Listed]
    paging: _Paging


class VtexSession:
    """An open session with one VTEX account."""

    def __init__(self, account: AccountRef, clock: Clock) -> None:
        settings = account.settings
        self._clock = clock
        self._backfill = timedelta(days=_days(settings.get("backfill_days", "")))
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._client = new_client(
            settings["base_url"],
            {
                "X-VTEX-API-AppKey": settings["app_key"],
                "X-VTEX-API-AppToken": settings["app_token"],
                "Accept": "application/json",
                # Declared as required on every operation, also where there is no body (openapi-orders.json).
                "Content-Type": "application/json",
            },
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def orders(self, cursor: str, watch: Sequence[str]) -> OrdersPage:
        """At most 50 orders of the sweep, the watched ones, and those that could not be read before.

        With a `problem` nothing moved: the same cursor asks for the same orders again. An order that cannot be read
        while others can does not hold them up: it is named in `message` and read again at each call until it can be.
        """
        sweep = resumed(cursor, self._clock(), self._backfill)
        if sweep.running and not sweep.pending:
            step = await self._list(sweep)
            if isinstance(step, _Trouble):
                return _no_page(cursor, step)
            sweep = step
        now_read, rest = sweep.pending[:_MOST_READ], sweep.pending[_MOST_READ:]
        numbers = dict.fromkeys((*now_read, *watch, *sweep.late))
        reads = await asyncio.gather(*(self._read(number) for number in numbers))
        return _page(cursor, replace(sweep, pending=rest), reads)

    async def _list(self, sweep: Sweep) -> Sweep | _Trouble:
        """The sweep with the next page's orders pending. Windows that hold too many orders are halved first."""
        while True:
            page = await self._list_page(sweep)
            if isinstance(page, _Trouble):
                return page
            narrower = halved(sweep) if page.paging.total > MOST_LISTED else None
            if narrower is None:
                pages = max(page.paging.pages, -(-page.paging.total // PAGE_SIZE))
                return listed(sweep, tuple(o.order_id for o in page.list), pages)
            sweep = narrower

    async def _list_page(self, sweep: Sweep) -> _ListPage | _Trouble:
        answer = await self._ask(ORDERS, query(sweep))
        if isinstance(answer, _Trouble):
            return answer
        try:
            return msgspec.json.decode(answer, type=_ListPage)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            return _Trouble(Outcome.MALFORMED, f"the list of orders cannot be understood: {error}")

    async def _read(self, number: str) -> _Read:
        async with self._slots:
            answer = await self._ask(f"{ORDERS}/{segment(number)}")
        if isinstance(answer, _Trouble):
            return _Read(number) if answer.status == 404 else _Read(number, trouble=answer)
        try:
            return _Read(number, parse_order(answer))
        except OrderProblemError as error:
            return _Read(number, trouble=_Trouble(Outcome.MALFORMED, str(error)))

    async def _ask(self, path: str, params: Sequence[tuple[str, str]] = ()) -> bytes | _Trouble:
        answer = await exchange(self._client, "GET", path, params=params)
        problem = _problem(answer)
        if problem is not None:
            return problem
        assert isinstance(answer, HttpAnswer)
        return answer.body

    async def send(self, request: Request, telling_id: str) -> Sent:
        """Carry one request out. VTEX's answer to an accepted one holds a receipt.

        A tracking number that the order shows already (an ERP told VTEX too) is not sent again: VTEX would mail again.
        """
        if request.method == "PATCH" and await self._has_number(request):
            return Sent(Outcome.FOUND, receipt=_THERE, message="the order had this tracking number already")
        headers = {**dict(request.headers), "Idempotency-Key": telling_id}
        answer = await exchange(self._client, request.method, request.path, headers=headers, body=request.body)
        problem = _problem(answer)
        if problem is not None and problem.status == 500 and _ODD_INVOICE.search(request.path):
            # Known issues 409225 and 631970: VTEX answers 500 to such numbers for ever. Trying again blocks the order.
            words = "VTEX cannot take this invoice number: only letters, digits, '-', '_' and '.' work there"
            problem = replace(problem, outcome=Outcome.REFUSED, message=f"{words} ({problem.message})")
        if problem is not None:
            return Sent(
                problem.outcome,
                message=problem.message,
                http_status=problem.status,
                retry_after=problem.retry_after,
                in_doubt=problem.in_doubt,
            )
        assert isinstance(answer, HttpAnswer)
        receipt = _receipt(answer.body)
        if receipt is None:
            return Sent(Outcome.MALFORMED, message="accepted without a receipt", http_status=answer.status)
        return Sent(Outcome.FOUND, receipt=receipt, http_status=answer.status)

    async def _has_number(self, request: Request) -> bool:
        target = readback.target_of(request.path)
        if target is None:
            return False
        order, invoice = target
        answer = await self._ask(f"{ORDERS}/{order}")
        return not isinstance(answer, _Trouble) and readback.lacks_nothing(answer, invoice, request.body)

    async def already_done(self, request: Request, telling_id: str) -> bool:  # noqa: ARG002 - VTEX does not show our id
        """Whether the order shows what the request says. At VTEX a 200 proves nothing, reading back does (facts, 9)."""
        target = readback.target_of(request.path)
        if target is None:
            return False
        order, invoice = target
        answer = await self._ask(f"{ORDERS}/{order}")
        return not isinstance(answer, _Trouble) and readback.shows(answer, invoice, request.body)


def _days(text: str) -> int:
    """Days of the first look back; VTEX shows orders of two years."""
    plain = text.strip()
    return min(int(plain), _KEPT_BY_VTEX_DAYS) if plain.isascii() and plain.isdigit() else _FIRST_LOOK_DAYS


def _page(cursor: str, sweep: Sweep, reads: Sequence[_Read]) -> OrdersPage:
    failed = [r for r in reads if r.trouble is not None]
    whole = _of_all(reads, known_late=frozenset(sweep.late))
    if whole is not None:
        return _no_page(cursor, whole)
    late = tuple(r.number for r in failed)
    if len(late) > _MOST_LATE:
        return _no_page(cursor, _Trouble(Outcome.MALFORMED, f"{len(late)} orders cannot be read: {_named(failed[:3])}"))
    return OrdersPage(
        orders=tuple(r.order for r in reads if r.order is not None),
        cursor=cursor_of(replace(sweep, late=late)),
        more=sweep.running or bool(sweep.pending),
        message=f"orders that could not be read: {_named(failed)}"[:_LONGEST_MESSAGE] if failed else "",
    )


def _of_all(reads: Sequence[_Read], known_late: frozenset[str]) -> _Trouble | None:
    """The trouble that is the party's and not one order's: refused credentials, a rate limit, no connection, or none
    of several orders answered. One alone may be its own case: the list was answered just before.
    """
    troubles = [r.trouble for r in reads if r.trouble is not None]
    for each in troubles:
        if each.outcome is Outcome.AUTH_FAILED or each.status == 429:
            return each
        if each.outcome is Outcome.RETRY and each.status is None:
            return each
    fresh = [r for r in reads if r.number not in known_late]
    all_failed = len(fresh) > 1 and all(r.trouble is not None and r.trouble.status is not None for r in fresh)
    return troubles[0] if all_failed else None


def _named(failed: Sequence[_Read]) -> str:
    return "; ".join(f"{r.number}: {r.trouble.message if r.trouble else ''}" for r in failed)


def _no_page(cursor: str, problem: _Trouble) -> OrdersPage:
    outcome = Outcome.MALFORMED if problem.outcome is Outcome.REFUSED else problem.outcome
    return OrdersPage(cursor=cursor, problem=outcome, message=problem.message, retry_after=problem.retry_after)


def _problem(answer: HttpAnswer | HttpFailure) -> _Trouble | None:
    """What is wrong with an answer; None if it may be read."""
    if isinstance(answer, HttpFailure):
        return _Trouble(Outcome.RETRY, answer.message, in_doubt=answer.in_doubt)
    outcome = trouble(answer)
    if outcome is not None:
        wait = retry_after(answer) or (_PAUSE_AFTER_429 if answer.status == 429 else None)
        said = error_words(answer)
        return _Trouble(outcome, said, answer.status, wait, in_doubt=answer.status in _BAD_GATEWAYS)
    if answer.is_html:
        return _Trouble(Outcome.MALFORMED, "a web page came instead of an answer", answer.status)
    return None


def _receipt(body: bytes) -> str | None:
    """The receipt of {date, orderId, receipt}; its date where the receipt is null; None if it is no such answer."""
    read = json_object(body)
    return next((v for k in ("receipt", "date") if isinstance(v := read.get(k), str) and v), None)
