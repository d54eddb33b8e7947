"""In: what carriers' unknown codes mean; out: timelines corrected, the list of what was said and what is unknown."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import Field, StringConstraints

from paradeiro.db.carriers.code_mappings import MappedCode
from paradeiro.domain.words import Reason
from paradeiro.flow.carriers import code_mappings
from paradeiro.web.api.idempotency import IdempotentRoute, api_actor
from paradeiro.web.api.shapes import Shape, errors
from paradeiro.web.api.values import SingleLine
from paradeiro.web.auth import Reader, RequestContext, Writer

router = APIRouter(tags=["codes"], route_class=IdempotentRoute)
_ERRORS = errors(400, 401, 403, 404, 409, 422)
_Word = Annotated[str, StringConstraints(min_length=1, max_length=200), SingleLine]


class CodeIn(Shape):
    """What a code means. `status`: a status, or `none` for an event that does not concern the position."""

    connector: _Word
    code: _Word
    status: _Word
    reason: Reason | None = None


class CodeOut(Shape):
    """What somebody said a code means. `status`: `none` for an event that does not concern the position."""

    connector: str
    code: str
    status: str
    reason: str | None
    actor: str
    set_at: datetime


class UnknownCodeOut(Shape):
    """A code of the last thirty days that nobody knows, and on how many packages of an account it is. `words`: what the
    carrier said with it the last time, about a package of the order `order_number`.
    """

    account_id: int
    connector: str
    code: str
    words: str
    packages: int
    order_number: str


class CodesOut(Shape):
    mapped: list[CodeOut]
    unknown: list[UnknownCodeOut]


class CodeChanged(Shape):
    """On how many packages events changed their meaning."""

    packages: int = Field(ge=0)


@router.get("/codes", responses=_ERRORS)
async def list_codes(context: RequestContext, who: Reader) -> CodesOut:
    """What the store's staff said codes mean, and the codes that nobody knows."""
    mapped, unknown = await code_mappings.codes(context, who.store_id)
    return CodesOut(
        mapped=[_code_out(each) for each in mapped],
        unknown=[
            UnknownCodeOut(
                account_id=u.account_id,
                connector=u.connector,
                code=u.code,
                words=u.words,
                packages=u.shipments,
                order_number=u.order_number,
            )
            for u in unknown
        ],
    )


def _code_out(each: MappedCode) -> CodeOut:
    said = each.mapping
    return CodeOut(
        connector=each.connector,
        code=said.code,
        status=said.status or code_mappings.NO_POSITION,
        reason=said.reason,
        actor=each.actor,
        set_at=each.set_at,
    )


@router.put("/codes", responses=_ERRORS)
async def map_code(request: Request, body: CodeIn, context: RequestContext, who: Writer) -> CodeChanged:
    """Say what a code means that the connector does not know. Timelines correct themselves; no old news is mailed."""
    mapping = code_mappings.meaning(body.code, body.status, body.reason)
    by = api_actor(request, who)
    return CodeChanged(packages=await code_mappings.set_mapping(context, who.store_id, body.connector, mapping, by))


@router.delete("/codes", responses=_ERRORS)
async def remove_code(
    request: Request,
    context: RequestContext,
    who: Writer,
    connector: Annotated[str, Query(min_length=1, max_length=200)],
    code: Annotated[str, Query(min_length=1, max_length=200)],
) -> CodeChanged:
    """Forget what was said: the code is unknown again."""
    by = api_actor(request, who)
    return CodeChanged(packages=await code_mappings.remove_mapping(context, who.store_id, connector, code, by))
