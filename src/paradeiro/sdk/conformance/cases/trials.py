"""In: a connector with its fixtures; out: each hard case that can be made from any fixture, tried.

A trial is a sentence: what went wrong, empty if nothing did. A case that no fixture lets us try gives no trial.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, timedelta
from itertools import islice

from paradeiro.domain.following.timeline import fold
from paradeiro.domain.records import ParsedAnswer
from paradeiro.domain.words import NoticeKind, Outcome, Status
from paradeiro.sdk.carriers.place_zones import zones_of
from paradeiro.sdk.conformance.cases.readings import (
    Answers,
    Trials,
    changed_answer,
    changed_data,
    event_lists,
    events_in,
    first_event_a_day_earlier,
    instants_of,
    kinds_of,
    news_in,
    read_found,
    story_of,
    with_words_changed,
    withdrawal_problem,
    words_beside_codes,
    words_of,
    writes_month_first,
)
from paradeiro.sdk.conformance.cases.written_times import (
    Rewriting,
    as_json,
    has_offset,
    moved,
    rewritten,
    texts_changed,
    with_times_of,
)
from paradeiro.sdk.conformance.mutations import GARBAGE, walk_values, with_value
from paradeiro.sdk.conformance.subject import Fixture, Subject
from paradeiro.sdk.hard_cases.carriers import delivers_at_once, plain
from paradeiro.sdk.parse_output import END_OF_DAYS

_YEAR = timedelta(days=364)
_FIFTY = 50
_MORE = 57
_SEVERAL = 2
# Long lists take long to read: a few fixtures show as much as all.
_ENOUGH = 2
_ZONE_WITHOUT_SUMMER_TIME = "America/Sao_Paulo"
_PAGE = "<!DOCTYPE html><html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"
_PAGES = {
    "a web page": GARBAGE["html"],
    "a web page that says not found": _PAGE.format("Objeto não encontrado - 404 Not Found").encode(),
    "a web page that says delivered": _PAGE.format("Objeto entregue / Delivered").encode(),
}
_ELSEWHERE = ("Entregue na portaria", "Entregue a um vizinho autorizado", "Delivered to a parcel locker")
_DELIVERED_WORDS = "Entregue ao destinatário"


def reworded(subject: Subject) -> Trials:
    """Other words under the same code are the same event."""
    for fixture, parsed in subject.found_fixtures():
        words = words_beside_codes(parsed)
        answer = with_words_changed(subject, fixture, words, lambda was: f"{was} (em outras palavras)")
        if answer is not None:
            new = news_in(parsed, answer)
            yield f"{fixture.file}: other words made {len(new)} new events" if new else ""


def edited_times(subject: Subject) -> Trials:
    """A time put right by a minute moves the event, and tells nothing else."""
    for fixture, parsed in subject.found_fixtures():
        answer = changed_answer(subject, fixture, parsed, Rewriting(minutes=1))
        if answer is None or instants_of(answer) == instants_of(parsed):
            continue  # a minute that this carrier writes nowhere
        both = [replace(was, events=was.events + now.events) for was, now in zip(parsed, answer, strict=False)]
        if kinds_of(parsed) != kinds_of(answer):
            yield f"{fixture.file}: with edited times other events are read"
        else:
            yield f"{fixture.file}: edited times change what is said" if story_of(both) != story_of(parsed) else ""


def delivered_elsewhere(subject: Subject) -> Trials:
    """A delivery by its code stays one when its words name a neighbour, a doorman or a locker."""
    for fixture, parsed in subject.found_fixtures():
        words = {event.description for event in events_in(parsed) if event.status is Status.DELIVERED}
        for instead in _ELSEWHERE:
            answer = with_words_changed(subject, fixture, words & words_beside_codes(parsed), _always(instead))
            if answer is not None:
                lost = _deliveries(answer) < _deliveries(parsed)
                yield f"{fixture.file}: in the words '{instead}' a delivery is none" if lost else ""


def _always(words: str) -> Callable[[str], str]:
    return lambda _: words


def day_before_posting(subject: Subject) -> Trials:
    """An event written a day earlier is kept, counts, and changes nothing else."""
    for fixture, parsed in subject.found_fixtures():
        first = min(events_in(parsed), key=lambda e: e.occurred_at)
        if instants_of(parsed)[first.occurred_at] > 1 or first.status is Status.DELIVERED:
            continue  # which of them is the first is not said, or it is of another package
        for data in first_event_a_day_earlier(fixture, parsed, first):
            answer = read_found(subject, data)
            if answer is None or instants_of(parsed) - instants_of(answer) != Counter([first.occurred_at]):
                continue  # it is not the first event, or not that alone
            kept = instants_of(answer)[first.occurred_at - timedelta(days=1)]
            told = [fold(each.events, now=END_OF_DAYS, made_at=first.occurred_at) for each in answer]
            doubted = any(doubt.event.occurred_at < first.occurred_at for timeline in told for doubt in timeline.doubts)
            right = kept and not doubted and story_of(answer) == story_of(parsed)
            yield (
                "" if right else f"{fixture.file}: an event of the day before the posting is lost, or changes the rest"
            )


def one_second(subject: Subject) -> Trials:
    """All events written at the time of one of them are still all there."""
    for fixture, parsed in subject.found_fixtures():
        codes = {event.code for event in events_in(parsed)}
        if not _SEVERAL <= len(codes) == len(events_in(parsed)):
            continue
        for path, items in event_lists(subject, fixture, parsed):
            together = with_value(
                fixture.document(), path, [items[0], *(with_times_of(items[0], i) for i in items[1:])]
            )
            answer = read_found(subject, together)
            if answer is not None and instants_of(answer) != instants_of(parsed):
                kept = {event.code for event in events_in(answer)} >= codes
                yield "" if kept else f"{fixture.file}: of two events in one second one is lost"


def list_cut_at_50(subject: Subject) -> Trials:
    """Of a long list all is read; when it is cut later to the newest 50, nothing known is new or gone."""
    for fixture, parsed in islice(subject.found_fixtures(), _ENOUGH):
        document = fixture.document()
        for path, items in event_lists(subject, fixture, parsed):
            order = writes_month_first(document, parsed)
            older = [rewritten(items[-1], moved(-day), month_first=order) for day in range(1, _MORE + 1)]
            whole = read_found(subject, with_value(document, path, [*items, *older]))
            cut = read_found(subject, with_value(document, path, [*items, *older][:_FIFTY]))
            if whole is not None and cut is not None and len(instants_of(whole)) > len(instants_of(parsed)):
                why = _cut_problem(subject, parsed, whole, cut)
                yield f"{fixture.file}: {why}" if why else ""


def _cut_problem(subject: Subject, parsed: Answers, whole: Answers, cut: Answers) -> str:
    if len(events_in(whole)) < len(events_in(parsed)) + _MORE:
        return f"of a list of {_MORE} more only {len(events_in(whole))} events are read"
    if news_in(whole, cut):
        return "a list cut at 50 has new events"
    return withdrawal_problem(subject, whole, cut, "a list cut at 50")


def day_and_month(subject: Subject) -> Trials:
    """A date whose day could be a month is read as the carrier writes all others."""
    for fixture, parsed in subject.found_fixtures():
        months = {event.occurred_at.month for event in events_in(parsed)}
        near = {(month + step - 1) % 12 + 1 for month in months for step in (-1, 0, 1)}
        number = next((day for day in range(5, 13) if day not in near), None)
        if number is None:
            continue
        answer = changed_answer(subject, fixture, parsed, Rewriting(days=_on_day(number)))
        if answer is not None and instants_of(answer) != instants_of(parsed):
            swapped = {event.occurred_at.month for event in events_in(answer)} - near
            yield f"{fixture.file}: day {number} of a month is read as a month" if swapped else ""


def _on_day(number: int) -> Callable[[date], date]:
    return lambda day: day.replace(day=number)


def midnight_24(subject: Subject) -> Trials:
    """24:00 is the end of its day, or unreadable: never the day's beginning, never an event less."""
    for fixture, parsed in subject.found_fixtures():
        data = changed_data(fixture, parsed, Rewriting(midnight=True))
        answer = [] if data is None else subject.parse(data)
        pairs = [(was, now) for was, now in zip(parsed, answer, strict=False) if was.events]
        if instants_of(answer) == instants_of(parsed) or not pairs:
            continue
        if any(now.outcome is Outcome.FOUND and len(now.events) < len(was.events) for was, now in pairs):
            yield f"{fixture.file}: at 24:00 an event is lost"
        else:
            early = any(now.events and _at_daybreak(was, now) for was, now in pairs)
            yield f"{fixture.file}: 24:00 is read as the beginning of the day" if early else ""


