"""In: a day; out: the partition of `reply` for that day, created; expired partitions, dropped.

Nothing here blocks reading or storing replies: partitions are attached and detached (ATTACH, DETACH CONCURRENTLY) under
locks that neither waits for. A process may be killed after any step; the next maintenance run goes on from what it
finds in the catalogue.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import psycopg
from psycopg import sql

from paradeiro.db.pool import Connection, as_owner

HELD = "infinity"  # the partition of held replies whose day was dropped
_NAME = "reply_%Y%m%d"
_KEY = 7_202_611_231  # any number that no other program uses: one maintenance run at a time, and none beside a replay
# How long a detach may wait for transactions that still read the partition; then the next maintenance run tries again.
_PATIENCE_MS = 2_000
_COLUMNS = sql.SQL(
    "id, store_id, account_id, tracking_code, digest, outcome, body, received_at, recorded_at, compression"
)
_ALL = sql.SQL("{}, partition_day").format(_COLUMNS)
# A reply is held while it waits to be recorded, while its notice is open, and for the retention time after that notice
# was resolved.
_STAYS = sql.SQL("""
    (r.recorded_at IS NULL OR EXISTS (
        SELECT 1 FROM retention_hold h JOIN notice n ON n.id = h.notice_id
        WHERE h.reply_id = r.id AND (n.resolved_at IS NULL OR n.resolved_at >= {before})))""")


@dataclass(frozen=True, slots=True)
class Partition:
    """A day's partition. `state`: 'up' (attached); 'going' (detach pending); 'down' (detached: a plain table)."""

    day: date
    state: str


def day_of(at: datetime) -> date:
    """The day (UTC) of the partition of a reply received at an instant."""
    return at.astimezone(UTC).date()


async def partitions(connection: Connection) -> list[Partition]:
    """All daily partitions in any state, oldest first."""
    query = """
        SELECT c.relname, CASE WHEN i.inhrelid IS NULL THEN 'down' WHEN i.inhdetachpending THEN 'going' ELSE 'up' END
        FROM pg_class c LEFT JOIN pg_inherits i ON i.inhrelid = c.oid
        WHERE c.relkind = 'r' AND c.relname ~ '^reply_[0-9]{8}$'
          AND c.relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = 'reply'::regclass)
        ORDER BY c.relname"""
    rows = await connection.execute(query)
    return [Partition(datetime.strptime(row[0], _NAME).replace(tzinfo=UTC).date(), row[1]) async for row in rows]


async def create_partition(connection: Connection, day: date) -> None:
    """Create and attach a day's partition if it is missing, in the caller's transaction or its own. Concurrent calls
    are safe; a detached partition is attached again.
    """
    query = """
        SELECT EXISTS (SELECT 1 FROM pg_inherits WHERE inhparent = 'reply'::regclass AND NOT inhdetachpending
                       AND inhrelid = to_regclass(%s))"""
    name = day.strftime(_NAME)
    row = await (await connection.execute(query, (name,))).fetchone()
    if row == (True,):
        return
    async with connection.transaction(), as_owner(connection):
        # Blocks other creators only; readers and writers of replies pass.
        await connection.execute("LOCK TABLE ONLY reply IN SHARE UPDATE EXCLUSIVE MODE")
        row = await (await connection.execute(query, (name,))).fetchone()
        if row == (False,):
            await _attach_partition(connection, name, day)


async def _attach_partition(connection: Connection, name: str, day: date) -> None:
    # Not "CREATE TABLE … PARTITION OF": that locks the whole of `reply` against everybody.
    make = sql.SQL("CREATE TABLE IF NOT EXISTS {} (LIKE reply INCLUDING DEFAULTS INCLUDING STORAGE)")
    await connection.execute(make.format(sql.Identifier(name)))
    attach = sql.SQL("ALTER TABLE reply ATTACH PARTITION {} FOR VALUES FROM ({}) TO ({})")
    bounds = (sql.Literal(day.isoformat()), sql.Literal((day + timedelta(days=1)).isoformat()))
    await connection.execute(attach.format(sql.Identifier(name), *bounds))


