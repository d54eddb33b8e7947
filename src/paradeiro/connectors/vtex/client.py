"""In: an account of a VTEX store; out: a session that reads its orders and carries our requests to it. The wire only.

Contract: facts/vtex, section 2. The outside's faults are outcomes, never exceptions.
"""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import msgspec

from paradeiro.connectors.vtex import channels, readback
from paradeiro.connectors.vtex.parse import OrderProblemError, decoded, parse_order, whose
from paradeiro.connectors.vtex.render import segment
from paradeiro.connectors.vtex.rights import rights
from paradeiro.connectors.vtex.sweep import MOST_LISTED, PAGE_SIZE, Sweep, cursor_of, halved, listed, query, resumed
from paradeiro.connectors.vtex.wire import Trouble, Wire
from paradeiro.domain.records import Order
from paradeiro.domain.words import Outcome
from paradeiro.sdk.contract import (
    AccountRef,
    Clock,
    FeedPage,
    NamedOrders,
    OrdersPage,
    Request,
    Right,
    Sent,
    Subscribed,
)
from paradeiro.sdk.http import json_object, refusal_inside

ORDERS = "/api/oms/pvt/orders"
_MOST_READ = 50  # orders read in one call
_MOST_LATE = 200  # more orders than this that cannot be read are no single cases
_FIRST_LOOK_DAYS = 60
_THERE = "already there"  # instead of a receipt: nothing was sent
_KEPT_BY_VTEX_DAYS = 730
_ODD_INVOICE = re.compile(r"/invoice/[^/]*%[0-9A-F]{2}")
_LONGEST_MESSAGE = 300
_ODD_ANSWERS = frozenset({400, 404, 500})


