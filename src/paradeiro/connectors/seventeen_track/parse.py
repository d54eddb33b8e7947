"""In: the bytes of a 17TRACK answer, whole or one number's part; out: what it says about each number. Pure."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from paradeiro.connectors.seventeen_track.codes import meaning_of
from paradeiro.domain.bounds import in_bounds
from paradeiro.domain.codes import tidy_code
from paradeiro.domain.days import until
from paradeiro.domain.records import NOWHERE, Parsed, Place, TrackingEvent
from paradeiro.domain.timeline import in_order
from paradeiro.domain.words import Outcome, Status

# Where a time came without an offset, the carrier's own clock is meant.
ZONE = ZoneInfo("America/Sao_Paulo")

NOT_REGISTERED = -18019902
# Of a request as a whole, and of one number in it. Anything else is malformed: a code that nobody has read about yet.
OUTCOMES: dict[int, Outcome] = {
    -18010001: Outcome.AUTH_FAILED,  # our address is not on the account's list
    -18010002: Outcome.AUTH_FAILED,  # the key is none
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
# Whose an estimate is; older answers do not say.
_CARRIERS_OWN = frozenset({"", "official"})
_DEEPEST = 60
_LONGEST = 500
# "CURITIBA - PR", "RECIFE, PE", "Santos/SP": how Brazilian places come where no address was cut out of them.
_CITY_STATE = re.compile(r"\s*(\S.*?)\s*[-,/]\s*([A-Z]{2})\s*")


# In which fields an instant stands, and which zone the field's own name gives it.
_TIMES: tuple[tuple[str, tzinfo | None], ...] = (("time_iso", None), ("time_utc", UTC))


class _UnreadableError(ValueError):
    """A part that cannot be read; its text names the field."""


def parse(body: bytes) -> list[Parsed]:
    """One `Parsed` per number. Whatever the bytes are, this returns; it never raises."""
    try:
        answer = json.loads(body)
        if _depth(answer) > _DEEPEST:
            return [_malformed("", "the answer is nested too deeply")]
    except (ValueError, RecursionError):
        return [_malformed("", "the answer is not whole JSON")]
    return list(_parts(answer)) or [_malformed("", "the answer is about nothing")]


def _malformed(code: str, message: str) -> Parsed:
    return Parsed(code, Outcome.MALFORMED, message=message[:_LONGEST])


def _depth(answer: object) -> int:
    deepest, level = 0, [answer]
    while level and deepest <= _DEEPEST:
        deepest += 1
        below: list[object] = []
        for each in level:
            below += each.values() if isinstance(each, dict) else each if isinstance(each, list) else ()
        level = below
    return deepest


def _parts(answer: object) -> Iterator[Parsed]:
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
        found = data if isinstance(data, dict) else {}
        for each in _list(found.get("errors")):
            yield refusal("", _code_of(each), _message_of(each))
        for each in [*_list(found.get("accepted")), *_list(found.get("rejected"))]:
            yield _number(each)


def refusal(number: str, code: object, message: str) -> Parsed:
    """What an error code means, for a number or for a request as a whole."""
    known = OUTCOMES.get(code) if isinstance(code, int) and not isinstance(code, bool) else None
    words = f"{code if isinstance(code, int) else 'no code'}: {message or 'no words'}"
    return Parsed(number, known or Outcome.MALFORMED, message=_text(words)[:_LONGEST])


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _code_of(error: object) -> object:
    return error.get("code") if isinstance(error, dict) else None


def _message_of(error: object) -> str:
    return _text(error.get("message")) if isinstance(error, dict) else ""


def _number(found: object) -> Parsed:
    """One number: its events, or why there are none."""
    if not isinstance(found, dict):
        return _malformed("", "a number's part that is none")
    code = tidy_code(_text(found.get("number")))
    if "error" in found:
        return refusal(code, _code_of(found["error"]), _message_of(found["error"]))
    return _read(code, found.get("track_info"))


def _read(code: str, info: object) -> Parsed:
    if info is None:
        return Parsed(code, Outcome.NOT_FOUND, message="registered; nothing seen yet")
    try:
        events = in_order([_event(each) for each in _told(info)])
    except _UnreadableError as error:
        return _malformed(code, str(error))
    if not events:
        return Parsed(code, Outcome.NOT_FOUND, message="no events yet")
    unknown = tuple(sorted({event.code for event in events if event.status is Status.UNKNOWN}))
    return Parsed(code, Outcome.FOUND, events, _estimate(info), unknown_codes=unknown)


def _estimate(info: object) -> datetime | None:
    """Until when the carrier itself expects to deliver. What 17TRACK reckons by itself is no carrier's word."""
    metrics = info.get("time_metrics") if isinstance(info, dict) else None
    told = metrics.get("estimated_delivery_date") if isinstance(metrics, dict) else None
    if not isinstance(told, dict) or _text(told.get("source")).casefold() not in _CARRIERS_OWN:
        return None
    found = _instant(told.get("to")) or _instant(told.get("from"))
    return until(found if found.tzinfo else found.replace(tzinfo=ZONE)) if found else None


