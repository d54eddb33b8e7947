"""In: the notices screen and its buttons; out: open notices as sentences; resolved, or their messages sent again."""

from fastapi import APIRouter, Request, Response

from paradeiro.db.operations import notices
from paradeiro.db.operations.notices import Notice
from paradeiro.db.pool import transaction
from paradeiro.db.screens import screen_queries as screens
from paradeiro.domain.words import AuditAction
from paradeiro.flow.carriers import moving
from paradeiro.flow.context import Context
from paradeiro.flow.errors import MissingError, StatementError
from paradeiro.flow.operations import audit_log
from paradeiro.flow.orders import orders_set_aside
from paradeiro.flow.outbox import refusals
from paradeiro.sdk.wording import Language
from paradeiro.sdk.wording.notices import notice_sentence
from paradeiro.web.auth import Caller, Operator, RequestContext, page_actor
from paradeiro.web.pages import forms
from paradeiro.web.pages.layout import page, parse_id, words_for
from paradeiro.web.pages.statements import FormToken

router = APIRouter()


@router.get("/notices")
async def show(request: Request, context: RequestContext, who: Operator) -> Response:
    """Open notices, the latest first."""
    return await _render(request, context, who)


async def _render(request: Request, context: Context, who: Caller, *, problem: str = "") -> Response:
    async with context.pool.connection() as connection:
        found = await notices.notices(connection, who.store_id)
        about = [notice.shipment_id for notice in found if notice.shipment_id is not None]
        orders = await screens.order_numbers(connection, who.store_id, about)
    english = words_for(request).language is Language.EN

    def sentence(notice: Notice) -> str:
        return notice.message if english else notice_sentence(notice.kind, notice.facts, notice.message)

    return await page(
        request,
        context,
        who,
        "notices.html",
        forms.status_of(problem) if problem else 200,
        found=found,
        orders=orders,
        sentence=sentence,
        problem=f"error.{problem}" if problem else "",
        done=forms.done_message(request),
    )


@router.post("/notices/{notice}/resolve")
async def resolve(
    request: Request, notice: str, context: RequestContext, who: Operator, form: FormToken = ""
) -> Response:
    """Resolve a notice; if it is about an account, that is tried again."""
    try:
        forms.check_form(request, context, who, form)
    except StatementError as error:
        return await _render(request, context, who, problem=error.code)
    notice_id = parse_id(notice)
    async with transaction(context.pool) as connection:
        ended = (
            await notices.resolve_notice(connection, who.store_id, notice_id, by=who.name, now=context.now())
            if notice_id
            else None
        )
        if ended is not None:
            await orders_set_aside.follow_up_notice(connection, ended, now=context.now())
            by = page_actor(request, who)
            about = f"{ended.kind}: {ended.subject}"
            await audit_log.write_entry(context, connection, who.store_id, by, AuditAction.RESOLVE_NOTICE, about)
    if ended is None:
        return await _render(request, context, who, problem="gone")
    return forms.redirect_back(request, "/notices", "resolve")


@router.post("/notices/{notice}/move")
async def move(request: Request, notice: str, context: RequestContext, who: Operator, form: FormToken = "") -> Response:
    """Let the carrier that a notice names follow its package."""
    try:
        forms.check_form(request, context, who, form)
        async with context.pool.connection() as connection:
            found = await notices.open_notice(connection, who.store_id, parse_id(notice) or 0)
        account = parse_id(found.facts.get("move_to", "")) if found else None
        if found is None or found.shipment_id is None or account is None:
            raise MissingError("gone", "There is no such notice any more.")
        by = page_actor(request, who)
        await moving.move_shipment(context, who.store_id, found.shipment_id, account, by)
    except StatementError as error:
        return await _render(request, context, who, problem=error.code)
    return forms.redirect_back(request, "/notices", "move")


@router.post("/notices/{notice}/resend")
async def resend(
    request: Request, notice: str, context: RequestContext, who: Operator, form: FormToken = ""
) -> Response:
    """Send the refused messages of a notice again, once its cause is fixed."""
    try:
        forms.check_form(request, context, who, form)
        by = page_actor(request, who)
        await refusals.resend_by_notice(context, who.store_id, parse_id(notice) or 0, by=by)
    except MissingError:
        return await _render(request, context, who, problem="gone")
    except StatementError as error:
        return await _render(request, context, who, problem=error.code)
    return forms.redirect_back(request, "/notices", "resent")
