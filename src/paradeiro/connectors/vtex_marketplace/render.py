"""In: a telling; out: the request that tells a VTEX marketplace, in the protocol of an external seller. Pure.

Contract: facts/vtex section 4b and openapi-external-seller-marketplace.json. No field there may be null, so what is not
known is an empty text, or is left out where the contract lets it and an empty text would be no value (dates, cents).
With `protocol=connector` invoice and number go as VTEX tells them to a marketplace's connector (pub.py).
"""

from collections.abc import Mapping
from datetime import UTC
from urllib.parse import quote

import msgspec

from paradeiro.connectors.vtex_marketplace import pub
from paradeiro.domain.records import Item, Telling
from paradeiro.domain.words import EffectKind
from paradeiro.sdk.contract import Request
from paradeiro.sdk.history import Line, told_lines
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
    order = f"/{who}/orders/{segment(telling.order.marketplace_number or '')}/invoice"
    invoice = f"{order}/{segment(telling.shipment.invoice.number)}"
    match telling.kind:
        case EffectKind.MARKETPLACE_INVOICE if by_connector:
            return _post(order, pub.invoice(telling, tracked=False))
        case EffectKind.MARKETPLACE_TRACKING_NUMBER if by_connector:
            return _post(order, pub.invoice(telling, tracked=True))
        case EffectKind.MARKETPLACE_INVOICE:
            return _post(order, _invoice(telling))
        case EffectKind.MARKETPLACE_TRACKING_NUMBER:
            return _post(invoice, _tracking_number(telling))
        case EffectKind.MARKETPLACE_UPDATE:
            return _post(f"{invoice}/tracking", _status(telling))
        case _:
            raise ValueError(f"a VTEX marketplace is never told a {telling.kind}")


def segment(text: str) -> str:
    """A text as one segment of a path, which it can neither leave nor end."""
    return {".": "%2E", "..": "%2E%2E"}.get(text) or quote(text, safe="")


def _post(path: str, body: msgspec.Struct) -> Request:
    return Request("POST", path, _HEADERS, msgspec.json.encode(body))


def _invoice(telling: Telling) -> _Invoice:
    invoice = telling.shipment.invoice
    value = invoice.value or sum(item.price * item.quantity for item in invoice.items)
    return _Invoice(
        type="Output",
        invoice_number=invoice.number,
        items=[_item(item) for item in invoice.items],
        courier=_courier(telling),
        tracking_number=telling.shipment.tracking_code,
        tracking_url=_tracking_url(telling),
        issuance_date=invoice.issued_at.astimezone(UTC).isoformat() if invoice.issued_at else msgspec.UNSET,
        invoice_value=value or msgspec.UNSET,
    )


def _item(item: Item) -> _Item:
    return _Item(id=item.id, quantity=item.quantity, price=item.price)


def _tracking_number(telling: Telling) -> _TrackingNumber:
    dispatched = telling.timeline.snapshot.accepted_at or telling.shipment.registered_at
    zone = zone_of(telling.store_zone)
    return _TrackingNumber(
        courier=_courier(telling),
        tracking_number=telling.shipment.tracking_code,
        tracking_url=_tracking_url(telling),
        dispatched_date=f"{dispatched.astimezone(zone):%Y-%m-%d}",  # the contract's example is a day
    )


def _courier(telling: Telling) -> str:
    return telling.shipment.invoice.courier or telling.shipment.carrier.replace("_", " ").title()


def _tracking_url(telling: Telling) -> str:
    return telling.shipment.invoice.tracking_url or telling.tracking_link


def _status(telling: Telling) -> _TrackingStatus:
    lines = told_lines(telling.timeline, zone_of(telling.store_zone), catalogue_for(telling.order.customer.locale))
    return _TrackingStatus(
        is_delivered=telling.timeline.snapshot.delivered,
        events=[_event(line) for line in lines],
    )


def _event(line: Line) -> _Event:
    """The protocol takes days only, so the hour is said in the text."""
    description = f"{line.time} — {line.text}"
    if len(description) > LONGEST_DESCRIPTION:
        description = description[: LONGEST_DESCRIPTION - 1] + "…"
    return _Event(city=line.city, state=line.state, description=description, date=line.date)