def _at_daybreak(was: ParsedAnswer, now: ParsedAnswer) -> bool:
    """Whether the first event happened at the very beginning of its day, and did not before."""
    before, after = (min(event.occurred_at for event in each.events) for each in (was, now))
    return after == after.replace(hour=0, minute=0) and after < before


def no_zone(subject: Subject) -> Trials:
    """Times without an offset are read in the carrier's zone, and marked as such."""
    for fixture, parsed in subject.found_fixtures():
        data = changed_data(fixture, parsed, Rewriting(no_offset=True)) or fixture.data
        answer = None if has_offset(data) else read_found(subject, data)
        if answer is not None:
            assumed = [event for event in events_in(answer) if event.zone_assumed]
            # Where the place names its country, its clock may be certain.
            sure = [event.code for event in events_in(answer) if not event.zone_assumed and not zones_of(event.place)]
            if sure:
                yield f"{fixture.file}: without an offset and a place the zone of {sure[0]} is not marked as assumed"
            elif assumed:
                yield ""


def no_summer_time(subject: Subject) -> Trials:
    """A wall clock of January is that of June: Brazil has had no summer time since 2019."""
    if subject.connector.time_zone != _ZONE_WITHOUT_SUMMER_TIME:
        return
    for fixture, parsed in subject.found_fixtures():
        bare = changed_data(fixture, parsed, Rewriting(no_offset=True)) or fixture.data
        here = None if has_offset(bare) else read_found(subject, bare)
        if here is None:
            continue
        bare_fixture = replace(fixture, data=bare)
        summer, winter = (changed_answer(subject, bare_fixture, here, Rewriting(days=_in_month(m))) for m in (1, 6))
        if summer is not None and winter is not None and len(events_in(summer)) == len(events_in(winter)):
            yield "" if _clocks(summer) == _clocks(winter) else f"{fixture.file}: a clock of January is an hour off"


