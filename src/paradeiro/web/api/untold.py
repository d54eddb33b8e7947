"""In: a question what marketplaces must be told by when; out: what they have not taken, soonest first."""

import base64
import binascii
import re
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query

from paradeiro.db.deadlines import Line
from paradeiro.domain.words import Untold
from paradeiro.flow import deadlines
from paradeiro.flow.errors import InvalidError
from paradeiro.web.api.cursors import Cursor
from paradeiro.web.api.shapes import Shape, errors
from paradeiro.web.auth import MeansOf, Reader

router = APIRouter(tags=["orders"])
_CURSOR = re.compile(r"1:untold:([a-z]+):(\d{1,17}):(\d{1,18})", re.ASCII)


class UntoldOut(Shape):
    """What a channel must be told by `due_at` and has not taken. Without a package there is nothing to tell yet.
    `state` and `message`: of the message that tells it (`pending`, `sending`, `refused`); empty if there is none.
    """

    what: Untold
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
    means: MeansOf,
    who: Reader,
    *,
    what: Untold = Untold.NUMBER,
    hours: Annotated[int, Query(ge=0, le=8760, description="due within so many; 0: overdue only")] = 24,
    cursor: Cursor = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> UntoldPage:
    """Numbers, or deliveries, that channels with a deadline have not taken: overdue, or due soon; soonest first."""
    after = _row_of(what, cursor)
    found = await deadlines.untold(
        means, who.store_id, what, within=timedelta(hours=hours), after=after, limit=limit + 1
    )
    more = _cursor_of(found[limit - 1]) if len(found) > limit else None
    return UntoldPage(items=[_shown(line) for line in found[:limit]], next=more)


def _cursor_of(last: Line) -> str:
    at = int(last.due_at.timestamp()) * 1_000_000 + last.due_at.microsecond
    return base64.urlsafe_b64encode(f"1:untold:{last.what}:{at}:{last.id}".encode()).decode().rstrip("=")


def _row_of(what: Untold, cursor: str) -> tuple[datetime, int] | None:
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


def _shown(line: Line) -> UntoldOut:
    return UntoldOut(
        what=Untold(line.what),
        due_at=line.due_at,
        order_number=line.order_number,
        channel=line.channel,
        shipment_id=line.shipment_id,
        tracking_code=line.tracking_code,
        account=line.account,
        state=line.state,
        message=line.message,
    )
