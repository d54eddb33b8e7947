"""In: customers; out: their orders, and personal data erased from those orders."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from paradeiro.db.pool import Connection, as_all_stores
from paradeiro.domain.customers.personal_data import any_name_pattern, full_name_pattern
from paradeiro.domain.records import Customer

_CUSTOMERS_MAILS = ("customer_mail", "customer_correction", "customer_reminder", "customer_address")
_GONE = "…"


@dataclass(frozen=True, slots=True)
class CustomerOrder:
    """An order with its customer."""

    id: int
    number: str
    customer_name: str
    customer_email: str | None


async def orders_of_customer(
    connection: Connection, store_id: int, *, email: str | None = None, number: str | None = None, limit: int
) -> list[CustomerOrder]:
    """The orders of an address (case-insensitive), or the one of a number; erased ones excluded."""
    sql = """
        SELECT id, number, customer_name, customer_email FROM orders
        WHERE store_id = %(store)s AND erased_at IS NULL
          AND (%(email)s::text IS NULL OR lower(customer_email) = lower(%(email)s))
          AND (%(number)s::text IS NULL OR number = %(number)s)
          AND NOT (%(email)s::text IS NULL AND %(number)s::text IS NULL)
        ORDER BY id LIMIT %(limit)s"""
    async with connection.cursor(row_factory=class_row(CustomerOrder)) as cursor:
        await cursor.execute(sql, {"store": store_id, "email": email, "number": number, "limit": limit})
        return await cursor.fetchall()


async def customers_of_orders(connection: Connection, order_ids: Sequence[int]) -> dict[int, Customer]:
    """Customers by order id: name and address only."""
    sql = "SELECT id, customer_name, customer_email FROM orders WHERE id = ANY(%s)"
    rows = await connection.execute(sql, (list(order_ids),))
    return {row[0]: Customer(row[1], row[2]) async for row in rows}


async def orders_past_retention(connection: Connection, store_id: int, *, before: datetime, limit: int) -> list[int]:
    """Orders without news since then whose customer is not erased."""
    sql = """
        SELECT o.id FROM orders o
        WHERE o.store_id = %(store)s AND o.erased_at IS NULL AND o.created_at < %(before)s
          AND NOT EXISTS (SELECT 1 FROM shipment s WHERE s.order_id = o.id
                          AND greatest(s.registered_at, s.news_at) >= %(before)s)
        ORDER BY o.created_at LIMIT %(limit)s"""
    return [
        row[0] async for row in await connection.execute(sql, {"store": store_id, "before": before, "limit": limit})
    ]


async def erase_customers(
    connection: Connection, store_id: int, order_ids: Sequence[int], *, now: datetime
) -> list[CustomerOrder]:
    """Erase the customers of these orders; returns the orders as they were. Timelines stay. Orders erased already are
    left alone; pending mails to the customer are not sent.
    """
    ids = sorted(order_ids)
    # Replies, shipments, orders, effects: in this order everywhere.
    await connection.execute(_ANSWERS, (ids, store_id))
    sql = "SELECT id FROM shipment WHERE order_id = ANY(%s) ORDER BY id FOR UPDATE"
    await connection.execute(sql, (ids,))
    locked = """
        SELECT id, number, customer_name, customer_email FROM orders
        WHERE store_id = %s AND id = ANY(%s) AND erased_at IS NULL ORDER BY id FOR UPDATE"""
    async with connection.cursor(row_factory=class_row(CustomerOrder)) as cursor:
        await cursor.execute(locked, (store_id, ids))
        found = await cursor.fetchall()
    mine = [each.id for each in found]
    await _remove_messages_and_proofs(connection, mine, now=now)
    named = [pattern for each in found for pattern in await _scrub(connection, store_id, each)]
    await _scrub_shared(connection, store_id, named)
    sql = """
        UPDATE orders SET customer_name = '', customer_email = NULL, mails_to = NULL, mails_asked = NULL,
            mails_code = NULL, postal_code = NULL, erased_at = %s
        WHERE id = ANY(%s)"""
    await connection.execute(sql, (now, mine))
    await _remove_addresses(connection, store_id, mine)
    return found


# Of every account that may have been asked about a package: its own, a former one, and fallback accounts.
_ANSWERS = """
    DELETE FROM reply r USING shipment s JOIN account a ON a.store_id = s.store_id AND a.kind = 'carrier'
    WHERE s.order_id = ANY(%s) AND s.store_id = %s AND r.account_id = a.id AND r.tracking_code = s.tracking_code
      AND r.store_id = s.store_id AND r.recorded_at IS NOT NULL"""


async def _remove_messages_and_proofs(connection: Connection, order_ids: Sequence[int], *, now: datetime) -> None:
    """Drop whole items that show persons: pending mails, pictures of deliveries."""
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


async def _remove_addresses(connection: Connection, store_id: int, order_ids: Sequence[int]) -> None:
    """Drop mail addresses and bounces. The suppression of an address that no other order has is removed too."""
    await connection.execute(
        "DELETE FROM bounce b USING effect e WHERE e.id = b.effect_id AND e.order_id = ANY(%s)", (list(order_ids),)
    )
    sql = """
        WITH gone AS (
            UPDATE effect e SET sent_to = NULL FROM effect as_it_was
            WHERE as_it_was.id = e.id AND e.order_id = ANY(%s) AND e.sent_to IS NOT NULL
            RETURNING as_it_was.sent_to AS address)
        DELETE FROM suppression p USING gone
        WHERE p.store_id = %s AND p.address = gone.address AND NOT EXISTS (
            SELECT 1 FROM orders o WHERE o.store_id = p.store_id AND o.erased_at IS NULL
              AND lower(o.customer_email) = p.address)"""
    await connection.execute(sql, (list(order_ids), store_id))


async def _scrub(connection: Connection, store_id: int, order: CustomerOrder) -> list[str]:
    """Remove the person's name and address from texts about the order. Returns the patterns that match them."""
    base = {"gone": _GONE, "order": order.id, "number": order.number, "store": store_id}
    # Mails may have gone to other addresses of theirs, and servers' messages name those.
    sql = "SELECT DISTINCT sent_to FROM effect WHERE order_id = %s AND sent_to IS NOT NULL"
    elsewhere = [Customer("", row[0]) async for row in await connection.execute(sql, (order.id,))]
    named = []
    for customer in (Customer(order.customer_name, order.customer_email), *elsewhere):
        whole, parts = full_name_pattern(customer), any_name_pattern(customer)
        for statement in (_EVENTS, _SNAPSHOTS, _EFFECTS, _ATTEMPTS, _NOTICES, _AUDIT) if whole and parts else ():
            await connection.execute(statement, base | {"whole": whole, "parts": parts})
        named += [whole] if whole else []
    return named


