"""In: GET of an order or of the list, as VTEX's callers send it; out: orders in VTEX's shape."""

from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from paradeiro.db.accounts import stores
from paradeiro.db.following import events, shipments
from paradeiro.db.orders import invoices, order_search
from paradeiro.db.pool import Connection
from paradeiro.domain.following.timeline import fold
from paradeiro.domain.records import InvoicePackage, Order
from paradeiro.domain.words import Status
from paradeiro.flow.context import Context
from paradeiro.flow.errors import MissingError
from paradeiro.flow.vtex_callers.stated_invoices import known_order
from paradeiro.web.auth import Reader, RequestContext
from paradeiro.web.vtex.errors import OMS
from paradeiro.web.vtex.list_shape import list_json, query_of, selects_nothing
from paradeiro.web.vtex.order_shape import KnownOrder, order_json, packages_of
from paradeiro.web.vtex.shapes import in_path

router = APIRouter(prefix=OMS)


# Public callers add a slash to the address of the list, and of an order.
@router.get("/")
async def list_orders_with_slash(request: Request, context: RequestContext, who: Reader) -> JSONResponse:
    """The same as `list_orders`."""
    return await list_orders(request, context, who)


@router.get("/{order_id:path}")
async def get_order(order_id: Annotated[str, in_path(100)], context: RequestContext, who: Reader) -> JSONResponse:
    """One order with its packages and their histories."""
    async with context.pool.connection() as connection:
        found = await known_order(connection, who.store_id, order_id)
        if found is None and order_id.endswith("/"):
            found = await known_order(connection, who.store_id, order_id[:-1])
        if found is None:
            raise MissingError("order_not_found", f"Order '{order_id}' was not found.")
        store = (await stores.stores(connection, [who.store_id]))[who.store_id]
        stated = await invoices.invoices_of_order(connection, found[0])
        followed = await _followed_packages(context, connection, who.store_id, found[1])
    packages = packages_of(stated, followed)
    seen = [*(s.stated_at for s in stated), *(c.shipment.registered_at for c in followed)]
    known = KnownOrder(found[1], packages, max(seen, default=context.now()), store.time_zone)
    return JSONResponse(order_json(known, ZoneInfo(store.time_zone)))


@router.get("")
async def list_orders(request: Request, context: RequestContext, who: Reader) -> JSONResponse:
    """A page of orders in VTEX's shape, newest first by default."""
    asked = dict(request.query_params)
    query = query_of(asked)
    async with context.pool.connection() as connection:
        store = (await stores.stores(connection, [who.store_id]))[who.store_id]
        found, total = (
            ([], 0) if selects_nothing(asked) else await order_search.search_orders(connection, who.store_id, query)
        )
    return JSONResponse(list_json(found, total, query, ZoneInfo(store.time_zone)))


async def _followed_packages(
    context: Context, connection: Connection, store_id: int, order: Order
) -> list[InvoicePackage]:
    row = await shipments.of_order(connection, store_id, order.number)
    known = await events.events_of(connection, [k.shipment.id for k in row])
    return [
        InvoicePackage(
            k.shipment,
            fold(
                known.get(k.shipment.id, ()),
                now=context.now(),
                made_at=k.made_at,
                ordered_at=k.order.ordered_at,
                base=Status.REGISTERED,
            ),
            counts=k.shipment.replaced_by is None,
        )
        for k in row
    ]
