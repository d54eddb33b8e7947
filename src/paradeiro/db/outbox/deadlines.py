"""In: deadlines of marketplaces; out: deadlines not met yet, soonest first.

`orders.number_due` and `shipment.delivery_due` are null except while they wait, so that lists and counts read a small
index, whatever a store has sold.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from psycopg.rows import class_row

from paradeiro.db.pool import Connection
from paradeiro.domain.words import DeadlineKind

# Deadlines missed by more than this are ignored: the order was cancelled, or settled by hand.
GIVEN_UP_AFTER = timedelta(days=30)

# No marketplace account for the channel: the order system is sent the message and passes it on.
_NO_ACCOUNT = """NOT EXISTS (SELECT 1 FROM account a WHERE a.store_id = o.store_id AND a.kind = 'marketplace'
    AND a.channel = o.channel AND a.state <> 'removed')"""
# An effect of the marketplace's account, or of the order system where there is none.
_NUMBER = f"(e.kind = 'marketplace_tracking_number' OR (e.kind = 'tracking_number' AND {_NO_ACCOUNT}))"
_UPDATE = f"(e.kind = 'marketplace_update' OR (e.kind = 'order_update' AND {_NO_ACCOUNT}))"


@dataclass(frozen=True, slots=True)
class DeadlineLine:
    """A message that a marketplace must accept by `due_at` and has not. `shipment_id` None: there is no package yet.
    `state`, `message`: of its effect; both empty if there is none.
    """

    id: int
    what: str
    due_at: datetime
    order_number: str
    channel: str
    shipment_id: int | None
    tracking_code: str
    account: str
    state: str
    message: str


async def set_number_deadlines(
    connection: Connection,
    store_id: int,
    channel: str,
    *,
    hours: int,
    after_invoice: bool,
    order_ids: Sequence[int] | None,
    since: datetime,
) -> None:
    """Set the deadlines of tracking numbers for a channel's orders: these, or all known since an instant. Numbers
    accepted already, or present in the order system if that is the sink, have none.
    """
    sql = f"""
        UPDATE orders o SET number_due = b.at + make_interval(hours => %(hours)s)
        FROM (
            SELECT id, CASE WHEN %(after_invoice)s
                THEN (SELECT min((s.invoice->>'issued_at')::timestamptz) FROM shipment s WHERE s.order_id = orders.id)
                ELSE coalesce(ordered_at, created_at) END AS at
            FROM orders WHERE store_id = %(store)s AND channel = %(channel)s
              AND CASE WHEN %(ids)s::bigint[] IS NULL THEN created_at >= %(since)s ELSE id = ANY(%(ids)s) END) b
        WHERE o.id = b.id AND b.at >= %(since)s
          AND o.number_due IS DISTINCT FROM b.at + make_interval(hours => %(hours)s)
          AND NOT EXISTS (
            SELECT 1 FROM shipment s JOIN effect e ON e.shipment_id = s.id
            WHERE s.order_id = o.id AND e.state = 'done' AND {_NUMBER})
          AND NOT ({_NO_ACCOUNT} AND EXISTS (
            SELECT 1 FROM shipment s WHERE s.order_id = o.id AND coalesce(s.invoice->>'tracking_code', '') <> ''))
        """  # noqa: S608 - our own conditions
    values = {
        "store": store_id,
        "channel": channel,
        "hours": hours,
        "after_invoice": after_invoice,
        "ids": None if order_ids is None else list(order_ids),
        "since": since,
    }
    await connection.execute(sql, values)


async def clear_deadlines(connection: Connection, store_id: int, channel: str, what: DeadlineKind) -> None:
    """Clear all deadlines of a kind in a channel."""
    sql = "UPDATE orders SET number_due = NULL WHERE store_id = %s AND channel = %s AND number_due IS NOT NULL"
    if what is DeadlineKind.DELIVERY:
        sql = """
            UPDATE shipment s SET delivery_due = NULL FROM orders o
            WHERE s.store_id = %s AND o.id = s.order_id AND o.channel = %s AND s.delivery_due IS NOT NULL"""
    await connection.execute(sql, (store_id, channel))


async def set_delivery_deadline(connection: Connection, shipment_id: int, due_at: datetime | None) -> None:
    """Set the deadline of a delivery message; None: the delivery was withdrawn."""
    sql = "UPDATE shipment SET delivery_due = %s WHERE id = %s AND delivery_due IS DISTINCT FROM %s"
    await connection.execute(sql, (due_at, shipment_id, due_at))


async def clear_taken(connection: Connection, effect_ids: Sequence[int]) -> None:
    """These effects were accepted: clear their deadlines, of an order once the numbers of all its packages are
    accepted.
    """
    ids = list(effect_ids)
    number = f"""
        UPDATE orders o SET number_due = NULL
        WHERE o.number_due IS NOT NULL
          AND o.id IN (SELECT e.order_id FROM effect e WHERE e.id = ANY(%s)
                       AND e.kind IN ('marketplace_tracking_number', 'tracking_number'))
          AND EXISTS (SELECT 1 FROM effect e WHERE e.id = ANY(%s) AND e.order_id = o.id AND {_NUMBER})
          AND NOT EXISTS (
            SELECT 1 FROM shipment s JOIN effect e ON e.shipment_id = s.id
            WHERE s.order_id = o.id AND e.state IN ('pending', 'sending', 'refused') AND {_NUMBER})
        """  # noqa: S608 - our own conditions
    await connection.execute(number, (ids, ids))
    delivery = f"""
        UPDATE shipment s SET delivery_due = NULL
        FROM effect e, orders o
        WHERE e.id = ANY(%s) AND e.shipment_id = s.id AND o.id = s.order_id AND s.delivery_due IS NOT NULL
          AND e.sent_status = 'delivered' AND {_UPDATE}"""  # noqa: S608 - our own conditions
    await connection.execute(delivery, (ids,))


async def deadline_lines(
    connection: Connection,
    store_id: int,
    what: DeadlineKind,
    *,
    before: datetime,
    after: tuple[datetime, int] | None,
    now: datetime,
    limit: int,
) -> list[DeadlineLine]:
    """Deadlines before an instant, soonest first, after (due, id)."""
    number = what is DeadlineKind.NUMBER
    rows = (
        "SELECT o.id, o.number_due AS due_at, o.id AS order_id, NULL::bigint AS shipment_id FROM orders o"
        if number
        else "SELECT o.id, o.delivery_due AS due_at, o.order_id, o.id AS shipment_id FROM shipment o"
    )
    column = "number_due" if number else "delivery_due"
    sql = f"""
        SELECT d.id, %(what)s AS what, d.due_at, o.number AS order_number, coalesce(o.channel, '') AS channel,
               s.id AS shipment_id, coalesce(s.tracking_code, '') AS tracking_code, coalesce(m.name, '') AS account,
               coalesce(m.state, '') AS state, coalesce(m.message, '') AS message
        FROM ({rows} WHERE o.store_id = %(store)s AND o.{column} > %(oldest)s AND o.{column} < %(before)s
              AND (%(after)s::timestamptz IS NULL OR (o.{column}, o.id) > (%(after)s, %(id)s))
              ORDER BY o.{column}, o.id LIMIT %(limit)s) d
        JOIN orders o ON o.id = d.order_id
        LEFT JOIN LATERAL (
            SELECT p.id, p.tracking_code FROM shipment p
            WHERE p.order_id = d.order_id AND (d.shipment_id IS NULL OR p.id = d.shipment_id)
            ORDER BY p.id DESC LIMIT 1) s ON true
        LEFT JOIN LATERAL (
            SELECT x.name, e.state, e.message FROM effect e JOIN account x ON x.id = e.account_id
            WHERE e.shipment_id = s.id AND e.state IN ('pending', 'sending', 'refused')
              AND {_NUMBER if number else _UPDATE} ORDER BY e.id DESC LIMIT 1) m ON true
        ORDER BY d.due_at, d.id"""  # noqa: S608 - our own conditions
    at, row = after or (None, 0)
    values = {"what": what, "store": store_id, "oldest": now - GIVEN_UP_AFTER, "before": before, "limit": limit}
    async with connection.cursor(row_factory=class_row(DeadlineLine)) as cursor:
        await cursor.execute(sql, values | {"after": at, "id": row})
        return await cursor.fetchall()


@dataclass(frozen=True, slots=True)
class DeadlineCount:
    """How many messages a store's connector has not accepted: `overdue`, and `soon` (due within a day)."""

    store_id: int
    connector: str
    overdue: int
    soon: int


