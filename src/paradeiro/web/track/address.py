"""In: another address that a customer wants the mails at; out: a mail that asks there, and the page that says yes."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from paradeiro.db import brands, shipments, stores
from paradeiro.db.addresses import Asked
from paradeiro.db.shipments import Kept
from paradeiro.domain.persons import masked
from paradeiro.flow import choices
from paradeiro.flow.errors import MissingError, StatementError
from paradeiro.flow.means import Means
from paradeiro.sdk.speech.addresses import ADDRESSES, Addresses
from paradeiro.sdk.speech.catalogue import Language
from paradeiro.web.auth import MeansOf
from paradeiro.web.pages.layout import SECURITY, TEMPLATES, searchable
from paradeiro.web.track.dress import dress
from paradeiro.web.track.language import chosen

router = APIRouter()
_HEADERS = SECURITY | {"Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}
_WENT_WELL = frozenset({"asked", "went_back"})
_FAILED = frozenset({"address", "same_address", "not_ours", "too_many"})


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What the page of mails shows of another address. `now`: where they go, by its first letters."""

    words: Addresses
    now: str
    another: bool
    said: str
    failed: bool


async def elsewhere(means: Means, found: Kept, language: Language, asked: str) -> Elsewhere | None:
    """None where another address cannot be had."""
    if not await choices.may_change_address(means, found):
        return None
    words = ADDRESSES[language]
    said = getattr(words, asked) if asked in _WENT_WELL | _FAILED else ""
    another = await choices.goes_elsewhere(means, found)
    return Elsewhere(words, masked(found.order.customer.email or ""), another, said, asked in _FAILED)


@router.post("/t/{token}/address")
async def ask(
    token: str, means: MeansOf, lang: str = "", address: Annotated[str, Form(max_length=400)] = ""
) -> Response:
    """Have a mail ask there; nothing: back to the order's own address."""
    async with means.pool.connection() as connection:
        found = await shipments.by_token(connection, token) if searchable(token) else None
    if found is None:
        return _nowhere()
    try:
        if address.strip():
            await choices.ask_for_address(means, found, address)
        else:
            await choices.go_back(means, found)
        said = "asked" if address.strip() else "went_back"
    except StatementError as error:
        said = error.code
    language = chosen(lang, found.order.customer.locale, "").language.value
    return RedirectResponse(f"/t/{token}/mails?lang={language}&asked={said}#elsewhere", 303, headers=_HEADERS)


@router.get("/t/confirm/{code}")
async def question(request: Request, code: str, means: MeansOf, lang: str = "") -> Response:
    """A button: programs that look for harm in mails follow links, and say yes to nothing."""
    return await _render(request, means, code, lang, done=False)


@router.post("/t/confirm/{code}")
async def confirm(request: Request, code: str, means: MeansOf, lang: str = "") -> Response:
    """Yes: the mails come here from now on."""
    return await _render(request, means, code, lang, done=True)


def _nowhere() -> Response:
    return HTMLResponse(TEMPLATES.get_template("nowhere.html").render(), 404, headers=_HEADERS)


async def _render(request: Request, means: Means, code: str, lang: str, *, done: bool) -> Response:
    accepted = request.headers.get("accept-language", "")
    asked: Asked | None = None
    try:
        asked = await (choices.confirm_address(means, code) if done else choices.asked_behind(means, code))
    except MissingError:
        words = ADDRESSES[chosen(lang, "", accepted).language]
        html = TEMPLATES.get_template("confirm.html").render(
            language=chosen(lang, "", accepted).language, said=words, sentence=words.gone, code="", store="", worn=None
        )
        return HTMLResponse(html, 404, headers=_HEADERS)
    async with means.pool.connection() as connection:
        store = (await stores.stores(connection, [asked.store_id]))[asked.store_id]
        worn = dress(await brands.brand_of(connection, store.id))
    language = chosen(lang, asked.locale, accepted).language
    words = ADDRESSES[language]
    told = {"address": asked.address, "order": asked.shown_number}
    html = TEMPLATES.get_template("confirm.html").render(
        language=language,
        said=words,
        sentence=(words.done if done else words.page).format(**told),
        code="" if done else code,
        store=store.name,
        worn=worn,
    )
    return HTMLResponse(html, headers=_HEADERS | {"Content-Security-Policy": worn.policy})
