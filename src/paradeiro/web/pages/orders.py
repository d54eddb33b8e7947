"""In: a search, a status, a cursor; out: the list of orders, each with where its packages are."""

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response

from paradeiro.db import reading
from paradeiro.db import shown as screens
from paradeiro.db.reading import OrderLine
from paradeiro.db.shown import Standing
from paradeiro.domain.records import Snapshot
from paradeiro.domain.words import Status, reason_shown, status_shown
from paradeiro.flow.means import log
from paradeiro.sdk.speech import Catalogue, Tone
from paradeiro.sdk.speech.say import lateness, tone_of, words_of
from paradeiro.web.auth import MeansOf, Operator
from paradeiro.web.pages.layout import id_of, nothing_here, page, searchable, words_for
from paradeiro.web.pages.times import Times

router = APIRouter()
_PER_PAGE = 50
_FIRST: tuple[str, ...] = (Tone.TROUBLE, Tone.YOUR_TURN, Tone.MOVING, Tone.QUIET, Tone.GOOD)


@dataclass(frozen=True, slots=True)
class Mark:
    """A position as a row shows it: a colour and two or three words."""

    tone: str
    label: str


@dataclass(frozen=True, slots=True)
class Row:
    """An order in the list. `late` says in a sentence that it is late, or, if it is `over`, that it was."""

    line: OrderLine
    marks: tuple[Mark, ...]
    late: str
    over: bool
    waits: str


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter with how many orders it finds."""

    address: str
    mark: Mark
    count: int
    chosen: bool


@router.get("/")
async def orders(
    request: Request,
    means: MeansOf,
    who: Operator,
    q: Annotated[str, Query(max_length=200)] = "",
    status: str = "",
    before: str = "",
) -> Response:
    """Orders, newest first."""
    q = q.strip()
    cursor = id_of(before)
    if (status and status not in set(Status)) or (before and cursor is None) or not searchable(q):
        return await nothing_here(request, means, who)
    async with means.pool.connection() as connection:
        lines = await reading.order_lines(
            connection, who.store_id, search=q, status=status or None, before=cursor, limit=_PER_PAGE + 1
        )
        total, counts = await screens.order_counts(connection, who.store_id, search=q)
        standings = await screens.standings(connection, [line.id for line in lines])
    words = words_for(request)
    shown = lines[:_PER_PAGE]
    return await page(
        request,
        means,
        who,
        "orders.html",
        row=lambda line, times: _row_of(line, standings[line.id], times),
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
    where, why = status_shown(status), reason_shown(reason)
    return Mark(tone_of(words, where, why).value, words_of(words, where, why).label)


def _row_of(line: OrderLine, standings: list[Standing], times: Times) -> Row:
    """The row of an order; of one that cannot be read, what is on its line."""
    try:
        return _row(line, standings, times)
    except (ValueError, TypeError, OverflowError):
        log.exception("an order cannot be shown whole; the others are", order=line.number)
        marks = dict.fromkeys(mark_of(times.words, status, None) for status in line.statuses)
        return Row(line, tuple(marks), "", over=False, waits="")


def _row(line: OrderLine, standings: list[Standing], times: Times) -> Row:
    found = dict.fromkeys(mark_of(times.words, s.status, s.reason) for s in standings)
    # What needs a look first: the end of a narrow column is cut off.
    marks = sorted(found, key=lambda mark: _FIRST.index(mark.tone))
    late = [(said, s.delivered_at is not None) for s in standings if (said := _late(line, s, times))]
    # One that is still under way says more than one that came late.
    sentence, over = min(late, key=lambda each: each[1], default=("", False))
    waits = (line.waits_for or "").partition(": ")[0]
    return Row(line, tuple(marks), sentence, over, waits)


def _late(line: OrderLine, standing: Standing, times: Times) -> str:
    snapshot = Snapshot(
        status=status_shown(standing.status),
        reason=reason_shown(standing.reason),
        delivered_at=standing.delivered_at,
        estimate=standing.estimate,
    )
    return lateness(line.promised_at, snapshot, now=times.now, zone=times.zone, catalogue=times.words)
