"""In: heartbeats and failures of workers; out: rows of them, and health figures without personal data."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from paradeiro.db.pool import Connection

# A worker writes a heartbeat every ten seconds.
_ALIVE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class JobFailure:
    """A job that failed `count` times in a row. `to_log`: its trace must be logged (again)."""

    job: str
    payload: str
    error: str
    message: str
    count: int
    first_at: datetime
    to_log: bool = False


@dataclass(frozen=True, slots=True)
class Health:
    """The state of an installation. Ages in seconds; 0 where nothing waits."""

    jobs_waiting: int
    oldest_job_age: float
    workers: int
    failing_jobs: dict[str, int]  # by job, how many of them
    unhealthy_accounts: dict[str, int]  # by connector
    notices: dict[str, int]  # open ones, by kind
    shipments_followed: int
    shipments_overdue: int
    effects_waiting: int
    oldest_effect_age: float


async def count_failure(
    connection: Connection,
    job: str,
    payload: str,
    *,
    store_id: int | None,
    error: str,
    message: str,
    now: datetime,
    log_again: timedelta,
) -> JobFailure:
    """Count a failure of a job."""
    sql = """
        INSERT INTO job_failure AS f (job, payload, store_id, error, message, first_at, last_at, logged_at)
        VALUES (%(job)s, %(payload)s, %(store)s, %(error)s, %(message)s, %(now)s, %(now)s, %(now)s)
        ON CONFLICT (job, payload) DO UPDATE SET count = f.count + 1, error = EXCLUDED.error,
            message = EXCLUDED.message, last_at = EXCLUDED.last_at,
            logged_at = CASE WHEN f.error <> EXCLUDED.error OR f.logged_at <= %(log_before)s
                             THEN EXCLUDED.logged_at ELSE f.logged_at END,
            logged = CASE WHEN f.error <> EXCLUDED.error OR f.logged_at <= %(log_before)s
                          THEN f.count + 1 ELSE f.logged END
        RETURNING count, first_at, logged = count"""
    values = {
        "job": job,
        "payload": payload,
        "store": store_id,
        "error": error,
        "message": message,
        "now": now,
        "log_before": now - log_again,
    }
    row = await (await connection.execute(sql, values)).fetchone()
    assert row is not None
    return JobFailure(job, payload, error, message, row[0], row[1], to_log=row[2])


async def job_failures(connection: Connection) -> list[JobFailure]:
    """The jobs that fail now, the longest failing first."""
    sql = "SELECT job, payload, error, message, count, first_at FROM job_failure ORDER BY first_at, job, payload"
    return [JobFailure(*row) async for row in await connection.execute(sql)]


async def clear_failure(connection: Connection, job: str, payload: str) -> bool:
    """A job that failed before succeeded. False if that is noted already."""
    sql = "DELETE FROM job_failure WHERE job = %s AND payload = %s RETURNING true"
    return await (await connection.execute(sql, (job, payload))).fetchone() is not None


async def put_heartbeat(connection: Connection, worker: str) -> None:
    """Write a worker's heartbeat."""
    sql = """
        INSERT INTO worker_heartbeat (worker, seen_at) VALUES (%s, clock_timestamp())
        ON CONFLICT (worker) DO UPDATE SET seen_at = EXCLUDED.seen_at"""
    await connection.execute(sql, (worker,))


async def remove_heartbeat(connection: Connection, worker: str) -> None:
    """Remove the heartbeat of a worker that ends."""
    await connection.execute("DELETE FROM worker_heartbeat WHERE worker = %s", (worker,))


async def read_health(connection: Connection, *, now: datetime) -> Health:
    """All health figures. `now`: the flows' clock; the queue's jobs are as old as the database's says."""
    sql = """
        SELECT
            (SELECT count(*) FROM pgqueuer WHERE status IN ('queued', 'picked')),
            (SELECT coalesce(extract(epoch FROM clock_timestamp() - min(greatest(created, execute_after))), 0)::float8
             FROM pgqueuer WHERE status = 'queued' AND execute_after <= clock_timestamp()),
            (SELECT count(*) FROM worker_heartbeat WHERE seen_at > clock_timestamp() - %(alive)s),
            (SELECT count(*) FROM shipment WHERE next_check IS NOT NULL),
            (SELECT count(*) FROM shipment WHERE next_check < %(now)s - interval '1 hour'),
            (SELECT count(*) FROM effect WHERE state IN ('pending', 'sending')),
            (SELECT coalesce(extract(epoch FROM %(now)s - min(not_before)), 0)::float8
             FROM effect WHERE state IN ('pending', 'sending') AND not_before <= %(now)s)"""
    row = await (await connection.execute(sql, {"alive": _ALIVE, "now": now})).fetchone()
    assert row is not None
    return Health(
        jobs_waiting=row[0],
        oldest_job_age=row[1],
        workers=row[2],
        failing_jobs=await _counts(
            connection, "SELECT job, count(*)::int FROM job_failure WHERE count >= 3 GROUP BY 1"
        ),
        unhealthy_accounts=await _counts(
            connection, "SELECT connector, count(*)::int FROM account WHERE state IN ('outage', 'paused') GROUP BY 1"
        ),
        notices=await _counts(
            connection, "SELECT kind, count(*)::int FROM notice WHERE resolved_at IS NULL GROUP BY 1"
        ),
        shipments_followed=row[3],
        shipments_overdue=row[4],
        effects_waiting=row[5],
        oldest_effect_age=row[6],
    )


async def _counts(connection: Connection, sql: str) -> dict[str, int]:
    return {row[0]: row[1] async for row in await connection.execute(sql)}


@dataclass(frozen=True, slots=True)
class QueueHealth:
    """The cheap figures, for frequent requests. `clock`: why no work is done, if a worker's clock is not trusted."""

    jobs_waiting: int
    oldest_job_age: float
    workers: int
    failing_jobs: int
    clock: str


async def queue_health(connection: Connection) -> QueueHealth:
    """The cheap figures, read in one statement."""
    sql = """
        SELECT
            (SELECT count(*) FROM pgqueuer WHERE status IN ('queued', 'picked')),
            (SELECT coalesce(extract(epoch FROM clock_timestamp() - min(greatest(created, execute_after))), 0)::float8
             FROM pgqueuer WHERE status = 'queued' AND execute_after <= clock_timestamp()),
            (SELECT count(*) FROM worker_heartbeat WHERE seen_at > clock_timestamp() - %s),
            (SELECT count(*) FROM job_failure WHERE count >= 3),
            coalesce((SELECT problem FROM clock_seen), '')"""
    row = await (await connection.execute(sql, (_ALIVE,))).fetchone()
    assert row is not None
    return QueueHealth(*row)
