"""In: a telling; out: the same for programs that read mails: schema.org's ParcelDelivery, safe inside HTML. Pure.

Read by Gmail and others: https://developers.google.com/gmail/markup/reference/parcel-delivery
"""

import json
from typing import Any

from paradeiro.connectors.email.letter import Letter
from paradeiro.domain.records import Place, Telling
from paradeiro.domain.words import Status
from paradeiro.sdk.speech.places import tidy

_STATES = {
    Status.REGISTERED: "OrderProcessing",
    Status.UNKNOWN: "OrderProcessing",
    Status.AVAILABLE_FOR_PICKUP: "OrderPickupAvailable",
    Status.EXCEPTION: "OrderProblem",
    Status.ATTEMPT_FAILED: "OrderProblem",
    Status.RETURNING: "OrderReturned",
    Status.RETURNED: "OrderReturned",
    Status.DELIVERED: "OrderDelivered",
    Status.CANCELLED: "OrderCancelled",
}
_SCHEMA = "https://schema.org/"


def parcel_delivery(telling: Telling, said: Letter) -> str:
    """The script element. What would end it, or begin another, is escaped."""
    plain = json.dumps(_parcel(telling, said), ensure_ascii=True, separators=(",", ":"))
    for mark in "<>&":
        plain = plain.replace(mark, f"\\u{ord(mark):04x}")
    return f'<script type="application/ld+json">{plain}</script>'


def _parcel(telling: Telling, said: Letter) -> dict[str, Any]:
    snapshot, order = telling.timeline.snapshot, telling.order
    seller = {"@type": "Organization", "name": said.store}
    found: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "ParcelDelivery",
        "trackingNumber": said.tracking_code.value,
        "provider": {"@type": "Organization", "name": said.carrier.value},
        "partOfOrder": {
            "@type": "Order",
            "orderNumber": said.order.value,
            "merchant": seller,
            "orderStatus": _SCHEMA + _STATES.get(snapshot.status, "OrderInTransit"),
        },
    }
    if said.link:
        found["trackingUrl"] = said.link
    expected = snapshot.estimate or order.promised_at
    if expected and not snapshot.status.final:
        found["expectedArrivalUntil"] = expected.isoformat()
    goods = [tidy(item.name) for item in telling.shipment.items if tidy(item.name)]
    if goods:
        found["itemShipped"] = [{"@type": "Product", "name": name} for name in goods[:8]]
    if snapshot.status is Status.AVAILABLE_FOR_PICKUP:
        found["deliveryStatus"] = _pickup(telling)
    goal = _address(snapshot.destination)
    return found | ({"deliveryAddress": goal} if goal else {})


def _pickup(telling: Telling) -> dict[str, str]:
    snapshot = telling.timeline.snapshot
    said = {
        "@type": "DeliveryEvent",
        "hasDeliveryMethod": "http://purl.org/goodrelations/v1#DeliveryModePickUp",
        "availableFrom": snapshot.since.isoformat() if snapshot.since else "",
        "availableThrough": snapshot.pickup_deadline.isoformat() if snapshot.pickup_deadline else "",
    }
    return {name: value for name, value in said.items() if value}


def _address(place: Place | None) -> dict[str, str]:
    if place is None:
        return {}
    parts = {"addressLocality": place.city, "addressRegion": place.state, "addressCountry": place.country}
    known = {name: tidy(value) for name, value in parts.items() if value and tidy(value)}
    return {"@type": "PostalAddress", **known} if known else {}
