"""In: the clock, facts beside the events that changed; out: packages of which the known events say something else from
now on, each claimed once. The row of a further invoice has no events of its own: its package is judged.
"""

from collections.abc import Sequence
from datetime import datetime

from paradeiro.db.pool import Connection
from paradeiro.db.set_aside import free


async def due_stores(connection: Connection, *, now: datetime) -> list[int]:
    """Stores that have such shipments."""
    sql = f"""
        SELECT DISTINCT store_id FROM shipment
        WHERE reassess_at <= %s AND package_id IS NULL AND {free("shipment", "shipment.id")} ORDER BY store_id"""  # noqa: S608 - our own condition
    return [row[0] async for row in await connection.execute(sql, (now,))]


async def claim(connection: Connection, store_id: int, *, now: datetime, limit: int) -> list[int]:
    """Ids of up to `limit` of a store's, locked until the transaction ends. What is recorded of them says when they
    are due again, if ever.
    """
    sql = f"""
        SELECT id FROM shipment
        WHERE store_id = %s AND reassess_at <= %s AND package_id IS NULL AND {free("shipment", "shipment.id")}
        ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED"""  # noqa: S608 - our own condition
    return [row[0] async for row in await connection.execute(sql, (store_id, now, limit))]


async def soon(connection: Connection, order_id: int, *, now: datetime) -> None:
    """When an order was made, or invoiced, is another instant now: what was held against it is judged again."""
    sql = """
        UPDATE shipment SET reassess_at = least(reassess_at, %s) WHERE id IN (
            SELECT id FROM shipment s WHERE order_id = %s AND package_id IS NULL
              AND EXISTS (SELECT 1 FROM tracking_event e WHERE e.shipment_id = s.id)
            ORDER BY id FOR UPDATE)"""
    await connection.execute(sql, (now, order_id))


async def hear_again(connection: Connection, ids: Sequence[int], *, now: datetime) -> None:
    """Those that are delivered now are asked for once more, and the answer is recorded even if it is the same again:
    with it come the proofs of the delivery. Of what nobody was asked yet nothing was passed over.
    """
    sql = """
        UPDATE shipment SET digest = NULL, next_check = least(next_check, %s)
        WHERE id = ANY(%s) AND status = 'delivered' AND digest IS NOT NULL"""
    await connection.execute(sql, (now, list(ids)))
