"""In: GET and POST of orders; out: orders with their shipments."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from paradeiro.db.customers import bounces
from paradeiro.db.following import shipments
from paradeiro.db.orders.orders import order_by_number
from paradeiro.db.screens import lists
from paradeiro.domain.following.timeline import order_delivered_at
from paradeiro.domain.words import Status
from paradeiro.flow.errors import MissingError
from paradeiro.flow.orders import intake
from paradeiro.web.api.cursors import Cursor, cursor_of, row_of
from paradeiro.web.api.idempotency import IdempotentRoute, api_actor
from paradeiro.web.api.orders.shipments import shipment_detail
from paradeiro.web.api.shapes import FullOrderIn, OrderDetail, OrderOut, OrderPage, OrderTaken, PackageTaken, errors
from paradeiro.web.auth import Reader, RequestContext, Writer

router = APIRouter(tags=["orders"], route_class=IdempotentRoute)
_ERRORS = errors(400, 401, 403, 404, 409, 422)


@router.get("/orders", responses=_ERRORS)
async def list_orders(
    context: RequestContext,
    who: Reader,
    search: Annotated[str, Query(max_length=200)] = "",
    status: Status | None = None,
    cursor: Cursor = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> OrderPage:
    """Orders, newest first. `search` matches a number, a tracking code, a customer's name or address."""
    before = row_of("orders", cursor)
    async with context.pool.connection() as connection:
        lines = await lists.order_lines(
            connection, who.store_id, search=search.strip(), status=status, before=before, limit=limit + 1
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
    return OrderPage(items=items, next=cursor_of("orders", page[-1].id) if len(lines) > limit else None)


@router.post("/orders", status_code=201, responses=_ERRORS)
async def state_order(
    request: Request, body: FullOrderIn, context: RequestContext, who: Writer, response: Response
) -> OrderTaken:
    """Take an order with its packages, all or nothing. 201 if anything of it is new, 200 if all was known."""
    done = await intake.state_order(context, who.store_id, body.stated(), api_actor(request, who))
    if not done.created and not any(each.created for each in done.packages):
        response.status_code = 200
    return OrderTaken(
        created=done.created,
        packages=[PackageTaken(id=each.shipment_id, created=each.created) for each in done.packages],
        order=await read_order(body.number, context, who),
    )


@router.get("/orders/{order_number:path}", responses=_ERRORS)
async def read_order(order_number: str, context: RequestContext, who: Reader) -> OrderDetail:
    """One order with its shipments and their timelines."""
    async with context.pool.connection() as connection:
        found = await order_by_number(connection, who.store_id, order_number)
        if found is None:
            raise MissingError("no_such_order", f"There is no order '{order_number}' in this store.")
        rows = await shipments.of_order(connection, who.store_id, order_number)
        suppressed = await bounces.suppression_of(connection, who.store_id, found[1])
    return OrderDetail(
        number=found[1].number,
        mail_suppressed=f"{suppressed.kind}: {suppressed.reason}" if suppressed else None,
        channel=found[1].channel,
        delivered_at=order_delivered_at(k.shipment.snapshot for k in rows if k.shipment.replaced_by is None),
        shipments=[await shipment_detail(context, who.store_id, k.shipment.id) for k in rows],
    )
