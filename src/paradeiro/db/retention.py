"""In: an instant; out: rows that are kept no longer than until then, deleted a bounded number at a time.

How long what is kept: docs/retention.md.
"""

from datetime import datetime

from paradeiro.db.pool import Connection


async def forget_job_log(connection: Connection, *, before: datetime, limit: int) -> int:
    """The queue's own log of jobs. How many rows went."""
    return await _delete(
        connection,
        "DELETE FROM pgqueuer_log WHERE id IN (SELECT id FROM pgqueuer_log WHERE created < %s ORDER BY id LIMIT %s)",
        before,
        limit,
    )


async def forget_attempts(connection: Connection, *, before: datetime, limit: int) -> int:
    """Tries of what was told and is settled. How many rows went."""
    sql = """
        DELETE FROM attempt WHERE id IN (
            SELECT a.id FROM attempt a JOIN effect e ON e.id = a.effect_id
            WHERE a.ended_at < %s AND e.state IN ('done', 'refused', 'superseded') ORDER BY a.id LIMIT %s)"""
    return await _delete(connection, sql, before, limit)


async def forget_hours(connection: Connection, *, before: datetime, limit: int) -> int:
    """How many answers and events an account had in an hour. How many rows went."""
    sql = """
        DELETE FROM account_hour WHERE (account_id, hour) IN (
            SELECT account_id, hour FROM account_hour WHERE hour < %s LIMIT %s)"""
    return await _delete(connection, sql, before, limit)


async def forget_notices(connection: Connection, *, before: datetime, limit: int) -> int:
    """Notices that ended, and that hold no answer any more. How many rows went."""
    sql = """
        DELETE FROM notice WHERE id IN (
            SELECT n.id FROM notice n WHERE n.resolved_at < %s
              AND NOT EXISTS (SELECT 1 FROM reply_hold h WHERE h.notice_id = n.id) ORDER BY n.id LIMIT %s)"""
    return await _delete(connection, sql, before, limit)


async def forget_workers(connection: Connection, *, before: datetime, limit: int) -> int:
    """Workers that were killed, and failures of jobs that nobody runs any more. How many rows went."""
    sql = """
        DELETE FROM job_failure WHERE (job, payload) IN (
            SELECT job, payload FROM job_failure WHERE last_at < %s LIMIT %s)"""
    gone = await _delete(connection, sql, before, limit)
    await connection.execute("DELETE FROM worker_heartbeat WHERE seen_at < clock_timestamp() - interval '1 day'")
    return gone


async def _delete(connection: Connection, sql: str, before: datetime, limit: int) -> int:
    return (await connection.execute(sql, (before, limit))).rowcount
