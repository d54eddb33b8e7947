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


async def customers(connection: Connection, order_ids: Sequence[int]) -> dict[int, Customer]:
    """Who bought, by order id: name and address only."""
    sql = "SELECT id, customer_name, customer_email FROM orders WHERE id = ANY(%s)"
    rows = await connection.execute(sql, (list(order_ids),))
    return {row[0]: Customer(row[1], row[2]) async for row in rows}


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
    await connection.execute(_ANSWERS, (ids, store_id))
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
    named = [pattern for each in found for pattern in await _scrub(connection, store_id, each)]
    await _scrub_shared(connection, store_id, named)
    sql = """
        UPDATE orders SET customer_name = '', customer_email = NULL, mails_to = NULL, mails_asked = NULL,
            mails_code = NULL, postal_code = NULL, erased_at = %s
        WHERE id = ANY(%s)"""
    await connection.execute(sql, (now, mine))
    await _forget_addresses(connection, store_id, mine)
    return found


# Of every account that may have been asked about a package: its own, one before, and those that stood in.
_ANSWERS = """
    DELETE FROM reply r USING shipment s JOIN account a ON a.store_id = s.store_id AND a.kind = 'carrier'
    WHERE s.order_id = ANY(%s) AND s.store_id = %s AND r.account_id = a.id AND r.tracking_code = s.tracking_code
      AND r.store_id = s.store_id AND r.recorded_at IS NOT NULL"""


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
            UPDATE effect e SET told_to = NULL FROM effect as_it_was
            WHERE as_it_was.id = e.id AND e.order_id = ANY(%s) AND e.told_to IS NOT NULL
            RETURNING as_it_was.told_to AS address)
        DELETE FROM suppression p USING gone
        WHERE p.store_id = %s AND p.address = gone.address AND NOT EXISTS (
            SELECT 1 FROM orders o WHERE o.store_id = p.store_id AND o.erased_at IS NULL
              AND lower(o.customer_email) = p.address)"""
    await connection.execute(sql, (list(order_ids), store_id))


async def _scrub(connection: Connection, store_id: int, order: Bought) -> list[str]:
    """Take the person's name and address out of what was written about the order. The patterns that name them."""
    base = {"gone": _GONE, "order": order.id, "number": order.number, "store": store_id}
    # Mails may have gone to other addresses of theirs, and what servers said of those names them.
    sql = "SELECT DISTINCT told_to FROM effect WHERE order_id = %s AND told_to IS NOT NULL"
    elsewhere = [Customer("", row[0]) async for row in await connection.execute(sql, (order.id,))]
    named = []
    for customer in (Customer(order.customer_name, order.customer_email), *elsewhere):
        whole, parts = named_in_full(customer), named_at_all(customer)
        for statement in (_EVENTS, _SNAPSHOTS, _EFFECTS, _ATTEMPTS, _NOTICES, _AUDIT) if whole and parts else ():
            await connection.execute(statement, base | {"whole": whole, "parts": parts})
        named += [whole] if whole else []
    return named


async def _scrub_shared(connection: Connection, store_id: int, named: Sequence[str]) -> None:
    """Take the same out of what is about accounts and jobs, where versions before kept parties' words as they came."""
    values = {"gone": _GONE, "store": store_id, "whole": "|".join(sorted(set(named)))}
    for statement in (_ACCOUNTS, _ACCOUNT_NOTICES, _BOUNCES, _PROOF_SEARCHES, _JOBS) if named else ():
        await connection.execute(statement, values)


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
    UPDATE account SET trouble = regexp_replace(trouble, %(whole)s, %(gone)s, 'gi')
    WHERE store_id = %(store)s AND trouble ~* %(whole)s"""
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
