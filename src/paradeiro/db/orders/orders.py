"""In: orders as stated by order systems and callers; out: merged orders. A statement without a field erases nothing."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from paradeiro.db.following import reassessments
from paradeiro.db.pool import Connection
from paradeiro.domain.customers.order_lookup import plain_code
from paradeiro.domain.records import Customer, Item, Order, OtherPackage
from paradeiro.domain.words import MailChoice, Status

# One list, so that every query that builds an Order reads the same columns.
COLUMNS = """o.number AS order_number, o.customer_name, coalesce(o.mails_to, o.customer_email) AS customer_email,
    o.locale, o.channel,
    o.marketplace_number, o.ordered_at, o.promised_at, o.erased_at,
    o.mails, o.postal_code, o.items::text AS order_items"""


def order_of(row: dict[str, Any]) -> Order:
    """The order in a row that holds `COLUMNS`. Its invoices live on the shipments."""
    return Order(
        number=row["order_number"],
        customer=Customer(
            row["customer_name"],
            row["customer_email"],
            row["locale"],
            row["erased_at"] is not None,
            MailChoice(row["mails"]),
            row["postal_code"],
        ),
        channel=row["channel"],
        marketplace_number=row["marketplace_number"],
        ordered_at=row["ordered_at"],
        promised_at=row["promised_at"],
        items=_items(row["order_items"]),
    )


def _items(text: str) -> tuple[Item, ...]:
    """What was bought. Empty if the rows are of another version's shape."""
    if text == "[]":
        return ()
    try:
        return msgspec.json.decode(text, type=tuple[Item, ...])
    except ValueError:
        return ()


async def put_order(
    connection: Connection, store_id: int, order: Order, *, now: datetime, awaits_code: bool | None = None
) -> int:
    """Add or complete an order; its id. `awaits_code` None leaves that mark as it is."""
    return (await state_order(connection, store_id, order, now=now, awaits_code=awaits_code))[0]


async def state_order(
    connection: Connection, store_id: int, order: Order, *, now: datetime, awaits_code: bool | None = None
) -> tuple[int, bool]:
    """Add or complete an order: (id, is new). If its date changed, its shipments are reassessed."""
    sql = """
        WITH before AS (SELECT ordered_at FROM orders WHERE store_id = %(store)s AND number = %(number)s)
        INSERT INTO orders (store_id, number, customer_name, customer_email, locale, channel, marketplace_number,
                            ordered_at, promised_at, postal_code, items, awaits_code, seen_at, created_at)
        VALUES (%(store)s, %(number)s, %(name)s, %(email)s, %(locale)s, %(channel)s, %(marketplace)s,
                %(ordered)s, %(promised)s, %(postal)s, %(items)s, coalesce(%(awaits)s, false), %(now)s, %(now)s)
        ON CONFLICT (store_id, number) DO UPDATE SET
            customer_name = CASE WHEN orders.erased_at IS NULL
                THEN coalesce(nullif(EXCLUDED.customer_name, ''), orders.customer_name) ELSE '' END,
            customer_email = CASE WHEN orders.erased_at IS NULL
                THEN coalesce(EXCLUDED.customer_email, orders.customer_email) END,
            postal_code = CASE WHEN orders.erased_at IS NULL
                THEN coalesce(EXCLUDED.postal_code, orders.postal_code) END,
            locale = EXCLUDED.locale, channel = coalesce(EXCLUDED.channel, orders.channel),
            marketplace_number = coalesce(EXCLUDED.marketplace_number, orders.marketplace_number),
            ordered_at = coalesce(EXCLUDED.ordered_at, orders.ordered_at),
            promised_at = coalesce(EXCLUDED.promised_at, orders.promised_at),
            items = coalesce(nullif(EXCLUDED.items, '[]'), orders.items),
            awaits_code = coalesce(%(awaits)s, orders.awaits_code), seen_at = EXCLUDED.seen_at
        RETURNING id, xmax = 0, ordered_at IS DISTINCT FROM (SELECT ordered_at FROM before)"""
    # xmax is 0 of a row that was inserted, not updated.
    values = _values(order) | {"store": store_id, "awaits": awaits_code, "now": now}
    row = await (await connection.execute(sql, values)).fetchone()
    assert row is not None
    if row[2] and not row[1]:
        await reassessments.reassess_order(connection, int(row[0]), now=now)
    return int(row[0]), bool(row[1])


def _values(order: Order) -> dict[str, object]:
    return {
        "number": order.number,
        "name": order.customer.name,
        "email": order.customer.email or None,
        "locale": order.customer.locale,
        "channel": order.channel,
        "marketplace": order.marketplace_number,
        "ordered": order.ordered_at,
        "promised": order.promised_at,
        "postal": plain_code(order.customer.postal_code or "") or None,
        "items": Jsonb(msgspec.to_builtins(order.items)),
    }


