"""In: one event as Correo Argentino writes it; out: an event. Pure."""

from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from paradeiro.domain.records import Place, TrackingEvent

from .codes import meaning_of

# Local time, to the minute, without offset.
ZONE = ZoneInfo("America/Argentina/Buenos_Aires")
_FORM = "%d-%m-%Y %H:%M"
# The branch of what happened at none: the label was made on their page.
_NO_BRANCH = "CORREO ARGENTINO"


class Entry(msgspec.Struct):
    """What happened, and when. Its `sign` is not read: it is a signature."""

    event: str
    date: str
    status: str | None = None
    branch: str | None = None


def event_of(entry: Entry) -> TrackingEvent:
    """The event. Raises `ValueError` for a time that is none."""
    outcome = (entry.status or "").strip()
    code, (status, reason) = meaning_of(entry.event, outcome)
    branch = (entry.branch or "").strip()
    return TrackingEvent(
        occurred_at=datetime.strptime(entry.date.strip(), _FORM).replace(tzinfo=ZONE),
        code=code,
        status=status,
        reason=reason,
        place=Place(country="AR", unit=branch if branch not in {"", _NO_BRANCH} else None),
        description=(outcome or entry.event.strip()).capitalize(),
        zone_assumed=True,
    )
