"""In: a template's name and what it shows; out: the page, with the head that all of an operator's screens share."""

from datetime import datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, select_autoescape

from paradeiro.db import notices, reading, stores
from paradeiro.flow.means import Means
from paradeiro.sdk.speech import catalogue_for
from paradeiro.web.auth import COOKIE, Caller, form_token
from paradeiro.web.view import moment

HERE = Path(__file__).parent
_WEB = HERE.parent
TEMPLATES = Environment(
    loader=FileSystemLoader([HERE / "templates", _WEB / "track"]),
    autoescape=select_autoescape(["html"]),
    trim_blocks=True,
    lstrip_blocks=True,
)
# Nothing on our pages runs, and nothing comes from anywhere else.
SECURITY = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
    "Cache-Control": "no-store",
}
# The screens speak the language of the shop's operations people.
WORDS = catalogue_for("pt-BR")


@cache
def style() -> tuple[str, bytes]:
    """The style sheet's address, which changes with its contents, and the contents."""
    content = (_WEB / "static" / "style.css").read_bytes()
    return f"/static/style-{sha256(content).hexdigest()[:12]}.css", content


TEMPLATES.globals["style"] = lambda: style()[0]


async def page(
    request: Request, means: Means, who: Caller, template: str, http_status: int = 200, **shown: Any
) -> HTMLResponse:
    """An operator's screen."""
    async with means.pool.connection() as connection:
        open_notices = len(await notices.notices(connection, who.store_id))
        accounts = await reading.account_lines(connection, who.store_id)
        store = (await stores.stores(connection, [who.store_id]))[who.store_id]
    zone, now = ZoneInfo(store.time_zone), means.now()

    def when(at: datetime | None) -> str:
        return moment(at.astimezone(zone) if at else None, now.astimezone(zone).date(), WORDS)

    html = TEMPLATES.get_template(template).render(
        store=store,
        who=who,
        now=now,
        zone=zone,
        when=when,
        open_notices=open_notices,
        troubled=[a for a in accounts if a["state"] != "ok"],
        path=request.url.path,
        form=form_token(request.cookies.get(COOKIE, ""), means.secret_key),
        may_write="write" in who.scopes,
        **shown,
    )
    return HTMLResponse(html, http_status, headers=SECURITY)


def plain(template: str, status: int = 200, **shown: Any) -> HTMLResponse:
    """A page for somebody who is not signed in."""
    return HTMLResponse(TEMPLATES.get_template(template).render(**shown), status, headers=SECURITY)
