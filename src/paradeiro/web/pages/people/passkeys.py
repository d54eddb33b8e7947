"""In: a browser with an authenticator (WebAuthn); out: a passkey added or removed, or a session begun with one."""

import json
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import JSONResponse

from paradeiro.domain.words import SignInMethod
from paradeiro.flow.context import Context
from paradeiro.flow.errors import InvalidError, StatementError
from paradeiro.flow.people import own_sign_in, passkeys
from paradeiro.flow.people.challenges import Challenge
from paradeiro.flow.people.operators import check_name
from paradeiro.flow.people.passkeys import RelyingParty
from paradeiro.web.auth import COOKIE, AllStoresContext, SignedIn, real_now
from paradeiro.web.pages import forms
from paradeiro.web.pages.layout import parse_id, words_for
from paradeiro.web.pages.people.profile import id_of, render_profile
from paradeiro.web.pages.people.relying_party import relying_party
from paradeiro.web.pages.people.sign_in import (
    VISIT_COOKIE,
    FormToken,
    Password,
    is_ours,
    render,
    start_session,
    status_of,
)
from paradeiro.web.pages.people.visits import open_challenge, sign_challenge, visit_of
from paradeiro.web.pages.wording.screens import screen_text

router = APIRouter()
_Answer = Annotated[str, Form(max_length=20_000)]
_Ticket = Annotated[str, Form(max_length=300)]
_Name = Annotated[str, Form(max_length=300)]


@router.post("/sign-in/passkey/options")
async def options_to_sign_in(request: Request, context: AllStoresContext, form: FormToken = "") -> Response:
    """What the browser is asked to sign in with: JSON, for our script."""
    party = relying_party(request, context.public_url)
    if party is None or not is_ours(request, context, form):
        return _problem(request, "stale_sign_in")
    ticket = _new_challenge(request, context, "passkey", VISIT_COOKIE)
    return _options(ticket, passkeys.options_to_sign_in(party, ticket))


@router.post("/sign-in/passkey")
async def by_passkey(
    request: Request, context: AllStoresContext, answer: _Answer = "", ticket: _Ticket = "", form: FormToken = ""
) -> Response:
    """Sign in with a passkey: it is a device and what opens it, so no code is asked for."""
    party = relying_party(request, context.public_url)
    if party is None or not is_ours(request, context, form):
        return render(request, context, "sign_in.html", "stale_sign_in")
    challenge = open_challenge("passkey", ticket, request.cookies.get(VISIT_COOKIE, ""), context.secret_key)
    try:
        person = await passkeys.check_passkey(context, answer, challenge, party, visit_of(request))
    except StatementError as error:
        return render(request, context, "sign_in.html", error.code)
    return await start_session(request, context, person.id, SignInMethod.PASSKEY)


@router.post("/profile/passkeys/options")
async def options_to_add(
    request: Request,
    context: AllStoresContext,
    who: SignedIn,
    form: FormToken = "",
    name: _Name = "",
    current: Password = "",
) -> Response:
    """What the browser is asked to make a passkey from: JSON, for our script. The person has proved themselves here."""
    try:
        forms.check_form_token(request, context, form)
        party, visit = _party(request, context), visit_of(request)
        check_name(name)
        cookie = request.cookies.get(COOKIE, "")
        await own_sign_in.prove_or_fresh(context, id_of(who), current, visit, cookie=cookie)
        ticket = _new_challenge(request, context, _use_of(id_of(who)), COOKIE)
        return _options(ticket, await passkeys.options_to_add(context, id_of(who), party, ticket))
    except StatementError as error:
        return _problem(request, error.code)


@router.post("/profile/passkeys")
async def add(
    request: Request,
    context: AllStoresContext,
    who: SignedIn,
    form: FormToken = "",
    name: _Name = "",
    answer: _Answer = "",
    ticket: _Ticket = "",
) -> Response:
    """Keep the passkey that the browser has made."""
    try:
        forms.check_form_token(request, context, form)
        party = _party(request, context)
        await passkeys.add_passkey(
            context, id_of(who), name, answer, _opened(request, context, id_of(who), ticket), party, visit_of(request)
        )
    except StatementError as error:
        return await render_profile(request, context, who, problem=error.code)
    return forms.redirect_back(request, "/profile", "passkey")


@router.post("/profile/passkeys/{passkey}/remove")
async def remove(
    request: Request, passkey: str, context: AllStoresContext, who: SignedIn, form: FormToken = ""
) -> Response:
    """Remove a passkey."""
    try:
        forms.check_form_token(request, context, form)
        await passkeys.remove_passkey(context, id_of(who), parse_id(passkey) or 0, visit_of(request))
    except StatementError as error:
        return await render_profile(request, context, who, problem=error.code)
    return forms.redirect_back(request, "/profile", "passkey-removed")


def _party(request: Request, context: Context) -> RelyingParty:
    party = relying_party(request, context.public_url)
    if party is None:
        raise InvalidError("no_passkey", "An address without a name has no passkeys.")
    return party


def _use_of(operator_id: int) -> str:
    return f"new passkey of {operator_id}"


def _new_challenge(request: Request, context: Context, use: str, cookie: str) -> str:
    bound = request.cookies.get(cookie, "")
    return sign_challenge(use, context.new_token(), bound, context.secret_key, now=real_now(request))


def _opened(request: Request, context: Context, operator_id: int, ticket: str) -> Challenge | None:
    return open_challenge(_use_of(operator_id), ticket, request.cookies.get(COOKIE, ""), context.secret_key)


def _options(ticket: str, options: str) -> Response:
    return JSONResponse({"ticket": ticket, "options": json.loads(options)}, headers={"Cache-Control": "no-store"})


def _problem(request: Request, code: str) -> Response:
    """The sentence that our script shows."""
    words = screen_text(words_for(request).language, f"error.{code}")
    return JSONResponse({"problem": words}, status_of(code), headers={"Cache-Control": "no-store"})
