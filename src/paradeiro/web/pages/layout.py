"""In: a template's name and what it shows; out: the page, with the head that all of an operator's screens share."""

from functools import cache, partial
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from paradeiro.db import shown as screens
from paradeiro.db import stores
from paradeiro.flow.means import Means
from paradeiro.sdk.speech import Catalogue, Language, catalogue_for
from paradeiro.web.auth import COOKIE, SAID_ONCE, WRITE, Caller, form_token
from paradeiro.web.pages.messages import said
from paradeiro.web.pages.times import Times

HERE = Path(__file__).parent
_WEB = HERE.parent
TEMPLATES = Environment(
    loader=FileSystemLoader([HERE / "templates", _WEB / "track"]),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
# Nothing on our pages runs, and nothing comes from anywhere else.
SECURITY = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex, nofollow",
}
LANGUAGE_COOKIE = "paradeiro_language"
_A_YEAR = 365 * 24 * 3600
_LARGEST_ID = 2**63 - 1


@cache
def style() -> tuple[str, bytes]:
    """The style sheet's address, which changes with its contents, and the contents."""
    content = (_WEB / "static" / "style.css").read_bytes()
    return f"/static/style-{sha256(content).hexdigest()[:12]}.css", content


@cache
def script() -> tuple[str, bytes]:
    """The same of the customer's page's script."""
    content = (_WEB / "static" / "track.js").read_bytes()
    return f"/static/track-{sha256(content).hexdigest()[:12]}.js", content


TEMPLATES.globals["script"] = lambda: script()[0]
TEMPLATES.globals["style"] = lambda: style()[0]


def words_for(request: Request) -> Catalogue:
    """The screens speak Portuguese, or English to whoever asked for it with `?lang=en`, once."""
    chosen = request.query_params.get("lang") or request.cookies.get(LANGUAGE_COOKIE, "")
    return catalogue_for("en" if chosen == "en" else "pt-BR")


def id_of(text: str) -> int | None:
    """The id in an address; None for what cannot be one."""
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0
    return number if 0 < number <= _LARGEST_ID else None


def searchable(text: str) -> bool:
    """Whether a text from an address can be looked for at all: PostgreSQL has no text with a NUL in it."""
    return "\x00" not in text


async def page(
    request: Request, means: Means, who: Caller, template: str, http_status: int = 200, **shown: Any
) -> HTMLResponse:
    """An operator's screen."""
    async with means.pool.connection() as connection:
        open_notices = await screens.open_notice_count(connection, who.store_id)
        troubled = await screens.troubled(connection, who.store_id)
        store = (await stores.stores(connection, [who.store_id]))[who.store_id]
    words = words_for(request)
    html = TEMPLATES.get_template(template).render(
        _shared(request, words)
        | {
            "store": store,
            "who": who,
            "times": Times(means.now(), ZoneInfo(store.time_zone), words),
            "open_notices": open_notices,
            "troubled": troubled,
            "form": form_token(request.cookies.get(COOKIE, ""), means.secret_key),
            "may_write": WRITE in who.scopes,
            "done": "",
            "problem": "",
        }
        | shown
    )
    answer = _answer(request, html, http_status, words)
    if SAID_ONCE in request.cookies:
        answer.delete_cookie(SAID_ONCE)
    return answer


def plain(request: Request, template: str, status: int = 200, **shown: Any) -> HTMLResponse:
    """A page for somebody who is not signed in."""
    words = words_for(request)
    html = TEMPLATES.get_template(template).render(_shared(request, words) | {"who": None} | shown)
    return _answer(request, html, status, words)


async def nothing_here(request: Request, means: Means, who: Caller) -> HTMLResponse:
    """For an operator who looks for what is not there."""
    return await page(request, means, who, "missing.html", 404)


def _shared(request: Request, words: Catalogue) -> dict[str, Any]:
    other = "pt" if words.language is Language.EN else "en"
    asked = [(name, value) for name, value in request.query_params.multi_items() if name != "lang"]
    # The answer to a form has no address of its own that could be asked for in another language.
    return {
        "path": request.url.path,
        "language": words.language.value,
        "words": words,
        "t": partial(said, words.language),
        "other_language": f"?{urlencode([*asked, ('lang', other)])}" if request.method == "GET" else "",
        "other_language_code": "pt-BR" if other == "pt" else "en",
    }


def _answer(request: Request, html: str, status: int, words: Catalogue) -> HTMLResponse:
    answer = HTMLResponse(html, status, headers=SECURITY)
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
