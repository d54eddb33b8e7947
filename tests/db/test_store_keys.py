"""The database itself keeps stores apart: every key has store_id, and no row can point at another store's."""

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from psycopg import sql
from psycopg.rows import TupleRow
from sqlalchemy import NullPool, create_engine

import paradeiro.db.migrations
from paradeiro.db.migrate import migrate
from paradeiro.db.schema_check import SchemaDiffersError
from paradeiro.db.server.embedded import Embedded
from paradeiro.db.tenancy import FOREIGN, LOCAL, QUEUE_PREFIX, REFERENCE
from tests.db.filled_tables import Catalogue, ForeignKey, Values, fill, insert, read_catalogue, row_of

_UNIQUE = """
    SELECT i.indrelid::regclass::text, i.indexrelid::regclass::text,
           array(SELECT attname::text FROM pg_attribute WHERE attrelid = i.indrelid AND attnum = ANY(i.indkey))
    FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
    WHERE i.indisunique AND c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')"""
# References without a foreign key, each with its reason; a column named like one of these elsewhere needs a key.
_NO_KEY = {
    ("reply", "account_id"): "partitions of `reply` come and go (decision 0009)",
    ("tracking_event", "reply_id"): "an event outlives its reply (decision 0009)",
    ("notice", "reply_id"): "a notice outlives its reply (decision 0009)",
    ("retention_hold", "reply_id"): "no foreign keys to `reply` (decision 0009)",
    ("unmatched_answer", "reply_id"): "no foreign keys to `reply` (decision 0009)",
    ("set_aside", "row_id"): "a row of the table that `what` names",
    ("operator", "last_store_id"): "what was on their screen; it decides nothing",
    ("audit", "operator_id"): "the log outlives whom it names",
    ("audit", "api_key_id"): "the log outlives what it names",
}


def _is_ours(table: str) -> bool:
    return not (table in LOCAL or table in FOREIGN or table.startswith(QUEUE_PREFIX))


def test_every_key_has_the_store(database: str) -> None:
    with psycopg.connect(database) as connection:
        catalogue = read_catalogue(connection)
        keys = [row for row in connection.execute(_UNIQUE) if _is_ours(row[0])]
    assert len(catalogue.columns) > 35
    assert [table for table, columns in catalogue.columns.items() if "store_id" not in columns] == []
    assert {table for table, _, _ in keys} >= catalogue.columns.keys()
    assert [
        (table, index) for table, index, columns in keys if table not in REFERENCE and "store_id" not in columns
    ] == []


def test_every_exception_is_still_a_table(database: str) -> None:
    with psycopg.connect(database) as connection:
        tables = {row[0] for row in connection.execute("SELECT relname FROM pg_class WHERE relkind IN ('r', 'p')")}
    assert {*LOCAL, *REFERENCE, *FOREIGN} <= tables
    assert all(reason.endswith(".") for reason in (LOCAL | REFERENCE | FOREIGN).values())


def test_every_foreign_key_carries_the_store(database: str) -> None:
    with psycopg.connect(database) as connection:
        catalogue = read_catalogue(connection)
    keys = catalogue.foreign_keys
    assert len([key for key in keys if key.pointing]) > 35
    assert [
        key.name
        for key in keys
        if key.to_table not in REFERENCE
        and ("store_id", "store_id") not in zip(key.columns, key.to_columns, strict=True)
    ] == []
    pointing = {(key.table, column) for key in keys for column, _ in key.pointing}
    named_like_one = {
        (table, column)
        for table, columns in catalogue.columns.items()
        for column in columns
        if column.endswith("_id") and column != "store_id"
    }
    assert named_like_one - pointing == _NO_KEY.keys()


def test_no_row_can_point_at_another_stores(database: str) -> None:
    with psycopg.connect(database) as connection:
        catalogue = read_catalogue(connection)
        own, other = fill(connection, catalogue, salt="a"), fill(connection, catalogue, salt="b")
        keys = [key for key in catalogue.foreign_keys if key.pointing and key.to_table not in REFERENCE]
        for key in keys:
            theirs = {column: other[key.to_table][to] for column, to in key.pointing}
            with pytest.raises(psycopg.errors.ForeignKeyViolation) as refused, connection.transaction():
                insert(connection, key.table, row_of(catalogue, key.table, own, salt="c") | theirs)
            assert refused.value.diag.constraint_name == key.name
            with pytest.raises(psycopg.errors.ForeignKeyViolation) as refused, connection.transaction():
                _point(connection, key, theirs, own["store"]["store_id"])
            assert refused.value.diag.constraint_name == key.name


def _point(connection: psycopg.Connection[TupleRow], key: ForeignKey, at: Values, store_id: int) -> None:
    change = sql.SQL(", ").join(sql.SQL("{} = %s").format(sql.Identifier(column)) for column in at)
    statement = sql.SQL("UPDATE {} SET {} WHERE store_id = %s").format(sql.Identifier(key.table), change)
    connection.execute(statement, (*at.values(), store_id))


def test_a_row_that_points_at_another_store_stops_the_migration(postgres: Embedded) -> None:
    url = postgres.fresh_url("crossed")
    with psycopg.connect(url) as connection:
        _migrate_to(url, "0041")
        catalogue = read_catalogue(connection)
        own, other = fill(connection, catalogue, salt="a"), fill(connection, catalogue, salt="b")
        statement = "UPDATE shipment SET order_id = %s WHERE store_id = %s"
        connection.execute(statement, (other["orders"]["id"], own["store"]["store_id"]))
    with pytest.raises(SchemaDiffersError, match=r"shipment_order_id_store_id_fkey.*Nothing was changed"):
        migrate(url)
    with psycopg.connect(url) as connection:
        connection.execute(statement, (own["orders"]["id"], own["store"]["store_id"]))
        before = _rows(connection, catalogue)
    _migrate_to(url, "0043")
    with psycopg.connect(url) as connection:
        assert _rows(connection, catalogue) == before
    postgres.drop("crossed")


def _migrate_to(url: str, revision: str) -> None:
    """The schema of an earlier revision, in an empty database."""
    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(url), poolclass=NullPool)
    config = Config()
    config.set_main_option("script_location", str(next(iter(paradeiro.db.migrations.__path__))))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()


def _rows(connection: psycopg.Connection[TupleRow], catalogue: Catalogue) -> dict[str, list[TupleRow]]:
    query = "SELECT to_jsonb(t)::text FROM {} t ORDER BY 1"
    return {
        table: connection.execute(sql.SQL(query).format(sql.Identifier(table))).fetchall()
        for table in catalogue.columns
    }
