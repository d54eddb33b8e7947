"""In: a database address; out: a database with today's schema and job queue. Running it again changes nothing."""

from functools import cache
from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from pgqueuer.db import PsycopgDriver
from pgqueuer.queries import Queries
from psycopg.rows import TupleRow
from sqlalchemy import Connection, create_engine, pool, text
from sqlalchemy.exc import DBAPIError

from paradeiro.db.schema_check import SchemaDiffersError, check_schema
from paradeiro.db.server.start_check import (
    DatabaseTooOldError,
    DatabaseUnreachableError,
    UnusableDatabaseError,
    check_server,
    connect,
    revision_of,
)

__all__ = [
    "DatabaseTooOldError",
    "DatabaseUnreachableError",
    "NewerSchemaError",
    "head",
    "install_queue",
    "knows_revision",
    "migrate",
]

_HERE = Path(__file__).parent
# Any number that no other program uses; two workers starting together migrate one after the other.
_LOCK = 7_202_611_230


class NewerSchemaError(UnusableDatabaseError):
    """A newer version migrated this database."""


def migrate(url: str, *, compare: bool = True) -> None:
    """Bring the schema up to date, in one transaction, and with `compare` check it against schema.json.
    `url` is a libpq URL.

    Raises `UnusableDatabaseError`: `NewerSchemaError`, `SchemaDiffersError` and those of `start_check`.
    """
    with connect(url) as connection:
        check_server(connection)
    engine = create_engine("postgresql+psycopg://", creator=lambda: connect(url), poolclass=pool.NullPool)
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": _LOCK})
            connection.commit()
            # Closing the connection gives the lock back, however this ends.
            with connection.begin():
                _upgrade(connection)
                if compare:
                    check_schema(_driver_connection(connection))
    except DBAPIError as error:
        said = " ".join(str(error.orig).split())
        message = (
            f"The schema could not be brought up to date: {said}. Nothing was changed. If the server is healthy, this "
            "database is not what its revision says: restore a backup and migrate that."
        )
        raise SchemaDiffersError(message) from error
    finally:
        engine.dispose()


def _upgrade(connection: Connection) -> None:
    _check_revision(revision_of(_driver_connection(connection)))
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _driver_connection(connection: Connection) -> psycopg.Connection[TupleRow]:
    """The driver's connection below SQLAlchemy's, in the same transaction."""
    own = connection.connection.driver_connection
    assert isinstance(own, psycopg.Connection)
    return own


def _check_revision(found: str | None) -> None:
    if found is None or found in _revisions():
        return
    newer = "was upgraded by a newer Paradeiro" if found > head() else "was made by another Paradeiro"
    todo = "start the newer one" if found > head() else "start that one"
    message = f"This database {newer} (revision {found}); this one knows revisions up to {head()}: {todo}."
    raise NewerSchemaError(message)


def head() -> str:
    """The newest revision that this version knows."""
    return max(_revisions())


def knows_revision(revision: str) -> bool:
    """Whether this version can migrate a database of that revision."""
    return revision in _revisions()


@cache
def _revisions() -> frozenset[str]:
    return frozenset(each.revision for each in ScriptDirectory.from_config(_config()).walk_revisions())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_HERE / "migrations"))
    return config


async def install_queue(url: str) -> None:
    """Create or upgrade the job queue's own tables, as its library defines them for the pinned version."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        queries = Queries(PsycopgDriver(connection))
        async with queries.schema_lock():
            if not await queries.has_table(queries.qbe.settings.queue_table):
                await queries.install()
        await queries.upgrade()
