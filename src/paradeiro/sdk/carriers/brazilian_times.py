"""In: a time as a Brazilian carrier writes it; out: an aware instant, and what of it was assumed; None for others.

ISO 8601, and the day first (`20/11/2026 14:05`) only from who is known to write it: from anybody else `11/03` may be a
November. Without an offset it is Brasília's wall clock; a stated offset counts.
"""

import re
from datetime import datetime, time, timedelta, timezone
from typing import NamedTuple
from zoneinfo import ZoneInfo

from paradeiro.domain.bounds import in_bounds
from paradeiro.domain.days import end_of_estimate

ZONE = ZoneInfo("America/Sao_Paulo")
_NOON = time(12)
_DAY_FIRST = re.compile(r"(\d{2})/(\d{2})/(\d{4})(.*)", re.ASCII)
# No fraction of a second: two ways of hearing of one event differ in it, and one of two digits is no ISO 8601.
_FRACTION = re.compile(r"\.\d+", re.ASCII)


class EventTime(NamedTuple):
    """An instant; whether its offset, and its time of day (then noon), were assumed."""

    at: datetime
    zone_assumed: bool
    day_only: bool


def read_event_time(written: object, *, day_first: bool = False) -> EventTime | None:
    """When something happened, to the second."""
    found = _read(written, day_first=day_first)
    if found is None:
        return None
    day_only = found.time() == time.min and ":" not in str(written)
    at = datetime.combine(found.date(), _NOON, found.tzinfo) if day_only else found
    return EventTime(_aware(at), found.tzinfo is None, day_only)


def read_estimate(written: object, *, day_first: bool = False) -> datetime | None:
    """Until when a delivery is expected; a day lasts to its end."""
    found = _read(written, day_first=day_first)
    return None if found is None else end_of_estimate(found if found.tzinfo else found.replace(tzinfo=ZONE))


def _read(written: object, *, day_first: bool) -> datetime | None:
    if not isinstance(written, str):
        return None
    plain = _FRACTION.sub("", written.strip())
    turned = _DAY_FIRST.fullmatch(plain) if day_first else None
    try:
        at = datetime.fromisoformat(turned.expand(r"\3-\2-\1\4") if turned else plain)
    except ValueError:
        return None
    return at if in_bounds(at if at.tzinfo else at.replace(tzinfo=ZONE)) else None


def _aware(at: datetime) -> datetime:
    """A fixed offset: an instant in the hour that daylight saving repeated equals none of another zone."""
    if at.tzinfo is not None:
        return at
    return at.replace(tzinfo=timezone(at.replace(tzinfo=ZONE).utcoffset() or timedelta()))
