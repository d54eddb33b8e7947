"""In: a package of an order; out: what the tracking page shows of it: view, pickup, dates, items, map, correction."""

from dataclasses import dataclass
from datetime import datetime, tzinfo

from markupsafe import Markup

from paradeiro.db.following.events import EventLine
from paradeiro.db.following.shipments import ShipmentRow
from paradeiro.domain.days import day_of
from paradeiro.domain.following.timeline import fold
from paradeiro.domain.records import Timeline
from paradeiro.domain.words import Status
from paradeiro.sdk.public_history import public_events
from paradeiro.sdk.wording import Catalogue
from paradeiro.sdk.wording.places import city_of, place_line, place_name
from paradeiro.sdk.wording.shipment_wording import correction_sentence, status_wording
from paradeiro.sdk.wording.times import capital, full_date, moment_words
from paradeiro.web.package_view import PackageView, package_view
from paradeiro.web.track.map.drawing import draw
from paradeiro.web.track.proofs import ShownPicture

_MOST_ITEMS = 8
# Statuses that are no places on the map: a label that has not moved, and unknown events, which the page does not show.
_NOT_ON_THE_WAY = frozenset({None, Status.UNKNOWN, Status.REGISTERED, Status.CANCELLED})


@dataclass(frozen=True, slots=True)
class Fact:
    """A label and its value."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Package:
    """A package as its customer sees it. `correction`: takes back a delivery that we reported; else empty."""

    view: PackageView
    correction: str
    action: tuple[Fact, ...]
    dates: tuple[Fact, ...]
    items: tuple[str, ...]
    carrier: str
    map: Markup | None  # of its way, if a place of it is known
    pictures: tuple[ShownPicture, ...] = ()


def package(
    row: ShipmentRow, shown: list[EventLine], *, now: datetime, zone: tzinfo, words: Catalogue, carrier: str
) -> Package:
    """What the tracking page shows of this package."""
    timeline = fold(
        (s.event for s in shown), now=now, made_at=row.made_at, ordered_at=row.order.ordered_at, base=Status.REGISTERED
    )
    view = package_view(row, shown, now=now, zone=zone, words=words, private=False)
    return Package(
        view=view,
        correction=_correction(timeline, words),
        action=_action(timeline, now.astimezone(zone), words),
        dates=_dates(row, now, zone, words),
        items=_items(row, words),
        carrier=carrier,
        map=map_of(timeline, words),
    )


def map_of(timeline: Timeline, words: Catalogue) -> Markup | None:
    """The route on a map: places of the events that count and are shown; the destination only if the page names it."""
    doubted = {doubt.event.identity for doubt in timeline.doubts}
    passed = [
        event.place
        for event in timeline.events
        if event.status not in _NOT_ON_THE_WAY and event.identity not in timeline.withdrawn | doubted
    ]
    snapshot = timeline.snapshot
    said = "{to}" in status_wording(words, snapshot.status, snapshot.reason).sentence
    elsewhere = city_of(snapshot.destination) not in {"", city_of(snapshot.place)}
    return draw(passed, snapshot.place, snapshot.destination if said and elsewhere else None, words)


def _correction(timeline: Timeline, words: Catalogue) -> str:
    undone = any(event.undoes_delivery for event in public_events(timeline))
    return correction_sentence(timeline, words) if undone and not timeline.snapshot.delivered else ""


def _action(timeline: Timeline, now: datetime, words: Catalogue) -> tuple[Fact, ...]:
    """Pickup address and deadline, if the customer must pick it up."""
    snapshot, facts = timeline.snapshot, []
    if snapshot.pickup_address:
        facts.append(Fact(words.labels.pickup_address, place_name(snapshot.pickup_address)))
    elif snapshot.status is Status.AVAILABLE_FOR_PICKUP and snapshot.place.unit:
        facts.append(Fact(words.labels.pickup_address, place_line(snapshot.place, unit=True)))
    if snapshot.pickup_deadline:
        deadline = full_date(snapshot.pickup_deadline, now.date(), words.calendar)
        facts.append(Fact(words.labels.pickup_deadline, capital(deadline)))
    return tuple(facts)


def _dates(row: ShipmentRow, now: datetime, zone: tzinfo, words: Catalogue) -> tuple[Fact, ...]:
    """The promised day; when it was delivered, or the expected day if that is another one."""
    snapshot, labels, calendar = row.shipment.snapshot, words.labels, words.calendar
    today = now.astimezone(zone).date()
    promised = row.order.promised_at.astimezone(zone).date() if row.order.promised_at else None
    facts = [Fact(labels.promised, capital(full_date(promised, today, calendar)))] if promised else []
    if snapshot.delivered_at:
        local = snapshot.delivered_at.astimezone(zone)
        facts.append(Fact(labels.delivered, capital(moment_words(local, today, calendar))))
    elif snapshot.estimate and not snapshot.status.final:
        expected = day_of(snapshot.estimate, zone)
        if expected != promised and expected >= today:
            facts.append(Fact(labels.expected, capital(full_date(expected, today, calendar))))
    return tuple(facts)


def _items(row: ShipmentRow, words: Catalogue) -> tuple[str, ...]:
    named = [f"{item.quantity} × {item.name.strip()}" for item in row.shipment.items if item.name.strip()]
    rest = len(named) - _MOST_ITEMS
    return (*named[:_MOST_ITEMS], *((words.labels.more_items.format(count=rest),) if rest > 0 else ()))
