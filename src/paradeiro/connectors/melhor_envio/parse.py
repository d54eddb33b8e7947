"""In: the bytes of an answer about labels, of one label, or of a push; out: the parsed answer of each label. Pure."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec

from paradeiro.connectors.melhor_envio.codes import DELIVERED, INSTANTS, STATES, UNKNOWN, meaning_of, state_of
from paradeiro.connectors.melhor_envio.names import codes_of, courier_of, names_of, text_of
from paradeiro.connectors.melhor_envio.times import read_instant
from paradeiro.domain.bounds import clean_text
from paradeiro.domain.following.timeline import sort_events, unknown_codes
from paradeiro.domain.records import NamedLeg, ParsedAnswer, TrackingEvent
from paradeiro.domain.words import Outcome, Status

_LONGEST = 300
_Instants = dict[str, tuple[datetime, bool]]


class _UnreadableError(ValueError):
    """A label that cannot be read; its text says why."""


def parse(body: bytes) -> list[ParsedAnswer]:
    """One `ParsedAnswer` per label. Never raises, whatever the bytes are."""
    try:
        told = msgspec.json.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return [_malformed("the answer is not whole JSON")]
    return [_read(label, name) for label, name in _labels(told)] or [_malformed("the answer is about no label")]


def _malformed(message: str) -> ParsedAnswer:
    return ParsedAnswer("", Outcome.MALFORMED, message=clean_text(message, _LONGEST))


def _labels(told: object) -> Iterator[tuple[object, str]]:
    """The labels of an answer in any of its forms, each with the name of the push, if it is one."""
    if isinstance(told, list):
        yield from ((each, "") for each in told)
    elif isinstance(told, dict) and "event" in told:
        yield told.get("data"), text_of(told["event"])
    elif isinstance(told, dict) and ("status" in told or "id" in told):
        yield told, ""
    elif isinstance(told, dict):
        yield from ((each, "") for each in told.values())


def _read(told: object, event_name: str) -> ParsedAnswer:
    """One label: its states so far."""
    if not isinstance(told, dict) or not text_of(told.get("id")):
        return _malformed("a label without its id")
    named = names_of(told)
    try:
        events = _events(told, event_name)
    except _UnreadableError as error:
        return ParsedAnswer("", Outcome.MALFORMED, message=str(error), identifiers=named)
    if not events:
        return ParsedAnswer("", Outcome.NOT_FOUND, message="a label without an instant", identifiers=named)
    tracking, own = codes_of(told)
    return ParsedAnswer(
        "",
        Outcome.FOUND,
        sort_events(events),
        unknown_codes=unknown_codes(events),
        identifiers=named,
        carrier_code=tracking or own,
        legs=(NamedLeg(courier_of(told), tracking),) if tracking and tracking != own else (),
    )


def _events(told: dict[str, Any], event_name: str) -> list[TrackingEvent]:
    """An event per state with an instant; the present state too, where no instant of its own is given."""
    words = tuple(dict.fromkeys(state_of(w) for w in (text_of(told.get("status")), event_name) if w))
    instants = _instants(told)
    changed = instants.pop("updated_at", None)
    known = {INSTANTS[name]: at for name, at in instants.items()}
    latest = max(known.values(), default=changed)
    for word in words:
        # The label's last change is this state's beginning in a push, and where the state is an end of the journey.
        # Elsewhere each answer would make a new event of it: it takes the last instant that stays.
        is_news = bool(event_name) or meaning_of(word)[0][0] in {Status.DELIVERED, Status.EXCEPTION}
        at = changed if is_news and changed is not None else latest
        if word not in known and at is not None:
            # A delivery needs an instant of its own, or at least the label's last change.
            known[word if word != DELIVERED or changed is not None else f"{word}_without_an_instant"] = at
    return [_event(state, at, words, has_code=bool(codes_of(told)[0])) for state, at in known.items()]


def _instants(told: dict[str, Any]) -> _Instants:
    found: _Instants = {}
    for name in (*INSTANTS, "updated_at"):
        written = text_of(told.get(name))
        if not written:
            continue
        at = read_instant(written)
        if at is None:
            message = f"the instant {name} cannot be read: {written[:40]!r}"
            raise _UnreadableError(message)
        found[name] = at
    return found


def _event(state: str, at: tuple[datetime, bool], words: tuple[str, ...], *, has_code: bool) -> TrackingEvent:
    (status, reason), description = meaning_of(state)
    doubt = _doubt_of(state, words, has_code=has_code)
    if doubt:
        state, status, reason = f"{state}_{doubt}", *UNKNOWN
    return TrackingEvent(at[0], state, status, reason, description=description, zone_assumed=at[1])


def _doubt_of(state: str, words: tuple[str, ...], *, has_code: bool) -> str:
    """Why a delivery is not believed; empty if it is, and for any other state."""
    if state != DELIVERED:
        return ""
    against = next((word for word in words if word != DELIVERED), "")
    if against:
        return f"but_{against if against in STATES else 'unknown'}"
    return "" if has_code else "without_tracking"