async def _scrub_shared(connection: Connection, store_id: int, named: Sequence[str]) -> None:
    """Remove the same from texts of accounts and jobs, where older versions stored parties' messages unredacted."""
    values = {"gone": _GONE, "store": store_id, "whole": "|".join(sorted(set(named)))}
    for statement in (_ACCOUNTS, _ACCOUNT_NOTICES, _BOUNCES, _PROOF_SEARCHES) if named else ():
        await connection.execute(statement, values)
    if named:
        async with connection.transaction(), as_all_stores(connection):
            await connection.execute(_JOBS, values)


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
_ACCOUNTS = """
    UPDATE account SET problem = regexp_replace(problem, %(whole)s, %(gone)s, 'gi')
    WHERE store_id = %(store)s AND problem ~* %(whole)s"""
_ACCOUNT_NOTICES = """
    UPDATE notice n SET message = regexp_replace(n.message, %(whole)s, %(gone)s, 'gi'),
        facts = coalesce((SELECT jsonb_object_agg(f.key, regexp_replace(f.value, %(whole)s, %(gone)s, 'gi'))
                          FROM jsonb_each_text(n.facts) f), '{}')
    WHERE n.store_id = %(store)s AND n.shipment_id IS NULL AND n.message || n.facts::text ~* %(whole)s"""
_BOUNCES = """
    UPDATE bounce SET reason = regexp_replace(reason, %(whole)s, %(gone)s, 'gi')
    WHERE store_id = %(store)s AND reason ~* %(whole)s"""
_PROOF_SEARCHES = """
    UPDATE proof_search SET message = regexp_replace(message, %(whole)s, %(gone)s, 'gi')
    WHERE store_id = %(store)s AND message ~* %(whole)s"""
# Traces of jobs that failed: the queue's own table, which knows no stores.
_JOBS = """
    UPDATE pgqueuer_log SET traceback = regexp_replace(traceback::text, %(whole)s, %(gone)s, 'gi')::jsonb
    WHERE traceback IS NOT NULL AND traceback::text ~* %(whole)s"""
