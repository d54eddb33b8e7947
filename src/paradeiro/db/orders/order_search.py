"""In: filters on a store's orders; out: one page of them, and the total count."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from psycopg.rows import class_row

from paradeiro.db.pool import Connection

SortedBy = Literal["creationDate", "orderId"]


@dataclass(frozen=True, slots=True)
class OrderQuery:
    """Which orders, and which page of them (from 1). `words` are looked for in numbers, codes, names and addresses.
    `invoiced`: only those with an invoice, or without; None for both. Dates include their ends.
    """

    words: str = ""
    invoiced: bool | None = None
    returned: bool | None = None
    created: tuple[datetime, datetime] | None = None
    issued: tuple[datetime, datetime] | None = None
    by: SortedBy = "creationDate"
    descending: bool = True
    page: int = 1
    size: int = 15


@dataclass(frozen=True, slots=True)
class FoundOrder:
    """An order as a list shows it: `value` in cents and the number of `items`, of its invoices."""

    number: str
    customer_name: str
    channel: str | None
    marketplace_number: str | None
    created_at: datetime
    promised_at: datetime | None
    invoiced: bool
    value: int
    items: int


# The bills of one order: those that a caller stated, then those that only the order system knows.
_BILLS = """
    SELECT i.body, i.returns, i.stated_at AS at FROM stated_invoice i WHERE i.order_id = o.id
    UNION ALL
    SELECT s.invoice, false, s.registered_at FROM shipment s
    WHERE s.order_id = o.id AND NOT EXISTS (
        SELECT 1 FROM stated_invoice i WHERE i.order_id = s.order_id AND i.number = s.invoice_number)
      AND NOT EXISTS (SELECT 1 FROM shipment e WHERE e.order_id = s.order_id AND e.id < s.id
                      AND e.invoice_number = s.invoice_number AND s.invoice_number <> '')"""
# Implausible dates are ignored. Of an invoice of another shape only readable fields count: one bad row must not keep
# the list from being shown.
_CREATED = "coalesce(CASE WHEN o.ordered_at BETWEEN '1990-01-01' AND '2100-12-31' THEN o.ordered_at END, o.created_at)"
_WHOLE = "~ '^-?[0-9]{1,15}$'"
_ISSUED = r"""coalesce(CASE WHEN b.body->>'issued_at'
    ~ '^(19|20)[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]'
    THEN (b.body->>'issued_at')::timestamptz END, b.at)"""
_WHERE = f"""
    WHERE o.store_id = %(store)s
      AND (%(words)s = '' OR o.number ILIKE %(like)s OR o.marketplace_number ILIKE %(like)s
           OR o.customer_name ILIKE %(like)s OR o.customer_email ILIKE %(like)s
           OR EXISTS (SELECT 1 FROM shipment c WHERE c.order_id = o.id AND c.tracking_code ILIKE %(like)s))
      AND (%(invoiced)s::boolean IS NULL
           OR EXISTS (SELECT 1 FROM ({_BILLS}) b WHERE NOT b.returns) = %(invoiced)s)
      AND (%(returned)s::boolean IS NULL OR EXISTS (SELECT 1 FROM ({_BILLS}) b WHERE b.returns) = %(returned)s)
      AND (%(created_from)s::timestamptz IS NULL OR {_CREATED} BETWEEN %(created_from)s AND %(created_to)s)
      AND (%(issued_from)s::timestamptz IS NULL OR EXISTS (
           SELECT 1 FROM ({_BILLS}) b WHERE NOT b.returns
           AND {_ISSUED} BETWEEN %(issued_from)s AND %(issued_to)s))"""  # noqa: S608 - our own columns


async def search_orders(connection: Connection, store_id: int, query: OrderQuery) -> tuple[list[FoundOrder], int]:
    """One page of orders, and how many there are on all pages."""
    order = f"{_CREATED if query.by == 'creationDate' else 'o.number'} {'DESC' if query.descending else 'ASC'}"
    sql = f"""
        SELECT o.number, o.customer_name, o.channel, o.marketplace_number, {_CREATED} AS created_at, o.promised_at,
               coalesce(b.invoiced, false) AS invoiced, coalesce(b.value, 0)::bigint AS value,
               coalesce(b.items, 0)::bigint AS items
        FROM (SELECT o.* FROM orders o {_WHERE} ORDER BY {order}, o.id LIMIT %(size)s OFFSET %(skip)s) o
        LEFT JOIN LATERAL (
            SELECT bool_or(NOT returns) AS invoiced,
                   sum(CASE WHEN body->>'value' {_WHOLE} THEN (body->>'value')::bigint END) AS value,
                   sum((SELECT sum(CASE WHEN item->>'quantity' {_WHOLE} THEN (item->>'quantity')::bigint END)
                        FROM jsonb_array_elements(CASE jsonb_typeof(body->'items') WHEN 'array' THEN body->'items'
                                                  ELSE '[]' END) item)) AS items
            FROM ({_BILLS}) bills WHERE NOT returns) b ON true
        ORDER BY {order}, o.id"""  # noqa: S608 - our own columns
    values = _values(store_id, query)
    async with connection.cursor(row_factory=class_row(FoundOrder)) as cursor:
        await cursor.execute(sql, values)
        found = await cursor.fetchall()
    counted = await connection.execute(f"SELECT count(*) FROM orders o {_WHERE}", values)  # noqa: S608 - our own columns
    row = await counted.fetchone()
    return found, int(row[0]) if row else 0


def _values(store_id: int, query: OrderQuery) -> dict[str, object]:
    escaped = query.words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    created, issued = query.created or (None, None), query.issued or (None, None)
    return {
        "store": store_id,
        "words": query.words,
        "like": f"%{escaped}%",
        "invoiced": query.invoiced,
        "returned": query.returned,
        "created_from": created[0],
        "created_to": created[1],
        "issued_from": issued[0],
        "issued_to": issued[1],
        "size": query.size,
        "skip": (query.page - 1) * query.size,
    }
