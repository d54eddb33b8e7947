"""In: an account; out: its name and state without its credentials, and the state changed by hand."""

from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from paradeiro.db.outbox import endpoints
from paradeiro.db.pool import Connection
from paradeiro.domain.words import PartyKind


@dataclass(frozen=True, slots=True)
class AccountName:
    """An account without settings."""

    id: int
    store_id: int
    connector: str
    kind: PartyKind
    name: str
    state: str


async def account_names(connection: Connection, store_id: int | None = None) -> list[AccountName]:
    """The accounts that were not removed, of a store or of all, by id."""
    sql = """
        SELECT id, store_id, connector, kind, name, state FROM account
        WHERE state <> 'removed' AND (%(store)s::bigint IS NULL OR store_id = %(store)s) ORDER BY id"""
    async with connection.cursor(row_factory=class_row(AccountName)) as cursor:
        await cursor.execute(sql, {"store": store_id})
        return await cursor.fetchall()


async def account_name(connection: Connection, account_id: int) -> AccountName | None:
    """One of them; None if there is none or it was removed."""
    sql = "SELECT id, store_id, connector, kind, name, state FROM account WHERE id = %s AND state <> 'removed'"
    async with connection.cursor(row_factory=class_row(AccountName)) as cursor:
        await cursor.execute(sql, (account_id,))
        return await cursor.fetchone()


async def disable(connection: Connection, account_id: int, *, why: str, now: datetime) -> bool:
    """Disable an account of any kind. False if it is disabled already."""
    return await endpoints.disable_endpoint(connection, account_id, why=why, now=now)


async def enable(connection: Connection, account_id: int, *, now: datetime) -> int | None:
    """Enable a disabled account; an order system is swept at once. How many messages wait; None if it was not disabled.

    One failure stays counted if there were any: the next answer then ends the notices of a problem from before.
    """
    sql = """
        WITH mine AS (SELECT id, failures FROM account WHERE id = %(id)s AND state = 'disabled' FOR UPDATE)
        UPDATE account a SET next_visit = CASE WHEN kind = 'order_system' THEN %(now)s ELSE next_visit END
        FROM mine WHERE a.id = mine.id RETURNING mine.failures"""
    row = await (await connection.execute(sql, {"id": account_id, "now": now})).fetchone()
    if row is None:
        return None
    waiting = await endpoints.enable_endpoint(connection, account_id, now=now)
    await connection.execute("UPDATE account SET failures = %s WHERE id = %s", (min(row[0], 1), account_id))
    return waiting
