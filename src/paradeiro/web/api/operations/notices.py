"""In: GET of notices and accounts, POST to resolve a notice; out: notices, accounts and their health."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request

from paradeiro.db.operations import notices
from paradeiro.db.operations.notices import Notice
from paradeiro.db.pool import transaction
from paradeiro.db.screens import lists
from paradeiro.domain.words import AuditAction
from paradeiro.flow.accounts import pausing
from paradeiro.flow.context import Context
from paradeiro.flow.errors import MissingError
from paradeiro.flow.operations import audit_log
from paradeiro.flow.orders import orders_set_aside
from paradeiro.web.api.cursors import Cursor, cursor_of, row_of
from paradeiro.web.api.idempotency import IdempotentRoute, api_actor
from paradeiro.web.api.operations.notice_shapes import AccountOut, NoticeOut, NoticePage
from paradeiro.web.api.shapes import errors
from paradeiro.web.auth import Reader, RequestContext, Writer

router = APIRouter(tags=["notices"], route_class=IdempotentRoute)
_ERRORS = errors(401, 403, 404, 422)


@router.get("/notices", responses=_ERRORS)
async def list_notices(
    context: RequestContext,
    who: Reader,
    *,
    all: bool = False,  # noqa: A002 - the query's word
    cursor: Cursor = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> NoticePage:
    """Open notices (or `all` of them), newest first."""
    before = row_of("notices", cursor)
    async with context.pool.connection() as connection:
        found = await notices.notice_page(connection, who.store_id, open_only=not all, before=before, limit=limit + 1)
    more = cursor_of("notices", found[limit - 1].id) if len(found) > limit else None
    return NoticePage(items=[_notice_out(notice) for notice in found[:limit]], next=more)


@router.post("/notices/{notice_id}/resolve", responses=_ERRORS)
async def resolve_notice(
    request: Request, notice_id: Annotated[int, Path(ge=1)], context: RequestContext, who: Writer
) -> NoticeOut:
    """Resolve a notice. If it is about an account, the account is tried again at once."""
    async with transaction(context.pool) as connection:
        done = await notices.resolve_notice(connection, who.store_id, notice_id, by=who.name, now=context.now())
        if done is None:
            raise MissingError("no_such_notice", f"There is no open notice {notice_id} in this store.")
        await orders_set_aside.follow_up_notice(connection, done, now=context.now())
        by = api_actor(request, who)
        await audit_log.write_entry(
            context, connection, who.store_id, by, AuditAction.RESOLVE_NOTICE, f"{done.kind}: {done.subject}"
        )
    return _notice_out(done)


@router.get("/accounts", responses=_ERRORS)
async def list_accounts(context: RequestContext, who: Reader) -> list[AccountOut]:
    """The store's accounts, their health, and how much waits for each. No credentials."""
    async with context.pool.connection() as connection:
        return [AccountOut(**line) for line in await lists.account_lines(connection, who.store_id)]


@router.post("/accounts/{account_id}/pause", responses=_ERRORS)
async def pause_account(
    request: Request, account_id: Annotated[int, Path(ge=1)], context: RequestContext, who: Writer
) -> AccountOut:
    """Disable an account: it is asked and told nothing until it is resumed. Doing it again changes nothing."""
    await pausing.pause(context, who.store_id, account_id, api_actor(request, who))
    return await _account_out(context, who.store_id, account_id)


@router.post("/accounts/{account_id}/resume", responses=_ERRORS)
async def resume_account(
    request: Request, account_id: Annotated[int, Path(ge=1)], context: RequestContext, who: Writer
) -> AccountOut:
    """Go on with a disabled account at once; what waited goes in order. One that is not disabled stays as it is."""
    await pausing.resume(context, who.store_id, account_id, api_actor(request, who))
    return await _account_out(context, who.store_id, account_id)


async def _account_out(context: Context, store_id: int, account_id: int) -> AccountOut:
    async with context.pool.connection() as connection:
        lines = await lists.account_lines(connection, store_id)
    return AccountOut(**next(line for line in lines if line["id"] == account_id))


def _notice_out(notice: Notice) -> NoticeOut:
    return NoticeOut(
        id=notice.id,
        kind=notice.kind,
        message=notice.message,
        seen=notice.seen,
        opened_at=notice.opened_at,
        last_seen_at=notice.last_seen_at,
        resolved_at=notice.resolved_at,
        shipment_id=notice.shipment_id,
        reply=f"/api/v1/replies/{notice.reply_id}" if notice.reply_id else None,
    )
