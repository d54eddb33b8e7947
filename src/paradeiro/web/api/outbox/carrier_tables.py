"""In: an account's table of carrier names and codes; out: the table, read or replaced."""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import Field

from paradeiro.domain.outbox.carrier_tables import CarrierEntry, CarrierTable, OtherCarrier
from paradeiro.flow.outbox import carrier_tables
from paradeiro.web.api.idempotency import api_actor
from paradeiro.web.api.shapes import Shape, errors
from paradeiro.web.auth import Reader, RequestContext, Writer

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
    """What the party calls a carrier that is not in the table, and the consequence of sending that."""

    code: str = ""
    costs: str = ""


class TableShape(Shape):
    """An account's table. Without carriers and `other` any name is sent as it is."""

    carriers: Annotated[list[EntryShape], Field(max_length=1000)] = Field(default=[])
    other: OtherShape | None = None


@router.get("/accounts/{account_id}/carriers", responses=_ERRORS)
async def show_carriers(account_id: _AccountId, context: RequestContext, who: Reader) -> TableShape:
    """How the account's party calls our carriers."""
    return _table_shape(await carrier_tables.account_table(context, who.store_id, account_id))


@router.put("/accounts/{account_id}/carriers", responses=_ERRORS)
async def set_carriers(
    request: Request, account_id: _AccountId, stated: TableShape, context: RequestContext, who: Writer
) -> TableShape:
    """Replace the account's table. It applies to all messages sent from now on, waiting ones too."""
    wanted = CarrierTable(
        tuple(CarrierEntry(e.carrier, e.service, e.code, e.name) for e in stated.carriers),
        OtherCarrier(stated.other.code, stated.other.costs) if stated.other else None,
    )
    by = api_actor(request, who)
    return _table_shape(await carrier_tables.put_table(context, who.store_id, account_id, wanted, by))


def _table_shape(table: CarrierTable) -> TableShape:
    return TableShape(
        carriers=[EntryShape(carrier=e.carrier, service=e.service, code=e.code, name=e.name) for e in table.entries],
        other=OtherShape(code=table.other.code, costs=table.other.costs) if table.other else None,
    )
