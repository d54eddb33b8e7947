"""In: the bytes of an answer of SSW, and the account's settings; out: the events of one consignment. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from paradeiro.connectors.ssw.codes import NOTE, Table, meaning_of, own_table, plain, split_own, two_digits
from paradeiro.connectors.ssw.document import (
    UnreadableError,
    documents_of,
    entries_of,
    is_yes,
    number_of,
    read_answer,
    text,
)
from paradeiro.domain.following.timeline import sort_events, unknown_codes
from paradeiro.domain.records import NOWHERE, ParsedAnswer, Place, TrackingEvent
from paradeiro.domain.words import Outcome, Status
from paradeiro.sdk.carriers.brazilian_times import EventTime, read_estimate, read_event_time

_NOT_FOUND = "nenhum documento localizado"
_PLACE = re.compile(r"\s*(\S.*?)\s*/\s*([A-Z]{2})\s*")
_ESTIMATE = re.compile(r"previsao de entrega:\s*(\d{2})/(\d{2})/(\d{4}|\d{2})(?!\d)", re.ASCII)
_LONGEST_CODE = 20


def parse_with(body: bytes, settings: Mapping[str, str]) -> list[ParsedAnswer]:
    """The answer about one consignment. Never raises, whatever the bytes are."""
    try:
        return [_parsed(read_answer(body), own_table(settings.get("codes") or ""))]
    except UnreadableError as error:
        return [ParsedAnswer("", Outcome.MALFORMED, message=str(error))]


def _parsed(answer: dict[str, Any], table: Table) -> ParsedAnswer:
    if not is_yes(answer["success"]):
        message = text(answer.get("message")) or "no message"
        outcome = Outcome.NOT_FOUND if plain(message).rstrip(". ") == _NOT_FOUND else Outcome.MALFORMED
        return ParsedAnswer("", outcome, message=message)
    documents = documents_of(answer)
    if len({number_of(each) for each in documents}) > 1:
        raise UnreadableError("the answer is about several invoices")
    written = [entries_of(each) for each in documents]
    events = sort_events(_counting([[_event(entry, table) for entry in each] for each in written]))
    if not events:
        return ParsedAnswer("", Outcome.NOT_FOUND, message="the document is known; nothing has happened yet")
    return ParsedAnswer("", Outcome.FOUND, events, _estimate(written), unknown_codes=unknown_codes(events))


def _counting(ways: list[list[TrackingEvent]]) -> Iterable[TrackingEvent]:
    """The events of all documents of an invoice. It is delivered when the last document is: another one may be a part
    of the goods, or only the way to the next carrier.
    """
    firsts = [min((e.occurred_at for e in way if e.status is Status.DELIVERED), default=None) for way in ways]
    done = [at for at in firsts if at is not None]
    since = max(done) if done and len(done) == len(ways) else None
    for event in (each for way in ways for each in way):
        counts = event.status is not Status.DELIVERED or (since is not None and event.occurred_at >= since)
        yield event if counts else replace(event, status=None)


def _event(entry: dict[str, Any], table: Table) -> TrackingEvent:
    """One event. Raises `UnreadableError` when its time cannot be read: an event needs an instant."""
    words, own = split_own(text(entry.get("ocorrencia")))
    at = _happened(entry)
    code, meaning = meaning_of(_canonical(entry.get("codigo_ssw")), words, own, text(entry.get("dominio")), table)
    return TrackingEvent(
        occurred_at=at.at,
        code=code[:_LONGEST_CODE],
        status=meaning.status,
        reason=meaning.reason,
        place=_place(entry),
        # A text without a code is somebody's note, which may name the recipient; so may `descricao`.
        description="" if code == NOTE else words,
        withdraws=meaning.withdraws,
        zone_assumed=at.zone_assumed,
        day_only=at.day_only,
    )


def _canonical(value: object) -> str:
    """`codigo_ssw` as two digits; empty if the carrier has not linked its code. Of any other form it is no code."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if isinstance(value, str):
        return two_digits(text(value))[:_LONGEST_CODE]
    return "?" if value else ""


def _happened(entry: dict[str, Any]) -> EventTime:
    """When it happened. An effective time after the one at which it was typed is a
    date that was agreed, so it is no instant of this event.
    """
    typed, effective = (read_event_time(entry.get(name)) for name in ("data_hora", "data_hora_efetiva"))
    found = [at for at in (effective, typed) if at is not None]
    if not found:
        raise UnreadableError(f"the time of an event cannot be read: {text(str(entry.get('data_hora')))[:60]!r}")
    return min(found)


def _place(entry: dict[str, Any]) -> Place:
    city, unit = text(entry.get("cidade")), text(entry.get("filial")) or None
    found = _PLACE.fullmatch(city)
    if found is not None:
        return Place(found[1], found[2], "BR", unit)
    return Place(unit=city or unit) if city or unit else NOWHERE


def _estimate(written: list[list[dict[str, Any]]]) -> datetime | None:
    """The day of the newest event that names one, in words."""
    named = [(_happened(each).at, day) for entries in written for each in entries if (day := _day(each)) is not None]
    return max(named)[1] if named else None


def _day(entry: dict[str, Any]) -> datetime | None:
    words = entry.get("descricao")
    found = _ESTIMATE.search(plain(text(words))) if isinstance(words, str) and "entrega:" in words.lower() else None
    if found is None:
        return None
    day, month, year = (int(part) for part in found.groups())
    return read_estimate(f"{year if year > 99 else 2000 + year}-{month:02d}-{day:02d}")
