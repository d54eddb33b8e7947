"""In: the secret link in a mail; out: the customer's tracking page. No key; no personal names; no look-up by code."""

from dataclasses import dataclass, replace
from hashlib import sha256
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse

from paradeiro.db.accounts import stores
from paradeiro.db.accounts.stores import Store
from paradeiro.db.customers import brands
from paradeiro.db.customers.page_versions import page_versions
from paradeiro.db.following import events, shipments
from paradeiro.db.following.shipments import ShipmentRow
from paradeiro.db.pool import Connection
from paradeiro.domain.customers.brand import Brand
from paradeiro.domain.words import ProofKind
from paradeiro.flow.context import Context, log
from paradeiro.flow.outbox.carrier_tables import carrier_of_package
from paradeiro.sdk.wording import Catalogue
from paradeiro.sdk.wording.mail_choices import MAIL_CHOICE_WORDING
from paradeiro.sdk.wording.personal_data import PERSONAL_DATA_WORDING
from paradeiro.web.auth import RequestContext, bind_store
from paradeiro.web.package_view import zone_city
from paradeiro.web.pages.layout import SECURITY, TEMPLATES, is_searchable
from paradeiro.web.track import live, mail_address, mail_choices, order_lookup, personal_data, proofs
from paradeiro.web.track.branding import page_branding
from paradeiro.web.track.language import LANGUAGES, choose_catalogue
from paradeiro.web.track.package import Package, package
from paradeiro.web.track.shapes import TrackingOut, package_out

router = APIRouter()
router.include_router(order_lookup.router)
router.include_router(mail_address.router)
router.include_router(personal_data.router)
router.include_router(live.router)
router.include_router(mail_choices.router)
router.include_router(proofs.router)
_HEADERS = SECURITY | {"Referrer-Policy": "no-referrer"}


@dataclass(frozen=True, slots=True)
class _Page:
    """The contents of a tracking page: the order's packages, the store's brand, the wording."""

    found: ShipmentRow
    store: Store
    brand: Brand
    words: Catalogue
    packages: list[Package]
    version: str

    @property
    def number(self) -> str:
        """The order's number as its customer knows it: the marketplace's, if one sold it."""
        order = self.found.order
        return (order.marketplace_number if order.channel else None) or order.number


@router.get("/t/{token}.json")
async def track_json(request: Request, token: str, context: RequestContext, lang: str = "") -> Response:
    """The page as JSON, for programs on any site (CORS). 304 while nothing changed."""
    found = await _load_page(request, context, token, lang)
    headers = {"Access-Control-Allow-Origin": "*", "Cache-Control": "private, no-cache", "X-Robots-Tag": "noindex"}
    if found is None:
        return JSONResponse({"error": {"code": "not_found", "message": "This link leads nowhere."}}, 404, headers)
    packages = [package_out(each) for each in found.packages]
    view = TrackingOut(
        store=found.store.name, order=found.number, language=found.words.language.value, packages=packages
    )
    body = view.model_dump_json().encode()
    headers |= {"ETag": f'"{sha256(body).hexdigest()[:32]}"', "Vary": "Accept-Language"}
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)


@router.get("/t/{token}/logo")
async def logo(token: str, context: RequestContext) -> Response:
    """The store's logo."""
    async with context.pool.connection() as connection:
        found = await shipments.by_token(connection, token) if is_searchable(token) else None
        brand = await brands.brand_of(connection, found.shipment.store_id) if found else Brand()
    if brand.logo is None:
        return Response(status_code=404)
    headers = {"Cache-Control": "private, max-age=3600", "Content-Security-Policy": "default-src 'none'; sandbox"}
    return Response(brand.logo.content, media_type=brand.logo.media_type, headers=headers)


@router.get("/t/{token}/embed")
async def embed(request: Request, token: str, context: RequestContext, lang: str = "") -> Response:
    """The page without header and footer, for a frame in the shop's own pages. No scripts."""
    return await _render(request, context, token, lang, framed=True)


@router.get("/t/{token}")
async def track(request: Request, token: str, context: RequestContext, lang: str = "") -> Response:
    """The packages of the order that the link's package belongs to, its own first."""
    return await _render(request, context, token, lang, framed=False)


async def _render(request: Request, context: Context, token: str, lang: str, *, framed: bool) -> Response:
    found = await _load_page(request, context, token, lang)
    if found is None:
        return HTMLResponse(TEMPLATES.get_template("nowhere.html").render(), 404, headers=_HEADERS)
    branding = page_branding(found.brand, framed=framed, live=not framed)
    html = TEMPLATES.get_template("track.html").render(
        store=found.store.name,
        number=found.number,
        packages=found.packages,
        words=found.words,
        labels=found.words.labels,
        times=found.words.labels.times.format(zone=zone_city(found.store.time_zone)),
        languages=LANGUAGES,
        token=found.found.shipment.tracking_token,
        own_data=PERSONAL_DATA_WORDING[found.words.language].title,
        mails=MAIL_CHOICE_WORDING[found.words.language].title,
        brand=found.brand,
        branding=branding,
        framed=framed,
        version=found.version,
    )
    return HTMLResponse(
        html, headers=_HEADERS | {"Vary": "Accept-Language", "Content-Security-Policy": branding.policy}
    )


async def _load_page(request: Request, context: Context, token: str, lang: str) -> _Page | None:
    async with context.pool.connection() as connection:
        found = await shipments.by_token(connection, token) if is_searchable(token) else None
    if found is None:
        return None
    bind_store(request, found.shipment.store_id)
    async with context.pool.connection() as connection:
        store = (await stores.stores(connection, [found.shipment.store_id]))[found.shipment.store_id]
        # Read before the packages: a change in between is announced twice rather than never.
        version = await page_versions(connection, [token])
        words = choose_catalogue(lang, found.order.customer.locale, request.headers.get("accept-language", ""))
        packages = await _load_packages(connection, context, found, store, words)
        brand = await brands.brand_of(connection, store.id)
        return _Page(found, store, brand, words, packages, version.get(token, ""))


def _shown_proof_kinds(store: Store) -> frozenset[ProofKind]:
    """Which pictures the store shows; none if its policy cannot be read."""
    try:
        return store.policy.proofs_shown
    except ValueError:
        return frozenset()


async def _load_packages(
    connection: Connection, context: Context, found: ShipmentRow, store: Store, words: Catalogue
) -> list[Package]:
    """The order's packages, the link's own first; those whose label was replaced are left out."""
    rows = await shipments.of_order(connection, store.id, found.order.number)
    rows = [k for k in rows if k.shipment.replaced_by is None or k.shipment.id == found.shipment.id]
    pictures = await proofs.shown(connection, rows, _shown_proof_kinds(store))
    packages = []
    for each in sorted(rows, key=lambda k: k.shipment.id != found.shipment.id):
        shown = await events.event_lines(connection, each.shipment.id)
        carrier = carrier_of_package(context.connectors, each.shipment).text
        zone = ZoneInfo(store.time_zone)
        try:
            view = package(each, shown, now=context.now(), zone=zone, words=words, carrier=carrier)
        except (ValueError, TypeError, OverflowError):
            if len(rows) == 1:
                raise
            log.exception("a package cannot be shown; its order's others are", shipment=each.shipment.id)
            continue
        mine = tuple(p for p in pictures if p.shipment_id == each.shipment.id)
        packages.append(replace(view, pictures=mine))
    return packages
