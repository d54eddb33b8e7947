"""In: a message; out: the request to a marketplace's connector, as VTEX itself sends it for its sellers. Pure.

Contract: facts/vtex section 4a. Invoice and tracking number are one call, sent again with more; every parameter is
present, null while unknown. An order may have several invoices, each with its own items and value.
"""

from datetime import UTC

import msgspec

from paradeiro.domain.records import Message
from paradeiro.sdk.carrier_name import carrier_name
from paradeiro.sdk.items import package_items
from paradeiro.sdk.public_history import reported_delivery_at, reported_tracking_number, reported_tracking_url
from paradeiro.sdk.wording.times import zone_of

_NO_ITEMS = (
    "the marketplace takes a delivery only with the package's items, and neither its invoice nor its order names them; "
    "give them with the package (invoice.items) or the order (items)"
)
_NO_DATE = "the marketplace takes a delivery only with its date, which nobody knows"


class _Item(msgspec.Struct):
    id: str
    quantity: int
    price: int


class InvoiceBody(msgspec.Struct, rename="camel"):
    type: str
    invoice_number: str
    courier: str | None
    tracking_number: str | None
    tracking_url: str | None
    items: list[_Item]
    issuance_date: str | None
    invoice_value: int | None


class _HandedOver(msgspec.Struct):
    id: str
    quantity: int


class DeliveryBody(msgspec.Struct, rename="camel"):
    items: list[_HandedOver]
    delivered_date: str


def delivery_body(message: Message) -> tuple[DeliveryBody, str]:
    """That this package's items are delivered; the rest of the order may still be on its way. And why it cannot be
    sent: items and date are both required, at least one item (facts/vtex, section 4d).
    """
    at = reported_delivery_at(message, zone_of(message.store_zone))
    items = [_HandedOver(item.id, item.quantity) for item in package_items(message) if item.id and item.quantity > 0]
    unfit = "" if items else _NO_ITEMS
    return DeliveryBody(items, at.isoformat() if at else ""), unfit if at else _NO_DATE


def invoice_body(message: Message, *, tracked: bool) -> InvoiceBody:
    """The body; with the package's number and carrier only when those are sent."""
    told = message.shipment.invoice
    value = told.value or sum(item.price * item.quantity for item in told.items)
    return InvoiceBody(
        type="Output",
        invoice_number=told.number,
        courier=(carrier_name(message) or None) if tracked else None,
        tracking_number=reported_tracking_number(message) if tracked else None,
        tracking_url=(reported_tracking_url(message) or None) if tracked else None,
        items=[_Item(item.id, item.quantity, item.price) for item in package_items(message)],
        issuance_date=told.issued_at.astimezone(UTC).isoformat() if told.issued_at else None,
        invoice_value=value or None,
    )
