"""A database of a released version, with data, is brought up to date, and all that was in it can be read.

`vX.Y.Z.sql.gz`: `pg_dump --inserts --no-owner --no-privileges --no-comments` of a database that the code of that
version filled with two simulated days; a made-up row in each table that was still empty. To add one after a release:
play `open_day` of the hard-day drill with that version's code, and dump it the same way, less what only psql reads.
"""

import gzip
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import psycopg
import pytest

from paradeiro.db.accounts import stores
from paradeiro.db.following import partitions, replies, shipments
from paradeiro.db.migrate import head, install_queue, migrate
from paradeiro.db.pool import open_pool
from paradeiro.db.schema_check import SchemaDiffersError, expected_schema, read_schema
from paradeiro.db.screens import lists
from paradeiro.db.server.embedded import Embedded
from paradeiro.db.server.start_check import check_start
from paradeiro.domain.words import Topic

RELEASED = sorted(Path(__file__).parent.glob("v*.sql.gz"))
# Tables of version 0.1.0 that migration 0036 renamed.
RENAMED = {
    "allowance": "rate_limit",
    "guess": "lookup_attempt",
    "reply_hold": "retention_hold",
    "sheet": "uploaded_table",
    "stand_in": "fallback",
    "stand_in_answer": "fallback_answer",
    "watch": "contract_watch",
}
# (table, column) of version 0.1.0 that migration 0036 renamed, by (table, column) of today.
RENAMED_COLUMNS = {
    ("account", "problem"): ("account", "trouble"),
    ("account", "problem_since"): ("account", "trouble_since"),
    ("account_token", "refresh_locked_until"): ("account_token", "renewing_until"),
    ("audit", "action"): ("audit", "deed"),
    ("audit", "actor"): ("audit", "author"),
    ("audit", "entry_point"): ("audit", "door"),
    ("contract_watch", "baseline"): ("watch", "habit"),
    ("contract_watch", "notified_at"): ("watch", "told_at"),
    ("contract_watch", "silence_checked_at"): ("watch", "listened_at"),
    ("effect", "sent_status"): ("effect", "told_status"),
    ("effect", "sent_to"): ("effect", "told_to"),
    ("reply", "compression"): ("reply", "packing"),
    ("reply", "partition_day"): ("reply", "shelf"),
    ("retention_hold", "reply_id"): ("reply_hold", "reply_id"),
    ("stated_invoice", "actor"): ("stated_invoice", "author"),
    ("tracking_event", "actor"): ("tracking_event", "author"),
    ("tracking_event", "duplicate"): ("tracking_event", "echo"),
    ("uploaded_table", "actor"): ("sheet", "author"),
}
DETACHED = date(2026, 10, 21)  # a day that has replies in the dump
KEY = "dXBncmFkZS1mcm9tLXYwLjEuMC1tYWRlLXVwLWtleSE="  # made up, opens what is in these files only


@pytest.fixture(params=RELEASED, ids=lambda path: path.name.removesuffix(".sql.gz"))
def old_database(postgres: Embedded, request: pytest.FixtureRequest) -> Iterator[str]:
    url = postgres.fresh_url("released")
    with psycopg.connect(url) as connection:
        connection.execute(gzip.decompress(request.param.read_bytes()))
    yield url
    postgres.drop("released")


def _counts(url: str) -> dict[str, int]:
    with psycopg.connect(url) as connection:
        return {
            table: connection.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0]  # type: ignore[index]  # a count has a row
            for table in read_schema(connection)
        }


def _column(url: str, table: str, column: str) -> list[str]:
    """All values of a column as text, sorted; null as an empty text."""
    with psycopg.connect(url) as connection:
        rows = connection.execute(f"SELECT coalesce({column}::text, '') FROM {table}").fetchall()
    return sorted(row[0] for row in rows)


def _detach(url: str) -> int:
    """Detach a day's partition as a killed maintenance run leaves it: a table by itself. How many replies it has."""
    name = f"reply_{DETACHED:%Y%m%d}"
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(f"SELECT count(*) FROM {name}").fetchone()
        connection.execute(f"ALTER TABLE reply DETACH PARTITION {name} CONCURRENTLY")
    assert row is not None
    assert row[0] > 0
    return int(row[0])


def test_there_is_a_released_version() -> None:
    assert RELEASED


