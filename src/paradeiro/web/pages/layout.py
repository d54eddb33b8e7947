"""In: a template's name and its values; out: the page, with the header that all operator screens share."""

from functools import cache, partial
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from paradeiro.db.accounts import stores
from paradeiro.db.people import operators
from paradeiro.db.screens import screen_queries as screens
from paradeiro.flow.accounts.scopes import READ, WRITE, Area
from paradeiro.flow.context import Context
from paradeiro.sdk.wording import Catalogue, Language, catalogue_for
from paradeiro.web.areas import area_of
from paradeiro.web.auth import COOKIE, DONE_COOKIE, Caller, all_stores_context, form_token
from paradeiro.web.headers import PASSKEYS_ALLOWED
from paradeiro.web.pages.browsers import browser_name
from paradeiro.web.pages.times import Times
from paradeiro.web.pages.wording.screens import screen_text

HERE = Path(__file__).parent
_WEB = HERE.parent
TEMPLATES = Environment(
    loader=FileSystemLoader([HERE / "templates", _WEB / "track"]),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
# No scripts on operator screens, nothing from other hosts.
_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
SECURITY = {
    "Content-Security-Policy": _POLICY,
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex, nofollow",
}
# But for passkeys, which no browser uses without a script: it is ours, and asks for a challenge.
_WITH_PASSKEYS = frozenset({"sign_in.html", "profile.html"})
_PASSKEY_SECURITY = SECURITY | {
    "Content-Security-Policy": f"{_POLICY}; script-src 'self'; connect-src 'self'",
    "Permissions-Policy": PASSKEYS_ALLOWED,
}
LANGUAGE_COOKIE = "paradeiro_language"
_A_YEAR = 365 * 24 * 3600
_LARGEST_ID = 2**63 - 1


@cache
def static_file(name: str) -> tuple[str, bytes]:
    """A style sheet's or script's address, which changes with its contents, and the contents."""
    content = (_WEB / "static" / name).read_bytes()
    stem, _, ending = name.partition(".")
    return f"/static/{stem}-{sha256(content).hexdigest()[:12]}.{ending}", content


TEMPLATES.filters["browser"] = browser_name
TEMPLATES.globals["script"] = lambda name: static_file(f"{name}.js")[0]
TEMPLATES.globals["style"] = lambda: static_file("style.css")[0]


def words_for(request: Request) -> Catalogue:
    """The screens' language: Portuguese, or English after a request with `?lang=en` (a cookie)."""
    chosen = request.query_params.get("lang") or request.cookies.get(LANGUAGE_COOKIE, "")
    return catalogue_for("en" if chosen == "en" else "pt-BR")


def parse_id(text: str) -> int | None:
    """The id in a path segment; None if it is no valid id."""
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0
    return number if 0 < number <= _LARGEST_ID else None


def is_searchable(text: str) -> bool:
    """Whether a text from an address can be in the database: PostgreSQL has no text with NUL."""
    return "\x00" not in text


async def page(
    request: Request, context: Context, who: Caller, template: str, http_status: int = 200, **shown: Any
) -> HTMLResponse:
    """An operator's screen."""
    async with context.pool.connection() as connection:
        open_notices = await screens.open_notice_count(connection, who.store_id)
        unhealthy = await screens.unhealthy_accounts(connection, who.store_id)
        store = (await stores.stores(connection, [who.store_id]))[who.store_id]
    words = words_for(request)
    html = TEMPLATES.get_template(template).render(
        _shared_values(request, words)
        | {
            "store": store,
            "who": who,
            "times": Times(context.now(), ZoneInfo(store.time_zone), words),
            "open_notices": open_notices,
            "unhealthy": unhealthy,
            "form": form_token(request.cookies.get(COOKIE, ""), context.secret_key),
            "stores": await _stores_of(request, who),
            "may_write": who.may(WRITE, area_of(request.scope["path"])),
            "may_read": lambda area: who.may(READ, Area(area)),
            "may_change": lambda area: who.may(WRITE, Area(area)),
            "done": "",
            "problem": "",
        }
        | shown
    )
    answer = _answer(request, template, html, http_status, words)
    if DONE_COOKIE in request.cookies:
        answer.delete_cookie(DONE_COOKIE)
    return answer


def public_page(request: Request, template: str, status: int = 200, **shown: Any) -> HTMLResponse:
    """A page without a session."""
    words = words_for(request)
    html = TEMPLATES.get_template(template).render(_shared_values(request, words) | {"who": None} | shown)
    return _answer(request, template, html, status, words)


async def _stores_of(request: Request, who: Caller) -> dict[int, str]:
    """The stores between which a person may choose, by id."""
    if who.operator_id is None:
        return {}
    async with all_stores_context(request).pool.connection() as connection:
        roles = await operators.roles_of(connection, who.operator_id)
        return {store_id: each.name for store_id, each in (await stores.stores(connection, list(roles))).items()}


async def not_found_page(request: Request, context: Context, who: Caller) -> HTMLResponse:
    """404 for a signed-in operator."""
    return await page(request, context, who, "missing.html", 404)


def _shared_values(request: Request, words: Catalogue) -> dict[str, Any]:
    other = "pt" if words.language is Language.EN else "en"
    asked = [(name, value) for name, value in request.query_params.multi_items() if name != "lang"]
    # The answer to a POST cannot be requested in another language.
    return {
        "path": request.url.path,
        "language": words.language.value,
        "words": words,
        "t": partial(screen_text, words.language),
        "other_language": f"?{urlencode([*asked, ('lang', other)])}" if request.method == "GET" else "",
        "other_language_code": "pt-BR" if other == "pt" else "en",
    }


def _answer(request: Request, template: str, html: str, status: int, words: Catalogue) -> HTMLResponse:
    answer = HTMLResponse(html, status, headers=_PASSKEY_SECURITY if template in _WITH_PASSKEYS else SECURITY)
    if "lang" in request.query_params:
        value = "en" if words.language is Language.EN else "pt"
        answer.set_cookie(
            LANGUAGE_COOKIE,
            value,
            max_age=_A_YEAR,
            httponly=True,
            samesite="lax",
            secure=request.url.scheme == "https",
        )
    return answer
