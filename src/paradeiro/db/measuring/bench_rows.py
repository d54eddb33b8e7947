"""In: made-up rows of a benchmark; out: a database as the flows would leave it, and the raw insert to compare with."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from paradeiro.db.following.partitions import create_partition, day_of
from paradeiro.db.following.replies import put_replies
from paradeiro.db.pool import Connection, as_owner
from paradeiro.domain.words import Outcome


async def add_packages(connection: Connection, account_id: int, codes: Sequence[str], *, now: datetime) -> None:
    """One order and one registered shipment per code, due at `now`, of the account's store."""
    await connection.execute(
        """INSERT INTO orders (store_id, number, customer_email, seen_at, created_at)
           SELECT (SELECT store_id FROM account WHERE id = %s), code, 'a@example.com', %s, %s
           FROM unnest(%s::text[]) AS c (code)""",
        (account_id, now, now, list(codes)),
    )
    await connection.execute(
        """INSERT INTO shipment (store_id, order_id, account_id, carrier, tracking_code, invoice_number, invoice,
                                 tracking_token, registered_at, status, next_check)
           SELECT o.store_id, o.id, a.id, a.connector, o.number, 'NF', '{"number": "NF"}', a.id || o.number, %s,
                  'registered', %s
           FROM orders o JOIN account a ON a.id = %s AND a.store_id = o.store_id WHERE o.number = ANY(%s)""",
        (now - timedelta(days=1), now, account_id, list(codes)),
    )
    async with connection.transaction(), as_owner(connection):
        await connection.execute("ANALYZE")


async def add_replies(
    connection: Connection, account_id: int, codes: Sequence[str], bodies: Sequence[bytes], *, now: datetime
) -> list[int]:
    """Store replies that wait to be recorded, beside a month of partitions as in production; their ids."""
    for days in range(-30, 4):
        await create_partition(connection, day_of(now + timedelta(days=days)))
    row = await (await connection.execute("SELECT store_id FROM account WHERE id = %s", (account_id,))).fetchone()
    assert row is not None, "the bench has just made it"
    packages = dict(zip(codes, bodies, strict=True))
    ids = await put_replies(connection, row[0], account_id, packages, outcome=Outcome.FOUND, now=now, to_record=True)
    return list(ids.values())


async def event_rows(connection: Connection) -> list[tuple[Any, ...]]:
    """What was recorded, and an empty table of the same shape to insert it into again."""
    async with connection.transaction(), as_owner(connection):
        await connection.execute("CREATE TABLE raw_event (LIKE tracking_event INCLUDING ALL)")
    sql = """
        SELECT store_id, shipment_id, occurred_at, code, place_key, status, reason, source, withdraws, body::text
        FROM tracking_event ORDER BY id"""
    return await (await connection.execute(sql)).fetchall()


async def insert_raw(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert the rows only: the upper bound of recording speed."""
    sql = """
        INSERT INTO raw_event (store_id, shipment_id, occurred_at, code, place_key, status, reason, source,
                               withdraws, body, recorded_at)
        SELECT *, now() FROM unnest(%s::bigint[], %s::bigint[], %s::timestamptz[], %s::text[], %s::text[],
            %s::text[], %s::text[], %s::text[], %s::text[], %s::jsonb[]) ON CONFLICT DO NOTHING"""
    await connection.execute(sql, [list(column) for column in zip(*rows, strict=True)])


async def make_all_due(connection: Connection, *, now: datetime) -> None:
    """Make every shipment and every pending effect due."""
    await connection.execute("UPDATE shipment SET next_check = %s, leased_until = NULL", (now,))
    await connection.execute(
        "UPDATE effect SET not_before = %s WHERE state = 'pending' AND not_before > %s", (now, now)
    )


async def stored_bytes(connection: Connection, bodies: Sequence[bytes], *, toast_target: int | None) -> float:
    """Write bodies into a table of their own and read them back; bytes on disk per body, its row included.

    `toast_target` in bytes: from which length on the row is compressed by PostgreSQL (its default is about 2,000).
    """
    async with connection.transaction(), as_owner(connection):
        await connection.execute("DROP TABLE IF EXISTS raw_body")
        await connection.execute("CREATE TABLE raw_body (body bytea NOT NULL)")
        if toast_target is not None:
            await connection.execute(f"ALTER TABLE raw_body SET (toast_tuple_target = {int(toast_target)})")
    for start in range(0, len(bodies), 50):
        await connection.execute("INSERT INTO raw_body SELECT unnest(%s::bytea[])", (list(bodies[start : start + 50]),))
    back = [row[0] async for row in await connection.execute("SELECT body FROM raw_body")]
    assert sum(map(len, back)) == sum(map(len, bodies))
    row = await (await connection.execute("SELECT pg_total_relation_size('raw_body')")).fetchone()
    assert row is not None
    return float(row[0]) / len(bodies)
