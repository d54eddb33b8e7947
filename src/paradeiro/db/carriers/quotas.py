"""In: accounts whose party is paid by the look-up; out: how much of the month's quota is left, and what was spent."""

from dataclasses import dataclass
from datetime import date

from paradeiro.db.pool import Connection


@dataclass(frozen=True, slots=True)
class Quota:
    """An account's look-ups of new numbers a month, and how many were spent in `month` (its first day)."""

    account_id: int
    monthly: int
    month: date
    used: int


async def set_quota(connection: Connection, store_id: int, account_id: int, monthly: int, *, month: date) -> None:
    """Set an account's quota; what was spent this month stays spent."""
    sql = """
        INSERT INTO lookup_quota (account_id, store_id, monthly, month) VALUES (%s, %s, %s, %s)
        ON CONFLICT (account_id, store_id) DO UPDATE SET monthly = EXCLUDED.monthly"""
    await connection.execute(sql, (account_id, store_id, monthly, month))


async def remove_quota(connection: Connection, account_id: int) -> bool:
    """Let an account ask without a quota. False if it had none."""
    sql = "DELETE FROM lookup_quota WHERE account_id = %s RETURNING true"
    return await (await connection.execute(sql, (account_id,))).fetchone() is not None


async def quota_of(connection: Connection, account_id: int, *, month: date) -> Quota | None:
    """An account's quota, as of this month; None if it has none."""
    sql = """
        SELECT account_id, monthly, %(month)s::date, CASE WHEN month = %(month)s THEN used ELSE 0 END
        FROM lookup_quota WHERE account_id = %(account)s"""
    row = await (await connection.execute(sql, {"account": account_id, "month": month})).fetchone()
    return Quota(*row) if row else None


async def spend(connection: Connection, account_id: int, wanted: int, *, month: date) -> int | None:
    """Spend up to `wanted` look-ups of this month. Returns how many may be made; None without a quota."""
    sql = """
        UPDATE lookup_quota q SET month = %(month)s, used = b.used + b.granted
        FROM (SELECT account_id, before AS used, greatest(least(%(wanted)s, monthly - before), 0) AS granted
              FROM (SELECT account_id, monthly, CASE WHEN month = %(month)s THEN used ELSE 0 END AS before
                    FROM lookup_quota WHERE account_id = %(account)s FOR UPDATE) locked) b
        WHERE q.account_id = b.account_id RETURNING b.granted"""
    values = {"account": account_id, "wanted": wanted, "month": month}
    row = await (await connection.execute(sql, values)).fetchone()
    return int(row[0]) if row else None
