"""In: carriers' accounts with a feed; out: which are due, and where each goes on, and since when it fails."""

from collections.abc import Sequence
from datetime import datetime

from paradeiro.db.pool import Connection


async def due_accounts(connection: Connection, connectors: Sequence[str], *, now: datetime) -> list[int]:
    """Accounts at connectors with a feed whose next reading is due; one that was never read is."""
    if not connectors:
        return []
    sql = """
        SELECT id FROM account WHERE kind = 'carrier' AND connector = ANY(%s)
          AND state NOT IN ('disabled', 'removed') AND (open_at IS NULL OR open_at <= %s)
          AND (next_visit IS NULL OR next_visit <= %s) ORDER BY id"""
    return [row[0] async for row in await connection.execute(sql, (list(connectors), now, now))]


async def claim_feed(connection: Connection, account_id: int, *, now: datetime, lease: datetime) -> str | None:
    """Claim a feed until `lease`, if it is due. Returns its cursor (empty at first); None if it is not due."""
    sql = """
        UPDATE account SET next_visit = %s WHERE id = %s AND (next_visit IS NULL OR next_visit <= %s)
        RETURNING cursor"""
    row = await (await connection.execute(sql, (lease, account_id, now))).fetchone()
    return None if row is None else str(row[0])


async def write_cursor(connection: Connection, account_id: int, *, cursor: str, next_visit: datetime) -> None:
    """Where the feed goes on, and when."""
    sql = "UPDATE account SET cursor = %s, next_visit = %s WHERE id = %s"
    await connection.execute(sql, (cursor, next_visit, account_id))


async def next_reading(connection: Connection, account_id: int, next_visit: datetime) -> None:
    """When to read the feed next; its cursor stands."""
    await connection.execute("UPDATE account SET next_visit = %s WHERE id = %s", (next_visit, account_id))


async def mark_failing(connection: Connection, account_id: int, *, now: datetime) -> datetime:
    """The feed gave no page that can be read. Since when it has not."""
    sql = """
        UPDATE account SET feed_failing_since = coalesce(feed_failing_since, %s) WHERE id = %s
        RETURNING feed_failing_since"""
    row = await (await connection.execute(sql, (now, account_id))).fetchone()
    return now if row is None else row[0]


async def mark_read(connection: Connection, account_id: int, *, now: datetime) -> datetime | None:
    """The feed gave a page. When it was read before that; None if it never was."""
    sql = """
        UPDATE account a SET feed_failing_since = NULL, feed_read_at = %s
        FROM (SELECT id, feed_read_at FROM account WHERE id = %s FOR NO KEY UPDATE) before WHERE a.id = before.id
        RETURNING before.feed_read_at"""
    row = await (await connection.execute(sql, (now, account_id))).fetchone()
    return None if row is None else row[0]
