"""In: the instants of an event or a shipment; out: aware ones; None for anything else. Pure."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

from paradeiro.connectors.intelipost.names import text_of
from paradeiro.domain.bounds import in_bounds
from paradeiro.domain.days import end_of_estimate

# They write an offset; a time without one is Brasília's.
ZONE = ZoneInfo("America/Sao_Paulo")
# The carrier's own estimate before what was promised to the customer.
_PUSHED = ("logistic_provider", "client")
_ANSWERED = ("estimated_delivery_date_lp_iso", "estimated_delivery_date_iso")


def read_event_instant(told: dict[str, Any]) -> tuple[datetime, bool] | None:
    """When it happened, or when they heard of it where that is not said; and whether its zone is assumed."""
    for name in ("event_date", "created"):
        at = _read_instant(told.get(f"{name}_iso")) or _of_milliseconds(told.get(name))
        if at is not None:
            # A fixed offset: an instant in the hour that daylight saving repeats equals none of another zone.
            zoned = at if at.tzinfo else at.replace(tzinfo=timezone(at.replace(tzinfo=ZONE).utcoffset() or timedelta()))
            return zoned, at.tzinfo is None
    return None


def read_estimate(order: dict[str, Any]) -> datetime | None:
    """Until when it is expected."""
    told = order.get("estimated_delivery_date")
    inner = told if isinstance(told, dict) else {}
    pushed = [part.get("current_iso") for name in _PUSHED if isinstance(part := inner.get(name), dict)]
    found = next((at for value in (*pushed, *map(order.get, _ANSWERED)) if (at := _read_instant(value))), None)
    return None if found is None else end_of_estimate(found if found.tzinfo else found.replace(tzinfo=ZONE))


def _read_instant(value: object) -> datetime | None:
    try:
        at = datetime.fromisoformat(text_of(value)).replace(microsecond=0)
    except ValueError:
        return None
    return at if in_bounds(at if at.tzinfo else at.replace(tzinfo=ZONE)) else None


def _of_milliseconds(value: object) -> datetime | None:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 10**13:
        return None
    at = datetime.fromtimestamp(value // 1000, UTC)
    return at if in_bounds(at) else None
