"""In: a day; out: the partition ("shelf") that holds that day's replies, there; and shelves whose time is over, gone.

Nothing here holds up whoever stores or reads replies: a shelf is put up and taken down (PostgreSQL: ATTACH, DETACH
CONCURRENTLY) under locks that neither reading nor writing waits for. Any step may be the last one of a process that is
killed; the next upkeep goes on from what it finds in the catalogue.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import psycopg
from psycopg import sql

from paradeiro.db.pool import Connection

HELD = "infinity"  # the shelf of what stays after its day was dropped
_NAME = "reply_%Y%m%d"
_KEY = 7_202_611_231  # any number that no other program uses: one upkeep at a time, and none beside a replay
# How long a shelf that is taken down may wait for the transactions that still look at it; then at the next upkeep.
_PATIENCE_MS = 2_000
_COLUMNS = sql.SQL("id, store_id, account_id, tracking_code, digest, outcome, body, received_at, recorded_at, packing")
_ALL = sql.SQL("{}, shelf").format(_COLUMNS)
# A reply stays while it waits to be recorded, while a notice that it made is open, and as long again as other replies
# after that notice was resolved.
_STAYS = sql.SQL("""
    (r.recorded_at IS NULL OR EXISTS (
        SELECT 1 FROM reply_hold h JOIN notice n ON n.id = h.notice_id
        WHERE h.reply_id = r.id AND (n.resolved_at IS NULL OR n.resolved_at >= {before})))""")


@dataclass(frozen=True, slots=True)
class Shelf:
    """A day's partition. `state`: 'up'; 'going' (nobody new sees it, some still may); 'down' (a table by itself)."""

    day: date
    state: str


def day_of(at: datetime) -> date:
    """The day whose shelf a reply received at an instant lies on."""
    return at.astimezone(UTC).date()


async def shelves(connection: Connection) -> list[Shelf]:
    """The days' shelves that there are, in whatever state, oldest first."""
    query = """
        SELECT c.relname, CASE WHEN i.inhrelid IS NULL THEN 'down' WHEN i.inhdetachpending THEN 'going' ELSE 'up' END
        FROM pg_class c LEFT JOIN pg_inherits i ON i.inhrelid = c.oid
        WHERE c.relkind = 'r' AND c.relname ~ '^reply_[0-9]{8}$'
          AND c.relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = 'reply'::regclass)
        ORDER BY c.relname"""
    rows = await connection.execute(query)
    return [Shelf(datetime.strptime(row[0], _NAME).replace(tzinfo=UTC).date(), row[1]) async for row in rows]


async def put_up(connection: Connection, day: date) -> None:
    """Make a day's shelf if it is not there, in the caller's transaction or in one of its own; any number may try."""
    query = """
        SELECT EXISTS (SELECT 1 FROM pg_inherits WHERE inhparent = 'reply'::regclass AND NOT inhdetachpending
                       AND inhrelid = to_regclass(%s))"""
    name = day.strftime(_NAME)
    row = await (await connection.execute(query, (name,))).fetchone()
    if row == (True,):
        return
    async with connection.transaction():
        # Held against other makers only; readers and writers of replies pass.
        await connection.execute("LOCK TABLE ONLY reply IN SHARE UPDATE EXCLUSIVE MODE")
        row = await (await connection.execute(query, (name,))).fetchone()
        if row == (False,):
            await _make(connection, name, day)


async def _make(connection: Connection, name: str, day: date) -> None:
    # Not "CREATE TABLE … PARTITION OF": that locks the whole of `reply` against everybody.
    make = sql.SQL("CREATE TABLE IF NOT EXISTS {} (LIKE reply INCLUDING DEFAULTS INCLUDING STORAGE)")
    await connection.execute(make.format(sql.Identifier(name)))
    attach = sql.SQL("ALTER TABLE reply ATTACH PARTITION {} FOR VALUES FROM ({}) TO ({})")
    bounds = (sql.Literal(day.isoformat()), sql.Literal((day + timedelta(days=1)).isoformat()))
    await connection.execute(attach.format(sql.Identifier(name), *bounds))


@asynccontextmanager
async def alone(connection: Connection) -> AsyncIterator[bool]:
    """Whether this is the only upkeep now, and no replay is reading; held until the end."""
    row = await (await connection.execute("SELECT pg_try_advisory_lock(%s)", (_KEY,))).fetchone()
    try:
        yield row == (True,)
    finally:
        if row == (True,):
            await connection.execute("SELECT pg_advisory_unlock(%s)", (_KEY,))


@asynccontextmanager
async def standing(connection: Connection) -> AsyncIterator[None]:
    """No shelf is taken down until the end: what a replay reads is all there."""
    await connection.execute("SELECT pg_advisory_lock_shared(%s)", (_KEY,))
    try:
        yield
    finally:
        await connection.execute("SELECT pg_advisory_unlock_shared(%s)", (_KEY,))


async def take_down(connection: Connection, shelf: Shelf, *, before: datetime) -> int | None:
    """Drop a shelf but for the replies that stay; how many those are. None: somebody still looks at it.

    `connection` commits by itself: a shelf cannot be taken down inside a transaction.
    """
    name = sql.Identifier(shelf.day.strftime(_NAME))
    if shelf.state != "down":
        how = sql.SQL("CONCURRENTLY" if shelf.state == "up" else "FINALIZE")
        await connection.execute(sql.SQL("SET lock_timeout = {}").format(sql.Literal(_PATIENCE_MS)))
        try:
            await connection.execute(sql.SQL("ALTER TABLE reply DETACH PARTITION {} {}").format(name, how))
        except psycopg.errors.LockNotAvailable:
            return None
        finally:
            await connection.execute("RESET lock_timeout")
    return await empty(connection, shelf, before=before)


async def empty(connection: Connection, shelf: Shelf, *, before: datetime) -> int:
    """Drop a shelf that is down; what stays goes among the held, in the same transaction. How many stay."""
    name = sql.Identifier(shelf.day.strftime(_NAME))
    move = sql.SQL("INSERT INTO reply ({}) OVERRIDING SYSTEM VALUE SELECT {} FROM {} r WHERE {}")
    held = sql.SQL("{}, {}").format(_COLUMNS, sql.SQL("date 'infinity'"))
    stays = _STAYS.format(before=sql.Literal(before))
    async with connection.transaction():
        # Nobody waits for this, and after a month of nonsense it is much.
        await connection.execute("SET LOCAL statement_timeout = 0")
        moved = await connection.execute(move.format(_ALL, held, name, stays))
        await connection.execute(sql.SQL("DROP TABLE {}").format(name))
    return moved.rowcount


async def forget(connection: Connection, *, before: datetime, limit: int) -> int:
    """Delete at most `limit` holds of notices resolved before an instant, and the held replies that only those held.

    How many holds went.
    """
    query = sql.SQL("""
        WITH over AS (
            DELETE FROM reply_hold WHERE (notice_id, reply_id) IN (
                SELECT h.notice_id, h.reply_id FROM notice n JOIN reply_hold h ON h.notice_id = n.id
                WHERE n.resolved_at < {before} LIMIT {limit})
            RETURNING reply_id),
        gone AS (
            DELETE FROM reply r WHERE shelf = 'infinity' AND id IN (SELECT reply_id FROM over) AND NOT {stays})
        SELECT count(*) FROM over""")
    parts = {
        "before": sql.Literal(before),
        "limit": sql.Literal(limit),
        "stays": _STAYS.format(before=sql.Literal(before)),
    }
    row = await (await connection.execute(query.format(**parts))).fetchone()
    return int(row[0]) if row else 0
