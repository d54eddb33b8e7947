"""In: a look at the parties, a button; out: each account, how it is, how much waits for it; who mails the customers."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from paradeiro.db import reading, stores
from paradeiro.db.audit import By
from paradeiro.db.pool import transaction
from paradeiro.domain.words import DeedKind, Mailer, PartyKind
from paradeiro.flow import deeds, endpoint
from paradeiro.flow.errors import StatementError
from paradeiro.flow.mailing import mailer_of, set_mailer
from paradeiro.flow.means import Means
from paradeiro.web.auth import Caller, MeansOf, Operator, origin_of
from paradeiro.web.pages import forms
from paradeiro.web.pages.layout import id_of, page
from paradeiro.web.pages.stating import FormToken

router = APIRouter()


@router.get("/accounts")
async def show(request: Request, means: MeansOf, who: Operator) -> Response:
    """The store's accounts."""
    return await _render(request, means, who)


async def _render(request: Request, means: Means, who: Caller, *, problem: str = "") -> Response:
    async with means.pool.connection() as connection:
        lines = await reading.account_lines(connection, who.store_id)
    return await page(
        request,
        means,
        who,
        "accounts.html",
        forms.status_of(problem) if problem else 200,
        lines=lines,
        mailer=await mailer_of(means, who.store_id),
        may_choose=any(line["kind"] == PartyKind.ORDER_SYSTEM for line in lines),
        problem=f"error.{problem}" if problem else "",
        done=forms.done(request),
    )


@router.post("/accounts/{account}/ask-now")
async def ask_now(request: Request, account: str, means: MeansOf, who: Operator, form: FormToken = "") -> Response:
    """Let an account be asked again at once; one that was disabled is enabled."""
    try:
        forms.check(request, means, who, form)
    except StatementError as error:
        return await _render(request, means, who, problem=error.code)
    async with transaction(means.pool) as connection:
        mine = {line["id"]: line["state"] for line in await reading.account_lines(connection, who.store_id)}
        account_id = id_of(account)
        if account_id not in mine or account_id is None:
            return await _render(request, means, who, problem="gone")
        await stores.visit_now(connection, account_id, now=means.now())
        by = By(who.name, "page", origin_of(request))
        await deeds.note(means, connection, who.store_id, by, DeedKind.ASK_NOW, f"account {account_id}")
    if mine[account_id] == "disabled":
        await endpoint.enable(means, await endpoint.find(means, who.store_id, account_id), by)
    return forms.back(request, "/accounts", "try-now")


@router.post("/accounts/mailer")
async def choose_mailer(
    request: Request, means: MeansOf, who: Operator, form: FormToken = "", mailer: Annotated[str, Form()] = ""
) -> Response:
    """Say who mails the customers from now on."""
    try:
        forms.check(request, means, who, form)
    except StatementError as error:
        return await _render(request, means, who, problem=error.code)
    if mailer not in set(Mailer):
        return await _render(request, means, who, problem="gone")
    await set_mailer(means, who.store_id, Mailer(mailer), By(who.name, "page", origin_of(request)))
    return forms.back(request, "/accounts", "mailer")
