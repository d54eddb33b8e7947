"""A database of a released version, with data, is brought up to date, and all that was in it can be read.

`vX.Y.Z.sql.gz`: `pg_dump --inserts --no-owner --no-privileges --no-comments` of a database that the code of that
version filled with two simulated days; a made-up row in each table that was still empty. To add one after a release:
play `open_day` of the hard-day drill with that version's code, and dump it the same way, less what only psql reads.
"""

import gzip
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from paradeiro.db import reading, replies, shipments, stores
from paradeiro.db.embedded import Embedded
from paradeiro.db.migrate import head, install_queue, migrate
from paradeiro.db.pool import open_pool
from paradeiro.db.schema_check import SchemaDiffersError, expected, fingerprint
from paradeiro.db.start_check import check_start

RELEASED = sorted(Path(__file__).parent.glob("v*.sql.gz"))
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
            for table in fingerprint(connection)
        }


def test_there_is_a_released_version() -> None:
    assert RELEASED


async def test_a_released_version_is_upgraded_with_its_data(old_database: str) -> None:
    before = _counts(old_database)
    assert all(number > 0 for table, number in before.items() if table != "reply_held"), before
    migrate(old_database)
    await install_queue(old_database)
    with psycopg.connect(old_database) as connection:
        assert fingerprint(connection) == expected()
    after = _counts(old_database)
    assert {table: after[table] for table in before} == before
    check_start(old_database, KEY, head())
    pool = await open_pool(old_database, size=1)
    async with pool.connection() as connection:
        (store,) = (await stores.stores(connection)).values()
        lines = await reading.order_lines(connection, store.id)
        assert len(lines) == before["orders"]
        for line in lines:
            (kept,) = await shipments.of_order(connection, store.id, line.number)
            assert (kept.shipment.tracking_code, kept.shipment.snapshot.status) == (line.codes[0], line.statuses[0])
            assert await shipments.kept(connection, store.id, kept.shipment.id) == kept
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
