"""In: the JSON of one VTEX order; out: our Order, or an `OrderProblemError`. Pure.

Contract: facts/vtex, openapi-orders.json, GET /api/oms/pvt/orders/{orderId}. Only the fields that we need are typed,
and each is optional: VTEX adds fields, and leaves out what an order does not have yet.
"""

from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec

from paradeiro.domain.bounds import bounded_amount, bounded_order, is_placeholder_date, number_problem, strict_json
from paradeiro.domain.days import end_of_estimate
from paradeiro.domain.records import Customer, Invoice, Item, Order

_OUTPUT = "output"
_FOB = "vtex:fob_"


class OrderProblemError(ValueError):
    """The body is not a valid order. Its text says why."""


class _Client(msgspec.Struct, rename="camel"):
    email: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    corporate_name: str | None = None
    is_corporate: bool | None = None


class _Preferences(msgspec.Struct):
    locale: str | None = None


class _Indexed(msgspec.Struct, rename="camel"):
    item_index: int | msgspec.UnsetType | None = msgspec.UNSET


class _Logistics(_Indexed, rename="camel"):
    selected_sla: str | None = None
    delivery_company: str | None = None
    delivery_channel: str | None = None
    shipping_estimate_date: str | None = None


class _Address(msgspec.Struct, rename="camel"):
    postal_code: str | int | None = None


class _Shipping(msgspec.Struct, rename="camel"):
    address: _Address | None = None
    logistics_info: list[_Logistics] | None = None


_Line = TypeVar("_Line", bound=_Indexed)


class _OrderItem(msgspec.Struct, rename="camel"):
    id: str | int | None = None
    unique_id: str | int | None = None
    name: str | None = None
    quantity: float | str | None = None
    price: float | str | None = None


class _PackageItem(_Indexed, rename="camel"):
    quantity: float | str | None = None
    price: float | str | None = None
    description: str | None = None


class _CourierStatus(msgspec.Struct, rename="camel"):
    finished: bool | None = None


class _Package(msgspec.Struct, rename="camel"):
    items: list[_PackageItem] | None = None
    courier: str | None = None
    invoice_number: str | int | None = None
    invoice_value: float | str | None = None
    invoice_url: str | None = None
    invoice_key: str | None = None
    issuance_date: str | None = None
    tracking_number: str | None = None
    tracking_url: str | None = None
    type: str | None = None
    courier_status: _CourierStatus | None = None


class _Attachment(msgspec.Struct):
    packages: list[_Package] | None = None


class _Seller(msgspec.Struct):
    id: str | int | None = None
    name: str | None = None


class _Order(msgspec.Struct, rename="camel"):
    order_id: str
    origin: str | None = None
    sellers: list[_Seller] | None = None
    affiliate_id: str | None = None
    marketplace_order_id: str | None = None
    creation_date: str | None = None
    client_profile_data: _Client | None = None
    client_preferences_data: _Preferences | None = None
    shipping_data: _Shipping | None = None
    items: list[_OrderItem] | None = None
    package_attachment: _Attachment | None = None


def parse_order(body: bytes) -> Order:
    """Read one order. Raises `OrderProblemError` for anything else."""
    try:
        read: _Order = decode(body, _Order)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise OrderProblemError(f"it is not the JSON of an order: {error}") from error
    if not read.order_id.strip():
        raise OrderProblemError("it has no orderId")
    problem = number_problem(read.order_id)
    if problem:
        raise OrderProblemError(f"its orderId cannot be kept: {problem}")
    return bounded_order(_order(read))


def decode(body: bytes, kind: Any) -> Any:
    """The body as `kind`. A lone surrogate, or a price of 1e999, is valid JSON: neither makes the whole answer
    unreadable.
    """
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.MsgspecError:
        try:
            mended = strict_json(body)
        except (ValueError, RecursionError):
            mended = body
        return msgspec.json.decode(mended, type=kind)


def _order(read: _Order) -> Order:
    channel = _text(read.affiliate_id)
    return Order(
        number=read.order_id,
        customer=_customer(read),
        channel=channel,
        marketplace_number=_text(read.marketplace_order_id) if channel else None,
        ordered_at=_instant(read.creation_date, "creationDate"),
        promised_at=_promised_at(read.shipping_data),
        invoices=tuple(_invoice(p, read) for p in _sale_packages(read.package_attachment)),
        shipped_by=_foreign_seller(read) or _marketplace(read.shipping_data, channel),
        items=tuple(_order_line(item) for item in read.items or []),
    )


def mark_shipped_by_channel(order: Order, shipped_by_channel: AbstractSet[str]) -> Order:
    """The order, marked if its marketplace ships it itself (Mercado Livre's ME2, Amazon's FBA): an order does not show
    that, so the account's setting names such channels.
    """
    mine = (order.channel or "").upper() not in shipped_by_channel
    return order if mine else replace(order, shipped_by=f"channel {order.channel}")


def _foreign_seller(read: _Order) -> str:
    """The seller that fulfils the order in an account of its own; empty for our own orders. The invoice of such an
    order, and all news of it, belong to that account (facts/vtex, section 2.3). Seller "1" is the store itself.
    """
    sellers = [s for s in read.sellers or [] if s.id is not None]
    if (read.origin or "").lower() != "marketplace" or not sellers or any(str(s.id) == "1" for s in sellers):
        return ""
    return f"seller {_text(sellers[0].name) or sellers[0].id}"


