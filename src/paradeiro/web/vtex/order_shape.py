"""In: an order with its invoices and timelines; out: VTEX's order as JSON, as far as Paradeiro knows it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from typing import Any

from paradeiro.db.orders.invoices import StatedInvoice
from paradeiro.domain.records import Invoice, InvoicePackage, Item, Order, Shipment
from paradeiro.sdk.public_history import deliverable_packages, packages_history
from paradeiro.sdk.wording import catalogue_for


@dataclass(frozen=True, slots=True)
class Package:
    """An invoice and its followed packages. `returns`: the invoice of a return, which is not followed."""

    invoice: Invoice
    issued_at: datetime
    returns: bool = False
    followed: tuple[InvoicePackage, ...] = ()

    @property
    def current_shipments(self) -> list[Shipment]:
        """The packages whose label was not replaced."""
        return [p.shipment for p in self.followed if p.shipment.replaced_by is None]


@dataclass(frozen=True, slots=True)
class KnownOrder:
    """All that is known of an order."""

    order: Order
    packages: tuple[Package, ...]
    seen_at: datetime
    zone_name: str


def packages_of(stated: Sequence[StatedInvoice], followed: Sequence[InvoicePackage]) -> tuple[Package, ...]:
    """The stated invoices with their packages, then the packages of invoices that only the order system stated."""
    known: dict[object, Package] = {
        each.invoice.number: Package(each.invoice, each.invoice.issued_at or each.stated_at, each.returns)
        for each in stated
    }
    for each in followed:
        shipment = each.shipment
        for invoice in (shipment.invoice, *(f.invoice for f in shipment.further)):
            key: object = invoice.number or shipment.id  # without a number: this shipment's only
            one = known.setdefault(key, Package(invoice, invoice.issued_at or shipment.registered_at))
            known[key] = replace(one, followed=(*one.followed, each))
    return tuple(known.values())


def vtex_time(at: datetime) -> str:
    """An instant with seven digits behind the second and an offset, as VTEX writes it."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}0+00:00"


def order_json(known: KnownOrder, zone: tzinfo) -> dict[str, Any]:
    """The order. Unknown values are left out, or null where the contract allows it."""
    order = known.order
    items = _items(known.packages)
    body: dict[str, Any] = {
        "orderId": order.number,
        "marketplaceOrderId": order.marketplace_number or "",
        "origin": "Fulfillment" if order.marketplace_number else "Marketplace",
        "affiliateId": order.channel or "",
        "status": status_of(known.packages),
        "statusDescription": _STATUS_TEXTS[status_of(known.packages)],
        "value": sum(p.invoice.value for p in known.packages if not p.returns),
        "lastChange": vtex_time(_last_change(known)),
        "invoicedDate": _invoiced_date(known.packages),
        "isCompleted": True,
        "clientProfileData": _customer(order),
        "clientPreferencesData": {"locale": order.customer.locale},
        "storePreferencesData": {"timeZone": known.zone_name},
        "items": [{"id": i.id, "name": i.name, "quantity": i.quantity, "price": i.price} for i in items],
        "packageAttachment": {"packages": [_package(p, items, order, zone) for p in known.packages]},
    }
    if order.ordered_at:
        body["creationDate"] = vtex_time(order.ordered_at)
    if order.promised_at:
        body["shippingData"] = {
            "logisticsInfo": [{"itemIndex": 0, "shippingEstimateDate": vtex_time(order.promised_at)}]
        }
    return body


_STATUS_TEXTS = {"invoiced": "Faturado", "handling": "Preparando Entrega"}


def status_of(packages: Sequence[Package]) -> str:
    """VTEX's status: `invoiced` once there is an invoice, and from then on; else `handling`."""
    return "invoiced" if any(not p.returns for p in packages) else "handling"


def _last_change(known: KnownOrder) -> datetime:
    news = (c.shipment.snapshot.news_at for p in known.packages for c in p.followed)
    return max([known.seen_at, *(at for at in news if at)])


def _invoiced_date(packages: Sequence[Package]) -> str | None:
    sold = [p.issued_at for p in packages if not p.returns]
    return vtex_time(max(sold)) if sold else None


def _customer(order: Order) -> dict[str, Any]:
    first, _, last = order.customer.name.partition(" ")
    return {"email": order.customer.email or "", "firstName": first, "lastName": last, "isCorporate": False}


def _items(packages: Sequence[Package]) -> list[Item]:
    """The order's items: those of its invoices, each id once."""
    known: dict[str, Item] = {}
    for package in packages:
        for item in package.invoice.items:
            known.setdefault(item.id, item)
    return list(known.values())


def _package(package: Package, items: Sequence[Item], order: Order, zone: tzinfo) -> dict[str, Any]:
    invoice, current_shipments = package.invoice, package.current_shipments
    number = ", ".join(dict.fromkeys(shipment.shown_code for shipment in current_shipments))
    address = current_shipments[0].invoice.tracking_url if len(current_shipments) == 1 else None
    places = {item.id: index for index, item in enumerate(items)}
    return {
        "items": [
            {"itemIndex": places[i.id], "quantity": i.quantity, "price": i.price, "description": i.name or None}
            for i in invoice.items
        ],
        "courier": invoice.courier or None,
        "invoiceNumber": invoice.number,
        "invoiceValue": invoice.value,
        "invoiceUrl": invoice.url,
        "issuanceDate": vtex_time(package.issued_at),
        "trackingNumber": number or invoice.tracking_code,
        "invoiceKey": invoice.key,
        "trackingUrl": address or invoice.tracking_url,
        "embeddedInvoice": "",
        "type": "Input" if package.returns else "Output",
        "courierStatus": _courier_status(package, order, zone),
        "cfop": None,
        "volumes": 1,
        "restitutions": {},
    }


def _courier_status(package: Package, order: Order, zone: tzinfo) -> dict[str, Any] | None:
    """The carrier's status and history; null while no package is followed."""
    if not package.followed:
        return None
    dates = [p.timeline.snapshot.delivered_at for p in deliverable_packages(package.followed)]
    at = max((date for date in dates if date), default=None) if all(dates) else None
    status: dict[str, Any] = {
        "status": "ok",
        "finished": at is not None,
        "data": history_rows(package.followed, order, zone),
    }
    return status | ({"deliveredDate": vtex_time(at)} if at else {})


def history_rows(packages: Sequence[InvoicePackage], order: Order, zone: tzinfo) -> list[dict[str, str]]:
    """The public history of packages, oldest first, in the store's time zone."""
    words = catalogue_for(order.customer.locale)
    rows = []
    for seen, line, _ in packages_history(packages, zone, words):
        at = seen.event.occurred_at.astimezone(zone).isoformat()
        rows.append(
            {
                "lastChange": at,
                "city": line.city,
                "state": line.state,
                "description": line.text,
                "createDate": at,
            }
        )
    return rows
