"""In: the bytes of an answer of UPS; out: the parsed answer for the number. Pure."""

from dataclasses import replace
from typing import Any

import msgspec

from paradeiro.connectors.ups.codes import meaning_of
from paradeiro.connectors.ups.names import names_package
from paradeiro.connectors.ups.times import estimate_of, instant_of, local_time
from paradeiro.domain.bounds import clean_text
from paradeiro.domain.following.returns import doubt_returned_deliveries
from paradeiro.domain.following.timeline import unknown_codes
from paradeiro.domain.following.tracking_codes import tidy_code
from paradeiro.domain.records import NOWHERE, ParsedAnswer, Place, TrackingEvent
from paradeiro.domain.words import Outcome, ProofKind, Status

_LONGEST, _LONGEST_CODE = 500, 30
_NO_INFORMATION, _INVALID = frozenset({"TW0001"}), frozenset({"TV1002"})


class _Activity(msgspec.Struct):
    date: Any = None
    time: Any = None
    gmtDate: Any = None  # noqa: N815 - UPS's name
    gmtTime: Any = None  # noqa: N815 - UPS's name
    gmtOffset: Any = None  # noqa: N815 - UPS's name
    location: Any = None
    status: Any = None


class _Package(msgspec.Struct):
    trackingNumber: Any = None  # noqa: N815 - UPS's name
    activity: list[_Activity] | None = None
    deliveryDate: Any = None  # noqa: N815 - UPS's name


class _Error(msgspec.Struct):
    code: Any = None
    message: Any = None


class _Shipment(msgspec.Struct):
    inquiryNumber: Any = None  # noqa: N815 - UPS's name
    package: list[_Package] | None = None
    warnings: list[_Error] | None = None


class _Tracked(msgspec.Struct):
    shipment: list[_Shipment]


class _Refused(msgspec.Struct):
    errors: list[_Error]


class _Answer(msgspec.Struct):
    trackResponse: _Tracked | None = None  # noqa: N815 - UPS's name
    response: _Refused | None = None


class _UnreadableError(ValueError):
    """An activity's field that cannot be read."""


def parse(body: bytes) -> list[ParsedAnswer]:
    """One `ParsedAnswer` for each shipment in the answer: one, as far as was seen. Never raises."""
    try:
        answer = msgspec.json.decode(body, type=_Answer)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return [_malformed("the answer is not readable JSON")]
    if answer.trackResponse is not None and answer.trackResponse.shipment:
        return [_shipment(each) for each in answer.trackResponse.shipment]
    errors = answer.response.errors if answer.response is not None else []
    return [_problem("", errors) or _malformed("neither shipments nor errors that are known")]


def _malformed(message: str, code: str = "") -> ParsedAnswer:
    return ParsedAnswer(code, Outcome.MALFORMED, message=message[:_LONGEST])


def _problem(code: str, errors: list[_Error]) -> ParsedAnswer | None:
    """What errors or warnings say of the number; None if nothing that is known."""
    for each in errors:
        known, words = _text(each.code), f"{_text(each.code)}: {_text(each.message)}"
        if known in _NO_INFORMATION:
            return ParsedAnswer(code, Outcome.NOT_FOUND, message=words)
        if known in _INVALID:
            return ParsedAnswer(code, Outcome.REFUSED, message=words)
    return None


def _shipment(shipment: _Shipment) -> ParsedAnswer:
    code = tidy_code(_text(shipment.inquiryNumber))
    if not any(each.activity for each in shipment.package or []):
        said = _problem(code, shipment.warnings or [])
        nothing_yet = ParsedAnswer(code, Outcome.NOT_FOUND, message="no activity yet")
        return said or (nothing_yet if shipment.package else _malformed("no package and no known warning", code))
    active = (each for each in shipment.package or [] if each.activity)
    package = next((each for each in active if names_package(tidy_code(_text(each.trackingNumber)), code)), None)
    if package is None:
        return _malformed("the answer is about other packages", code)
    try:
        events = [_event(raw) for raw in package.activity or []]
    except _UnreadableError as error:
        return _malformed(str(error), code)
    ordered = doubt_returned_deliveries(events)
    own = tidy_code(_text(package.trackingNumber))
    estimate = estimate_of(package.deliveryDate)
    other = own if own != code else ""
    # Each delivery has a letter of proof; whether this account may have it, only asking tells.
    proofs = (
        frozenset({ProofKind.SIGNED}) if any(event.status is Status.DELIVERED for event in ordered) else frozenset()
    )
    return ParsedAnswer(
        code, Outcome.FOUND, ordered, estimate, unknown_codes=unknown_codes(ordered), proofs=proofs, carrier_code=other
    )


def _event(raw: _Activity) -> TrackingEvent:
    status = raw.status if isinstance(raw.status, dict) else {}
    kind, finer, code = (_text(status.get(name))[:_LONGEST_CODE] for name in ("type", "statusCode", "code"))
    place = _place(raw.location)
    at = instant_of(raw.gmtDate, raw.gmtTime, raw.gmtOffset) or local_time(raw.date, raw.time, place)
    if at is None:
        message = f"the time of an activity cannot be read: {_text(raw.date)[:30]!r} {_text(raw.time)[:30]!r}"
        raise _UnreadableError(message)
    stored, (meaning, reason) = meaning_of(kind, finer, code)
    words = _text(status.get("description"))
    event = TrackingEvent(at.instant, stored, meaning, reason, place, words)
    return replace(event, zone_assumed=at.zone_assumed, day_only=at.day_only)


def _place(location: object) -> Place:
    address = location.get("address") if isinstance(location, dict) else None
    if not isinstance(address, dict):
        return NOWHERE
    city, state, country = (_text(address.get(name)) or None for name in ("city", "stateProvince", "countryCode"))
    return Place(city, state, country or _text(address.get("country")) or None)


def _text(value: object) -> str:
    return clean_text(value, _LONGEST) if isinstance(value, str) else ""
