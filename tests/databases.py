"""In: nothing; out: fixtures with a real PostgreSQL: one server per test process, one cloned database per test."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from paradeiro.app import new_token
from paradeiro.connectors import discover
from paradeiro.db.migrate import install_queue, migrate
from paradeiro.db.pool import open_pool
from paradeiro.db.secrets import new_key
from paradeiro.db.server.embedded import Embedded, drop_database
from paradeiro.db.server.roles import install_roles
from paradeiro.flow.accounts.token_store import TokenStore
from paradeiro.flow.context import Context, Sessions

TEMPLATE = "paradeiro_template"
# What the server writes is wanted for one run only: it never waits for the disk.
_SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "file_copy_method": "clone",
    "checkpoint_timeout": "1h",
    "autovacuum_naptime": "1h",
}
# In memory where there is room for it (a container may have 64 MB there), else wherever temporary files are.
_MEMORY, _ROOM = Path("/dev/shm"), 3_000_000_000
START = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)  # a Monday, 9:00 in São Paulo
_numbers = count()


@dataclass(slots=True)
class HandClock:
    """A clock that only the test moves."""

    at: datetime = field(default=START)

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **step: float) -> datetime:
        self.at += timedelta(**step)
        return self.at


class HastyServer(Embedded):
    """A server for one run. Databases are copied as files, from a template that nobody is connected to: 20 ms instead
    of 140, and the catalogue's cache is copied with them.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._kept = self._connect()
        for name, value in _SETTINGS.items():
            self._kept.execute(sql.SQL("ALTER SYSTEM SET {} = {}").format(sql.Identifier(name), sql.Literal(value)))
        self._kept.execute("SELECT pg_reload_conf()")

    def fresh_url(self, database: str, template: str = "template1") -> str:
        self.drop(database)
        create = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy")
        self._kept.execute(create.format(sql.Identifier(database), sql.Identifier(template)))
        return self._address(database)

    def drop(self, database: str) -> None:
        drop_database(self._kept, database)

    def stop(self) -> None:
        self._kept.close()
        super().stop()


def _place() -> str | None:
    return str(_MEMORY) if _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM else None


@pytest.fixture(scope="session")
def postgres() -> Iterator[Embedded]:
    folder = Path(tempfile.mkdtemp(prefix="paradeiro-test-", dir=_place()))
    with HastyServer(folder / "pg") as server:
        url = server.fresh_url(TEMPLATE)
        migrate(url)
        asyncio.run(install_queue(url))
        assert install_roles(url) == ""
        # One connection writes the catalogue's cache, which is copied with the files.
        psycopg.connect(url).close()
        yield server
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def database(postgres: Embedded) -> Iterator[str]:
    """The address of a migrated database of this test's own."""
    name = f"test_{next(_numbers)}"
    yield postgres.fresh_url(name, TEMPLATE)
    postgres.drop(name)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@asynccontextmanager
async def open_context(url: str, clock: Callable[[], datetime], secret_key: str) -> AsyncIterator[Context]:
    """The means of flows, wired as app.py wires them, with the test's clock."""
    async with AsyncExitStack() as stack:
        pool = await open_pool(url, size=20)
        stack.push_async_callback(pool.close)
        sessions = Sessions(discover(), clock, token_store=TokenStore(pool, secret_key, clock))
        stack.push_async_callback(sessions.close)
        yield Context(pool, discover(), clock, sessions, secret_key, new_token, "https://rastreio.example.com")


@pytest.fixture(scope="session")
def secret_key() -> str:
    return new_key()


@pytest.fixture
async def context(database: str, clock: HandClock, secret_key: str) -> AsyncIterator[Context]:
    async with open_context(database, clock, secret_key) as made:
        yield made
