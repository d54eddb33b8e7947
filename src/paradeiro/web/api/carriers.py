"""In: how an account's party calls our carriers; out: its table, shown or replaced."""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import Field

from paradeiro.domain.carriers import CarrierEntry, CarrierTable, OtherCarrier
from paradeiro.flow import carriers
from paradeiro.web.api.once import api_author
from paradeiro.web.api.shapes import Shape, errors
from paradeiro.web.auth import MeansOf, Reader, Writer

router = APIRouter(tags=["store"])
_ERRORS = errors(401, 403, 404, 422)
_AccountId = Annotated[int, Path(ge=1)]


class EntryShape(Shape):
    """What the party calls one of our carriers: its `code`, its `name`, or both. `carrier`: a connector's name, or what
    orders write; `service`: words that the order's text must have too, empty for any.
    """

    carrier: str
    service: str = ""
    code: str = ""
    name: str = ""


class OtherShape(Shape):
    """What the party calls a carrier that the table has not, and what comes of telling it so."""

    code: str = ""
    costs: str = ""


class TableShape(Shape):
    """An account's table. Without carriers and `other` any name is told as it is."""

    carriers: Annotated[list[EntryShape], Field(max_length=1000)] = Field(default=[])
    other: OtherShape | None = None


@router.get("/accounts/{account_id}/carriers", responses=_ERRORS)
async def show_carriers(account_id: _AccountId, means: MeansOf, who: Reader) -> TableShape:
    """How the account's party calls our carriers."""
    return _shown(await carriers.show(means, who.store_id, account_id))


@router.put("/accounts/{account_id}/carriers", responses=_ERRORS)
async def set_carriers(
    request: Request, account_id: _AccountId, stated: TableShape, means: MeansOf, who: Writer
) -> TableShape:
    """Replace the account's table. What is told from now on is told so, what waits too."""
    wanted = CarrierTable(
        tuple(CarrierEntry(e.carrier, e.service, e.code, e.name) for e in stated.carriers),
        OtherCarrier(stated.other.code, stated.other.costs) if stated.other else None,
    )
    by = api_author(request, who)
    return _shown(await carriers.put(means, who.store_id, account_id, wanted, by))


def _shown(table: CarrierTable) -> TableShape:
    return TableShape(
        carriers=[EntryShape(carrier=e.carrier, service=e.service, code=e.code, name=e.name) for e in table.entries],
        other=OtherShape(code=table.other.code, costs=table.other.costs) if table.other else None,
    )
