"""In: a package of an order; out: what its customer is told of it: the view, what to do, dates, what was taken back."""

from dataclasses import dataclass
from datetime import datetime, tzinfo

from markupsafe import Markup

from paradeiro.db.events import ShownEvent
from paradeiro.db.shipments import Kept
from paradeiro.domain.days import day_of
from paradeiro.domain.records import Timeline
from paradeiro.domain.timeline import fold
from paradeiro.domain.words import Status
from paradeiro.sdk.history import told_events
from paradeiro.sdk.speech import Catalogue
from paradeiro.sdk.speech.moments import capital, full_date, moment_words
from paradeiro.sdk.speech.places import city_of, place_line, place_name
from paradeiro.sdk.speech.say import correction_sentence, words_of
from paradeiro.web.track.map import draw
from paradeiro.web.track.proofs import ShownPicture
from paradeiro.web.view import PackageView, package_view

_MOST_ITEMS = 8
# A label has not moved; what nobody understands is not on the page.
_NOT_ON_THE_WAY = frozenset({None, Status.UNKNOWN, Status.REGISTERED, Status.CANCELLED})


@dataclass(frozen=True, slots=True)
class Fact:
    """A small thing with its name."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Package:
    """A package as its customer sees it. `correction` takes back a delivery that we reported, if there was one."""

    view: PackageView
    correction: str
    action: tuple[Fact, ...]
    dates: tuple[Fact, ...]
    items: tuple[str, ...]
    carrier: str
    map: Markup | None  # of its way, if a place of it is known
    pictures: tuple[ShownPicture, ...] = ()


def package(
    kept: Kept, shown: list[ShownEvent], *, now: datetime, zone: tzinfo, words: Catalogue, carrier: str
) -> Package:
    """What the customer of this package is told."""
    timeline = fold((s.event for s in shown), now=now, made_at=kept.made_at, base=Status.REGISTERED)
    view = package_view(kept, shown, now=now, zone=zone, words=words, private=False)
    return Package(
        view=view,
        correction=_correction(timeline, words),
        action=_action(timeline, now.astimezone(zone), words),
        dates=_dates(kept, now, zone, words),
        items=_items(kept, words),
        carrier=carrier,
        map=map_of(timeline, words),
    )


def map_of(timeline: Timeline, words: Catalogue) -> Markup | None:
    """The way on a map: of events that count and stand on the page, and of a destination only if the page says it."""
    doubted = {doubt.event.identity for doubt in timeline.doubts}
    passed = [
        event.place
        for event in timeline.events
        if event.status not in _NOT_ON_THE_WAY and event.identity not in timeline.withdrawn | doubted
    ]
    snapshot = timeline.snapshot
    said = "{to}" in words_of(words, snapshot.status, snapshot.reason).sentence
    elsewhere = city_of(snapshot.destination) not in {"", city_of(snapshot.place)}
    return draw(passed, snapshot.place, snapshot.destination if said and elsewhere else None, words)


def _correction(timeline: Timeline, words: Catalogue) -> str:
    undone = any(told.undoes_delivery for told in told_events(timeline))
    return correction_sentence(timeline, words) if undone and not timeline.snapshot.delivered else ""


def _action(timeline: Timeline, now: datetime, words: Catalogue) -> tuple[Fact, ...]:
    """Where and until when, if the reader must go somewhere."""
    snapshot, facts = timeline.snapshot, []
    if snapshot.pickup_address:
        facts.append(Fact(words.labels.pickup_address, place_name(snapshot.pickup_address)))
    elif snapshot.status is Status.AVAILABLE_FOR_PICKUP and snapshot.place.unit:
        facts.append(Fact(words.labels.pickup_address, place_line(snapshot.place, unit=True)))
    if snapshot.pickup_deadline:
        deadline = full_date(snapshot.pickup_deadline, now.date(), words.calendar)
        facts.append(Fact(words.labels.pickup_deadline, capital(deadline)))
    return tuple(facts)


def _dates(kept: Kept, now: datetime, zone: tzinfo, words: Catalogue) -> tuple[Fact, ...]:
    """What was promised, and what is expected now where that is another day; or when it was delivered."""
    snapshot, labels, calendar = kept.shipment.snapshot, words.labels, words.calendar
    today = now.astimezone(zone).date()
    promised = kept.order.promised_at.astimezone(zone).date() if kept.order.promised_at else None
    facts = [Fact(labels.promised, capital(full_date(promised, today, calendar)))] if promised else []
    if snapshot.delivered_at:
        local = snapshot.delivered_at.astimezone(zone)
        facts.append(Fact(labels.delivered, capital(moment_words(local, today, calendar))))
    elif snapshot.estimate and not snapshot.status.final:
        expected = day_of(snapshot.estimate, zone)
        if expected != promised and expected >= today:
            facts.append(Fact(labels.expected, capital(full_date(expected, today, calendar))))
    return tuple(facts)


def _items(kept: Kept, words: Catalogue) -> tuple[str, ...]:
    named = [f"{item.quantity} × {item.name.strip()}" for item in kept.shipment.items if item.name.strip()]
    rest = len(named) - _MOST_ITEMS
    return (*named[:_MOST_ITEMS], *((words.labels.more_items.format(count=rest),) if rest > 0 else ()))
