"""In: a database address; out: a pool of connections and transactions on them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from psycopg import AsyncConnection
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool

Connection = AsyncConnection[TupleRow]
Pool = AsyncConnectionPool[Connection]
Row = dict[str, Any]

_CONNECT_TIMEOUT = 10.0
# A statement that takes longer than this is a fault; it is cut rather than left holding locks.
_STATEMENT_TIMEOUT_MS = 60_000


async def open_pool(url: str, *, size: int = 10) -> Pool:
    """A pool of at most `size` autocommit connections. `url` is a libpq URL. Raises `PoolTimeout` if none comes."""
    pool: Pool = AsyncConnectionPool(
        url,
        min_size=1,
        max_size=size,
        open=False,
        timeout=_CONNECT_TIMEOUT * 3,
        # Each time a connection is lent out it is checked: a restarted server costs a reconnect, not an error.
        check=AsyncConnectionPool.check_connection,
        kwargs={
            "autocommit": True,
            "connect_timeout": int(_CONNECT_TIMEOUT),
            "options": f"-c statement_timeout={_STATEMENT_TIMEOUT_MS} -c timezone=UTC",
        },
    )
    await pool.open(wait=True, timeout=_CONNECT_TIMEOUT)
    return pool


@asynccontextmanager
async def transaction(pool: Pool, *, keep: bool = True) -> AsyncIterator[Connection]:
    """A connection inside one transaction: committed at the end (unless not to `keep`), rolled back on any error."""
    async with pool.connection() as connection, connection.transaction(force_rollback=not keep):
        yield connection


async def open_connection(url: str) -> Connection:
    """One autocommit connection, for a single look. Close it with `async with`."""
    return await AsyncConnection.connect(url, autocommit=True, connect_timeout=int(_CONNECT_TIMEOUT))