async def orders_awaiting_code(
    connection: Connection, store_id: int, *, since: datetime, now: datetime, limit: int
) -> list[str]:
    """Numbers of orders created since then that have an invoice without a tracking code and are due to be read again:
    after a twelfth of their age, at most after six hours.
    """
    sql = """
        SELECT number FROM orders WHERE store_id = %(store)s AND awaits_code AND created_at >= %(since)s
          AND seen_at <= %(now)s - least((%(now)s - created_at) / 12, interval '6 hours')
        ORDER BY seen_at, id LIMIT %(limit)s"""
    values = {"store": store_id, "since": since, "now": now, "limit": limit}
    return [row[0] async for row in await connection.execute(sql, values)]


async def mark_orders_read(connection: Connection, store_id: int, numbers: Sequence[str], *, now: datetime) -> None:
    """Note that these were requested, whether found or not, so that the next read takes others first."""
    sql = "UPDATE orders SET seen_at = %s WHERE store_id = %s AND number = ANY(%s) AND seen_at < %s"
    await connection.execute(sql, (now, store_id, sorted(numbers), now))


async def set_mail_choice(connection: Connection, store_id: int, order_id: int, choice: MailChoice) -> None:
    """Store which mails about an order its customer wants."""
    sql = "UPDATE orders SET mails = %s WHERE store_id = %s AND id = %s"
    await connection.execute(sql, (choice, store_id, order_id))


async def update_order_deliveries(connection: Connection, order_ids: Sequence[int]) -> None:
    """Set or clear when each order was delivered: once all its packages are, except cancelled and
    replaced ones.

    The order rows are locked first, so that two shipments of one order, recorded at once, see each other. Not their
    keys: both may have written rows that refer to the order before, and each would wait for the other.
    """
    ids = sorted(set(order_ids))
    await connection.execute("SELECT id FROM orders WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE", (ids,))
    sql = """
        UPDATE orders o SET delivered_at = f.delivered_at
        FROM (
            SELECT order_id,
                   CASE WHEN bool_and(status = 'delivered') FILTER (WHERE status <> 'cancelled')
                        THEN max(delivered_at) FILTER (WHERE status = 'delivered') END AS delivered_at
            FROM shipment WHERE order_id = ANY(%s) AND package_id IS NULL AND replaced_by IS NULL GROUP BY order_id
        ) f
        WHERE o.id = f.order_id AND o.delivered_at IS DISTINCT FROM f.delivered_at"""
    await connection.execute(sql, (ids,))


async def packages_of_orders(
    connection: Connection, order_ids: Sequence[int]
) -> dict[int, list[tuple[int, OtherPackage]]]:
    """The packages of orders: (shipment id, code and status)."""
    found: dict[int, list[tuple[int, OtherPackage]]] = {}
    sql = """
        SELECT order_id, id, tracking_code, status FROM shipment
        WHERE order_id = ANY(%s) AND package_id IS NULL AND replaced_by IS NULL ORDER BY id"""
    async for order_id, shipment_id, code, status in await connection.execute(sql, (list(order_ids),)):
        found.setdefault(order_id, []).append((shipment_id, OtherPackage(code, Status(status))))
    return found


async def order_by_number(connection: Connection, store_id: int, number: str) -> tuple[int, Order] | None:
    """An order and its id by the number that the order system gave it."""
    sql = f"SELECT o.id, {COLUMNS} FROM orders o WHERE o.store_id = %s AND o.number = %s"  # noqa: S608 - our own columns
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(sql, (store_id, number))
        row = await cursor.fetchone()
    return (row["id"], order_of(row)) if row else None


async def order_by_marketplace_number(connection: Connection, store_id: int, number: str) -> tuple[int, Order] | None:
    """The one order that a marketplace gave this number; None if none has it, or several."""
    sql = f"""
        SELECT o.id, {COLUMNS} FROM orders o
        WHERE o.store_id = %s AND o.marketplace_number = %s ORDER BY o.id LIMIT 2"""  # noqa: S608 - our own columns
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(sql, (store_id, number))
        rows = await cursor.fetchall()
    return (rows[0]["id"], order_of(rows[0])) if len(rows) == 1 else None


async def awaits_code(connection: Connection, store_id: int, number: str) -> bool:
    """Whether the order system shows an invoice of this order that has no code yet."""
    sql = "SELECT awaits_code FROM orders WHERE store_id = %s AND number = %s"
    row = await (await connection.execute(sql, (store_id, number))).fetchone()
    return bool(row and row[0])
