"""In: an account or a notice whose cause is mended; out: what was refused is sent again, in order, once each."""

from typing import Annotated

from fastapi import APIRouter, Path, Request

from paradeiro.flow import refusals
from paradeiro.flow.refusals import Resent
from paradeiro.web.api.cursors import cursor_of, row_of
from paradeiro.web.api.once import OnceRoute, api_author
from paradeiro.web.api.shapes import Shape, errors
from paradeiro.web.api.values import Moment
from paradeiro.web.auth import MeansOf, Writer

router = APIRouter(tags=["notices"], route_class=OnceRoute)
_ERRORS = errors(401, 403, 404, 409, 422)
_OF = "resend"


class ResendIn(Shape):
    """What to send again: all that the account refused `since` then. `dry_run`: only say what would go. `cursor`: the
    `next` of the answer before.
    """

    since: Moment = None
    dry_run: bool = False
    cursor: str = ""


class ResentOut(Shape):
    """`again` messages go, of so many `orders`; `left` do not, since newer messages of their packages say it. With
    `next` there are more than one call looks at: send it as `cursor`.
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
    means: MeansOf,
    who: Writer,
    asked: ResendIn | None = None,
) -> ResentOut:
    """Send again what an account refused, once the cause is mended: each once, order by order in their order. Doing it
    again sends only what was refused again.
    """
    asked = asked or ResendIn()
    after = row_of(_OF, asked.cursor) or 0
    by = api_author(request, who)
    done = await refusals.resend(
        means, who.store_id, account_id, since=asked.since, after=after, dry_run=asked.dry_run, by=by
    )
    return _shown(done, dry_run=asked.dry_run)


@router.post("/notices/{notice_id}/resend", responses=_ERRORS)
async def resend_of_notice(
    request: Request, notice_id: Annotated[int, Path(ge=1)], means: MeansOf, who: Writer
) -> ResentOut:
    """The same of what an open notice (`effect_refused`) is about, all that was refused for one reason. The notice ends
    when nothing of it is left: with more than one call looks at, send it again until then.
    """
    done = await refusals.resend_of(means, who.store_id, notice_id, by=api_author(request, who))
    return _shown(done, dry_run=False)


def _shown(done: Resent, *, dry_run: bool) -> ResentOut:
    return ResentOut(
        account=done.account,
        again=done.again,
        left=done.left,
        orders=done.orders,
        first_order=done.first_order,
        last_order=done.last_order,
        dry_run=dry_run,
        next=cursor_of(_OF, done.after) if done.after else None,
    )
