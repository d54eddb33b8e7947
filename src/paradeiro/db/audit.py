"""In: what somebody did; out: the audit log, a page at a time. Lines are added in the deed's own transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from paradeiro.db.pool import Connection


@dataclass(frozen=True, slots=True)
class By:
    """Who does something, through which `door` (`api`, `page`, `cli`), from which network address."""

    author: str
    door: str
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing that was done. `said`: what was stated with it."""

    deed: str
    order_number: str
    shipment_id: int | None = None
    said: str = ""


@dataclass(frozen=True, slots=True)
class AuditLine:
    """A line of the log."""

    id: int
    done_at: datetime
    author: str
    door: str
    origin: str
    deed: str
    order_number: str
    shipment_id: int | None
    said: str


async def note(connection: Connection, store_id: int, by: By, deeds: Sequence[Deed], *, now: datetime) -> None:
    """Write what was done."""
    sql = """
        INSERT INTO audit (store_id, done_at, author, door, origin, deed, order_number, shipment_id, said)
        SELECT %s, %s, %s, %s, %s, d.* FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::text[]) AS d"""
    if not deeds:
        return
    columns = (
        [d.deed for d in deeds],
        [d.order_number for d in deeds],
        [d.shipment_id for d in deeds],
        [d.said for d in deeds],
    )
    await connection.execute(sql, (store_id, now, by.author, by.door, by.origin, *columns))


async def audit_lines(
    connection: Connection,
    store_id: int,
    *,
    order_number: str | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[AuditLine]:
    """The log, newest first, lines with id below `before`; of one order, or of the whole store."""
    sql = """
        SELECT id, done_at, author, door, origin, deed, order_number, shipment_id, said FROM audit
        WHERE store_id = %(store)s AND (%(before)s::bigint IS NULL OR id < %(before)s)
          AND (%(order)s::text IS NULL OR order_number = %(order)s)
        ORDER BY id DESC LIMIT %(limit)s"""
    values = {"store": store_id, "order": order_number, "before": before, "limit": limit}
    async with connection.cursor(row_factory=class_row(AuditLine)) as cursor:
        await cursor.execute(sql, values)
        return await cursor.fetchall()
