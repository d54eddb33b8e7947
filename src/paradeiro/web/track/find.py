"""In: an order's number and its postal code or e-mail address; out: to that customer's page, or not.

Every answer takes the same time: how long we looked must not tell whether there was something to look at.
"""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from paradeiro.db import brands, stores
from paradeiro.domain.brand import Brand
from paradeiro.flow import finding
from paradeiro.flow.finding import TooManyGuessesError
from paradeiro.flow.means import Means
from paradeiro.sdk.speech.finding import FINDING
from paradeiro.web.auth import MeansOf, origin_of
from paradeiro.web.pages.layout import SECURITY, TEMPLATES
from paradeiro.web.track.dress import dress
from paradeiro.web.track.language import LANGUAGES, chosen

router = APIRouter()
_HEADERS = SECURITY | {"Referrer-Policy": "no-referrer", "Vary": "Accept-Language"}
ANSWER_SECONDS = 0.4
_Typed = Annotated[str, Form(max_length=400)]


@router.get("/t/")
async def ask(request: Request, means: MeansOf, lang: str = "") -> Response:
    """The two questions."""
    return await _render(request, means, lang)


@router.post("/t/")
async def find(request: Request, means: MeansOf, lang: str = "", number: _Typed = "", typed: _Typed = "") -> Response:
    """To the package's page if both fit. 429: too many tries."""
    loop = asyncio.get_running_loop()
    answer_at = loop.time() + ANSWER_SECONDS
    try:
        token = await finding.find(means, host=_host(request), number=number, typed=typed, origin=origin_of(request))
    except TooManyGuessesError:
        token, problem, status = None, "too_many", 429
    else:
        problem, status = "not_found", 200
    await asyncio.sleep(max(answer_at - loop.time(), 0))
    if token is None:
        return await _render(request, means, lang, problem=problem, status=status, number=number)
    return RedirectResponse(f"/t/{token}{f'?lang={lang}' if lang in set(LANGUAGES) else ''}", 303, headers=_HEADERS)


def _host(request: Request) -> str:
    return (request.url.hostname or "").lower()


async def _render(
    request: Request, means: Means, lang: str, *, problem: str = "", status: int = 200, number: str = ""
) -> Response:
    store_id = await finding.store_named(means, _host(request))
    name, brand = "", Brand()
    if store_id is not None:
        async with means.pool.connection() as connection:
            name = (await stores.stores(connection, [store_id]))[store_id].name
            brand = await brands.brand_of(connection, store_id)
    words = chosen(lang, "", request.headers.get("accept-language", ""))
    said, worn = FINDING[words.language], dress(brand)
    html = TEMPLATES.get_template("find.html").render(
        language=words.language,
        languages=LANGUAGES,
        said=said,
        store=name,
        brand=brand,
        worn=worn,
        problem=getattr(said, problem) if problem else "",
        number=number,
    )
    return HTMLResponse(html, status, headers=_HEADERS | {"Content-Security-Policy": worn.policy})
