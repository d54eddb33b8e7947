"""In: actions of users; out: the audit log, a page at a time. Entries are part of the action's transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from paradeiro.db.pool import Connection
from paradeiro.domain.words import AuditAction


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something, through which `entry_point` (`api`, `page`, `cli`), from which network address (`origin`): a
    person, an API key, or the machine's user.
    """

    actor: str
    entry_point: str
    origin: str = ""
    operator_id: int | None = None
    api_key_id: int | None = None


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
    operator_id: int | None
    api_key_id: int | None


async def add_entries(
    connection: Connection, store_id: int, by: Actor, entries: Sequence[AuditEntry], *, now: datetime
) -> None:
    """Write entries."""
    sql = """
        INSERT INTO audit (store_id, done_at, actor, entry_point, origin, operator_id, api_key_id,
                           action, order_number, shipment_id, said)
        SELECT %s, %s, %s, %s, %s, %s::bigint, %s::bigint, d.*
        FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::text[]) AS d"""
    if not entries:
        return
    columns = (
        [d.action for d in entries],
        [d.order_number for d in entries],
        [d.shipment_id for d in entries],
        [d.said for d in entries],
    )
    who = (by.actor, by.entry_point, by.origin, by.operator_id, by.api_key_id)
    await connection.execute(sql, (store_id, now, *who, *columns))


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
        SELECT id, done_at, actor, entry_point, origin, action, order_number, shipment_id, said, operator_id,
               api_key_id
        FROM audit
        WHERE store_id = %(store)s AND (%(before)s::bigint IS NULL OR id < %(before)s)
          AND (%(order)s::text IS NULL OR order_number = %(order)s)
        ORDER BY id DESC LIMIT %(limit)s"""
    values = {"store": store_id, "order": order_number, "before": before, "limit": limit}
    async with connection.cursor(row_factory=class_row(AuditLogLine)) as cursor:
        await cursor.execute(sql, values)
        return await cursor.fetchall()


async def add_key_use(
    connection: Connection, store_id: int, by: Actor, action: AuditAction, *, now: datetime, since: datetime
) -> None:
    """Write that a key was used (or refused), unless that stands there since `since` from the same network address."""
    sql = """
        INSERT INTO audit (store_id, done_at, actor, entry_point, origin, api_key_id, action, order_number, said)
        SELECT %(store)s, %(now)s, %(actor)s, %(entry)s, %(origin)s, %(key)s, %(action)s, '', ''
        WHERE NOT EXISTS (SELECT FROM audit WHERE api_key_id = %(key)s AND action IN ('use_key', 'refuse_key')
                          AND action = %(action)s AND done_at > %(since)s AND origin = %(origin)s)"""
    values = {"store": store_id, "now": now, "actor": by.actor, "entry": by.entry_point, "origin": by.origin}
    await connection.execute(sql, values | {"key": by.api_key_id, "since": since, "action": action})
