"""In: an API key typed into a form, or a link made by `up`; out: a session cookie, or the form again."""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from paradeiro.db import stores
from paradeiro.web.auth import COOKIE, READ, SESSION, MeansOf, open_session, seal_session
from paradeiro.web.pages.layout import plain

router = APIRouter()
_LINK = timedelta(hours=1)


def one_time_link(key_id: int, secret: str, now: datetime) -> str:
    """A path that signs its bearer in as that key, for an hour. The key itself is never in an address."""
    return f"/sign-in/{seal_session(key_id, _of_links(secret), now=now, lasts=_LINK)}"


def _of_links(secret: str) -> str:
    """Links are signed apart from sessions: neither can be used as the other."""
    return f"link {secret}"


@router.get("/sign-in")
async def form(request: Request) -> Response:
    """The form."""
    return plain(request, "sign_in.html", problem="")


@router.post("/sign-in")
async def sign_in(request: Request, means: MeansOf, key: Annotated[str, Form(max_length=200)] = "") -> Response:
    """Check the key."""
    async with means.pool.connection() as connection:
        found = await stores.api_key(connection, key.strip())
    if found is None or READ not in found.scopes:
        return plain(request, "sign_in.html", 401, problem="bad_key")
    return _signed_in(request, found.id, means.secret_key)


@router.get("/sign-in/{link}")
async def by_link(request: Request, link: str, means: MeansOf) -> Response:
    """A link that `up` printed."""
    now = request.app.state.real_clock()
    key_id = open_session(link, _of_links(means.secret_key), now=now) if link.isascii() else None
    if key_id is None:
        return plain(request, "sign_in.html", 401, problem="bad_link")
    return _signed_in(request, key_id, means.secret_key)


@router.post("/sign-out")
async def sign_out() -> Response:
    """Forget the session."""
    answer = RedirectResponse("/sign-in", 303)
    answer.delete_cookie(COOKIE)
    return answer


def _signed_in(request: Request, key_id: int, secret: str) -> Response:
    answer = RedirectResponse("/", 303)
    value = seal_session(key_id, secret, now=request.app.state.real_clock())
    secure = request.url.scheme == "https"
    answer.set_cookie(COOKIE, value, max_age=int(SESSION.total_seconds()), httponly=True, samesite="lax", secure=secure)
    return answer
