"""In: the bytes of an Intelipost answer or push; out: the parsed answer of each shipment. Pure."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import msgspec

from paradeiro.connectors.intelipost.codes import WORDS, meaning_of
from paradeiro.connectors.intelipost.names import names_of, states_of, text_of
from paradeiro.connectors.intelipost.proofs import Files, files_of, offered
from paradeiro.connectors.intelipost.times import read_estimate, read_event_instant
from paradeiro.domain.bounds import clean_text
from paradeiro.domain.following.phrases import normal_sentence
from paradeiro.domain.following.timeline import sort_events, unknown_codes
from paradeiro.domain.records import NOWHERE, ParsedAnswer, Place, TrackingEvent
from paradeiro.domain.words import Outcome

_LONGEST = 300
_VOLUMES, _HISTORY = "shipment_order_volume_array", "shipment_order_volume_state_history_array"


class _UnreadableError(ValueError):
    """A shipment that cannot be read; its text says why."""


def parse(body: bytes) -> list[ParsedAnswer]:
    """One `ParsedAnswer` per shipment. Never raises, whatever the bytes are."""
    try:
        told = msgspec.json.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return [_failed("the answer is not whole JSON")]
    if not isinstance(told, dict):
        return [_failed("the answer is no object")]
    if isinstance(told.get("history"), dict):
        return [_read(told, [(told, told["history"])])]
    if told.get("status") != "OK" or "content" not in told:
        return [_refusal(told)]
    orders = list(_orders(told["content"]))
    parsed = [_read(order, _events_of(order)) for order in orders]
    if len(parsed) > 1:  # several shipments of one order of the shop: their events must not mix
        parsed = [replace(p, shipment=text_of(o.get("order_number"))) for p, o in zip(parsed, orders, strict=True)]
    return parsed or [_nothing("there is no such shipment")]


def _failed(message: str) -> ParsedAnswer:
    return ParsedAnswer("", Outcome.MALFORMED, message=clean_text(message, _LONGEST))


def _nothing(message: str) -> ParsedAnswer:
    return ParsedAnswer("", Outcome.NOT_FOUND, message=clean_text(message, _LONGEST))


def _refusal(told: dict[str, Any]) -> ParsedAnswer:
    """`{status: "ERROR", messages: […]}` about an order is "not known yet"; anything else is no answer."""
    if told.get("status") != "ERROR":
        return _failed("no content")
    messages = told.get("messages")
    parts = [each for each in messages if isinstance(each, dict)] if isinstance(messages, list) else []
    return _nothing(" ".join(text_of(each.get("text")) for each in parts).strip() or "they know no such order")


def _orders(content: object) -> Iterator[dict[str, Any]]:
    """The shipments in an answer: one, a list (by key), or a list in an object (by the shop's order number)."""
    several = content.get("shipment_orders") if isinstance(content, dict) else content
    for each in several if isinstance(several, list) else [content]:
        if isinstance(each, dict):
            yield each


def proof_files(body: bytes) -> list[Files] | None:
    """The files that prove the delivery of each shipment in an answer; None if it is none that can be read."""
    try:
        told = msgspec.json.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    if not isinstance(told, dict) or told.get("status") != "OK":
        return None
    return [files_of(history for _, history in _histories(order)) for order in _orders(told.get("content"))]


def _histories(order: dict[str, Any]) -> Iterator[tuple[dict[str, Any], list[Any]]]:
    """The events of each volume."""
    volumes = order.get(_VOLUMES)
    for volume in volumes if isinstance(volumes, list) else []:
        history = volume.get(_HISTORY) if isinstance(volume, dict) else None
        if isinstance(history, list):
            yield volume, history


def _events_of(order: dict[str, Any]) -> list[tuple[dict[str, Any], Any]]:
    """Each event with the volume that it is of."""
    return [(volume, each) for volume, history in _histories(order) for each in history]


def _read(order: dict[str, Any], told: list[tuple[dict[str, Any], Any]]) -> ParsedAnswer:
    named, code = names_of(order)
    try:
        events = [_event(volume, each) for volume, each in told]
    except _UnreadableError as error:
        return ParsedAnswer("", Outcome.MALFORMED, message=str(error), identifiers=named)
    if not events:
        return ParsedAnswer("", Outcome.NOT_FOUND, message="no events yet", identifiers=named)
    return ParsedAnswer(
        "",
        Outcome.FOUND,
        sort_events(events),
        read_estimate(order),
        unknown_codes=unknown_codes(events),
        proofs=offered(each for _, each in told),
        identifiers=named,
        carrier_code=code,
    )


def _event(volume: dict[str, Any], told: object) -> TrackingEvent:
    """One event of one volume. Raises `_UnreadableError` when its time cannot be read: an event needs an instant."""
    if not isinstance(told, dict):
        message = "an event that is none"
        raise _UnreadableError(message)
    macro, micro = states_of(told)
    meaning = meaning_of(macro, micro)
    found = read_event_instant(told)
    if found is None:
        message = f"the time of an event cannot be read: {text_of(told.get('event_date_iso'))[:40]!r}"
        raise _UnreadableError(message)
    return TrackingEvent(
        found[0],
        f"{macro or 'NONE'}:{normal_sentence(micro).upper()}".rstrip(":")[:120],
        meaning.status,
        meaning.reason,
        _place(told.get("location")),
        _sentence(micro) or WORDS.get(macro, ""),
        withdraws=meaning.withdraws,
        zone_assumed=found[1],
        volume=text_of(volume.get("volume_number")) or text_of(volume.get("shipment_order_volume_number")),
    )


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:].lower()


def _place(told: object) -> Place:
    if not isinstance(told, dict):
        return NOWHERE
    city, state = text_of(told.get("city")) or None, text_of(told.get("state_code")) or None
    return Place(city, state, "BR") if city or state else NOWHERE
