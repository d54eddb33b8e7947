"""In: an order with its invoices and timelines; out: the JSON of VTEX's order, as far as Paradeiro knows it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

from paradeiro.db.invoices import StatedInvoice
from paradeiro.domain.records import Invoice, Item, Order, Shipment, Timeline
from paradeiro.sdk.history import told_events, told_lines
from paradeiro.sdk.speech import catalogue_for


@dataclass(frozen=True, slots=True)
class Package:
    """An invoice, and its package if it is followed. `returns`: of a return, which is not followed."""

    invoice: Invoice
    issued_at: datetime
    returns: bool = False
    shipment: Shipment | None = None
    timeline: Timeline | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """All that is known of an order."""

    order: Order
    packages: tuple[Package, ...]
    seen_at: datetime
    zone_name: str


def packages_of(stated: Sequence[StatedInvoice], followed: Sequence[tuple[Shipment, Timeline]]) -> tuple[Package, ...]:
    """The stated invoices with their packages, then the packages of invoices that only the order system stated."""
    found, used = [], set()
    for each in stated:
        mine = _current(each, followed)
        used |= {s.id for s, _ in followed if s.invoice.number == each.invoice.number}
        issued = each.invoice.issued_at or each.stated_at
        shipment, timeline = mine or (None, None)
        found.append(Package(each.invoice, issued, each.returns, shipment, timeline))
    for shipment, timeline in followed:
        if shipment.id not in used:
            issued = shipment.invoice.issued_at or shipment.registered_at
            found.append(Package(shipment.invoice, issued, shipment=shipment, timeline=timeline))
    return tuple(found)


def _current(stated: StatedInvoice, followed: Sequence[tuple[Shipment, Timeline]]) -> tuple[Shipment, Timeline] | None:
    """The package of the number that was stated last."""
    mine = [f for f in followed if f[0].invoice.number == stated.invoice.number]
    same = [f for f in mine if f[0].tracking_code == stated.invoice.tracking_code]
    return (same or mine)[-1] if mine else None


def vtex_time(at: datetime) -> str:
    """An instant with seven digits behind the second and an offset, as VTEX writes it."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}0+00:00"


def order_json(known: Known, zone: tzinfo) -> dict[str, Any]:
    """The order. What we do not know is left out, or null where the contract lets it."""
    order = known.order
    items = _items(known.packages)
    body: dict[str, Any] = {
        "orderId": order.number,
        "marketplaceOrderId": order.marketplace_number or "",
        "origin": "Fulfillment" if order.marketplace_number else "Marketplace",
        "affiliateId": order.channel or "",
        "status": status_of(known.packages),
        "statusDescription": _DESCRIBED[status_of(known.packages)],
        "value": sum(p.invoice.value for p in known.packages if not p.returns),
        "lastChange": vtex_time(_changed(known)),
        "invoicedDate": _invoiced(known.packages),
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


_DESCRIBED = {"invoiced": "Faturado", "handling": "Preparando Entrega"}


def status_of(packages: Sequence[Package]) -> str:
    """VTEX's word for the order: one with an invoice is invoiced, for good."""
    return "invoiced" if any(not p.returns for p in packages) else "handling"


def _changed(known: Known) -> datetime:
    news = (p.shipment.snapshot.news_at for p in known.packages if p.shipment)
    return max([known.seen_at, *(at for at in news if at)])


def _invoiced(packages: Sequence[Package]) -> str | None:
    sold = [p.issued_at for p in packages if not p.returns]
    return vtex_time(max(sold)) if sold else None


def _customer(order: Order) -> dict[str, Any]:
    first, _, last = order.customer.name.partition(" ")
    return {"email": order.customer.email or "", "firstName": first, "lastName": last, "isCorporate": False}


def _items(packages: Sequence[Package]) -> list[Item]:
    """The order's items as its invoices show them, each once."""
    known: dict[str, Item] = {}
    for package in packages:
        for item in package.invoice.items:
            known.setdefault(item.id, item)
    return list(known.values())


def _package(package: Package, items: Sequence[Item], order: Order, zone: tzinfo) -> dict[str, Any]:
    invoice, shipment = package.invoice, package.shipment
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
        "trackingNumber": shipment.tracking_code if shipment else invoice.tracking_code,
        "invoiceKey": invoice.key,
        "trackingUrl": (shipment.invoice.tracking_url if shipment else None) or invoice.tracking_url,
        "embeddedInvoice": "",
        "type": "Input" if package.returns else "Output",
        "courierStatus": _courier_status(package, order, zone),
        "cfop": None,
        "volumes": 1,
        "restitutions": {},
    }


def _courier_status(package: Package, order: Order, zone: tzinfo) -> dict[str, Any] | None:
    """What the carrier says of it; null while no package is followed."""
    if package.timeline is None:
        return None
    at = package.timeline.snapshot.delivered_at
    status: dict[str, Any] = {
        "status": "ok",
        "finished": at is not None,
        "data": data_of(package.timeline, order, zone),
    }
    return status | ({"deliveredDate": vtex_time(at)} if at else {})


def data_of(timeline: Timeline, order: Order, zone: tzinfo) -> list[dict[str, str]]:
    """What may be told of a timeline, oldest first, in the store's time."""
    words = catalogue_for(order.customer.locale)
    rows = []
    for told, line in zip(told_events(timeline), told_lines(timeline, zone, words), strict=True):
        at = told.event.occurred_at.astimezone(zone).isoformat()
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
