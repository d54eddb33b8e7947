"""In: the bytes of a 17TRACK answer, whole or one number's part; out: the parsed answer for each number. Pure."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from paradeiro.connectors.seventeen_track.codes import meaning_of
from paradeiro.domain.bounds import in_bounds
from paradeiro.domain.days import end_of_estimate
from paradeiro.domain.following.timeline import sort_events, unknown_codes
from paradeiro.domain.following.tracking_codes import tidy_code
from paradeiro.domain.records import NOWHERE, ParsedAnswer, Place, TrackingEvent
from paradeiro.domain.words import Outcome

# A time without an offset is the carrier's wall clock.
ZONE = ZoneInfo("America/Sao_Paulo")

NOT_REGISTERED = -18019902
# Of a request as a whole, and of one number in it. Any other code is malformed: it is not documented.
OUTCOMES: dict[int, Outcome] = {
    -18010001: Outcome.AUTH_FAILED,  # our address is not on the account's list
    -18010002: Outcome.AUTH_FAILED,  # the key is invalid
    -18010003: Outcome.RETRY,  # their own failure
    -18010004: Outcome.AUTH_FAILED,  # the account is disabled
    -18010005: Outcome.AUTH_FAILED,  # not allowed
    -18010012: Outcome.REFUSED,  # the number has no form that they know
    -18010018: Outcome.REFUSED,  # this carrier's numbers need a postal code or a telephone number beside them
    -18010019: Outcome.REFUSED,
    -18010020: Outcome.REFUSED,
    NOT_REGISTERED: Outcome.NOT_FOUND,
    -18019903: Outcome.REFUSED,  # no carrier fits the number
    -18019907: Outcome.RETRY,  # the day's limit
    -18019908: Outcome.RETRY,  # the quota is used up
    -18019909: Outcome.NOT_FOUND,  # registered, nothing seen yet
    -18019910: Outcome.REFUSED,  # no such carrier number
}
# The sources of an estimate that count as the carrier's; older answers name none.
_CARRIERS_OWN = frozenset({"", "official"})
_DEEPEST = 60
_LONGEST = 500
# "CURITIBA - PR", "RECIFE, PE", "Santos/SP": Brazilian places without a parsed address.
_CITY_STATE = re.compile(r"\s*(\S.*?)\s*[-,/]\s*([A-Z]{2})\s*")


# In which fields an instant stands, and which zone the field's own name gives it.
_TIMES: tuple[tuple[str, tzinfo | None], ...] = (("time_iso", None), ("time_utc", UTC))


class _UnreadableError(ValueError):
    """A part that cannot be read; its text names the field."""


def parse(body: bytes) -> list[ParsedAnswer]:
    """One `ParsedAnswer` per number. Never raises, whatever the bytes are."""
    try:
        answer = json.loads(body)
        if _depth(answer) > _DEEPEST:
            return [_malformed("", "the answer is nested too deeply")]
    except (ValueError, RecursionError):
        return [_malformed("", "the answer is not whole JSON")]
    return list(_parts(answer)) or [_malformed("", "the answer is about nothing")]


def _malformed(code: str, message: str) -> ParsedAnswer:
    return ParsedAnswer(code, Outcome.MALFORMED, message=message[:_LONGEST])


def _depth(answer: object) -> int:
    deepest, level = 0, [answer]
    while level and deepest <= _DEEPEST:
        deepest += 1
        below: list[object] = []
        for each in level:
            below += each.values() if isinstance(each, dict) else each if isinstance(each, list) else ()
        level = below
    return deepest


def _parts(answer: object) -> Iterator[ParsedAnswer]:
    if not isinstance(answer, dict):
        yield _malformed("", "the answer is no object")
    elif "number" in answer:
        yield _number(answer)
    elif "event" in answer and isinstance(answer.get("data"), dict):
        yield _number(answer["data"])  # what they push: one number
    elif answer.get("code") != 0 or isinstance(answer.get("code"), bool):
        yield refusal("", answer.get("code"), _text(answer.get("message")))
    else:
        data = answer.get("data")
        raw_number = data if isinstance(data, dict) else {}
        for each in _list(raw_number.get("errors")):
            yield refusal("", _code_of(each), _message_of(each))
        for each in [*_list(raw_number.get("accepted")), *_list(raw_number.get("rejected"))]:
            yield _number(each)


def refusal(number: str, code: object, message: str) -> ParsedAnswer:
    """What an error code means, for a number or for a request as a whole."""
    known = OUTCOMES.get(code) if isinstance(code, int) and not isinstance(code, bool) else None
    words = f"{code if isinstance(code, int) else 'no code'}: {message or 'no words'}"
    return ParsedAnswer(number, known or Outcome.MALFORMED, message=_text(words)[:_LONGEST])


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _code_of(error: object) -> object:
    return error.get("code") if isinstance(error, dict) else None


def _message_of(error: object) -> str:
    return _text(error.get("message")) if isinstance(error, dict) else ""


def _number(raw_number: object) -> ParsedAnswer:
    """One number: its events, or why there are none."""
    if not isinstance(raw_number, dict):
        return _malformed("", "a number's part that is none")
    code = tidy_code(_text(raw_number.get("number")))
    if "error" in raw_number:
        return refusal(code, _code_of(raw_number["error"]), _message_of(raw_number["error"]))
    return _read(code, raw_number.get("track_info"))


def _read(code: str, info: object) -> ParsedAnswer:
    if info is None:
        return ParsedAnswer(code, Outcome.NOT_FOUND, message="registered; nothing seen yet")
    try:
        events = sort_events([_event(each) for each in _events(info)])
    except _UnreadableError as error:
        return _malformed(code, str(error))
    if not events:
        return ParsedAnswer(code, Outcome.NOT_FOUND, message="no events yet")
    return ParsedAnswer(code, Outcome.FOUND, events, _estimate(info), unknown_codes=unknown_codes(events))


def _estimate(info: object) -> datetime | None:
    """Until when the carrier itself expects to deliver. 17TRACK's own estimate does not count."""
    metrics = info.get("time_metrics") if isinstance(info, dict) else None
    raw_event = metrics.get("estimated_delivery_date") if isinstance(metrics, dict) else None
    if not isinstance(raw_event, dict) or _text(raw_event.get("source")).casefold() not in _CARRIERS_OWN:
        return None
    raw_number = _instant(raw_event.get("to")) or _instant(raw_event.get("from"))
    return end_of_estimate(raw_number if raw_number.tzinfo else raw_number.replace(tzinfo=ZONE)) if raw_number else None


