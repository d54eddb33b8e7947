"""In: the hash of a browser's cookie or of a sign-in link; out: whose session it is, whether the link was unused."""

from datetime import datetime
from hashlib import sha256

from paradeiro.db.accounts.stores import ApiKey
from paradeiro.db.pool import Connection


async def begin_session(connection: Connection, cookie: str, key: ApiKey, *, now: datetime, ends_at: datetime) -> None:
    """Store a session, and drop those that have ended: the tables hold a week of sign-ins at most."""
    sql = "INSERT INTO web_session (hash, store_id, key_id, begun_at, ends_at) VALUES (%s, %s, %s, %s, %s)"
    await connection.execute(sql, (_hash(cookie), key.store_id, key.id, now, ends_at))
    await connection.execute("DELETE FROM web_session WHERE ends_at <= %s", (now,))
    await connection.execute("DELETE FROM used_link WHERE ends_at <= %s", (now,))


async def key_of_session(connection: Connection, cookie: str, *, now: datetime) -> ApiKey | None:
    """The API key of a valid session; None once either has ended."""
    sql = """
        SELECT k.id, k.store_id, k.name, k.scopes, k.last_used_at FROM web_session w JOIN api_key k ON k.id = w.key_id
        WHERE w.hash = %s AND w.ends_at > %s AND k.revoked_at IS NULL
          AND (k.ends_at IS NULL OR k.ends_at > now())"""
    row = await (await connection.execute(sql, (_hash(cookie), now))).fetchone()
    return ApiKey(row[0], row[1], row[2], tuple(row[3]), row[4]) if row else None


async def end_session(connection: Connection, cookie: str) -> None:
    """End a session: its cookie is no longer valid."""
    await connection.execute("DELETE FROM web_session WHERE hash = %s", (_hash(cookie),))


async def use_link(connection: Connection, link: str, store_id: int, *, ends_at: datetime) -> bool:
    """Mark a sign-in link as used. False if it was used before (safe under concurrency)."""
    sql = "INSERT INTO used_link (hash, store_id, ends_at) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING RETURNING true"
    return await (await connection.execute(sql, (_hash(link), store_id, ends_at))).fetchone() is not None


def _hash(text: str) -> bytes:
    return sha256(text.encode("utf-8", "replace")).digest()
