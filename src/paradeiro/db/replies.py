"""In: raw answers; out: the same bytes, kept packed, once per account, code, digest and day."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from paradeiro.db.packing import pack, unpack
from paradeiro.db.pool import Connection
from paradeiro.db.set_aside import Spoilt, free, why_of
from paradeiro.db.shelves import HELD, day_of, put_up
from paradeiro.domain.words import Outcome


@dataclass(frozen=True, slots=True)
class Reply:
    """`tracking_code` is empty for an answer that belongs to no single code. `shelf` is the day whose partition has it
    (as text: 'infinity' for one that is held longer).
    """

    id: int
    store_id: int
    account_id: int
    tracking_code: str
    outcome: str
    body: bytes = field(repr=False)
    received_at: datetime
    recorded_at: datetime | None
    shelf: str


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
    """Keep an answer; its id. The same bytes again on the same day are the same row, recorded again if `to_record`."""
    bodies = {tracking_code: body}
    ids = await keep_all(connection, store_id, account_id, bodies, outcome=outcome, now=now, to_record=to_record)
    return ids[tracking_code]


async def keep_all(
    connection: Connection,
    store_id: int,
    account_id: int,
    bodies: dict[str, bytes],
    *,
    outcome: Outcome,
    now: datetime,
    to_record: bool,
) -> dict[str, int]:
    """Keep an answer per tracking code in one statement, as `keep` does; their ids."""
    if not bodies:
        return {}
    day = day_of(now)
    await put_up(connection, day)
    sql = """
        INSERT INTO reply (store_id, account_id, outcome, received_at, recorded_at, shelf,
                           tracking_code, digest, packing, body)
        SELECT %s, %s, %s, %s, %s, %s, * FROM unnest(%s::text[], %s::bytea[], %s::smallint[], %s::bytea[])
        ON CONFLICT (account_id, tracking_code, digest, shelf, ((received_at AT TIME ZONE 'UTC')::date))
        DO UPDATE SET received_at = EXCLUDED.received_at, recorded_at = EXCLUDED.recorded_at
        RETURNING tracking_code, id"""
    # In the order of their codes: two workers that keep the same answers never wait for each other crosswise.
    codes = sorted(bodies)
    packed = [pack(bodies[code]) for code in codes]
    columns = (codes, [digest(bodies[code]) for code in codes], [p[0] for p in packed], [p[1] for p in packed])
    values = (store_id, account_id, outcome, now, None if to_record else now, day)
    return {row[0]: row[1] async for row in await connection.execute(sql, (*values, *columns))}


_COLUMNS = """
    id, store_id, account_id, tracking_code, outcome, body, received_at, recorded_at, shelf::text, packing"""


def _reply(row: tuple[Any, ...]) -> Reply:
    *columns, packing = row
    columns[5] = unpack(packing, columns[5])
    return Reply(*columns)


async def _read(connection: Connection, rest: str, values: dict[str, Any]) -> list[Reply]:
    sql = f"SELECT {_COLUMNS} FROM reply WHERE {rest}"  # noqa: S608 - our own columns
    return [_reply(row) async for row in await connection.execute(sql, values)]


async def lock_unrecorded(connection: Connection, ids: Sequence[int], *, now: datetime) -> list[Reply]:
    """Those of the replies that still wait to be recorded, oldest first, locked; others' are left to them."""
    waiting = "id = ANY(%(ids)s) AND recorded_at IS NULL"
    locked = " ORDER BY received_at, id FOR UPDATE SKIP LOCKED"
    # Replies wait for seconds: nearly always today's shelf and yesterday's have them all, and no other is looked at.
    recent = [day_of(now), day_of(now) - timedelta(days=1)]
    values = {"ids": list(ids), "recent": recent}
    found = await _read(connection, f"{waiting} AND shelf = ANY(%(recent)s){locked}", values)
    if len(found) < len(set(ids)):
        found += await _read(connection, f"{waiting} AND shelf <> ALL(%(recent)s){locked}", values)
        found.sort(key=lambda reply: (reply.received_at, reply.id))
    return found


async def forgotten(connection: Connection, *, before: datetime, limit: int = 500) -> list[int]:
    """Replies that should have been recorded by now (a worker died between storing and recording)."""
    sql = f"""
        SELECT id FROM reply WHERE recorded_at IS NULL AND received_at < %s AND {free("reply", "reply.id")}
        ORDER BY received_at LIMIT %s"""  # noqa: S608 - our own condition
    return [row[0] async for row in await connection.execute(sql, (before, limit))]


