"""In: settings; out: a migrated database for one run, dropped afterwards. For the demo and the benches."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import conninfo

from paradeiro.cli.database import migrate_command
from paradeiro.db.embedded import Embedded, create_database, drop_database
from paradeiro.settings import Settings


@contextmanager
def scratch_database(settings: Settings, name: str) -> Iterator[str]:
    """A database of its own: on the configured server if there is one (it must let us create one), else embedded."""
    name = f"paradeiro_{name}"
    if settings.database_url is None:
        with Embedded(settings.data_dir.resolve() / "postgres") as server:
            url = server.fresh_url(name)
            try:
                asyncio.run(migrate_command(url))
                yield url
            finally:
                server.drop(name)
        return
    with psycopg.connect(settings.database_url, autocommit=True) as connection:
        create_database(connection, name)
    try:
        url = conninfo.make_conninfo(settings.database_url, dbname=name)
        asyncio.run(migrate_command(url))
        yield url
    finally:
        with psycopg.connect(settings.database_url, autocommit=True) as connection:
            drop_database(connection, name)
