"""In: one entry of a package's history, as the carrier writes it; out: an event. Pure."""

from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from paradeiro.domain.records import NOWHERE, Place, TrackingEvent
from paradeiro.sdk.tables.codes import UNKNOWN

from .codes import CODES

# The carrier writes local time without offset.
ZONE = ZoneInfo("America/Sao_Paulo")


class Where(msgspec.Struct):
    """Where it happened."""

    city: str | None = None
    state: str | None = None


class Entry(msgspec.Struct):
    """What happened, and when."""

    code: str
    at: str
    text: str | None = None
    place: Where | None = None


def event_of(entry: Entry) -> TrackingEvent:
    """The event. Raises `ValueError` for a time that is none."""
    status, reason = CODES.get(entry.code, UNKNOWN)
    when = datetime.fromisoformat(entry.at)
    return TrackingEvent(
        occurred_at=when if when.tzinfo else when.replace(tzinfo=ZONE),
        code=entry.code,
        status=status,
        reason=reason,
        place=NOWHERE if entry.place is None else Place(entry.place.city, entry.place.state, "BR"),
        description=(entry.text or "").strip(),
        zone_assumed=when.tzinfo is None,
    )
