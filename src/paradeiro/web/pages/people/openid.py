"""In: a browser that goes to the OpenID provider and comes back; out: a session, or the sign-in form that says why."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from paradeiro.domain.bounds import clean_text
from paradeiro.domain.words import SignInMethod
from paradeiro.flow.context import Context
from paradeiro.flow.errors import StatementError
from paradeiro.flow.people import openid
from paradeiro.flow.people.openid_provider import SignInTry
from paradeiro.web.auth import AllStoresContext, equal_in_constant_time, real_now, sign
from paradeiro.web.pages.people.relying_party import address_of_pages
from paradeiro.web.pages.people.sign_in import render, set_cookie, start_session
from paradeiro.web.pages.people.visits import open_challenge, sign_challenge, visit_of

router = APIRouter()
# Who begins a sign-in ends it: all that belongs to it is derived from this cookie.
_COOKIE = "paradeiro_openid"
_PATH = "/sign-in/openid"
_USE = "openid"
_LASTS = timedelta(minutes=10)


@router.get(_PATH)
async def begin(request: Request, context: AllStoresContext) -> Response:
    """Send the browser to the provider."""
    if context.openid is None:
        return RedirectResponse("/sign-in", 303)
    ticket = sign_challenge(_USE, context.new_token(), _USE, context.secret_key, now=real_now(request), lasts=_LASTS)
    at = _try_of(request, context, ticket)
    try:
        address = await openid.address_to_sign_in(context.openid, at, visit_of(request))
    except StatementError as error:
        return render(request, context, "sign_in.html", error.code)
    answer = RedirectResponse(address, 303, headers={"Cache-Control": "no-store"})
    set_cookie(answer, request, context, _COOKIE, ticket, _LASTS)
    return answer


@router.get(f"{_PATH}/callback")
async def come_back(
    request: Request,
    context: AllStoresContext,
    code: Annotated[str, Query(max_length=4000)] = "",
    state: Annotated[str, Query(max_length=200)] = "",
    error: Annotated[str, Query(max_length=200)] = "",
    iss: Annotated[str, Query(max_length=1000)] = "",
) -> Response:
    """Take the provider's answer. Nothing of it is shown."""
    if context.openid is None:
        return RedirectResponse("/sign-in", 303)
    ticket = request.cookies.get(_COOKIE, "")
    challenge, visit = open_challenge(_USE, ticket, _USE, context.secret_key), visit_of(request)
    at = _try_of(request, context, ticket)
    if challenge is None or not equal_in_constant_time(state, at.state):
        # The cookie stays: another site's answer ends nobody's sign-in.
        return render(request, context, "sign_in.html", "openid_stale")
    try:
        # RFC 9207: an answer of another provider.
        if error or not code or (iss and iss != context.openid.client.issuer):
            why = clean_text(error, 60) or "no code, or another issuer"
            raise openid.refused(f"the provider's answer: {why}", visit)
        person = await openid.check_code(context, context.openid, code, at, challenge, visit)
    except StatementError as refusal:
        problem = "openid_stale" if refusal.code == "stale_sign_in" else refusal.code
        return _ended(render(request, context, "sign_in.html", problem))
    return _ended(await start_session(request, context, person.id, SignInMethod.OPENID))


def _try_of(request: Request, context: Context, ticket: str) -> SignInTry:
    """One sign-in. The key is ours alone: from the state and the nonce nobody finds the verifier."""
    state, nonce, verifier = (sign(f"openid {each}", ticket, context.secret_key) for each in ("state", "nonce", "code"))
    return SignInTry(state, nonce, verifier, f"{address_of_pages(request, context.public_url)}{_PATH}/callback")


def _ended(answer: Response) -> Response:
    answer.delete_cookie(_COOKIE)
    return answer
