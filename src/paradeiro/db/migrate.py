"""In: a database address; out: a database with today's schema and job queue. Running it again changes nothing."""

from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from pgqueuer.db import PsycopgDriver
from pgqueuer.queries import Queries
from sqlalchemy import create_engine, pool, text
from sqlalchemy.exc import OperationalError

_HERE = Path(__file__).parent
# Any number that no other program uses; two workers starting together migrate one after the other.
_LOCK = 7_202_611_230
OLDEST_POSTGRES = 150_000


class DatabaseTooOldError(RuntimeError):
    """The server is older than PostgreSQL 15. To do: point PARADEIRO_DATABASE_URL at a newer one."""


class DatabaseUnreachableError(RuntimeError):
    """No server answers there, or it does not let us in. To do: check PARADEIRO_DATABASE_URL and that it runs."""


def migrate(url: str) -> None:
    """Bring the schema up to date. `url` is a libpq URL.

    Raises `DatabaseUnreachableError`, and `DatabaseTooOldError` before touching an old server.
    """
    config = Config()
    config.set_main_option("script_location", str(_HERE / "migrations"))
    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(url), poolclass=pool.NullPool)
    try:
        with engine.connect() as connection:
            _check_version(connection.exec_driver_sql("SHOW server_version_num").scalar_one())
            connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": _LOCK})
            connection.commit()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            connection.commit()
            connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": _LOCK})
            connection.commit()
    except OperationalError as error:
        # The driver's own words name host and port, never the password.
        advice = "Set PARADEIRO_DATABASE_URL to a PostgreSQL that runs; without it one is embedded."
        raise DatabaseUnreachableError(f"{str(error.orig).strip()}\n{advice}") from error
    finally:
        engine.dispose()


def _check_version(number: str) -> None:
    if int(number) < OLDEST_POSTGRES:
        message = f"this server is PostgreSQL {int(number) // 10_000}; Paradeiro needs 15 or newer"
        raise DatabaseTooOldError(message)


async def install_queue(url: str) -> None:
    """Create or upgrade the job queue's own tables, as its library defines them for the pinned version."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        queries = Queries(PsycopgDriver(connection))
        async with queries.schema_lock():
            if not await queries.has_table(queries.qbe.settings.queue_table):
                await queries.install()
        await queries.upgrade()
