"""In: the bytes of an OCOREN file or a part of one, the account's settings; out: a parsed answer per invoice. Pure."""

from collections.abc import Mapping
from io import BytesIO

from paradeiro.connectors.ocoren.codes import Table, meaning_of, table_of
from paradeiro.connectors.ocoren.groups import Group, read_groups
from paradeiro.connectors.ocoren.layout import EventRecord
from paradeiro.domain.following.timeline import sort_events, unknown_codes
from paradeiro.domain.orders.identifiers import Identifier
from paradeiro.domain.records import ParsedAnswer, TrackingEvent
from paradeiro.domain.words import Outcome

# Of lines that cannot be read, how many are told.
_MOST_TOLD = 20


def parse_with(body: bytes, settings: Mapping[str, str]) -> list[ParsedAnswer]:
    """One answer per invoice, and one per event that cannot be read. Never raises, whatever the bytes are."""
    table = table_of(settings)
    found: dict[Identifier, list[TrackingEvent]] = {}
    problems: list[str] = []
    for group in read_groups(BytesIO(body)):
        if group.event is None:
            problems.append(f"line {group.line}: {group.problem}")
        else:
            found.setdefault(group.event.identifier, []).append(_event(group.event, group, table))
    answers = [_answer(identifier, events) for identifier, events in found.items()]
    # Without any event it is one thing that cannot be read: another file, a web page.
    told = problems[: _MOST_TOLD if found else 1]
    answers += [ParsedAnswer("", Outcome.MALFORMED, message=problem) for problem in told]
    return answers or [ParsedAnswer("", Outcome.NOT_FOUND, message="the file has no events")]


def _answer(identifier: Identifier, events: list[TrackingEvent]) -> ParsedAnswer:
    return ParsedAnswer(
        "", Outcome.FOUND, sort_events(events), unknown_codes=unknown_codes(events), identifiers=(identifier,)
    )


def _event(record: EventRecord, group: Group, table: Table) -> TrackingEvent:
    """One event. Its words are the table's: the file's free text may name who received."""
    meaning = meaning_of(table, record.code, record.observation, partial=group.partial)
    return TrackingEvent(
        occurred_at=record.occurred_at,
        code=meaning.code,
        status=meaning.status,
        reason=meaning.reason,
        description=meaning.words,
        withdraws=meaning.withdraws,
        zone_assumed=True,
        day_only=record.day_only,
    )
