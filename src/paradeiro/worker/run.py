"""In: a stop signal and the means; out: jobs taken from the queue until then, and a sweep every second."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta

import psycopg
from pgqueuer.db import PsycopgDriver
from pgqueuer.models import Job as QueuedJob
from pgqueuer.qm import QueueManager
from pgqueuer.queries import Queries

from paradeiro.flow.means import Means, log
from paradeiro.worker.handlers import ENTRYPOINTS, handle
from paradeiro.worker.sweep import sweep
from paradeiro.worker.upkeep import keep_up

_SWEEP_SECONDS = 1.0
# A worker that was killed gives its jobs back after this; their work is safe in the tables meanwhile.
_HEARTBEAT = timedelta(seconds=20)
_AT_ONCE = 20
_BATCH = 10


async def work(means: Means, url: str, stop: asyncio.Event) -> None:
    """Run jobs until `stop` is set. `url` is the database's libpq URL: the queue listens on a connection of its own."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        manager = QueueManager(Queries(PsycopgDriver(connection)))
        for entrypoint in ENTRYPOINTS:
            manager.entrypoint(entrypoint)(_job_handler(means))
        beside = (_stop_with(manager, stop), _sweeping(means, stop), keep_up(means, stop))
        tasks = [asyncio.create_task(each) for each in beside]
        try:
            await manager.run(
                dequeue_timeout=timedelta(seconds=5),
                batch_size=_BATCH,
                max_concurrent_tasks=_AT_ONCE,
                heartbeat_timeout=_HEARTBEAT,
            )
        finally:
            stop.set()
            await asyncio.gather(*tasks)


def _job_handler(means: Means) -> Callable[[QueuedJob], Awaitable[None]]:
    async def on_job(job: QueuedJob) -> None:
        await handle(means, job.entrypoint, (job.payload or b"").decode())

    return on_job


async def _stop_with(manager: QueueManager, stop: asyncio.Event) -> None:
    await stop.wait()
    manager.shutdown.set()


async def _sweeping(means: Means, stop: asyncio.Event) -> None:
    while not stop.is_set():
        try:
            await sweep(means)
        except (psycopg.Error, TimeoutError):
            log.exception("the sweep could not reach the database; it tries again")
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), _SWEEP_SECONDS)
