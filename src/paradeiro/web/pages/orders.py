"""In: a search, a status, a cursor; out: the list of orders with the positions of their packages."""

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response

from paradeiro.db.screens import lists
from paradeiro.db.screens import screen_queries as screens
from paradeiro.db.screens.lists import OrderLine
from paradeiro.db.screens.screen_queries import ShipmentStatus
from paradeiro.domain.records import Snapshot
from paradeiro.domain.words import Status, reason_or_other, status_or_unknown
from paradeiro.flow.context import log
from paradeiro.sdk.wording import Catalogue, Tone
from paradeiro.sdk.wording.shipment_wording import lateness_sentence, status_tone, status_wording
from paradeiro.web.auth import Operator, RequestContext
from paradeiro.web.pages.layout import is_searchable, not_found_page, page, parse_id, words_for
from paradeiro.web.pages.times import Times

router = APIRouter()
_PER_PAGE = 50
_TONES_BY_URGENCY: tuple[str, ...] = (Tone.TROUBLE, Tone.YOUR_TURN, Tone.MOVING, Tone.QUIET, Tone.GOOD)


@dataclass(frozen=True, slots=True)
class Mark:
    """A status badge: a colour and a label of two or three words."""

    tone: str
    label: str


@dataclass(frozen=True, slots=True)
class Row:
    """An order in the list. `late`: a sentence that it is late or, if `over`, was delivered late; else empty."""

    line: OrderLine
    marks: tuple[Mark, ...]
    late: str
    over: bool
    waits: str


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter link with its number of orders."""

    address: str
    mark: Mark
    count: int
    chosen: bool


@router.get("/")
async def orders(
    request: Request,
    context: RequestContext,
    who: Operator,
    q: Annotated[str, Query(max_length=200)] = "",
    status: str = "",
    before: str = "",
) -> Response:
    """Orders, newest first."""
    q = q.strip()
    cursor = parse_id(before)
    if (status and status not in set(Status)) or (before and cursor is None) or not is_searchable(q):
        return await not_found_page(request, context, who)
    async with context.pool.connection() as connection:
        lines = await lists.order_lines(
            connection, who.store_id, search=q, status=status or None, before=cursor, limit=_PER_PAGE + 1
        )
        total, counts = await screens.order_counts(connection, who.store_id, search=q)
        statuses = await screens.shipment_statuses(connection, [line.id for line in lines])
    words = words_for(request)
    shown = lines[:_PER_PAGE]
    return await page(
        request,
        context,
        who,
        "orders.html",
        row=lambda line, times: _row_of(line, statuses[line.id], times),
        lines=shown,
        q=q,
        status=status,
        total=total,
        everything=_address(q=q),
        chips=[_chip(s, counts.get(s, 0), q, status, words) for s in Status if counts.get(s) or s == status],
        newest=_address(q=q, status=status) if cursor else "",
        older=_address(q=q, status=status, before=str(shown[-1].id)) if len(lines) > _PER_PAGE else "",
    )


def _address(**asked: str) -> str:
    given = {name: value for name, value in asked.items() if value}
    return f"/?{urlencode(given)}" if given else "/"


def _chip(status: Status, count: int, q: str, chosen: str, words: Catalogue) -> Chip:
    return Chip(_address(q=q, status=status), mark_of(words, status, None), count, status == chosen)


def mark_of(words: Catalogue, status: str, reason: str | None) -> Mark:
    """A status in two or three words and its colour."""
    where, why = status_or_unknown(status), reason_or_other(reason)
    return Mark(status_tone(words, where, why).value, status_wording(words, where, why).label)


def _row_of(line: OrderLine, statuses: list[ShipmentStatus], times: Times) -> Row:
    """The row of an order; without lateness if its data cannot be read."""
    try:
        return _row(line, statuses, times)
    except (ValueError, TypeError, OverflowError):
        log.exception("an order cannot be shown whole; the others are", order=line.number)
        marks = dict.fromkeys(mark_of(times.words, status, None) for status in line.statuses)
        return Row(line, tuple(marks), "", over=False, waits="")


def _row(line: OrderLine, statuses: list[ShipmentStatus], times: Times) -> Row:
    found = dict.fromkeys(mark_of(times.words, s.status, s.reason) for s in statuses)
    # The most urgent first: a narrow column cuts off the end.
    marks = sorted(found, key=lambda mark: _TONES_BY_URGENCY.index(mark.tone))
    late = [(said, s.delivered_at is not None) for s in statuses if (said := _late(line, s, times))]
    # A package still under way matters more than one delivered late.
    sentence, over = min(late, key=lambda each: each[1], default=("", False))
    waits = (line.waits_for or "").partition(": ")[0]
    return Row(line, tuple(marks), sentence, over, waits)


def _late(line: OrderLine, status: ShipmentStatus, times: Times) -> str:
    snapshot = Snapshot(
        status=status_or_unknown(status.status),
        reason=reason_or_other(status.reason),
        delivered_at=status.delivered_at,
        estimate=status.estimate,
    )
    return lateness_sentence(line.promised_at, snapshot, now=times.now, zone=times.zone, catalogue=times.words)
