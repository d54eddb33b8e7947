"""In: a question about what needs a person; out: notices, accounts and how they are."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request

from paradeiro.db import notices, reading
from paradeiro.db.notices import Notice
from paradeiro.db.pool import transaction
from paradeiro.domain.words import DeedKind
from paradeiro.flow import deeds, set_aside
from paradeiro.flow.errors import MissingError
from paradeiro.web.api.cursors import Cursor, cursor_of, row_of
from paradeiro.web.api.notice_shapes import AccountOut, NoticeOut, NoticePage
from paradeiro.web.api.once import OnceRoute, api_author
from paradeiro.web.api.shapes import errors
from paradeiro.web.auth import MeansOf, Reader, Writer

router = APIRouter(tags=["notices"], route_class=OnceRoute)
_ERRORS = errors(401, 403, 404, 422)


@router.get("/notices", responses=_ERRORS)
async def list_notices(
    means: MeansOf,
    who: Reader,
    *,
    all: bool = False,  # noqa: A002 - the query's word
    cursor: Cursor = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> NoticePage:
    """Open notices (or `all` of them), the latest opened first."""
    before = row_of("notices", cursor)
    async with means.pool.connection() as connection:
        found = await notices.page(connection, who.store_id, open_only=not all, before=before, limit=limit + 1)
    more = cursor_of("notices", found[limit - 1].id) if len(found) > limit else None
    return NoticePage(items=[_notice(notice) for notice in found[:limit]], next=more)


@router.post("/notices/{notice_id}/resolve", responses=_ERRORS)
async def resolve_notice(
    request: Request, notice_id: Annotated[int, Path(ge=1)], means: MeansOf, who: Writer
) -> NoticeOut:
    """End a notice. One about an account lets the account be asked again at once."""
    async with transaction(means.pool) as connection:
        done = await notices.resolve(connection, who.store_id, notice_id, by=who.name, now=means.now())
        if done is None:
            raise MissingError("no_such_notice", f"There is no open notice {notice_id} in this store.")
        await set_aside.after_notice(connection, done, now=means.now())
        by = api_author(request, who)
        await deeds.note(means, connection, who.store_id, by, DeedKind.RESOLVE_NOTICE, f"{done.kind}: {done.subject}")
    return _notice(done)


@router.get("/accounts", responses=_ERRORS)
async def list_accounts(means: MeansOf, who: Reader) -> list[AccountOut]:
    """The store's accounts, in trouble or not, and how much waits for each. No credentials."""
    async with means.pool.connection() as connection:
        return [AccountOut(**line) for line in await reading.account_lines(connection, who.store_id)]


def _notice(notice: Notice) -> NoticeOut:
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