def _marketplace(shipping: _Shipping | None, channel: str | None) -> str:
    """The channel, if the order itself says that its marketplace ships it: VTEX then writes `vtex:fob_` and a number in
    place of the carrier, in selectedSla and deliveryCompany (its help, "How shipping works when delivery is done by the
    marketplace (FOB)", 2024-02-05). Only if all lines say so.
    """
    lines = (shipping.logistics_info if shipping else None) or []
    theirs = [any((t or "").lower().startswith(_FOB) for t in (i.selected_sla, i.delivery_company)) for i in lines]
    return f"channel {channel or 'marketplace'}" if theirs and all(theirs) else ""


def _customer(read: _Order) -> Customer:
    client = read.client_profile_data or _Client()
    person = " ".join(part for part in (_text(client.first_name), _text(client.last_name)) if part)
    company = _text(client.corporate_name) if client.is_corporate else None
    locale = _text(read.client_preferences_data.locale) if read.client_preferences_data else None
    address = read.shipping_data.address if read.shipping_data else None
    postal_code = _text(str(address.postal_code or "")) if address else None
    return Customer(
        name=person or company or "", email=_text(client.email), locale=locale or "pt-BR", postal_code=postal_code
    )


def _promised_at(shipping: _Shipping | None) -> datetime | None:
    """The promised day of the order's slowest item (a known issue: VTEX's own screen shows item 0's)."""
    estimates = [
        _estimate(info.shipping_estimate_date) for info in (shipping.logistics_info if shipping else None) or []
    ]
    return max((e for e in estimates if e is not None), default=None)


def _estimate(value: str | None) -> datetime | None:
    """An estimate; one without an hour and an offset is a day, which lasts to its end."""
    at = _instant(value, "shippingEstimateDate")
    if at is None or value is None:
        return None
    return end_of_estimate(at) if datetime.fromisoformat(value).tzinfo is None else at


def _sale_packages(attachment: _Attachment | None) -> list[_Package]:
    """The packages that go to the customer. `Input` invoices are returns; an invoice without a type is a sale."""
    packages = (attachment.packages if attachment else None) or []
    return [p for p in packages if (p.type or _OUTPUT).lower() == _OUTPUT]


def _invoice(package: _Package, read: _Order) -> Invoice:
    order_items = read.items or []
    return Invoice(
        number=str(package.invoice_number if package.invoice_number is not None else ""),
        value=bounded_amount(package.invoice_value),
        issued_at=_instant(package.issuance_date, "issuanceDate"),
        key=_text(package.invoice_key),
        url=_text(package.invoice_url),
        courier=_text(package.courier) or "",
        tracking_code=_text(package.tracking_number),
        tracking_url=_text(package.tracking_url),
        items=tuple(_item(item, order_items) for item in _indexed(package.items or [])),
        finished=bool(package.courier_status and package.courier_status.finished),
        fetched=_is_fetched(package, read.shipping_data),
    )


def _is_fetched(package: _Package, shipping: _Shipping | None) -> bool:
    """Whether the customer fetches all of it at one of the store's own pickup points, without any carrier."""
    known = _indexed((shipping.logistics_info if shipping else None) or [])
    points = {info.item_index for info in known if _is_pickup(info)}
    indexes = {item.item_index for item in _indexed(package.items or [])}
    return bool(indexes) and indexes <= points and not _text(package.courier) and not _text(package.tracking_number)


def _is_pickup(info: _Logistics) -> bool:
    return (info.delivery_channel or "").lower() == "pickup-in-point"


def _indexed(items: list[_Line]) -> list[_Line]:
    """The lines, each with its index or None. A missing index is 0: some writers omit zeros. If several lack it, or
    another line has 0, the assignment is unknown.
    """
    lacking = sum(item.item_index is msgspec.UNSET for item in items)
    first = 0 if lacking == 1 and all(item.item_index != 0 for item in items) else None
    return [
        msgspec.structs.replace(item, item_index=first) if item.item_index is msgspec.UNSET else item for item in items
    ]


def _item(item: _PackageItem, order_items: list[_OrderItem]) -> Item:
    """A line of the invoice; an index that the order does not have leaves the id empty."""
    index = item.item_index
    known = order_items[index] if isinstance(index, int) and 0 <= index < len(order_items) else _OrderItem()
    return Item(
        id=str(known.id if known.id is not None else ""),
        quantity=bounded_amount(item.quantity),
        price=bounded_amount(item.price),
        name=_text(known.name) or _text(item.description) or "",
        line=str(known.unique_id or ""),
    )


def _order_line(item: _OrderItem) -> Item:
    """A line of the order. VTEX calls it by uniqueId; the item's id is the SKU's, which two lines may share."""
    return Item(
        id=str(item.id if item.id is not None else ""),
        quantity=bounded_amount(item.quantity),
        price=bounded_amount(item.price),
        name=_text(item.name) or "",
        line=str(item.unique_id or ""),
    )


def _text(value: str | None) -> str | None:
    return (value or "").strip() or None


def _instant(value: str | None, name: str) -> datetime | None:
    """ISO 8601 with up to 7 fractional digits (.NET); without offset it is UTC (facts/vtex, section 2.3)."""
    if not value:
        return None
    if is_placeholder_date(value):  # .NET's years 1 and 9999 where there is no date
        return None
    try:
        at = datetime.fromisoformat(value)
    except ValueError as error:
        raise OrderProblemError(f"{name} is not a date: {value[:40]!r}") from error
    return at if at.tzinfo else at.replace(tzinfo=UTC)
