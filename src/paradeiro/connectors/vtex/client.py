"""In: an account of a VTEX store; out: a session that reads its orders and sends our requests to it. HTTP only.

Contract: facts/vtex, section 2. Faults of VTEX are outcomes, never exceptions.
"""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import msgspec

from paradeiro.connectors.vtex import channels, readback
from paradeiro.connectors.vtex.parse import OrderProblemError, decode, mark_shipped_by_channel, parse_order
from paradeiro.connectors.vtex.render import segment
from paradeiro.connectors.vtex.rights import permissions
from paradeiro.connectors.vtex.sweep import (
    MOST_LISTED,
    PAGE_SIZE,
    Sweep,
    advance,
    cursor_of,
    halve,
    query_parameters,
    resume,
)
from paradeiro.connectors.vtex.wire import Wire, WireProblem
from paradeiro.domain.records import Order
from paradeiro.domain.words import Outcome
from paradeiro.sdk.contract import AccountRef, Clock, Request, Sent
from paradeiro.sdk.http import embedded_refusal, json_object
from paradeiro.sdk.order_systems import FeedPage, NamedOrders, OrdersPage, Permission
from paradeiro.sdk.sessions import Subscribed

ORDERS = "/api/oms/pvt/orders"
_MOST_READ = 50  # orders read in one call
_MOST_LATE = 200  # more unreadable orders than this are a general problem
_FIRST_LOOK_DAYS = 60
_ALREADY_THERE = "already there"  # instead of a receipt: nothing was sent
_KEPT_BY_VTEX_DAYS = 730
_ODD_INVOICE = re.compile(r"/invoice/[^/]*%[0-9A-F]{2}")
_LONGEST_MESSAGE = 300
_ODD_ANSWERS = frozenset({400, 404, 500})