async def test_a_released_version_is_upgraded_with_its_data(old_database: str) -> None:
    before = _counts(old_database)
    assert all(number > 0 for table, number in before.items() if table != "reply_held"), before
    migrate(old_database)
    await install_queue(old_database)
    with psycopg.connect(old_database) as connection:
        assert read_schema(connection) == expected_schema()
    after = _counts(old_database)
    assert {table: after[RENAMED.get(table, table)] for table in before} == before
    assert not RENAMED.keys() & after.keys(), "a table is renamed, not copied"
    check_start(old_database, KEY, head())
    pool = await open_pool(old_database, size=1)
    async with pool.connection() as connection:
        (store,) = (await stores.stores(connection)).values()
        lines = await lists.order_lines(connection, store.id)
        assert len(lines) == before["orders"]
        for line in lines:
            (kept,) = await shipments.of_order(connection, store.id, line.number)
            assert (kept.shipment.tracking_code, kept.shipment.snapshot.status) == (line.codes[0], line.statuses[0])
            assert await shipments.shipment_row(connection, store.id, kept.shipment.id) == kept
        accounts = await stores.accounts(connection, KEY)
        assert {account.connector for account in accounts} >= {"correios", "vtex", "email"}
        assert {account.fault for account in accounts} == {""}
        (number,) = await (await connection.execute("SELECT min(id) FROM reply WHERE body <> ''")).fetchone()  # type: ignore[misc]  # there are replies
        reply = await replies.reply(connection, store.id, number)
        assert reply is not None
        assert reply.body.startswith(b"{")
    await pool.close()


def test_a_database_that_is_not_what_its_revision_says_is_refused(old_database: str) -> None:
    with psycopg.connect(old_database) as connection:
        connection.execute("CREATE TABLE plain (LIKE reply INCLUDING ALL)")
        connection.execute("DROP TABLE reply CASCADE")
        connection.execute("ALTER TABLE plain RENAME TO reply")
    with pytest.raises(SchemaDiffersError, match="Nothing was changed"):
        migrate(old_database)
    with psycopg.connect(old_database) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == ("0018",)


def test_two_rows_of_one_code_become_one_package_with_two_invoices(old_database: str) -> None:
    with psycopg.connect(old_database) as connection:
        first, second = connection.execute(  # type: ignore[misc]  # an insert returns its row
            """WITH first AS (SELECT * FROM shipment WHERE invoice_number <> '' ORDER BY id LIMIT 1)
               INSERT INTO shipment (store_id, order_id, account_id, carrier, tracking_code, invoice_number, invoice,
                                     tracking_token, registered_at, status, next_check)
               SELECT store_id, order_id, account_id, carrier, tracking_code, 'NF-second',
                      jsonb_set(invoice, '{number}', '"NF-second"'), 'second-token', registered_at, status, now()
               FROM first RETURNING (SELECT id FROM first), id"""
        ).fetchone()
        connection.execute(
            """INSERT INTO tracking_event (store_id, shipment_id, occurred_at, code, status, source, body, recorded_at)
               SELECT store_id, id, registered_at, 'operator/delivered', 'delivered', 'operator', '{}', registered_at
               FROM shipment WHERE id = %s""",
            (second,),
        )
        for kind in ("customer_mail", "order_update"):
            connection.execute(
                """INSERT INTO effect (store_id, order_id, shipment_id, account_id, kind, cause, not_before, created_at)
                   SELECT s.store_id, s.order_id, s.id, (SELECT min(id) FROM account), %s, 'c', now(), now()
                   FROM shipment s WHERE s.id = %s""",
                (kind, second),
            )
    migrate(old_database)
    with psycopg.connect(old_database) as connection:
        sql = "SELECT package_id, account_id, next_check FROM shipment WHERE id = %s"
        assert connection.execute(sql, (second,)).fetchone() == (first, None, None)
        sql = "SELECT kind, state FROM effect WHERE shipment_id = %s ORDER BY kind"
        told = connection.execute(sql, (second,)).fetchall()
        assert told == [("customer_mail", "superseded"), ("order_update", "pending")], (
            "the invoice is told all the same"
        )
        sql = "SELECT count(*) FROM tracking_event WHERE shipment_id = %s AND code = 'operator/delivered'"
        assert connection.execute(sql, (first,)).fetchone() == (1,), "what people stated is the package's"
        sql = "SELECT digest IS NULL, next_check <= now() FROM shipment WHERE id = %s"
        assert connection.execute(sql, (first,)).fetchone() == (True, True), "it is asked for and folded again"


