"""In: a timeline; out: its public part, oldest first, and as lines: date, time, city, state, text."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo

from paradeiro.domain.outbox.channel_rules import delivery_day
from paradeiro.domain.records import InvoicePackage, Message, Shipment, Timeline, TrackingEvent
from paradeiro.domain.words import NoticeKind, Source, Status, Withdraws
from paradeiro.sdk.wording.catalogue import Catalogue
from paradeiro.sdk.wording.places import city_of, place_name, tidy

# A label is not a package yet; unknown and cancelled statuses are not a handover.
_NOT_HANDED_OVER = frozenset({None, Status.REGISTERED, Status.UNKNOWN, Status.CANCELLED})


@dataclass(frozen=True, slots=True)
class PublicEvent:
    """An event that may be shown outside. `undoes_delivery`: it withdraws a delivery that was reported before."""

    event: TrackingEvent
    undoes_delivery: bool = False


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One line of a public history, in the store's time: `date` yyyy-mm-dd, `time` HH:MM; '' for an unknown place."""

    date: str
    time: str
    city: str
    state: str
    text: str


def public_events(timeline: Timeline) -> tuple[PublicEvent, ...]:
    """Oldest first. Left out: withdrawn events, implausible events that did not count, and technical notes. The
    withdrawal of a delivery is included, since the delivery was reported.
    """
    return tuple(_public_events(timeline))


def _public_events(timeline: Timeline) -> Iterator[PublicEvent]:
    implausible = {d.event.identity for d in timeline.doubts if d.kind == NoticeKind.IMPLAUSIBLE_EVENT}
    taken_back: list[TrackingEvent] = []
    for event in timeline.events:
        if event.identity in timeline.withdrawn:
            taken_back.append(event)
        elif event.identity not in implausible:
            undoes = _undoes_delivery(event, taken_back)
            if undoes or event.status is not None:
                yield PublicEvent(event, undoes)


def _undoes_delivery(event: TrackingEvent, taken_back: list[TrackingEvent]) -> bool:
    """Whether this event withdrew a delivery; that delivery is removed from the list, so that it is reported once."""
    match event.withdraws:
        case None | Withdraws.DISAPPEARANCE:
            return False
        case Withdraws.PREVIOUS:
            gone = [taken_back.pop()] if taken_back else []
        case Withdraws.DELIVERY:
            gone = [e for e in taken_back if e.status is Status.DELIVERED]
            taken_back[:] = [e for e in taken_back if e.status is not Status.DELIVERED]
        case Withdraws.NAMED:
            gone = [e for e in taken_back if e.reference == event.reference]
            taken_back[:] = [e for e in taken_back if e.reference != event.reference]
    return any(e.status is Status.DELIVERED for e in gone)


def dispatched_at(shipment: Shipment, timeline: Timeline) -> datetime:
    """When the package was handed over, as far as known: at the latest at its first known event or its delivery,
    however late its code was registered.
    """
    snapshot = timeline.snapshot
    counted = [t.event.occurred_at for t in public_events(timeline) if t.event.status not in _NOT_HANDED_OVER]
    return snapshot.accepted_at or min([shipment.registered_at, *counted])


def deliverable_packages(packages: Sequence[InvoicePackage]) -> list[InvoicePackage]:
    """The packages of an invoice that must be delivered for the invoice to be delivered."""
    those = [p for p in packages if p.counts]
    return [p for p in those if p.timeline.snapshot.status is not Status.CANCELLED] or those or list(packages)


def _deliverable_packages(message: Message) -> list[InvoicePackage]:
    return deliverable_packages(message.packages or (InvoicePackage(message.shipment, message.timeline),))


def reports_delivery(message: Message) -> bool:
    """Whether the message reports a delivery: an invoice is delivered once all its packages are that were not
    cancelled.
    """
    return all(p.timeline.snapshot.delivered for p in _deliverable_packages(message))


