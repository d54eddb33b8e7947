"""In: a telling; out: what Mercado Livre shall know of the order's shipment. Pure. The client finds the calls."""

from collections.abc import Mapping
from datetime import datetime, tzinfo
from urllib.parse import quote

import msgspec

from paradeiro.connectors.mercado_livre.words import State, state_of
from paradeiro.domain.records import Telling
from paradeiro.domain.words import EffectKind
from paradeiro.sdk.contract import Request
from paradeiro.sdk.history import dispatched_at, told_delivery
from paradeiro.sdk.speech import catalogue_for
from paradeiro.sdk.speech.moments import zone_of

_HEADERS = (("Content-Type", "application/json"), ("Accept", "application/json"))


class News(msgspec.Struct):
    """A position: `date` is when it began, `shipped_on` when the package was handed over."""

    status: str
    substatus: str
    date: str
    shipped_on: str
    comment: str


class Wanted(msgspec.Struct):
    """What shall be known: the number and, if there is any, a position. `others`: numbers of the order's other
    packages. `service_id`: 0 if the seller has none.
    """

    tracking_number: str
    tracking_url: str
    others: list[str]
    service_id: int
    news: News | None


def render(telling: Telling, settings: Mapping[str, str]) -> Request:
    """One request per effect, to the order's shipment. Raises ValueError for an effect that is never told there."""
    path = f"/orders/{_segment(telling.order.marketplace_number or '')}/shipments"
    match telling.kind:
        case EffectKind.MARKETPLACE_TRACKING_NUMBER:
            news = None
        case EffectKind.MARKETPLACE_UPDATE:
            news = _news(telling)
        case _:
            raise ValueError(f"Mercado Livre is never told a {telling.kind}")
    wanted = Wanted(
        tracking_number=telling.shipment.tracking_code,
        tracking_url=telling.shipment.invoice.tracking_url or telling.tracking_link,
        others=sorted(other.tracking_code for other in telling.others),
        service_id=_number(settings.get("service_id", "")),
        news=news,
    )
    return Request("POST", path, _HEADERS, msgspec.json.encode(wanted))


def _news(telling: Telling) -> News | None:
    snapshot = telling.timeline.snapshot
    state = state_of(snapshot.status, snapshot.reason, [other.status for other in telling.others])
    if state is None:
        return None
    zone = zone_of(telling.store_zone)
    label = catalogue_for(telling.order.customer.locale).words[snapshot.status, None].label
    shipped = dispatched_at(telling.shipment, telling.timeline).astimezone(zone)
    return News(state.status, state.substatus, _instant(_when(telling, state, zone, shipped)), _instant(shipped), label)


def _when(telling: Telling, state: State, zone: tzinfo, shipped: datetime) -> datetime:
    snapshot = telling.timeline.snapshot
    delivered = told_delivery(telling, zone) if state.status == "delivered" else None
    return delivered or (snapshot.since or snapshot.news_at or shipped).astimezone(zone)


def _instant(at: datetime) -> str:
    """As the contract's examples: milliseconds and an offset."""
    return at.isoformat(timespec="milliseconds")


def _number(text: str) -> int:
    plain = text.strip()
    return int(plain) if plain.isascii() and plain.isdigit() and len(plain) < 12 else 0


def _segment(text: str) -> str:
    return {".": "%2E", "..": "%2E%2E"}.get(text) or quote(text, safe="")
