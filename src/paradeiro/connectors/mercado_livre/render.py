"""In: a telling; out: what Mercado Livre shall know of the order's shipment. Pure. The client finds the calls."""

from collections.abc import Mapping
from datetime import datetime, tzinfo
from urllib.parse import quote, unquote

import msgspec

from paradeiro.connectors.mercado_livre.words import SERVICES, V1, V2, State, state_of
from paradeiro.domain.records import Telling
from paradeiro.domain.words import EffectKind, Reason, Status
from paradeiro.sdk.contract import Request
from paradeiro.sdk.history import dispatched_at, told_delivery, told_events
from paradeiro.sdk.speech import catalogue_for
from paradeiro.sdk.speech.moments import zone_of

_HEADERS = (("Content-Type", "application/json"), ("Accept", "application/json"))
_BACK = frozenset({Status.RETURNING, Status.RETURNED})


class News(msgspec.Struct):
    """A position: `date` is when it began, `shipped_on` when the package was handed over."""

    status: str
    substatus: str
    date: str
    shipped_on: str
    comment: str


class Wanted(msgspec.Struct):
    """What shall be known: the number and, if there is any, a position. `others`: numbers of the order's other
    packages. `service_id`: 0 in what was kept before it was always told.
    """

    tracking_number: str
    tracking_url: str
    others: list[str]
    service_id: int
    news: News | None


def render(telling: Telling, settings: Mapping[str, str]) -> Request:
    """One request per effect, to the order's shipment. Raises ValueError for an effect that is never told there."""
    path = f"/orders/{segment(telling.order.marketplace_number or '')}/shipments"
    match telling.kind:
        case EffectKind.MARKETPLACE_TRACKING_NUMBER:
            news = None
        case EffectKind.MARKETPLACE_UPDATE:
            news = _news(telling, version_of(settings))
        case _:
            raise ValueError(f"Mercado Livre is never told a {telling.kind}")
    wanted = Wanted(
        tracking_number=telling.shipment.tracking_code,
        tracking_url=telling.shipment.invoice.tracking_url or telling.tracking_link,
        others=sorted(other.tracking_code for other in telling.others),
        service_id=service_of(settings),
        news=news,
    )
    return Request("POST", path, _HEADERS, msgspec.json.encode(wanted))


def sale_of(request: Request) -> str:
    """By which number the order system names the sale that a request is about: an order's, a pack's or a shipment's."""
    return unquote(request.path.removeprefix("/orders/").removesuffix("/shipments"))


def version_of(settings: Mapping[str, str]) -> str:
    """Which version of the interface an account speaks: V2, unless it says V1."""
    return V1 if settings.get("api_version", "").strip().lower() == V1 else V2


def service_of(settings: Mapping[str, str]) -> int:
    """The shipping service that an account names, else its country's, else Brazil's."""
    plain = settings.get("service_id", "").strip()
    if plain.isascii() and plain.isdigit() and len(plain) < 12 and int(plain):
        return int(plain)
    return SERVICES.get(settings.get("country", "").strip().upper(), SERVICES["BR"])


def _news(telling: Telling, version: str) -> News | None:
    snapshot = telling.timeline.snapshot
    others = [other.status for other in telling.others]
    refused = _came_back_refused(telling)
    state = state_of(snapshot.status, snapshot.reason, others, refused=refused, version=version)
    if state is None:
        return None
    zone = zone_of(telling.store_zone)
    label = catalogue_for(telling.order.customer.locale).words[snapshot.status, None].label
    shipped = dispatched_at(telling.shipment, telling.timeline).astimezone(zone)
    when = _when(telling, state, zone, shipped)
    return News(state.status, state.substatus, _instant(telling, when), _instant(telling, shipped), label)


def _came_back_refused(telling: Telling) -> bool:
    """Whether the last reason given on the way back is that the recipient did not take it."""
    back = [told.event.reason for told in told_events(telling.timeline) if told.event.status in _BACK]
    return next((reason for reason in reversed(back) if reason is not None), None) is Reason.REFUSED


def _when(telling: Telling, state: State, zone: tzinfo, shipped: datetime) -> datetime:
    snapshot = telling.timeline.snapshot
    delivered = told_delivery(telling, zone) if state.status == "delivered" else None
    return delivered or (snapshot.since or snapshot.news_at or shipped).astimezone(zone)


def _instant(telling: Telling, at: datetime) -> str:
    """As the contract's examples: milliseconds and an offset. Never in the future, and never before the order: an event
    known by its day only reads as that day's first moment.
    """
    if telling.now is not None and at > telling.now:
        at = telling.now.astimezone(at.tzinfo)
    ordered = telling.order.ordered_at
    if ordered is not None and at < ordered:
        at = ordered.astimezone(at.tzinfo)
    return at.isoformat(timespec="milliseconds")


def segment(text: str) -> str:
    """A text as one segment of a path, which it can neither leave nor end."""
    return {".": "%2E", "..": "%2E%2E"}.get(text) or quote(text, safe="")
