"""In: the bytes of a Frenet answer, one number's item or all of them; out: the parsed answer of each. Pure."""

import re

import msgspec

from paradeiro.connectors.frenet.codes import DELIVERED_WORDS, TYPES, code_of, meaning_of
from paradeiro.domain.bounds import clean_text
from paradeiro.domain.following.phrases import normal_sentence
from paradeiro.domain.following.timeline import sort_events, unknown_codes
from paradeiro.domain.orders import identifiers
from paradeiro.domain.records import NOWHERE, NamedLeg, ParsedAnswer, Place, TrackingEvent
from paradeiro.domain.words import Outcome
from paradeiro.sdk.carriers.brazilian_times import read_estimate, read_event_time

COLLECTION = "TrackingResponseCollection"
_LONGEST = 300
_LONGEST_CODE = 64
_CITY_STATE = re.compile(r"(\S.*?)\s*[-,/]\s*([A-Z]{2})")
# The only words known to refuse: the account's service code is wrong. What Frenet says of a package that its carrier
# has not seen yet is published nowhere; other words probably mean that.
_REFUSALS = frozenset({"servico nao encontrado"})
# An object without any of these is no item.
_OWN_FIELDS = frozenset({"TrackingNumber", "TrackingEvents", "Events", "ErrorMessage"})


class _UnreadableError(ValueError):
    """An item that cannot be read; its text says why."""


class _Event(msgspec.Struct):
    EventDateTime: str
    EventType: str | int | None = None
    EventDescription: str | None = None
    EventLocation: str | None = None


class _Item(msgspec.Struct):
    """Of one number's item, what is read. The list of events has another name in an answer about many."""

    TrackingNumber: str | int | None = None
    ServiceDescrition: str | None = None
    ExpectedDate: str | None = None
    ErrorMessage: str | None = None
    TrackingEvents: list[_Event] | None = None
    Events: list[_Event] | None = None


def parse(body: bytes) -> list[ParsedAnswer]:
    """One `ParsedAnswer` per number. Never raises, whatever the bytes are."""
    try:
        told = msgspec.json.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return [_malformed("the answer is not whole JSON")]
    if isinstance(told, dict) and isinstance(told.get(COLLECTION), list) and told[COLLECTION]:
        return [_read(each) for each in told[COLLECTION]]
    return [_read(told)]


def _malformed(message: str) -> ParsedAnswer:
    return ParsedAnswer("", Outcome.MALFORMED, message=clean_text(message, _LONGEST))


def _read(told: object) -> ParsedAnswer:
    """One number: its events, or why there are none."""
    if not isinstance(told, dict) or not _OWN_FIELDS & set(told):
        return _malformed("an answer without an item")
    try:
        item = msgspec.convert(told, _Item)
        events = [_event(each) for each in item.TrackingEvents or item.Events or ()]
    except (msgspec.ValidationError, _UnreadableError) as error:
        return _malformed(str(error))
    number = "" if item.TrackingNumber is None else clean_text(str(item.TrackingNumber), _LONGEST_CODE)
    code = identifiers.tracking_code(number)
    named = () if code is None else (code,)
    if not events:
        return _without_events(item, named)
    service = _line(item.ServiceDescrition)
    return ParsedAnswer(
        "",
        Outcome.FOUND,
        sort_events(events),
        read_estimate(item.ExpectedDate, day_first=True),
        unknown_codes=unknown_codes(events),
        identifiers=named,
        carrier_code=number,
        legs=(NamedLeg(service, number),) if service and number else (),
    )


def _without_events(item: _Item, named: tuple[identifiers.Identifier, ...]) -> ParsedAnswer:
    """An error comes with HTTP 200: known words refuse, any other is asked again at the usual pace."""
    said = _line(item.ErrorMessage)
    outcome = Outcome.REFUSED if normal_sentence(said) in _REFUSALS else Outcome.NOT_FOUND
    return ParsedAnswer("", outcome, message=said or "no events yet", identifiers=named)


def _event(raw: _Event) -> TrackingEvent:
    found = read_event_time(raw.EventDateTime, day_first=True)
    if found is None:
        message = f"the time of an event cannot be read: {clean_text(raw.EventDateTime, 40)!r}"
        raise _UnreadableError(message)
    code, words = code_of(raw.EventType), _line(raw.EventDescription)
    status, reason = meaning_of(code, words)
    # Some carriers write the receiver's name into the words of a delivery.
    said = DELIVERED_WORDS if code == "9" else words or (TYPES[code][1] if code in TYPES else "")
    return TrackingEvent(
        found.at,
        code,
        status,
        reason,
        _place(_line(raw.EventLocation)),
        said,
        zone_assumed=found.zone_assumed,
        day_only=found.day_only,
    )


def _place(text: str) -> Place:
    plain = _CITY_STATE.fullmatch(text)
    if plain is not None:
        return Place(plain[1], plain[2], "BR")
    return Place(unit=text) if text else NOWHERE


def _line(text: str | None) -> str:
    return " ".join(clean_text(text or "", _LONGEST).split())
