"""After migrating, the schema is compared with what it must be; what differs is named, and nothing is changed."""

import psycopg
import pytest

from paradeiro.db.migrate import NewerSchemaError, head, migrate
from paradeiro.db.schema_check import SchemaDiffersError, expected_schema, read_schema, schema_differences
from paradeiro.db.server.embedded import Embedded
from tests.databases import TEMPLATE


def _do(url: str, *statements: str) -> None:
    with psycopg.connect(url) as connection:
        for each in statements:
            connection.execute(each)


def test_a_fresh_database_is_what_the_file_says(postgres: Embedded) -> None:
    url = postgres.fresh_url("by_fingerprint")
    migrate(url, compare=False)
    with psycopg.connect(url) as connection:
        found = read_schema(connection)
    postgres.drop("by_fingerprint")
    assert found == expected_schema(), "after a new migration: .venv/bin/python scripts/schema_fingerprint.py"
    assert len(found) > 20


@pytest.mark.parametrize(
    ("spoil", "names"),
    [
        ("ALTER TABLE orders DROP COLUMN postal_code", "table orders lacks the column postal_code"),
        ("DROP TABLE fallback", "the table fallback is missing"),
        ("DROP INDEX reply_unrecorded", "table reply lacks the index reply_unrecorded"),
        ("ALTER TABLE account DROP CONSTRAINT account_state_check", "lacks the constraint account_state_check"),
        ("ALTER TABLE orders ALTER mails_times DROP NOT NULL", "the column mails_times of table orders is integer"),
        ("ALTER TABLE orders ADD COLUMN more integer NOT NULL", "has a column more that is not ours"),
        ("CREATE UNIQUE INDEX once ON orders (store_id)", "has a index once that is not ours"),
        (
            "ALTER TABLE reply RENAME TO old; CREATE TABLE reply (LIKE old); DROP TABLE old CASCADE",
            "reply is a table, not a table partitioned RANGE (partition_day)",
        ),
    ],
)
def test_what_differs_is_named(database: str, spoil: str, names: str) -> None:
    _do(database, spoil)
    with psycopg.connect(database) as connection:
        found = list(schema_differences(read_schema(connection), expected_schema()))
    assert any(names in each for each in found), found
    with pytest.raises(SchemaDiffersError, match="not what its revision says"):
        migrate(database)


def test_what_somebody_added_beside_it_is_let_be(database: str) -> None:
    _do(
        database,
        "CREATE TABLE of_the_shop (id integer)",
        "CREATE INDEX faster ON orders (store_id)",
        "CREATE TABLE reply_20261102 PARTITION OF reply FOR VALUES FROM ('2026-11-02') TO ('2026-11-03')",
    )
    migrate(database)


def test_a_newer_schema_is_said_to_be_newer(database: str) -> None:
    _do(database, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(NewerSchemaError, match=rf"newer Paradeiro \(revision 9999\); this one .* up to {head()}"):
        migrate(database)


def test_a_revision_that_never_was_is_refused(database: str) -> None:
    _do(database, "UPDATE alembic_version SET version_num = '0002b'")
    with pytest.raises(NewerSchemaError, match="another Paradeiro"):
        migrate(database)


def test_a_migration_that_fails_changes_nothing(postgres: Embedded) -> None:
    url = postgres.fresh_url("half_way", TEMPLATE)
    # The first migration's tables are there, though the database says that none was run.
    _do(url, "DELETE FROM alembic_version")
    with pytest.raises(SchemaDiffersError, match="Nothing was changed"):
        migrate(url)
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT count(*) FROM alembic_version").fetchone() == (0,)
    postgres.drop("half_way")
