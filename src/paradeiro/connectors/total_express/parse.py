"""In: the bytes of an answer or a lot of Total Express, and the account's settings; out: each parcel's events. Pure."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from paradeiro.connectors.total_express.codes import meaning_of
from paradeiro.connectors.total_express.parcels import NoParcelsError, Parcel, Step, parcels_of
from paradeiro.domain.following.timeline import sort_events, unknown_codes
from paradeiro.domain.following.tracking_codes import tidy_code
from paradeiro.domain.orders.identifiers import Identifier, invoice, order_number, tracking_code
from paradeiro.domain.records import ParsedAnswer, TrackingEvent
from paradeiro.domain.words import Outcome, Status
from paradeiro.sdk.carriers.brazilian_times import read_estimate, read_event_time

_DAY = len("2026-03-12")


def parse_with(body: bytes, settings: Mapping[str, str]) -> list[ParsedAnswer]:
    """One `ParsedAnswer` per parcel; the house knows whom it asked about. Never raises, whatever the bytes are."""
    try:
        parcels = _joined(parcels_of(body))
        # How many parcels each order has here. Where one has not set out, the order is not delivered with the others.
        counts = Counter(each.order for each in parcels)
        waiting = {each.order for each in parcels if each.order and not each.steps}
        return [
            _parsed(each, settings.get("cnpj") or "", alone=counts[each.order] == 1, whole=each.order not in waiting)
            for each in parcels
        ]
    except NoParcelsError as error:
        return [ParsedAnswer("", error.outcome, message=str(error))]


def _joined(parcels: list[Parcel]) -> list[Parcel]:
    """The parcels, each once: a parcel may stand in several lots."""
    by_name: dict[tuple[str, str], Parcel] = {}
    for each in parcels:
        name = (tidy_code(each.awb), each.order)
        known = by_name.get(name)
        by_name[name] = known._replace(steps=[*known.steps, *each.steps]) if known else each
    return list(by_name.values())


def _parsed(parcel: Parcel, sender: str, *, alone: bool, whole: bool) -> ParsedAnswer:
    names = _names(parcel, sender)
    try:
        events = sort_events(_event(step, parcel, whole=whole) for step in parcel.steps)
    except NoParcelsError as error:
        return ParsedAnswer("", error.outcome, message=str(error), identifiers=names)
    # Without statuses it is only announced; its number may be news all the same.
    return ParsedAnswer(
        "",
        Outcome.FOUND,
        events,
        _estimate(parcel),
        message="" if events else "announced; nothing has happened yet",
        unknown_codes=unknown_codes(events),
        identifiers=names,
        carrier_code=parcel.awb if alone else "",
    )


def _names(parcel: Parcel, sender: str) -> tuple[Identifier, ...]:
    """All that names a parcel. An invoice is one only with its sender's number, and with its series."""
    numbered = sender and parcel.series and parcel.invoice
    found = (
        tracking_code(parcel.awb),
        invoice(sender, parcel.series, parcel.invoice) if numbered else None,
        order_number(parcel.order),
    )
    return tuple(each for each in found if each is not None)


def _event(step: Step, parcel: Parcel, *, whole: bool) -> TrackingEvent:
    """One event. Raises `NoParcelsError` when its time cannot be read: an event needs an instant."""
    at = read_event_time(step.time)
    if at is None:
        raise NoParcelsError(Outcome.MALFORMED, f"the time of a status cannot be read: {step.time[:60]!r}")
    meaning = meaning_of(step.code, step.words)
    counts = whole or meaning.status is not Status.DELIVERED
    return TrackingEvent(
        occurred_at=at.at,
        code=step.code,
        status=meaning.status if counts else None,
        reason=meaning.reason,
        description=step.words or meaning.words,
        zone_assumed=at.zone_assumed,
        day_only=at.day_only,
        # Each volume of an order has an AWB; always named, since a further one may be told of later.
        volume=tidy_code(parcel.awb),
    )


def _estimate(parcel: Parcel) -> datetime | None:
    """The end of the day expected now, else of the day expected at first."""
    days = (read_estimate(written[:_DAY]) for written in parcel.promised)
    return next((day for day in days if day is not None), None)
