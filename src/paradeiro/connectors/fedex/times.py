"""In: the dates of one shipment as FedEx writes them; out: instants. Pure."""

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from paradeiro.domain.days import end_of_estimate
from paradeiro.domain.records import NOWHERE
from paradeiro.sdk.carriers.place_zones import instant_at

# Where a time has no offset and its place is unknown.
ZONE = ZoneInfo("America/Chicago")
# Dates by which shipments of one number are told apart, the best first.
SENT, _EXPECTED = ("SHIP", "ACTUAL_PICKUP", "ACTUAL_TENDER"), "ESTIMATED_DELIVERY"


def estimate_of(raw: object, dates: object) -> datetime | None:
    """The end of the window of delivery, or the day that it is expected."""
    window = raw.get("window") if isinstance(raw, Mapping) else None
    ends = instant_at(_text(window, "ends"), NOWHERE, ZONE)
    found = ends[0] if ends else dated(dates, (_EXPECTED,))
    return end_of_estimate(found) if found else None


def dated(raw: object, kinds: tuple[str, ...]) -> datetime | None:
    """The first date of these types that can be read."""
    dates = raw if isinstance(raw, list) else []
    named = ([_text(each, "dateTime") for each in dates if _text(each, "type") == kind] for kind in kinds)
    instants = (instant_at(text, NOWHERE, ZONE) for texts in named for text in texts)
    return next((found[0] for found in instants if found), None)


def _text(holder: object, name: str) -> str:
    value = holder.get(name) if isinstance(holder, Mapping) else None
    return value.strip() if isinstance(value, str) else ""
