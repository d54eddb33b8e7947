"""In: UPS's dates and times (digits, apart); out: instants. Pure."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from paradeiro.domain.bounds import in_bounds
from paradeiro.domain.days import end_of_estimate
from paradeiro.domain.records import Place
from paradeiro.sdk.carriers.place_zones import at_place

# Where a time has no offset and its place is unknown.
ZONE = ZoneInfo("America/New_York")
_OFFSET = re.compile(r"([+-])(\d{1,2})[:.]?(\d{2})", re.ASCII)
_DATE, _TIME = re.compile(r"\d{8}", re.ASCII), re.compile(r"\d{1,2}:?\d{2}:?\d{2}", re.ASCII)
_NOON = "120000"
# The dates of a delivery to come: a new one counts more than the first.
_EXPECTED = ("RDD", "SDD")


@dataclass(frozen=True, slots=True)
class Instant:
    """An aware instant, with what had to be assumed of it."""

    instant: datetime
    zone_assumed: bool = False
    day_only: bool = False


def instant_of(date: object, time: object, offset: object) -> Instant | None:
    """The instant of a GMT date and time, shown with the local offset (`-05:00`, also `-04.00`); None without them."""
    at = _wall_clock(date, time)
    if at is None:
        return None
    known = _OFFSET.fullmatch(offset.strip()) if isinstance(offset, str) else None
    minutes = int(known[2]) * 60 + int(known[3]) if known else 0
    local = timedelta(minutes=-minutes if known and known[1] == "-" else minutes)
    zone = timezone(local) if abs(local) < timedelta(days=1) else UTC
    return Instant(at.replace(tzinfo=UTC).astimezone(zone))


def local_time(date: object, time: object, place: Place) -> Instant | None:
    """The instant of a local date and time; a date alone is noon of that day. None if there is no date."""
    at = _wall_clock(date, time)
    day = _wall_clock(date, _NOON) if not time else None
    known = at or day
    return Instant(*at_place(known, place, ZONE), day_only=at is None) if known is not None else None


def estimate_of(dates: object) -> datetime | None:
    """Until when UPS expects to deliver, of its list of dates with types."""
    listed = [each for each in dates if isinstance(each, dict)] if isinstance(dates, list) else []
    for kind in _EXPECTED:
        days = (_wall_clock(each.get("date"), "000000") for each in listed if each.get("type") == kind)
        found = next((day for day in days if day is not None), None)
        if found is not None:
            return end_of_estimate(found.replace(tzinfo=ZONE))
    return None


def _wall_clock(date: object, time: object) -> datetime | None:
    """A naive time of `20240320` and `190838`, `19:08:38` or `74700`."""
    if not (isinstance(date, str) and isinstance(time, str) and _DATE.fullmatch(date) and _TIME.fullmatch(time)):
        return None
    try:
        at = datetime.fromisoformat(f"{date}T{time.replace(':', '').zfill(len(_NOON))}")
    except ValueError:
        return None
    return at if in_bounds(at.replace(tzinfo=UTC)) else None
