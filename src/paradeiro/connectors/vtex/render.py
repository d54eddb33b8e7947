"""In: a message; out: the request that writes it on the VTEX order. Pure.

Contract: facts/vtex sections 2.4 (PATCH, tracking number) and 2.5 (PUT, tracking status with the whole history).
"""

from collections.abc import Mapping
from datetime import UTC, tzinfo
from urllib.parse import quote

import msgspec

from paradeiro.domain.records import Message
from paradeiro.domain.words import EffectKind, Status
from paradeiro.sdk.carrier_name import carrier_name
from paradeiro.sdk.contract import Request
from paradeiro.sdk.public_history import (
    HistoryLine,
    dispatched_at,
    public_history,
    reported_delivery_at,
    reported_tracking_number,
    reported_tracking_url,
    reports_delivery,
)
from paradeiro.sdk.wording import catalogue_for
from paradeiro.sdk.wording.times import zone_of

LONGEST_DESCRIPTION = 5000  # documented until 2022; longer texts were refused
_HEADERS = (("Content-Type", "application/json"), ("Accept", "application/json"))


class _TrackingNumber(msgspec.Struct, rename="camel"):
    tracking_number: str
    tracking_url: str | None
    dispatched_date: str
    courier: str | None


class _Event(msgspec.Struct):
    city: str
    state: str
    description: str
    date: str


class _TrackingStatus(msgspec.Struct, rename="camel"):
    is_delivered: bool
    delivered_date: str | None
    events: list[_Event]


def render(message: Message, settings: Mapping[str, str]) -> Request:
    """PATCH for a tracking number, PUT for the history. Raises ValueError for an effect that is never sent to VTEX."""
    order, invoice = segment(message.order.number), segment(message.shipment.invoice.number)
    path = f"/api/oms/pvt/orders/{order}/invoice/{invoice}"
    match message.kind:
        case EffectKind.TRACKING_NUMBER:
            return Request("PATCH", path, _HEADERS, msgspec.json.encode(_tracking_number(message)))
        case EffectKind.ORDER_OPENING:
            zone = zone_of(settings.get("time_zone", ""), message.store_zone)
            return Request("PUT", f"{path}/tracking", _HEADERS, msgspec.json.encode(_opening(message, zone)))
        case EffectKind.ORDER_UPDATE:
            zone = zone_of(settings.get("time_zone", ""), message.store_zone)
            return Request("PUT", f"{path}/tracking", _HEADERS, msgspec.json.encode(_status(message, zone)))
        case _:
            raise ValueError(f"VTEX's order system is never told a {message.kind}")


def segment(text: str) -> str:
    """A text as one segment of a path. VTEX itself fails on invoice numbers with special characters (known issues
    409225, 631970, 1302085), escaped or not; escaping at least prevents them from naming another order.
    """
    return {".": "%2E", "..": "%2E%2E"}.get(text) or quote(text, safe="")


def _tracking_number(message: Message) -> _TrackingNumber:
    shipment = message.shipment
    dispatched = dispatched_at(shipment, message.timeline)
    return _TrackingNumber(
        tracking_number=reported_tracking_number(message),
        # Number and address must both be set, or VTEX sends none of its own mails (facts/vtex, section 5).
        tracking_url=reported_tracking_url(message) or None,
        dispatched_date=dispatched.astimezone(UTC).isoformat(),
        courier=carrier_name(message) or None,
    )


def _status(message: Message, zone: tzinfo) -> _TrackingStatus:
    """Of the whole invoice: VTEX stores one history for it, however many packages it has."""
    delivered_at = reported_delivery_at(message, zone)
    rows = public_history(message, zone, catalogue_for(message.order.customer.locale))
    return _TrackingStatus(
        is_delivered=reports_delivery(message),
        delivered_date=f"{delivered_at:%Y-%m-%d %H:%M}" if delivered_at else None,
        events=[_event(line) for _, line, _ in rows],
    )


def _opening(message: Message, zone: tzinfo) -> _TrackingStatus:
    """One line that the history does not have, so that the history which follows differs from it: only a second,
    different PUT makes VTEX mail (known issue of 2021, facts/vtex, section 5).
    """
    label = catalogue_for(message.order.customer.locale).words[Status.REGISTERED, None].label
    day = f"{message.shipment.registered_at.astimezone(zone):%Y-%m-%d}"
    return _TrackingStatus(is_delivered=False, delivered_date=None, events=[_Event("", "", label, day)])


def _event(line: HistoryLine) -> _Event:
    """VTEX stores the day only, so the text contains the time."""
    description = f"{line.time} — {line.text}"
    if len(description) > LONGEST_DESCRIPTION:
        description = description[: LONGEST_DESCRIPTION - 1] + "…"
    return _Event(city=line.city, state=line.state, description=description, date=line.date)
