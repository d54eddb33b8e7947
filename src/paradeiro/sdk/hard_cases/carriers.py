"""In: nothing; out: what carriers have sent that was read wrongly somewhere, each with what must hold of it. Pure.

A case that says how it `is_shown` can be shown by a fixture that the connector names; the others, and some of these
too, are made from all fixtures (`sdk/conformance/cases/trials.py`).
"""

import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from paradeiro.domain.following.timeline import fold
from paradeiro.domain.following.volumes import volumes_of
from paradeiro.domain.records import ParsedAnswer, TrackingEvent
from paradeiro.domain.words import Outcome, Status

_LATER = timedelta(days=36_500)
_REUSED_AFTER = timedelta(days=180)
_NO_TIME = timedelta(seconds=1)
_DAY = timedelta(days=1)
_SEVERAL = 2
_DELIVERY_WORDS = ("entreg", "deliver", "zugestellt")
_RETURN_WORDS = ("devol", "devuel", "return", "revers", "sender", "remetente", "rueck")
_ELSEWHERE_WORDS = (
    *("vizinh", "porteir", "portaria", "zelador", "armario", "locker", "terceiro", "fora do destino"),
    *("neighbo", "access point", "packstation", "mailbox", "parcel shop", "localidade diferente", "outra pessoa"),
)


@dataclass(frozen=True, slots=True)
class Shown:
    """A fixture that shows a case: its text as `plain` gives it, and what the connector reads in it."""

    text: str
    parsed: Sequence[ParsedAnswer]

    @property
    def found(self) -> list[ParsedAnswer]:
        """The answers that have events."""
        return [each for each in self.parsed if each.outcome is Outcome.FOUND and each.events]

    def says(self, words: Sequence[str]) -> bool:
        """Whether any of the words is in the text."""
        return any(word in self.text for word in words)


@dataclass(frozen=True, slots=True)
class CarrierCase:
    """One case. `sentence`: what must hold; `is_shown`: what a fixture that is named for it breaks, as sentences."""

    name: str
    sentence: str
    is_shown: Callable[[Shown], Iterator[str]] | None = None


def plain(text: str) -> str:
    """A text in lower case without accents."""
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c)).lower()


def _delivered(events: Sequence[TrackingEvent], made_at: datetime | None = None) -> datetime | None:
    """When these events deliver, seen long after them; None if they do not."""
    last = max(event.occurred_at for event in events)
    return fold(events, now=last + _LATER, made_at=made_at).snapshot.delivered_at


def _has_events(shown: Shown) -> Iterator[str]:
    if not shown.found:
        yield "it has no events"


def _return(shown: Shown) -> Iterator[str]:
    yield from _has_events(shown)
    if not (shown.says(_DELIVERY_WORDS) and shown.says(_RETURN_WORDS)):
        yield "its text speaks of no return that says delivered"
    if any(event.status is Status.DELIVERED for each in shown.found for event in each.events):
        yield "a return counts as a delivery"


def _elsewhere(shown: Shown) -> Iterator[str]:
    yield from _has_events(shown)
    if not shown.says(_ELSEWHERE_WORDS):
        yield "its text names no neighbour, doorman, locker or point"
    if not all(_delivered(each.events) for each in shown.found):
        yield "what was handed to a neighbour or a locker, by its code, is not delivered"


def _used_again(shown: Shown) -> Iterator[str]:
    """An old delivery under the same number, by itself or with the new shipment's events after it."""
    old = [each for each in shown.found if any(_tells_delivery(event) for event in each.events)]
    if not old:
        yield "it has no old delivery"
    for each in old:
        times = sorted(event.occurred_at for event in each.events)
        first_new = next((after for before, after in pairwise(times) if after - before > _REUSED_AFTER), None)
        if first_new is None and not _tells_delivery(max(each.events, key=lambda event: event.occurred_at)):
            yield "what follows the old delivery is no later use of the number"
        made_at = (first_new or times[-1] + 2 * _REUSED_AFTER) - timedelta(hours=1)
        if _delivered(each.events, made_at):
            yield "the delivery of the number's earlier use counts for the new order"


def _tells_delivery(event: TrackingEvent) -> bool:
    """Whether it is a delivery, or was read as none only because it is too old."""
    return event.status is Status.DELIVERED or any(word in plain(event.description) for word in _DELIVERY_WORDS)


def _before_posting(shown: Shown) -> Iterator[str]:
    if not any(_first_lead(each.events) for each in shown.found):
        yield "nothing in it is dated up to two days before the posting"
    for each in shown.found:
        posted = [event.occurred_at for event in each.events if event.status is Status.ACCEPTED]
        if posted and _doubts_of_age(each.events, min(posted)):
            yield "an event of the day before the posting does not count"


def _first_lead(events: Sequence[TrackingEvent]) -> bool:
    posted = [event.occurred_at for event in events if event.status is Status.ACCEPTED]
    return bool(posted) and _NO_TIME < min(posted) - min(event.occurred_at for event in events) <= 2 * _DAY


def _doubts_of_age(events: Sequence[TrackingEvent], posted: datetime) -> bool:
    return any(
        doubt.event.occurred_at >= posted - _DAY for doubt in fold(events, now=posted + _LATER, made_at=posted).doubts
    )


