"""In: a message; out: the request that sends an endpoint one change, in the shape of CloudEvents 1.0. Pure.

The same message gives the same bytes: the time is that of the change, not of the sending. It names no customer.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from paradeiro.domain.records import Message, Place, Timeline, TrackingEvent
from paradeiro.domain.words import EffectKind, Status
from paradeiro.sdk.contract import Request

_HEADERS = (("Content-Type", "application/json; charset=utf-8"), ("User-Agent", "Paradeiro-Webhook/1"))

# The event type of each status: subject and past participle, as Standard Webhooks recommends.
TYPES: dict[Status, str] = {
    Status.REGISTERED: "shipment.registered",
    Status.ACCEPTED: "shipment.accepted",
    Status.IN_TRANSIT: "shipment.moved",
    Status.OUT_FOR_DELIVERY: "shipment.sent_out",
    Status.AVAILABLE_FOR_PICKUP: "shipment.kept_for_pickup",
    Status.ATTEMPT_FAILED: "shipment.attempt_failed",
    Status.EXCEPTION: "shipment.held_up",
    Status.RETURNING: "shipment.turned_back",
    Status.RETURNED: "shipment.returned",
    Status.DELIVERED: "shipment.delivered",
    Status.CANCELLED: "shipment.cancelled",
    Status.UNKNOWN: "shipment.changed",
}
TRIAL_TYPE = "webhook.tested"


def render(message: Message, settings: Mapping[str, str]) -> Request:  # noqa: ARG001 - the same call for every sink
    """One POST per change. Raises ValueError for an effect that is none of ours."""
    if message.kind is not EffectKind.WEBHOOK_EVENT:
        raise ValueError(f"an endpoint is never told a {message.kind}")
    snapshot = message.timeline.snapshot
    at = message.now or snapshot.news_at or message.shipment.registered_at
    return _message(message.effect_key, TYPES[snapshot.status], f"shipments/{message.shipment.id}", at, _data(message))


def trial_request(message_id: str, at: datetime) -> Request:
    """A test message without content."""
    return _message(message_id, TRIAL_TYPE, "webhook", at, {})


def _message(message_id: str, kind: str, subject: str, at: datetime, data: Mapping[str, Any]) -> Request:
    body = {
        "specversion": "1.0",
        "id": message_id,
        "source": "/paradeiro",
        "type": kind,
        "subject": subject,
        "time": at,
        "datacontenttype": "application/json",
        "data": data,
    }
    return Request("POST", "/", _HEADERS, msgspec.json.encode(body))


def _data(message: Message) -> dict[str, Any]:
    order, shipment, snapshot = message.order, message.shipment, message.timeline.snapshot
    counting = [e for e in message.timeline.events if e.identity not in message.timeline.withdrawn]
    return {
        "order": {
            "number": order.number,
            "channel": order.channel,
            "marketplace_number": order.marketplace_number,
            "ordered_at": order.ordered_at,
            "promised_at": order.promised_at,
        },
        "shipment": {
            "id": shipment.id,
            "carrier": shipment.carrier,
            "tracking_code": shipment.tracking_code,
            "invoice_number": shipment.invoice.number or None,
            "invoice_numbers": [
                n for n in (shipment.invoice.number, *(f.invoice.number for f in shipment.further)) if n
            ],
            "replaced_by": shipment.replaced_by,
        },
        "status": snapshot.status,
        "reason": snapshot.reason,
        "since": snapshot.since,
        "estimate": snapshot.estimate,
        "delivered_at": snapshot.delivered_at,
        "delivery_withdrawn": _withdrawn(message.timeline),
        "latest_event": _event(counting[-1]) if counting else None,
        "timeline": [
            {**_event(e), "withdrawn": e.identity in message.timeline.withdrawn} for e in message.timeline.events
        ],
        "link": message.tracking_link or None,
    }


def _withdrawn(timeline: Timeline) -> bool:
    """Whether a delivery was reported that does not count."""
    taken = any(e.status is Status.DELIVERED and e.identity in timeline.withdrawn for e in timeline.events)
    return taken and not timeline.snapshot.delivered


def _event(event: TrackingEvent) -> dict[str, Any]:
    return {
        "occurred_at": event.occurred_at,
        "code": event.code,
        "status": event.status,
        "reason": event.reason,
        "description": event.description,
        "place": _place(event.place),
        "source": event.source,
    }


def _place(place: Place) -> dict[str, Any] | None:
    if place == Place():
        return None
    return {"city": place.city, "state": place.state, "country": place.country, "unit": place.unit}