def _told(info: object) -> Iterator[Any]:
    """The events of all carriers that had the package in their hands."""
    tracking = info.get("tracking") if isinstance(info, dict) else None
    if not isinstance(tracking, dict) or not isinstance(tracking.get("providers"), list):
        message = "no list of 'providers'"
        raise _UnreadableError(message)
    for provider in tracking["providers"]:
        if not isinstance(provider, dict) or not isinstance(provider.get("events"), list):
            message = "a provider without a list of 'events'"
            raise _UnreadableError(message)
        yield from provider["events"]


def _event(told: object) -> TrackingEvent:
    """One event. Raises `_UnreadableError` when its time cannot be read: an event without an instant is none."""
    if not isinstance(told, dict):
        message = "an event that is none"
        raise _UnreadableError(message)
    at, assumed = _when(told)
    code, (status, reason) = meaning_of(_text(told.get("stage")), _text(told.get("sub_status")))
    return TrackingEvent(
        occurred_at=at,
        code=code[:80],
        status=status,
        reason=reason,
        place=_place(told),
        description=_text(told.get("description")),
        zone_assumed=assumed,
    )


def _when(told: dict[str, Any]) -> tuple[datetime, bool]:
    """The event's instant, and whether its time zone had to be assumed: deliveries often come without one."""
    for name, zone_of_name in _TIMES:
        found = _instant(told.get(name))
        if found is not None and (found.tzinfo or (zone_of_name and _has_hour(told.get(name)))):
            return found if found.tzinfo else found.replace(tzinfo=zone_of_name), False
    raw = told.get("time_raw")
    parts = raw if isinstance(raw, dict) else {}
    day, hour, zone = (_text(parts.get(name)) for name in ("date", "time", "timezone"))
    found = _instant(f"{day}T{hour or '00:00:00'}{zone}") or _instant(told.get("time_iso"))
    found = found or _instant(told.get("time_utc"))
    if found is None:
        written = next((told[name] for name, _ in _TIMES if told.get(name)), None)
        message = f"the time of an event cannot be read: {_text(str(written))[:60]!r}"
        raise _UnreadableError(message)
    return (found, False) if found.tzinfo is not None else (found.replace(tzinfo=ZONE), True)


def _has_hour(value: object) -> bool:
    """Whether a time names an hour: a day alone is nobody's instant, whatever its field says of the zone."""
    return isinstance(value, str) and len(value.strip()) > len("2026-07-21")


def _instant(value: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        return None
    # An instant that cannot be told in another zone (the years 1 and 9999) is none.
    return found if in_bounds(found if found.tzinfo else found.replace(tzinfo=ZONE)) else None


def _place(told: dict[str, Any]) -> Place:
    """Their parsed address if there is one, else what the text says plainly."""
    found = told.get("address")
    address = found if isinstance(found, dict) else {}
    city, state, country = (_text(address.get(name)) or None for name in ("city", "state", "country"))
    location = _text(told.get("location")) or None
    if city or state:
        return Place(city, state, country)
    plain = _CITY_STATE.fullmatch(location or "")
    if plain is not None:
        return Place(plain[1], plain[2], country or "BR")
    return Place(country=country, unit=location) if country or location else NOWHERE


def _text(value: object) -> str:
    """A text in one line, without what a table or a mail cannot take."""
    if not isinstance(value, str):
        return ""
    plain = "".join(c if c.isprintable() else " " for c in value if not "\ud800" <= c <= "\udfff")
    return " ".join(plain.split())[:_LONGEST]
