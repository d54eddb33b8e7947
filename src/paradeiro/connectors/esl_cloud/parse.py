"""In: the bytes of an answer or a page of ESL Cloud, and the account's settings; out: each invoice's events. Pure."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from paradeiro.connectors.esl_cloud.codes import NO_CODE, Table, meaning_of, own_table, two_digits
from paradeiro.domain.bounds import one_line
from paradeiro.domain.following.timeline import sort_events, unknown_codes
from paradeiro.domain.orders.identifiers import of_invoice_key
from paradeiro.domain.records import ParsedAnswer, TrackingEvent
from paradeiro.domain.words import Outcome
from paradeiro.sdk.carriers.brazilian_times import read_estimate, read_event_time

_LONGEST, _LONGEST_CODE = 500, 20


class UnreadableError(ValueError):
    """An occurrence that cannot be read; its text says why."""


def parse_with(body: bytes, settings: Mapping[str, str]) -> list[ParsedAnswer]:
    """One `ParsedAnswer` per invoice, and one for each occurrence that cannot be read. Never raises."""
    occurrences = occurrences_of(body)
    if occurrences is None:
        return [ParsedAnswer("", Outcome.MALFORMED, message="the answer is no object with a list of 'data'")]
    if not occurrences:
        return [ParsedAnswer("", Outcome.NOT_FOUND, message="no occurrences")]
    table = own_table(settings.get("codes") or "")
    events: dict[str, list[TrackingEvent]] = defaultdict(list)
    estimates: dict[str, tuple[datetime, datetime]] = {}
    spoilt: list[ParsedAnswer] = []
    for each in occurrences:
        key = key_of(each)
        try:
            event = _event(each, table)
        except UnreadableError as error:
            names = of_invoice_key(key)
            spoilt.append(ParsedAnswer("", Outcome.MALFORMED, message=str(error), identifiers=names))
            continue
        events[key].append(event)
        if estimate := _estimate(each):
            estimates[key] = max(estimates.get(key, (event.occurred_at, estimate)), (event.occurred_at, estimate))
    return [*(_invoice(key, found, estimates.get(key)) for key, found in events.items()), *spoilt]


def _invoice(key: str, found: list[TrackingEvent], estimate: tuple[datetime, datetime] | None) -> ParsedAnswer:
    events = sort_events(found)
    newest = estimate[1] if estimate else None
    names = of_invoice_key(key)
    return ParsedAnswer("", Outcome.FOUND, events, newest, unknown_codes=unknown_codes(events), identifiers=names)


def occurrences_of(body: bytes) -> list[Any] | None:
    """The occurrences in an answer or a page; None if it is none. Bytes that are no UTF-8 are read as latin-1."""
    try:
        try:
            body.decode()
        except UnicodeDecodeError:
            body = body.decode("latin-1").encode()
        answer = msgspec.json.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    data = answer.get("data") if isinstance(answer, dict) else None
    return data if isinstance(data, list) else None


def key_of(occurrence: object) -> str:
    """The key of the invoice that an occurrence is about; empty without one."""
    return text(_object(occurrence, "invoice").get("key")).upper()


def text(value: object) -> str:
    """A text or a number on one line; empty for any other type."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)[:_LONGEST]
    if not isinstance(value, str):
        return ""
    return one_line(value, _LONGEST)


def _object(value: object, name: str) -> dict[str, Any]:
    inner = value.get(name) if isinstance(value, dict) else None
    return inner if isinstance(inner, dict) else {}


def _event(occurrence: object, table: Table) -> TrackingEvent:
    """One event. Raises `UnreadableError` when its time cannot be read: an event needs an instant."""
    if not isinstance(occurrence, dict):
        raise UnreadableError("an occurrence that is none")
    # `created_at` is when it was typed, up to days later: never the time of the event.
    written = text(occurrence.get("occurrence_at"))
    at = read_event_time(written)
    if at is None:
        raise UnreadableError(f"the time of an occurrence cannot be read: {written[:60]!r}")
    kind = _object(occurrence, "occurrence")
    code, words = _code(kind.get("code")), text(kind.get("description"))
    meaning = meaning_of(code, words, table)
    return TrackingEvent(
        occurred_at=at.at,
        code=code,
        status=meaning.status,
        reason=meaning.reason,
        description=words,
        zone_assumed=at.zone_assumed,
        day_only=at.day_only,
    )


def _code(value: object) -> str:
    if value is None or value in ("", [], {}):
        return NO_CODE
    return two_digits(text(value))[:_LONGEST_CODE] or "?"


def _estimate(occurrence: object) -> datetime | None:
    """Until when the carrier expects to deliver, where an occurrence says it."""
    return read_estimate(text(_object(occurrence, "freight").get("delivery_prediction_at")))
