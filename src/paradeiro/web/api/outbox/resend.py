"""In: an account or a notice whose cause is fixed; out: the refused messages sent again, in order, once each."""

from typing import Annotated

from fastapi import APIRouter, Path, Request

from paradeiro.flow.outbox import refusals
from paradeiro.flow.outbox.refusals import Resent
from paradeiro.web.api.cursors import cursor_of, row_of
from paradeiro.web.api.idempotency import IdempotentRoute, api_actor
from paradeiro.web.api.shapes import Shape, errors
from paradeiro.web.api.values import OptionalTime
from paradeiro.web.auth import RequestContext, Writer

router = APIRouter(tags=["notices"], route_class=IdempotentRoute)
_ERRORS = errors(401, 403, 404, 409, 422)
_LIST_NAME = "resend"


class ResendIn(Shape):
    """What to send again: all that the account refused `since` then. `dry_run`: only count it. `cursor`: the `next` of
    the previous answer.
    """

    since: OptionalTime = None
    dry_run: bool = False
    cursor: str = ""


class ResentOut(Shape):
    """`again` messages of `orders` orders are sent; `left` are not, since newer messages of their packages replace
    them. With `next` there are more than one call handles: send it as `cursor`.
    """

    account: str
    again: int
    left: int
    orders: int
    first_order: str
    last_order: str
    dry_run: bool
    next: str | None = None


@router.post("/accounts/{account_id}/resend", responses=_ERRORS)
async def resend(
    request: Request,
    account_id: Annotated[int, Path(ge=1)],
    context: RequestContext,
    who: Writer,
    asked: ResendIn | None = None,
) -> ResentOut:
    """Send again what an account refused, once the cause is fixed: each once, order by order, oldest first. Repeating
    it sends only what was refused again.
    """
    asked = asked or ResendIn()
    after = row_of(_LIST_NAME, asked.cursor) or 0
    by = api_actor(request, who)
    done = await refusals.resend(
        context, who.store_id, account_id, since=asked.since, after=after, dry_run=asked.dry_run, by=by
    )
    return _resent_out(done, dry_run=asked.dry_run)


@router.post("/notices/{notice_id}/resend", responses=_ERRORS)
async def resend_of_notice(
    request: Request, notice_id: Annotated[int, Path(ge=1)], context: RequestContext, who: Writer
) -> ResentOut:
    """The same for an open notice (`effect_refused`): all that was refused for one reason. The notice ends when nothing
    of it is left; if there is more than one call handles, repeat it until then.
    """
    done = await refusals.resend_by_notice(context, who.store_id, notice_id, by=api_actor(request, who))
    return _resent_out(done, dry_run=False)


def _resent_out(done: Resent, *, dry_run: bool) -> ResentOut:
    return ResentOut(
        account=done.account,
        again=done.again,
        left=done.left,
        orders=done.orders,
        first_order=done.first_order,
        last_order=done.last_order,
        dry_run=dry_run,
        next=cursor_of(_LIST_NAME, done.after) if done.after else None,
    )
