"""In: a timeline; out: what of it may be told outside, oldest first, and as lines: date, time, city, state, text."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo

from paradeiro.domain.channels import delivery_day
from paradeiro.domain.records import Carried, Shipment, Telling, Timeline, TrackingEvent
from paradeiro.domain.words import NoticeKind, Source, Status, Withdraws
from paradeiro.sdk.speech.catalogue import Catalogue
from paradeiro.sdk.speech.places import city_of, place_name, tidy

# A label is no package yet; what nobody understands, or was taken back, is no handing over.
_NOT_HANDED_OVER = frozenset({None, Status.REGISTERED, Status.UNKNOWN, Status.CANCELLED})


@dataclass(frozen=True, slots=True)
class Told:
    """An event that may be told. `undoes_delivery`: it takes back a delivery that was reported before it."""

    event: TrackingEvent
    undoes_delivery: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a told history, in the store's time: `date` yyyy-mm-dd, `time` HH:MM; '' for an unknown place."""

    date: str
    time: str
    city: str
    state: str
    text: str


def told_events(timeline: Timeline) -> tuple[Told, ...]:
    """Oldest first. Not told: what was withdrawn, what did not count because it is implausible, and technical notes;
    but that a delivery was withdrawn is told, since others were told of the delivery.
    """
    return tuple(_told(timeline))


def _told(timeline: Timeline) -> Iterator[Told]:
    implausible = {d.event.identity for d in timeline.doubts if d.kind == NoticeKind.IMPLAUSIBLE_EVENT}
    taken_back: list[TrackingEvent] = []
    for event in timeline.events:
        if event.identity in timeline.withdrawn:
            taken_back.append(event)
        elif event.identity not in implausible:
            undoes = _undoes_delivery(event, taken_back)
            if undoes or event.status is not None:
                yield Told(event, undoes)


def _undoes_delivery(event: TrackingEvent, taken_back: list[TrackingEvent]) -> bool:
    """Whether this event withdrew a delivery; what it withdrew is taken off the list, so that it is said once."""
    match event.withdraws:
        case None | Withdraws.DISAPPEARANCE:
            return False
        case Withdraws.PREVIOUS:
            gone = [taken_back.pop()] if taken_back else []
        case Withdraws.DELIVERY:
            gone = [e for e in taken_back if e.status is Status.DELIVERED]
            taken_back[:] = [e for e in taken_back if e.status is not Status.DELIVERED]
    return any(e.status is Status.DELIVERED for e in gone)


def dispatched_at(shipment: Shipment, timeline: Timeline) -> datetime:
    """When the package was handed over, as far as it is known: it was at the latest when first heard of, or delivered,
    however late its code was registered.
    """
    snapshot = timeline.snapshot
    counted = [t.event.occurred_at for t in told_events(timeline) if t.event.status not in _NOT_HANDED_OVER]
    return snapshot.accepted_at or min([shipment.registered_at, *counted])


def counting(packages: Sequence[Carried]) -> list[Carried]:
    """The packages of an invoice without which it is not delivered."""
    those = [p for p in packages if p.counts]
    return [p for p in those if p.timeline.snapshot.status is not Status.CANCELLED] or those or list(packages)


def _counting(telling: Telling) -> list[Carried]:
    return counting(telling.packages or (Carried(telling.shipment, telling.timeline),))


def told_delivered(telling: Telling) -> bool:
    """Whether it is told as delivered: an invoice is once all of its packages are that were not cancelled."""
    return all(p.timeline.snapshot.delivered for p in _counting(telling))


def told_status(telling: Telling) -> Status:
    """Where it is told to be: the package, or of an invoice the one with the news, unless another is on its way yet."""
    if told_delivered(telling):
        return Status.DELIVERED
    status = telling.timeline.snapshot.status
    late = [p.timeline.snapshot.status for p in _counting(telling) if not p.timeline.snapshot.delivered]
    return late[0] if status is Status.DELIVERED and late else status


def told_delivery(telling: Telling, zone: tzinfo) -> datetime | None:
    """When the delivery is said to have been, in that zone, as the order's channel wants it; of an invoice with several
    packages that of the last one. None without one.
    """
    if not told_delivered(telling):
        return None
    days = [
        delivery_day(telling.rules, at, dispatched_at(p.shipment, p.timeline), zone)
        for p in _counting(telling)
        if (at := p.timeline.snapshot.delivered_at) is not None
    ]
    return max(days, default=None)


def told_number(telling: Telling) -> str:
    """The tracking number of what is told: of an invoice with several packages all of theirs."""
    standing = [p.shipment.tracking_code for p in telling.packages if p.shipment.replaced_by is None]
    return ", ".join(dict.fromkeys(standing)) or telling.shipment.tracking_code


def told_address(telling: Telling) -> str:
    """Where a person may look that number up; our own page, where all packages are, if there are several."""
    own = telling.shipment.invoice.tracking_url or ""
    return telling.tracking_link or own if "," in told_number(telling) else own or telling.tracking_link


def public_words(event: TrackingEvent) -> str:
    """What whoever stated the event said of it. An operator's words are a note to the house, not to the customer."""
    return "" if event.source is Source.OPERATOR else tidy(event.description)


def told_lines(timeline: Timeline, zone: tzinfo, words: Catalogue) -> tuple[Line, ...]:
    """The history for a party that takes a date, a place and a text per event. The same timeline gives the same lines;
    news adds lines and leaves the others as they are, but for what was withdrawn.
    """
    return tuple(_line(told, zone, words) for told in told_events(timeline))


def told_history(telling: Telling, zone: tzinfo, words: Catalogue) -> tuple[tuple[Told, Line, Carried], ...]:
    """All that is told of a package, or of an invoice, oldest first, with its line and its package. Where there are
    several packages each line says the code of its own.
    """
    return history_of(telling.packages or (Carried(telling.shipment, telling.timeline),), zone, words)


def history_of(packages: Sequence[Carried], zone: tzinfo, words: Catalogue) -> tuple[tuple[Told, Line, Carried], ...]:
    """The same of these packages."""
    speaking = [(p, told_events(p.timeline), told_lines(p.timeline, zone, words)) for p in packages]
    several = len([p for p, told, _ in speaking if told or p.shipment.replaced_by is None]) > 1
    rows = [
        (said, replace(line, text=f"{line.text} · {p.shipment.tracking_code}") if several else line, p)
        for p, told, lines in speaking
        for said, line in zip(told, lines, strict=True)
    ]
    # A stable sort: what happened to one package at one moment keeps its order.
    return tuple(sorted(rows, key=lambda row: row[0].event.occurred_at))


def _line(told: Told, zone: tzinfo, words: Catalogue) -> Line:
    event = told.event
    local = event.occurred_at.astimezone(zone)
    return Line(
        date=f"{local:%Y-%m-%d}",
        time=f"{local:%H:%M}",
        city=city_of(event.place),
        state=tidy(event.place.state),
        text=_text(told, words),
    )


def _text(told: Told, words: Catalogue) -> str:
    event = told.event
    theirs, unit = public_words(event), place_name(event.place.unit)
    detail = "" if event.source is Source.OPERATOR else tidy(event.detail)
    if told.undoes_delivery:
        # Why somebody at the store reopened it is the store's own business; the carrier's words are public.
        detail = (theirs or detail) if event.source is Source.CARRIER else ""
        said = words.correction.in_history
    else:
        status = event.status or Status.UNKNOWN
        said = theirs or words.words[status, None].label
    return said + (f" ({detail})" if detail else "") + (f" · {unit}" if unit else "")
