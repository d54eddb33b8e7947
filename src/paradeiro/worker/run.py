"""In: a stop signal and the means; out: jobs taken from the queue until then, and a sweep every second."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial

import psycopg
from pgqueuer.errors import RetryRequested
from pgqueuer.models import Job as QueuedJob

from paradeiro.flow.means import Means, log
from paradeiro.worker.clock_watch import ClockWatch
from paradeiro.worker.failures import Failures
from paradeiro.worker.handlers import handle
from paradeiro.worker.queue import Connections, Running, attend, finish
from paradeiro.worker.slots import GROUPS, Slots
from paradeiro.worker.sweep import sweep
from paradeiro.worker.upkeep import keep_up

_SWEEP_SECONDS = 1.0
_CLOCK_PAUSE = timedelta(seconds=2)


async def work(means: Means, url: str, stop: asyncio.Event) -> None:
    """Run jobs until `stop` is set; then those that run have five seconds to end. `url` is the database's libpq URL:
    each group of jobs listens on a connection of its own.
    """
    running, connections, clock, failures = Running(), Connections(), ClockWatch(means), Failures(means)
    queues = [
        attend(
            url,
            means.pool,
            group,
            _job_handler(means, Slots(means, group), running, clock, failures),
            stop,
            connections,
        )
        for group in GROUPS
    ]
    beside = (
        _sweeping(means, clock, stop, failures),
        keep_up(means, stop, failures.watch, trusted=clock.trusted),
        failures.beat(means.new_token(), stop),
    )
    tasks = [asyncio.create_task(each) for each in (*queues, *beside)]
    try:
        # None of them ends before it is told to: one that does has failed, and so has the worker.
        await asyncio.wait([asyncio.create_task(stop.wait()), *tasks], return_when=asyncio.FIRST_COMPLETED)
    finally:
        stop.set()
        await finish(tasks, running)
    for task in tasks:
        if task.done() and not task.cancelled():
            task.result()


def _job_handler(
    means: Means, slots: Slots, running: Running, clock: ClockWatch, failures: Failures
) -> Callable[[QueuedJob], Awaitable[None]]:
    async def on_job(job: QueuedJob) -> None:
        await clock.looked.wait()
        if not clock.trusted():
            raise RetryRequested(_CLOCK_PAUSE, "the clock is not trusted")
        payload = (job.payload or b"").decode()
        work = partial(handle, means, job.entrypoint, payload)
        await running.run(slots.run(job.entrypoint, payload, lambda: failures.watch(job.entrypoint, payload, work())))

    return on_job


async def _sweeping(means: Means, clock: ClockWatch, stop: asyncio.Event, failures: Failures) -> None:
    lost = False
    while not stop.is_set():
        try:
            await failures.watch("sweep", "", _swept(means, clock))
        except (psycopg.OperationalError, psycopg.InterfaceError, TimeoutError) as error:
            if not lost:
                log.warning("the sweep cannot use the database; it tries again", error=type(error).__name__)
            lost = True
        except Exception:  # noqa: BLE001, S110 - noted, logged and told by `watch`; the next sweep tries again
            pass
        else:
            if lost:
                log.info("the sweep uses the database again")
            lost = False
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), _SWEEP_SECONDS)


async def _swept(means: Means, clock: ClockWatch) -> None:
    if await clock.look():
        await sweep(means)
