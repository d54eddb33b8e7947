"""In: a message; out: its data for programs that read mails: schema.org's ParcelDelivery, safe inside HTML. Pure.

Read by Gmail and others: https://developers.google.com/gmail/markup/reference/parcel-delivery
"""

import json
from typing import Any

from paradeiro.connectors.email.letter import Letter
from paradeiro.domain.records import Message, Place
from paradeiro.domain.words import Status
from paradeiro.sdk.wording.places import tidy

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
# Brazil's federal units: an address with one of them and no country is in Brazil.
_BRAZIL = frozenset(
    {
        *("AC", "AL", "AM", "AP", "BA", "CE", "DF", "ES", "GO", "MA", "MG", "MS", "MT", "PA"),
        *("PB", "PE", "PI", "PR", "RJ", "RN", "RO", "RR", "RS", "SC", "SE", "SP", "TO"),
    }
)


def parcel_delivery(message: Message, said: Letter) -> str:
    """The script element; empty if a value that Gmail requires is unknown: incomplete markup is an error there.
    Characters that would end the element, or begin another, are escaped.
    """
    goal = _address(message.timeline.snapshot.destination)
    if not goal or not said.carrier.value.strip():
        return ""
    plain = json.dumps(_parcel(message, said, goal), ensure_ascii=True, separators=(",", ":"))
    for mark in "<>&":
        plain = plain.replace(mark, f"\\u{ord(mark):04x}")
    return f'<script type="application/ld+json">{plain}</script>'


def _parcel(message: Message, said: Letter, goal: dict[str, str]) -> dict[str, Any]:
    snapshot, order = message.timeline.snapshot, message.order
    carrier = {"@type": "Organization", "name": said.carrier.value}
    seller = {"@type": "Organization", "name": said.store}
    found: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "ParcelDelivery",
        "trackingNumber": said.tracking_code.value,
        # Gmail's table requires `carrier`; schema.org has since called it `provider`.
        "carrier": carrier,
        "provider": carrier,
        "deliveryAddress": goal,
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
    goods = [tidy(item.name) for item in message.shipment.items if tidy(item.name)]
    if goods:
        found["itemShipped"] = [{"@type": "Product", "name": name} for name in goods[:8]]
    if snapshot.status is Status.AVAILABLE_FOR_PICKUP:
        found["deliveryStatus"] = _pickup(message)
    return found


def _pickup(message: Message) -> dict[str, str]:
    snapshot = message.timeline.snapshot
    said = {
        "@type": "DeliveryEvent",
        "hasDeliveryMethod": "http://purl.org/goodrelations/v1#DeliveryModePickUp",
        "availableFrom": snapshot.since.isoformat() if snapshot.since else "",
        "availableThrough": snapshot.pickup_deadline.isoformat() if snapshot.pickup_deadline else "",
    }
    return {name: value for name, value in said.items() if value}


def _address(place: Place | None) -> dict[str, str]:
    """The destination, with the town and the country that Gmail requires; empty if one of them is unknown."""
    if place is None:
        return {}
    country = place.country or ("BR" if (place.state or "").strip().upper() in _BRAZIL else None)
    parts = {"addressLocality": place.city, "addressRegion": place.state, "addressCountry": country}
    known = {name: tidy(value) for name, value in parts.items() if value and tidy(value)}
    complete = known.keys() >= {"addressLocality", "addressCountry"}
    return {"@type": "PostalAddress", **known} if complete else {}
