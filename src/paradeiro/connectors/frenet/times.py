"""In: a date as Frenet writes it; out: an aware instant of Brasília's wall clock; None for anything else. Pure."""

from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from paradeiro.domain.bounds import in_bounds
from paradeiro.domain.days import end_of_estimate

ZONE = ZoneInfo("America/Sao_Paulo")
_FORMS = ("%d/%m/%Y %H:%M", "%d/%m/%Y %H:%M:%S", "%d/%m/%Y")


def read_instant(text: str) -> tuple[datetime, bool] | None:
    """An instant, and whether only its day is known (then it is noon)."""
    wall = _wall_clock(text.strip())
    if wall is None:
        return None
    day_only = ":" not in text
    wall = wall.replace(hour=12) if day_only else wall
    # A fixed offset: an instant in the hour that daylight saving repeats equals none of another zone.
    return wall.replace(tzinfo=timezone(wall.replace(tzinfo=ZONE).utcoffset() or timedelta())), day_only


def read_estimate(text: str | None) -> datetime | None:
    """The end of the day on which it is expected."""
    wall = _wall_clock(text.strip()) if text else None
    return None if wall is None else end_of_estimate(wall.replace(tzinfo=ZONE))


def _wall_clock(text: str) -> datetime | None:
    found: datetime | None = None
    for form in _FORMS:
        try:
            found = datetime.strptime(text, form)  # noqa: DTZ007 - its zone comes next
            break
        except ValueError:
            continue
    return found if found is not None and in_bounds(found.replace(tzinfo=ZONE)) else None
