"""In: a message; out: the request to a VTEX marketplace, in the protocol of an external seller. Pure.

Contract: facts/vtex section 4b and openapi-external-seller-marketplace.json. No field there may be null, so an unknown
value is an empty text, or is left out where the contract allows it and an empty text would be invalid (dates, cents).
With `protocol=connector` invoice and number go as VTEX sends them to a marketplace's connector (pub.py).
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC
from urllib.parse import quote

import msgspec

from paradeiro.connectors.vtex_marketplace import pub
from paradeiro.domain.records import Item, Message
from paradeiro.domain.words import EffectKind, Status
from paradeiro.sdk.carrier_name import carrier_name
from paradeiro.sdk.contract import Request
from paradeiro.sdk.items import package_items
from paradeiro.sdk.public_history import (
    dispatched_at,
    public_history,
    reported_delivery_at,
    reported_tracking_number,
    reported_tracking_url,
    reports_delivery,
)
from paradeiro.sdk.wording import catalogue_for
from paradeiro.sdk.wording.times import zone_of

CONNECTOR_PROTOCOL = "connector"  # of the setting `protocol`: facts/vtex, section 4a
LONGEST_DESCRIPTION = 5000  # of VTEX's own order system, which stores these texts
_HEADERS = (("Content-Type", "application/json"), ("Accept", "application/json"))


class _Item(msgspec.Struct):
    id: str
    quantity: int
    price: int


class _Invoice(msgspec.Struct, rename="camel", omit_defaults=True):
    type: str
    invoice_number: str
    items: list[_Item]
    courier: str
    tracking_number: str
    tracking_url: str
    issuance_date: str | msgspec.UnsetType = msgspec.UNSET
    invoice_value: int | msgspec.UnsetType = msgspec.UNSET


class _TrackingNumber(msgspec.Struct, rename="camel"):
    courier: str
    tracking_number: str
    tracking_url: str
    dispatched_date: str


class _Event(msgspec.Struct):
    city: str
    state: str
    description: str
    date: str


class _TrackingStatus(msgspec.Struct, rename="camel"):
    is_delivered: bool
    events: list[_Event]


def render(message: Message, settings: Mapping[str, str]) -> Request:
    """One POST per effect. Raises ValueError for an effect that is never sent to a marketplace."""
    by_connector = settings.get("protocol", "").strip().lower() == CONNECTOR_PROTOCOL
    who = "pub" if by_connector else "pvt"
    order = f"/{who}/orders/{segment(message.order.marketplace_number or '')}"
    invoice = f"{order}/invoice/{segment(message.shipment.invoice.number)}"
    unfit = ""
    match message.kind:
        case EffectKind.MARKETPLACE_INVOICE:
            told: tuple[str, msgspec.Struct] = f"{order}/invoice", _invoice(message, by_connector=by_connector)
        case EffectKind.MARKETPLACE_TRACKING_NUMBER if by_connector:
            told = f"{order}/invoice", pub.invoice_body(message, tracked=True)
        case EffectKind.MARKETPLACE_TRACKING_NUMBER:
            told = invoice, _tracking_number(message)
        case EffectKind.MARKETPLACE_OPENING:
            told = f"{invoice}/tracking", _opening(message)
        case EffectKind.MARKETPLACE_UPDATE if by_connector and _has_delivery_call(message, settings):
            delivered, unfit = pub.delivery_body(message)
            told = f"{order}/delivered", delivered
        case EffectKind.MARKETPLACE_UPDATE:
            told = f"{invoice}/tracking", _status(message)
        case _:
            raise ValueError(f"a VTEX marketplace is never told a {message.kind}")
    path, body = told
    return Request("POST", path, _HEADERS, msgspec.json.encode(body), unfit=unfit)


def segment(text: str) -> str:
    """A text as one segment of a path, which it can neither leave nor end."""
    return {".": "%2E", "..": "%2E%2E"}.get(text) or quote(text, safe="")


def _invoice(message: Message, *, by_connector: bool) -> msgspec.Struct:
    if by_connector:
        return pub.invoice_body(message, tracked=False)
    invoice = message.shipment.invoice
    value = invoice.value or sum(item.price * item.quantity for item in invoice.items)
    return _Invoice(
        type="Output",
        invoice_number=invoice.number,
        items=[_item(item) for item in package_items(message)],
        courier=carrier_name(message),
        tracking_number=reported_tracking_number(message),
        tracking_url=reported_tracking_url(message),
        issuance_date=invoice.issued_at.astimezone(UTC).isoformat() if invoice.issued_at else msgspec.UNSET,
        invoice_value=value or msgspec.UNSET,
    )


def _item(item: Item) -> _Item:
    return _Item(id=item.id, quantity=item.quantity, price=item.price)


def _tracking_number(message: Message) -> _TrackingNumber:
    dispatched = dispatched_at(message.shipment, message.timeline)
    zone = zone_of(message.store_zone)
    return _TrackingNumber(
        courier=carrier_name(message),
        tracking_number=reported_tracking_number(message),
        tracking_url=reported_tracking_url(message),
        dispatched_date=f"{dispatched.astimezone(zone):%Y-%m-%d}",  # the contract's example is a day
    )


def _status(message: Message) -> _TrackingStatus:
    return _TrackingStatus(is_delivered=reports_delivery(message), events=list(_events(message)))


def _opening(message: Message) -> _TrackingStatus:
    """The package is on its way: its events without deliveries; without any other event, its handover."""
    before = list(_events(message, deliveries=False))
    if not before:
        handed_over = dispatched_at(message.shipment, message.timeline).astimezone(zone_of(message.store_zone))
        label = catalogue_for(message.order.customer.locale).words[Status.ACCEPTED, None].label
        before = [_Event("", "", label, f"{handed_over:%Y-%m-%d}")]
    return _TrackingStatus(is_delivered=False, events=before)


def _events(message: Message, *, deliveries: bool = True) -> Iterator[_Event]:
    """The protocol takes days only, so the text contains the time; the day too, where the channel wants another."""
    zone = zone_of(message.store_zone)
    words = catalogue_for(message.order.customer.locale)
    for said, line, package in public_history(message, zone, words):
        delivery = reported_delivery_at(replace(message, packages=(replace(package, counts=True),)), zone)
        date, text = line.date, f"{line.time} — {line.text}"
        if said.event.status is Status.DELIVERED:
            if not deliveries:
                continue
            if delivery is not None and f"{delivery:%Y-%m-%d}" > date:
                date, text = f"{delivery:%Y-%m-%d}", f"{line.date} {text}"
        if len(text) > LONGEST_DESCRIPTION:
            text = text[: LONGEST_DESCRIPTION - 1] + "…"
        yield _Event(city=line.city, state=line.state, description=text, date=date)


def _has_delivery_call(message: Message, settings: Mapping[str, str]) -> bool:
    """Whether this marketplace takes deliveries by a separate call (facts/vtex, section 4d: Fast Shop)."""
    apart = settings.get("deliveries", "").strip().lower() == "apart"
    return apart and reports_delivery(message)
