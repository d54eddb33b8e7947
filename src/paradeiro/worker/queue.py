"""In: a group of jobs and how to run one; out: jobs run until a stop signal; lost database connections are
opened again.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

import psycopg
from pgqueuer.db import PsycopgDriver
from pgqueuer.errors import RetryRequested
from pgqueuer.models import Job as QueuedJob
from pgqueuer.qm import QueueManager
from pgqueuer.queries import Queries

from paradeiro.db.pool import Pool
from paradeiro.flow.context import log
from paradeiro.worker.slots import Group

# A worker that was killed gives its jobs back after this; their work is safe in the tables meanwhile.
_HEARTBEAT = timedelta(seconds=20)
_BATCH = 10
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0
_CONNECT_SECONDS = 10
_POLL_SECONDS = 0.5
# After a stop signal jobs get so long to finish, then so long to handle their cancellation.
_GRACE_SECONDS = 5.0
_CANCELLED_SECONDS = 1.0


class _Driver(PsycopgDriver):
    """Listens on a connection of its own and queries on those of the pool: psycopg's wait for a notification holds the
    connection, and a query on the same one would wait up to a second for it.
    """

    def __init__(self, listening: psycopg.AsyncConnection, pool: Pool) -> None:
        super().__init__(listening)
        self._pool = pool

    async def fetch(self, query: str, *args: object) -> list[dict[str, object]]:
        async with self._pool.connection() as connection:
            return await PsycopgDriver(connection).fetch(query, *args)

    async def execute(self, query: str, *args: object) -> str:
        async with self._pool.connection() as connection:
            return await PsycopgDriver(connection).execute(query, *args)


@dataclass(slots=True)
class Connections:
    """Groups without a connection: logged once when the first is lost, and once when all are back."""

    lost: set[tuple[str, ...]] = field(default_factory=set)

    def gone(self, group: Group, why: BaseException | str) -> None:
        if not self.lost:
            log.warning("the queue's connection to the database is lost; it is opened again", why=str(why).strip())
        self.lost.add(group.entrypoints)

    def back(self, group: Group) -> None:
        if group.entrypoints in self.lost:
            self.lost.discard(group.entrypoints)
            if not self.lost:
                log.info("the queue's connection to the database is back")


class Running:
    """The jobs that run now, so that those which hang can be cancelled when the worker must end."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._ending = False

    async def run(self, work: Awaitable[None]) -> None:
        """Run one job. One that is cancelled because the worker ends goes back into the queue, for another worker."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        try:
            await task
        except asyncio.CancelledError:
            if not self._ending:
                raise
            raise RetryRequested(reason="the worker was told to stop") from None
        finally:
            self._tasks.discard(task)

    def cancel(self) -> int:
        """Cancel all. How many there were."""
        self._ending = True
        for task in self._tasks:
            task.cancel()
        return len(self._tasks)


async def run_group(
    url: str,
    pool: Pool,
    group: Group,
    on_job: Callable[[QueuedJob], Awaitable[None]],
    stop: asyncio.Event,
    connections: Connections,
) -> None:
    """Take jobs of a group until `stop` is set, and let those that run finish. A connection that dies is opened again,
    with growing pauses; jobs that ran on it go on meanwhile.
    """
    pause, old = _FIRST_PAUSE, set[asyncio.Task[None]]()
    while not stop.is_set():
        try:
            connection = await psycopg.AsyncConnection.connect(url, autocommit=True, connect_timeout=_CONNECT_SECONDS)
        except psycopg.Error as error:
            connections.gone(group, error)
        else:
            manager = _manager(_Driver(connection, pool), group, on_job)
            run = asyncio.create_task(_run_manager(manager, connection, group))
            began = asyncio.get_running_loop().time()
            connections.back(group)
            await _wait_until_done(stop, run, connection)
            manager.shutdown.set()
            if not stop.is_set():
                connections.gone(group, "it was closed")
            old.add(run)
            if asyncio.get_running_loop().time() - began > _LONGEST_PAUSE:
                pause = _FIRST_PAUSE
        old = {task for task in old if not _has_ended(task)}
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), pause)
        pause = min(pause * 2, _LONGEST_PAUSE)
    if old:
        await asyncio.wait(old)
        for task in old:
            _has_ended(task)


def _manager(driver: PsycopgDriver, group: Group, on_job: Callable[[QueuedJob], Awaitable[None]]) -> QueueManager:
    manager = QueueManager(Queries(driver))
    for entrypoint in group.entrypoints:
        manager.entrypoint(entrypoint)(on_job)
    return manager


async def _run_manager(manager: QueueManager, connection: psycopg.AsyncConnection, group: Group) -> None:
    async with connection:
        await manager.run(
            dequeue_timeout=timedelta(seconds=5),
            batch_size=_BATCH,
            max_concurrent_tasks=group.at_once,
            heartbeat_timeout=_HEARTBEAT,
        )


async def _wait_until_done(stop: asyncio.Event, run: asyncio.Task[None], connection: psycopg.AsyncConnection) -> None:
    """Wait for the stop signal, the end of the queue manager, or a dead connection (jobs may go on)."""
    stopped = asyncio.create_task(stop.wait())
    try:
        while not (run.done() or stop.is_set() or connection.closed):
            await asyncio.wait((stopped, run), timeout=_POLL_SECONDS, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopped.cancel()


def _has_ended(task: asyncio.Task[None]) -> bool:
    """Whether the task has ended. Connection errors are logged already; any other exception is raised."""
    if not task.done():
        return False
    error = None if task.cancelled() else task.exception()
    if error is not None and not isinstance(error, (psycopg.Error, TimeoutError, OSError)):
        raise error
    return True


async def finish_tasks(tasks: list[asyncio.Task[None]], running: Running) -> None:
    """Wait `_GRACE_SECONDS` for stopping tasks, cancel jobs, wait `_CANCELLED_SECONDS`, then cancel the tasks."""
    _, pending = await asyncio.wait(tasks, timeout=_GRACE_SECONDS)
    if pending:
        log.warning("jobs that did not end are cancelled; what they did is done again", jobs=running.cancel())
        _, pending = await asyncio.wait(pending, timeout=_CANCELLED_SECONDS)
    for task in pending:
        task.cancel()
    if pending:
        await asyncio.wait(pending, timeout=_CANCELLED_SECONDS)
