"""In: the accounts screen and its forms; out: each account, its health, what waits for it; who mails customers."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from paradeiro.db.accounts import stores
from paradeiro.db.pool import transaction
from paradeiro.db.screens import lists
from paradeiro.domain.words import AuditAction, Mailer, PartyKind
from paradeiro.flow.accounts import pausing
from paradeiro.flow.carriers.lookup_quota import month_of
from paradeiro.flow.context import Context
from paradeiro.flow.errors import StatementError
from paradeiro.flow.operations import audit_log
from paradeiro.flow.outbox.mail_policy import mailer_of, set_mailer
from paradeiro.web.auth import Caller, Operator, RequestContext, page_actor
from paradeiro.web.pages import forms
from paradeiro.web.pages.layout import page, parse_id
from paradeiro.web.pages.statements import FormToken

router = APIRouter()


@router.get("/accounts")
async def show(request: Request, context: RequestContext, who: Operator) -> Response:
    """The store's accounts."""
    return await _render(request, context, who)


async def _render(request: Request, context: Context, who: Caller, *, problem: str = "") -> Response:
    async with context.pool.connection() as connection:
        lines = await lists.account_lines(connection, who.store_id)
    return await page(
        request,
        context,
        who,
        "accounts.html",
        forms.status_of(problem) if problem else 200,
        lines=lines,
        month=month_of(context.now()),
        mailer=await mailer_of(context, who.store_id),
        may_choose=any(line["kind"] == PartyKind.ORDER_SYSTEM for line in lines),
        problem=f"error.{problem}" if problem else "",
        done=forms.done_message(request),
    )


@router.post("/accounts/{account}/ask-now")
async def ask_now(
    request: Request, account: str, context: RequestContext, who: Operator, form: FormToken = ""
) -> Response:
    """Try an account again at once; enable a disabled one."""
    try:
        forms.check_form(request, context, who, form)
    except StatementError as error:
        return await _render(request, context, who, problem=error.code)
    async with transaction(context.pool) as connection:
        mine = {line["id"]: line["state"] for line in await lists.account_lines(connection, who.store_id)}
        account_id = parse_id(account)
        if account_id not in mine or account_id is None:
            return await _render(request, context, who, problem="gone")
        await stores.make_account_due(connection, account_id, now=context.now())
        by = page_actor(request, who)
        await audit_log.write_entry(context, connection, who.store_id, by, AuditAction.ASK_NOW, f"account {account_id}")
    if mine[account_id] == "disabled":
        await pausing.resume(context, who.store_id, account_id, by)
    return forms.redirect_back(request, "/accounts", "try-now")


@router.post("/accounts/mailer")
async def choose_mailer(
    request: Request, context: RequestContext, who: Operator, form: FormToken = "", mailer: Annotated[str, Form()] = ""
) -> Response:
    """Set who mails the customers from now on."""
    try:
        forms.check_form(request, context, who, form)
    except StatementError as error:
        return await _render(request, context, who, problem=error.code)
    if mailer not in set(Mailer):
        return await _render(request, context, who, problem="gone")
    await set_mailer(context, who.store_id, Mailer(mailer), page_actor(request, who))
    return forms.redirect_back(request, "/accounts", "mailer")
