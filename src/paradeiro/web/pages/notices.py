"""In: a look at what waits for a person, a button; out: notices in plain words, ended one by one."""

from fastapi import APIRouter, Request, Response

from paradeiro.db import notices
from paradeiro.db import shown as screens
from paradeiro.db.audit import By
from paradeiro.db.notices import Notice
from paradeiro.db.pool import transaction
from paradeiro.domain.words import DeedKind
from paradeiro.flow import deeds, refusals, set_aside
from paradeiro.flow.errors import MissingError, StatementError
from paradeiro.flow.means import Means
from paradeiro.sdk.speech import Language
from paradeiro.sdk.speech.notices import notice_sentence
from paradeiro.web.auth import Caller, MeansOf, Operator, origin_of
from paradeiro.web.pages import forms
from paradeiro.web.pages.layout import id_of, page, words_for
from paradeiro.web.pages.stating import FormToken

router = APIRouter()


@router.get("/notices")
async def show(request: Request, means: MeansOf, who: Operator) -> Response:
    """Open notices, the latest first."""
    return await _render(request, means, who)


async def _render(request: Request, means: Means, who: Caller, *, problem: str = "") -> Response:
    async with means.pool.connection() as connection:
        found = await notices.notices(connection, who.store_id)
        about = [notice.shipment_id for notice in found if notice.shipment_id is not None]
        orders = await screens.order_numbers(connection, who.store_id, about)
    english = words_for(request).language is Language.EN

    def sentence(notice: Notice) -> str:
        return notice.message if english else notice_sentence(notice.kind, notice.facts, notice.message)

    return await page(
        request,
        means,
        who,
        "notices.html",
        forms.status_of(problem) if problem else 200,
        found=found,
        orders=orders,
        sentence=sentence,
        problem=f"error.{problem}" if problem else "",
        done=forms.done(request),
    )


@router.post("/notices/{notice}/resolve")
async def resolve(request: Request, notice: str, means: MeansOf, who: Operator, form: FormToken = "") -> Response:
    """End a notice; an account that it was about is asked again."""
    try:
        forms.check(request, means, who, form)
    except StatementError as error:
        return await _render(request, means, who, problem=error.code)
    notice_id = id_of(notice)
    async with transaction(means.pool) as connection:
        ended = (
            await notices.resolve(connection, who.store_id, notice_id, by=who.name, now=means.now())
            if notice_id
            else None
        )
        if ended is not None:
            await set_aside.after_notice(connection, ended, now=means.now())
            by = By(who.name, "page", origin_of(request))
            said = f"{ended.kind}: {ended.subject}"
            await deeds.note(means, connection, who.store_id, by, DeedKind.RESOLVE_NOTICE, said)
    if ended is None:
        return await _render(request, means, who, problem="gone")
    return forms.back(request, "/notices", "resolve")


@router.post("/notices/{notice}/resend")
async def resend(request: Request, notice: str, means: MeansOf, who: Operator, form: FormToken = "") -> Response:
    """Send again what a notice says was refused, once its cause is mended."""
    try:
        forms.check(request, means, who, form)
        by = By(who.name, "page", origin_of(request))
        await refusals.resend_of(means, who.store_id, id_of(notice) or 0, by=by)
    except MissingError:
        return await _render(request, means, who, problem="gone")
    except StatementError as error:
        return await _render(request, means, who, problem=error.code)
    return forms.back(request, "/notices", "resent")
