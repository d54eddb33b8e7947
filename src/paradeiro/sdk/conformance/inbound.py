"""In: a connector that parses a carrier's answers, and its fixtures; out: a sentence for each broken rule."""

import json
import locale
import os
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from paradeiro.domain.following.timeline import fold, select_new_events
from paradeiro.domain.records import ParsedAnswer, TrackingEvent
from paradeiro.domain.words import Outcome, Status, Way
from paradeiro.sdk.conformance.mutations import (
    GARBAGE,
    NO_ANSWER,
    corrupted_answers,
    reorderings,
    shortenings,
    truncations,
    walk_values,
    with_value,
)
from paradeiro.sdk.conformance.subject import Fixture, PromiseBrokenError, Subject, events_of
from paradeiro.sdk.parse_output import END_OF_DAYS, Reading, reading, snapshot_reading

INVENTED_CODE = "ZZQ"
_REQUIRED = ("delivered", "unknown_code")
_REQUIRED_IF_ASKED = ("not_found",)
_ZONES = ("Pacific/Kiritimati", "America/St_Johns", "Asia/Tokyo", "UTC")
_LOCALES = ("tr_TR.UTF-8", "pt_BR.UTF-8", "de_DE.UTF-8", "C")


def check_fixtures(subject: Subject) -> Iterator[str]:
    """Each fixture parses to its expected file, and the three fixtures required of every carrier exist."""
    present = {fixture.name for fixture in subject.fixtures}
    required = (*_REQUIRED, *(_REQUIRED_IF_ASKED if Way.ASKED in subject.connector.ways else ()))
    yield from (f"fixtures/{name}.* is missing: every carrier has one" for name in required if name not in present)
    for fixture in subject.fixtures:
        if fixture.expected is None:
            yield f"{fixture.file}: there is no {fixture.name}.expected.json beside it"
            continue
        parsed = subject.parse(fixture.data)
        yield from (f"{fixture.file}: {why}" for why in _differences(parsed, fixture.expected))
        yield from (f"{fixture.file}: {why}" for why in _name_problems(fixture, parsed))


def _name_problems(fixture: Fixture, parsed: Sequence[ParsedAnswer]) -> Iterator[str]:
    """What contradicts the promise in a fixture's own name."""
    if fixture.name == "not_found" and any(p.outcome is not Outcome.NOT_FOUND for p in parsed):
        yield "every code in it should be NOT_FOUND"
    if fixture.name == "delivered" and not all(_snapshot(p.events)["status"] == "delivered" for p in parsed):
        yield "every code in it should be delivered"


def _differences(parsed: Sequence[ParsedAnswer], text: str) -> Iterator[str]:
    try:
        expected = json.loads(text)
    except ValueError as error:
        yield f"the expected file is not JSON: {error}"
        return
    actual = [reading(p) for p in parsed]
    if not isinstance(expected, list) or len(expected) != len(actual):
        yield f"the expected file should be a list of {len(actual)} codes"
        return
    for index, (had, want) in enumerate(zip(actual, expected, strict=True)):
        for key in had:
            if key in ("events", "snapshot") and key not in want and had["outcome"] != "found":
                continue  # an answer without events needs no list of them
            if _instants(had[key]) != _instants(want.get(key)):
                yield f"code {index} ({had['tracking_code']}): {key} is {_difference(had[key], want.get(key))}"


def _difference(had: object, want: object) -> str:
    if isinstance(had, list) and isinstance(want, list):
        pairs = enumerate(zip(had, want, strict=False))
        first = next((i for i, (a, b) in pairs if _instants(a) != _instants(b)), min(len(had), len(want)))
        return f"different from number {first} on: {had[first : first + 1]}, expected {want[first : first + 1]}"
    return f"{had}, expected {want}"


def _instants(value: object) -> object:
    """The value with its times as instants: the same moment may be written with another offset."""
    if isinstance(value, list):
        return [_instants(v) for v in value]
    if isinstance(value, dict):
        return {k: _instant(v) if k in ("occurred_at", "delivered_at") else _instants(v) for k, v in value.items()}
    return value


def _instant(value: object) -> object:
    try:
        when = datetime.fromisoformat(str(value))
    except ValueError:
        return value
    return value if when.utcoffset() is None else when.timestamp()


