"""In: an administrator; out: the store's people: invited, given a role, reset, ended."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from paradeiro.domain.words import Role
from paradeiro.flow.context import Context
from paradeiro.flow.errors import InvalidError, StatementError
from paradeiro.flow.people import operators
from paradeiro.flow.people.operators import Invitation
from paradeiro.web.auth import AllStoresContext, Caller, Operator, page_actor, real_now
from paradeiro.web.pages import forms
from paradeiro.web.pages.layout import page, parse_id

router = APIRouter()
FormToken = Annotated[str, Form(max_length=200)]
_Role = Annotated[str, Form(max_length=20)]


@router.get("/people")
async def people(request: Request, context: AllStoresContext, who: Operator) -> Response:
    """The page."""
    return await _render(request, context, who)


@router.post("/people")
async def invite(
    request: Request,
    context: AllStoresContext,
    who: Operator,
    form: FormToken = "",
    email: Annotated[str, Form(max_length=300)] = "",
    name: Annotated[str, Form(max_length=300)] = "",
    role: _Role = "",
) -> Response:
    """Add a person; the link for them is shown once."""
    try:
        forms.check_form(request, context, who, form)
        invited = await operators.add_operator(
            context,
            who.store_id,
            email=email,
            name=name,
            role=_role(role),
            by=page_actor(request, who),
            now=real_now(request),
        )
    except StatementError as error:
        return await _render(request, context, who, problem=error.code, typed=(name, email, role))
    return await _render(request, context, who, invited=invited)


@router.post("/people/{operator}/role")
async def set_role(
    request: Request, operator: str, context: AllStoresContext, who: Operator, form: FormToken = "", role: _Role = ""
) -> Response:
    """Give a person another role."""
    try:
        forms.check_form(request, context, who, form)
        by = page_actor(request, who)
        await operators.set_role(context, who.store_id, parse_id(operator) or 0, _role(role), by)
    except StatementError as error:
        return await _render(request, context, who, problem=error.code)
    return forms.redirect_back(request, "/people", "role")


@router.post("/people/{operator}/reset")
async def reset(
    request: Request,
    operator: str,
    context: AllStoresContext,
    who: Operator,
    form: FormToken = "",
    second_factor: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """A link by which a person chooses another password; shown once."""
    try:
        forms.check_form(request, context, who, form)
        invited = await operators.reset_operator(
            context,
            who.store_id,
            parse_id(operator) or 0,
            page_actor(request, who),
            second_factor=second_factor == "yes",
            now=real_now(request),
        )
    except StatementError as error:
        return await _render(request, context, who, problem=error.code)
    return await _render(request, context, who, invited=invited)


@router.post("/people/{operator}/end")
async def end(
    request: Request, operator: str, context: AllStoresContext, who: Operator, form: FormToken = ""
) -> Response:
    """Take a person out of the store."""
    try:
        forms.check_form(request, context, who, form)
        await operators.end_operator(context, who.store_id, parse_id(operator) or 0, page_actor(request, who))
    except StatementError as error:
        return await _render(request, context, who, problem=error.code)
    return forms.redirect_back(request, "/people", "person-ended")


def _role(text: str) -> Role:
    if text not in set(Role):
        raise InvalidError("bad_role", f"Choose a role: {', '.join(Role)}.")
    return Role(text)


async def _render(
    request: Request,
    context: Context,
    who: Caller,
    *,
    problem: str = "",
    invited: Invitation | None = None,
    typed: tuple[str, str, str] = ("", "", ""),
) -> Response:
    lines = await operators.list_operators(context, who.store_id, now=real_now(request))
    return await page(
        request,
        context,
        who,
        "people.html",
        forms.status_of(problem) if problem else 200,
        people=[line for line in lines if line.ended_at is None],
        roles=list(Role),
        invited=invited,
        link=f"{str(request.base_url).rstrip('/')}{invited.link}" if invited and invited.link else "",
        typed=typed,
        problem=f"error.{problem}" if problem else "",
        done=forms.done_message(request),
    )
