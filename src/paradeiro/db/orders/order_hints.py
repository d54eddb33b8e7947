"""In: order numbers announced by an order system; out: which to read now. A hint stays until its order is read."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from paradeiro.db.pool import Connection

_LONGEST_LEASE = timedelta(minutes=2)


async def add_hints(
    connection: Connection, store_id: int, account_id: int, numbers: Sequence[str], *, now: datetime
) -> None:
    """Make these orders due to be read. One hinted at again while it is being read stays for another reading."""
    sql = """
        INSERT INTO order_hint (store_id, account_id, number, hinted_at, due_at)
        SELECT %s, %s, n, %s, %s FROM unnest(%s::text[]) n ORDER BY n
        ON CONFLICT (account_id, number, store_id) DO UPDATE SET hinted_at = EXCLUDED.hinted_at, tries = 0,
            due_at = greatest(least(order_hint.due_at, %s), EXCLUDED.due_at)"""
    # One that is being read is left until the lease is over at the latest; one that failed need not wait longer.
    values = (store_id, account_id, now, now, list(set(numbers)), now + _LONGEST_LEASE)
    await connection.execute(sql, values)


async def claim_hints(
    connection: Connection, account_id: int, *, now: datetime, lease: datetime, limit: int
) -> dict[str, int]:
    """Claim orders to read until `lease`; how often each was tried before, by number."""
    sql = """
        UPDATE order_hint SET due_at = %s WHERE account_id = %s AND number IN (
            SELECT number FROM order_hint WHERE account_id = %s AND due_at <= %s
            ORDER BY due_at LIMIT %s FOR UPDATE SKIP LOCKED)
        RETURNING number, tries"""
    rows = await connection.execute(sql, (lease, account_id, account_id, now, limit))
    return {row[0]: row[1] async for row in rows}


async def remove_read_hints(
    connection: Connection, account_id: int, numbers: Sequence[str], *, began: datetime
) -> None:
    """Remove the hints of orders that were read. One hinted at again since `began` is due at once."""
    sql = "DELETE FROM order_hint WHERE account_id = %s AND number = ANY(%s) AND hinted_at <= %s"
    await connection.execute(sql, (account_id, list(numbers), began))
    sql = "UPDATE order_hint SET due_at = hinted_at WHERE account_id = %s AND number = ANY(%s)"
    await connection.execute(sql, (account_id, list(numbers)))


async def postpone_hints(connection: Connection, account_id: int, due: dict[str, datetime]) -> None:
    """Reading these failed: set when each is due again."""
    sql = """
        UPDATE order_hint h SET tries = tries + 1, due_at = d.due_at
        FROM unnest(%s::text[], %s::timestamptz[]) d (number, due_at)
        WHERE h.account_id = %s AND h.number = d.number"""
    await connection.execute(sql, (list(due), list(due.values()), account_id))


async def release_hints(connection: Connection, account_id: int, numbers: Sequence[str], *, now: datetime) -> None:
    """Release claimed hints that were not tried: due as before."""
    sql = "UPDATE order_hint SET due_at = %s WHERE account_id = %s AND number = ANY(%s)"
    await connection.execute(sql, (now, account_id, list(numbers)))


async def due_accounts(connection: Connection, *, now: datetime) -> list[int]:
    """Accounts that have orders to read now."""
    sql = """
        SELECT DISTINCT h.account_id FROM order_hint h JOIN account a ON a.id = h.account_id
        WHERE h.due_at <= %s AND a.state NOT IN ('disabled', 'removed')
          AND (a.open_at IS NULL OR a.open_at <= %s)"""
    return [row[0] async for row in await connection.execute(sql, (now, now))]


async def start_feed(connection: Connection, store_id: int, account_id: int, *, now: datetime) -> None:
    """Read this account's feed from now on."""
    sql = """
        INSERT INTO feed (account_id, store_id, next_read, created_at) VALUES (%s, %s, %s, %s)
        ON CONFLICT (account_id, store_id) DO UPDATE SET next_read = EXCLUDED.next_read"""
    await connection.execute(sql, (account_id, store_id, now, now))


async def end_feed(connection: Connection, account_id: int) -> bool:
    """Stop reading the feed; whether it was being read."""
    sql = "DELETE FROM feed WHERE account_id = %s RETURNING true"
    return await (await connection.execute(sql, (account_id,))).fetchone() is not None


async def claim_feed(connection: Connection, account_id: int, *, now: datetime, lease: datetime) -> bool:
    """Claim the feed until `lease`; False if it is not due."""
    sql = "UPDATE feed SET next_read = %s WHERE account_id = %s AND next_read <= %s RETURNING true"
    return await (await connection.execute(sql, (lease, account_id, now))).fetchone() is not None


async def schedule_feed(connection: Connection, account_id: int, *, again_at: datetime) -> None:
    """Set when the feed is read again."""
    await connection.execute("UPDATE feed SET next_read = %s WHERE account_id = %s", (again_at, account_id))


async def due_feeds(connection: Connection, *, now: datetime) -> list[int]:
    """Accounts whose feed should be read now."""
    sql = """
        SELECT f.account_id FROM feed f JOIN account a ON a.id = f.account_id
        WHERE f.next_read <= %s AND a.state NOT IN ('disabled', 'removed')
          AND (a.open_at IS NULL OR a.open_at <= %s)"""
    return [row[0] async for row in await connection.execute(sql, (now, now))]
