"""In: raw answers; out: the same bytes, kept once per account, code and digest."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from psycopg.rows import class_row

from paradeiro.db.pool import Connection
from paradeiro.domain.words import Outcome


@dataclass(frozen=True, slots=True)
class Reply:
    """`tracking_code` is empty for an answer that belongs to no single code."""

    id: int
    store_id: int
    account_id: int
    tracking_code: str
    outcome: str
    body: bytes = field(repr=False)
    received_at: datetime
    recorded_at: datetime | None


def digest(body: bytes) -> bytes:
    """The identity of an answer's bytes (SHA-256)."""
    return sha256(body).digest()


async def keep(
    connection: Connection,
    *,
    store_id: int,
    account_id: int,
    tracking_code: str,
    outcome: Outcome,
    body: bytes,
    now: datetime,
    to_record: bool,
) -> int:
    """Keep an answer; its id. The same bytes again are the same row, recorded again if `to_record`."""
    sql = """
        INSERT INTO reply (store_id, account_id, tracking_code, digest, outcome, body, received_at, recorded_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
        ON CONFLICT (account_id, tracking_code, digest)
        DO UPDATE SET received_at = EXCLUDED.received_at, recorded_at = EXCLUDED.recorded_at
        RETURNING id"""
    recorded = None if to_record else now
    values = (store_id, account_id, tracking_code, digest(body), outcome, body, now, recorded)
    row = await (await connection.execute(sql, values)).fetchone()
    assert row is not None
    return int(row[0])


_COLUMNS = "id, store_id, account_id, tracking_code, outcome, body, received_at, recorded_at"


async def lock_unrecorded(connection: Connection, ids: Sequence[int]) -> list[Reply]:
    """Those of the replies that still wait to be recorded, oldest first, locked; others' are left to them."""
    sql = f"""
        SELECT {_COLUMNS} FROM reply WHERE id = ANY(%s) AND recorded_at IS NULL
        ORDER BY received_at, id FOR UPDATE SKIP LOCKED"""  # noqa: S608 - our own columns
    async with connection.cursor(row_factory=class_row(Reply)) as cursor:
        await cursor.execute(sql, (list(ids),))
        return await cursor.fetchall()


async def forgotten(connection: Connection, *, before: datetime, limit: int = 500) -> list[int]:
    """Replies that should have been recorded by now (a worker died between storing and recording)."""
    sql = "SELECT id FROM reply WHERE recorded_at IS NULL AND received_at < %s ORDER BY received_at LIMIT %s"
    return [row[0] async for row in await connection.execute(sql, (before, limit))]


async def recorded(connection: Connection, ids: Sequence[int], *, now: datetime) -> None:
    """Mark replies as recorded."""
    await connection.execute("UPDATE reply SET recorded_at = %s WHERE id = ANY(%s)", (now, list(ids)))


async def reply(connection: Connection, store_id: int, reply_id: int) -> Reply | None:
    """One raw answer of a store."""
    sql = f"SELECT {_COLUMNS} FROM reply WHERE id = %s AND store_id = %s"  # noqa: S608 - our own columns
    async with connection.cursor(row_factory=class_row(Reply)) as cursor:
        await cursor.execute(sql, (reply_id, store_id))
        return await cursor.fetchone()


async def before(connection: Connection, account_id: int, codes: Sequence[str], *, besides: bytes) -> bytes | None:
    """The newest recorded answer about one of the codes that is not these bytes; None if there is none."""
    sql = """
        SELECT body FROM reply WHERE account_id = %s AND tracking_code = ANY(%s) AND outcome = 'found'
          AND recorded_at IS NOT NULL AND digest <> %s
        ORDER BY received_at DESC LIMIT 1"""
    row = await (await connection.execute(sql, (account_id, list(codes), digest(besides)))).fetchone()
    return bytes(row[0]) if row else None


async def since(
    connection: Connection, account_ids: Sequence[int], *, since: datetime, after_id: int = 0, limit: int = 500
) -> list[Reply]:
    """Answers received since an instant, by id, a page at a time: what replay reads again."""
    sql = f"""
        SELECT {_COLUMNS} FROM reply
        WHERE account_id = ANY(%s) AND received_at >= %s AND id > %s AND tracking_code <> ''
        ORDER BY id LIMIT %s"""  # noqa: S608 - our own columns
    async with connection.cursor(row_factory=class_row(Reply)) as cursor:
        await cursor.execute(sql, (list(account_ids), since, after_id, limit))
        return await cursor.fetchall()
