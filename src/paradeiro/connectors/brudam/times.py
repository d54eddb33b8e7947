"""In: a time in any form that Brudam's tenants write; out: an aware instant, and how much of it was assumed."""

import re
from datetime import datetime, time, timedelta, timezone
from typing import NamedTuple

from paradeiro.domain.bounds import in_bounds
from paradeiro.domain.days import end_of_estimate

# Local time without offset. Brazil has had no daylight saving time since 2019.
ZONE = timezone(timedelta(hours=-3))
_NOON = time(12)
_DAY_FIRST = re.compile(r"(\d{2})/(\d{2})/(\d{4})(.*)", re.ASCII)
_DAY = len("2026-03-09")


class Moment(NamedTuple):
    """An instant; whether its zone, and its time of day, were assumed."""

    at: datetime
    zone_assumed: bool
    day_only: bool


def read_moment(written: str) -> Moment | None:
    """The instant; a day alone is its noon. None if it cannot be read."""
    found = _read(written)
    if found is None:
        return None
    day_only = len(written.strip()) <= _DAY
    at = datetime.combine(found.date(), _NOON) if day_only else found
    aware = at if at.tzinfo else at.replace(tzinfo=ZONE)
    return Moment(aware, found.tzinfo is None, day_only) if in_bounds(aware) else None


def read_estimate(written: str) -> datetime | None:
    """Until when a delivery is expected; a day lasts to its end."""
    found = _read(written)
    if found is None:
        return None
    aware = found if found.tzinfo else found.replace(tzinfo=ZONE)
    return end_of_estimate(aware) if in_bounds(aware) else None


def _read(written: str) -> datetime | None:
    day_first = _DAY_FIRST.fullmatch(written.strip())
    iso = f"{day_first[3]}-{day_first[2]}-{day_first[1]}{day_first[4]}" if day_first else written.strip()
    try:
        return datetime.fromisoformat(iso).replace(microsecond=0)
    except ValueError:
        return None
