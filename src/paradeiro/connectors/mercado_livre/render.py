"""In: a message; out: the wanted state of the order's shipment at Mercado Livre. Pure. The client chooses the calls."""

from collections.abc import Mapping
from datetime import datetime, tzinfo
from urllib.parse import quote, unquote

import msgspec

from paradeiro.connectors.mercado_livre.words import SERVICES, V1, V2, State, state_of
from paradeiro.domain.records import Message
from paradeiro.domain.words import EffectKind, Reason, Status
from paradeiro.sdk.contract import Request
from paradeiro.sdk.public_history import dispatched_at, public_events, reported_delivery_at
from paradeiro.sdk.wording import catalogue_for
from paradeiro.sdk.wording.times import zone_of

_HEADERS = (("Content-Type", "application/json"), ("Accept", "application/json"))
_BACK = frozenset({Status.RETURNING, Status.RETURNED})


class WantedPosition(msgspec.Struct):
    """A position: `date` is when it began, `shipped_on` when the package was handed over."""

    status: str
    substatus: str
    date: str
    shipped_on: str
    comment: str


class WantedShipment(msgspec.Struct):
    """The wanted state: the number and, if known, a position. `others`: numbers of the order's other packages.
    `service_id`: 0 in requests stored before it was always sent.
    """

    tracking_number: str
    tracking_url: str
    others: list[str]
    service_id: int
    news: WantedPosition | None


def render(message: Message, settings: Mapping[str, str]) -> Request:
    """One request per effect, to the order's shipment. Raises ValueError for an effect that is never sent there."""
    path = f"/orders/{segment(message.order.marketplace_number or '')}/shipments"
    match message.kind:
        case EffectKind.MARKETPLACE_TRACKING_NUMBER:
            news = None
        case EffectKind.MARKETPLACE_UPDATE:
            news = _wanted_position(message, version_of(settings))
        case _:
            raise ValueError(f"Mercado Livre is never told a {message.kind}")
    wanted = WantedShipment(
        tracking_number=message.shipment.shown_code,
        tracking_url=message.shipment.invoice.tracking_url or message.tracking_link,
        others=sorted(other.tracking_code for other in message.others),
        service_id=service_of(settings),
        news=news,
    )
    return Request("POST", path, _HEADERS, msgspec.json.encode(wanted))


def sale_of(request: Request) -> str:
    """The order system's number of the sale in a request: an order's, a pack's or a shipment's."""
    return unquote(request.path.removeprefix("/orders/").removesuffix("/shipments"))


def version_of(settings: Mapping[str, str]) -> str:
    """Which version of the interface an account uses: V2, unless it says V1."""
    return V1 if settings.get("api_version", "").strip().lower() == V1 else V2


def service_of(settings: Mapping[str, str]) -> int:
    """The shipping service that an account names, else its country's, else Brazil's."""
    plain = settings.get("service_id", "").strip()
    if plain.isascii() and plain.isdigit() and len(plain) < 12 and int(plain):
        return int(plain)
    return SERVICES.get(settings.get("country", "").strip().upper(), SERVICES["BR"])


def _wanted_position(message: Message, version: str) -> WantedPosition | None:
    snapshot = message.timeline.snapshot
    others = [other.status for other in message.others]
    refused = _came_back_refused(message)
    state = state_of(snapshot.status, snapshot.reason, others, refused=refused, version=version)
    if state is None:
        return None
    zone = zone_of(message.store_zone)
    label = catalogue_for(message.order.customer.locale).words[snapshot.status, None].label
    shipped = dispatched_at(message.shipment, message.timeline).astimezone(zone)
    when = _position_at(message, state, zone, shipped)
    return WantedPosition(state.status, state.substatus, _instant(message, when), _instant(message, shipped), label)


def _came_back_refused(message: Message) -> bool:
    """Whether the last reason on the way back is that the recipient refused it."""
    back = [told.event.reason for told in public_events(message.timeline) if told.event.status in _BACK]
    return next((reason for reason in reversed(back) if reason is not None), None) is Reason.REFUSED


def _position_at(message: Message, state: State, zone: tzinfo, shipped: datetime) -> datetime:
    snapshot = message.timeline.snapshot
    delivered = reported_delivery_at(message, zone) if state.status == "delivered" else None
    return delivered or (snapshot.since or snapshot.news_at or shipped).astimezone(zone)


def _instant(message: Message, at: datetime) -> str:
    """As the contract's examples: milliseconds and an offset. Never in the future, and never before the order: an event
    known only by its day has that day's first moment.
    """
    if message.now is not None and at > message.now:
        at = message.now.astimezone(at.tzinfo)
    ordered = message.order.ordered_at
    if ordered is not None and at < ordered:
        at = ordered.astimezone(at.tzinfo)
    return at.isoformat(timespec="milliseconds")


def segment(text: str) -> str:
    """A text as one segment of a path, which it can neither leave nor end."""
    return {".": "%2E", "..": "%2E%2E"}.get(text) or quote(text, safe="")
