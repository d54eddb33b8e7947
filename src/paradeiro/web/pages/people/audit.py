"""In: an administrator; out: the audit log, newest first, a page at a time."""

from fastapi import APIRouter, Request, Response

from paradeiro.db.operations import audit
from paradeiro.web.auth import Operator, RequestContext
from paradeiro.web.pages.layout import page, parse_id

router = APIRouter()
_LINES = 50


@router.get("/audit")
async def audit_log(request: Request, context: RequestContext, who: Operator, before: str = "") -> Response:
    """The page; `before`: the id of the last line of the page before it."""
    async with context.pool.connection() as connection:
        lines = await audit.audit_lines(connection, who.store_id, before=parse_id(before), limit=_LINES + 1)
    older = lines[_LINES - 1].id if len(lines) > _LINES else None
    return await page(request, context, who, "audit_log.html", lines=lines[:_LINES], older=older)