def _one_second(shown: Shown) -> Iterator[str]:
    for each in shown.found:
        identities = {event.identity for event in each.events}
        if len({when for when, _, _ in identities}) < len(identities):
            return
    yield "no two events of one second are both read"


def _before_order(shown: Shown) -> Iterator[str]:
    delivered = [(each, when) for each in shown.found if (when := _delivered(each.events))]
    if not delivered:
        yield "it has no delivery"
    for each, when in delivered:
        made_at = when + _DAY + timedelta(minutes=1)
        timeline = fold(each.events, now=made_at + timedelta(seconds=31), made_at=made_at)
        if timeline.snapshot.delivered or not timeline.doubts or delivers_at_once(each.events):
            yield "a delivery dated before the order, or seconds after it, counts"


def delivers_at_once(events: Sequence[TrackingEvent]) -> bool:
    """Whether a delivery counts whose order was made 31 seconds before it. Of a day alone that cannot be told."""
    deliveries = [event for event in events if event.status is Status.DELIVERED]
    last = max(deliveries, key=lambda event: event.occurred_at, default=None)
    if last is None or last.day_only:
        return False
    ordered = last.occurred_at - timedelta(seconds=31)
    return fold(events, now=ordered + _LATER, ordered_at=ordered).snapshot.delivered


def _administrative(shown: Shown) -> Iterator[str]:
    late = 0
    for each in shown.found:
        deliveries = [event.occurred_at for event in each.events if event.status is Status.DELIVERED]
        after = [event for event in each.events if deliveries and event.occurred_at > min(deliveries) + _DAY]
        late += len(after)
        if after and _delivered(each.events) != min(deliveries):
            yield "an event days after the delivery changes its time"
    if not late:
        yield "nothing in it is dated days after a delivery"


def _words(shown: Shown) -> Iterator[str]:
    yield from _has_events(shown)
    if not shown.says(_DELIVERY_WORDS):
        yield "its text has no words of delivery"
    if any(_delivered(each.events) for each in shown.found):
        yield "words of delivery count as a delivery"


def _several(shown: Shown) -> Iterator[str]:
    """Several answers with names of their own; or one answer whose events name their volumes, or that the delivery of
    one alone does not deliver.
    """
    if len(shown.found) == 1:
        events = shown.found[0].events
        one_of_several = shown.says(_DELIVERY_WORDS) and not _delivered(events)
        if len(volumes_of(events)) < _SEVERAL and not one_of_several:
            yield "several shipments of one number are read as one"
        return
    names = [(each.tracking_code, each.shipment, each.identifiers, each.carrier_code) for each in shown.found]
    if len(names) < _SEVERAL or len(set(names)) < len(names):
        yield "the shipments of one number have no names that tell them apart"
    told = [(event.occurred_at, event.code, event.reference) for each in shown.found for event in set(each.events)]
    if len(set(told)) == 1:
        yield "the same is told of all of them"


def _no_offset(shown: Shown) -> Iterator[str]:
    yield from _has_events(shown)
    if not any(event.zone_assumed for each in shown.found for event in each.events):
        yield "a time without an offset is not marked as assumed"


CASES: tuple[CarrierCase, ...] = (
    CarrierCase("reworded", "The same code in other words is nothing new."),
    CarrierCase("edited_times", "An event whose time is put right later tells nothing else, and delivers once."),
    CarrierCase("return_that_says_delivered", "A return that says delivered is never a delivery.", _return),
    CarrierCase("delivered_elsewhere", "Handed to a neighbour or a locker, by its code, is delivered.", _elsewhere),
    CarrierCase("number_used_again", "The delivery of a number's earlier use does not count.", _used_again),
    CarrierCase("day_before_posting", "An event of the day before the posting is kept and counts.", _before_posting),
    CarrierCase("one_second", "Two events of one second are both kept.", _one_second),
    CarrierCase("list_cut_at_50", "A list cut at its newest 50 adds nothing and withdraws nothing."),
    CarrierCase("day_and_month", "Day and month are never swapped."),
    CarrierCase("midnight_24", "24:00 is the end of its day or unreadable, never its beginning."),
    CarrierCase("no_zone", "A time without an offset is in the carrier's zone, and marked as assumed.", _no_offset),
    CarrierCase("no_summer_time", "A wall clock of January is read without the summer time that Brazil gave up."),
    CarrierCase("upper_case_without_accents", "Words in upper case without accents are the same words."),
    CarrierCase("latin_1_as_utf_8", "Broken letters raise nothing and give no status."),
    CarrierCase("outage_as_empty_list", "An empty list instead of an error withdraws nothing."),
    CarrierCase("page_instead_of_answer", "A web page with status 200 is a failure, never 'not found'."),
    CarrierCase(
        "delivered_before_order",
        "A delivery before the order, or 31 seconds after it, is none.",
        _before_order,
    ),
    CarrierCase("administrative_event", "Paperwork days after the delivery leaves its time.", _administrative),
    CarrierCase("words_of_delivery", "Words of delivery under a code that is none deliver nothing.", _words),
    CarrierCase("several_shipments", "The shipments of one number are never mixed.", _several),
)
BY_NAME = {case.name: case for case in CASES}
