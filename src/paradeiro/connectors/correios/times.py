"""In: a date in any form that Correios used; out: an aware instant or a day; None for anything else."""

import re
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from paradeiro.domain.bounds import bounded_day, in_bounds

# Brasília's wall clock, without an offset, in every interface they have had (facts, section 0).
ZONE = ZoneInfo("America/Sao_Paulo")
_DAY_FIRST = re.compile(r"(\d{2})/(\d{2})/(\d{4})(?:[ T](\d{2}):(\d{2})(?::(\d{2}))?)?")
_PACKED = re.compile(r"(\d{2})(\d{2})(\d{4})(\d{2})(\d{2})(\d{2})")


def read_time(value: object, day: object = None, hour: object = None, packed: object = None) -> datetime | None:
    """An instant from `dtHrCriado` (text, or the site's object with `date`), else `data` and `hora`, else `criacao`.

    A wall clock without offset is Brasília's. Fractions of a second are dropped: formats differ in them.
    """
    if isinstance(value, dict):
        zone = value.get("timezone")
        return _in_zone(_read_wall_clock(value.get("date")), zone if isinstance(zone, str) else None)
    if isinstance(value, str):
        return _in_zone(_read_wall_clock(value), None)
    if isinstance(day, str):
        return _in_zone(_read_wall_clock(f"{day} {hour}" if isinstance(hour, str) else day), None)
    return _in_zone(_read_packed(packed), None)


def read_day(value: object) -> date | None:
    """A day, from a date or an instant as text."""
    wall = _read_wall_clock(value)
    return bounded_day(wall.date()) if wall else None


def _read_wall_clock(value: object) -> datetime | None:
    if not isinstance(value, str) or not value.isascii():
        return None
    text = value.strip()
    match = _DAY_FIRST.fullmatch(text)
    try:
        if match:
            days, months, years, hours, minutes, seconds = (int(part or 0) for part in match.groups())
            return datetime(years, months, days, hours, minutes, seconds)  # noqa: DTZ001 - its zone comes next
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found.replace(microsecond=0)


def _read_packed(value: object) -> datetime | None:
    match = _PACKED.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return None
    days, months, years, hours, minutes, seconds = (int(part) for part in match.groups())
    try:
        return datetime(years, months, days, hours, minutes, seconds)  # noqa: DTZ001 - its zone comes next
    except ValueError:
        return None


def _in_zone(wall: datetime | None, zone: str | None) -> datetime | None:
    # Before the zone is applied one day is excluded at either end of the range, which has no effect in practice.
    if wall is None or not in_bounds(wall if wall.tzinfo else wall.replace(tzinfo=UTC)):
        return None
    if wall.tzinfo is None:
        wall = wall.replace(tzinfo=UTC if zone in {"UTC", "Etc/UTC", "+00:00"} else ZONE)
    # A fixed offset: an instant of the hour that daylight saving repeats or skips equals none of another zone
    # (PEP 495), so the event would look new each time it is read.
    return wall.astimezone(timezone(wall.astimezone(ZONE).utcoffset() or timedelta()))
