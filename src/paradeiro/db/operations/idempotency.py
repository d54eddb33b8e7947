"""In: a request under an idempotency key; out: a claim to handle it, or the stored answer."""

import zlib
from dataclasses import dataclass
from datetime import datetime

from paradeiro.db.pool import Connection


@dataclass(frozen=True, slots=True)
class RequestOwner:
    """The owner of a key: keys of different callers are independent."""

    store_id: int
    api_key_id: int
    key: str


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """The state of a key. `status` None: the request is being handled. `answer` is decompressed."""

    digest: bytes
    status: int | None
    media_type: str
    answer: bytes


async def claim_key(
    connection: Connection, holder: RequestOwner, digest: bytes, *, now: datetime, until: datetime, oldest: datetime
) -> bool:
    """Take the key for this request. True: the caller handles it. A key older than `oldest` is free again; an
    expired claim (its worker died) can be claimed again by the same request.
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
    values = _key_values(holder) | {"digest": digest, "until": until, "now": now, "oldest": oldest}
    return await (await connection.execute(sql, values)).fetchone() is not None


async def stored_answer(connection: Connection, holder: RequestOwner) -> StoredAnswer | None:
    """The state of the key; None if it is unknown."""
    sql = """
        SELECT digest, status, media_type, answer FROM idempotency
        WHERE store_id = %(store)s AND api_key_id = %(api_key)s AND key = %(key)s"""
    row = await (await connection.execute(sql, _key_values(holder))).fetchone()
    return StoredAnswer(bytes(row[0]), row[1], row[2], zlib.decompress(row[3]) if row[3] else b"") if row else None


async def put_answer(
    connection: Connection, holder: RequestOwner, *, status: int, media_type: str, deflated: bytes
) -> None:
    """Store the answer of the request."""
    sql = """
        UPDATE idempotency SET status = %(status)s, media_type = %(media)s, answer = %(answer)s
        WHERE store_id = %(store)s AND api_key_id = %(api_key)s AND key = %(key)s"""
    await connection.execute(sql, _key_values(holder) | {"status": status, "media": media_type, "answer": deflated})


async def release_key(connection: Connection, holder: RequestOwner) -> None:
    """The request was rejected and changed nothing: free the key."""
    sql = """
        DELETE FROM idempotency
        WHERE store_id = %(store)s AND api_key_id = %(api_key)s AND key = %(key)s AND status IS NULL"""
    await connection.execute(sql, _key_values(holder))


async def remove_old_keys(connection: Connection, *, before: datetime, limit: int) -> int:
    """Remove at most `limit` keys made before an instant. How many."""
    sql = """
        DELETE FROM idempotency WHERE ctid IN (
            SELECT ctid FROM idempotency WHERE created_at < %s LIMIT %s FOR UPDATE SKIP LOCKED)"""
    return (await connection.execute(sql, (before, limit))).rowcount


def _key_values(holder: RequestOwner) -> dict[str, object]:
    return {"store": holder.store_id, "api_key": holder.api_key_id, "key": holder.key}
