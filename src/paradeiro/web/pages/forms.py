"""In: a posted form; out: whether it is ours and the role allows it; a redirect with a message when it is done."""

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from paradeiro.flow.accounts.scopes import WRITE
from paradeiro.flow.context import Context
from paradeiro.flow.errors import InvalidError
from paradeiro.web.areas import area_of
from paradeiro.web.auth import (
    COOKIE,
    DONE_COOKIE,
    Caller,
    context_of,
    equal_in_constant_time,
    form_token,
    is_https,
    sign,
)

_A_MINUTE = 60
_DONE = frozenset(
    {
        "confirm-delivery",
        "reopen",
        "ask-now",
        "resolve",
        "try-now",
        "mailer",
        "erased",
        "mail-again",
        "resent",
        "courier",
        "code",
        "move",
        "role",
        "person-ended",
        "key-revoked",
        "password",
        "second-factor",
        "second-factor-ended",
        "session-ended",
        "passkey",
        "passkey-removed",
        "store",
    }
)


def check_form(request: Request, context: Context, who: Caller, form: str, *, verb: str = WRITE) -> None:
    """Raises `InvalidError` unless the form is from a page of this session and the person's role allows it."""
    if not who.may(verb, area_of(request.scope["path"])):
        raise InvalidError("may_not_write", "Your role does not allow that.")
    check_form_token(request, context, form)


def check_form_token(request: Request, context: Context, form: str) -> None:
    """Raises `InvalidError` unless the form is from a page of this session."""
    ours = form_token(request.cookies.get(COOKIE, ""), context.secret_key)
    if not equal_in_constant_time(form, ours):
        raise InvalidError("stale_form", "This page had grown old.")


def status_of(code: str) -> int:
    """The HTTP status for a form that was refused with this code."""
    return 403 if code == "may_not_write" else 422


def redirect_back(request: Request, address: str, done_message: str) -> Response:
    """Redirect (303) to a page that can be reloaded safely and shows once what was done."""
    context = context_of(request)
    answer = RedirectResponse(address, 303)
    secure = is_https(request, context.public_url)
    said = f"{done_message}.{_signature(request, done_message)}"
    answer.set_cookie(DONE_COOKIE, said, max_age=_A_MINUTE, httponly=True, samesite="lax", secure=secure)
    return answer


def done_message(request: Request) -> str:
    """The name of the message about what was just done in this session; empty for none. The page that shows it deletes
    the cookie (layout.py).
    """
    name, _, mark = request.cookies.get(DONE_COOKIE, "").partition(".")
    return f"done.{name}" if name in _DONE and equal_in_constant_time(mark, _signature(request, name)) else ""


def _signature(request: Request, name: str) -> str:
    """Signed with the session, so that no other site can set such a message."""
    return sign("done", f"{name} {request.cookies.get(COOKIE, '')}", context_of(request).secret_key)
