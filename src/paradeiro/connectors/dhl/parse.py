"""In: the bytes of an answer of DHL; out: the parsed answer for each shipment in it. Pure."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from paradeiro.connectors.dhl.codes import meaning_of
from paradeiro.connectors.dhl.place import place_of
from paradeiro.domain.bounds import clean_text
from paradeiro.domain.days import end_of_estimate
from paradeiro.domain.following.timeline import sort_events, unknown_codes
from paradeiro.domain.records import ParsedAnswer, TrackingEvent
from paradeiro.domain.words import Outcome
from paradeiro.sdk.carriers.place_zones import instant_at

# Where a time has no offset and its place is unknown.
ZONE = ZoneInfo("Europe/Berlin")
_LONGEST, _LONGEST_CODE, _HTTP_NOT_FOUND, _SEVERAL = 500, 60, 404, 2
# The problem document of a number that it does not know (yet).
_UNKNOWN_NUMBER = frozenset({"no result found", "no shipment with given tracking number found"})


_SIGNED = re.compile(r"signed|unterschrieben", re.IGNORECASE)


class _Event(msgspec.Struct):
    timestamp: Any = None
    location: Any = None
    statusCode: Any = None  # noqa: N815 - DHL's name
    status: Any = None
    description: Any = None
    pieceIds: Any = None  # noqa: N815 - DHL's name


class _Shipment(msgspec.Struct):
    id: str | int | None = None
    service: Any = None
    status: _Event | None = None
    destination: Any = None
    estimatedTimeOfDelivery: Any = None  # noqa: N815 - DHL's name
    details: _Event | None = None  # of it the pieces
    events: list[_Event] | None = None


class _Answer(msgspec.Struct):
    shipments: list[_Shipment] | None = None
    status: Any = None
    title: Any = None
    detail: Any = None


class _UnreadableError(ValueError):
    """A shipment's field that cannot be read."""


def parse(body: bytes) -> list[ParsedAnswer]:
    """One `ParsedAnswer` per shipment: a number may be of several of DHL's businesses. Never raises."""
    try:
        answer = msgspec.json.decode(body, type=_Answer)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return [_malformed("the answer is not readable JSON")]
    if answer.shipments is None:
        return [_problem(answer)]
    several = len({_name(each) for each in answer.shipments}) >= _SEVERAL
    return [_shipment(each, several=several) for each in answer.shipments] or [_malformed("about no shipment")]


def _problem(answer: _Answer) -> ParsedAnswer:
    words = [_text(answer.title), _text(answer.detail)]
    known = any(each.casefold().rstrip(".") in _UNKNOWN_NUMBER for each in words)
    if answer.status == _HTTP_NOT_FOUND and known:
        return ParsedAnswer("", Outcome.NOT_FOUND, message=words[1] or words[0])
    return _malformed(": ".join(each for each in words if each) or "neither shipments nor a problem")


def _malformed(message: str) -> ParsedAnswer:
    return ParsedAnswer("", Outcome.MALFORMED, message=message[:_LONGEST])


def _name(shipment: _Shipment) -> str:
    return f"{_text(shipment.service)}:{_text(shipment.id)}"


def _shipment(shipment: _Shipment, *, several: bool) -> ParsedAnswer:
    name = _name(shipment) if several else ""
    try:
        events = sort_events(each for raw in _with_status(shipment) for each in _events(raw, shipment))
    except _UnreadableError as error:
        return ParsedAnswer("", Outcome.MALFORMED, message=str(error), shipment=name)
    sent_at = events[0].occurred_at if several and events else None
    found = Outcome.FOUND if events else Outcome.NOT_FOUND
    return ParsedAnswer(
        "", found, events, _estimate(shipment), unknown_codes=unknown_codes(events), shipment=name, sent_at=sent_at
    )


def _with_status(shipment: _Shipment) -> Iterator[_Event]:
    """The events; where none has a code, the shipment's own status instead of the event that it repeats."""
    events, status = shipment.events or [], shipment.status
    if status is None or not _text(status.timestamp) or any(_text(each.statusCode) for each in events):
        yield from events
        return
    yield status
    yield from (each for each in events if (each.timestamp, each.location) != (status.timestamp, status.location))


def _events(raw: _Event, shipment: _Shipment) -> Iterator[TrackingEvent]:
    """The event; of several pieces one for each that it concerns, so that one delivered piece is not all of them."""
    place = place_of(raw.location)
    instant = instant_at(_text(raw.timestamp), place, ZONE)
    if instant is None:
        message = f"the time of an event cannot be read: {_text(raw.timestamp)[:60]!r}"
        raise _UnreadableError(message)
    words, description = _text(raw.status), _text(raw.description)
    code, (status, reason) = meaning_of(_text(raw.statusCode)[:_LONGEST_CODE], words, description)
    pieces = _pieces(shipment.details)
    for piece in _pieces(raw) or pieces if len(pieces) >= _SEVERAL else ("",):
        yield TrackingEvent(
            *(instant[0], code, status, reason, place, _shown(code, words, description)),
            zone_assumed=instant[1],
            volume=piece,
        )


def _shown(code: str, words: str, description: str) -> str:
    """What people may see. A delivery's description may be its receiver's name: then its status, up to who signed."""
    if "delivered" not in code or description.casefold() == words.casefold():
        return description or words
    return _SIGNED.split(words)[0].rstrip(" -,:(")


def _pieces(holder: _Event | None) -> tuple[str, ...]:
    found = holder.pieceIds if holder is not None and isinstance(holder.pieceIds, list) else []
    return tuple(dict.fromkeys(_text(each) for each in found if _text(each)))


def _estimate(shipment: _Shipment) -> datetime | None:
    found = instant_at(_text(shipment.estimatedTimeOfDelivery), place_of(shipment.destination), ZONE)
    return end_of_estimate(found[0]) if found else None


def _text(value: object) -> str:
    return clean_text(value, _LONGEST) if isinstance(value, str) else str(value) if type(value) is int else ""
