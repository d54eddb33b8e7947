"""In: who shall mail the store's customers; out: who does. Paradeiro or the order system, never both."""

from fastapi import APIRouter, Request

from paradeiro.domain.words import Mailer
from paradeiro.flow.mailing import mailer_of, set_mailer
from paradeiro.web.api.once import api_author
from paradeiro.web.api.shapes import Shape, errors
from paradeiro.web.auth import MeansOf, Reader, Writer

router = APIRouter(tags=["store"])
_ERRORS = errors(401, 403, 422)


class Mailing(Shape):
    """Who mails the customers the news of their packages."""

    mailer: Mailer


@router.get("/mailing", responses=_ERRORS)
async def show_mailing(means: MeansOf, who: Reader) -> Mailing:
    """Who mails the store's customers."""
    return Mailing(mailer=await mailer_of(means, who.store_id))


@router.put("/mailing", responses=_ERRORS)
async def set_mailing(request: Request, stated: Mailing, means: MeansOf, who: Writer) -> Mailing:
    """Say who mails them from now on. With `order_system`, Paradeiro mails nobody; the order system must."""
    await set_mailer(means, who.store_id, stated.mailer, api_author(request, who))
    return stated
