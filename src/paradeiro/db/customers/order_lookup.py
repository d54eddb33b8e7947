"""In: an order's number as its customer knows it, and who looks it up; out: candidate orders, and the attempt limit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import dict_row

from paradeiro.db.orders.orders import COLUMNS, order_of
from paradeiro.db.pool import Connection
from paradeiro.domain.records import Order


@dataclass(frozen=True, slots=True)
class Candidate:
    """An order of that number. `token` leads to its newest package; empty if it has none. `stated_email`: the order's
    own address, where its customer chose another one for the mails.
    """

    store_id: int
    order: Order
    stated_email: str
    token: str


async def candidates(connection: Connection, number: str, store_ids: Sequence[int] | None) -> list[Candidate]:
    """Orders with this number, or that a marketplace gave it, the newest first; `store_ids` None: of any store."""
    sql = f"""
        SELECT o.store_id, {COLUMNS}, coalesce(o.customer_email, '') AS stated_email,
               coalesce((SELECT s.tracking_token FROM shipment s
                         WHERE s.order_id = o.id AND s.package_id IS NULL AND s.replaced_by IS NULL
                         ORDER BY s.id DESC LIMIT 1), '') AS token
        FROM orders o
        WHERE o.store_id IN (SELECT store_id FROM store
                             WHERE %(stores)s::bigint[] IS NULL OR store_id = ANY(%(stores)s))
          AND (o.number = %(number)s OR o.marketplace_number = %(number)s) AND o.erased_at IS NULL
        ORDER BY o.created_at DESC LIMIT 20"""  # noqa: S608 - our own columns
    values = {"number": number, "stores": None if store_ids is None else list(store_ids)}
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(sql, values)
        return [
            Candidate(row["store_id"], order_of(row), row["stated_email"], row["token"])
            for row in await cursor.fetchall()
        ]


async def take_attempt(connection: Connection, who: bytes, *, most: int, per_hour: float, now: datetime) -> bool:
    """Take one lookup attempt (token bucket: `most` at once, refilled `per_hour`). False if none is left."""
    sql = """
        INSERT INTO lookup_attempt AS g (who, level, filled_at) VALUES (%(who)s, %(most)s - 1, %(now)s)
        ON CONFLICT (who) DO UPDATE SET
            level = greatest(least(%(most)s, g.level
                + %(rate)s * greatest(extract(epoch FROM %(now)s - g.filled_at), 0)) - 1, -1),
            filled_at = greatest(g.filled_at, %(now)s)
        RETURNING level"""
    values = {"who": who, "most": float(most), "rate": per_hour / 3600, "now": now}
    row = await (await connection.execute(sql, values)).fetchone()
    assert row is not None
    return float(row[0]) >= 0


async def remove_old_attempts(connection: Connection, *, before: datetime) -> None:
    """Remove buckets that were not used since `before`."""
    await connection.execute("DELETE FROM lookup_attempt WHERE filled_at < %s", (before,))
