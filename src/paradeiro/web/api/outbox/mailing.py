"""In: who is to mail the store's customers; out: who does. Paradeiro or the order system, never both."""

from fastapi import APIRouter, Request

from paradeiro.domain.words import Mailer
from paradeiro.flow.outbox.mail_policy import mailer_of, set_mailer
from paradeiro.web.api.idempotency import api_actor
from paradeiro.web.api.shapes import Shape, errors
from paradeiro.web.auth import Reader, RequestContext, Writer

router = APIRouter(tags=["store"])
_ERRORS = errors(401, 403, 422)


class Mailing(Shape):
    """Who mails the customers about their packages."""

    mailer: Mailer


@router.get("/mailing", responses=_ERRORS)
async def show_mailing(context: RequestContext, who: Reader) -> Mailing:
    """Who mails the store's customers."""
    return Mailing(mailer=await mailer_of(context, who.store_id))


@router.put("/mailing", responses=_ERRORS)
async def set_mailing(request: Request, stated: Mailing, context: RequestContext, who: Writer) -> Mailing:
    """Set who mails them from now on. With `order_system` Paradeiro sends no mails; the order system must."""
    await set_mailer(context, who.store_id, stated.mailer, api_actor(request, who))
    return stated