async def unrecordable(connection: Connection, reply_id: int, error: Exception) -> Spoilt | None:
    """A reply that still waits and that recording fails of, as a person finds it; None if it waits no more."""
    sql = "SELECT store_id, account_id, tracking_code FROM reply WHERE id = %s AND recorded_at IS NULL"
    row = await (await connection.execute(sql, (reply_id,))).fetchone()
    return Spoilt(row[0], "reply", reply_id, row[2] or str(reply_id), why_of(error), row[1]) if row else None


async def recorded(connection: Connection, replies: Sequence[Reply], *, now: datetime) -> None:
    """Mark replies as recorded. One whose own day was dropped while it waited goes to today's shelf."""
    sql = "UPDATE reply SET recorded_at = %s WHERE id = ANY(%s) AND shelf = ANY(%s::date[])"
    await connection.execute(sql, (now, [r.id for r in replies], sorted({r.shelf for r in replies})))
    late = [r.id for r in replies if r.shelf == HELD]
    if late:
        await put_up(connection, day_of(now))
        sql = "UPDATE reply SET shelf = %s WHERE id = ANY(%s) AND shelf = 'infinity'"
        await connection.execute(sql, (day_of(now), late))


async def reply(connection: Connection, store_id: int, reply_id: int) -> Reply | None:
    """One raw answer of a store."""
    found = await _read(connection, "id = %(id)s AND store_id = %(store)s", {"id": reply_id, "store": store_id})
    return found[0] if found else None


async def before(connection: Connection, account_id: int, codes: Sequence[str], *, besides: bytes) -> bytes | None:
    """The newest recorded answer about one of the codes that is not these bytes; None if there is none."""
    rest = """
        account_id = %(account)s AND tracking_code = ANY(%(codes)s) AND outcome = 'found'
        AND recorded_at IS NOT NULL AND digest <> %(digest)s ORDER BY received_at DESC LIMIT 1"""
    values = {"account": account_id, "codes": list(codes), "digest": digest(besides)}
    found = await _read(connection, rest, values)
    return found[0].body if found else None


async def expired(connection: Connection, reply_id: int) -> bool:
    """Whether there was a reply of this id and nobody has it any more."""
    sql = """
        SELECT %(id)s <= (SELECT last_value FROM reply_id_seq WHERE is_called)
           AND NOT EXISTS (SELECT 1 FROM reply WHERE id = %(id)s)"""
    return (await (await connection.execute(sql, {"id": reply_id})).fetchone()) == (True,)


async def codes_since(
    connection: Connection, account_ids: Sequence[int], *, since: datetime, after: tuple[int, str], limit: int
) -> list[tuple[int, str]]:
    """The (account, tracking code) pairs that have answers received since an instant, in order, those after `after`."""
    sql = """
        SELECT DISTINCT account_id, tracking_code FROM reply
        WHERE account_id = ANY(%s) AND shelf >= %s AND received_at >= %s AND tracking_code <> ''
          AND (account_id, tracking_code) > (%s, %s)
        ORDER BY account_id, tracking_code LIMIT %s"""
    values = (list(account_ids), day_of(since), since, *after, limit)
    return [(row[0], row[1]) async for row in await connection.execute(sql, values)]


async def about(connection: Connection, codes: Sequence[tuple[int, str]], *, since: datetime) -> list[Reply]:
    """The answers about (account, tracking code) pairs that were received since an instant, oldest first."""
    rest = """
        (account_id, tracking_code) IN (SELECT * FROM unnest(%(accounts)s::bigint[], %(codes)s::text[]))
        AND shelf >= %(day)s AND received_at >= %(since)s ORDER BY received_at, id"""
    values = {"accounts": [c[0] for c in codes], "codes": [c[1] for c in codes]}
    return await _read(connection, rest, values | {"day": day_of(since), "since": since})


async def of_whole_batches(
    connection: Connection, account_ids: Sequence[int], *, since: datetime, after_id: int, limit: int
) -> list[Reply]:
    """Answers that belong to no single code, received since an instant, by id, a page at a time."""
    rest = """
        account_id = ANY(%(accounts)s) AND tracking_code = '' AND shelf >= %(day)s AND received_at >= %(since)s
        AND id > %(after)s ORDER BY id LIMIT %(limit)s"""
    values = {"accounts": list(account_ids), "day": day_of(since), "since": since}
    return await _read(connection, rest, values | {"after": after_id, "limit": limit})


async def by_id(connection: Connection, ids: Sequence[int], *, since: datetime) -> list[Reply]:
    """Answers by id, of those received since an instant, oldest first."""
    rest = "id = ANY(%(ids)s) AND shelf >= %(day)s AND received_at >= %(since)s ORDER BY received_at, id"
    return await _read(connection, rest, {"ids": list(ids), "day": day_of(since), "since": since})
