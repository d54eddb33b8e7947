"""In: an instant; out: rows older than that, deleted a bounded number at a time.

Retention times: docs/operations.md.
"""

from datetime import datetime

from paradeiro.db.pool import Connection


async def remove_job_log(connection: Connection, *, before: datetime, limit: int) -> int:
    """Delete from the queue's own job log. How many rows."""
    return await _delete(
        connection,
        "DELETE FROM pgqueuer_log WHERE id IN (SELECT id FROM pgqueuer_log WHERE created < %s ORDER BY id LIMIT %s)",
        before,
        limit,
    )


async def remove_attempts(connection: Connection, *, before: datetime, limit: int) -> int:
    """Delete attempts of effects that have ended. How many rows."""
    sql = """
        DELETE FROM attempt WHERE id IN (
            SELECT a.id FROM attempt a JOIN effect e ON e.id = a.effect_id
            WHERE a.ended_at < %s AND e.state IN ('done', 'refused', 'superseded') ORDER BY a.id LIMIT %s)"""
    return await _delete(connection, sql, before, limit)


async def remove_hours(connection: Connection, *, before: datetime, limit: int) -> int:
    """Delete hourly counts of accounts. How many rows."""
    sql = """
        DELETE FROM account_hour WHERE (account_id, hour) IN (
            SELECT account_id, hour FROM account_hour WHERE hour < %s LIMIT %s)"""
    return await _delete(connection, sql, before, limit)


async def remove_notices(connection: Connection, *, before: datetime, limit: int) -> int:
    """Delete resolved notices that hold no reply. How many rows."""
    sql = """
        DELETE FROM notice WHERE id IN (
            SELECT n.id FROM notice n WHERE n.resolved_at < %s
              AND NOT EXISTS (SELECT 1 FROM retention_hold h WHERE h.notice_id = n.id) ORDER BY n.id LIMIT %s)"""
    return await _delete(connection, sql, before, limit)


async def remove_workers(connection: Connection, *, before: datetime, limit: int) -> int:
    """Delete failures of jobs that run no more, and heartbeats of killed workers. How many failures."""
    sql = """
        DELETE FROM job_failure WHERE (job, payload) IN (
            SELECT job, payload FROM job_failure WHERE last_at < %s LIMIT %s)"""
    gone = await _delete(connection, sql, before, limit)
    await connection.execute("DELETE FROM worker_heartbeat WHERE seen_at < clock_timestamp() - interval '1 day'")
    return gone


async def _delete(connection: Connection, sql: str, before: datetime, limit: int) -> int:
    return (await connection.execute(sql, (before, limit))).rowcount
