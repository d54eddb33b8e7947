"""In: an address and a password, a code, or a one-time link; out: a session's cookie, or the form again."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from paradeiro.domain.words import LinkPurpose, SignInMethod
from paradeiro.flow.context import Context
from paradeiro.flow.errors import ExpiredError, StatementError
from paradeiro.flow.people import links, sign_in
from paradeiro.web.auth import COOKIE, AllStoresContext, equal_in_constant_time, form_token, is_https, real_now
from paradeiro.web.pages.layout import public_page
from paradeiro.web.pages.people.relying_party import relying_party
from paradeiro.web.pages.people.visits import open_ticket, sign_ticket, visit_of

router = APIRouter()
FormToken = Annotated[str, Form(max_length=200)]
Password = Annotated[str, Form(max_length=1000)]
# The cookie that the sign-in form's token is bound to: there is no session yet.
VISIT_COOKIE = "paradeiro_visit"
_VISIT = timedelta(hours=12)
# By the error's code; 422 for all others.
_STATUS = {
    "too_many": 429,
    "bad_sign_in": 401,
    "wrong_code": 401,
    "bad_link": 401,
    "bad_passkey": 401,
    "copied_passkey": 401,
    "openid_refused": 401,
    "openid_unknown": 401,
    "openid_down": 503,
}


@router.get("/sign-in")
async def form(request: Request, context: AllStoresContext) -> Response:
    """The form."""
    return render(request, context, "sign_in.html")


@router.post("/sign-in")
async def by_password(
    request: Request,
    context: AllStoresContext,
    email: Annotated[str, Form(max_length=300)] = "",
    password: Password = "",
    form: FormToken = "",
) -> Response:
    """Check address and password; who has a second factor is asked for its code then."""
    if not is_ours(request, context, form):
        return render(request, context, "sign_in.html", "stale_sign_in", email=email)
    try:
        person = await sign_in.check_credentials(context, email, password, visit_of(request))
    except StatementError as error:
        return render(request, context, "sign_in.html", error.code, email=email)
    if person.totp_secret is not None:
        ticket = sign_ticket(person.id, context.secret_key, now=real_now(request))
        return render(request, context, "sign_in_code.html", ticket=ticket)
    return await start_session(request, context, person.id, SignInMethod.PASSWORD)


@router.post("/sign-in/code")
async def by_code(
    request: Request,
    context: AllStoresContext,
    ticket: Annotated[str, Form(max_length=300)] = "",
    code: Annotated[str, Form(max_length=20)] = "",
    form: FormToken = "",
) -> Response:
    """Check the code of a person whose password was right a moment ago."""
    operator_id = open_ticket(ticket, context.secret_key, now=real_now(request))
    if operator_id is None or not is_ours(request, context, form):
        return render(request, context, "sign_in.html", "stale_sign_in")
    try:
        await sign_in.check_code(context, operator_id, code, visit_of(request))
    except StatementError as error:
        return render(request, context, "sign_in_code.html", error.code, ticket=ticket)
    return await start_session(request, context, operator_id, SignInMethod.PASSWORD_TOTP)


@router.get("/sign-in/{link}")
async def by_link(request: Request, link: str, context: AllStoresContext) -> Response:
    """Sign in by a link that this machine printed (it works once), or show the form of an invitation or a reset."""
    try:
        found, person = await links.look_at(context, link, now=real_now(request))
        if found.purpose is LinkPurpose.SIGN_IN:
            operator_id = await links.use_to_sign_in(context, link, now=real_now(request))
            return await start_session(request, context, operator_id, SignInMethod.LINK)
    except ExpiredError:
        return render(request, context, "sign_in.html", "bad_link")
    return render(request, context, "choose_password.html", purpose=found.purpose, person=person, link=link)


@router.post("/sign-in/{link}")
async def choose_password(
    request: Request,
    link: str,
    context: AllStoresContext,
    password: Password = "",
    name: Annotated[str, Form(max_length=300)] = "",
    email: Annotated[str, Form(max_length=300)] = "",
    form: FormToken = "",
) -> Response:
    """Choose a password; the person is signed in, unless a second factor is asked for."""
    try:
        found, person = await links.look_at(context, link, now=real_now(request))
    except ExpiredError:
        return render(request, context, "sign_in.html", "bad_link")
    shown = {"purpose": found.purpose, "person": person, "link": link, "name": name, "email": email}
    if not is_ours(request, context, form):
        return render(request, context, "choose_password.html", "stale_sign_in", **shown)
    try:
        chosen = await links.choose_password(context, link, password, visit_of(request), name=name, email=email)
    except ExpiredError:
        return render(request, context, "sign_in.html", "bad_link")
    except StatementError as error:
        return render(request, context, "choose_password.html", error.code, **shown)
    if chosen.totp_secret is not None:
        return RedirectResponse("/sign-in", 303)
    return await start_session(request, context, chosen.id, SignInMethod.PASSWORD)


@router.post("/sign-out")
async def sign_out(request: Request, context: AllStoresContext, form: FormToken = "") -> Response:
    """End the session: cookie and database row. Forms of other sites are ignored."""
    cookie = request.cookies.get(COOKIE, "")
    if not equal_in_constant_time(form, form_token(cookie, context.secret_key)):
        return RedirectResponse("/", 303)
    await sign_in.end_session(context, cookie, visit_of(request))
    answer = RedirectResponse("/sign-in", 303)
    answer.delete_cookie(COOKIE)
    return answer


def is_ours(request: Request, context: Context, form: str) -> bool:
    """Whether a form without a session came from our page in this browser."""
    visit = request.cookies.get(VISIT_COOKIE, "")
    return bool(visit) and equal_in_constant_time(form, form_token(visit, context.secret_key))


def render(request: Request, context: Context, template: str, problem: str = "", **shown: object) -> Response:
    """A page without a session, with its form's token; the status is that of the problem."""
    visit = request.cookies.get(VISIT_COOKIE, "") or context.new_token()
    party = relying_party(request, context.public_url)
    status = status_of(problem) if problem else 200
    token = form_token(visit, context.secret_key)
    provider = None if context.openid is None else context.openid.client.label
    values = {"name": "", "email": "", "ticket": "", "passkey_host": party.id if party else "", "provider": provider}
    problem = f"error.{problem}" if problem else ""
    answer = public_page(request, template, status, problem=problem, form=token, **values | shown)
    set_cookie(answer, request, context, VISIT_COOKIE, visit, _VISIT)
    return answer


def status_of(problem: str) -> int:
    """The HTTP status for who was refused with this code."""
    return _STATUS.get(problem, 422)


async def start_session(request: Request, context: Context, operator_id: int, method: SignInMethod) -> Response:
    """Sign in and show the orders; who has no store (any more) gets the form."""
    cookie, former = context.new_token(), request.cookies.get(COOKIE, "")
    begun = await sign_in.begin_session(
        context, operator_id, method, visit_of(request), cookie=cookie, former_cookie=former
    )
    if not begun:
        return render(request, context, "sign_in.html", "bad_sign_in")
    answer = RedirectResponse("/", 303)
    set_cookie(answer, request, context, COOKIE, cookie, sign_in.SESSION)
    return answer


def set_cookie(answer: Response, request: Request, context: Context, name: str, value: str, lasts: timedelta) -> None:
    """A cookie that scripts and other sites' forms cannot use."""
    seconds = int(lasts.total_seconds())
    answer.set_cookie(
        name, value, max_age=seconds, httponly=True, samesite="lax", secure=is_https(request, context.public_url)
    )