def check_machine_zone(subject: Subject) -> Iterator[str]:
    """The same answer under another machine time zone and locale, to the instant."""
    for fixture in subject.fixtures:
        here = [reading(p) for p in subject.parse(fixture.data)]
        for zone, language in zip(_ZONES, _LOCALES, strict=True):
            with other_machine(zone, language):
                there = [reading(p) for p in subject.parse(fixture.data)]
            if here != there:
                yield f"{fixture.file}: read otherwise on a machine in {zone}, {language}"


@contextmanager
def other_machine(zone: str, language: str) -> Iterator[None]:
    """Set another time zone and, where it is installed, another locale; restored at the end."""
    was, spoke = os.environ.get("TZ"), locale.setlocale(locale.LC_ALL)
    try:
        os.environ["TZ"] = zone
        time.tzset()
        try:
            locale.setlocale(locale.LC_ALL, language)
        except locale.Error:
            locale.setlocale(locale.LC_ALL, "C")  # not installed: at least not the default
        yield
    finally:
        if was is None:
            os.environ.pop("TZ", None)
        else:
            os.environ["TZ"] = was
        time.tzset()
        locale.setlocale(locale.LC_ALL, spoke)


def check_event_order(subject: Subject) -> Iterator[str]:
    """The order in which a carrier lists its events changes nothing."""
    for fixture, parsed in subject.found_fixtures():
        for one in parsed:
            rounds = (one.events[::-1], one.events[1:] + one.events[:1], one.events[::2] + one.events[1::2])
            if any(_snapshot(events) != _snapshot(one.events) for events in rounds):
                yield f"{fixture.file}: the events of {one.tracking_code} fold differently in another order"
        before = _snapshots(parsed)
        for data in reorderings(fixture.document()):
            if _snapshots(subject.parse(data)) != before:
                yield f"{fixture.file}: with its lists in another order the answer says something else"
                break


def _snapshot(events: Sequence[TrackingEvent]) -> Reading:
    return snapshot_reading(fold(events, now=END_OF_DAYS).snapshot)


def _snapshots(parsed: Sequence[ParsedAnswer]) -> dict[str, Reading]:
    return {code: _snapshot(events) for code, events in events_of(parsed).items()}


def check_unknown_code(subject: Subject) -> Iterator[str]:
    """An unmapped code is stored as `unknown`, is listed in `unknown_codes` and does not move the timeline.

    Where a code has two parts, an invented finer one may leave the coarser one behind: a code of another fixture.
    """
    planted, known = 0, {code for fixture in subject.fixtures for code in _codes(subject.parse(fixture.data))}
    for fixture in subject.fixtures:
        parsed = subject.parse(fixture.data)
        if fixture.name == "unknown_code":
            planted += 1
            strange = {code for p in parsed for code in p.unknown_codes}
            if not strange & _codes(parsed):
                yield f"{fixture.file}: no event in it has a code that is reported in unknown_codes"
            yield from (f"{fixture.file}: {why}" for why in _unknown_code_problems(parsed, strange))
        for data in _with_invented_codes(fixture, parsed):
            spoilt_too = subject.parse(data)
            strange = _codes(spoilt_too) - known
            planted += bool(strange)
            yield from (f"{fixture.file}: {why}" for why in _lost_events(parsed, spoilt_too, strange))
    if not planted:
        yield "no fixture has an unknown code, and none could be planted"


def _with_invented_codes(fixture: Fixture, parsed: Sequence[ParsedAnswer]) -> Iterator[bytes]:
    words = {word for code in _codes(parsed) for word in re.split(r"[^A-Za-z0-9_]+", code) if word} | _codes(parsed)
    document = fixture.document()
    for path, value in walk_values(document):
        if isinstance(value, str | int) and not isinstance(value, bool) and str(value) in words:
            yield with_value(document, path, INVENTED_CODE)


def _codes(parsed: Sequence[ParsedAnswer]) -> set[str]:
    return {event.code for one in parsed for event in one.events}


def _lost_events(before: Sequence[ParsedAnswer], after: Sequence[ParsedAnswer], strange: set[str]) -> Iterator[str]:
    if sum(len(p.events) for p in before) > sum(len(p.events) for p in after):
        yield f"an invented code ({INVENTED_CODE}) made events disappear"
    yield from _unknown_code_problems(after, strange)


