"""In: the couriers screen and its forms; out: names that wait for a rule, the rules, who follows which."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from paradeiro.db.accounts import stores
from paradeiro.db.carriers import courier_rules
from paradeiro.domain.words import PartyKind
from paradeiro.flow.context import Context
from paradeiro.flow.errors import StatementError
from paradeiro.flow.orders import couriers
from paradeiro.web.auth import Caller, Operator, RequestContext, page_actor
from paradeiro.web.pages import forms
from paradeiro.web.pages.layout import page, parse_id
from paradeiro.web.pages.statements import FormToken

router = APIRouter()
# The choices beside the accounts.
_NOBODY, _NO_RULE = "nobody", "none"


@router.get("/couriers")
async def show(request: Request, context: RequestContext, who: Operator) -> Response:
    """Who follows which courier's packages."""
    return await _render(request, context, who)


async def _render(request: Request, context: Context, who: Caller, *, problem: str = "") -> Response:
    async with context.pool.connection() as connection:
        rules = await courier_rules.rules_of_store(connection, who.store_id)
        known = await stores.accounts(connection, context.secret_key, store_ids=[who.store_id])
    return await page(
        request,
        context,
        who,
        "couriers.html",
        forms.status_of(problem) if problem else 200,
        waiting=await couriers.waiting_couriers(context, who.store_id),
        rules=sorted(rules.values(), key=lambda rule: rule.courier),
        carriers=[account for account in known if account.kind is PartyKind.CARRIER],
        names={account.id: account.name for account in known},
        problem=f"error.{problem}" if problem else "",
        done=forms.done_message(request),
    )


@router.post("/couriers/set")
async def set_rule(
    request: Request,
    context: RequestContext,
    who: Operator,
    form: FormToken = "",
    courier: Annotated[str, Form(max_length=200)] = "",
    account: Annotated[str, Form(max_length=40)] = "",
) -> Response:
    """Set, change or remove the rule of one courier."""
    by = page_actor(request, who)
    name = courier.replace("\x00", "")
    try:
        forms.check_form(request, context, who, form)
        if account == _NO_RULE:
            await couriers.remove_rule(context, who.store_id, name, by)
        else:
            account_id = None if account == _NOBODY else parse_id(account) or 0
            await couriers.set_rule(context, who.store_id, name, account_id, by)
    except StatementError as error:
        return await _render(request, context, who, problem=error.code)
    return forms.redirect_back(request, "/couriers", "courier")