@asynccontextmanager
async def maintenance_lock(connection: Connection) -> AsyncIterator[bool]:
    """Hold the maintenance lock until the end. False: another maintenance run or a replay holds it."""
    row = await (await connection.execute("SELECT pg_try_advisory_lock(%s)", (_KEY,))).fetchone()
    try:
        yield row == (True,)
    finally:
        if row == (True,):
            await connection.execute("SELECT pg_advisory_unlock(%s)", (_KEY,))


@asynccontextmanager
async def detach_guard(connection: Connection) -> AsyncIterator[None]:
    """Let no partition be detached until the end: a replay reads all of them."""
    await connection.execute("SELECT pg_advisory_lock_shared(%s)", (_KEY,))
    try:
        yield
    finally:
        await connection.execute("SELECT pg_advisory_unlock_shared(%s)", (_KEY,))


async def detach_partition(connection: Connection, partition_day: Partition, *, before: datetime) -> int | None:
    """Detach and drop a partition; its held replies are moved. How many those are; None: it is still being read.

    `connection` is in autocommit mode: DETACH CONCURRENTLY cannot run inside a transaction.
    """
    name = sql.Identifier(partition_day.day.strftime(_NAME))
    if partition_day.state != "down":
        how = sql.SQL("CONCURRENTLY" if partition_day.state == "up" else "FINALIZE")
        await connection.execute("SET ROLE NONE")
        await connection.execute(sql.SQL("SET lock_timeout = {}").format(sql.Literal(_PATIENCE_MS)))
        try:
            await connection.execute(sql.SQL("ALTER TABLE reply DETACH PARTITION {} {}").format(name, how))
        except psycopg.errors.LockNotAvailable:
            return None
        finally:
            await connection.execute("RESET lock_timeout")
            await connection.execute("RESET ROLE")
    return await drop_detached(connection, partition_day, before=before)


async def drop_detached(connection: Connection, partition_day: Partition, *, before: datetime) -> int:
    """Drop a detached partition; its held replies are moved to `HELD` in the same transaction. How many those are."""
    name = sql.Identifier(partition_day.day.strftime(_NAME))
    move = sql.SQL("INSERT INTO reply ({}) OVERRIDING SYSTEM VALUE SELECT {} FROM {} r WHERE {}")
    held = sql.SQL("{}, {}").format(_COLUMNS, sql.SQL("date 'infinity'"))
    stays = _STAYS.format(before=sql.Literal(before))
    async with connection.transaction(), as_owner(connection):
        # Nothing waits for this, and after a month of unreadable replies it may take long.
        await connection.execute("SET LOCAL statement_timeout = 0")
        moved = await connection.execute(move.format(_ALL, held, name, stays))
        await connection.execute(sql.SQL("DROP TABLE {}").format(name))
    return moved.rowcount


async def remove_old_holds(connection: Connection, *, before: datetime, limit: int) -> int:
    """Delete at most `limit` holds of notices resolved before an instant, and the held replies that only those held.

    How many holds went.
    """
    query = sql.SQL("""
        WITH over AS (
            DELETE FROM retention_hold WHERE (notice_id, reply_id) IN (
                SELECT h.notice_id, h.reply_id FROM notice n JOIN retention_hold h ON h.notice_id = n.id
                WHERE n.resolved_at < {before} LIMIT {limit})
            RETURNING reply_id),
        gone AS (
            DELETE FROM reply r WHERE partition_day = 'infinity' AND id IN (SELECT reply_id FROM over) AND NOT {stays})
        SELECT count(*) FROM over""")
    parts = {
        "before": sql.Literal(before),
        "limit": sql.Literal(limit),
        "stays": _STAYS.format(before=sql.Literal(before)),
    }
    row = await (await connection.execute(query.format(**parts))).fetchone()
    return int(row[0]) if row else 0
