"""In: a telling; out: the request that tells a marketplace's connector, as VTEX itself does for its sellers. Pure.

Contract: facts/vtex section 4a. Invoice and tracking number are one call, sent again with more; every parameter is
there, null while it is not known. An order may have several invoices, each with its own items and value.
"""

from datetime import UTC

import msgspec

from paradeiro.domain.records import Telling
from paradeiro.sdk.carriers import carrier_name
from paradeiro.sdk.history import told_address, told_delivery, told_number
from paradeiro.sdk.items import told_items
from paradeiro.sdk.speech.moments import zone_of

_NO_ITEMS = (
    "the marketplace takes a delivery only with the package's items, and neither its invoice nor its order names them; "
    "give them with the package (invoice.items) or the order (items)"
)
_NO_DATE = "the marketplace takes a delivery only with its date, which nobody knows"


class _Item(msgspec.Struct):
    id: str
    quantity: int
    price: int


class Invoice(msgspec.Struct, rename="camel"):
    type: str
    invoice_number: str
    courier: str | None
    tracking_number: str | None
    tracking_url: str | None
    items: list[_Item]
    issuance_date: str | None
    invoice_value: int | None


class _Handed(msgspec.Struct):
    id: str
    quantity: int


class Delivered(msgspec.Struct, rename="camel"):
    items: list[_Handed]
    delivered_date: str


def delivered(telling: Telling) -> tuple[Delivered, str]:
    """That this package's items are delivered; the rest of the order may still be on its way. And why it cannot be
    told: items and date are both required, at least one item (facts/vtex, section 4d).
    """
    at = told_delivery(telling, zone_of(telling.store_zone))
    items = [_Handed(item.id, item.quantity) for item in told_items(telling) if item.id and item.quantity > 0]
    unfit = "" if items else _NO_ITEMS
    return Delivered(items, at.isoformat() if at else ""), unfit if at else _NO_DATE


def invoice(telling: Telling, *, tracked: bool) -> Invoice:
    """The body; with the package's number and carrier only when they are what is told."""
    told = telling.shipment.invoice
    value = told.value or sum(item.price * item.quantity for item in told.items)
    return Invoice(
        type="Output",
        invoice_number=told.number,
        courier=(carrier_name(telling) or None) if tracked else None,
        tracking_number=told_number(telling) if tracked else None,
        tracking_url=(told_address(telling) or None) if tracked else None,
        items=[_Item(item.id, item.quantity, item.price) for item in told_items(telling)],
        issuance_date=told.issued_at.astimezone(UTC).isoformat() if told.issued_at else None,
        invoice_value=value or None,
    )
