"""In: bounced mails; out: bounces, suppressed addresses, and mail figures of a store."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from psycopg.rows import class_row

from paradeiro.db.pool import Connection
from paradeiro.domain.customers.bounces import normal_address
from paradeiro.domain.records import Order
from paradeiro.domain.words import BounceKind


@dataclass(frozen=True, slots=True)
class MailSent:
    """A sent mail: its address, shipment and order."""

    effect_id: int
    shipment_id: int
    order_number: str
    address: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Suppression:
    """An address that gets no more mail. `kind` and `reason` of the bounce that suppressed it."""

    id: int
    address: str = field(repr=False)
    kind: str
    reason: str = field(repr=False)
    since: datetime


@dataclass(frozen=True, slots=True)
class MailFigures:
    """Counts of a store's mails: sent, waiting, refused; `doubted`: sent again because the first outcome was unknown;
    bounces by kind; suppressed addresses.
    """

    sent: int
    waiting: int
    refused: int
    doubted: int
    hard: int
    soft: int
    complaints: int
    suppressed: int


async def mail_sent(connection: Connection, store_id: int, account_id: int, key: str) -> MailSent | None:
    """The mail with this key, if this account sent it; None too if its address was erased."""
    sql = """
        SELECT e.id AS effect_id, e.shipment_id, o.number AS order_number, e.sent_to AS address
        FROM effect e JOIN orders o ON o.id = e.order_id
        WHERE e.key = %s::uuid AND e.sent_to IS NOT NULL AND e.store_id = %s AND e.account_id = %s"""
    async with connection.cursor(row_factory=class_row(MailSent)) as cursor:
        await cursor.execute(sql, (key, store_id, account_id))
        return await cursor.fetchone()


async def add_bounce(
    connection: Connection, store_id: int, mail: MailSent, kind: BounceKind, reason: str, *, now: datetime
) -> bool:
    """Store a bounce. False if it is stored already."""
    sql = """
        INSERT INTO bounce (store_id, effect_id, address, kind, reason, at) VALUES (%s, %s, %s, %s, %s, %s)
        ON CONFLICT (effect_id, kind, store_id) DO NOTHING RETURNING true"""
    values = (store_id, mail.effect_id, mail.address, kind.value, reason, now)
    return await (await connection.execute(sql, values)).fetchone() is not None


async def count_soft_bounces(
    connection: Connection, store_id: int, address: str, effect_id: int, *, since: datetime
) -> int:
    """How many other mails to an address bounced softly since then, forgiven ones excluded."""
    sql = """
        SELECT count(*) FROM bounce
        WHERE store_id = %s AND address = %s AND at >= %s AND kind = 'soft' AND NOT forgiven AND effect_id <> %s"""
    row = await (await connection.execute(sql, (store_id, address, since, effect_id))).fetchone()
    return int(row[0]) if row else 0


async def suppress_address(
    connection: Connection, store_id: int, address: str, kind: BounceKind, reason: str, *, now: datetime
) -> bool:
    """Suppress an address. False if it was suppressed already; the first reason stays."""
    sql = """
        INSERT INTO suppression (store_id, address, kind, reason, since) VALUES (%s, %s, %s, %s, %s)
        ON CONFLICT (store_id, address) DO NOTHING RETURNING true"""
    return await (await connection.execute(sql, (store_id, address, kind.value, reason, now))).fetchone() is not None


async def suppressed_addresses(
    connection: Connection, store_id: int, addresses: Sequence[str]
) -> dict[str, Suppression]:
    """The suppressed ones of these addresses (lower case)."""
    sql = "SELECT id, address, kind, reason, since FROM suppression WHERE store_id = %s AND address = ANY(%s)"
    async with connection.cursor(row_factory=class_row(Suppression)) as cursor:
        await cursor.execute(sql, (store_id, list(addresses)))
        return {each.address: each for each in await cursor.fetchall()}


async def suppression_of(connection: Connection, store_id: int, order: Order) -> Suppression | None:
    """The suppression of an order's customer; None if there is none."""
    address = normal_address(order.customer.email or "")
    return (await suppressed_addresses(connection, store_id, [address])).get(address)


async def suppressions(
    connection: Connection, store_id: int, *, before: int | None = None, limit: int = 100
) -> list[Suppression]:
    """A store's suppressed addresses, newest first."""
    sql = """
        SELECT id, address, kind, reason, since FROM suppression
        WHERE store_id = %s AND (%s::bigint IS NULL OR id < %s) ORDER BY id DESC LIMIT %s"""
    async with connection.cursor(row_factory=class_row(Suppression)) as cursor:
        await cursor.execute(sql, (store_id, before, before, limit))
        return await cursor.fetchall()


async def lift_suppression(connection: Connection, store_id: int, address: str) -> bool:
    """Lift a suppression; earlier bounces count no more. False if there was none."""
    sql = "UPDATE bounce SET forgiven = true WHERE store_id = %s AND address = %s AND NOT forgiven"
    await connection.execute(sql, (store_id, address))
    sql = "DELETE FROM suppression WHERE store_id = %s AND address = %s RETURNING true"
    return await (await connection.execute(sql, (store_id, address))).fetchone() is not None


async def orders_with_bounces(connection: Connection, store_id: int, address: str) -> list[str]:
    """The numbers of orders with a mail that bounced from this address."""
    sql = """
        SELECT DISTINCT o.number FROM bounce b JOIN effect e ON e.id = b.effect_id JOIN orders o ON o.id = e.order_id
        WHERE b.store_id = %s AND b.address = %s ORDER BY 1"""
    return [row[0] async for row in await connection.execute(sql, (store_id, address))]


async def mail_figures(connection: Connection, store_id: int, account_id: int) -> MailFigures:
    """The mail figures of one account."""
    sql = """
        SELECT count(*) FILTER (WHERE state = 'done') AS sent,
               count(*) FILTER (WHERE state IN ('pending', 'sending')) AS waiting,
               count(*) FILTER (WHERE state = 'refused') AS refused,
               count(*) FILTER (WHERE doubts > 0) AS doubted,
               (SELECT count(*) FROM bounce b JOIN effect f ON f.id = b.effect_id
                WHERE b.store_id = %(store)s AND f.account_id = %(account)s AND b.kind = 'hard') AS hard,
               (SELECT count(*) FROM bounce b JOIN effect f ON f.id = b.effect_id
                WHERE b.store_id = %(store)s AND f.account_id = %(account)s AND b.kind = 'soft') AS soft,
               (SELECT count(*) FROM bounce b JOIN effect f ON f.id = b.effect_id
                WHERE b.store_id = %(store)s AND f.account_id = %(account)s AND b.kind = 'complaint') AS complaints,
               (SELECT count(*) FROM suppression WHERE store_id = %(store)s) AS suppressed
        FROM effect WHERE account_id = %(account)s"""
    async with connection.cursor(row_factory=class_row(MailFigures)) as cursor:
        await cursor.execute(sql, {"store": store_id, "account": account_id})
        row = await cursor.fetchone()
    assert row is not None
    return row
