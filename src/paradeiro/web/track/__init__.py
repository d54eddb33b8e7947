"""In: the unguessable link of a mail; out: the customer's own page. No key, no person's name, nothing by code."""

from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from paradeiro.db import events, shipments, stores
from paradeiro.db.pool import Connection
from paradeiro.db.shipments import Kept
from paradeiro.db.stores import Store
from paradeiro.flow.means import Means
from paradeiro.sdk.speech import Catalogue
from paradeiro.sdk.speech.own_data import OWN_DATA
from paradeiro.web.auth import MeansOf
from paradeiro.web.pages.layout import SECURITY, TEMPLATES, searchable
from paradeiro.web.track import own_data
from paradeiro.web.track.language import LANGUAGES, chosen
from paradeiro.web.track.package import Package, package
from paradeiro.web.view import zone_city

router = APIRouter()
router.include_router(own_data.router)
_HEADERS = SECURITY | {"Referrer-Policy": "no-referrer"}


@router.get("/t/{token}")
async def track(request: Request, token: str, means: MeansOf, lang: str = "") -> Response:
    """The packages of the order that the link's package belongs to, its own first."""
    async with means.pool.connection() as connection:
        found = await shipments.by_token(connection, token) if searchable(token) else None
        if found is None:
            return HTMLResponse(TEMPLATES.get_template("nowhere.html").render(), 404, headers=_HEADERS)
        store = (await stores.stores(connection, [found.shipment.store_id]))[found.shipment.store_id]
        words = chosen(lang, found.order.customer.locale, request.headers.get("accept-language", ""))
        packages = await _packages(connection, means, found, store, words)
    order = found.order
    html = TEMPLATES.get_template("track.html").render(
        store=store.name,
        # As its customer knows it: the marketplace's number, if one sold it.
        number=(order.marketplace_number if order.channel else None) or order.number,
        packages=packages,
        words=words,
        labels=words.labels,
        times=words.labels.times.format(zone=zone_city(store.time_zone)),
        languages=LANGUAGES,
        token=found.shipment.tracking_token,
        own_data=OWN_DATA[words.language].title,
    )
    return HTMLResponse(html, headers=_HEADERS | {"Vary": "Accept-Language"})


async def _packages(connection: Connection, means: Means, found: Kept, store: Store, words: Catalogue) -> list[Package]:
    all_of = await shipments.of_order(connection, store.id, found.order.number)
    packages = []
    for each in sorted(all_of, key=lambda k: k.shipment.id != found.shipment.id):
        shown = await events.shown(connection, each.shipment.id)
        connector = means.connectors.get(each.shipment.carrier)
        carrier = connector.title if connector else each.shipment.carrier
        zone = ZoneInfo(store.time_zone)
        packages.append(package(each, shown, now=means.now(), zone=zone, words=words, carrier=carrier))
    return packages
