"""In: GET /audit; out: the audit log, newest first."""

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Query

from paradeiro.db.operations import audit
from paradeiro.web.api.cursors import Cursor, cursor_of, row_of
from paradeiro.web.api.shapes import AuditOut, AuditPage, errors
from paradeiro.web.auth import Reader, RequestContext

router = APIRouter(tags=["audit"])


@router.get("/audit", responses=errors(401, 403, 422))
async def list_audit(
    context: RequestContext,
    who: Reader,
    order_number: Annotated[str | None, Query(max_length=100, pattern=r"^[^\x00]*$")] = None,
    cursor: Cursor = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> AuditPage:
    """The actions done by API, on the pages or on the command line, and by whom; of one order, or of the store."""
    before = row_of("audit", cursor)
    async with context.pool.connection() as connection:
        lines = await audit.audit_lines(
            connection, who.store_id, order_number=order_number, before=before, limit=limit + 1
        )
    page = lines[:limit]
    items = [AuditOut(**asdict(line)) for line in page]
    return AuditPage(items=items, next=cursor_of("audit", page[-1].id) if len(lines) > limit else None)
