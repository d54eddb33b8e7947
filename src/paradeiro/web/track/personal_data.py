"""In: a customer's link; out: which data is stored of them, masked; their request for erasure, as a notice."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from paradeiro.db.accounts import stores
from paradeiro.db.customers import brands
from paradeiro.db.following import shipments
from paradeiro.db.following.shipments import ShipmentRow
from paradeiro.db.outbox import effects
from paradeiro.domain.customers.personal_data import masked
from paradeiro.flow.customers import personal_data
from paradeiro.sdk.wording.personal_data import PERSONAL_DATA_WORDING
from paradeiro.web.auth import RequestContext
from paradeiro.web.pages.layout import SECURITY, TEMPLATES, is_searchable
from paradeiro.web.track.branding import page_branding
from paradeiro.web.track.language import choose_catalogue

router = APIRouter()
_HEADERS = SECURITY | {"Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}


@router.get("/t/{token}/data")
async def own_data(request: Request, token: str, context: RequestContext, lang: str = "", asked: str = "") -> Response:
    """The stored data of this order's customer, masked."""
    async with context.pool.connection() as connection:
        found = await shipments.by_token(connection, token) if is_searchable(token) else None
        if found is None:
            return HTMLResponse(TEMPLATES.get_template("nowhere.html").render(), 404, headers=_HEADERS)
        store = (await stores.stores(connection, [found.shipment.store_id]))[found.shipment.store_id]
        brand = await brands.brand_of(connection, store.id)
        ids = [k.shipment.id for k in await shipments.of_order(connection, store.id, found.order.number)]
        told = await effects.effect_lines(connection, ids)
    words = choose_catalogue(lang, found.order.customer.locale, request.headers.get("accept-language", ""))
    customer, branding = found.order.customer, page_branding(brand)
    html = TEMPLATES.get_template("personal_data.html").render(
        language=words.language,
        said=PERSONAL_DATA_WORDING[words.language],
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
        branding=branding,
        asked=asked == "yes",
    )
    headers = _HEADERS | {"Vary": "Accept-Language", "Content-Security-Policy": branding.policy}
    return HTMLResponse(html, headers=headers)


@router.post("/t/{token}/data")
async def ask_for_erasure(token: str, context: RequestContext, lang: str = "") -> Response:
    """Request erasure: opens a notice for the store. Repeating it adds nothing."""
    async with context.pool.connection() as connection:
        found = await shipments.by_token(connection, token) if is_searchable(token) else None
    if found is None:
        return HTMLResponse(TEMPLATES.get_template("nowhere.html").render(), 404, headers=_HEADERS)
    if not found.order.customer.erased:
        await personal_data.request_erasure(context, found.shipment.store_id, found.order.number)
    language = choose_catalogue(lang, found.order.customer.locale, "").language.value
    return RedirectResponse(f"/t/{token}/data?lang={language}&asked=yes", 303, headers=_HEADERS)


def shown_number(found: ShipmentRow) -> str:
    """The order's number as its customer knows it: the marketplace's, if one sold it."""
    order = found.order
    return (order.marketplace_number if order.channel else None) or order.number