def _in_month(month: int) -> Callable[[date], date]:
    return lambda day: date(2026, month, min(day.day, 28))


def _clocks(parsed: Answers) -> Counter[object]:
    return Counter(event.occurred_at.astimezone(UTC).time() for event in events_in(parsed) if event.zone_assumed)


def upper_case_without_accents(subject: Subject) -> Trials:
    """The carrier's words in upper case without accents are the same words."""
    for fixture, parsed in subject.found_fixtures():
        answer = with_words_changed(subject, fixture, words_of(parsed), _without_accents, beside_codes=True)
        if answer is not None:
            same = not news_in(parsed, answer) and story_of(answer) == story_of(parsed)
            yield "" if same else f"{fixture.file}: in upper case without accents other events are read"


def _without_accents(text: str) -> str:
    return plain(text).upper()


def latin_1_as_utf_8(subject: Subject) -> Trials:
    """Broken letters raise nothing and give no event a status that its code does not have."""
    known = {(e.code, e.status) for _, parsed in subject.found_fixtures() for e in events_in(parsed)}
    for fixture, parsed in subject.found_fixtures():
        text = _accented(fixture, parsed)
        for broken in (text.encode("latin-1", "replace"), text.encode().decode("latin-1").encode()):
            if broken != text.encode():
                before = {(event.occurred_at, event.status) for event in events_in(parsed)}
                after = [e for e in events_in(subject.parse(broken)) if e.status not in {None, Status.UNKNOWN}]
                invented = [
                    e for e in after if (e.occurred_at, e.status) not in before and (e.code, e.status) not in known
                ]
                yield f"{fixture.file}: broken letters are read as {invented[0].status}" if invented else ""


