"""In: a store's API keys; out: lists without their text; keys revoked, and marked as used."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from psycopg.rows import class_row

from paradeiro.db.accounts.stores import ApiKey, key_hash
from paradeiro.db.pool import Connection


@dataclass(frozen=True, slots=True)
class ApiKeyLine:
    """One key as people see it. `last_used_at` is right to the minute, `last_used_from` a network address. It is
    invalid from `ends_at` on (None: until it is revoked).
    """

    id: int
    store_id: int
    store: str
    name: str
    scopes: list[str]
    created_at: datetime
    last_used_at: datetime | None
    last_used_from: str
    revoked_at: datetime | None
    ends_at: datetime | None
    has_ended: bool

    @property
    def state(self) -> str:
        return "revoked" if self.revoked_at is not None else "ended" if self.has_ended else "active"


async def key_lines(connection: Connection, store_id: int | None = None) -> list[ApiKeyLine]:
    """The keys of a store, or of all of them, by id; the revoked ones too."""
    sql = """
        SELECT k.id, k.store_id, s.name AS store, k.name, k.scopes, k.created_at, k.last_used_at, k.last_used_from,
               k.revoked_at, k.ends_at, coalesce(k.ends_at <= now(), false) AS has_ended
        FROM api_key k JOIN store s USING (store_id)
        WHERE %(store)s::bigint IS NULL OR k.store_id = %(store)s ORDER BY k.id"""
    async with connection.cursor(row_factory=class_row(ApiKeyLine)) as cursor:
        await cursor.execute(sql, {"store": store_id})
        return await cursor.fetchall()


async def revoke_key(connection: Connection, key_id: int, *, now: datetime, store_id: int | None = None) -> int | None:
    """End a key; the store that it was of. None if there is no such key that is still active (in that store)."""
    sql = """
        UPDATE api_key SET revoked_at = %(now)s
        WHERE id = %(key)s AND revoked_at IS NULL AND (%(store)s::bigint IS NULL OR store_id = %(store)s)
        RETURNING store_id"""
    values = {"now": now, "key": key_id, "store": store_id}
    row = await (await connection.execute(sql, values)).fetchone()
    return int(row[0]) if row else None


async def end_key(connection: Connection, key_id: int, *, after: timedelta) -> None:
    """Let a key be valid for so long yet (by the database's clock), not longer than it was."""
    sql = "UPDATE api_key SET ends_at = least(ends_at, now() + %s) WHERE id = %s"
    await connection.execute(sql, (after, key_id))


async def mark_used(connection: Connection, key_id: int, *, before: datetime, now: datetime, origin: str) -> None:
    """A key was used now; written once, however many requests come together."""
    sql = """
        UPDATE api_key SET last_used_at = %s, last_used_from = %s
        WHERE id = %s AND (last_used_at IS NULL OR last_used_at <= %s)"""
    await connection.execute(sql, (now, origin[:64], key_id, before))


async def former_key(connection: Connection, text: str) -> ApiKey | None:
    """The row of a key that was revoked or has ended; None for any other text."""
    sql = """
        SELECT id, store_id, name, scopes, last_used_at FROM api_key
        WHERE hash = %s AND (revoked_at IS NOT NULL OR ends_at <= now())"""
    row = await (await connection.execute(sql, (key_hash(text),))).fetchone()
    return ApiKey(row[0], row[1], row[2], tuple(row[3]), row[4]) if row else None
