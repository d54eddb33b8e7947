"""In: the bytes of an answer of FedEx, whole or one number's part; out: an answer for each shipment. Pure."""

from dataclasses import replace
from typing import Any

import msgspec

from paradeiro.connectors.fedex.codes import meaning_of
from paradeiro.connectors.fedex.proofs import offered
from paradeiro.connectors.fedex.times import SENT, ZONE, dated, estimate_of
from paradeiro.domain.bounds import clean_text
from paradeiro.domain.following.returns import doubt_returned_deliveries
from paradeiro.domain.following.timeline import unknown_codes
from paradeiro.domain.following.tracking_codes import tidy_code
from paradeiro.domain.records import NOWHERE, ParsedAnswer, Place, TrackingEvent
from paradeiro.domain.words import Outcome
from paradeiro.sdk.carriers.place_zones import instant_at

_LONGEST, _LONGEST_CODE, _NOON = 500, 30, 12
_ERRORS = {
    "TRACKING.TRACKINGNUMBER.NOTFOUND": Outcome.NOT_FOUND,
    "TRACKING.TRACKINGNUMBER.INVALID": Outcome.REFUSED,
    "TRACKING.TRACKINGNUMBER.EMPTY": Outcome.REFUSED,
}


class _Scan(msgspec.Struct):
    date: Any = None
    eventType: Any = None  # noqa: N815 - FedEx's name
    derivedStatusCode: Any = None  # noqa: N815 - FedEx's name
    exceptionCode: Any = None  # noqa: N815 - FedEx's name
    eventDescription: Any = None  # noqa: N815 - FedEx's name
    exceptionDescription: Any = None  # noqa: N815 - FedEx's name
    scanLocation: Any = None  # noqa: N815 - FedEx's name


class _Result(msgspec.Struct):
    trackingNumberInfo: Any = None  # noqa: N815 - FedEx's name
    error: Any = None
    scanEvents: list[_Scan] | None = None  # noqa: N815 - FedEx's name
    dateAndTimes: Any = None  # noqa: N815 - FedEx's name
    estimatedDeliveryTimeWindow: Any = None  # noqa: N815 - FedEx's name
    availableImages: Any = None  # noqa: N815 - FedEx's name


class _Number(msgspec.Struct):
    trackingNumber: Any = None  # noqa: N815 - FedEx's name
    trackResults: list[_Result] | None = None  # noqa: N815 - FedEx's name


class _Output(msgspec.Struct):
    completeTrackResults: list[_Number] = []  # noqa: N815 - FedEx's name


class _Answer(_Number):
    output: _Output | None = None
    errors: Any = None


class _UnreadableError(ValueError):
    """A scan's field that cannot be read."""


def parse(body: bytes) -> list[ParsedAnswer]:
    """One `ParsedAnswer` for each shipment of each number: their events never mix. Never raises."""
    try:
        answer = msgspec.json.decode(body, type=_Answer)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return [_malformed("", "the answer is not readable JSON")]
    numbers = answer.output.completeTrackResults if answer.output else [answer] if answer.trackResults else []
    found = [_shipment(each, result) for each in numbers for result in each.trackResults or []]
    errors = answer.errors if isinstance(answer.errors, list) else []
    return found or [_malformed("", _words(errors[0]) if errors else "no track results")]


def _malformed(code: str, message: str, shipment: str = "") -> ParsedAnswer:
    return ParsedAnswer(code, Outcome.MALFORMED, message=message[:_LONGEST], shipment=shipment)


def _words(error: object) -> str:
    return f"{_get(error, 'code')}: {_get(error, 'message')}"


def _shipment(number: _Number, result: _Result) -> ParsedAnswer:
    code = tidy_code(_text(number.trackingNumber) or _get(result.trackingNumberInfo, "trackingNumber"))
    shipment = _get(result.trackingNumberInfo, "trackingNumberUniqueId")
    if not result.scanEvents:
        known = _ERRORS.get(_get(result.error, "code"), Outcome.MALFORMED) if result.error else Outcome.NOT_FOUND
        message = _words(result.error) if result.error else "no scan yet"
        return ParsedAnswer(code, known, message=message[:_LONGEST], shipment=shipment)
    try:
        events = doubt_returned_deliveries([_event(each) for each in result.scanEvents])
    except _UnreadableError as error:
        return _malformed(code, str(error), shipment)
    estimate = estimate_of(result.estimatedDeliveryTimeWindow, result.dateAndTimes)
    found = ParsedAnswer(code, Outcome.FOUND, events, estimate, unknown_codes=unknown_codes(events))
    sent_at = dated(result.dateAndTimes, SENT) or events[0].occurred_at
    return replace(found, proofs=offered(result.availableImages), shipment=shipment, sent_at=sent_at)


def _event(raw: _Scan) -> TrackingEvent:
    place = _place(raw.scanLocation)
    written = _text(raw.date)
    instant = instant_at(written, place, ZONE)
    if instant is None:
        message = f"the time of a scan cannot be read: {written[:60]!r}"
        raise _UnreadableError(message)
    at, assumed = instant
    # A midnight without an offset is a day: FedEx Ground writes pick-ups so.
    day = len(written) <= len("2024-08-15T00:00:00") and at.hour == at.minute == at.second == 0
    names = (raw.eventType, raw.derivedStatusCode, raw.exceptionCode)
    code, (status, reason) = meaning_of(*(_text(each)[:_LONGEST_CODE] for each in names))
    # What stands beside a delivery may name who took it.
    detail = "" if code.startswith("DL") else _text(raw.exceptionDescription)
    event = TrackingEvent(
        at.replace(hour=_NOON) if day else at, code, status, reason, place, _text(raw.eventDescription)
    )
    return replace(event, detail=detail, zone_assumed=assumed, day_only=day)


def _place(address: object) -> Place:
    city, state, country = (_get(address, name) for name in ("city", "stateOrProvinceCode", "countryCode"))
    return Place(city or None, state or None, country or None) if city or state or country else NOWHERE


def _get(holder: object, name: str) -> str:
    return _text(holder.get(name)) if isinstance(holder, dict) else ""


def _text(value: object) -> str:
    return clean_text(value, _LONGEST) if isinstance(value, str) else ""
