"""In: one trace as Andreani writes it; out: an event. Pure."""

from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from paradeiro.domain.records import Place, TrackingEvent

from .codes import meaning_of

# Traces have local time without offset.
ZONE = ZoneInfo("America/Argentina/Buenos_Aires")
# The branch of events that happened at none.
_NO_BRANCH = "Sucursal Genérica"


class Trace(msgspec.Struct, rename="pascal"):
    """What happened, and when. Its comment is not read: it names the driver."""

    fecha: str
    estado: str
    estado_id: int | str | None = None
    motivo: str | None = None
    motivo_id: int | str | None = None
    sucursal: str | None = None
    ciclo: str | None = None


def event_of(trace: Trace) -> TrackingEvent:
    """The event. Raises `ValueError` for a time that is none."""
    code, (status, reason) = meaning_of(
        trace.estado, _number(trace.estado_id), _number(trace.motivo_id), trace.ciclo or ""
    )
    when = datetime.fromisoformat(trace.fecha).replace(microsecond=0)
    branch = (trace.sucursal or "").strip()
    return TrackingEvent(
        occurred_at=when if when.tzinfo else when.replace(tzinfo=ZONE),
        code=code,
        status=status,
        reason=reason,
        place=Place(country="AR", unit=branch if branch not in {"", _NO_BRANCH} else None),
        description=trace.estado.strip().capitalize(),
        detail=(trace.motivo or "").strip(),
        zone_assumed=when.tzinfo is None,
    )


def _number(value: int | str | None) -> str:
    """A number as text; 0 is none."""
    return "" if value in {None, 0, "0"} else str(value).strip()
