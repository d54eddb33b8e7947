"""In: queries of the operator's screens beside lists.py; out: small rows for display. Reads only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from paradeiro.db.pool import Connection, is_plausible_instant


@dataclass(frozen=True, slots=True)
class UnhealthyAccount:
    """An account that does not answer, or that refuses us; `waiting`: shipments to follow and effects to carry out."""

    id: int
    name: str
    state: str
    problem: str
    problem_since: datetime | None
    waiting: int


@dataclass(frozen=True, slots=True)
class ShipmentStatus:
    """The status of one package of an order, for a list."""

    order_id: int
    tracking_code: str
    status: str
    reason: str | None
    delivered_at: datetime | None
    estimate: datetime | None


async def open_notice_count(connection: Connection, store_id: int) -> int:
    """How many notices wait for a person."""
    sql = "SELECT count(*)::int FROM notice WHERE store_id = %s AND resolved_at IS NULL"
    row = await (await connection.execute(sql, (store_id,))).fetchone()
    return int(row[0]) if row else 0


async def unhealthy_accounts(connection: Connection, store_id: int) -> list[UnhealthyAccount]:
    """The unhealthy accounts, the longest unhealthy first."""
    sql = """
        SELECT a.id, a.name, a.state, a.problem, a.problem_since,
               ((SELECT count(*) FROM shipment s WHERE s.account_id = a.id AND s.next_check IS NOT NULL)
               + (SELECT count(*) FROM effect e WHERE e.account_id = a.id AND e.state IN ('pending', 'sending')))::int
                   AS waiting
        FROM account a WHERE a.store_id = %s AND a.state NOT IN ('ok', 'removed') ORDER BY a.problem_since, a.id"""
    async with connection.cursor(row_factory=class_row(UnhealthyAccount)) as cursor:
        await cursor.execute(sql, (store_id,))
        return await cursor.fetchall()


async def shipment_statuses(connection: Connection, order_ids: Sequence[int]) -> dict[int, list[ShipmentStatus]]:
    """The packages of orders, by order, in the order of their registration."""
    sql = """
        SELECT order_id, tracking_code, status, reason, delivered_at,
               snapshot ->> 'estimate' AS estimate
        FROM shipment
        WHERE order_id = ANY(%s) AND package_id IS NULL AND replaced_by IS NULL ORDER BY id"""
    found: dict[int, list[ShipmentStatus]] = {order_id: [] for order_id in order_ids}
    async for row in await connection.execute(sql, (list(order_ids),)):
        found[row[0]].append(ShipmentStatus(row[0], row[1], row[2], row[3], row[4], _instant(row[5])))
    return found


def _instant(text: str | None) -> datetime | None:
    """An instant of a snapshot; none if the text is no instant with its zone."""
    try:
        at = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return at if at.tzinfo is not None and is_plausible_instant(at) else None


async def order_counts(connection: Connection, store_id: int, *, search: str = "") -> tuple[int, dict[str, int]]:
    """How many orders a search finds, and how many of them have a package of each status."""
    sql = """
        WITH found AS (
            SELECT o.id FROM orders o
            WHERE o.store_id = %(store)s AND (%(search)s = ''
                OR strpos(lower(o.number), lower(%(search)s)) > 0
                OR strpos(lower(o.customer_name), lower(%(search)s)) > 0
                OR strpos(lower(o.customer_email), lower(%(search)s)) > 0
                OR EXISTS (SELECT 1 FROM shipment c
                           WHERE c.order_id = o.id AND strpos(lower(c.tracking_code), lower(%(search)s)) > 0)))
        SELECT '' AS status, count(*)::int FROM found
        UNION ALL
        SELECT s.status, count(DISTINCT s.order_id)::int FROM shipment s JOIN found f ON f.id = s.order_id
        WHERE s.package_id IS NULL AND s.replaced_by IS NULL
        GROUP BY s.status"""
    rows = await connection.execute(sql, {"store": store_id, "search": search})
    counts = {row[0]: row[1] async for row in rows}
    return counts.pop("", 0), counts


async def order_numbers(connection: Connection, store_id: int, shipment_ids: Sequence[int]) -> dict[int, str]:
    """The numbers of the orders that shipments belong to, by shipment."""
    sql = """
        SELECT s.id, o.number FROM shipment s JOIN orders o ON o.id = s.order_id
        WHERE s.store_id = %s AND s.id = ANY(%s)"""
    return {row[0]: row[1] async for row in await connection.execute(sql, (store_id, list(shipment_ids)))}
