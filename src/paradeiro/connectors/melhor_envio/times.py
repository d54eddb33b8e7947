"""In: an instant as a label states it; out: an aware one, and whether its zone is assumed; None for others. Pure."""

from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from paradeiro.domain.bounds import in_bounds

# Wall clock without an offset; SuperFrete's have one.
ZONE = ZoneInfo("America/Sao_Paulo")


def read_instant(text: str) -> tuple[datetime, bool] | None:
    """The instant, without fractions of a second, in which the two ways of hearing of it differ."""
    try:
        at = datetime.fromisoformat(text.strip()).replace(microsecond=0)
    except ValueError:
        return None
    if not in_bounds(at if at.tzinfo else at.replace(tzinfo=ZONE)):
        return None
    if at.tzinfo is not None:
        return at, False
    # A fixed offset: an instant in the hour that daylight saving repeats equals none of another zone.
    return at.replace(tzinfo=timezone(at.replace(tzinfo=ZONE).utcoffset() or timedelta())), True
