"""In: the batches of one job; out: whether its turn is over, and then the same job again, behind those that wait."""

import asyncio

from paradeiro.db import jobs
from paradeiro.db.jobs import Job
from paradeiro.db.pool import transaction
from paradeiro.flow.means import Means

# A job does one batch. Where batches take moments it does as many as fit into this: the queue costs some itself.
_SECONDS = 0.5


class Turn:
    """The time of one job. Made when it begins."""

    def __init__(self) -> None:
        self._until = asyncio.get_running_loop().time() + _SECONDS

    def over(self) -> bool:
        """Whether others should have their turn before the next batch."""
        return asyncio.get_running_loop().time() >= self._until


async def go_on(means: Means, entrypoint: str, account_id: int) -> None:
    """There may be more: the same job again, after those that wait. Twins do no harm, the worker folds them."""
    async with transaction(means.pool) as connection:
        await jobs.enqueue(connection, [Job(entrypoint, str(account_id))])
