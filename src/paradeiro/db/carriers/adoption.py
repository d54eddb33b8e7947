"""In: a new carrier's account; out: the shipments and legs that waited for one are followed by it."""

from datetime import datetime

from paradeiro.db.pool import Connection


async def adopt_shipments(
    connection: Connection, store_id: int, account_id: int, carrier: str, *, asked: bool, now: datetime
) -> int:
    """Follow the carrier's shipments and legs that have no account by this one; they are due at once if the carrier is
    asked. How many shipments. Those that ended, and replaced labels, are left as they are.
    """
    values = {"store": store_id, "account": account_id, "carrier": carrier, "due": now if asked else None}
    legs = """
        UPDATE shipment_leg SET account_id = %(account)s, next_check = %(due)s
        WHERE store_id = %(store)s AND carrier = %(carrier)s AND account_id IS NULL"""
    await connection.execute(legs, values)
    sql = """
        UPDATE shipment SET account_id = %(account)s, next_check = %(due)s WHERE id IN (
            SELECT id FROM shipment
            WHERE store_id = %(store)s AND carrier = %(carrier)s AND account_id IS NULL AND package_id IS NULL
              AND replaced_by IS NULL AND status NOT IN ('delivered', 'returned', 'cancelled')
            ORDER BY id FOR UPDATE)"""
    return (await connection.execute(sql, values)).rowcount