def _unknown_code_problems(parsed: Sequence[ParsedAnswer], strange: set[str]) -> Iterator[str]:
    """What unmapped codes changed although they must not."""
    for one in parsed:
        odd = [event for event in one.events if event.code in strange]
        for event in odd:
            if event.status is not Status.UNKNOWN or event.withdraws is not None:
                yield f"the unmapped code {event.code} says {event.status}, not unknown"
            if event.code not in one.unknown_codes:
                yield f"the unmapped code {event.code} is not in unknown_codes"
        # A withdrawn event stays in: without it the reversal would withdraw another one.
        gone = fold(one.events, now=END_OF_DAYS).withdrawn
        rest = [event for event in one.events if event.code not in strange or event.identity in gone]
        if _snapshot(one.events) != _snapshot(rest):
            yield f"the unmapped codes {sorted({e.code for e in odd})} moved the timeline"


def check_repetition(subject: Subject) -> Iterator[str]:
    """The same answer twice adds nothing; a shorter or reworded one neither adds nor removes events."""
    for fixture, parsed in subject.found_fixtures():
        known = events_of(parsed)
        if _has_new_events(known, subject.parse(fixture.data)):
            yield f"{fixture.file}: read twice, it has new events"
        document = fixture.document()
        if any(_has_new_events(known, subject.parse(data)) for data in shortenings(document)):
            yield f"{fixture.file}: a shorter answer later has events that the longer one had not"
        for data in _reworded_answers(document, parsed):
            if _has_new_events(known, subject.parse(data)):
                yield f"{fixture.file}: a carrier that rewords its texts makes new events"
                break


def _has_new_events(known: dict[str, tuple[TrackingEvent, ...]], parsed: Sequence[ParsedAnswer]) -> bool:
    return any(
        select_new_events(known.get(code, ()), events) for code, events in events_of(parsed).items() if code in known
    )


def _reworded_answers(document: object, parsed: Sequence[ParsedAnswer]) -> Iterator[bytes]:
    """The document with one description reworded, except where the description is the only code."""
    scalars = {str(value) for _, value in walk_values(document) if not isinstance(value, dict | list)}
    coded = {e.description for p in parsed for e in p.events if set(re.split(r"[^A-Za-z0-9_]+", e.code)) <= scalars}
    uncoded = {e.description for p in parsed for e in p.events} - coded
    for path, value in walk_values(document):
        if isinstance(value, str) and value and value in coded - uncoded:
            yield with_value(document, path, f"{value} (em outras palavras)")


def check_truncation(subject: Subject) -> Iterator[str]:
    """An answer cut at any byte gives a typed outcome, never an exception and never half an answer."""
    for fixture in subject.fixtures:
        is_json = fixture.document() is not None
        for part in truncations(fixture.data):
            outcomes = {p.outcome for p in subject.parse(part)}
            if is_json and outcomes & {Outcome.FOUND, Outcome.NOT_FOUND} and not _is_complete(part):
                yield f"{fixture.file}: cut after {len(part)} bytes it still gives {sorted(outcomes)}"
                break


def _is_complete(data: bytes) -> bool:
    try:
        json.loads(data)
    except (ValueError, RecursionError):
        return False
    return True


def check_garbage(subject: Subject) -> Iterator[str]:
    """HTML, empty bodies, other encodings and types give a typed outcome, never a parsed answer."""
    for name, data in GARBAGE.items():
        try:
            outcomes = {p.outcome for p in subject.parse(data)}
        except PromiseBrokenError as error:
            yield f"{name}: {error}"
            continue
        if outcomes & {Outcome.FOUND, Outcome.NOT_FOUND} and name in NO_ANSWER:
            yield f"{name}: gives {sorted(outcomes)}, should be malformed"
    for fixture in subject.fixtures:
        seen: set[str] = set()
        for path, odd, data in corrupted_answers(fixture.document()):
            try:
                subject.parse(data)
            except PromiseBrokenError as error:
                why = str(error)
                if why not in seen:
                    seen.add(why)
                    yield f"{fixture.file}: with {odd!r} at {'/'.join(map(str, path))}: {why}"
