"""In: a look at what waits for a person, a button; out: notices in plain words, ended one by one."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from paradeiro.db import notices, stores
from paradeiro.db.pool import transaction
from paradeiro.sdk.speech.notices import notice_sentence
from paradeiro.web.auth import COOKIE, WRITE, MeansOf, Operator, form_token
from paradeiro.web.pages.layout import page

router = APIRouter()


@router.get("/notices")
async def show(request: Request, means: MeansOf, who: Operator) -> Response:
    """Open notices, the latest first."""
    async with means.pool.connection() as connection:
        found = await notices.notices(connection, who.store_id)
    return await page(request, means, who, "notices.html", found=found, sentence=notice_sentence)


@router.post("/notices/{notice_id}/resolve")
async def resolve(
    request: Request, notice_id: int, means: MeansOf, who: Operator, form: Annotated[str, Form()] = ""
) -> Response:
    """End a notice; an account that it was about is asked again."""
    who.needs(WRITE)
    if form == form_token(request.cookies.get(COOKIE, ""), means.secret_key):
        async with transaction(means.pool) as connection:
            done = await notices.resolve(connection, who.store_id, notice_id, by=who.name, now=means.now())
            if done is not None and done.account_id is not None:
                await stores.visit_now(connection, done.account_id, now=means.now())
    return RedirectResponse("/notices", 303)
