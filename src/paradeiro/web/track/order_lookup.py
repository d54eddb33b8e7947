"""In: an order's number and its postal code or e-mail address; out: a redirect to its tracking page, or an error.

Every answer takes the same time, so that timing does not reveal whether an order exists.
"""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from paradeiro.db.accounts import stores
from paradeiro.db.customers import brands
from paradeiro.domain.customers.brand import Brand
from paradeiro.flow.context import Context
from paradeiro.flow.customers import order_lookup
from paradeiro.flow.customers.order_lookup import TooManyAttemptsError
from paradeiro.sdk.wording.order_lookup import ORDER_LOOKUP_WORDING
from paradeiro.web.auth import RequestContext, origin_of
from paradeiro.web.pages.layout import SECURITY, TEMPLATES
from paradeiro.web.track.branding import page_branding
from paradeiro.web.track.language import LANGUAGES, choose_catalogue

router = APIRouter()
_HEADERS = SECURITY | {"Referrer-Policy": "no-referrer", "Vary": "Accept-Language"}
ANSWER_SECONDS = 0.4
_Typed = Annotated[str, Form(max_length=400)]


@router.get("/t/")
async def ask(request: Request, context: RequestContext, lang: str = "") -> Response:
    """The form: number, and postal code or e-mail address."""
    return await _render(request, context, lang)


@router.post("/t/")
async def find(
    request: Request, context: RequestContext, lang: str = "", number: _Typed = "", typed: _Typed = ""
) -> Response:
    """Redirect to the package's page if both match. 429: too many attempts."""
    loop = asyncio.get_running_loop()
    answer_at = loop.time() + ANSWER_SECONDS
    try:
        token = await order_lookup.find_tracking_token(
            context, host=_host(request), number=number, typed=typed, origin=origin_of(request)
        )
    except TooManyAttemptsError:
        token, problem, status = None, "too_many", 429
    else:
        problem, status = "not_found", 200
    await asyncio.sleep(max(answer_at - loop.time(), 0))
    if token is None:
        return await _render(request, context, lang, problem=problem, status=status, number=number)
    return RedirectResponse(f"/t/{token}{f'?lang={lang}' if lang in set(LANGUAGES) else ''}", 303, headers=_HEADERS)


def _host(request: Request) -> str:
    return (request.url.hostname or "").lower()


async def _render(
    request: Request, context: Context, lang: str, *, problem: str = "", status: int = 200, number: str = ""
) -> Response:
    store_id = await order_lookup.store_of_host(context, _host(request))
    name, brand = "", Brand()
    if store_id is not None:
        async with context.pool.connection() as connection:
            name = (await stores.stores(connection, [store_id]))[store_id].name
            brand = await brands.brand_of(connection, store_id)
    words = choose_catalogue(lang, "", request.headers.get("accept-language", ""))
    said, branding = ORDER_LOOKUP_WORDING[words.language], page_branding(brand)
    html = TEMPLATES.get_template("find.html").render(
        language=words.language,
        languages=LANGUAGES,
        said=said,
        store=name,
        brand=brand,
        branding=branding,
        problem=getattr(said, problem) if problem else "",
        number=number,
    )
    return HTMLResponse(html, status, headers=_HEADERS | {"Content-Security-Policy": branding.policy})
