"""In: invoices as stated by callers; out: one row per invoice, later statements merged into it."""

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


async def put_invoice(
    connection: Connection, store_id: int, order_id: int, stated: StatedInvoice, *, actor: str
) -> StatedInvoice:
    """Store an invoice, or merge it into the one of its number; the result. Its kind (`returns`) does not change."""
    known = await stated_invoice(connection, order_id, stated.invoice.number)
    if known is not None:
        stated = StatedInvoice(merge_invoices(known.invoice, stated.invoice), known.returns, known.stated_at)
    sql = """
        INSERT INTO stated_invoice (store_id, order_id, number, returns, body, actor, stated_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s)
        ON CONFLICT (order_id, number, store_id) DO UPDATE SET body = EXCLUDED.body"""
    body = Jsonb(msgspec.to_builtins(stated.invoice))
    values = (store_id, order_id, stated.invoice.number, stated.returns, body, actor, stated.stated_at)
    await connection.execute(sql, values)
    return stated


def merge_invoices(old: Invoice, new: Invoice) -> Invoice:
    """The old invoice with the fields that the new one has; missing fields erase nothing."""
    return replace(old, **{f.name: getattr(new, f.name) or getattr(old, f.name) for f in fields(Invoice)})


async def stated_invoice(connection: Connection, order_id: int, number: str) -> StatedInvoice | None:
    """A stated invoice of an order, locked until the transaction ends."""
    sql = "SELECT body, returns, stated_at FROM stated_invoice WHERE order_id = %s AND number = %s FOR UPDATE"
    row = await (await connection.execute(sql, (order_id, number))).fetchone()
    return _stated_invoice(row) if row else None


async def invoices_of_order(connection: Connection, order_id: int) -> list[StatedInvoice]:
    """All stated invoices of an order, the earliest first."""
    sql = "SELECT body, returns, stated_at FROM stated_invoice WHERE order_id = %s ORDER BY stated_at, number"
    return [_stated_invoice(row) async for row in await connection.execute(sql, (order_id,))]


def _stated_invoice(row: tuple[object, ...]) -> StatedInvoice:
    body, returns, stated_at = row
    assert isinstance(stated_at, datetime)
    return StatedInvoice(msgspec.convert(body, Invoice), bool(returns), stated_at)
