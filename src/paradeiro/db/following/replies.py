"""In: raw answers; out: the same bytes, stored compressed, once per account, code, digest and day."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from paradeiro.db.following.compression import compress, decompress
from paradeiro.db.following.partitions import HELD, create_partition, day_of
from paradeiro.db.operations.set_aside import UnusableRow, error_text, not_set_aside
from paradeiro.db.pool import Connection, as_all_stores
from paradeiro.domain.words import Outcome


@dataclass(frozen=True, slots=True)
class Reply:
    """`tracking_code` is empty for an answer that belongs to no single code. `partition_day`: the day of its partition
    (as text; 'infinity' for one that is held longer).
    """

    id: int
    store_id: int
    account_id: int
    tracking_code: str
    outcome: str
    body: bytes = field(repr=False)
    received_at: datetime
    recorded_at: datetime | None
    partition_day: str


def digest(body: bytes) -> bytes:
    """The identity of an answer's bytes (SHA-256)."""
    return sha256(body).digest()


async def put_reply(
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
    """Store an answer; its id. The same bytes again on the same day are the same row, recorded again if `to_record`."""
    bodies = {tracking_code: body}
    ids = await put_replies(connection, store_id, account_id, bodies, outcome=outcome, now=now, to_record=to_record)
    return ids[tracking_code]


async def put_replies(
    connection: Connection,
    store_id: int,
    account_id: int,
    bodies: dict[str, bytes],
    *,
    outcome: Outcome,
    now: datetime,
    to_record: bool,
) -> dict[str, int]:
    """Store an answer per tracking code in one statement, as `put_reply` does; their ids."""
    if not bodies:
        return {}
    day = day_of(now)
    await create_partition(connection, day)
    sql = """
        INSERT INTO reply (store_id, account_id, outcome, received_at, recorded_at, partition_day,
                           tracking_code, digest, compression, body)
        SELECT %s, %s, %s, %s, %s, %s, * FROM unnest(%s::text[], %s::bytea[], %s::smallint[], %s::bytea[])
        ON CONFLICT (account_id, tracking_code, digest, partition_day, ((received_at AT TIME ZONE 'UTC')::date),
                     store_id)
        DO UPDATE SET received_at = EXCLUDED.received_at, recorded_at = EXCLUDED.recorded_at
        RETURNING tracking_code, id"""
    # In the order of their codes: two workers that store the same answers never wait for each other crosswise.
    codes = sorted(bodies)
    packed = [compress(bodies[code]) for code in codes]
    columns = (codes, [digest(bodies[code]) for code in codes], [p[0] for p in packed], [p[1] for p in packed])
    values = (store_id, account_id, outcome, now, None if to_record else now, day)
    return {row[0]: row[1] async for row in await connection.execute(sql, (*values, *columns))}


async def put_parts(
    connection: Connection,
    store_id: int,
    account_id: int,
    bodies: Sequence[bytes],
    *,
    outcome: Outcome,
    now: datetime,
    to_record: bool,
) -> dict[bytes, int]:
    """Store answers that belong to no single code, in one statement; their ids by digest. The same bytes twice are one
    row.
    """
    if not bodies:
        return {}
    day = day_of(now)
    await create_partition(connection, day)
    sql = """
        INSERT INTO reply (store_id, account_id, outcome, received_at, recorded_at, partition_day, tracking_code,
                           digest, compression, body)
        SELECT %s, %s, %s, %s, %s, %s, '', * FROM unnest(%s::bytea[], %s::smallint[], %s::bytea[])
        ON CONFLICT (account_id, tracking_code, digest, partition_day, ((received_at AT TIME ZONE 'UTC')::date),
                     store_id)
        DO UPDATE SET received_at = EXCLUDED.received_at, recorded_at = EXCLUDED.recorded_at
        RETURNING digest, id"""
    # In the order of their digests, as above.
    by_digest = dict(sorted((digest(body), body) for body in bodies))
    packed = [compress(body) for body in by_digest.values()]
    values = (store_id, account_id, outcome, now, None if to_record else now, day)
    columns = (list(by_digest), [p[0] for p in packed], [p[1] for p in packed])
    return {bytes(row[0]): row[1] async for row in await connection.execute(sql, (*values, *columns))}


_COLUMNS = """
    id, store_id, account_id, tracking_code, outcome, body, received_at, recorded_at, partition_day::text,
    compression"""


def _reply_of(row: tuple[Any, ...]) -> Reply:
    *columns, compression = row
    columns[5] = decompress(compression, columns[5])
    return Reply(*columns)


async def _read(connection: Connection, rest: str, values: dict[str, Any]) -> list[Reply]:
    sql = f"SELECT {_COLUMNS} FROM reply WHERE {rest}"  # noqa: S608 - our own columns
    return [_reply_of(row) async for row in await connection.execute(sql, values)]


async def lock_unrecorded(connection: Connection, ids: Sequence[int], *, now: datetime) -> list[Reply]:
    """Those of the replies that still wait to be recorded, oldest first, locked; those locked elsewhere
    are skipped.
    """
    waiting = "id = ANY(%(ids)s) AND recorded_at IS NULL"
    locked = " ORDER BY received_at, id FOR UPDATE SKIP LOCKED"
    # Replies wait for seconds: nearly always the partitions of today and yesterday have them all, and no other is read.
    recent = [day_of(now), day_of(now) - timedelta(days=1)]
    values = {"ids": list(ids), "recent": recent}
    found = await _read(connection, f"{waiting} AND partition_day = ANY(%(recent)s){locked}", values)
    if len(found) < len(set(ids)):
        found += await _read(connection, f"{waiting} AND partition_day <> ALL(%(recent)s){locked}", values)
        found.sort(key=lambda reply: (reply.received_at, reply.id))
    return found


async def overdue_replies(connection: Connection, *, before: datetime, limit: int = 500) -> list[int]:
    """Replies that should have been recorded by now (a worker died between storing and recording)."""
    sql = f"""
        SELECT id FROM reply WHERE recorded_at IS NULL AND received_at < %s AND {not_set_aside("reply", "reply.id")}
        ORDER BY received_at LIMIT %s"""  # noqa: S608 - our own condition
    return [row[0] async for row in await connection.execute(sql, (before, limit))]


async def unrecordable_row(connection: Connection, reply_id: int, error: Exception) -> UnusableRow | None:
    """A reply that recording fails on, as a row to set aside; None if it is recorded already."""
    sql = "SELECT store_id, account_id, tracking_code FROM reply WHERE id = %s AND recorded_at IS NULL"
    row = await (await connection.execute(sql, (reply_id,))).fetchone()
    return UnusableRow(row[0], "reply", reply_id, row[2] or str(reply_id), error_text(error), row[1]) if row else None


async def unrecord(connection: Connection, reply_ids: Sequence[int]) -> list[int]:
    """Let replies be recorded again. Returns the ids of those that are still stored."""
    if not reply_ids:
        return []
    sql = "UPDATE reply SET recorded_at = NULL WHERE id = ANY(%s) RETURNING id"
    return sorted([row[0] async for row in await connection.execute(sql, (list(reply_ids),))])


async def mark_recorded(connection: Connection, replies: Sequence[Reply], *, now: datetime) -> None:
    """Mark replies as recorded. One whose day was dropped while it waited moves to today's partition."""
    sql = "UPDATE reply SET recorded_at = %s WHERE id = ANY(%s) AND partition_day = ANY(%s::date[])"
    await connection.execute(sql, (now, [r.id for r in replies], sorted({r.partition_day for r in replies})))
    late = [r.id for r in replies if r.partition_day == HELD]
    if late:
        await create_partition(connection, day_of(now))
        sql = "UPDATE reply SET partition_day = %s WHERE id = ANY(%s) AND partition_day = 'infinity'"
        await connection.execute(sql, (day_of(now), late))


async def reply(connection: Connection, store_id: int, reply_id: int) -> Reply | None:
    """One raw answer of a store."""
    found = await _read(connection, "id = %(id)s AND store_id = %(store)s", {"id": reply_id, "store": store_id})
    return found[0] if found else None


async def earlier_body(
    connection: Connection, account_id: int, codes: Sequence[str], *, besides: bytes
) -> bytes | None:
    """The newest recorded answer about one of the codes that is not these bytes; None if there is none."""
    rest = """
        account_id = %(account)s AND tracking_code = ANY(%(codes)s) AND outcome = 'found'
        AND recorded_at IS NOT NULL AND digest <> %(digest)s ORDER BY received_at DESC LIMIT 1"""
    values = {"account": account_id, "codes": list(codes), "digest": digest(besides)}
    found = await _read(connection, rest, values)
    return found[0].body if found else None


async def bodies_before(
    connection: Connection, account_id: int, codes: Sequence[str], *, before: datetime
) -> dict[str, bytes]:
    """The newest recorded answer about each code that was received before an instant; the empty code stands for what
    belongs to no single one.
    """
    sql = f"""
        SELECT {_COLUMNS} FROM (
            SELECT DISTINCT ON (tracking_code) * FROM reply
            WHERE account_id = %(account)s AND tracking_code = ANY(%(codes)s) AND outcome = 'found'
              AND recorded_at IS NOT NULL AND received_at < %(before)s
            ORDER BY tracking_code, received_at DESC, id DESC) newest"""  # noqa: S608 - our own columns
    values = {"account": account_id, "codes": sorted(set(codes)), "before": before}
    found = [_reply_of(row) async for row in await connection.execute(sql, values)]
    return {each.tracking_code: each.body for each in found}


async def is_expired(connection: Connection, reply_id: int) -> bool:
    """Whether there was a reply of this id that is deleted now."""
    sql = """
        SELECT %(id)s <= (SELECT last_value FROM reply_id_seq WHERE is_called)
           AND NOT EXISTS (SELECT 1 FROM reply WHERE id = %(id)s)"""
    # Another store's reply is not seen, and not expired.
    async with connection.transaction(), as_all_stores(connection):
        return (await (await connection.execute(sql, {"id": reply_id})).fetchone()) == (True,)


async def codes_since(
    connection: Connection, account_ids: Sequence[int], *, since: datetime, after: tuple[int, str], limit: int
) -> list[tuple[int, str]]:
    """The (account, tracking code) pairs that have answers received since an instant, in order, those after `after`."""
    sql = """
        SELECT DISTINCT account_id, tracking_code FROM reply
        WHERE account_id = ANY(%s) AND partition_day >= %s AND received_at >= %s AND tracking_code <> ''
          AND (account_id, tracking_code) > (%s, %s)
        ORDER BY account_id, tracking_code LIMIT %s"""
    values = (list(account_ids), day_of(since), since, *after, limit)
    return [(row[0], row[1]) async for row in await connection.execute(sql, values)]


async def replies_about(connection: Connection, codes: Sequence[tuple[int, str]], *, since: datetime) -> list[Reply]:
    """The answers about (account, tracking code) pairs that were received since an instant, oldest first."""
    rest = """
        (account_id, tracking_code) IN (SELECT * FROM unnest(%(accounts)s::bigint[], %(codes)s::text[]))
        AND partition_day >= %(day)s AND received_at >= %(since)s ORDER BY received_at, id"""
    values = {"accounts": [c[0] for c in codes], "codes": [c[1] for c in codes]}
    return await _read(connection, rest, values | {"day": day_of(since), "since": since})


async def batch_replies(
    connection: Connection, account_ids: Sequence[int], *, since: datetime, after_id: int, limit: int
) -> list[Reply]:
    """Answers without a single tracking code, received since an instant, by id, a page at a time."""
    rest = """
        account_id = ANY(%(accounts)s) AND tracking_code = '' AND partition_day >= %(day)s AND received_at >= %(since)s
        AND id > %(after)s ORDER BY id LIMIT %(limit)s"""
    values = {"accounts": list(account_ids), "day": day_of(since), "since": since}
    return await _read(connection, rest, values | {"after": after_id, "limit": limit})


async def replies_by_id(connection: Connection, ids: Sequence[int], *, since: datetime) -> list[Reply]:
    """Answers by id, of those received since an instant, oldest first."""
    rest = "id = ANY(%(ids)s) AND partition_day >= %(day)s AND received_at >= %(since)s ORDER BY received_at, id"
    return await _read(connection, rest, {"ids": list(ids), "day": day_of(since), "since": since})
