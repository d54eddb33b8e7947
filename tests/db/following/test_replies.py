"""Raw answers: once per day the same bytes, in a partition that is there in time, and carried over from before."""

import asyncio
from datetime import date, datetime, timedelta

import psycopg
import pytest

from paradeiro.db.following import partitions, replies
from paradeiro.db.pool import Connection, transaction
from paradeiro.db.server.embedded import Embedded
from paradeiro.domain.words import Outcome
from paradeiro.flow.context import Context
from tests.databases import START, HandClock

SINCE = START - timedelta(days=300)
BODY = b'{"object": "AA1", "events": []}' * 20


async def keep(connection: Connection, body: bytes, at: datetime, code: str = "AA1", *, to_record: bool = True) -> int:
    return await replies.put_reply(
        connection,
        store_id=1,
        account_id=1,
        tracking_code=code,
        outcome=Outcome.FOUND,
        body=body,
        now=at,
        to_record=to_record,
    )


async def test_the_same_bytes_on_the_same_day_are_the_same_row(context: Context) -> None:
    async with transaction(context.pool) as connection:
        first = await keep(connection, BODY, START)
        found = await replies.lock_unrecorded(connection, [first], now=START)
        await replies.mark_recorded(connection, found, now=START)
        assert await replies.lock_unrecorded(connection, [first], now=START) == []
        assert await keep(connection, BODY, START + timedelta(hours=1)) == first
        again = await replies.lock_unrecorded(connection, [first], now=START)
        other = await keep(connection, BODY + b" ", START)
        elsewhere = await keep(connection, BODY, START, "AA2")
    assert [(r.body, r.received_at) for r in again] == [(BODY, START + timedelta(hours=1))], "to be recorded again"
    assert len({first, other, elsewhere}) == 3


async def test_the_same_bytes_on_another_day_are_another_row(context: Context) -> None:
    async with transaction(context.pool) as connection:
        first = await keep(connection, BODY, START)
        second = await keep(connection, BODY, START + timedelta(days=1))
        assert second != first
        both = await replies.replies_about(connection, [(1, "AA1")], since=START)
        later = await replies.replies_about(connection, [(1, "AA1")], since=START + timedelta(hours=1))
    assert [(r.id, r.partition_day) for r in both] == [(first, "2026-11-02"), (second, "2026-11-03")]
    assert [r.id for r in later] == [second]


async def test_the_digest_is_that_of_the_bytes_as_they_came_and_the_row_is_small(context: Context) -> None:
    async with transaction(context.pool) as connection:
        await keep(connection, BODY, START)
        row = await (await connection.execute("SELECT digest, length(body), compression FROM reply")).fetchone()
    assert row is not None
    assert bytes(row[0]) == replies.digest(BODY)
    assert row[1] < len(BODY) / 5
    assert row[2] == 1


async def test_whatever_the_day_there_is_a_shelf_for_it(context: Context) -> None:
    """Workers asleep for weeks, or a simulator whose days last a second: storing never lacks a partition."""
    for days in (0, 1, 40, 4000):
        async with transaction(context.pool) as connection:
            await keep(connection, BODY, START + timedelta(days=days))
    async with context.pool.connection() as connection:
        up = await partitions.partitions(connection)
    assert [s.day for s in up] == [date(2026, 11, 2) + timedelta(days=n) for n in (0, 1, 40, 4000)]
    assert {s.state for s in up} == {"up"}


async def test_many_at_once_make_one_shelf_and_one_row(context: Context) -> None:
    async def one() -> int:
        async with transaction(context.pool) as connection:
            return await keep(connection, BODY, START)

    assert len(set(await asyncio.gather(*(one() for _ in range(12))))) == 1


async def test_replies_that_waited_for_days_are_still_found(context: Context, clock: HandClock) -> None:
    async with transaction(context.pool) as connection:
        ids = [await keep(connection, BODY, START + timedelta(days=n)) for n in (0, 9, 10)]
        found = await replies.lock_unrecorded(connection, ids[::-1], now=START + timedelta(days=10))
        assert [r.id for r in found] == ids, "oldest first"
        assert await replies.overdue_replies(connection, before=START + timedelta(days=11)) == ids
        await replies.mark_recorded(connection, found, now=START + timedelta(days=10))
        assert await replies.overdue_replies(connection, before=START + timedelta(days=11)) == []


async def test_others_recordings_are_left_to_them(context: Context) -> None:
    async with transaction(context.pool) as connection:
        ids = [await keep(connection, BODY, START + timedelta(days=n)) for n in (0, 5)]
    async with transaction(context.pool) as mine, transaction(context.pool) as theirs:
        now = START + timedelta(days=5)
        assert len(await replies.lock_unrecorded(mine, ids[:1], now=now)) == 1
        assert [r.id for r in await replies.lock_unrecorded(theirs, ids, now=now)] == ids[1:]


async def test_only_an_id_that_was_given_out_can_have_expired(context: Context) -> None:
    async with transaction(context.pool) as connection:
        assert not await replies.is_expired(connection, 1)
        first = await keep(connection, BODY, START)
        assert not await replies.is_expired(connection, first)
        assert not await replies.is_expired(connection, first + 1)
        await connection.execute("DELETE FROM reply")
        assert await replies.is_expired(connection, first)


