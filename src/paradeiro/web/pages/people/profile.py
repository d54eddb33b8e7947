"""In: a signed-in person; out: their own page: password, second factor, browsers that are signed in, other stores."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from paradeiro.db.people import operators, passkeys, sessions
from paradeiro.flow.context import Context
from paradeiro.flow.errors import StatementError
from paradeiro.flow.people import own_sign_in, totp
from paradeiro.web.auth import COOKIE, AllStoresContext, Caller, SignedIn, real_now
from paradeiro.web.pages import forms
from paradeiro.web.pages.layout import page, parse_id
from paradeiro.web.pages.people.relying_party import relying_party
from paradeiro.web.pages.people.sign_in import FormToken, Password
from paradeiro.web.pages.people.visits import visit_of

router = APIRouter()


@router.get("/profile")
async def profile(request: Request, context: AllStoresContext, who: SignedIn) -> Response:
    """The page."""
    return await render_profile(request, context, who)


@router.post("/profile/password")
async def password(
    request: Request,
    context: AllStoresContext,
    who: SignedIn,
    form: FormToken = "",
    current: Password = "",
    password: Password = "",
) -> Response:
    """Change the password; every other browser is signed out."""
    try:
        forms.check_form_token(request, context, form)
        await own_sign_in.change_password(
            context, id_of(who), current, password, visit_of(request), keep=_cookie(request)
        )
    except StatementError as error:
        return await render_profile(request, context, who, problem=error.code)
    return forms.redirect_back(request, "/profile", "password")


@router.post("/profile/second-factor")
async def second_factor(
    request: Request,
    context: AllStoresContext,
    who: SignedIn,
    form: FormToken = "",
    sealed: Annotated[str, Form(max_length=1000)] = "",
    code: Annotated[str, Form(max_length=20)] = "",
) -> Response:
    """Ask for codes of an app from now on; the first one proves that the app has the secret."""
    try:
        forms.check_form_token(request, context, form)
        await own_sign_in.begin_codes(context, id_of(who), sealed, code, visit_of(request))
    except StatementError as error:
        return await render_profile(request, context, who, problem=error.code, sealed=sealed)
    return forms.redirect_back(request, "/profile", "second-factor")


@router.post("/profile/second-factor/end")
async def end_second_factor(
    request: Request, context: AllStoresContext, who: SignedIn, form: FormToken = "", current: Password = ""
) -> Response:
    """Ask for codes no more."""
    try:
        forms.check_form_token(request, context, form)
        await own_sign_in.end_codes(context, id_of(who), current, visit_of(request))
    except StatementError as error:
        return await render_profile(request, context, who, problem=error.code)
    return forms.redirect_back(request, "/profile", "second-factor-ended")


@router.post("/profile/sessions/{number}/end")
async def end_session(
    request: Request, number: str, context: AllStoresContext, who: SignedIn, form: FormToken = ""
) -> Response:
    """Sign another browser out; `others`: all of them."""
    try:
        forms.check_form_token(request, context, form)
        of = None if number == "others" else parse_id(number) or 0
        await own_sign_in.end_sessions(context, id_of(who), of, visit_of(request), keep=_cookie(request))
    except StatementError as error:
        return await render_profile(request, context, who, problem=error.code)
    return forms.redirect_back(request, "/profile", "session-ended")


@router.post("/profile/store")
async def show_store(
    request: Request,
    context: AllStoresContext,
    who: SignedIn,
    form: FormToken = "",
    store: Annotated[str, Form(max_length=20)] = "",
) -> Response:
    """Put another of the person's stores on the screen."""
    try:
        forms.check_form_token(request, context, form)
        await own_sign_in.show_store(context, id_of(who), parse_id(store) or 0, cookie=_cookie(request))
    except StatementError as error:
        return await render_profile(request, context, who, problem=error.code)
    return forms.redirect_back(request, "/", "store")


async def render_profile(
    request: Request, context: Context, who: Caller, *, problem: str = "", sealed: str = ""
) -> Response:
    """The page, with what was wrong."""
    now = real_now(request)
    async with context.pool.connection() as connection:
        person = await operators.operator_by_id(connection, id_of(who))
        lines = await sessions.session_lines(connection, id_of(who), now=now)
        here = await sessions.signed_in(connection, _cookie(request), now=now)
        keys = await passkeys.passkeys_of(connection, id_of(who))
    assert person is not None
    party = relying_party(request, context.public_url)
    # The secret stays the same while its first code is typed wrong.
    secret = own_sign_in.open_offer(sealed, context.secret_key) or totp.new_secret()
    status = forms.status_of(problem) if problem else 200
    return await page(
        request,
        context,
        who,
        "profile.html",
        status,
        person=person,
        sessions=lines,
        here=here.number if here else 0,
        passkeys=keys,
        passkey_host=party.id if party else "",
        proved=here is not None and now - here.begun_at < own_sign_in.FRESH,
        browser=request.headers.get("User-Agent", ""),
        secret=secret,
        picture=totp.picture_of(secret, person.email),
        sealed=own_sign_in.seal_offer(secret, context.secret_key),
        problem=f"error.{problem}" if problem else "",
        done=forms.done_message(request),
    )


def id_of(who: Caller) -> int:
    """The person's id."""
    assert who.operator_id is not None  # `SignedIn` is a person
    return who.operator_id


def _cookie(request: Request) -> str:
    return request.cookies.get(COOKIE, "")