def sent_status(message: Message) -> Status:
    """The status that the message reports: the package's; of an invoice that of the package with the news, unless
    another is still on its way.
    """
    if reports_delivery(message):
        return Status.DELIVERED
    status = message.timeline.snapshot.status
    late = [p.timeline.snapshot.status for p in _deliverable_packages(message) if not p.timeline.snapshot.delivered]
    return late[0] if status is Status.DELIVERED and late else status


def reported_delivery_at(message: Message, zone: tzinfo) -> datetime | None:
    """The reported delivery time in that zone, as the order's channel wants it; for an invoice with several packages
    that of the last one. None without a delivery.
    """
    if not reports_delivery(message):
        return None
    days = [
        delivery_day(message.rules, at, dispatched_at(p.shipment, p.timeline), zone)
        for p in _deliverable_packages(message)
        if (at := p.timeline.snapshot.delivered_at) is not None
    ]
    return max(days, default=None)


def reported_tracking_number(message: Message) -> str:
    """The tracking number of the message: for an invoice with several packages all their numbers."""
    standing = [p.shipment.shown_code for p in message.packages if p.shipment.replaced_by is None]
    return ", ".join(dict.fromkeys(standing)) or message.shipment.shown_code


def reported_tracking_url(message: Message) -> str:
    """The web page for that number; our own page, which lists all packages, if there are several."""
    own = message.shipment.invoice.tracking_url or ""
    return message.tracking_link or own if "," in reported_tracking_number(message) else own or message.tracking_link


def public_text(event: TrackingEvent) -> str:
    """The description by the event's source. An operator's text is an internal note and not public."""
    return "" if event.source is Source.OPERATOR else tidy(event.description)


def public_lines(timeline: Timeline, zone: tzinfo, words: Catalogue) -> tuple[HistoryLine, ...]:
    """The history for a party that takes a date, a place and a text per event. The same timeline gives the same lines;
    news adds lines and changes no others, except for withdrawals.
    """
    return tuple(_line(public_event, zone, words) for public_event in public_events(timeline))


def public_history(
    message: Message, zone: tzinfo, words: Catalogue
) -> tuple[tuple[PublicEvent, HistoryLine, InvoicePackage], ...]:
    """The public events of a package, or of an invoice, oldest first, each with its line and its package. If there are
    several packages each line names its tracking code.
    """
    return packages_history(message.packages or (InvoicePackage(message.shipment, message.timeline),), zone, words)


def packages_history(
    packages: Sequence[InvoicePackage], zone: tzinfo, words: Catalogue
) -> tuple[tuple[PublicEvent, HistoryLine, InvoicePackage], ...]:
    """The same for these packages."""
    speaking = [(p, public_events(p.timeline), public_lines(p.timeline, zone, words)) for p in packages]
    several = len([p for p, public_event, _ in speaking if public_event or p.shipment.replaced_by is None]) > 1
    rows = [
        (said, replace(line, text=f"{line.text} · {p.shipment.shown_code}") if several else line, p)
        for p, public_event, lines in speaking
        for said, line in zip(public_event, lines, strict=True)
    ]
    # A stable sort: events of one package at the same instant keep their order.
    return tuple(sorted(rows, key=lambda row: row[0].event.occurred_at))


def _line(public_event: PublicEvent, zone: tzinfo, words: Catalogue) -> HistoryLine:
    event = public_event.event
    local = event.occurred_at.astimezone(zone)
    return HistoryLine(
        date=f"{local:%Y-%m-%d}",
        time=f"{local:%H:%M}",
        city=city_of(event.place),
        state=tidy(event.place.state),
        text=_text(public_event, words),
    )


def _text(public_event: PublicEvent, words: Catalogue) -> str:
    event = public_event.event
    theirs, unit = public_text(event), place_name(event.place.unit)
    detail = "" if event.source is Source.OPERATOR else tidy(event.detail)
    if public_event.undoes_delivery:
        # Why an operator reopened it is internal to the store; the carrier's text is public.
        detail = (theirs or detail) if event.source is Source.CARRIER else ""
        said = words.correction.in_history
    else:
        status = event.status or Status.UNKNOWN
        said = theirs or words.words[status, None].label
    return said + (f" ({detail})" if detail else "") + (f" · {unit}" if unit else "")
