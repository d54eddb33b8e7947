"""In: a pool and a store; out: connections that see that store only, whatever the statement says (decision 0050)."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from psycopg.errors import InFailedSqlTransaction
from psycopg.pq import TransactionStatus

from paradeiro.db.pool import Connection, Pool
from paradeiro.db.tenancy import STORE_ROLE

# One round trip. Both end with the transaction: nothing is left on the session, so a transaction pooler may be between.
_BEGIN = f"BEGIN; SET LOCAL ROLE {STORE_ROLE}; SET LOCAL paradeiro.store_id = '%d'"


class StorePool:
    """A view of a pool: each connection is in one transaction, in the role and with the store that `store` says then.

    While `store` says None (nobody is known yet), and on a database without the roles, it is the pool itself.
    """

    def __init__(self, pool: Pool, store: Callable[[], int | None]) -> None:
        self._pool = pool
        self._store = store

    @property
    def has_roles(self) -> bool:
        """Whether the database can keep stores apart by role."""
        return self._pool.has_roles

    def get_stats(self) -> dict[str, int]:
        """The figures of the pool itself."""
        return self._pool.get_stats()

    @asynccontextmanager
    async def connection(self, timeout: float | None = None) -> AsyncIterator[Connection]:  # noqa: ASYNC109 - as the pool
        """A connection; what was done on it is committed at the end, and rolled back on errors."""
        store = self._store()
        async with self._pool.connection(timeout) as connection:
            if store is None or not self.has_roles:
                yield connection
                return
            await connection.execute((_BEGIN % store).encode())
            try:
                yield connection
                await _commit(connection)
            except BaseException:
                if not connection.closed:
                    await connection.execute("ROLLBACK")
                raise


async def narrow_to(connection: Connection, store_id: int) -> None:
    """Let the rest of the caller's transaction see one store only. On a database that has the roles."""
    sql = "SELECT set_config('role', %s, true), set_config('paradeiro.store_id', %s, true)"
    await connection.execute(sql, (STORE_ROLE, str(store_id)))


async def _commit(connection: Connection) -> None:
    """COMMIT; not of what a failed statement has already undone, which the server would take for a ROLLBACK."""
    if connection.info.transaction_status is TransactionStatus.INERROR:
        message = "A statement failed before, so that nothing of this transaction is kept."
        raise InFailedSqlTransaction(message)
    await connection.execute("COMMIT")
