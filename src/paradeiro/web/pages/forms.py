"""In: a posted form; out: whether it is one of ours from somebody who may write, and where to go when it is done."""

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from paradeiro.flow.errors import InvalidError
from paradeiro.flow.means import Means
from paradeiro.web.auth import COOKIE, SAID_ONCE, WRITE, Caller, by_tls, form_token, means_of, same, sign

_A_MINUTE = 60
_DONE = frozenset(
    {"confirm-delivery", "reopen", "ask-now", "resolve", "try-now", "mailer", "erased", "mail-again", "resent"}
)


def check(request: Request, means: Means, who: Caller, form: str) -> None:
    """Raises `InvalidError` unless the form came from a page of this session, by somebody who may write."""
    if WRITE not in who.scopes:
        raise InvalidError("may_not_write", "This key may only read.")
    ours = form_token(request.cookies.get(COOKIE, ""), means.secret_key)
    if not same(form, ours):
        raise InvalidError("stale_form", "This page had grown old.")


def status_of(code: str) -> int:
    """The HTTP status of a form that was not taken."""
    return 403 if code == "may_not_write" else 422


def back(request: Request, address: str, done: str) -> Response:
    """To a page that may be loaded again without doing it again, and that says once what was done."""
    means = means_of(request)
    answer = RedirectResponse(address, 303)
    secure = by_tls(request, means.public_url)
    said = f"{done}.{_signed(request, done)}"
    answer.set_cookie(SAID_ONCE, said, max_age=_A_MINUTE, httponly=True, samesite="lax", secure=secure)
    return answer


def done(request: Request) -> str:
    """The name of the message that says what was just done in this session; empty for none. The page that says it
    takes the cookie away (layout.py).
    """
    name, _, mark = request.cookies.get(SAID_ONCE, "").partition(".")
    return f"done.{name}" if name in _DONE and same(mark, _signed(request, name)) else ""


def _signed(request: Request, name: str) -> str:
    """Nobody but we may claim in a session that something was done."""
    return sign("done", f"{name} {request.cookies.get(COOKIE, '')}", means_of(request).secret_key)