@dataclass(frozen=True, slots=True)
class _Read:
    """One order that was asked for: the order, or None if there is none of that number, or why it could not be read."""

    number: str
    order: Order | None = None
    trouble: Trouble | None = None


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
        self._shipped_by_channel = _words(account.settings.get("shipped_by_channel", ""))

    async def close(self) -> None:
        """Close the connections."""
        await self._wire.close()

    async def orders(self, cursor: str, watch: Sequence[str]) -> OrdersPage:
        """At most 50 orders of the sweep, the watched ones, and those that could not be read before.

        With a `problem` nothing moved: the same cursor asks for the same orders again. An order that cannot be read
        while others can does not hold them up: it is named in `message` and read again at each call until it can be.
        """
        sweep = resumed(cursor, self._clock(), self._backfill)
        if sweep.running and not sweep.pending:
            step = await self._list(sweep)
            if isinstance(step, Trouble):
                return _no_page(cursor, step)
            sweep = step
        now_read, rest = sweep.pending[:_MOST_READ], sweep.pending[_MOST_READ:]
        numbers = dict.fromkeys((*now_read, *watch, *sweep.late))
        reads = await asyncio.gather(*(self._read(number) for number in numbers))
        return _page(cursor, replace(sweep, pending=rest), reads)

    async def _list(self, sweep: Sweep) -> Sweep | Trouble:
        """The sweep with the next page's orders pending. Windows that hold too many orders are halved first."""
        while True:
            page = await self._list_page(sweep)
            if isinstance(page, Trouble):
                return page
            sweep = replace(sweep, total=sweep.total or page.paging.total)
            narrower = halved(sweep) if page.paging.total > MOST_LISTED else None
            if narrower is None:
                pages = max(page.paging.pages, -(-page.paging.total // PAGE_SIZE))
                return listed(sweep, tuple(o.order_id for o in page.list), pages)
            sweep = narrower

    async def _list_page(self, sweep: Sweep) -> _ListPage | Trouble:
        answer = await self._wire.ask("GET", ORDERS, params=query(sweep))
        if isinstance(answer, Trouble):
            return answer
        try:
            page: _ListPage = decoded(answer.body, _ListPage)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            return Trouble(Outcome.MALFORMED, f"the list of orders cannot be understood: {error}")
        return page

    async def _read(self, number: str) -> _Read:
        answer = await self._wire.ask("GET", f"{ORDERS}/{segment(number)}")
        if isinstance(answer, Trouble):
            return _Read(number) if answer.status == 404 else _Read(number, trouble=answer)
        try:
            return _Read(number, whose(parse_order(answer.body), self._shipped_by_channel))
        except OrderProblemError as error:
            return _Read(number, trouble=Trouble(Outcome.MALFORMED, str(error)))

    async def named(self, numbers: Sequence[str]) -> NamedOrders:
        """These orders, read at once: unlike the list, an order itself shows what is so now."""
        reads = await asyncio.gather(*(self._read(number) for number in dict.fromkeys(numbers)))
        whole = _of_all(reads, known_late=frozenset())
        if whole is not None:
            return NamedOrders(problem=whole.outcome, message=whole.message, retry_after=whole.retry_after)
        failed = [r for r in reads if r.trouble is not None]
        return NamedOrders(
            orders=tuple(r.order for r in reads if r.order is not None),
            missing=tuple(r.number for r in reads if r.order is None and r.trouble is None),
            unread=tuple(r.number for r in failed),
            message=f"orders that could not be read: {_named(failed)}"[:_LONGEST_MESSAGE] if failed else "",
        )

    def beginning(self, days: int) -> str:
        """The cursor of a sweep over so many days."""
        return cursor_of(resumed("", self._clock(), timedelta(days=min(days, _KEPT_BY_VTEX_DAYS))))

    async def rights(self) -> list[Right]:
        """Which License Manager resources the key has."""
        return await rights(self._wire)

    async def feed(self) -> FeedPage:
        """One lot of the feed."""
        return await channels.read_feed(self._wire)

    async def commit(self, handles: Sequence[str]) -> Subscribed:
        """These need not come again."""
        return await channels.commit(self._wire, handles)

    async def start_feed(self) -> Subscribed:
        """Configure the feed."""
        return await channels.start_feed(self._wire)

    async def end_feed(self) -> Subscribed:
        """End the feed."""
        return await channels.end_feed(self._wire)

    async def subscription(self, url: str) -> Subscribed:
        """Whether the hook leads to this address."""
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
        """Carry one request out, then read the order: at VTEX a 200 proves nothing (facts, section 9). One that says
        yes and shows nothing is asked again later; the same request twice makes no second mail there.

        A tracking number that the order shows already (an ERP told VTEX too) is not sent again: VTEX would mail again.
        """
        if request.method == "PATCH" and await self._has_number(request):
            return Sent(Outcome.FOUND, receipt=_THERE, message="the order had this tracking number already")
        headers = {**dict(request.headers), "Idempotency-Key": telling_id}
        answer = await self._wire.ask(request.method, request.path, headers=headers, body=request.body)
        if isinstance(answer, Trouble):
            return _not_sent(request, answer)
        receipt = _receipt(answer.body)
        no = refusal_inside(answer)
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
        return not isinstance(answer, Trouble) and readback.lacks_nothing(answer.body, invoice, request.body)

    async def already_done(self, request: Request, telling_id: str) -> bool | None:  # noqa: ARG002 - VTEX does not show our id
        """Whether the order shows what the request says; None if VTEX does not answer now."""
        shown = await self._shows(request)
        if isinstance(shown, Trouble):
            return None if shown.outcome is Outcome.RETRY else False
        return shown is True

    async def _shows(self, request: Request) -> bool | Trouble | None:
        """Whether the order shows what the request says; None if that cannot be known."""
        target = readback.target_of(request.path)
        if target is None:
            return None
        order, invoice = target
        answer = await self._wire.ask("GET", f"{ORDERS}/{order}")
        return answer if isinstance(answer, Trouble) else readback.shows(answer.body, invoice, request.body)


def _not_sent(request: Request, problem: Trouble) -> Sent:
    if problem.status in _ODD_ANSWERS and _ODD_INVOICE.search(request.path):
        # Known issues 409225, 631970, 1302085: so it answers to such numbers for ever. Trying again blocks the order.
        words = "VTEX cannot take this invoice number: only letters, digits, '-', '_' and '.' work there"
        problem = replace(problem, outcome=Outcome.REFUSED, message=f"{words} ({problem.message})")
    return Sent(
        problem.outcome,
        message=problem.message,
        http_status=problem.status,
        retry_after=problem.retry_after,
        in_doubt=problem.in_doubt,
    )


def _words(text: str) -> frozenset[str]:
    return frozenset(word.strip().upper() for word in text.split(",") if word.strip())


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
        return _no_page(cursor, Trouble(Outcome.MALFORMED, f"{len(late)} orders cannot be read: {_named(failed[:3])}"))
    return OrdersPage(
        orders=tuple(r.order for r in reads if r.order is not None),
        cursor=cursor_of(replace(sweep, late=late)),
        more=sweep.running or bool(sweep.pending),
        message=f"orders that could not be read: {_named(failed)}"[:_LONGEST_MESSAGE] if failed else "",
        total=sweep.total,
    )


def _of_all(reads: Sequence[_Read], known_late: frozenset[str]) -> Trouble | None:
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


def _no_page(cursor: str, problem: Trouble) -> OrdersPage:
    outcome = Outcome.MALFORMED if problem.outcome is Outcome.REFUSED else problem.outcome
    return OrdersPage(cursor=cursor, problem=outcome, message=problem.message, retry_after=problem.retry_after)


def _receipt(body: bytes) -> str | None:
    """The receipt of {date, orderId, receipt}; its date where the receipt is null; None if it is no such answer."""
    read = json_object(body)
    return next((v for k in ("receipt", "date") if isinstance(v := read.get(k), str) and v), None)
