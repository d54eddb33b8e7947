"""In: a customer's link; out: what is kept of them, by its first letters; their wish to be forgotten, to a person."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from paradeiro.db import brands, effects, shipments, stores
from paradeiro.db.shipments import Kept
from paradeiro.domain.persons import masked
from paradeiro.flow import persons
from paradeiro.sdk.speech.own_data import OWN_DATA
from paradeiro.web.auth import MeansOf
from paradeiro.web.pages.layout import SECURITY, TEMPLATES, searchable
from paradeiro.web.track.dress import dress
from paradeiro.web.track.language import chosen

router = APIRouter()
_HEADERS = SECURITY | {"Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}


@router.get("/t/{token}/data")
async def own_data(request: Request, token: str, means: MeansOf, lang: str = "", asked: str = "") -> Response:
    """What the store keeps of this order's customer."""
    async with means.pool.connection() as connection:
        found = await shipments.by_token(connection, token) if searchable(token) else None
        if found is None:
            return HTMLResponse(TEMPLATES.get_template("nowhere.html").render(), 404, headers=_HEADERS)
        store = (await stores.stores(connection, [found.shipment.store_id]))[found.shipment.store_id]
        brand = await brands.brand_of(connection, store.id)
        ids = [k.shipment.id for k in await shipments.of_order(connection, store.id, found.order.number)]
        told = await effects.shown(connection, ids)
    words = chosen(lang, found.order.customer.locale, request.headers.get("accept-language", ""))
    customer, worn = found.order.customer, dress(brand)
    html = TEMPLATES.get_template("own_data.html").render(
        language=words.language,
        said=OWN_DATA[words.language],
        store=store.name,
        number=shown_number(found),
        token=token,
        name=masked(customer.name),
        email=masked(customer.email or ""),
        erased=customer.erased,
        packages=len(ids),
        mails=sum(e.kind.startswith("customer_") and e.state == "done" for e in told),
        contact=brand.email,
        logo=brand.logo,
        worn=worn,
        asked=asked == "yes",
    )
    headers = _HEADERS | {"Vary": "Accept-Language", "Content-Security-Policy": worn.policy}
    return HTMLResponse(html, headers=headers)


@router.post("/t/{token}/data")
async def ask_for_erasure(token: str, means: MeansOf, lang: str = "") -> Response:
    """The customer's wish; a person looks at it. Asking again adds nothing."""
    async with means.pool.connection() as connection:
        found = await shipments.by_token(connection, token) if searchable(token) else None
    if found is None:
        return HTMLResponse(TEMPLATES.get_template("nowhere.html").render(), 404, headers=_HEADERS)
    if not found.order.customer.erased:
        await persons.ask_for_erasure(means, found.shipment.store_id, found.order.number)
    language = chosen(lang, found.order.customer.locale, "").language.value
    return RedirectResponse(f"/t/{token}/data?lang={language}&asked=yes", 303, headers=_HEADERS)


def shown_number(found: Kept) -> str:
    """The order's number as its customer knows it: the marketplace's, if one sold it."""
    order = found.order
    return (order.marketplace_number if order.channel else None) or order.number
