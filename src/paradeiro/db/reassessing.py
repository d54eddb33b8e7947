"""In: the clock; out: shipments of which the known events say something else from now on, each claimed once."""

from datetime import datetime

from paradeiro.db.pool import Connection
from paradeiro.db.set_aside import free


async def due_stores(connection: Connection, *, now: datetime) -> list[int]:
    """Stores that have such shipments."""
    sql = f"""
        SELECT DISTINCT store_id FROM shipment WHERE reassess_at <= %s AND {free("shipment", "shipment.id")}
        ORDER BY store_id"""  # noqa: S608 - our own condition
    return [row[0] async for row in await connection.execute(sql, (now,))]


async def claim(connection: Connection, store_id: int, *, now: datetime, limit: int) -> list[int]:
    """Ids of up to `limit` of a store's, locked until the transaction ends. What is recorded of them says when they
    are due again, if ever.
    """
    sql = f"""
        SELECT id FROM shipment
        WHERE store_id = %s AND reassess_at <= %s AND {free("shipment", "shipment.id")}
        ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED"""  # noqa: S608 - our own condition
    return [row[0] async for row in await connection.execute(sql, (store_id, now, limit))]