# ── carried over from 0001 ───────────────────────────────────────────────────────────────────────────────────────────

_BEFORE = """
    INSERT INTO store (name, created_at) VALUES ('Loja', now());
    INSERT INTO account (store_id, connector, kind, name, secrets, created_at)
        SELECT 1, 'correios', 'carrier', n, '', now() FROM unnest(ARRAY['one', 'two']) AS a (n);
    INSERT INTO orders (store_id, number, seen_at, created_at) VALUES (1, '1001', now(), now());
    INSERT INTO shipment (store_id, order_id, account_id, carrier, tracking_code, tracking_token, registered_at, status)
        VALUES (1, 1, 1, 'correios', 'AA1', 't', now(), 'registered');
    INSERT INTO reply (store_id, account_id, tracking_code, digest, outcome, body, received_at, recorded_at) VALUES
        (1, 1, 'AA1', 'd1', 'found', 'one', '2026-10-01T23:59:59.5Z', now()),
        (1, 1, 'AA1', 'd2', 'found', 'two', '2026-10-02T00:00:00Z', now()),
        (1, 1, 'AA2', 'd3', 'found', 'three', '2026-10-02T12:00:00Z', NULL),
        (1, 1, '', 'd4', 'malformed', '<html>', '2026-10-05T12:00:00Z', now()),
        (1, 1, '', 'd5', 'malformed', '<html/>', '2026-10-06T12:00:00Z', now()),
        (1, 2, '', 'd5', 'malformed', '<html/>', '2026-10-06T12:00:00Z', now());
    INSERT INTO tracking_event (store_id, shipment_id, occurred_at, code, status, source, body, reply_id, recorded_at)
        VALUES (1, 1, now(), 'XX/99', 'unknown', 'carrier', '{}', 1, now()),
               (1, 1, now(), 'PO/01', 'accepted', 'carrier', '{}', 2, now());
    INSERT INTO notice (store_id, kind, subject, message, account_id, reply_id, opened_at, last_seen_at) VALUES
        (1, 'malformed_reply', 'account 1', '', 1, 5, now(), now()),
        (1, 'unknown_code', 'correios XX/99', '', 1, NULL, now(), now());
    INSERT INTO notice (store_id, kind, subject, message, account_id, reply_id, opened_at, last_seen_at, resolved_at)
        VALUES (1, 'malformed_reply', 'account 2', '', 2, 6, now(), now(), now());
"""


async def test_replies_of_before_are_carried_over_with_what_holds_them(postgres: Embedded) -> None:
    from importlib.resources import files

    from paradeiro.db.migrate import migrate

    url = postgres.fresh_url("from_0001")
    versions = files("paradeiro.db") / "migrations" / "versions"
    with psycopg.connect(url) as old:
        old.execute((versions / "0001_first_stone.sql").read_text(encoding="utf-8"))
        old.execute("CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY)")
        old.execute("INSERT INTO alembic_version VALUES ('0001')")
        old.execute(_BEFORE)
    migrate(url)
    async with await psycopg.AsyncConnection.connect(url) as connection:
        found = await replies.replies_by_id(connection, range(1, 7), since=SINCE)
        assert [(r.id, r.body, r.partition_day) for r in found] == [
            (1, b"one", "2026-10-01"),
            (2, b"two", "2026-10-02"),
            (3, b"three", "2026-10-02"),
            (4, b"<html>", "2026-10-05"),
            (5, b"<html/>", "2026-10-06"),
            (6, b"<html/>", "2026-10-06"),
        ]
        codes = await replies.codes_since(connection, [1, 2], since=SINCE, after=(0, ""), limit=9)
        assert codes == [(1, "AA1"), (1, "AA2")]
        assert [r.id for r in await replies.replies_about(connection, codes, since=SINCE)] == [1, 2, 3], (
            "a replay reads them"
        )
        whole = await replies.batch_replies(connection, [1, 2], since=SINCE, after_id=0, limit=9)
        assert [r.id for r in whole] == [4, 5, 6]
        assert await replies.overdue_replies(connection, before=START) == [3]
        retention_holds = await (
            await connection.execute("SELECT notice_id, reply_id FROM retention_hold ORDER BY 1, 2")
        ).fetchall()
        assert retention_holds == [(1, 4), (1, 5), (2, 1)], (
            "all that was not understood, not only what the notice names"
        )
        assert await keep(connection, b"new", START) == 7, "ids go on where they were"
        tables = await (await connection.execute("SELECT relname FROM pg_class WHERE relname ~ 'reply_old'")).fetchall()
        assert tables == []
    postgres.drop("from_0001")


@pytest.mark.parametrize("table", ["tracking_event", "notice"])
async def test_what_points_at_a_reply_does_not_hinder_its_going(context: Context, table: str) -> None:
    async with context.pool.connection() as connection:
        sql = "SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND confrelid = 'reply'::regclass"
        assert await (await connection.execute(sql)).fetchone() == (0,)
        sql = "SELECT count(*) FROM pg_attribute WHERE attrelid = %s::regclass AND attname = 'reply_id'"
        assert await (await connection.execute(sql, (table,))).fetchone() == (1,)
