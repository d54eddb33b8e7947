"""In: a telling; out: the request that tells a VTEX marketplace, in the protocol of an external seller. Pure.

Contract: facts/vtex section 4b and openapi-external-seller-marketplace.json. No field there may be null, so what is not
known is an empty text, or is left out where the contract lets it and an empty text would be no value (dates, cents).
With `protocol=connector` invoice and number go as VTEX tells them to a marketplace's connector (pub.py).
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC
from urllib.parse import quote

import msgspec

from paradeiro.connectors.vtex_marketplace import pub
from paradeiro.domain.records import Item, Telling
from paradeiro.domain.words import EffectKind, Status
from paradeiro.sdk.carriers import carrier_name
from paradeiro.sdk.contract import Request
from paradeiro.sdk.history import dispatched_at, told_address, told_delivered, told_delivery, told_history, told_number
from paradeiro.sdk.items import told_items
from paradeiro.sdk.speech import catalogue_for
from paradeiro.sdk.speech.moments import zone_of

CONNECTOR_PROTOCOL = "connector"  # of the setting `protocol`: facts/vtex, section 4a
LONGEST_DESCRIPTION = 5000  # of VTEX's own order system, which these texts end up in
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


def render(telling: Telling, settings: Mapping[str, str]) -> Request:
    """One POST per effect. Raises ValueError for an effect that a marketplace is never told."""
    by_connector = settings.get("protocol", "").strip().lower() == CONNECTOR_PROTOCOL
    who = "pub" if by_connector else "pvt"
    order = f"/{who}/orders/{segment(telling.order.marketplace_number or '')}"
    invoice = f"{order}/invoice/{segment(telling.shipment.invoice.number)}"
    unfit = ""
    match telling.kind:
        case EffectKind.MARKETPLACE_INVOICE:
            told: tuple[str, msgspec.Struct] = f"{order}/invoice", _invoice(telling, by_connector=by_connector)
        case EffectKind.MARKETPLACE_TRACKING_NUMBER if by_connector:
            told = f"{order}/invoice", pub.invoice(telling, tracked=True)
        case EffectKind.MARKETPLACE_TRACKING_NUMBER:
            told = invoice, _tracking_number(telling)
        case EffectKind.MARKETPLACE_OPENING:
            told = f"{invoice}/tracking", _opening(telling)
        case EffectKind.MARKETPLACE_UPDATE if by_connector and _confirms_apart(telling, settings):
            delivered, unfit = pub.delivered(telling)
            told = f"{order}/delivered", delivered
        case EffectKind.MARKETPLACE_UPDATE:
            told = f"{invoice}/tracking", _status(telling)
        case _:
            raise ValueError(f"a VTEX marketplace is never told a {telling.kind}")
    path, body = told
    return Request("POST", path, _HEADERS, msgspec.json.encode(body), unfit=unfit)


def segment(text: str) -> str:
    """A text as one segment of a path, which it can neither leave nor end."""
    return {".": "%2E", "..": "%2E%2E"}.get(text) or quote(text, safe="")


def _invoice(telling: Telling, *, by_connector: bool) -> msgspec.Struct:
    if by_connector:
        return pub.invoice(telling, tracked=False)
    invoice = telling.shipment.invoice
    value = invoice.value or sum(item.price * item.quantity for item in invoice.items)
    return _Invoice(
        type="Output",
        invoice_number=invoice.number,
        items=[_item(item) for item in told_items(telling)],
        courier=carrier_name(telling),
        tracking_number=told_number(telling),
        tracking_url=told_address(telling),
        issuance_date=invoice.issued_at.astimezone(UTC).isoformat() if invoice.issued_at else msgspec.UNSET,
        invoice_value=value or msgspec.UNSET,
    )


def _item(item: Item) -> _Item:
    return _Item(id=item.id, quantity=item.quantity, price=item.price)


def _tracking_number(telling: Telling) -> _TrackingNumber:
    dispatched = dispatched_at(telling.shipment, telling.timeline)
    zone = zone_of(telling.store_zone)
    return _TrackingNumber(
        courier=carrier_name(telling),
        tracking_number=told_number(telling),
        tracking_url=told_address(telling),
        dispatched_date=f"{dispatched.astimezone(zone):%Y-%m-%d}",  # the contract's example is a day
    )


def _status(telling: Telling) -> _TrackingStatus:
    return _TrackingStatus(is_delivered=told_delivered(telling), events=list(_events(telling)))


def _opening(telling: Telling) -> _TrackingStatus:
    """That it is on its way: what happened but for deliveries; if nothing else is known, that it was handed over."""
    before = list(_events(telling, deliveries=False))
    if not before:
        handed_over = dispatched_at(telling.shipment, telling.timeline).astimezone(zone_of(telling.store_zone))
        label = catalogue_for(telling.order.customer.locale).words[Status.ACCEPTED, None].label
        before = [_Event("", "", label, f"{handed_over:%Y-%m-%d}")]
    return _TrackingStatus(is_delivered=False, events=before)


def _events(telling: Telling, *, deliveries: bool = True) -> Iterator[_Event]:
    """The protocol takes days only, so the hour is said in the text; the day too, where the channel wants another."""
    zone = zone_of(telling.store_zone)
    words = catalogue_for(telling.order.customer.locale)
    for said, line, package in told_history(telling, zone, words):
        delivery = told_delivery(replace(telling, packages=(replace(package, counts=True),)), zone)
        date, text = line.date, f"{line.time} — {line.text}"
        if said.event.status is Status.DELIVERED:
            if not deliveries:
                continue
            if delivery is not None and f"{delivery:%Y-%m-%d}" > date:
                date, text = f"{delivery:%Y-%m-%d}", f"{line.date} {text}"
        if len(text) > LONGEST_DESCRIPTION:
            text = text[: LONGEST_DESCRIPTION - 1] + "…"
        yield _Event(city=line.city, state=line.state, description=text, date=date)


def _confirms_apart(telling: Telling, settings: Mapping[str, str]) -> bool:
    """Whether this marketplace takes deliveries by a call of their own (facts/vtex, section 4d: Fast Shop)."""
    apart = settings.get("deliveries", "").strip().lower() == "apart"
    return apart and told_delivered(telling)
