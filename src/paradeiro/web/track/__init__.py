"""In: the unguessable link of a mail; out: the customer's own page. No key, no name but the first, nothing by code."""

from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from paradeiro.db import events, shipments, stores
from paradeiro.sdk.speech import catalogue_for
from paradeiro.web.auth import MeansOf
from paradeiro.web.pages.layout import SECURITY, TEMPLATES, plain
from paradeiro.web.view import package_view

router = APIRouter()
_HEADERS = SECURITY | {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow"}


@router.get("/t/{token}")
async def track(token: str, means: MeansOf, _: Request) -> Response:
    """The packages of the order that the link's package belongs to, its own first."""
    async with means.pool.connection() as connection:
        found = await shipments.by_token(connection, token)
        if found is None:
            return plain("missing.html", 404)
        store_id = found.shipment.store_id
        store = (await stores.stores(connection, [store_id]))[store_id]
        all_of = await shipments.of_order(connection, store_id, found.order.number)
        words = catalogue_for(found.order.customer.locale)
        zone = ZoneInfo(store.time_zone)
        views = []
        for each in sorted(all_of, key=lambda k: k.shipment.id != found.shipment.id):
            shown = await events.shown(connection, each.shipment.id)
            views.append(package_view(each, shown, now=means.now(), zone=zone, words=words, private=False))
    titles = {name: connector.title for name, connector in means.connectors.items()}
    page = TEMPLATES.get_template("track.html").render(
        store=store, order=found.order, views=views, words=words, labels=words.labels, titles=titles
    )
    return HTMLResponse(page, headers=_HEADERS)