def _accented(fixture: Fixture, parsed: Answers) -> str:
    """The fixture's text, with accents in the words of its events if it has none."""
    document = fixture.document()
    if document is None:
        return fixture.data.decode("utf-8", "replace")
    words = words_of(parsed)
    accents = str.maketrans("aeocAEOC", "ãéôçÃÉÔÇ")
    if as_json(document).isascii():
        document = texts_changed(document, lambda text: text.translate(accents) if text.strip() in words else text)
    return as_json(document).decode("utf-8", "replace")


def outage_as_empty_list(subject: Subject) -> Trials:
    """An empty list where events were leaves everything that was known."""
    for fixture, parsed in subject.found_fixtures():
        document, known = fixture.document(), {event.identity for event in events_in(parsed)}
        for path, value in walk_values(document):
            if isinstance(value, list) and value and isinstance(value[0], dict):
                answer = subject.parse(with_value(document, path, []))
                # With some of the events left it is a shorter list, which says something.
                if not known & {event.identity for event in events_in(answer)}:
                    why = withdrawal_problem(subject, parsed, answer, "an empty list")
                    yield f"{fixture.file}: {why}" if why else ""


def page_instead_of_answer(subject: Subject) -> Trials:
    """A web page with status 200 is a failure with a name, never 'not found' and never news."""
    for name, page in _PAGES.items():
        wrong = {each.outcome for each in subject.parse(page)} & {Outcome.FOUND, Outcome.NOT_FOUND}
        yield f"{name} gives {sorted(wrong)}" if wrong else ""


def delivered_before_order(subject: Subject) -> Trials:
    """A delivery dated 31 seconds after the order, or a year before it, never counts."""
    for fixture, parsed in subject.found_fixtures():
        answer = changed_answer(subject, fixture, parsed, moved(-_YEAR.days))
        if answer is None or Status.DELIVERED not in {event.status for event in events_in(parsed)}:
            continue
        ordered = max(event.occurred_at for event in events_in(parsed)) - _YEAR / 2
        told = [fold(each.events, now=END_OF_DAYS, made_at=ordered) for each in answer]
        counts = any(timeline.snapshot.delivered_at for timeline in told)
        doubted = any(doubt.kind == NoticeKind.IMPLAUSIBLE_EVENT for timeline in told for doubt in timeline.doubts)
        at_once = any(delivers_at_once(each.events) for each in parsed)
        yield f"{fixture.file}: a delivery dated before the order counts" if counts or at_once or not doubted else ""


def words_of_delivery(subject: Subject) -> Trials:
    """Words of delivery under a code that is none deliver nothing."""
    read = [events_in(parsed) for _, parsed in subject.found_fixtures()]
    codes = {event.code for events in read for event in events if event.status is Status.DELIVERED}
    for fixture, parsed in subject.found_fixtures():
        delivering = {event.description for event in events_in(parsed) if event.code in codes}
        words = words_beside_codes(parsed) - delivering
        answer = with_words_changed(subject, fixture, words, _always(_DELIVERED_WORDS))
        if answer is not None:
            wrong = _deliveries(answer) > _deliveries(parsed)
            yield f"{fixture.file}: words alone deliver" if wrong else ""


def _deliveries(parsed: Answers) -> int:
    return sum(event.status is Status.DELIVERED for event in events_in(parsed))


TRIALS: Mapping[str, Callable[[Subject], Trials]] = {
    "reworded": reworded,
    "edited_times": edited_times,
    "delivered_elsewhere": delivered_elsewhere,
    "day_before_posting": day_before_posting,
    "one_second": one_second,
    "list_cut_at_50": list_cut_at_50,
    "day_and_month": day_and_month,
    "midnight_24": midnight_24,
    "no_zone": no_zone,
    "no_summer_time": no_summer_time,
    "upper_case_without_accents": upper_case_without_accents,
    "latin_1_as_utf_8": latin_1_as_utf_8,
    "outage_as_empty_list": outage_as_empty_list,
    "page_instead_of_answer": page_instead_of_answer,
    "delivered_before_order": delivered_before_order,
    "words_of_delivery": words_of_delivery,
}
