"""In: a customer's new mail address; out: a mail there that asks to confirm it, and the page that confirms."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from paradeiro.db.accounts import stores
from paradeiro.db.customers import brands
from paradeiro.db.customers.mail_addresses import AddressRequest
from paradeiro.db.following import shipments
from paradeiro.db.following.shipments import ShipmentRow
from paradeiro.domain.customers.personal_data import masked
from paradeiro.flow.context import Context
from paradeiro.flow.customers import mail_choices
from paradeiro.flow.errors import MissingError, StatementError
from paradeiro.sdk.wording.catalogue import Language
from paradeiro.sdk.wording.mail_addresses import MAIL_ADDRESS_WORDING, MailAddressWording
from paradeiro.web.auth import RequestContext
from paradeiro.web.pages.layout import SECURITY, TEMPLATES, is_searchable
from paradeiro.web.track.branding import page_branding
from paradeiro.web.track.language import choose_catalogue

router = APIRouter()
_HEADERS = SECURITY | {"Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}
_SUCCEEDED = frozenset({"asked", "went_back"})
_FAILED = frozenset({"address", "same_address", "not_ours", "too_many"})


@dataclass(frozen=True, slots=True)
class AddressChange:
    """What the page of mail choices shows about the address. `now`: the current one, masked."""

    words: MailAddressWording
    now: str
    another: bool
    message: str
    failed: bool


async def address_change(context: Context, found: ShipmentRow, language: Language, asked: str) -> AddressChange | None:
    """What to show about the address; None where it cannot be changed."""
    if not await mail_choices.may_change_address(context, found):
        return None
    words = MAIL_ADDRESS_WORDING[language]
    message = getattr(words, asked) if asked in _SUCCEEDED | _FAILED else ""
    another = await mail_choices.has_other_address(context, found)
    return AddressChange(words, masked(found.order.customer.email or ""), another, message, asked in _FAILED)


@router.post("/t/{token}/address")
async def ask(
    token: str, context: RequestContext, lang: str = "", address: Annotated[str, Form(max_length=400)] = ""
) -> Response:
    """Send a confirmation mail to the address; empty: back to the order's own address."""
    async with context.pool.connection() as connection:
        found = await shipments.by_token(connection, token) if is_searchable(token) else None
    if found is None:
        return _not_found()
    try:
        if address.strip():
            await mail_choices.request_other_address(context, found, address)
        else:
            await mail_choices.use_order_address(context, found)
        message = "asked" if address.strip() else "went_back"
    except StatementError as error:
        message = error.code
    language = choose_catalogue(lang, found.order.customer.locale, "").language.value
    return RedirectResponse(f"/t/{token}/mails?lang={language}&asked={message}#elsewhere", 303, headers=_HEADERS)


@router.get("/t/confirm/{code}")
async def show_question(request: Request, code: str, context: RequestContext, lang: str = "") -> Response:
    """A button to confirm: mail scanners follow links, but do not post forms."""
    return await _render(request, context, code, lang, done=False)


@router.post("/t/confirm/{code}")
async def confirm(request: Request, code: str, context: RequestContext, lang: str = "") -> Response:
    """Confirm: mails go to this address from now on."""
    return await _render(request, context, code, lang, done=True)


def _not_found() -> Response:
    return HTMLResponse(TEMPLATES.get_template("nowhere.html").render(), 404, headers=_HEADERS)


async def _render(request: Request, context: Context, code: str, lang: str, *, done: bool) -> Response:
    accepted = request.headers.get("accept-language", "")
    asked: AddressRequest | None = None
    try:
        asked = await (
            mail_choices.confirm_address(context, code) if done else mail_choices.request_by_code(context, code)
        )
    except MissingError:
        words = MAIL_ADDRESS_WORDING[choose_catalogue(lang, "", accepted).language]
        html = TEMPLATES.get_template("confirm.html").render(
            language=choose_catalogue(lang, "", accepted).language,
            said=words,
            sentence=words.gone,
            code="",
            store="",
            branding=None,
        )
        return HTMLResponse(html, 404, headers=_HEADERS)
    async with context.pool.connection() as connection:
        store = (await stores.stores(connection, [asked.store_id]))[asked.store_id]
        branding = page_branding(await brands.brand_of(connection, store.id))
    language = choose_catalogue(lang, asked.locale, accepted).language
    words = MAIL_ADDRESS_WORDING[language]
    values = {"address": asked.address, "order": asked.shown_number}
    html = TEMPLATES.get_template("confirm.html").render(
        language=language,
        said=words,
        sentence=(words.done if done else words.page).format(**values),
        code="" if done else code,
        store=store.name,
        branding=branding,
    )
    return HTMLResponse(html, headers=_HEADERS | {"Content-Security-Policy": branding.policy})
