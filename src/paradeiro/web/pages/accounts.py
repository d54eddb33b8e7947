"""In: a look at the parties, a button; out: each account, how it is, how much waits for it."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from paradeiro.db import reading, stores
from paradeiro.db.pool import transaction
from paradeiro.web.auth import COOKIE, WRITE, MeansOf, Operator, form_token
from paradeiro.web.pages.layout import page

router = APIRouter()
_STATES = {"ok": "responde", "outage": "não responde", "paused": "pausada: recusa as credenciais"}
_KINDS = {
    "carrier": "transportadora",
    "order_system": "sistema de pedidos",
    "marketplace": "marketplace",
    "mail": "e-mail",
}


@router.get("/accounts")
async def show(request: Request, means: MeansOf, who: Operator) -> Response:
    """The store's accounts."""
    async with means.pool.connection() as connection:
        lines = await reading.account_lines(connection, who.store_id)
    return await page(request, means, who, "accounts.html", lines=lines, states=_STATES, kinds=_KINDS)


@router.post("/accounts/{account_id}/ask-now")
async def ask_now(
    request: Request, account_id: int, means: MeansOf, who: Operator, form: Annotated[str, Form()] = ""
) -> Response:
    """Let an account be asked again at once."""
    who.needs(WRITE)
    if form == form_token(request.cookies.get(COOKIE, ""), means.secret_key):
        async with transaction(means.pool) as connection:
            mine = {line["id"] for line in await reading.account_lines(connection, who.store_id)}
            if account_id in mine:
                await stores.visit_now(connection, account_id, now=means.now())
    return RedirectResponse("/accounts", 303)
