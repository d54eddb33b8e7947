"""In: the batches of one job; out: whether its time is used up, and then the same job enqueued again."""

import asyncio

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


async def continue_job(context: Context, entrypoint: str, account_id: int) -> None:
    """Enqueue the same job again, behind those that wait. The worker merges duplicates."""
    async with transaction(context.pool) as connection:
        await jobs.enqueue(connection, [Job(entrypoint, str(account_id))])
