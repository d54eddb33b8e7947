"""In: a process's tally and pool; out: its counts written into the database, for /metrics."""

import psycopg

from paradeiro.db.operations import metric_counts
from paradeiro.db.operations.metric_counts import WorkerPools
from paradeiro.db.pool import Pool, transaction
from paradeiro.flow.context import Context


async def write_counts(context: Context) -> None:
    """Write what was counted since the last time. If that fails it is kept for the next time, and the error raised."""
    counts = context.tally.take()
    if not counts:
        return
    try:
        async with transaction(context.pool) as connection:
            await metric_counts.add_counts(connection, counts)
    except (psycopg.Error, TimeoutError):
        context.tally.give_back(counts)
        raise


def pool_of(pool: Pool) -> WorkerPools:
    """How many connections of this process's pool are in use, and how many flows wait for one."""
    stats = pool.get_stats()
    used = stats.get("pool_size", 0) - stats.get("pool_available", 0)
    return WorkerPools(used, stats.get("requests_waiting", 0))
