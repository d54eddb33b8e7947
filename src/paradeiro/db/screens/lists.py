"""In: filters of a page or an API client; out: rows of lists, a page at a time. Reads only."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.rows import class_row, dict_row

from paradeiro.db.pool import Connection


@dataclass(frozen=True, slots=True)
class OrderLine:
    """An order in a list. `status` is that of the shipment that most needs a look."""

    id: int
    number: str
    customer_name: str
    channel: str | None
    ordered_at: datetime | None
    promised_at: datetime | None
    delivered_at: datetime | None
    shipments: int
    delivered: int
    statuses: list[str]
    codes: list[str]
    news_at: datetime | None
    waits_for: str | None


@dataclass(frozen=True, slots=True)
class ShipmentLine:
    """A shipment in a list. `waits_for`: the unhealthy account that keeps it from being followed; `further` are
    the numbers of its other invoices; `replaced_by` is the shipment whose label took the place of its own.
    """

    id: int
    order_number: str
    carrier: str
    tracking_code: str
    invoice_number: str
    status: str
    reason: str | None
    delivered_at: datetime | None
    news_at: datetime | None
    registered_at: datetime
    next_check: datetime | None
    asked_at: datetime | None
    outcome: str
    replaced_by: int | None
    replaced_at: datetime | None
    further: list[str]
    waits_for: str | None
    carrier_code: str


# Shipments that a fallback has answered since the problem began do not wait.
_WAITS = """CASE WHEN a.state <> 'ok' AND s.next_check IS NOT NULL AND NOT EXISTS (
                SELECT 1 FROM fallback_answer k JOIN account b ON b.id = k.account_id
                WHERE k.shipment_id = s.id AND k.asked_at >= a.problem_since AND b.state = 'ok')
            THEN a.name || ': ' || a.problem END"""


async def order_lines(
    connection: Connection,
    store_id: int,
    *,
    search: str = "",
    status: str | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[OrderLine]:
    """Orders, newest first, those with id below `before`. `search` matches a number, a code, a name or an address."""
    sql = f"""
        SELECT o.id, o.number, o.customer_name, o.channel, o.ordered_at, o.promised_at, o.delivered_at,
               count(s.id)::int AS shipments, count(s.id) FILTER (WHERE s.status = 'delivered')::int AS delivered,
               coalesce(array_agg(s.status ORDER BY s.id) FILTER (WHERE s.id IS NOT NULL), '{{}}') AS statuses,
               coalesce(array_agg(s.tracking_code ORDER BY s.id) FILTER (WHERE s.id IS NOT NULL), '{{}}') AS codes,
               max(s.news_at) AS news_at, max({_WAITS}) AS waits_for
        FROM orders o LEFT JOIN shipment s ON s.order_id = o.id AND s.package_id IS NULL AND s.replaced_by IS NULL
        LEFT JOIN account a ON a.id = s.account_id
        WHERE o.store_id = %(store)s AND (%(before)s::bigint IS NULL OR o.id < %(before)s)
          AND (%(search)s = '' OR o.number ILIKE %(like)s OR o.customer_name ILIKE %(like)s
               OR o.customer_email ILIKE %(like)s
               OR EXISTS (SELECT 1 FROM shipment c WHERE c.order_id = o.id
                          AND (c.tracking_code ILIKE %(like)s OR c.carrier_code ILIKE %(like)s)))
          AND (%(status)s::text IS NULL
               OR EXISTS (SELECT 1 FROM shipment c WHERE c.order_id = o.id AND c.status = %(status)s
                          AND c.package_id IS NULL AND c.replaced_by IS NULL))
        GROUP BY o.id, o.store_id ORDER BY o.id DESC LIMIT %(limit)s"""  # noqa: S608 - our own columns
    async with connection.cursor(row_factory=class_row(OrderLine)) as cursor:
        values = {"store": store_id, "before": before, "search": search, "like": _like(search), "status": status}
        await cursor.execute(sql, values | {"limit": limit})
        return await cursor.fetchall()


async def shipment_lines(
    connection: Connection,
    store_id: int,
    *,
    status: str | None = None,
    tracking_code: str | None = None,
    order_number: str | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[ShipmentLine]:
    """Shipments, newest first, those with id below `before`."""
    sql = f"""
        SELECT s.id, o.number AS order_number, s.carrier, s.tracking_code, s.invoice_number, s.status, s.reason,
               s.delivered_at, s.news_at, s.registered_at, s.next_check, s.asked_at, s.outcome, s.replaced_by,
               s.replaced_at,
               array(SELECT f.invoice_number FROM shipment f WHERE f.package_id = s.id ORDER BY f.id) AS further,
               {_WAITS} AS waits_for, s.carrier_code
        FROM shipment s JOIN orders o ON o.id = s.order_id LEFT JOIN account a ON a.id = s.account_id
        WHERE s.store_id = %(store)s AND s.package_id IS NULL AND (%(before)s::bigint IS NULL OR s.id < %(before)s)
          AND (%(status)s::text IS NULL OR s.status = %(status)s)
          AND (%(code)s::text IS NULL OR s.tracking_code = %(code)s OR s.carrier_code = %(code)s)
          AND (%(order)s::text IS NULL OR o.number = %(order)s)
        ORDER BY s.id DESC LIMIT %(limit)s"""  # noqa: S608 - our own columns
    values = {"store": store_id, "before": before, "status": status, "code": tracking_code, "order": order_number}
    async with connection.cursor(row_factory=class_row(ShipmentLine)) as cursor:
        await cursor.execute(sql, values | {"limit": limit})
        return await cursor.fetchall()


async def status_counts(connection: Connection, store_id: int) -> dict[str, int]:
    """How many shipments have each status."""
    sql = "SELECT status, count(*)::int FROM shipment WHERE store_id = %s AND package_id IS NULL GROUP BY status"
    return {row[0]: row[1] async for row in await connection.execute(sql, (store_id,))}


async def account_lines(connection: Connection, store_id: int) -> list[dict[str, Any]]:
    """A store's accounts with their state, how many shipments and effects wait for each. No settings, no secrets."""
    sql = """
        SELECT a.id, a.connector, a.kind, a.name, a.channel, a.state, a.problem, a.problem_since, a.open_at,
               (SELECT count(*) FROM shipment s WHERE s.account_id = a.id AND s.next_check IS NOT NULL)::int
                   AS following,
               (SELECT count(*) FROM effect e WHERE e.account_id = a.id AND e.state IN ('pending', 'sending'))::int
                   AS waiting,
               a.feed_read_at, a.feed_failing_since,
               q.monthly AS lookups_monthly, q.used AS lookups_used, q.month AS lookups_month,
               h.created_at AS hook_since, h.refused AS pushes_refused,
               (SELECT max(p.received_at) FROM push p WHERE p.account_id = a.id) AS pushed_at,
               (SELECT array_agg(i.carrier ORDER BY i.carrier) FROM fallback i WHERE i.account_id = a.id)
                   AS fallback_for,
               (SELECT array_agg(b.name ORDER BY i.rank, b.id) FROM fallback i JOIN account b ON b.id = i.account_id
                WHERE i.store_id = a.store_id AND i.carrier = a.connector AND b.id <> a.id) AS fallback_accounts
        FROM account a LEFT JOIN hook h ON h.account_id = a.id LEFT JOIN lookup_quota q ON q.account_id = a.id
        WHERE a.store_id = %s AND a.state <> 'removed' ORDER BY a.id"""
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(sql, (store_id,))
        return await cursor.fetchall()


def _like(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