async def deadline_counts(connection: Connection, *, now: datetime) -> list[DeadlineCount]:
    """Deadline counts of all stores, by connector."""
    sql = """
        SELECT d.store_id, coalesce(a.connector, 'order_system') AS connector,
               count(*) FILTER (WHERE d.due_at < %(now)s)::int AS overdue,
               count(*) FILTER (WHERE d.due_at >= %(now)s)::int AS soon
        FROM (SELECT store_id, channel, number_due AS due_at FROM orders
              WHERE number_due > %(oldest)s AND number_due < %(soon)s
              UNION ALL
              SELECT s.store_id, o.channel, s.delivery_due FROM shipment s JOIN orders o ON o.id = s.order_id
              WHERE s.delivery_due > %(oldest)s AND s.delivery_due < %(soon)s) d
        LEFT JOIN LATERAL (
            SELECT a.connector FROM account a WHERE a.store_id = d.store_id AND a.kind = 'marketplace'
              AND a.channel = d.channel AND a.state <> 'removed' ORDER BY a.id LIMIT 1) a ON true
        GROUP BY 1, 2 ORDER BY 1, 2"""
    values = {"now": now, "oldest": now - GIVEN_UP_AFTER, "soon": now + timedelta(days=1)}
    async with connection.cursor(row_factory=class_row(DeadlineCount)) as cursor:
        await cursor.execute(sql, values)
        return await cursor.fetchall()
