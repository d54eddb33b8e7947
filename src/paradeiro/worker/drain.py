"""In: the context; out: everything that is due now, done. For a clock that is set by hand: the demo and the tests."""

import asyncio
from datetime import timedelta
from uuid import uuid4

from pgqueuer.db import PsycopgDriver
from pgqueuer.domain.types import QueueManagerId
from pgqueuer.models import Job
from pgqueuer.ports.repository import EntrypointExecutionParameter
from pgqueuer.queries import Queries
from pgqueuer.types import QueueEntrypoint

from paradeiro.flow.context import Context
from paradeiro.flow.operations.counting import write_counts
from paradeiro.worker.handlers import ENTRYPOINTS, handle
from paradeiro.worker.sweep import sweep

_BATCH = 20
# There is no other worker: a picked job was picked by a process that died.
_ABANDONED_AFTER = timedelta(milliseconds=1)
# Far more than any instant needs; reached only if two flows enqueue each other for ever.
_MAX_ROUNDS = 10_000


class NeverIdleError(RuntimeError):
    """The queue did not empty: a flow enqueues itself. To do: look at the jobs that keep coming."""


async def drain(context: Context) -> int:
    """Sweep and run jobs until nothing is due and nothing waits. Returns how many jobs ran; a failed one raises."""
    ran = 0
    for _ in range(_MAX_ROUNDS):
        await sweep(context, forgotten_after=timedelta(0))
        done = await _empty_queue(context)
        ran += done
        if not done:
            await write_counts(context)
            return ran
    message = f"still not idle after {_MAX_ROUNDS} rounds"
    raise NeverIdleError(message)


async def _empty_queue(context: Context) -> int:
    ran = 0
    async with context.pool.connection() as connection:
        queries = Queries(PsycopgDriver(connection))
        while jobs := await _take(queries):
            await asyncio.gather(*(handle(context, job.entrypoint, (job.payload or b"").decode()) for job in jobs))
            await queries.log_jobs([(job, "successful", None) for job in jobs])
            ran += len(jobs)
    return ran


async def _take(queries: Queries) -> list[Job]:
    limits = {QueueEntrypoint(name): EntrypointExecutionParameter(concurrency_limit=0) for name in ENTRYPOINTS}
    return await queries.dequeue(
        batch_size=_BATCH,
        entrypoints=limits,
        queue_manager_id=QueueManagerId(uuid4()),
        global_concurrency_limit=None,
        heartbeat_timeout=_ABANDONED_AFTER,
    )
