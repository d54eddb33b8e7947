"""In: customers; out: the orders that are theirs, and those same orders with nobody's name in them any more."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from paradeiro.db.pool import Connection
from paradeiro.domain.persons import named_at_all, named_in_full
from paradeiro.domain.records import Customer

_CUSTOMERS_MAILS = ("customer_mail", "customer_correction", "customer_reminder", "customer_address")
_GONE = "…"


@dataclass(frozen=True, slots=True)
class Bought:
    """An order with who bought."""

    id: int
    number: str
    customer_name: str
    customer_email: str | None


async def bought(
    connection: Connection, store_id: int, *, email: str | None = None, number: str | None = None, limit: int
) -> list[Bought]:
    """The orders of an address (in whatever letters), or the one of a number, whose customer is still known."""
    sql = """
        SELECT id, number, customer_name, customer_email FROM orders
        WHERE store_id = %(store)s AND erased_at IS NULL
          AND (%(email)s::text IS NULL OR lower(customer_email) = lower(%(email)s))
          AND (%(number)s::text IS NULL OR number = %(number)s)
          AND NOT (%(email)s::text IS NULL AND %(number)s::text IS NULL)
        ORDER BY id LIMIT %(limit)s"""
    async with connection.cursor(row_factory=class_row(Bought)) as cursor:
        await cursor.execute(sql, {"store": store_id, "email": email, "number": number, "limit": limit})
        return await cursor.fetchall()


async def over(connection: Connection, store_id: int, *, before: datetime, limit: int) -> list[int]:
    """Orders about which nothing happened since then and whose customer is still known."""
    sql = """
        SELECT o.id FROM orders o
        WHERE o.store_id = %(store)s AND o.erased_at IS NULL AND o.created_at < %(before)s
          AND NOT EXISTS (SELECT 1 FROM shipment s WHERE s.order_id = o.id
                          AND greatest(s.registered_at, s.news_at) >= %(before)s)
        ORDER BY o.created_at LIMIT %(limit)s"""
    return [
        row[0] async for row in await connection.execute(sql, {"store": store_id, "before": before, "limit": limit})
    ]


async def erase(connection: Connection, store_id: int, order_ids: Sequence[int], *, now: datetime) -> list[Bought]:
    """Erase who bought these orders: the orders as they were. Their timelines stay. Those that are erased already are
    left alone; what was planned for the customer is not sent.
    """
    ids = sorted(order_ids)
    # Replies, shipments, orders, effects: in this order everywhere.
    answers = """
        DELETE FROM reply r USING shipment s
        WHERE s.order_id = ANY(%s) AND r.account_id = s.account_id AND r.tracking_code = s.tracking_code
          AND r.store_id = %s AND r.recorded_at IS NOT NULL"""
    await connection.execute(answers, (ids, store_id))
    sql = "SELECT id FROM shipment WHERE order_id = ANY(%s) ORDER BY id FOR UPDATE"
    await connection.execute(sql, (ids,))
    locked = """
        SELECT id, number, customer_name, customer_email FROM orders
        WHERE store_id = %s AND id = ANY(%s) AND erased_at IS NULL ORDER BY id FOR UPDATE"""
    async with connection.cursor(row_factory=class_row(Bought)) as cursor:
        await cursor.execute(locked, (store_id, ids))
        found = await cursor.fetchall()
    mine = [each.id for each in found]
    await _forget(connection, mine, now=now)
    for each in found:
        await _scrub(connection, store_id, each)
    sql = """
        UPDATE orders SET customer_name = '', customer_email = NULL, mails_to = NULL, mails_asked = NULL,
            mails_code = NULL, postal_code = NULL, erased_at = %s
        WHERE id = ANY(%s)"""
    await connection.execute(sql, (now, mine))
    await _forget_addresses(connection, store_id, mine)
    return found


async def _forget(connection: Connection, order_ids: Sequence[int], *, now: datetime) -> None:
    """Drop what shows persons as a whole: mails that wait, pictures of deliveries."""
    of_them = "shipment_id IN (SELECT id FROM shipment WHERE order_id = ANY(%s))"
    await connection.execute(
        """UPDATE effect SET request = NULL,
               state = CASE WHEN state IN ('pending', 'sending') THEN 'superseded' ELSE state END,
               ended_at = coalesce(ended_at, %s)
           WHERE order_id = ANY(%s) AND kind = ANY(%s)""",
        (now, list(order_ids), list(_CUSTOMERS_MAILS)),
    )
    await connection.execute(
        f"""UPDATE proof_search SET state = 'given_up', next_try = NULL, leased_until = NULL, message = '',
                ended_at = coalesce(ended_at, %s)
            WHERE {of_them} AND state <> 'withdrawn'""",  # noqa: S608 - our own condition
        (now, list(order_ids)),
    )
    await connection.execute(f"DELETE FROM proof WHERE {of_them}", (list(order_ids),))  # noqa: S608 - our own condition


async def _forget_addresses(connection: Connection, store_id: int, order_ids: Sequence[int]) -> None:
    """Drop where mails went and what came back from there. An address that nobody else has is forgotten too."""
    await connection.execute(
        "DELETE FROM bounce b USING effect e WHERE e.id = b.effect_id AND e.order_id = ANY(%s)", (list(order_ids),)
    )
    sql = """
        WITH gone AS (
            UPDATE effect e SET told_to = NULL FROM effect old
            WHERE old.id = e.id AND e.order_id = ANY(%s) AND e.told_to IS NOT NULL RETURNING old.told_to AS address)
        DELETE FROM suppression p USING gone
        WHERE p.store_id = %s AND p.address = gone.address AND NOT EXISTS (
            SELECT 1 FROM orders o WHERE o.store_id = p.store_id AND o.erased_at IS NULL
              AND lower(o.customer_email) = p.address)"""
    await connection.execute(sql, (list(order_ids), store_id))


async def _scrub(connection: Connection, store_id: int, order: Bought) -> None:
    """Take the person's name and address out of what was written about the order."""
    customer = Customer(order.customer_name, order.customer_email)
    whole, parts = named_in_full(customer), named_at_all(customer)
    if whole is None or parts is None:
        return
    said = {"whole": whole, "parts": parts, "gone": _GONE, "order": order.id, "number": order.number, "store": store_id}
    for statement in (_EVENTS, _SNAPSHOTS, _EFFECTS, _ATTEMPTS, _NOTICES, _AUDIT):
        await connection.execute(statement, said)


