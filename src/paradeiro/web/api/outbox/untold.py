"""In: GET /untold; out: what marketplaces must be sent by a deadline and have not accepted, soonest first."""

import base64
import binascii
import re
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query

from paradeiro.db.outbox.deadlines import DeadlineLine
from paradeiro.domain.words import DeadlineKind
from paradeiro.flow.errors import InvalidError
from paradeiro.flow.outbox import deadlines
from paradeiro.web.api.cursors import Cursor
from paradeiro.web.api.shapes import Shape, errors
from paradeiro.web.auth import Reader, RequestContext

router = APIRouter(tags=["orders"])
_CURSOR = re.compile(r"1:untold:([a-z]+):(\d{1,17}):(\d{1,18})", re.ASCII)


class UntoldOut(Shape):
    """What a channel must be sent by `due_at` and has not accepted. Without a package there is nothing to send yet.
    `state` and `message`: of the message (`pending`, `sending`, `refused`); empty if there is none.
    """

    what: DeadlineKind
    due_at: datetime
    order_number: str
    channel: str
    shipment_id: int | None
    tracking_code: str
    account: str
    state: str
    message: str


class UntoldPage(Shape):
    items: list[UntoldOut]
    next: str | None = None


@router.get("/untold", responses=errors(401, 403, 422))
async def list_untold(
    context: RequestContext,
    who: Reader,
    *,
    what: DeadlineKind = DeadlineKind.NUMBER,
    hours: Annotated[int, Query(ge=0, le=8760, description="due within so many; 0: overdue only")] = 24,
    cursor: Cursor = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> UntoldPage:
    """Numbers, or deliveries, that channels with a deadline have not accepted: overdue, or due soon; soonest first."""
    after = _parse_cursor(what, cursor)
    found = await deadlines.open_deadlines(
        context, who.store_id, what, within=timedelta(hours=hours), after=after, limit=limit + 1
    )
    more = _make_cursor(found[limit - 1]) if len(found) > limit else None
    return UntoldPage(items=[_untold_out(line) for line in found[:limit]], next=more)


def _make_cursor(last: DeadlineLine) -> str:
    at = int(last.due_at.timestamp()) * 1_000_000 + last.due_at.microsecond
    return base64.urlsafe_b64encode(f"1:untold:{last.what}:{at}:{last.id}".encode()).decode().rstrip("=")


def _parse_cursor(what: DeadlineKind, cursor: str) -> tuple[datetime, int] | None:
    if not cursor:
        return None
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        text = ""
    read = _CURSOR.fullmatch(text)
    if read is None or read[1] != what or not 0 < int(read[2]) < 4_102_444_800_000_000:
        words = "This is no cursor of this list: take `next` from the page before, or leave it out for the first page."
        raise InvalidError("bad_cursor", words)
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(read[2])), int(read[3])


def _untold_out(line: DeadlineLine) -> UntoldOut:
    return UntoldOut(
        what=DeadlineKind(line.what),
        due_at=line.due_at,
        order_number=line.order_number,
        channel=line.channel,
        shipment_id=line.shipment_id,
        tracking_code=line.tracking_code,
        account=line.account,
        state=line.state,
        message=line.message,
    )
