"""In: the bytes of an answer or a lot of Total Express, and the account's settings; out: each parcel's events. Pure."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from paradeiro.connectors.total_express.codes import meaning_of
from paradeiro.connectors.total_express.parcels import NoParcelsError, Parcel, Step, parcels_of
from paradeiro.domain.bounds import in_bounds
from paradeiro.domain.days import end_of_estimate
from paradeiro.domain.following.timeline import sort_events
from paradeiro.domain.following.tracking_codes import tidy_code
from paradeiro.domain.orders.identifiers import Identifier, invoice, order_number, tracking_code
from paradeiro.domain.records import ParsedAnswer, TrackingEvent
from paradeiro.domain.words import Outcome, Status

# Local time without offset.
ZONE = ZoneInfo("America/Sao_Paulo")
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
    unknown = tuple(sorted({event.code for event in events if event.status is Status.UNKNOWN}))
    # Without statuses it is only announced; its number may be news all the same.
    return ParsedAnswer(
        "",
        Outcome.FOUND,
        events,
        _estimate(parcel),
        message="" if events else "announced; nothing has happened yet",
        unknown_codes=unknown,
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
    instant = _instant(step.time)
    if instant is None:
        raise NoParcelsError(Outcome.MALFORMED, f"the time of a status cannot be read: {step.time[:60]!r}")
    meaning = meaning_of(step.code, step.words)
    counts = whole or meaning.status is not Status.DELIVERED
    day_only = len(step.time) <= _DAY
    return TrackingEvent(
        occurred_at=instant[0].replace(hour=12) if day_only else instant[0],
        code=step.code,
        status=meaning.status if counts else None,
        reason=meaning.reason,
        description=step.words or meaning.words,
        zone_assumed=instant[1],
        day_only=day_only,
        # Each volume of an order has an AWB; always named, since a further one may be told of later.
        volume=tidy_code(parcel.awb),
    )


def _instant(written: str) -> tuple[datetime, bool] | None:
    """An instant, and whether its zone was assumed."""
    try:
        at = datetime.fromisoformat(written)
    except ValueError:
        return None
    aware = at if at.tzinfo else at.replace(tzinfo=ZONE)
    return (aware, at.tzinfo is None) if in_bounds(aware) else None


def _estimate(parcel: Parcel) -> datetime | None:
    """The end of the day expected now, else of the day expected at first."""
    days = [found[0] for written in parcel.promised if (found := _instant(written[:_DAY])) is not None]
    return end_of_estimate(days[0]) if days else None