_EVENTS = """
    WITH said AS (
        SELECT e.id, CASE WHEN e.source = 'carrier' THEN %(whole)s ELSE %(parts)s END AS pattern,
               coalesce(e.body->>'detail', '') AS detail, coalesce(e.body->>'description', '') AS description
        FROM tracking_event e JOIN shipment s ON s.id = e.shipment_id WHERE s.order_id = %(order)s)
    UPDATE tracking_event e SET body = e.body || jsonb_build_object(
        'detail', regexp_replace(said.detail, said.pattern, %(gone)s, 'gi'),
        'description', regexp_replace(said.description, said.pattern, %(gone)s, 'gi'))
    FROM said WHERE e.id = said.id AND said.detail || ' ' || said.description ~* said.pattern"""
_SNAPSHOTS = """
    UPDATE shipment SET snapshot = snapshot || jsonb_build_object(
        'detail', regexp_replace(coalesce(snapshot->>'detail', ''), %(parts)s, %(gone)s, 'gi'),
        'description', regexp_replace(coalesce(snapshot->>'description', ''), %(parts)s, %(gone)s, 'gi'))
    WHERE order_id = %(order)s AND concat(snapshot->>'detail', ' ', snapshot->>'description') ~* %(parts)s"""
_EFFECTS = """
    UPDATE effect SET receipt = regexp_replace(receipt, %(whole)s, %(gone)s, 'gi'),
        message = regexp_replace(message, %(whole)s, %(gone)s, 'gi')
    WHERE order_id = %(order)s AND receipt || message ~* %(whole)s"""
_ATTEMPTS = """
    UPDATE attempt a SET message = regexp_replace(a.message, %(whole)s, %(gone)s, 'gi')
    FROM effect e WHERE e.order_id = %(order)s AND a.effect_id = e.id AND a.message ~* %(whole)s"""
_NOTICES = """
    UPDATE notice n SET message = regexp_replace(n.message, %(parts)s, %(gone)s, 'gi'),
        facts = coalesce((SELECT jsonb_object_agg(f.key, regexp_replace(f.value, %(parts)s, %(gone)s, 'gi'))
                          FROM jsonb_each_text(n.facts) f), '{}')
    FROM shipment s WHERE s.order_id = %(order)s AND n.shipment_id = s.id AND n.message || n.facts::text ~* %(parts)s"""
_AUDIT = """
    UPDATE audit SET said = regexp_replace(said, %(parts)s, %(gone)s, 'gi')
    WHERE store_id = %(store)s AND order_number = %(number)s AND said ~* %(parts)s"""
