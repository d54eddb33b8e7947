"""In: one request to a party that is about to be made; out: how long it must wait, for all workers together."""

from datetime import datetime, timedelta

from paradeiro.db.pool import Connection


async def take_request(
    connection: Connection, store_id: int, account_id: int, *, per_minute: float, now: datetime
) -> timedelta:
    """Take one request of `per_minute` (token bucket shared by all workers); how long to wait before sending it.

    A sixth may be sent at once, the rest is refilled over the minute, so that no 60 seconds see more than `per_minute`.
    """
    burst = max(per_minute / 6, 1.0)
    rate = max(per_minute - burst, per_minute / 2) / 60
    sql = """
        INSERT INTO rate_limit AS a (account_id, store_id, level, filled_at)
        VALUES (%(id)s, %(store)s, %(burst)s - 1, %(now)s)
        ON CONFLICT (account_id, store_id) DO UPDATE SET
            level = least(%(burst)s, a.level + %(rate)s * greatest(extract(epoch FROM %(now)s - a.filled_at), 0)) - 1,
            filled_at = greatest(a.filled_at, %(now)s)
        RETURNING level"""
    values = {"id": account_id, "store": store_id, "burst": burst, "rate": rate, "now": now}
    row = await (await connection.execute(sql, values)).fetchone()
    assert row is not None
    return timedelta(seconds=max(-float(row[0]), 0.0) / rate)
