"""In: the unguessable link of a mail; out: the customer's own page. No key, no person's name, nothing by code."""

from dataclasses import dataclass, replace
from hashlib import sha256
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse

from paradeiro.db import brands, events, shipments, stores
from paradeiro.db.live import versions
from paradeiro.db.pool import Connection
from paradeiro.db.shipments import Kept
from paradeiro.db.stores import Store
from paradeiro.domain.brand import Brand
from paradeiro.domain.words import ProofKind
from paradeiro.flow.carriers import carried_by
from paradeiro.flow.means import Means, log
from paradeiro.sdk.speech import Catalogue
from paradeiro.sdk.speech.choices import CHOICES
from paradeiro.sdk.speech.own_data import OWN_DATA
from paradeiro.web.auth import MeansOf
from paradeiro.web.pages.layout import SECURITY, TEMPLATES, searchable
from paradeiro.web.track import address, find, live, mails, own_data, proofs
from paradeiro.web.track.dress import dress
from paradeiro.web.track.language import LANGUAGES, chosen
from paradeiro.web.track.package import Package, package
from paradeiro.web.track.shapes import TrackingOut, package_out
from paradeiro.web.view import zone_city

router = APIRouter()
router.include_router(find.router)
router.include_router(address.router)
router.include_router(own_data.router)
router.include_router(live.router)
router.include_router(mails.router)
router.include_router(proofs.router)
_HEADERS = SECURITY | {"Referrer-Policy": "no-referrer"}


@dataclass(frozen=True, slots=True)
class _Page:
    """What a link leads to: the order's packages, how the store looks, in which language it is said."""

    found: Kept
    store: Store
    brand: Brand
    words: Catalogue
    packages: list[Package]
    version: str

    @property
    def number(self) -> str:
        """As its customer knows it: the marketplace's number, if one sold it."""
        order = self.found.order
        return (order.marketplace_number if order.channel else None) or order.number


@router.get("/t/{token}.json")
async def track_json(request: Request, token: str, means: MeansOf, lang: str = "") -> Response:
    """The page for programs, from any site. 304 while nothing changed."""
    found = await _page(request, means, token, lang)
    headers = {"Access-Control-Allow-Origin": "*", "Cache-Control": "private, no-cache", "X-Robots-Tag": "noindex"}
    if found is None:
        return JSONResponse({"error": {"code": "not_found", "message": "This link leads nowhere."}}, 404, headers)
    packages = [package_out(each) for each in found.packages]
    told = TrackingOut(
        store=found.store.name, order=found.number, language=found.words.language.value, packages=packages
    )
    body = told.model_dump_json().encode()
    headers |= {"ETag": f'"{sha256(body).hexdigest()[:32]}"', "Vary": "Accept-Language"}
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)


@router.get("/t/{token}/logo")
async def logo(token: str, means: MeansOf) -> Response:
    """The store's logo."""
    async with means.pool.connection() as connection:
        found = await shipments.by_token(connection, token) if searchable(token) else None
        brand = await brands.brand_of(connection, found.shipment.store_id) if found else Brand()
    if brand.logo is None:
        return Response(status_code=404)
    headers = {"Cache-Control": "private, max-age=3600", "Content-Security-Policy": "default-src 'none'; sandbox"}
    return Response(brand.logo.content, media_type=brand.logo.media_type, headers=headers)


@router.get("/t/{token}/embed")
async def embed(request: Request, token: str, means: MeansOf, lang: str = "") -> Response:
    """The page without its head and foot, for a frame in the shop's own pages. It runs nothing."""
    return await _shown(request, means, token, lang, framed=True)


@router.get("/t/{token}")
async def track(request: Request, token: str, means: MeansOf, lang: str = "") -> Response:
    """The packages of the order that the link's package belongs to, its own first."""
    return await _shown(request, means, token, lang, framed=False)


async def _shown(request: Request, means: Means, token: str, lang: str, *, framed: bool) -> Response:
    found = await _page(request, means, token, lang)
    if found is None:
        return HTMLResponse(TEMPLATES.get_template("nowhere.html").render(), 404, headers=_HEADERS)
    worn = dress(found.brand, framed=framed, live=not framed)
    html = TEMPLATES.get_template("track.html").render(
        store=found.store.name,
        number=found.number,
        packages=found.packages,
        words=found.words,
        labels=found.words.labels,
        times=found.words.labels.times.format(zone=zone_city(found.store.time_zone)),
        languages=LANGUAGES,
        token=found.found.shipment.tracking_token,
        own_data=OWN_DATA[found.words.language].title,
        mails=CHOICES[found.words.language].title,
        brand=found.brand,
        worn=worn,
        framed=framed,
        version=found.version,
    )
    return HTMLResponse(html, headers=_HEADERS | {"Vary": "Accept-Language", "Content-Security-Policy": worn.policy})


async def _page(request: Request, means: Means, token: str, lang: str) -> _Page | None:
    async with means.pool.connection() as connection:
        found = await shipments.by_token(connection, token) if searchable(token) else None
        if found is None:
            return None
        store = (await stores.stores(connection, [found.shipment.store_id]))[found.shipment.store_id]
        # Read before the packages: news in between are told again rather than not at all.
        version = await versions(connection, [token])
        words = chosen(lang, found.order.customer.locale, request.headers.get("accept-language", ""))
        packages = await _packages(connection, means, found, store, words)
        brand = await brands.brand_of(connection, store.id)
        return _Page(found, store, brand, words, packages, version.get(token, ""))


def _proofs_shown(store: Store) -> frozenset[ProofKind]:
    """Which pictures the store shows; none if its policy cannot be read."""
    try:
        return store.policy.proofs_shown
    except ValueError:
        return frozenset()


async def _packages(connection: Connection, means: Means, found: Kept, store: Store, words: Catalogue) -> list[Package]:
    """Those whose label was replaced are not among them: their successor is."""
    all_of = await shipments.of_order(connection, store.id, found.order.number)
    all_of = [k for k in all_of if k.shipment.replaced_by is None or k.shipment.id == found.shipment.id]
    pictures = await proofs.shown(connection, all_of, _proofs_shown(store))
    packages = []
    for each in sorted(all_of, key=lambda k: k.shipment.id != found.shipment.id):
        shown = await events.shown(connection, each.shipment.id)
        carrier = carried_by(means.connectors, each.shipment).text
        zone = ZoneInfo(store.time_zone)
        try:
            told = package(each, shown, now=means.now(), zone=zone, words=words, carrier=carrier)
        except (ValueError, TypeError, OverflowError):
            if len(all_of) == 1:
                raise
            log.exception("a package cannot be shown; its order's others are", shipment=each.shipment.id)
            continue
        mine = tuple(p for p in pictures if p.shipment_id == each.shipment.id)
        packages.append(replace(told, pictures=mine))
    return packages
