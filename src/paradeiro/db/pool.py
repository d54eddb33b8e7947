"""In: a database address; out: a pool of connections and transactions on them."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Protocol

from psycopg import AsyncConnection, DataError, adapters
from psycopg.abc import AdaptContext, Buffer
from psycopg.adapt import Loader
from psycopg.pq import Format, TransactionStatus
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from paradeiro.db.server.roles import has_roles
from paradeiro.db.server.start_check import DatabaseUnreachableError, connect
from paradeiro.db.tenancy import ALL_STORES_ROLE, STORE_ROLE

Connection = AsyncConnection[TupleRow]
Row = dict[str, Any]

_CONNECT_TIMEOUT = 10.0
# A statement that takes longer than this is a fault; it is cut rather than left holding locks.
_STATEMENT_TIMEOUT_MS = 60_000

_INSTANT = adapters.types["timestamptz"].oid
_PLAIN_INSTANT = adapters.get_loader(_INSTANT, Format.TEXT)
# Years outside of these mean "never" or "unknown" in some other system.
_FIRST_YEAR, _LAST_YEAR = 1990, 2100
# Shown where an instant is required and the stored one cannot be read.
LONG_AGO = datetime(_FIRST_YEAR, 1, 1, tzinfo=UTC)


def is_plausible_instant(at: datetime) -> bool:
    """Whether an instant can be one of an order or a package."""
    return _FIRST_YEAR <= at.year <= _LAST_YEAR


class _BoundedInstant(Loader):
    """Reads an instant; an implausible one (year 10000, year 1, infinity) is read as None, so that one bad row cannot
    keep the rows beside it from being read.
    """

    def __init__(self, oid: int, context: AdaptContext | None = None) -> None:
        super().__init__(oid, context)
        assert _PLAIN_INSTANT is not None
        self._plain = _PLAIN_INSTANT(oid, context)

    def load(self, data: Buffer) -> datetime | None:
        try:
            at: datetime = self._plain.load(data)
        except DataError:  # beyond what Python's datetime can hold
            return None
        return at if is_plausible_instant(at) else None


class Pool(Protocol):
    """What flows work with: a pool of connections, or one store's view of it."""

    @property
    def has_roles(self) -> bool:
        """Whether the database can keep stores apart by role (db/tenancy.py)."""
        ...

    def connection(self, timeout: float | None = None) -> AbstractAsyncContextManager[Connection]:
        """A connection, in autocommit mode or in one transaction, until the end of the block."""
        ...

    def get_stats(self) -> dict[str, int]:
        """Its figures, as psycopg's pool names them."""
        ...


class ServerPool(AsyncConnectionPool[Connection]):
    """The pool of the server's connections, in the role for all stores where there is one."""

    has_roles = False


async def _configure(connection: Connection) -> None:
    connection.adapters.register_loader(_INSTANT, _BoundedInstant)


def own_name() -> str:
    """The name by which this process's connections are known at the server."""
    return f"paradeiro {os.getpid()}"


async def open_pool(url: str, *, size: int = 10) -> ServerPool:
    """A pool of at most `size` autocommit connections, in the role for all stores. `url` is a libpq URL. Raises
    `DatabaseUnreachableError` if none comes within ten seconds.
    """
    with_roles = await asyncio.to_thread(_has_roles, url)
    role = f" -c role={ALL_STORES_ROLE}" if with_roles else ""
    pool = ServerPool(
        url,
        min_size=1,
        max_size=size,
        open=False,
        configure=_configure,
        timeout=_CONNECT_TIMEOUT * 3,
        # Each time a connection is lent out it is checked: a restarted server costs a reconnect, not an error.
        check=AsyncConnectionPool.check_connection,
        kwargs={
            "autocommit": True,
            "connect_timeout": int(_CONNECT_TIMEOUT),
            "application_name": own_name(),
            "options": f"-c statement_timeout={_STATEMENT_TIMEOUT_MS} -c timezone=UTC{role}",
        },
    )
    try:
        await pool.open(wait=True, timeout=_CONNECT_TIMEOUT)
    except PoolTimeout as error:
        message = f"The database gave no connection within {_CONNECT_TIMEOUT:.0f} s. See that the server runs."
        raise DatabaseUnreachableError(message) from error
    pool.has_roles = with_roles
    return pool


def _has_roles(url: str) -> bool:
    with connect(url) as connection:
        return has_roles(connection)


@asynccontextmanager
async def transaction(pool: Pool, *, commit: bool = True) -> AsyncIterator[Connection]:
    """A connection inside one transaction: committed at the end if `commit`, rolled back otherwise and on errors."""
    async with pool.connection() as connection:
        if commit and connection.info.transaction_status is TransactionStatus.INTRANS:
            yield connection  # one store's view has begun it, and ends it: no savepoint, two round trips less
            return
        async with connection.transaction(force_rollback=not commit):
            yield connection


@asynccontextmanager
async def as_owner(connection: Connection) -> AsyncIterator[None]:
    """The owner's rights for what only it may do, in the caller's transaction; the role is the former at the end."""
    async with _in_role(connection, "none"):
        yield


@asynccontextmanager
async def as_all_stores(connection: Connection) -> AsyncIterator[None]:
    """For a question that one store's rows cannot answer, in the caller's transaction; then the role is the former.
    What is found out of other stores must not be shown.
    """
    row = await (await connection.execute("SELECT current_setting('role')")).fetchone()
    async with _in_role(connection, ALL_STORES_ROLE if row == (STORE_ROLE,) else str(row[0] if row else "none")):
        yield


@asynccontextmanager
async def _in_role(connection: Connection, role: str) -> AsyncIterator[None]:
    # When it fails the transaction is rolled back, and the role with it.
    former = await (await connection.execute("SELECT current_setting('role')")).fetchone()
    await connection.execute("SELECT set_config('role', %s, true)", (role,))
    yield
    await connection.execute("SELECT set_config('role', %s, true)", former)


async def open_connection(url: str) -> Connection:
    """One autocommit connection, for a single query. Close it with `async with`."""
    return await AsyncConnection.connect(url, autocommit=True, connect_timeout=int(_CONNECT_TIMEOUT))
