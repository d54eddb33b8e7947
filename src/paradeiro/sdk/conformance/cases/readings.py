"""In: a connector, a fixture and a change to it; out: what the connector reads then, and what to compare it by."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from paradeiro.domain.following.disappearance import lacks_delivery
from paradeiro.domain.following.timeline import fold, select_new_events
from paradeiro.domain.records import ParsedAnswer, TrackingEvent
from paradeiro.domain.words import Outcome
from paradeiro.sdk.conformance.cases.written_times import (
    Rewriting,
    as_json,
    month_comes_first,
    moved,
    rewritten,
    rewritten_text,
    texts_changed,
)
from paradeiro.sdk.conformance.mutations import Path, walk_values, with_value
from paradeiro.sdk.conformance.subject import Fixture, Subject, events_of
from paradeiro.sdk.hard_cases.carriers import plain
from paradeiro.sdk.parse_output import END_OF_DAYS

_WITH_CODE = re.compile(r"(.+?)( ?\(\w+\))")
Answers = Sequence[ParsedAnswer]
Trials = Iterator[str]


def events_in(parsed: Answers) -> list[TrackingEvent]:
    """All events of an answer."""
    return [event for each in parsed for event in each.events]


def instants_of(parsed: Answers) -> Counter[datetime]:
    """When its events happened, each as often as it is said."""
    return Counter(event.occurred_at for event in events_in(parsed))


def kinds_of(parsed: Answers) -> Counter[object]:
    """What its events say, without when."""
    return Counter((event.code, event.status, event.reason) for event in events_in(parsed))


def story_of(parsed: Answers) -> list[tuple[object, ...]]:
    """Where each shipment of an answer stands, without when."""
    snapshots = (fold(each.events, now=END_OF_DAYS).snapshot for each in parsed)
    return [(snapshot.status, snapshot.reason, snapshot.delivered) for snapshot in snapshots]


def news_in(known: Answers, answer: Answers) -> list[TrackingEvent]:
    """The events of an answer that are new after what was known."""
    before = events_of(known)
    return [
        event
        for name, events in events_of(answer).items()
        if name in before
        for event in select_new_events(before[name], events)
    ]


def read_found(subject: Subject, data: bytes) -> list[ParsedAnswer] | None:
    """What the connector reads; None if there is no event in it: then the change went too far to show anything."""
    answer = subject.parse(data)
    return answer if any(each.outcome is Outcome.FOUND and each.events for each in answer) else None


def changed_answer(subject: Subject, fixture: Fixture, parsed: Answers, change: Rewriting) -> list[ParsedAnswer] | None:
    """What the connector reads with a fixture's times rewritten; None if it writes none of these, or reads none."""
    data = changed_data(fixture, parsed, change)
    return None if data is None else read_found(subject, data)


def first_event_a_day_earlier(fixture: Fixture, parsed: Answers, first: TrackingEvent) -> Iterator[bytes]:
    """The fixture with one of its objects a day earlier; a text that is not JSON with its first event so."""
    document = fixture.document()
    if document is None:
        yield rewritten_text(fixture.data, [first], moved(-1))
    for path, item in items_of(fixture):
        change = rewritten(item, moved(-1), month_first=writes_month_first(document, parsed))
        yield with_value(document, path, change)


def changed_data(fixture: Fixture, parsed: Answers, change: Rewriting) -> bytes | None:
    """The fixture with its times rewritten; None if that changes nothing."""
    document = fixture.document()
    if document is None:
        data = rewritten_text(fixture.data, events_in(parsed), change)
        return data if data != fixture.data else None
    new = rewritten(document, change, month_first=writes_month_first(document, parsed))
    return as_json(new) if new != document else None


def writes_month_first(document: object, parsed: Answers) -> bool:
    """Whether dates with strokes have the month first; day first if nothing shows it."""
    return month_comes_first(document, events_in(parsed)) or False


def words_of(parsed: Answers) -> set[str]:
    """The carrier's own words for its events."""
    return {event.description for event in events_in(parsed) if event.description}


def words_beside_codes(parsed: Answers) -> set[str]:
    """The words that are not themselves the code, or a part of it."""
    codes = {_bare(event.code) for event in events_in(parsed)}
    return {words for words in words_of(parsed) if not any(_bare(words) in code for code in codes)}


def _bare(text: str) -> str:
    return "".join(letter for letter in plain(text) if letter.isalnum())


def with_words_changed(
    subject: Subject, fixture: Fixture, words: set[str], change: Callable[[str], str], *, beside_codes: bool = False
) -> list[ParsedAnswer] | None:
    """What the connector reads with these words changed; None if the fixture has none of them. `beside_codes`: also
    where the code stands behind them (SSW).
    """

    def changed(text: str) -> str:
        coded = _WITH_CODE.fullmatch(text) if beside_codes else None
        if text.strip() in words:
            return change(text)
        return f"{change(coded[1])}{coded[2]}" if coded and coded[1] in words else text

    document = fixture.document()
    new = texts_changed(document, changed)
    return None if document is None or new == document else read_found(subject, as_json(new))


def items_of(fixture: Fixture) -> Iterator[tuple[Path, object]]:
    """Every object that is a member of a list."""
    for path, value in walk_values(fixture.document()):
        if isinstance(value, dict) and path and isinstance(path[-1], int):
            yield path, value


def event_lists(subject: Subject, fixture: Fixture, parsed: Answers) -> Iterator[tuple[Path, list[object]]]:
    """The lists of objects without whose members the answer has fewer events."""
    document = fixture.document()
    for path, value in walk_values(document):
        if isinstance(value, list) and value and all(isinstance(each, dict) for each in value):
            less = subject.parse(with_value(document, path, []))
            if len(less) == len(parsed) and len(events_in(less)) < len(events_in(parsed)):
                yield path, value


def withdrawal_problem(subject: Subject, known: Answers, answer: Answers, what: str) -> str:
    """What a later answer takes away from what was known."""
    later = events_of(answer)
    for name, events in events_of(known).items():
        before = fold(events, now=END_OF_DAYS).snapshot
        both = (*events, *later.get(name, ()))
        after = fold(both, now=END_OF_DAYS).snapshot
        if (after.status, after.reason, after.delivered_at) != (before.status, before.reason, before.delivered_at):
            return f"{what} changes what was known"
        shown = later.get(name) if subject.connector.whole_history else None
        if shown is not None and before.delivered_at and lacks_delivery(events, shown, before.delivered_at):
            return f"{what} counts as a delivery that disappeared"
    return ""
