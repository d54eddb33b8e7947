"""In: settings; out: a migrated database for one run, dropped afterwards. For the demo and the benches."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import psycopg
from psycopg import conninfo

from paradeiro.cli.running.database import migrate_command
from paradeiro.db.server.embedded import Embedded, create_database, drop_database, relax_database
from paradeiro.settings import Settings


@contextmanager
def scratch_database(settings: Settings, name: str, *, waits_for_disk: bool = True) -> Iterator[str]:
    """A new database on the configured server (which must allow that), else on the embedded one."""
    name = f"paradeiro_{name}"
    with ExitStack() as stack:
        server = settings.database_url
        if server is None:
            server = stack.enter_context(Embedded(settings.data_dir.resolve() / "postgres")).url("postgres")
        with psycopg.connect(server, autocommit=True) as connection:
            create_database(connection, name)
            if not waits_for_disk:
                relax_database(connection, name)
        try:
            url = conninfo.make_conninfo(server, dbname=name)
            asyncio.run(migrate_command(url))
            yield url
        finally:
            with psycopg.connect(server, autocommit=True) as connection:
                drop_database(connection, name)


@contextmanager
def cloned_database(url: str, name: str) -> Iterator[str]:
    """A copy of a database without connections, on the same server, dropped afterwards."""
    template = conninfo.conninfo_to_dict(url)["dbname"]
    server = conninfo.make_conninfo(url, dbname="postgres")
    with psycopg.connect(server, autocommit=True) as connection:
        create_database(connection, name, str(template))
        relax_database(connection, name)
    try:
        yield conninfo.make_conninfo(url, dbname=name)
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            drop_database(connection, name)
