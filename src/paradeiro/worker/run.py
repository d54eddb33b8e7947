"""In: a stop signal and the context; out: jobs taken from the queue until then, and a sweep every second."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial

import psycopg
from pgqueuer.errors import RetryRequested
from pgqueuer.models import Job as QueuedJob

from paradeiro.flow.context import Context, log
from paradeiro.worker.clock_watch import ClockWatch
from paradeiro.worker.failures import Failures
from paradeiro.worker.handlers import handle
from paradeiro.worker.maintenance import maintain_forever
from paradeiro.worker.queue import Connections, Running, finish_tasks, run_group
from paradeiro.worker.slots import GROUPS, Slots
from paradeiro.worker.sweep import sweep

_SWEEP_SECONDS = 1.0
_CLOCK_PAUSE = timedelta(seconds=2)


async def work(context: Context, url: str, stop: asyncio.Event) -> None:
    """Run jobs until `stop` is set; then those that run have five seconds to end. `url` is the database's libpq URL:
    each group of jobs listens on a connection of its own.
    """
    running, connections, clock, failures = Running(), Connections(), ClockWatch(context), Failures(context)
    queues = [
        run_group(
            url,
            context.pool,
            group,
            _job_handler(context, Slots(context, group), running, clock, failures),
            stop,
            connections,
        )
        for group in GROUPS
    ]
    beside = (
        _sweep_forever(context, clock, stop, failures),
        maintain_forever(context, stop, failures.watch, trusted=clock.trusted),
        failures.beat(context.new_token(), stop),
    )
    tasks = [asyncio.create_task(each) for each in (*queues, *beside)]
    try:
        # None of them ends before the stop signal: one that does has failed, and so has the worker.
        await asyncio.wait([asyncio.create_task(stop.wait()), *tasks], return_when=asyncio.FIRST_COMPLETED)
    finally:
        stop.set()
        await finish_tasks(tasks, running)
    for task in tasks:
        if task.done() and not task.cancelled():
            task.result()


def _job_handler(
    context: Context, slots: Slots, running: Running, clock: ClockWatch, failures: Failures
) -> Callable[[QueuedJob], Awaitable[None]]:
    async def on_job(job: QueuedJob) -> None:
        await clock.checked.wait()
        if not clock.trusted():
            raise RetryRequested(_CLOCK_PAUSE, "the clock is not trusted")
        payload = (job.payload or b"").decode()
        work = partial(handle, context, job.entrypoint, payload)
        await running.run(slots.run(job.entrypoint, payload, lambda: failures.watch(job.entrypoint, payload, work())))

    return on_job


async def _sweep_forever(context: Context, clock: ClockWatch, stop: asyncio.Event, failures: Failures) -> None:
    lost = False
    while not stop.is_set():
        try:
            await failures.watch("sweep", "", _sweep_once(context, clock))
        except (psycopg.OperationalError, psycopg.InterfaceError, TimeoutError) as error:
            if not lost:
                log.warning("the sweep cannot use the database; it tries again", error=type(error).__name__)
            lost = True
        except Exception:  # noqa: BLE001, S110 - stored and logged by `watch`; the next sweep tries again
            pass
        else:
            if lost:
                log.info("the sweep uses the database again")
            lost = False
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), _SWEEP_SECONDS)


async def _sweep_once(context: Context, clock: ClockWatch) -> None:
    if await clock.look():
        await sweep(context)
