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

import pytest

from paradeiro.app import new_token
from paradeiro.connectors import discover
from paradeiro.db.embedded import Embedded
from paradeiro.db.migrate import install_queue, migrate
from paradeiro.db.pool import open_pool
from paradeiro.db.secrets import new_key
from paradeiro.flow.means import Means, Sessions
from paradeiro.flow.tokens import Keeper

TEMPLATE = "paradeiro_template"
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


@pytest.fixture(scope="session")
def postgres() -> Iterator[Embedded]:
    folder = Path(tempfile.mkdtemp(prefix="paradeiro-test-"))
    with Embedded(folder / "pg") as server:
        url = server.fresh_url(TEMPLATE)
        migrate(url)
        asyncio.run(install_queue(url))
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
async def open_means(url: str, clock: Callable[[], datetime], secret_key: str) -> AsyncIterator[Means]:
    """The means of flows, wired as app.py wires them, with the test's clock."""
    async with AsyncExitStack() as stack:
        pool = await open_pool(url, size=20)
        stack.push_async_callback(pool.close)
        sessions = Sessions(discover(), clock, keeper=Keeper(pool, secret_key, clock))
        stack.push_async_callback(sessions.close)
        yield Means(pool, discover(), clock, sessions, secret_key, new_token, "https://rastreio.example.com")


@pytest.fixture(scope="session")
def secret_key() -> str:
    return new_key()


@pytest.fixture
async def means(database: str, clock: HandClock, secret_key: str) -> AsyncIterator[Means]:
    async with open_means(database, clock, secret_key) as made:
        yield made
