"""In: an administrator; out: the store's API keys: made, rotated, revoked, by whom and from where they are used."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from paradeiro.flow.accounts import api_keys
from paradeiro.flow.accounts.api_keys import NewKey
from paradeiro.flow.accounts.scopes import READ, SCOPES, WRITE, Area
from paradeiro.flow.context import Context
from paradeiro.flow.errors import InvalidError, StatementError
from paradeiro.web.auth import Caller, Operator, RequestContext, page_actor
from paradeiro.web.pages import forms
from paradeiro.web.pages.layout import page, parse_id

router = APIRouter()
FormToken = Annotated[str, Form(max_length=200)]
_OVERLAP = timedelta(days=7)


@router.get("/keys")
async def keys(request: Request, context: RequestContext, who: Operator) -> Response:
    """The page."""
    return await _render(request, context, who)


@router.post("/keys")
async def make(
    request: Request,
    context: RequestContext,
    who: Operator,
    form: FormToken = "",
    name: Annotated[str, Form(max_length=300)] = "",
    scope: Annotated[list[str], Form(max_length=len(SCOPES))] = [],  # noqa: B006 - FastAPI copies it
    ends: Annotated[str, Form(max_length=20)] = "",
) -> Response:
    """Make a key; its text is shown once."""
    try:
        forms.check_form(request, context, who, form)
        by, scopes = page_actor(request, who), [s[:40] for s in scope]
        made = await api_keys.make_key(
            context, who.store_id, name=name, scopes=scopes, by=by, ends_at=_day(ends), given_by=who.scopes
        )
    except StatementError as error:
        return await _render(request, context, who, problem=error.code, typed=name)
    return await _render(request, context, who, made=made)


@router.post("/keys/{key}/rotate")
async def rotate(request: Request, key: str, context: RequestContext, who: Operator, form: FormToken = "") -> Response:
    """A new key in place of this one, which is valid for a week yet."""
    try:
        forms.check_form(request, context, who, form)
        by = page_actor(request, who)
        made = await api_keys.rotate_key(
            context, who.store_id, parse_id(key) or 0, by, overlap=_OVERLAP, given_by=who.scopes
        )
    except StatementError as error:
        return await _render(request, context, who, problem=error.code)
    return await _render(request, context, who, made=made)


@router.post("/keys/{key}/revoke")
async def revoke(request: Request, key: str, context: RequestContext, who: Operator, form: FormToken = "") -> Response:
    """End a key at once."""
    try:
        forms.check_form(request, context, who, form)
        await api_keys.revoke_key(context, who.store_id, parse_id(key) or 0, page_actor(request, who))
    except StatementError as error:
        return await _render(request, context, who, problem=error.code)
    return forms.redirect_back(request, "/keys", "key-revoked")


def _day(text: str) -> datetime | None:
    """The beginning of a day (UTC), as a browser's date field sends it; None for an empty one."""
    if not text.strip():
        return None
    try:
        return datetime.strptime(text.strip(), "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError as error:
        raise InvalidError("bad_date", "This is no date.") from error


async def _render(
    request: Request, context: Context, who: Caller, *, problem: str = "", made: NewKey | None = None, typed: str = ""
) -> Response:
    lines = await api_keys.list_keys(context, who.store_id)
    return await page(
        request,
        context,
        who,
        "keys.html",
        forms.status_of(problem) if problem else 200,
        active=[line for line in lines if line.state == "active"],
        former=[line for line in reversed(lines) if line.state != "active"][:20],
        areas=list(Area),
        whole=(READ, WRITE),
        made=made,
        typed=typed,
        problem=f"error.{problem}" if problem else "",
        done=forms.done_message(request),
    )
