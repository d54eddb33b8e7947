"""In: the raw answer of the carrier about one code; out: its events, or why there are none. Pure."""

from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from paradeiro.domain.records import NOWHERE, ParsedAnswer, Place, TrackingEvent
from paradeiro.domain.words import Outcome, Status

from .codes import CODES

# The carrier writes local time without offset.
ZONE = ZoneInfo("America/Sao_Paulo")


class _Where(msgspec.Struct):
    city: str | None = None
    state: str | None = None


class _Entry(msgspec.Struct):
    code: str
    at: str
    text: str | None = None
    place: _Where | None = None


class _Document(msgspec.Struct):
    tracking_code: str
    history: list[_Entry] | None = None
    error: str | None = None


def parse(data: bytes) -> list[ParsedAnswer]:
    """One `ParsedAnswer` for the one code of an answer. An unreadable answer is MALFORMED, with the reason in its
    message.
    """
    try:
        return [_parsed(msgspec.json.decode(data, type=_Document))]
    except (ValueError, RecursionError, OverflowError) as error:  # msgspec's own errors are ValueErrors
        return [ParsedAnswer("", Outcome.MALFORMED, message=f"{type(error).__name__}: {error}"[:200])]


def _parsed(document: _Document) -> ParsedAnswer:
    if document.error == "not_found":
        message = "the carrier does not know the code yet"
        return ParsedAnswer(document.tracking_code, Outcome.NOT_FOUND, message=message)
    if document.history is None:
        raise ValueError(f"no history, and error is {document.error!r}")
    events = tuple(_event(entry) for entry in document.history)
    unknown = sorted({event.code for event in events if event.status is Status.UNKNOWN})
    return ParsedAnswer(document.tracking_code, Outcome.FOUND, events, unknown_codes=tuple(unknown))


def _event(entry: _Entry) -> TrackingEvent:
    status, reason = CODES.get(entry.code, (Status.UNKNOWN, None))
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
