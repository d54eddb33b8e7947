"""In: actions of users; out: the audit log, a page at a time. Entries are part of the action's transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from paradeiro.db.pool import Connection


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something, through which `entry_point` (`api`, `page`, `cli`), from which network address (`origin`)."""

    actor: str
    entry_point: str
    origin: str = ""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One action. `said`: the text stated with it (a reason, a status)."""

    action: str
    order_number: str
    shipment_id: int | None = None
    said: str = ""


@dataclass(frozen=True, slots=True)
class AuditLogLine:
    """A line of the log."""

    id: int
    done_at: datetime
    actor: str
    entry_point: str
    origin: str
    action: str
    order_number: str
    shipment_id: int | None
    said: str


async def add_entries(
    connection: Connection, store_id: int, by: Actor, entries: Sequence[AuditEntry], *, now: datetime
) -> None:
    """Write entries."""
    sql = """
        INSERT INTO audit (store_id, done_at, actor, entry_point, origin, action, order_number, shipment_id, said)
        SELECT %s, %s, %s, %s, %s, d.* FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::text[]) AS d"""
    if not entries:
        return
    columns = (
        [d.action for d in entries],
        [d.order_number for d in entries],
        [d.shipment_id for d in entries],
        [d.said for d in entries],
    )
    await connection.execute(sql, (store_id, now, by.actor, by.entry_point, by.origin, *columns))


async def audit_lines(
    connection: Connection,
    store_id: int,
    *,
    order_number: str | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[AuditLogLine]:
    """The log, newest first, lines with id below `before`; of one order, or of the whole store."""
    sql = """
        SELECT id, done_at, actor, entry_point, origin, action, order_number, shipment_id, said FROM audit
        WHERE store_id = %(store)s AND (%(before)s::bigint IS NULL OR id < %(before)s)
          AND (%(order)s::text IS NULL OR order_number = %(order)s)
        ORDER BY id DESC LIMIT %(limit)s"""
    values = {"store": store_id, "order": order_number, "before": before, "limit": limit}
    async with connection.cursor(row_factory=class_row(AuditLogLine)) as cursor:
        await cursor.execute(sql, values)
        return await cursor.fetchall()
