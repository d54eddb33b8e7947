"""In: a cursor as text, the time; out: the progress of the sweep over invoiced orders, and what to list next. Pure.

A sweep covers the time from the end of the last one (less an overlap, since VTEX's index lags about 4 minutes) to now,
in windows of at most 3000 orders (30 pages of 100: VTEX shows no more), which are halved until they fit.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import msgspec

OVERLAP = timedelta(minutes=30)
PAGE_SIZE = 100
MOST_PAGES = 30
MOST_LISTED = PAGE_SIZE * MOST_PAGES
_SHORTEST_WINDOW = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Sweep:
    """Progress. `since` to `until` is the current window, `target` where the sweep ends; `pending` are listed orders
    not read yet; `late` are orders that could not be read and are retried at each call; `running`: there is more to
    list; `total` how many orders the whole sweep lists. All instants are aware.
    """

    since: datetime
    until: datetime
    target: datetime
    page: int = 1
    pending: tuple[str, ...] = ()
    late: tuple[str, ...] = ()
    running: bool = True
    total: int = 0


def resume(cursor: str, now: datetime, backfill: timedelta) -> Sweep:
    """The sweep of a cursor; a new one if the last one ended. An invalid cursor begins at the start: reading orders
    twice is harmless, missing one is not.
    """
    now = now.astimezone(UTC)
    try:
        kept = msgspec.json.decode(cursor, type=Sweep)
        if all(t.utcoffset() is not None for t in (kept.since, kept.until, kept.target)):
            ended = not kept.running and not kept.pending
            return _begin(kept.target - OVERLAP, now, kept.late) if ended else kept
    except (msgspec.MsgspecError, ValueError, OverflowError):
        pass  # empty at first, or of an older version
    return _begin(now - backfill, now, ())


def _begin(since: datetime, now: datetime, late: tuple[str, ...]) -> Sweep:
    until = max(now, since)
    return Sweep(since=since, until=until, target=until, late=late)


def cursor_of(sweep: Sweep) -> str:
    """The sweep as text."""
    return msgspec.json.encode(sweep).decode()


def halve(sweep: Sweep) -> Sweep | None:
    """The first half of the window; None if it is too short to halve."""
    width = sweep.until - sweep.since
    return replace(sweep, until=sweep.since + width / 2, page=1) if width > _SHORTEST_WINDOW else None


def advance(sweep: Sweep, numbers: tuple[str, ...], pages: int) -> Sweep:
    """After a page was listed: its orders are pending, and the next page, window or the end follows."""
    sweep = replace(sweep, pending=numbers)
    if sweep.page < min(pages, MOST_PAGES):
        return replace(sweep, page=sweep.page + 1)
    if sweep.until < sweep.target:
        return replace(sweep, since=sweep.until, until=sweep.target, page=1)
    return replace(sweep, running=False)


def query_parameters(sweep: Sweep) -> tuple[tuple[str, str], ...]:
    """The parameters of GET /api/oms/pvt/orders. No f_status: an order that is partly invoiced is still `handling`."""
    window = f"invoicedDate:[{_stamp(sweep.since)} TO {_stamp(sweep.until)}]"
    return (
        ("f_invoicedDate", window),
        ("orderBy", "creationDate,asc"),
        ("page", str(sweep.page)),
        ("per_page", str(PAGE_SIZE)),
    )


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
