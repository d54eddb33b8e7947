"""In: a customer's link, what they want to hear; out: kept. A look at a link changes nothing: programs look, too."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from paradeiro.db import brands, shipments, stores
from paradeiro.db.shipments import Kept
from paradeiro.domain.words import MailChoice
from paradeiro.flow.choices import choose_mails
from paradeiro.flow.means import Means
from paradeiro.sdk.speech.choices import CHOICES
from paradeiro.sdk.speech.own_data import OWN_DATA
from paradeiro.web.auth import MeansOf
from paradeiro.web.pages.layout import SECURITY, TEMPLATES, searchable
from paradeiro.web.track.address import elsewhere
from paradeiro.web.track.dress import dress
from paradeiro.web.track.language import chosen
from paradeiro.web.track.own_data import shown_number

router = APIRouter()
_HEADERS = SECURITY | {"Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}


@router.get("/t/{token}/mails")
async def show(
    request: Request, token: str, means: MeansOf, lang: str = "", saved: str = "", asked: str = ""
) -> Response:
    """What there is to choose from. `asked`: how it ended that another address was typed."""
    return await _render(request, means, token, lang, saved=saved == "yes", asked=asked)


@router.post("/t/{token}/mails")
async def choose(token: str, means: MeansOf, lang: str = "", mails: Annotated[str, Form()] = "") -> Response:
    """Keep the choice. Whoever has the link may choose: the worst that they can do is to keep a mail away."""
    found = await _of(means, token)
    if found is None or mails not in set(MailChoice):
        return _nowhere()
    await choose_mails(means, found.shipment.store_id, found.order_id, MailChoice(mails))
    language = chosen(lang, found.order.customer.locale, "").language.value
    return RedirectResponse(f"/t/{token}/mails?lang={language}&saved=yes", 303, headers=_HEADERS)


@router.get("/t/{token}/unsubscribe")
async def ask(request: Request, token: str, means: MeansOf, lang: str = "") -> Response:
    """A button: who only follows links (programs that look for harm in mails) stops nothing."""
    return await _render(request, means, token, lang, stopping=True)


@router.post("/t/{token}/unsubscribe")
async def unsubscribe(request: Request, token: str, means: MeansOf, lang: str = "") -> Response:
    """No more mails. A mail program presses it too (RFC 8058): no cookie, no question, 200."""
    found = await _of(means, token)
    if found is None:
        return _nowhere()
    await choose_mails(means, found.shipment.store_id, found.order_id, MailChoice.NONE)
    return await _render(request, means, token, lang, saved=True)


async def _of(means: Means, token: str) -> Kept | None:
    async with means.pool.connection() as connection:
        return await shipments.by_token(connection, token) if searchable(token) else None


def _nowhere() -> Response:
    return HTMLResponse(TEMPLATES.get_template("nowhere.html").render(), 404, headers=_HEADERS)


async def _render(
    request: Request,
    means: Means,
    token: str,
    lang: str,
    *,
    saved: bool = False,
    stopping: bool = False,
    asked: str = "",
) -> Response:
    found = await _of(means, token)
    if found is None:
        return _nowhere()
    async with means.pool.connection() as connection:
        store = (await stores.stores(connection, [found.shipment.store_id]))[found.shipment.store_id]
        worn = dress(await brands.brand_of(connection, store.id))
    words = chosen(lang, found.order.customer.locale, request.headers.get("accept-language", ""))
    html = TEMPLATES.get_template("mails.html").render(
        language=words.language,
        said=CHOICES[words.language],
        back=OWN_DATA[words.language].back,
        store=store.name,
        number=shown_number(found),
        token=token,
        chosen=found.order.customer.mails,
        saved=saved,
        stopping=stopping,
        elsewhere=None if stopping else await elsewhere(means, found, words.language, asked),
        worn=worn,
    )
    headers = _HEADERS | {"Vary": "Accept-Language", "Content-Security-Policy": worn.policy}
    return HTMLResponse(html, headers=headers)
