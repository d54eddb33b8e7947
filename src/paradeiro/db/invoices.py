"""In: invoices as a caller stated them; out: the same, each once, what was known of it completed by what came later."""

from dataclasses import dataclass, fields, replace
from datetime import datetime

import msgspec
from psycopg.types.json import Jsonb

from paradeiro.db.pool import Connection
from paradeiro.domain.records import Invoice


@dataclass(frozen=True, slots=True)
class StatedInvoice:
    """An invoice that a caller stated. Its `tracking_code` is the one that was stated last. `returns`: of a return."""

    invoice: Invoice
    returns: bool
    stated_at: datetime


async def put(
    connection: Connection, store_id: int, order_id: int, stated: StatedInvoice, *, author: str
) -> StatedInvoice:
    """Keep an invoice, or complete the one of its number; as it stands now. What kind it is does not change."""
    known = await one(connection, order_id, stated.invoice.number)
    if known is not None:
        stated = StatedInvoice(completed(known.invoice, stated.invoice), known.returns, known.stated_at)
    sql = """
        INSERT INTO stated_invoice (store_id, order_id, number, returns, body, author, stated_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s)
        ON CONFLICT (order_id, number) DO UPDATE SET body = EXCLUDED.body"""
    body = Jsonb(msgspec.to_builtins(stated.invoice))
    values = (store_id, order_id, stated.invoice.number, stated.returns, body, author, stated.stated_at)
    await connection.execute(sql, values)
    return stated


def completed(old: Invoice, new: Invoice) -> Invoice:
    """The old one, with whatever the new one knows; what it does not know erases nothing."""
    return replace(old, **{f.name: getattr(new, f.name) or getattr(old, f.name) for f in fields(Invoice)})


async def one(connection: Connection, order_id: int, number: str) -> StatedInvoice | None:
    """A stated invoice of an order, locked until the transaction ends."""
    sql = "SELECT body, returns, stated_at FROM stated_invoice WHERE order_id = %s AND number = %s FOR UPDATE"
    row = await (await connection.execute(sql, (order_id, number))).fetchone()
    return _stated(row) if row else None


async def of_order(connection: Connection, order_id: int) -> list[StatedInvoice]:
    """All stated invoices of an order, the earliest first."""
    sql = "SELECT body, returns, stated_at FROM stated_invoice WHERE order_id = %s ORDER BY stated_at, number"
    return [_stated(row) async for row in await connection.execute(sql, (order_id,))]


def _stated(row: tuple[object, ...]) -> StatedInvoice:
    body, returns, stated_at = row
    assert isinstance(stated_at, datetime)
    return StatedInvoice(msgspec.convert(body, Invoice), bool(returns), stated_at)
