"""In: a request under an idempotency key; out: whether it is ours to do now, or what it was answered before."""

import zlib
from dataclasses import dataclass
from datetime import datetime

from paradeiro.db.pool import Connection


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose key it is: keys of two callers never meet."""

    store_id: int
    api_key_id: int
    key: str


@dataclass(frozen=True, slots=True)
class Kept:
    """What is known of a key. `status` None: the request is being worked on. `answer` is whole, not deflated."""

    digest: bytes
    status: int | None
    media_type: str
    answer: bytes


async def claim(
    connection: Connection, holder: Holder, digest: bytes, *, now: datetime, until: datetime, oldest: datetime
) -> bool:
    """Take the key for this request. True: it is ours to do. A key older than `oldest` is forgotten; one whose worker
    died (its claim is over) is taken again by the same request.
    """
    sql = """
        INSERT INTO idempotency AS i (store_id, api_key_id, key, digest, claimed_until, created_at)
        VALUES (%(store)s, %(api_key)s, %(key)s, %(digest)s, %(until)s, %(now)s)
        ON CONFLICT (store_id, api_key_id, key) DO UPDATE
        SET digest = EXCLUDED.digest, status = NULL, answer = NULL, claimed_until = EXCLUDED.claimed_until,
            created_at = EXCLUDED.created_at
        WHERE i.created_at < %(oldest)s
           OR (i.status IS NULL AND i.claimed_until <= %(now)s AND i.digest = EXCLUDED.digest)
        RETURNING 1"""
    values = _names(holder) | {"digest": digest, "until": until, "now": now, "oldest": oldest}
    return await (await connection.execute(sql, values)).fetchone() is not None


async def kept(connection: Connection, holder: Holder) -> Kept | None:
    """What is known of the key."""
    sql = """
        SELECT digest, status, media_type, answer FROM idempotency
        WHERE store_id = %(store)s AND api_key_id = %(api_key)s AND key = %(key)s"""
    row = await (await connection.execute(sql, _names(holder))).fetchone()
    return Kept(bytes(row[0]), row[1], row[2], zlib.decompress(row[3]) if row[3] else b"") if row else None


async def settle(connection: Connection, holder: Holder, *, status: int, media_type: str, deflated: bytes) -> None:
    """Keep what the request was answered."""
    sql = """
        UPDATE idempotency SET status = %(status)s, media_type = %(media)s, answer = %(answer)s
        WHERE store_id = %(store)s AND api_key_id = %(api_key)s AND key = %(key)s"""
    await connection.execute(sql, _names(holder) | {"status": status, "media": media_type, "answer": deflated})


async def let_go(connection: Connection, holder: Holder) -> None:
    """The request was not taken, nothing was changed: the key is free again."""
    sql = """
        DELETE FROM idempotency
        WHERE store_id = %(store)s AND api_key_id = %(api_key)s AND key = %(key)s AND status IS NULL"""
    await connection.execute(sql, _names(holder))


async def forget(connection: Connection, *, before: datetime, limit: int) -> int:
    """Remove at most `limit` keys made before an instant. How many."""
    sql = """
        DELETE FROM idempotency WHERE ctid IN (
            SELECT ctid FROM idempotency WHERE created_at < %s LIMIT %s FOR UPDATE SKIP LOCKED)"""
    return (await connection.execute(sql, (before, limit))).rowcount


def _names(holder: Holder) -> dict[str, object]:
    return {"store": holder.store_id, "api_key": holder.api_key_id, "key": holder.key}