def test_renamed_columns_keep_their_values(old_database: str) -> None:
    before = {new: _column(old_database, *old) for new, old in RENAMED_COLUMNS.items()}
    migrate(old_database)
    assert {new: _column(old_database, *new) for new in RENAMED_COLUMNS} == before


async def test_what_a_channel_hears_becomes_its_topics_with_the_same_values(old_database: str) -> None:
    channels = """{"amazon": {"hears": ["invoice", "number"], "mails": false, "number_hours": 24},
                   "mercado_livre": {"hears": []}, "shopee": {"mails": false}}"""
    with psycopg.connect(old_database) as connection:
        connection.execute(
            "UPDATE store SET policy = jsonb_set(policy, '{channels}', %s::jsonb) || '{\"customer_days\": 365}'",
            (channels,),
        )
        for name, policy in (
            ("empty", "{}"),
            ("no channels", '{"channels": {}}'),
            ("not an object", '{"channels": 7}'),
        ):
            connection.execute(
                "INSERT INTO store (name, time_zone, policy, created_at) VALUES (%s, 'UTC', %s, now())", (name, policy)
            )
        (before,) = connection.execute("SELECT policy FROM store WHERE policy ? 'customer_days'").fetchone()  # type: ignore[misc]  # the dump has one store
    migrate(old_database)
    with psycopg.connect(old_database) as connection:
        found = dict(connection.execute("SELECT name, policy FROM store").fetchall())
        (name, after) = next((name, policy) for name, policy in found.items() if "customer_days" in policy)
    assert after.pop("channels") == {
        "amazon": {"topics": ["invoice", "number"], "mails": False, "number_hours": 24},
        "mercado_livre": {"topics": []},
        "shopee": {"mails": False},
    }
    assert after == {key: value for key, value in before.items() if key != "channels"}
    assert found["empty"] == {}
    assert (found["no channels"], found["not an object"]) == ({"channels": {}}, {"channels": 7})
    pool = await open_pool(old_database, size=1)
    async with pool.connection() as connection:
        (policy,) = (each.policy for each in (await stores.stores(connection)).values() if each.name == name)
    await pool.close()
    assert policy.channels["amazon"].topics == {Topic.INVOICE, Topic.NUMBER}
    assert policy.channels["mercado_livre"].topics == frozenset()
    assert policy.channels["shopee"].topics == frozenset(Topic)


async def test_a_detached_partition_is_renamed_and_can_be_attached_again(old_database: str) -> None:
    count = _detach(old_database)
    bodies = _column(old_database, f"reply_{DETACHED:%Y%m%d}", "body")
    migrate(old_database)
    pool = await open_pool(old_database, size=1)
    async with pool.connection() as connection:
        assert partitions.Partition(DETACHED, "down") in await partitions.partitions(connection)
        await partitions.create_partition(connection, DETACHED)
        assert partitions.Partition(DETACHED, "up") in await partitions.partitions(connection)
        sql = "SELECT id, store_id FROM reply WHERE partition_day = %s ORDER BY id"
        rows = await (await connection.execute(sql, (DETACHED,))).fetchall()
        assert len(rows) == count
        found = [await replies.reply(connection, store_id, reply_id) for reply_id, store_id in rows]
        assert all(reply is not None and reply.partition_day == DETACHED.isoformat() for reply in found)
    await pool.close()
    assert _column(old_database, f"reply_{DETACHED:%Y%m%d}", "body") == bodies


async def test_a_detached_partition_is_renamed_and_can_be_dropped(old_database: str) -> None:
    count = _detach(old_database)
    name = f"reply_{DETACHED:%Y%m%d}"
    with psycopg.connect(old_database) as connection:
        (waiting,) = connection.execute(  # type: ignore[misc]  # an update returns its row
            f"UPDATE {name} SET recorded_at = NULL WHERE id = (SELECT min(id) FROM {name}) RETURNING id"
        ).fetchone()
    migrate(old_database)
    pool = await open_pool(old_database, size=1)
    async with pool.connection() as connection:
        before = datetime(2027, 1, 1, tzinfo=UTC)
        detached = partitions.Partition(DETACHED, "down")
        kept = await partitions.detach_partition(connection, detached, before=before)
        assert kept is not None
        assert 1 <= kept < count
        assert DETACHED not in {each.day for each in await partitions.partitions(connection)}
        sql = "SELECT partition_day::text FROM reply WHERE id = %s"
        assert await (await connection.execute(sql, (waiting,))).fetchone() == (partitions.HELD,)
    await pool.close()
