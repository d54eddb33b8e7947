"""In: the batches of one job; out: whether its time is used up, and then the same job enqueued again."""

import asyncio
from collections.abc import Awaitable, Callable

from paradeiro.db import jobs
from paradeiro.db.jobs import Job
from paradeiro.db.pool import transaction
from paradeiro.flow.context import Context

# A job runs as many batches as fit into this time, since each job has overhead in the queue.
_SECONDS = 0.5


class JobTurn:
    """The time budget of one job, created when it begins."""

    def __init__(self) -> None:
        self._until = asyncio.get_running_loop().time() + _SECONDS

    def over(self) -> bool:
        """Whether other jobs should run before the next batch."""
        return asyncio.get_running_loop().time() >= self._until


async def run_batches(
    context: Context,
    entrypoint: str,
    owner_id: int,
    batch: Callable[[], Awaitable[tuple[int, bool]]],
    *,
    pause: float = 0.0,
) -> int:
    """Run batches until there is no more, or until the turn is over: the rest gets another job. A batch gives a count
    and whether there may be more; the sum of the counts is returned. `pause`: seconds after a batch, if there is more.
    """
    total, turn = 0, JobTurn()
    while True:
        count, more = await batch()
        total += count
        if not more:
            return total
        if pause:
            await asyncio.sleep(pause)
        if turn.over():
            await continue_job(context, entrypoint, owner_id)
            return total


async def continue_job(context: Context, entrypoint: str, owner_id: int) -> None:
    """Enqueue the same job again, behind those that wait. The worker merges duplicates."""
    async with transaction(context.pool) as connection:
        await jobs.enqueue(connection, [Job(entrypoint, str(owner_id))])
