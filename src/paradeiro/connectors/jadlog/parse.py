"""In: the bytes of a Jadlog answer, one package's item or all of them; out: the parsed answer of each. Pure."""

from dataclasses import replace
from typing import Any

import msgspec

from paradeiro.connectors.jadlog.codes import DELIVERED, ISSUED, UNKNOWN, meaning_of
from paradeiro.connectors.jadlog.questions import names_of
from paradeiro.domain.bounds import clean_text
from paradeiro.domain.following.phrases import normal_sentence
from paradeiro.domain.following.returns import doubt_returned_deliveries
from paradeiro.domain.following.timeline import unknown_codes
from paradeiro.domain.orders.identifiers import Identifier
from paradeiro.domain.records import NOWHERE, ParsedAnswer, Place, TrackingEvent
from paradeiro.domain.words import Outcome
from paradeiro.sdk.carriers.brazilian_times import read_estimate, read_event_time

_LONGEST = 300
_NOT_FOUND = frozenset({1, -1})
_TOKEN_REFUSED = "token invalido"  # noqa: S105 - what Jadlog says of one


class _UnreadableError(ValueError):
    """An item that cannot be read; its text says why."""


class _Fault(msgspec.Struct):
    id: int | str | None = None
    descricao: str | None = None


class _Event(msgspec.Struct):
    data: str
    status: str
    unidade: str | None = None


class _Tracking(msgspec.Struct):
    codigo: str | int | None = None
    eventos: list[_Event] | None = None


class _Item(msgspec.Struct):
    """Of one package's item, what is read. Who received it is not."""

    tracking: _Tracking | None = None
    erro: _Fault | None = None
    error: _Fault | None = None
    previsaoEntrega: str | None = None  # noqa: N815 - Jadlog's name


def parse(body: bytes) -> list[ParsedAnswer]:
    """One `ParsedAnswer` per package. Never raises, whatever the bytes are."""
    try:
        told = msgspec.json.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return [_malformed("the answer is not whole JSON")]
    if not isinstance(told, dict):
        return [_malformed("the answer is no object")]
    if "consulta" in told:
        items = told["consulta"] if isinstance(told["consulta"], list) else []
        return [_read(each) for each in items] or [_malformed("the answer is about nothing")]
    return [_read(told)]


def _malformed(message: str) -> ParsedAnswer:
    return ParsedAnswer("", Outcome.MALFORMED, message=message)


def _read(told: object) -> ParsedAnswer:
    """One package: its events, or why there are none."""
    try:
        item = msgspec.convert(told, _Item)
    except msgspec.ValidationError as error:
        return _malformed(clean_text(f"an item that cannot be read: {error}", _LONGEST))
    assert isinstance(told, dict)
    named = names_of(told, _own_code(item))
    events = item.tracking.eventos if item.tracking is not None else None
    if not events:
        return _without_events(told, item, named)
    try:
        # No word of a return is known yet.
        read = doubt_returned_deliveries(_believable([_event(each) for each in events]))
    except _UnreadableError as error:
        return ParsedAnswer("", Outcome.MALFORMED, message=str(error), identifiers=named)
    return ParsedAnswer(
        "",
        Outcome.FOUND,
        read,
        read_estimate(item.previsaoEntrega, day_first=True),
        unknown_codes=unknown_codes(read),
        identifiers=named,
        carrier_code=_own_code(item),
    )


def _without_events(told: dict[str, Any], item: _Item, named: tuple[Identifier, ...]) -> ParsedAnswer:
    """An error, or nothing yet. An object that is no item at all is no answer."""
    fault = item.erro or item.error
    if fault is not None:
        words = clean_text(f"{fault.id}: {fault.descricao or ''}", _LONGEST)
        outcome = Outcome.NOT_FOUND if _number(fault.id) in _NOT_FOUND else Outcome.MALFORMED
        return ParsedAnswer("", outcome, message=words, identifiers=named)
    if item.tracking is not None or named:
        return ParsedAnswer("", Outcome.NOT_FOUND, message="no events yet", identifiers=named)
    said = clean_text(str(told.get("descricao") or "an answer without an item"), _LONGEST)
    refused = normal_sentence(said) == _TOKEN_REFUSED
    return ParsedAnswer("", Outcome.AUTH_FAILED if refused else Outcome.MALFORMED, message=said)


def _number(value: object) -> int | None:
    try:
        return int(str(value))
    except ValueError:
        return None


def _own_code(item: _Item) -> str:
    code = item.tracking.codigo if item.tracking is not None else None
    return "" if code is None else clean_text(str(code), 64)


def _event(raw: _Event) -> TrackingEvent:
    code, (status, reason), description = meaning_of(" ".join(clean_text(raw.status, _LONGEST).split()))
    found = read_event_time(raw.data, day_first=True)
    if found is None:
        message = f"the time of an event cannot be read: {clean_text(raw.data, 40)!r}"
        raise _UnreadableError(message)
    unit = " ".join(clean_text(raw.unidade or "", _LONGEST).split())
    return TrackingEvent(
        found.at,
        code,
        status,
        reason,
        Place(unit=unit) if unit else NOWHERE,
        description,
        zone_assumed=found.zone_assumed,
        day_only=found.day_only,
    )


def _believable(events: list[TrackingEvent]) -> list[TrackingEvent]:
    """A delivery before the shipment's own (the last) issue is of another shipment under the same key."""
    issued = max((event.occurred_at for event in events if event.code == ISSUED), default=None)
    if issued is None:
        return events
    older = [event.code == DELIVERED and event.occurred_at < issued for event in events]
    return [replace(e, status=UNKNOWN[0]) if is_older else e for e, is_older in zip(events, older, strict=True)]
