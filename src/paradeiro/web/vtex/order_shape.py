"""In: an order with its invoices and timelines; out: the JSON of VTEX's order, as far as Paradeiro knows it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from typing import Any

from paradeiro.db.invoices import StatedInvoice
from paradeiro.domain.records import Carried, Invoice, Item, Order, Shipment
from paradeiro.sdk.history import counting, history_of
from paradeiro.sdk.speech import catalogue_for


@dataclass(frozen=True, slots=True)
class Package:
    """An invoice, and its packages as far as they are followed. `returns`: of a return, which is not followed."""

    invoice: Invoice
    issued_at: datetime
    returns: bool = False
    carried: tuple[Carried, ...] = ()

    @property
    def standing(self) -> list[Shipment]:
        """Those whose label was not replaced."""
        return [p.shipment for p in self.carried if p.shipment.replaced_by is None]


@dataclass(frozen=True, slots=True)
class Known:
    """All that is known of an order."""

    order: Order
    packages: tuple[Package, ...]
    seen_at: datetime
    zone_name: str


def packages_of(stated: Sequence[StatedInvoice], followed: Sequence[Carried]) -> tuple[Package, ...]:
    """The stated invoices with their packages, then the packages of invoices that only the order system stated."""
    known: dict[object, Package] = {
        each.invoice.number: Package(each.invoice, each.invoice.issued_at or each.stated_at, each.returns)
        for each in stated
    }
    for each in followed:
        shipment = each.shipment
        for invoice in (shipment.invoice, *(f.invoice for f in shipment.further)):
            key: object = invoice.number or shipment.id  # without a number it is nobody else's
            one = known.setdefault(key, Package(invoice, invoice.issued_at or shipment.registered_at))
            known[key] = replace(one, carried=(*one.carried, each))
    return tuple(known.values())


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
    news = (c.shipment.snapshot.news_at for p in known.packages for c in p.carried)
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
    invoice, standing = package.invoice, package.standing
    number = ", ".join(dict.fromkeys(shipment.tracking_code for shipment in standing))
    address = standing[0].invoice.tracking_url if len(standing) == 1 else None
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
    """What the carrier says of it; null while no package is followed."""
    if not package.carried:
        return None
    dates = [p.timeline.snapshot.delivered_at for p in counting(package.carried)]
    at = max((date for date in dates if date), default=None) if all(dates) else None
    status: dict[str, Any] = {
        "status": "ok",
        "finished": at is not None,
        "data": data_of(package.carried, order, zone),
    }
    return status | ({"deliveredDate": vtex_time(at)} if at else {})


def data_of(packages: Sequence[Carried], order: Order, zone: tzinfo) -> list[dict[str, str]]:
    """What may be told of packages, oldest first, in the store's time."""
    words = catalogue_for(order.customer.locale)
    rows = []
    for told, line, _ in history_of(packages, zone, words):
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
