"""In: a customer's link and which mails they want; out: the choice stored. GET changes nothing: mail scanners GET."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from paradeiro.db.accounts import stores
from paradeiro.db.customers import brands
from paradeiro.db.following import shipments
from paradeiro.db.following.shipments import ShipmentRow
from paradeiro.domain.words import MailChoice
from paradeiro.flow.context import Context
from paradeiro.flow.customers.mail_choices import choose_mails
from paradeiro.sdk.wording.mail_choices import MAIL_CHOICE_WORDING
from paradeiro.sdk.wording.personal_data import PERSONAL_DATA_WORDING
from paradeiro.web.auth import RequestContext
from paradeiro.web.pages.layout import SECURITY, TEMPLATES, is_searchable
from paradeiro.web.track.branding import page_branding
from paradeiro.web.track.language import choose_catalogue
from paradeiro.web.track.mail_address import address_change
from paradeiro.web.track.personal_data import shown_number

router = APIRouter()
_HEADERS = SECURITY | {"Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}


@router.get("/t/{token}/mails")
async def show(
    request: Request, token: str, context: RequestContext, lang: str = "", saved: str = "", asked: str = ""
) -> Response:
    """The choices. `asked`: the result of an address change."""
    return await _render(request, context, token, lang, saved=saved == "yes", asked=asked)


@router.post("/t/{token}/mails")
async def choose(token: str, context: RequestContext, lang: str = "", mails: Annotated[str, Form()] = "") -> Response:
    """Store the choice. Everybody with the link may choose: the worst they can do is to stop mails."""
    found = await _row_of_token(context, token)
    if found is None or mails not in set(MailChoice):
        return _not_found()
    await choose_mails(context, found.shipment.store_id, found.order_id, MailChoice(mails))
    language = choose_catalogue(lang, found.order.customer.locale, "").language.value
    return RedirectResponse(f"/t/{token}/mails?lang={language}&saved=yes", 303, headers=_HEADERS)


@router.get("/t/{token}/unsubscribe")
async def ask(request: Request, token: str, context: RequestContext, lang: str = "") -> Response:
    """A button to unsubscribe: mail scanners follow links, but do not post forms."""
    return await _render(request, context, token, lang, stopping=True)


@router.post("/t/{token}/unsubscribe")
async def unsubscribe(request: Request, token: str, context: RequestContext, lang: str = "") -> Response:
    """No more mails. A mail program presses it too (RFC 8058): no cookie, no question, 200."""
    found = await _row_of_token(context, token)
    if found is None:
        return _not_found()
    await choose_mails(context, found.shipment.store_id, found.order_id, MailChoice.NONE)
    return await _render(request, context, token, lang, saved=True)


async def _row_of_token(context: Context, token: str) -> ShipmentRow | None:
    async with context.pool.connection() as connection:
        return await shipments.by_token(connection, token) if is_searchable(token) else None


def _not_found() -> Response:
    return HTMLResponse(TEMPLATES.get_template("nowhere.html").render(), 404, headers=_HEADERS)


async def _render(
    request: Request,
    context: Context,
    token: str,
    lang: str,
    *,
    saved: bool = False,
    stopping: bool = False,
    asked: str = "",
) -> Response:
    found = await _row_of_token(context, token)
    if found is None:
        return _not_found()
    async with context.pool.connection() as connection:
        store = (await stores.stores(connection, [found.shipment.store_id]))[found.shipment.store_id]
        branding = page_branding(await brands.brand_of(connection, store.id))
    words = choose_catalogue(lang, found.order.customer.locale, request.headers.get("accept-language", ""))
    html = TEMPLATES.get_template("mails.html").render(
        language=words.language,
        said=MAIL_CHOICE_WORDING[words.language],
        back=PERSONAL_DATA_WORDING[words.language].back,
        store=store.name,
        number=shown_number(found),
        token=token,
        chosen=found.order.customer.mails,
        saved=saved,
        stopping=stopping,
        elsewhere=None if stopping else await address_change(context, found, words.language, asked),
        branding=branding,
    )
    headers = _HEADERS | {"Vary": "Accept-Language", "Content-Security-Policy": branding.policy}
    return HTMLResponse(html, headers=headers)
