"""In: shipments; out: what speaks for and against their carrier: what it found, when the orders were made."""

from collections.abc import Sequence
from datetime import datetime

from paradeiro.db.following.shipment_rows import ShipmentRow, lenient_row, read_rows
from paradeiro.db.pool import Connection


async def made_at(connection: Connection, ids: Sequence[int]) -> dict[int, datetime]:
    """When the orders of shipments were made, else when those were registered."""
    sql = """
        SELECT s.id, coalesce(o.ordered_at, s.registered_at) FROM shipment s JOIN orders o ON o.id = s.order_id
        WHERE s.id = ANY(%s)"""
    return {row[0]: row[1] async for row in await connection.execute(sql, (list(ids),))}


async def found_share(connection: Connection, account_id: int, *, since: datetime, until: datetime) -> tuple[int, int]:
    """Of an account's shipments registered between two instants, how many its carrier found, and how many there are."""
    sql = """
        SELECT count(news_at)::int, count(*)::int FROM shipment
        WHERE account_id = %s AND registered_at BETWEEN %s AND %s AND replaced_by IS NULL"""
    row = await (await connection.execute(sql, (account_id, since, until))).fetchone()
    return (row[0], row[1]) if row else (0, 0)


async def never_found(
    connection: Connection, account_id: int, *, since: datetime, until: datetime, limit: int
) -> list[ShipmentRow]:
    """An account's shipments registered between two instants that its carrier does not know."""
    rest = """
        WHERE s.account_id = %(account)s AND s.outcome = 'not_found' AND s.news_at IS NULL AND s.replaced_by IS NULL
          AND s.next_check IS NOT NULL AND s.registered_at BETWEEN %(since)s AND %(until)s
        ORDER BY s.id LIMIT %(limit)s"""
    values = {"account": account_id, "since": since, "until": until, "limit": limit}
    return await read_rows(connection, rest, values, lenient_row)
