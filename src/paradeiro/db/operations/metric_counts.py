"""In: what a process counted; out: the counts of all processes since the beginning, and figures of accounts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from psycopg.rows import class_row

from paradeiro.db.pool import Connection
from paradeiro.domain.tally import CountKey

_ALIVE = "interval '60 seconds'"


@dataclass(frozen=True, slots=True)
class Count:
    """One count of all processes. `connector` and `account` are empty where it belongs to no single account."""

    metric: str
    store_id: int | None
    connector: str
    account: str
    label: str
    value: float


@dataclass(frozen=True, slots=True)
class Allowance:
    """What an account may still ask. None: no limit is known. `requests` may be below zero: so many wait."""

    store_id: int
    connector: str
    account: str
    requests: float | None
    lookups: int | None


@dataclass(frozen=True, slots=True)
class WorkerPools:
    """Database connections of all workers: in use, and flows that wait for one."""

    in_use: int
    waiting: int


async def add_counts(connection: Connection, counts: Mapping[CountKey, float]) -> None:
    """Add to the counts. In one order of rows, so that two processes never wait for each other crosswise."""
    sql = """
        INSERT INTO metric_count AS c (store_id, account_id, metric, label, value)
        SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::float8[])
        ON CONFLICT (store_id, account_id, metric, label) DO UPDATE SET value = c.value + EXCLUDED.value"""
    keys = sorted(counts, key=lambda k: (k.store_id or 0, k.account_id or 0, k.metric, k.label))
    columns = (
        [k.store_id for k in keys],
        [k.account_id for k in keys],
        [str(k.metric) for k in keys],
        [k.label for k in keys],
        [counts[k] for k in keys],
    )
    await connection.execute(sql, columns)


async def read_counts(connection: Connection) -> list[Count]:
    """All counts."""
    sql = """
        SELECT c.metric, c.store_id, coalesce(a.connector, '') AS connector, coalesce(a.name, '') AS account,
               c.label, c.value
        FROM metric_count c LEFT JOIN account a ON a.id = c.account_id
        ORDER BY c.metric, c.store_id, c.account_id, c.label"""
    async with connection.cursor(row_factory=class_row(Count)) as cursor:
        await cursor.execute(sql)
        return await cursor.fetchall()


async def read_allowances(connection: Connection, *, month: date) -> list[Allowance]:
    """What is left of rate limits (as of each account's last request) and of this month's look-ups."""
    sql = """
        SELECT a.store_id, a.connector, a.name AS account, r.level AS requests,
               greatest(q.monthly - CASE WHEN q.month = %s THEN q.used ELSE 0 END, 0) AS lookups
        FROM account a LEFT JOIN rate_limit r ON r.account_id = a.id LEFT JOIN lookup_quota q ON q.account_id = a.id
        WHERE a.state <> 'removed' AND (r.account_id IS NOT NULL OR q.account_id IS NOT NULL) ORDER BY a.id"""
    async with connection.cursor(row_factory=class_row(Allowance)) as cursor:
        await cursor.execute(sql, (month,))
        return await cursor.fetchall()


async def oldest_due_age(connection: Connection, *, now: datetime) -> float:
    """For how many seconds the package that is due longest has been due; 0 if none is."""
    sql = "SELECT coalesce(extract(epoch FROM %s - min(next_check)), 0)::float8 FROM shipment WHERE next_check <= %s"
    row = await (await connection.execute(sql, (now, now))).fetchone()
    assert row is not None
    return float(row[0])


async def put_pool(connection: Connection, worker: str, pools: WorkerPools) -> None:
    """Note how full a worker's pool is, beside its heartbeat."""
    sql = "UPDATE worker_heartbeat SET pool_in_use = %s, pool_waiting = %s WHERE worker = %s"
    await connection.execute(sql, (pools.in_use, pools.waiting, worker))


async def read_pools(connection: Connection) -> WorkerPools:
    """The pools of all living workers together."""
    sql = f"""
        SELECT coalesce(sum(pool_in_use), 0)::int, coalesce(sum(pool_waiting), 0)::int
        FROM worker_heartbeat WHERE seen_at > clock_timestamp() - {_ALIVE}"""  # noqa: S608 - our own condition
    row = await (await connection.execute(sql)).fetchone()
    assert row is not None
    return WorkerPools(*row)
