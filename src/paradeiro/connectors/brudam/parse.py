"""In: the bytes of an answer of Brudam, and the account's settings; out: the events of each invoice in it. Pure."""

from collections.abc import Mapping
from typing import Any

from paradeiro.connectors.brudam.codes import NO_CODE, Table, own_table, status_of, without_zeros
from paradeiro.connectors.brudam.document import (
    UnreadableError,
    entries_of,
    first_text,
    key_of,
    read_document,
    slices_of,
    text,
)
from paradeiro.domain.following.timeline import sort_events, unknown_codes
from paradeiro.domain.orders.identifiers import Identifier, of_invoice_key
from paradeiro.domain.records import ParsedAnswer, TrackingEvent
from paradeiro.domain.words import Outcome
from paradeiro.sdk.carriers.brazilian_times import read_estimate, read_event_time

_STATUS = ("status", "api_status", "codigo")
_WORDS = ("descricao", "ocorrencia")
_TIME = ("data", "dataOcorrencia")
_ESTIMATE = ("prev_entrega", "previsao_entrega", "previsaoEntrega")
_LONGEST_CODE = 20


def parse_with(body: bytes, settings: Mapping[str, str]) -> list[ParsedAnswer]:
    """One `ParsedAnswer` per document. Never raises, whatever the bytes are."""
    try:
        slices = slices_of(body)
    except UnreadableError as error:
        return [_malformed(str(error))]
    if slices is None:
        return [_malformed("no list of documents")]
    if not slices:
        return [ParsedAnswer("", Outcome.NOT_FOUND, message="none of them is known")]
    table = own_table(settings.get("codes") or "")
    return [_document(each, table) for each in slices]


def _malformed(message: str, names: tuple[Identifier, ...] = ()) -> ParsedAnswer:
    return ParsedAnswer("", Outcome.MALFORMED, message=message, identifiers=names)


def _document(raw: bytes, table: Table) -> ParsedAnswer:
    names: tuple[Identifier, ...] = ()
    try:
        document = read_document(raw)
        names = of_invoice_key(key_of(document))
        entries = entries_of(document)
        events = sort_events([_event(each, table) for each in entries])
    except UnreadableError as error:
        return _malformed(str(error), names)
    if not events:
        return ParsedAnswer("", Outcome.NOT_FOUND, message="nothing has happened yet", identifiers=names)
    # The newest event's estimate is the last one stated.
    newest = sorted(entries, key=lambda entry: first_text(_TIME, entry), reverse=True)
    estimate = read_estimate(first_text(_ESTIMATE, *newest, document), day_first=True)
    return ParsedAnswer("", Outcome.FOUND, events, estimate, unknown_codes=unknown_codes(events), identifiers=names)


def _event(entry: dict[str, Any], table: Table) -> TrackingEvent:
    """One event. Raises `UnreadableError` when its time cannot be read: an event needs an instant."""
    moment = read_event_time(first_text(_TIME, entry), day_first=True)
    if moment is None:
        raise UnreadableError(f"the time of an event cannot be read: {text(first_text(_TIME, entry))[:60]!r}")
    words = first_text(_WORDS, entry)
    code = _code(entry)
    return TrackingEvent(
        occurred_at=moment.at,
        code=code,
        status=status_of(code, words, table),
        description=words,
        zone_assumed=moment.zone_assumed,
        day_only=moment.day_only,
    )


def _code(entry: dict[str, Any]) -> str:
    """The event's code without zeros before it; a value of another form is no code that a table has."""
    for name in _STATUS:
        value = entry.get(name)
        if value is None or value in ("", [], {}):
            continue
        return without_zeros(text(value))[:_LONGEST_CODE] or "?"
    return NO_CODE