def _events(info: object) -> Iterator[Any]:
    """The events of all carriers that handled the package."""
    tracking = info.get("tracking") if isinstance(info, dict) else None
    if not isinstance(tracking, dict) or not isinstance(tracking.get("providers"), list):
        message = "no list of 'providers'"
        raise _UnreadableError(message)
    for provider in tracking["providers"]:
        if not isinstance(provider, dict) or not isinstance(provider.get("events"), list):
            message = "a provider without a list of 'events'"
            raise _UnreadableError(message)
        yield from provider["events"]


def _event(raw_event: object) -> TrackingEvent:
    """One event. Raises `_UnreadableError` when its time cannot be read: an event needs an instant."""
    if not isinstance(raw_event, dict):
        message = "an event that is none"
        raise _UnreadableError(message)
    at, assumed = _time_of(raw_event)
    code, (status, reason) = meaning_of(_text(raw_event.get("stage")), _text(raw_event.get("sub_status")))
    return TrackingEvent(
        occurred_at=at,
        code=code[:80],
        status=status,
        reason=reason,
        place=_place(raw_event),
        description=_text(raw_event.get("description")),
        zone_assumed=assumed,
    )


def _time_of(raw_event: dict[str, Any]) -> tuple[datetime, bool]:
    """The event's instant, and whether its time zone had to be assumed: deliveries often come without one."""
    for name, zone_of_name in _TIMES:
        raw_number = _instant(raw_event.get(name))
        if raw_number is not None and (raw_number.tzinfo or (zone_of_name and _has_hour(raw_event.get(name)))):
            return raw_number if raw_number.tzinfo else raw_number.replace(tzinfo=zone_of_name), False
    raw = raw_event.get("time_raw")
    parts = raw if isinstance(raw, dict) else {}
    day, hour, zone = (_text(parts.get(name)) for name in ("date", "time", "timezone"))
    raw_number = _instant(f"{day}T{hour or '00:00:00'}{zone}") or _instant(raw_event.get("time_iso"))
    raw_number = raw_number or _instant(raw_event.get("time_utc"))
    if raw_number is None:
        written = next((raw_event[name] for name, _ in _TIMES if raw_event.get(name)), None)
        message = f"the time of an event cannot be read: {_text(str(written))[:60]!r}"
        raise _UnreadableError(message)
    return (raw_number, False) if raw_number.tzinfo is not None else (raw_number.replace(tzinfo=ZONE), True)


def _has_hour(value: object) -> bool:
    """Whether a time names an hour: a day alone is not an instant, whatever zone the field implies."""
    return isinstance(value, str) and len(value.strip()) > len("2026-07-21")


def _instant(value: object) -> datetime | None:
    try:
        raw_number = datetime.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        return None
    # An instant that cannot be converted to another zone (the years 1 and 9999) is none.
    return raw_number if in_bounds(raw_number if raw_number.tzinfo else raw_number.replace(tzinfo=ZONE)) else None


def _place(raw_event: dict[str, Any]) -> Place:
    """Their parsed address if there is one, else the place that the text names."""
    raw_number = raw_event.get("address")
    address = raw_number if isinstance(raw_number, dict) else {}
    city, state, country = (_text(address.get(name)) or None for name in ("city", "state", "country"))
    location = _text(raw_event.get("location")) or None
    if city or state:
        return Place(city, state, country)
    plain = _CITY_STATE.fullmatch(location or "")
    if plain is not None:
        return Place(plain[1], plain[2], country or "BR")
    return Place(country=country, unit=location) if country or location else NOWHERE


def _text(value: object) -> str:
    """A text on one line, without characters that a table or a mail cannot take."""
    if not isinstance(value, str):
        return ""
    plain = "".join(c if c.isprintable() else " " for c in value if not "\ud800" <= c <= "\udfff")
    return " ".join(plain.split())[:_LONGEST]
