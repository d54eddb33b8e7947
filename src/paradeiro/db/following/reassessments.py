"""In: the clock, changed facts of orders; out: shipments whose timeline must be folded again, each claimed once. The
row of a further invoice has no events of its own: its package is reassessed.
"""

from collections.abc import Sequence
from datetime import datetime

from paradeiro.db.operations.set_aside import not_set_aside
from paradeiro.db.pool import Connection


async def due_stores(connection: Connection, *, now: datetime) -> list[int]:
    """Stores with shipments due to be reassessed."""
    sql = f"""
        SELECT DISTINCT store_id FROM shipment
        WHERE reassess_at <= %s AND package_id IS NULL
          AND {not_set_aside("shipment", "shipment.id")} ORDER BY store_id"""  # noqa: S608 - our own condition
    return [row[0] async for row in await connection.execute(sql, (now,))]


async def claim_reassessments(connection: Connection, store_id: int, *, now: datetime, limit: int) -> list[int]:
    """Ids of up to `limit` due shipments of a store, locked until the transaction ends. Recording sets when they are
    due again, if ever.
    """
    sql = f"""
        SELECT id FROM shipment
        WHERE store_id = %s AND reassess_at <= %s AND package_id IS NULL AND {not_set_aside("shipment", "shipment.id")}
        ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED"""  # noqa: S608 - our own condition
    return [row[0] async for row in await connection.execute(sql, (store_id, now, limit))]


async def reassess_order(connection: Connection, order_id: int, *, now: datetime) -> None:
    """An order's date or its invoice's date changed: make its shipments due to be reassessed."""
    sql = """
        UPDATE shipment SET reassess_at = least(reassess_at, %s) WHERE id IN (
            SELECT id FROM shipment s WHERE order_id = %s AND package_id IS NULL
              AND EXISTS (SELECT 1 FROM tracking_event e WHERE e.shipment_id = s.id)
            ORDER BY id FOR UPDATE)"""
    await connection.execute(sql, (now, order_id))


async def request_proof_reread(connection: Connection, ids: Sequence[int], *, now: datetime) -> None:
    """Make delivered shipments due once more, and let the answer be recorded even if it is the same: proofs of delivery
    come with it. Shipments never checked are left alone.
    """
    sql = """
        UPDATE shipment SET digest = NULL, next_check = least(next_check, %s)
        WHERE id = ANY(%s) AND status = 'delivered' AND digest IS NOT NULL"""
    await connection.execute(sql, (now, list(ids)))
