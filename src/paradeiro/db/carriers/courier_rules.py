"""In: what a store's staff said of couriers; out: their rules, and the packages that wait for one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from paradeiro.db.pool import Connection
from paradeiro.domain.records import Invoice


@dataclass(frozen=True, slots=True)
class CourierRule:
    """Packages of `courier` (a key, see domain/orders/couriers.py) are followed by this account; None: by none.
    `written`: the name as an order wrote it.
    """

    store_id: int
    courier: str
    account_id: int | None
    written: str
    actor: str = ""
    set_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class UnassignedCourier:
    """A courier without a rule that nobody recognises: how many packages wait for one, since when, an example."""

    courier: str
    written: str
    packages: int
    since: datetime
    order_number: str
    tracking_code: str
    tracking_url: str


@dataclass(frozen=True, slots=True)
class UnassignedPackage:
    """An invoice of an order that waits for its courier's rule."""

    order_id: int
    order_number: str
    invoice: Invoice


async def rules_of_store(connection: Connection, store_id: int) -> dict[str, CourierRule]:
    """A store's rules by courier key."""
    sql = "SELECT store_id, courier, account_id, written, actor, set_at FROM courier_rule WHERE store_id = %s"
    return {row[1]: CourierRule(*row) async for row in await connection.execute(sql, (store_id,))}


async def put_rule(connection: Connection, rule: CourierRule, *, now: datetime) -> None:
    """Add or change a rule."""
    sql = """
        INSERT INTO courier_rule (store_id, courier, account_id, written, actor, set_at)
        VALUES (%s, %s, %s, %s, %s, %s)
        ON CONFLICT (store_id, courier) DO UPDATE SET account_id = EXCLUDED.account_id, written = EXCLUDED.written,
            actor = EXCLUDED.actor, set_at = EXCLUDED.set_at"""
    values = (rule.store_id, rule.courier, rule.account_id, rule.written, rule.actor, now)
    await connection.execute(sql, values)


async def remove_rule(connection: Connection, store_id: int, courier: str) -> bool:
    """Remove a rule; False if there is none."""
    sql = "DELETE FROM courier_rule WHERE store_id = %s AND courier = %s RETURNING true"
    return await (await connection.execute(sql, (store_id, courier))).fetchone() is not None


async def put_unassigned(
    connection: Connection, store_id: int, order_id: int, courier: str, invoice: Invoice, *, now: datetime
) -> None:
    """Remember an invoice whose carrier nobody recognises; a repetition updates it."""
    sql = """
        INSERT INTO unassigned_package (order_id, store_id, invoice_number, courier, invoice, seen_at)
        VALUES (%s, %s, %s, %s, %s, %s)
        ON CONFLICT (order_id, invoice_number, store_id)
        DO UPDATE SET courier = EXCLUDED.courier, invoice = EXCLUDED.invoice"""
    body = Jsonb(msgspec.to_builtins(invoice))
    await connection.execute(sql, (order_id, store_id, invoice.number, courier, body, now))


async def forget_unassigned(connection: Connection, order_id: int, invoice_numbers: Sequence[str]) -> list[str]:
    """These invoices are followed, or need not be. Returns the couriers that they waited for."""
    sql = """
        DELETE FROM unassigned_package WHERE order_id = %s AND invoice_number = ANY(%s) RETURNING courier"""
    rows = await connection.execute(sql, (order_id, list(invoice_numbers)))
    return sorted({row[0] async for row in rows})


async def waiting_count(connection: Connection, store_id: int, courier: str) -> int:
    """How many packages wait for this courier's rule."""
    sql = "SELECT count(*) FROM unassigned_package WHERE store_id = %s AND courier = %s"
    row = await (await connection.execute(sql, (store_id, courier))).fetchone()
    return int(row[0]) if row else 0


async def unassigned_couriers(connection: Connection, store_id: int, *, limit: int) -> list[UnassignedCourier]:
    """The couriers that wait for a rule, those of most packages first, each with its newest package."""
    sql = """
        SELECT u.courier, max(u.invoice->>'courier') AS written, count(*)::int AS packages, min(u.seen_at) AS since,
               (array_agg(o.number ORDER BY u.seen_at DESC))[1] AS order_number,
               coalesce((array_agg(u.invoice->>'tracking_code' ORDER BY u.seen_at DESC))[1], '') AS tracking_code,
               coalesce((array_agg(u.invoice->>'tracking_url' ORDER BY u.seen_at DESC))[1], '') AS tracking_url
        FROM unassigned_package u JOIN orders o ON o.id = u.order_id
        WHERE u.store_id = %s GROUP BY u.courier ORDER BY count(*) DESC, u.courier LIMIT %s"""
    async with connection.cursor(row_factory=class_row(UnassignedCourier)) as cursor:
        await cursor.execute(sql, (store_id, limit))
        return await cursor.fetchall()


async def unassigned_packages(
    connection: Connection, store_id: int, courier: str, *, limit: int
) -> list[UnassignedPackage]:
    """Packages that wait for this courier's rule, the oldest first."""
    sql = """
        SELECT u.order_id, o.number, u.invoice::text FROM unassigned_package u JOIN orders o ON o.id = u.order_id
        WHERE u.store_id = %s AND u.courier = %s ORDER BY u.seen_at, u.order_id LIMIT %s"""
    rows = await connection.execute(sql, (store_id, courier, limit))
    return [UnassignedPackage(row[0], row[1], msgspec.json.decode(row[2], type=Invoice)) async for row in rows]
