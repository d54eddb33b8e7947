"""In: a question about orders; out: orders with their shipments."""

from typing import Annotated

from fastapi import APIRouter, Query

from paradeiro.db import reading, shipments
from paradeiro.db.orders import order_by_number
from paradeiro.domain.timeline import order_delivered_at
from paradeiro.domain.words import Status
from paradeiro.flow.errors import MissingError
from paradeiro.web.api.shapes import OrderDetail, OrderOut, OrderPage, errors
from paradeiro.web.api.shipments import detail
from paradeiro.web.auth import MeansOf, Reader

router = APIRouter(tags=["orders"])
_ERRORS = errors(401, 403, 404, 422)


@router.get("/orders", responses=_ERRORS)
async def list_orders(
    means: MeansOf,
    who: Reader,
    search: Annotated[str, Query(max_length=200)] = "",
    status: Status | None = None,
    cursor: Annotated[int | None, Query(ge=1)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> OrderPage:
    """Orders, newest first. `search` matches a number, a tracking code, a customer's name or address."""
    async with means.pool.connection() as connection:
        lines = await reading.order_lines(
            connection, who.store_id, search=search.strip(), status=status, before=cursor, limit=limit + 1
        )
    page = lines[:limit]
    items = [
        OrderOut(
            number=line.number,
            channel=line.channel,
            ordered_at=line.ordered_at,
            promised_at=line.promised_at,
            delivered_at=line.delivered_at,
            shipments=line.shipments,
            delivered=line.delivered,
            tracking_codes=line.codes,
        )
        for line in page
    ]
    return OrderPage(items=items, next=page[-1].id if len(lines) > limit else None)


@router.get("/orders/{order_number}", responses=_ERRORS)
async def read_order(order_number: str, means: MeansOf, who: Reader) -> OrderDetail:
    """One order with its shipments and their timelines."""
    async with means.pool.connection() as connection:
        found = await order_by_number(connection, who.store_id, order_number)
        if found is None:
            raise MissingError("no_such_order", f"There is no order '{order_number}' in this store.")
        kept = await shipments.of_order(connection, who.store_id, order_number)
    return OrderDetail(
        number=found[1].number,
        channel=found[1].channel,
        delivered_at=order_delivered_at(k.shipment.snapshot for k in kept),
        shipments=[await detail(means, who.store_id, k.shipment.id) for k in kept],
    )
