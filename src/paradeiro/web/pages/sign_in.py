"""In: an API key typed into a form, or a sign-in link printed by `up`; out: a session cookie, or the form again."""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from paradeiro.db.accounts import sessions, stores
from paradeiro.db.accounts.stores import ApiKey
from paradeiro.db.pool import transaction
from paradeiro.flow.accounts.scopes import READ
from paradeiro.flow.context import Context
from paradeiro.flow.customers.order_lookup import may_sign_in
from paradeiro.web.auth import (
    COOKIE,
    SESSION,
    RequestContext,
    equal_in_constant_time,
    form_token,
    is_https,
    open_link,
    origin_of,
    real_now,
    sign_link,
)
from paradeiro.web.pages.layout import public_page

router = APIRouter()
_LINK = timedelta(hours=1)
# The cookie that the sign-in form's token is bound to: there is no session yet.
VISIT_COOKIE = "paradeiro_visit"
_VISIT = timedelta(hours=12)


def one_time_link(key_id: int, secret: str, now: datetime) -> str:
    """A path that signs in as that key, once, within an hour. It does not contain the key."""
    return f"/sign-in/{sign_link(key_id, secret, ends_at=now + _LINK)}"


@router.get("/sign-in")
async def form(request: Request, context: RequestContext) -> Response:
    """The form."""
    return _render_form(request, context)


@router.post("/sign-in")
async def sign_in(
    request: Request,
    context: RequestContext,
    key: Annotated[str, Form(max_length=200)] = "",
    form: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Check the key. Too many attempts from one address get 429, right or wrong."""
    visit = request.cookies.get(VISIT_COOKIE, "")
    if not visit or not equal_in_constant_time(form, form_token(visit, context.secret_key)):
        return _render_form(request, context, 422, problem="stale_sign_in")
    if not await may_sign_in(context, origin_of(request), now=real_now(request)):
        return _render_form(request, context, 429, problem="too_many_keys")
    async with context.pool.connection() as connection:
        found = await stores.api_key(connection, key.strip())
    if found is None or READ not in found.scopes:
        return _render_form(request, context, 401, problem="bad_key")
    return await _start_session(request, context, found)


@router.get("/sign-in/{link}")
async def sign_in_by_link(request: Request, link: str, context: RequestContext) -> Response:
    """Sign in by a link that `up` printed. It works once."""
    opened = open_link(link, context.secret_key, now=real_now(request))
    if opened is None:
        return _render_form(request, context, 401, problem="bad_link")
    key_id, ends_at = opened
    async with transaction(context.pool) as connection:
        found = await stores.api_key_by_id(connection, key_id)
        unused = found is not None and await sessions.use_link(connection, link, found.store_id, ends_at=ends_at)
    if found is None or not unused:
        return _render_form(request, context, 401, problem="bad_link")
    return await _start_session(request, context, found)


@router.post("/sign-out")
async def sign_out(
    request: Request, context: RequestContext, form: Annotated[str, Form(max_length=200)] = ""
) -> Response:
    """End the session: cookie and database row. Forms of other sites are ignored."""
    cookie = request.cookies.get(COOKIE, "")
    if not equal_in_constant_time(form, form_token(cookie, context.secret_key)):
        return RedirectResponse("/", 303)
    async with transaction(context.pool) as connection:
        await sessions.end_session(connection, cookie)
    answer = RedirectResponse("/sign-in", 303)
    answer.delete_cookie(COOKIE)
    return answer


def _render_form(request: Request, context: Context, status: int = 200, *, problem: str = "") -> Response:
    visit = request.cookies.get(VISIT_COOKIE, "") or context.new_token()
    answer = public_page(request, "sign_in.html", status, problem=problem, form=form_token(visit, context.secret_key))
    _set_cookie(answer, request, context, VISIT_COOKIE, visit, _VISIT)
    return answer


async def _start_session(request: Request, context: Context, key: ApiKey) -> Response:
    now, cookie = real_now(request), context.new_token()
    async with transaction(context.pool) as connection:
        await sessions.end_session(connection, request.cookies.get(COOKIE, ""))
        await sessions.begin_session(connection, cookie, key, now=now, ends_at=now + SESSION)
    answer = RedirectResponse("/", 303)
    _set_cookie(answer, request, context, COOKIE, cookie, SESSION)
    return answer


def _set_cookie(answer: Response, request: Request, context: Context, name: str, value: str, lasts: timedelta) -> None:
    seconds = int(lasts.total_seconds())
    answer.set_cookie(
        name, value, max_age=seconds, httponly=True, samesite="lax", secure=is_https(request, context.public_url)
    )
