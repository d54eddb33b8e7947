"""In: an instant as Azul writes it; out: an aware one of Brasília's wall clock; None for anything else. Pure."""

from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from paradeiro.domain.bounds import in_bounds
from paradeiro.domain.days import end_of_estimate

ZONE = ZoneInfo("America/Sao_Paulo")


def read_instant(text: str) -> tuple[datetime, bool] | None:
    """An instant, and whether only its day is known (then it is noon). Fractions of a second are dropped."""
    wall = _wall_clock(text)
    if wall is None:
        return None
    day_only = ":" not in text
    wall = wall.replace(hour=12) if day_only else wall
    # A fixed offset: an instant in the hour that daylight saving repeats equals none of another zone.
    return wall.replace(tzinfo=timezone(wall.replace(tzinfo=ZONE).utcoffset() or timedelta())), day_only


def read_estimate(text: str | None) -> datetime | None:
    """Until when it is expected; a day lasts to its end."""
    wall = _wall_clock(text) if text else None
    return None if wall is None else end_of_estimate(wall.replace(tzinfo=ZONE))


def _wall_clock(text: str) -> datetime | None:
    plain = text.strip()
    whole, _, fraction = plain.partition(".")
    try:
        # One digit of a fraction is no ISO 8601 to `fromisoformat`.
        wall = datetime.fromisoformat(whole if fraction.isascii() and fraction.isdigit() else plain)
    except ValueError:
        return None
    wall = wall.replace(tzinfo=None, microsecond=0) if wall.tzinfo is None else wall.astimezone(ZONE)
    wall = wall.replace(tzinfo=None, microsecond=0)
    return wall if in_bounds(wall.replace(tzinfo=ZONE)) else None
