"""In: the bytes of an answer of USPS; out: the parsed answer for the number. Pure."""

import re
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from paradeiro.connectors.usps.codes import meaning_of
from paradeiro.domain.bounds import clean_text
from paradeiro.domain.days import end_of_estimate
from paradeiro.domain.following.returns import doubt_returned_deliveries
from paradeiro.domain.following.timeline import unknown_codes
from paradeiro.domain.following.tracking_codes import tidy_code
from paradeiro.domain.records import NOWHERE, ParsedAnswer, Place, TrackingEvent
from paradeiro.domain.words import Outcome
from paradeiro.sdk.carriers.place_zones import instant_at, state_zones

# Where a time has no offset and its place is unknown.
ZONE = ZoneInfo("America/New_York")
_LONGEST, _LONGEST_CODE, _NOON = 500, 30, 12
# The error of a number that cannot be located (yet).
_NOT_LOCATED = "-2147219302"
_OFFSET = re.compile(r"([+-])(\d{1,2}):?(\d{2})", re.ASCII)


class _Event(msgspec.Struct):
    eventCode: Any = None  # noqa: N815 - USPS's name
    eventType: Any = None  # noqa: N815 - USPS's name
    eventTimestamp: Any = None  # noqa: N815 - USPS's name
    GMTTimestamp: Any = None
    GMTOffset: Any = None
    eventCity: Any = None  # noqa: N815 - USPS's name
    eventState: Any = None  # noqa: N815 - USPS's name
    eventCountry: Any = None  # noqa: N815 - USPS's name


class _Answer(msgspec.Struct):
    trackingNumber: Any = None  # noqa: N815 - USPS's name
    trackingEvents: list[_Event] | None = None  # noqa: N815 - USPS's name
    eventSummaries: Any = None  # noqa: N815 - USPS's name
    uniqueMailPieceID: Any = None  # noqa: N815 - USPS's name
    mailPieceIntakeDate: Any = None  # noqa: N815 - USPS's name
    expectedDeliveryTimeStamp: Any = None  # noqa: N815 - USPS's name
    expectedDeliveryDate: Any = None  # noqa: N815 - USPS's name
    predictedDeliveryDate: Any = None  # noqa: N815 - USPS's name
    error: Any = None


class _UnreadableError(ValueError):
    """An event's field that cannot be read."""


def parse(body: bytes) -> list[ParsedAnswer]:
    """The one `ParsedAnswer` of the number. Never raises."""
    try:
        answer = msgspec.json.decode(body, type=_Answer)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return [_malformed("", "the answer is not readable JSON")]
    return [_number(answer) if answer.error is None else _problem(answer.error)]


def _malformed(code: str, message: str) -> ParsedAnswer:
    return ParsedAnswer(code, Outcome.MALFORMED, message=message[:_LONGEST])


def _problem(error: object) -> ParsedAnswer:
    """What an error document says; of the interface as a whole unless it is that of a number not located."""
    if not isinstance(error, dict):
        return _malformed("", f"no error document: {_text(error)}")
    listed = error.get("errors")
    inner = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    codes = {_text(each.get("code")) for each in (error, *inner)}
    message = f"error {_text(error.get('code'))}: {_text(error.get('message'))}"[:_LONGEST]
    return ParsedAnswer("", Outcome.NOT_FOUND if _NOT_LOCATED in codes else Outcome.MALFORMED, message=message)


def _number(answer: _Answer) -> ParsedAnswer:
    code = tidy_code(_text(answer.trackingNumber))
    if not answer.trackingEvents:
        if code and not answer.eventSummaries:
            return ParsedAnswer(code, Outcome.NOT_FOUND, message="no events yet")
        return _malformed(code, "no list of events" if code else "about no number")
    try:
        events = doubt_returned_deliveries([_event(each) for each in answer.trackingEvents])
    except _UnreadableError as error:
        return _malformed(code, str(error))
    found = ParsedAnswer(code, Outcome.FOUND, events, _estimate(answer), unknown_codes=unknown_codes(events))
    taken_in = instant_at(_text(answer.mailPieceIntakeDate), NOWHERE, ZONE)
    piece = _text(answer.uniqueMailPieceID)
    return replace(
        found, shipment=piece, sent_at=(taken_in[0] if taken_in else events[0].occurred_at) if piece else None
    )


def _event(raw: _Event) -> TrackingEvent:
    place = _place(raw)
    at, assumed, day = _instant(raw, place)
    words = _text(raw.eventType)
    code, (status, reason) = meaning_of(_text(raw.eventCode)[:_LONGEST_CODE], words)
    return TrackingEvent(at, code, status, reason, place, words, zone_assumed=assumed, day_only=day)


def _instant(raw: _Event, place: Place) -> tuple[datetime, bool, bool]:
    """The GMT time, shown with its offset; else the local time. With it whether its zone is assumed, or its hour."""
    gmt, local = _text(raw.GMTTimestamp), _text(raw.eventTimestamp)
    found = instant_at(gmt, place, ZONE) if gmt.endswith("Z") else None
    if found is not None:
        offset = _OFFSET.fullmatch(_text(raw.GMTOffset))
        minutes = int(offset[2]) * 60 + int(offset[3]) if offset else 0
        shown = timedelta(minutes=-minutes if offset and offset[1] == "-" else minutes)
        return found[0].astimezone(timezone(shown)) if abs(shown) < timedelta(days=1) else found[0], False, False
    found = instant_at(local, place, ZONE)
    if found is None:
        message = f"the time of an event cannot be read: {local[:60]!r}"
        raise _UnreadableError(message)
    day = len(local) == len("2026-08-01")
    return found[0].replace(hour=_NOON) if day else found[0], found[1], day


def _estimate(answer: _Answer) -> datetime | None:
    written = (answer.expectedDeliveryTimeStamp, answer.expectedDeliveryDate, answer.predictedDeliveryDate)
    found = next((at for each in written if (at := instant_at(_text(each), NOWHERE, ZONE))), None)
    return end_of_estimate(found[0]) if found else None


def _place(raw: _Event) -> Place:
    """The place. Events in the United States name no country."""
    city, state, country = (_text(each) for each in (raw.eventCity, raw.eventState, raw.eventCountry))
    if not country and state.upper() in state_zones()["US"]:
        country = "US"
    known = country.upper() if re.fullmatch(r"[A-Za-z]{2}", country) else None
    return Place(city or (country if not known else None) or None, state or None, known)


def _text(value: object) -> str:
    return clean_text(value, _LONGEST) if isinstance(value, str) else ""
