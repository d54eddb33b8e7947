"""In: a sold order, instants; out: them in the shapes of the order system's answers."""

from datetime import UTC, datetime
from typing import Any

from paradeiro.simulator.scenario.ground_truth import Package, SoldOrder


def no_tracking() -> dict[str, Any]:
    """The state before any tracking: orders of 2015 and 2017 have no delivered date there (facts/vtex, samples)."""
    return {"status": "unknown", "finished": False, "data": []}


def shown_instant(text: str) -> str:
    """A written day or minute as the order shows it: the official example has instants. UTC is assumed, as VTEX does
    for an invoice's date without an offset.
    """
    return vtex_time(datetime.fromisoformat(text).replace(tzinfo=UTC))


def vtex_time(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{at.microsecond:06d}0+00:00"


def no_sums() -> dict[str, Any]:
    """Unused sums, in the shape that the contract requires."""
    names = ("Count", "Max", "Mean", "Min", "Missing", "StdDev", "Sum", "SumOfSquares")
    zeros: dict[str, Any] = dict.fromkeys(names, 0) | {"Facets": None}
    facets = {"origin": {"Fulfillment": zeros, "Marketplace": zeros}, "currencyCode": {"BRL": zeros}}
    return {"stats": {name: zeros | {"Facets": facets} for name in ("totalValue", "totalItems")}}


def order_in_list(order: dict[str, Any]) -> dict[str, Any]:
    """An order in the list: without items and packages."""
    names = (
        "orderId",
        "creationDate",
        "status",
        "sequence",
        "salesChannel",
        "affiliateId",
        "origin",
        "statusDescription",
    )
    who = order["clientProfileData"]
    return {name: order[name] for name in names} | {
        "clientName": f"{who['firstName']} {who['lastName']}",
        "items": None,
        "totalValue": order["value"],
        "totalItems": len(order["items"]),
        "paymentNames": "Boleto Bancário",
        "marketPlaceOrderId": None,
        "workflowInErrorState": False,
        "workflowInRetry": False,
        "orderIsComplete": True,
        "authorizedDate": order["creationDate"],
        "ShippingEstimatedDate": order["shippingData"]["logisticsInfo"][0]["shippingEstimateDate"],
        "callCenterOperatorName": None,
        "currencyCode": "BRL",
        "lastMessageUnread": "",
        "listId": None,
        "listType": None,
        "ShippingEstimatedDateMax": None,
        "ShippingEstimatedDateMin": None,
    }


def whole_order(order: SoldOrder) -> dict[str, Any]:
    """An order as GET shows it, reduced to what the facts list."""
    who = order.customer
    items = [
        {"id": str(100 + i), "quantity": 1, "name": f"Produto {i + 1}", "price": 4990}
        for i in range(len(order.packages))
    ]
    return {
        "orderId": order.order_id,
        "sequence": str(order.sequence),
        "marketplaceOrderId": order.marketplace_number,
        "marketplaceServicesEndpoint": "http://example.com/marketplace",
        "sellerOrderId": f"00-{order.order_id}",
        "origin": "Fulfillment" if order.affiliate else "Marketplace",
        "affiliateId": order.affiliate,
        "salesChannel": "1",
        "status": "invoiced",
        "statusDescription": "Faturado",
        "workflowIsInError": False,
        "value": 4990 * len(items),
        "creationDate": vtex_time(order.created_at),
        "lastChange": vtex_time(order.invoiced_at),
        "invoicedDate": vtex_time(order.invoiced_at),
        "isCompleted": True,
        "hostname": "loja",
        "clientProfileData": {"email": who.email, "firstName": who.first_name, "lastName": who.last_name},
        "clientPreferencesData": {"locale": who.locale},
        "storePreferencesData": {"countryCode": "BRA", "timeZone": "E. South America Standard Time"},
        "items": items,
        "sellers": [{"id": "1", "name": "Loja"}],
        "shippingData": {
            "address": {"city": "São Paulo", "state": "SP", "country": "BRA", "postalCode": "01001-000"},
            "logisticsInfo": [_logistics(index, order) for index in range(len(items))],
        },
        "packageAttachment": {"packages": [_package_as_shown(p, i, order) for i, p in enumerate(order.packages)]},
    }


def _logistics(index: int, order: SoldOrder) -> dict[str, Any]:
    return {
        "itemIndex": index,
        "deliveryChannel": "delivery",
        "deliveryCompany": "Correios",
        "shippingEstimate": "5bd",
        "shippingEstimateDate": vtex_time(order.promised_at),
        "deliveryIds": [{"courierId": "1", "courierName": "Correios"}],
    }


def _package_as_shown(package: Package, index: int, order: SoldOrder) -> dict[str, Any]:
    by_post = package.carrier == "correios"
    link = f"https://rastreamento.correios.com.br/app/index.php?objetos={package.code}" if by_post else None
    number = package.code if package.shown_number is None else package.shown_number
    return {
        "items": [{"itemIndex": index, "quantity": 1, "price": 4990, "description": None, "unitMultiplier": 1.0}],
        "courier": None if package.by_hand else "PAC Correios" if by_post else package.courier,
        "invoiceNumber": package.invoice_number,
        "invoiceValue": 4990,
        "invoiceUrl": None,
        "issuanceDate": vtex_time(order.invoiced_at),
        "trackingNumber": None if package.by_hand else number or None,
        "invoiceKey": package.invoice_key or None,
        "trackingUrl": None if package.by_hand else link,
        "embeddedInvoice": None,
        "type": "Output",
        "courierStatus": no_tracking(),
        "volumes": 1,
    }
