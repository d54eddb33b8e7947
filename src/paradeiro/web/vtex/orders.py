"""In: a question about orders, as VTEX's callers ask it; out: orders in VTEX's shape, one or a page of them."""

from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from paradeiro.db import calling, events, invoices, shipments, stores
from paradeiro.db.pool import Connection
from paradeiro.domain.records import Carried, Order
from paradeiro.domain.timeline import fold
from paradeiro.domain.words import Status
from paradeiro.flow.errors import MissingError
from paradeiro.flow.means import Means
from paradeiro.flow.stated_invoices import known_order
from paradeiro.web.auth import MeansOf, Reader
from paradeiro.web.vtex.errors import OMS
from paradeiro.web.vtex.list_shape import asks_for_none, list_json, query_of
from paradeiro.web.vtex.order_shape import Known, order_json, packages_of
from paradeiro.web.vtex.shapes import in_path

router = APIRouter(prefix=OMS)


# Public callers write a slash behind the address: of the list, and of an order.
@router.get("/")
async def list_behind_a_slash(request: Request, means: MeansOf, who: Reader) -> JSONResponse:
    """The same as the list."""
    return await list_orders(request, means, who)


@router.get("/{order_id:path}")
async def get_order(order_id: Annotated[str, in_path(100)], means: MeansOf, who: Reader) -> JSONResponse:
    """One order, its packages with what the carriers say of them."""
    async with means.pool.connection() as connection:
        found = await known_order(connection, who.store_id, order_id)
        if found is None and order_id.endswith("/"):
            found = await known_order(connection, who.store_id, order_id[:-1])
        if found is None:
            raise MissingError("order_not_found", f"Order '{order_id}' was not found.")
        store = (await stores.stores(connection, [who.store_id]))[who.store_id]
        stated = await invoices.of_order(connection, found[0])
        followed = await _followed(means, connection, who.store_id, found[1])
    packages = packages_of(stated, followed)
    seen = [*(s.stated_at for s in stated), *(c.shipment.registered_at for c in followed)]
    known = Known(found[1], packages, max(seen, default=means.now()), store.time_zone)
    return JSONResponse(order_json(known, ZoneInfo(store.time_zone)))


@router.get("")
async def list_orders(request: Request, means: MeansOf, who: Reader) -> JSONResponse:
    """A page of orders, the latest first, as VTEX lists them."""
    asked = dict(request.query_params)
    query = query_of(asked)
    async with means.pool.connection() as connection:
        store = (await stores.stores(connection, [who.store_id]))[who.store_id]
        found, total = ([], 0) if asks_for_none(asked) else await calling.listed(connection, who.store_id, query)
    return JSONResponse(list_json(found, total, query, ZoneInfo(store.time_zone)))


async def _followed(means: Means, connection: Connection, store_id: int, order: Order) -> list[Carried]:
    kept = await shipments.of_order(connection, store_id, order.number)
    known = await events.known(connection, [k.shipment.id for k in kept])
    return [
        Carried(
            k.shipment,
            fold(known.get(k.shipment.id, ()), now=means.now(), made_at=k.made_at, base=Status.REGISTERED),
            counts=k.shipment.replaced_by is None,
        )
        for k in kept
    ]
