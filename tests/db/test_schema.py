"""schema.sql is what all migrations make together, and every table belongs to a store."""

import asyncio
import importlib.resources

import psycopg

from paradeiro.db.migrate import install_queue, migrate
from paradeiro.db.server.embedded import Embedded

_CATALOGUE = """
    SELECT 'column', table_name, column_name, data_type || ' ' || is_nullable || ' ' || coalesce(column_default, '')
    FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'alembic_version'
    UNION ALL SELECT 'index', tablename, indexname, indexdef FROM pg_indexes
    WHERE schemaname = 'public' AND tablename <> 'alembic_version'
    UNION ALL SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text <> 'alembic_version'
    ORDER BY 1, 2, 3, 4"""


def _catalogue(url: str) -> list[tuple[str, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(_CATALOGUE).fetchall()


def test_schema_equals_all_migrations(postgres: Embedded) -> None:
    by_schema, by_migrations = postgres.fresh_url("by_schema"), postgres.fresh_url("by_migrations")
    schema = (importlib.resources.files("paradeiro.db") / "schema.sql").read_text(encoding="utf-8")
    with psycopg.connect(by_schema) as connection:
        connection.execute(schema)
    migrate(by_migrations)
    assert _catalogue(by_schema) == _catalogue(by_migrations)
    postgres.drop("by_schema")
    postgres.drop("by_migrations")


def test_migrating_twice_changes_nothing(database: str) -> None:
    before = _catalogue(database)
    migrate(database)
    asyncio.run(install_queue(database))
    assert _catalogue(database) == before


def test_every_table_has_a_store(postgres: Embedded) -> None:
    url = postgres.fresh_url("stores_everywhere")
    migrate(url)
    columns: dict[str, set[str]] = {}
    for kind, table, column, _ in _catalogue(url):
        if kind == "column":
            columns.setdefault(table, set()).add(column)
    assert len(columns) > 8
    assert [table for table, names in columns.items() if "store_id" not in names] == []
    postgres.drop("stores_everywhere")
