"""In: GET and DELETE of suppressed mail addresses; out: the addresses and why; mail goes there again."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from paradeiro.db.customers.bounces import Suppression
from paradeiro.domain.words import BounceKind
from paradeiro.flow.customers import bounces
from paradeiro.web.api.cursors import Cursor, cursor_of, row_of
from paradeiro.web.api.idempotency import api_actor
from paradeiro.web.api.shapes import Shape, errors
from paradeiro.web.auth import Reader, RequestContext, Writer

router = APIRouter(tags=["store"])
_ERRORS = errors(400, 401, 403, 404, 422)


class SuppressionOut(Shape):
    """An address that gets no more mail: it does not exist (`hard`), refused several mails (`soft`), or its reader
    marked one as spam (`complaint`).
    """

    address: str
    kind: BounceKind
    reason: str
    since: datetime


class SuppressionPage(Shape):
    """`next` is the cursor of the next page; null at the end."""

    items: list[SuppressionOut]
    next: str | None


@router.get("/suppressions", responses=_ERRORS)
async def list_suppressions(
    context: RequestContext, who: Reader, cursor: Cursor = "", limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> SuppressionPage:
    """The addresses that get no more mail, the newest first."""
    found = await bounces.suppressions(context, who.store_id, before=row_of("suppressions", cursor), limit=limit + 1)
    page = found[:limit]
    more = cursor_of("suppressions", page[-1].id) if len(found) > limit else None
    return SuppressionPage(items=[suppression_out(each) for each in page], next=more)


@router.delete("/suppressions/{address}", status_code=204, responses=_ERRORS)
async def lift_suppression(
    request: Request, address: Annotated[str, Path(max_length=320)], context: RequestContext, who: Writer
) -> Response:
    """Lift the suppression: the address gets mail again, from the next change on."""
    await bounces.lift_suppression(context, who.store_id, address, api_actor(request, who))
    return Response(status_code=204)


def suppression_out(found: Suppression) -> SuppressionOut:
    """The same as JSON."""
    return SuppressionOut(address=found.address, kind=BounceKind(found.kind), reason=found.reason, since=found.since)
