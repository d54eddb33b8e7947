"""In: a posted form; out: whether it is one of ours from somebody who may write, and where to go when it is done."""

import hmac

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from paradeiro.flow.errors import InvalidError
from paradeiro.flow.means import Means
from paradeiro.web.auth import COOKIE, WRITE, Caller, form_token

_DONE = frozenset({"confirm-delivery", "reopen", "ask-now", "resolve", "try-now", "mailer", "erased", "mail-again"})


def check(request: Request, means: Means, who: Caller, form: str) -> None:
    """Raises `InvalidError` unless the form came from a page of this session, by somebody who may write."""
    if WRITE not in who.scopes:
        raise InvalidError("may_not_write", "This key may only read.")
    ours = form_token(request.cookies.get(COOKIE, ""), means.secret_key)
    if not hmac.compare_digest(form.encode(), ours.encode()):
        raise InvalidError("stale_form", "This page had grown old.")


def status_of(code: str) -> int:
    """The HTTP status of a form that was not taken."""
    return 403 if code == "may_not_write" else 422


def back(address: str, done: str) -> Response:
    """To a page that may be loaded again without doing it again, and that says what was done."""
    return RedirectResponse(f"{address}?done={done}", 303)


def done(request: Request) -> str:
    """The name of the message that says what was just done; empty for none."""
    name = request.query_params.get("done", "")
    return f"done.{name}" if name in _DONE else ""