@dataclass(frozen=True, slots=True)
class _Read:
    """The result of reading one order: the order, or None if there is none of that number, or the problem."""

    number: str
    order: Order | None = None
    failure: WireProblem | None = None


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
        self._clock = clock
        self._wire = Wire(account, clock)
        self._backfill = timedelta(days=_days(account.settings.get("backfill_days", "")))
        self._shipped_by_channel = _split_words(account.settings.get("shipped_by_channel", ""))

    async def close(self) -> None:
        """Close the connections."""
        await self._wire.close()

    async def orders(self, cursor: str, watch: Sequence[str]) -> OrdersPage:
        """At most 50 orders of the sweep, the watched ones, and those that could not be read before.

        With a `problem` nothing moved: the same cursor gives the same orders again. A single unreadable order does not
        hold up the others: it is named in `message` and read again at each call until it can be.
        """
        sweep = resume(cursor, self._clock(), self._backfill)
        if sweep.running and not sweep.pending:
            step = await self._list(sweep)
            if isinstance(step, WireProblem):
                return _no_page(cursor, step)
            sweep = step
        now_read, rest = sweep.pending[:_MOST_READ], sweep.pending[_MOST_READ:]
        numbers = dict.fromkeys((*now_read, *watch, *sweep.late))
        reads = await asyncio.gather(*(self._read(number) for number in numbers))
        return _page(cursor, replace(sweep, pending=rest), reads)

    async def _list(self, sweep: Sweep) -> Sweep | WireProblem:
        """The sweep with the next page's orders pending. Windows with too many orders are halved first."""
        while True:
            page = await self._list_page(sweep)
            if isinstance(page, WireProblem):
                return page
            sweep = replace(sweep, total=sweep.total or page.paging.total)
            narrower = halve(sweep) if page.paging.total > MOST_LISTED else None
            if narrower is None:
                pages = max(page.paging.pages, -(-page.paging.total // PAGE_SIZE))
                return advance(sweep, tuple(o.order_id for o in page.list), pages)
            sweep = narrower

    async def _list_page(self, sweep: Sweep) -> _ListPage | WireProblem:
        answer = await self._wire.ask("GET", ORDERS, params=query_parameters(sweep))
        if isinstance(answer, WireProblem):
            return answer
        try:
            page: _ListPage = decode(answer.body, _ListPage)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            return WireProblem(Outcome.MALFORMED, f"the list of orders cannot be understood: {error}")
        return page

    async def _read(self, number: str) -> _Read:
        answer = await self._wire.ask("GET", f"{ORDERS}/{segment(number)}")
        if isinstance(answer, WireProblem):
            return _Read(number) if answer.status == 404 else _Read(number, failure=answer)
        try:
            return _Read(number, mark_shipped_by_channel(parse_order(answer.body), self._shipped_by_channel))
        except OrderProblemError as error:
            return _Read(number, failure=WireProblem(Outcome.MALFORMED, str(error)))

    async def named(self, numbers: Sequence[str]) -> NamedOrders:
        """These orders, read at once: unlike the list, a single order is always up to date."""
        reads = await asyncio.gather(*(self._read(number) for number in dict.fromkeys(numbers)))
        whole = _party_problem(reads, known_late=frozenset())
        if whole is not None:
            return NamedOrders(problem=whole.outcome, message=whole.message, retry_after=whole.retry_after)
        failed = [r for r in reads if r.failure is not None]
        return NamedOrders(
            orders=tuple(r.order for r in reads if r.order is not None),
            missing=tuple(r.number for r in reads if r.order is None and r.failure is None),
            unread=tuple(r.number for r in failed),
            message=f"orders that could not be read: {_describe_failures(failed)}"[:_LONGEST_MESSAGE] if failed else "",
        )

    def beginning(self, days: int) -> str:
        """The cursor of a sweep over so many days."""
        return cursor_of(resume("", self._clock(), timedelta(days=min(days, _KEPT_BY_VTEX_DAYS))))

    async def permissions(self) -> list[Permission]:
        """Which License Manager resources the key has."""
        return await permissions(self._wire)

    async def feed(self) -> FeedPage:
        """One lot of the feed."""
        return await channels.read_feed(self._wire)

    async def commit(self, handles: Sequence[str]) -> Subscribed:
        """Confirm these items."""
        return await channels.commit(self._wire, handles)

    async def start_feed(self) -> Subscribed:
        """Configure the feed."""
        return await channels.start_feed(self._wire)

    async def end_feed(self) -> Subscribed:
        """End the feed."""
        return await channels.end_feed(self._wire)

    async def subscription(self, url: str) -> Subscribed:
        """Whether the hook has this address."""
        return await channels.hook_at(self._wire, url)

    async def subscribe(self, url: str, secret: str, contact: str) -> Subscribed:  # noqa: ARG002 - VTEX asks for none
        """Configure the hook."""
        return await channels.set_hook(self._wire, url, secret)

    async def unsubscribe(self, url: str) -> Subscribed:
        """End the hook."""
        return await channels.end_hook(self._wire, url)

    async def try_out(self, url: str) -> Subscribed:
        """Have VTEX ping the address."""
        return await channels.ping_hook(self._wire, url)

    async def send(self, request: Request, telling_id: str) -> Sent:
        """Send one request, then read the order: at VTEX a 200 proves nothing (facts, section 9). If it shows nothing
        after a 200, it is read again later; the same request twice sends no second mail there.

        A tracking number that the order shows already (an ERP wrote it too) is not sent again: VTEX would send its mail
        again.
        """
        if request.method == "PATCH" and await self._has_number(request):
            return Sent(Outcome.FOUND, receipt=_ALREADY_THERE, message="the order had this tracking number already")
        headers = {**dict(request.headers), "Idempotency-Key": telling_id}
        answer = await self._wire.ask(request.method, request.path, headers=headers, body=request.body)
        if isinstance(answer, WireProblem):
            return _failed_send(request, answer)
        receipt = _receipt(answer.body)
        no = embedded_refusal(answer)
        if no:
            return Sent(Outcome.REFUSED, message=f"refused inside a success: {no}", http_status=answer.status)
        if receipt is None:
            return Sent(Outcome.MALFORMED, message="accepted without a receipt", http_status=answer.status)
        if await self._shows(request) is False:
            words = f"VTEX accepted it (receipt {receipt}), but the order does not show it"
            return Sent(Outcome.NOT_WRITTEN, message=words, http_status=answer.status)
        return Sent(Outcome.FOUND, receipt=receipt, http_status=answer.status)

    async def _has_number(self, request: Request) -> bool:
        target = readback.target_of(request.path)
        if target is None:
            return False
        order, invoice = target
        answer = await self._wire.ask("GET", f"{ORDERS}/{order}")
        return not isinstance(answer, WireProblem) and readback.has_number_and_url(answer.body, invoice, request.body)

    async def already_done(self, request: Request, telling_id: str) -> bool | None:  # noqa: ARG002 - VTEX does not show our id
        """Whether the order shows what the request says; None if VTEX does not answer now."""
        shown = await self._shows(request)
        if isinstance(shown, WireProblem):
            return None if shown.outcome is Outcome.RETRY else False
        return shown is True

    async def _shows(self, request: Request) -> bool | WireProblem | None:
        """Whether the order shows what the request contains; None if that cannot be known."""
        target = readback.target_of(request.path)
        if target is None:
            return None
        order, invoice = target
        answer = await self._wire.ask("GET", f"{ORDERS}/{order}")
        return answer if isinstance(answer, WireProblem) else readback.shows(answer.body, invoice, request.body)


def _failed_send(request: Request, problem: WireProblem) -> Sent:
    if problem.status in _ODD_ANSWERS and _ODD_INVOICE.search(request.path):
        # Known issues 409225, 631970, 1302085: its permanent answer to such numbers. Retrying would block the order.
        words = "VTEX cannot take this invoice number: only letters, digits, '-', '_' and '.' work there"
        problem = replace(problem, outcome=Outcome.REFUSED, message=f"{words} ({problem.message})")
    return Sent(
        problem.outcome,
        message=problem.message,
        http_status=problem.status,
        retry_after=problem.retry_after,
        in_doubt=problem.in_doubt,
    )


def _split_words(text: str) -> frozenset[str]:
    return frozenset(word.strip().upper() for word in text.split(",") if word.strip())


def _days(text: str) -> int:
    """Days of the first sweep; VTEX shows orders of two years."""
    plain = text.strip()
    return min(int(plain), _KEPT_BY_VTEX_DAYS) if plain.isascii() and plain.isdigit() else _FIRST_LOOK_DAYS


def _page(cursor: str, sweep: Sweep, reads: Sequence[_Read]) -> OrdersPage:
    failed = [r for r in reads if r.failure is not None]
    whole = _party_problem(reads, known_late=frozenset(sweep.late))
    if whole is not None:
        return _no_page(cursor, whole)
    late = tuple(r.number for r in failed)
    if len(late) > _MOST_LATE:
        return _no_page(
            cursor,
            WireProblem(Outcome.MALFORMED, f"{len(late)} orders cannot be read: {_describe_failures(failed[:3])}"),
        )
    return OrdersPage(
        orders=tuple(r.order for r in reads if r.order is not None),
        cursor=cursor_of(replace(sweep, late=late)),
        more=sweep.running or bool(sweep.pending),
        message=f"orders that could not be read: {_describe_failures(failed)}"[:_LONGEST_MESSAGE] if failed else "",
        total=sweep.total,
    )


def _party_problem(reads: Sequence[_Read], known_late: frozenset[str]) -> WireProblem | None:
    """The problem that concerns the party and not one order: refused credentials, a rate limit, no connection, or none
    of several orders answered. A single failed one may be its own case: the list was answered just before.
    """
    troubles = [r.failure for r in reads if r.failure is not None]
    for each in troubles:
        if each.outcome is Outcome.AUTH_FAILED or each.status == 429:
            return each
        if each.outcome is Outcome.RETRY and each.status is None:
            return each
    fresh = [r for r in reads if r.number not in known_late]
    all_failed = len(fresh) > 1 and all(r.failure is not None and r.failure.status is not None for r in fresh)
    return troubles[0] if all_failed else None


def _describe_failures(failed: Sequence[_Read]) -> str:
    return "; ".join(f"{r.number}: {r.failure.message if r.failure else ''}" for r in failed)


def _no_page(cursor: str, problem: WireProblem) -> OrdersPage:
    outcome = Outcome.MALFORMED if problem.outcome is Outcome.REFUSED else problem.outcome
    return OrdersPage(cursor=cursor, problem=outcome, message=problem.message, retry_after=problem.retry_after)


def _receipt(body: bytes) -> str | None:
    """The receipt of {date, orderId, receipt}; its date where the receipt is null; None for any other answer."""
    read = json_object(body)
    return next((v for k in ("receipt", "date") if isinstance(v := read.get(k), str) and v), None)
