"""In: a question about addresses that get no more mail, or that one is good; out: them and why, or mail again."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from paradeiro.db.bounces import Suppression
from paradeiro.domain.words import BounceKind
from paradeiro.flow import bounces
from paradeiro.web.api.cursors import Cursor, cursor_of, row_of
from paradeiro.web.api.once import api_author
from paradeiro.web.api.shapes import Shape, errors
from paradeiro.web.auth import MeansOf, Reader, Writer

router = APIRouter(tags=["store"])
_ERRORS = errors(400, 401, 403, 404, 422)


class SuppressionOut(Shape):
    """An address that gets no more mail: it is none (`hard`), did not take several mails (`soft`), or its reader called
    one spam (`complaint`).
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
    means: MeansOf, who: Reader, cursor: Cursor = "", limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> SuppressionPage:
    """The addresses that get no more mail, the newest first."""
    found = await bounces.suppressions(means, who.store_id, before=row_of("suppressions", cursor), limit=limit + 1)
    page = found[:limit]
    more = cursor_of("suppressions", page[-1].id) if len(found) > limit else None
    return SuppressionPage(items=[suppression_out(each) for each in page], next=more)


@router.delete("/suppressions/{address}", status_code=204, responses=_ERRORS)
async def lift_suppression(
    request: Request, address: Annotated[str, Path(max_length=320)], means: MeansOf, who: Writer
) -> Response:
    """Mail to this address again, from the next change on: it is good."""
    await bounces.lift(means, who.store_id, address, api_author(request, who))
    return Response(status_code=204)


def suppression_out(found: Suppression) -> SuppressionOut:
    """The same as JSON."""
    return SuppressionOut(address=found.address, kind=BounceKind(found.kind), reason=found.reason, since=found.since)
