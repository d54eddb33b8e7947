"""In: an API key typed into a form, or a link made by `up`; out: a session cookie, or the form again."""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from paradeiro.db import sessions, stores
from paradeiro.db.pool import transaction
from paradeiro.db.stores import ApiKey
from paradeiro.flow.finding import may_sign_in
from paradeiro.flow.means import Means
from paradeiro.web.auth import (
    COOKIE,
    READ,
    SESSION,
    MeansOf,
    by_tls,
    form_token,
    open_link,
    origin_of,
    real_now,
    same,
    seal_link,
)
from paradeiro.web.pages.layout import plain

router = APIRouter()
_LINK = timedelta(hours=1)
# What the sign-in form's token is bound to: nobody has a session there yet.
VISIT = "paradeiro_visit"
_VISIT = timedelta(hours=12)


def one_time_link(key_id: int, secret: str, now: datetime) -> str:
    """A path that signs its bearer in as that key, once, within an hour. The key itself is never in an address."""
    return f"/sign-in/{seal_link(key_id, secret, ends_at=now + _LINK)}"


@router.get("/sign-in")
async def form(request: Request, means: MeansOf) -> Response:
    """The form."""
    return _form(request, means)


@router.post("/sign-in")
async def sign_in(
    request: Request,
    means: MeansOf,
    key: Annotated[str, Form(max_length=200)] = "",
    form: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Check the key; a place that tries many is asked to wait, right or wrong."""
    visit = request.cookies.get(VISIT, "")
    if not visit or not same(form, form_token(visit, means.secret_key)):
        return _form(request, means, 422, problem="stale_sign_in")
    if not await may_sign_in(means, origin_of(request), now=real_now(request)):
        return _form(request, means, 429, problem="too_many_keys")
    async with means.pool.connection() as connection:
        found = await stores.api_key(connection, key.strip())
    if found is None or READ not in found.scopes:
        return _form(request, means, 401, problem="bad_key")
    return await _signed_in(request, means, found)


@router.get("/sign-in/{link}")
async def by_link(request: Request, link: str, means: MeansOf) -> Response:
    """A link that `up` printed. It is used up by this, whoever else has it."""
    opened = open_link(link, means.secret_key, now=real_now(request))
    if opened is None:
        return _form(request, means, 401, problem="bad_link")
    key_id, ends_at = opened
    async with transaction(means.pool) as connection:
        found = await stores.api_key_by_id(connection, key_id)
        unused = found is not None and await sessions.use_link(connection, link, found.store_id, ends_at=ends_at)
    if found is None or not unused:
        return _form(request, means, 401, problem="bad_link")
    return await _signed_in(request, means, found)


@router.post("/sign-out")
async def sign_out(request: Request, means: MeansOf, form: Annotated[str, Form(max_length=200)] = "") -> Response:
    """End the session, here and in the database. Another site's form ends nothing."""
    cookie = request.cookies.get(COOKIE, "")
    if not same(form, form_token(cookie, means.secret_key)):
        return RedirectResponse("/", 303)
    async with transaction(means.pool) as connection:
        await sessions.end(connection, cookie)
    answer = RedirectResponse("/sign-in", 303)
    answer.delete_cookie(COOKIE)
    return answer


def _form(request: Request, means: Means, status: int = 200, *, problem: str = "") -> Response:
    visit = request.cookies.get(VISIT, "") or means.new_token()
    answer = plain(request, "sign_in.html", status, problem=problem, form=form_token(visit, means.secret_key))
    _set(answer, request, means, VISIT, visit, _VISIT)
    return answer


async def _signed_in(request: Request, means: Means, key: ApiKey) -> Response:
    now, cookie = real_now(request), means.new_token()
    async with transaction(means.pool) as connection:
        await sessions.end(connection, request.cookies.get(COOKIE, ""))
        await sessions.begin(connection, cookie, key, now=now, ends_at=now + SESSION)
    answer = RedirectResponse("/", 303)
    _set(answer, request, means, COOKIE, cookie, SESSION)
    return answer


def _set(answer: Response, request: Request, means: Means, name: str, value: str, lasts: timedelta) -> None:
    seconds = int(lasts.total_seconds())
    answer.set_cookie(
        name, value, max_age=seconds, httponly=True, samesite="lax", secure=by_tls(request, means.public_url)
    )
