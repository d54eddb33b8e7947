"""In: webhook endpoints and their messages; out: lists, resent messages; endpoints disabled, enabled, removed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from paradeiro.db.pool import Connection
from paradeiro.db.secrets import seal


@dataclass(frozen=True, slots=True)
class EndpointLine:
    """An endpoint as a list shows it. `waiting`: messages not sent yet."""

    id: int
    name: str
    url: str
    state: str
    problem: str
    problem_since: datetime | None
    former_until: datetime | None
    waiting: int
    oldest: datetime | None  # of those that wait
    created_at: datetime


async def endpoint_lines(connection: Connection, store_id: int) -> list[EndpointLine]:
    """A store's endpoints, without their secrets."""
    sql = """
        SELECT a.id, a.name, a.settings->>'url' AS url, a.state, a.problem, a.problem_since,
               nullif(a.settings->>'former_until', '')::timestamptz AS former_until,
               count(e.id)::int AS waiting, min(e.created_at) AS oldest, a.created_at
        FROM account a LEFT JOIN effect e ON e.account_id = a.id AND e.state IN ('pending', 'sending')
        WHERE a.store_id = %s AND a.kind = 'webhook' AND a.state <> 'removed'
        GROUP BY a.id, a.store_id ORDER BY a.id"""
    async with connection.cursor(row_factory=class_row(EndpointLine)) as cursor:
        await cursor.execute(sql, (store_id,))
        return await cursor.fetchall()


async def put_settings(
    connection: Connection, account_id: int, *, settings: Mapping[str, str], secrets: Mapping[str, str], key: str
) -> None:
    """Replace an account's settings; its state stays."""
    await connection.execute(
        "UPDATE account SET settings = %s, secrets = %s WHERE id = %s",
        (Jsonb(dict(settings)), seal(dict(secrets), key), account_id),
    )


async def disable_endpoint(connection: Connection, account_id: int, *, why: str, now: datetime) -> bool:
    """Disable an endpoint: nothing is sent to it. False if it is disabled already."""
    sql = """
        UPDATE account SET state = 'disabled', problem = %s, problem_since = coalesce(problem_since, %s), open_at = NULL
        WHERE id = %s AND state NOT IN ('disabled', 'removed') RETURNING true"""
    return await (await connection.execute(sql, (why, now, account_id))).fetchone() is not None


async def enable_endpoint(connection: Connection, account_id: int, *, now: datetime) -> int:
    """Enable an endpoint, its failures and attempts reset. How many messages wait for it."""
    await connection.execute(
        """UPDATE account SET state = 'ok', problem = '', problem_since = NULL, failures = 0, open_at = NULL
           WHERE id = %s AND state <> 'removed'""",
        (account_id,),
    )
    # A message that is being sent for the first time right now keeps its lease.
    sql = """
        UPDATE effect SET attempts = 0, not_before = least(not_before, %s)
        WHERE account_id = %s AND state IN ('pending', 'sending')
          AND NOT (state = 'sending' AND message = '')"""
    done = await connection.execute(sql, (now, account_id))
    return done.rowcount


async def remove_endpoint(connection: Connection, account_id: int, *, key: str, now: datetime) -> int:
    """Remove an endpoint, its secrets and its waiting messages; sent ones stay in the history. How many waited."""
    sql = """
        UPDATE account SET state = 'removed', problem = '', open_at = NULL, secrets = %s, name = name || ' #' || id
        WHERE id = %s AND state <> 'removed' RETURNING true"""
    if await (await connection.execute(sql, (seal({}, key), account_id))).fetchone() is None:
        return 0
    done = await connection.execute(
        """UPDATE effect SET state = 'refused', message = 'the endpoint was removed', ended_at = %s, request = NULL
           WHERE account_id = %s AND state IN ('pending', 'sending')""",
        (now, account_id),
    )
    return done.rowcount


async def resend_messages(
    connection: Connection, account_id: int, *, now: datetime, since: datetime | None = None, message: str | None = None
) -> int:
    """Send accepted messages again, under the same ids: those since an instant, or a single one."""
    sql = """
        UPDATE effect SET state = 'pending', attempts = 0, not_before = %(now)s, ended_at = NULL, receipt = '',
            message = 'told again'
        WHERE account_id = %(account)s AND state = 'done' AND kind = 'webhook_event'
          AND (%(since)s::timestamptz IS NULL OR created_at >= %(since)s)
          AND (%(message)s::text IS NULL OR key::text = %(message)s)"""
    values = {"now": now, "account": account_id, "since": since, "message": message}
    return (await connection.execute(sql, values)).rowcount
