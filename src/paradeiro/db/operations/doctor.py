"""In: an instant; out: rows scheduled later than any rule allows, and the same made due."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from paradeiro.db.pool import Connection
from paradeiro.db.server.roles import statements


@dataclass(frozen=True, slots=True)
class OverdueRows:
    """Rows that wait too long. `what`: a phrase for a person; `count`: how many."""

    what: str
    count: int


@dataclass(frozen=True, slots=True)
class JobCounts:
    """`oldest`: how long the job that waits longest has been due. `abandoned`: picked by a worker that is gone."""

    waiting: int
    oldest: timedelta
    abandoned: int


@dataclass(frozen=True, slots=True)
class UnhealthyAccount:
    """An unhealthy or disabled account."""

    store: str
    account: str
    state: str
    problem: str
    open_at: datetime | None


@dataclass(frozen=True, slots=True)
class _Wait:
    what: str
    table: str
    column: str
    longest: timedelta  # the longest delay by our rules or a party's Retry-After
    which: str = "true"


_WAITS = (
    _Wait("packages that are asked for only much later", "shipment", "next_check", timedelta(days=9)),
    _Wait("packages held for a worker", "shipment", "leased_until", timedelta(hours=1)),
    _Wait(
        "messages that go only much later",
        "effect",
        "not_before",
        timedelta(days=7),
        "state IN ('pending', 'sending')",
    ),
    _Wait("accounts that are not asked before much later", "account", "open_at", timedelta(days=2)),
    _Wait("order systems that are looked at only much later", "account", "next_visit", timedelta(days=1)),
    _Wait("named orders that are read only much later", "order_hint", "due_at", timedelta(days=1)),
    _Wait("feeds that are read only much later", "feed", "next_read", timedelta(days=1)),
    _Wait("proofs that are asked for only much later", "proof_search", "next_try", timedelta(days=60)),
    _Wait("proofs held for a worker", "proof_search", "leased_until", timedelta(hours=1)),
    _Wait(
        "accounts that are checked for silence only much later",
        "contract_watch",
        "silence_checked_at",
        timedelta(hours=1),
    ),
    _Wait("addresses for pushes that are checked only much later", "hook", "checked_at", timedelta(days=1)),
)
# A package under way without a next check, though it had news or was registered within `patience`. Codes refused by
# the carrier are excluded: they have a notice.
_RESTS = """
    FROM shipment s WHERE s.next_check IS NULL AND s.status NOT IN ('delivered', 'returned', 'cancelled')
      AND s.account_id IS NOT NULL AND s.replaced_by IS NULL AND s.outcome <> 'refused'
      AND coalesce(s.news_at, s.registered_at) > %(now)s - %(patience)s"""


async def overdue_rows(connection: Connection, *, now: datetime, patience: timedelta) -> list[OverdueRows]:
    """Rows that wait too long. `patience`: how long a package without news is followed."""
    found = []
    for wait in _WAITS:
        sql = f"SELECT count(*) FROM {wait.table} WHERE {wait.which} AND {wait.column} > %s"  # noqa: S608 - our own words
        found.append(OverdueRows(wait.what, await _count(connection, sql, (now + wait.longest,))))
    sql = f"SELECT count(*) {_RESTS}"
    count = await _count(connection, sql, {"now": now, "patience": patience})
    return [each for each in (*found, OverdueRows("packages that nobody asks for any more", count)) if each.count]


async def make_due(connection: Connection, *, now: datetime, patience: timedelta) -> int:
    """Make these rows due now. How many they were."""
    changed = 0
    for wait in _WAITS:
        free = "NULL" if wait.column in {"leased_until", "open_at"} else "%(now)s"
        sql = f"""
            UPDATE {wait.table} SET {wait.column} = {free}
            WHERE {wait.which} AND {wait.column} > %(far)s"""  # noqa: S608 - our own words
        done = await connection.execute(sql, {"now": now, "far": now + wait.longest})
        changed += done.rowcount
    sql = f"UPDATE shipment SET next_check = %(now)s WHERE id IN (SELECT s.id {_RESTS} ORDER BY s.id FOR UPDATE)"  # noqa: S608 - our own words
    done = await connection.execute(sql, {"now": now, "patience": patience})
    return changed + done.rowcount


async def job_counts(connection: Connection) -> JobCounts:
    """The state of the job queue."""
    sql = """
        SELECT count(*), coalesce(max(now() - execute_after) FILTER (WHERE status = 'queued'), interval '0'),
               count(*) FILTER (WHERE status = 'picked' AND heartbeat < now() - interval '2 minutes')
        FROM pgqueuer WHERE status IN ('queued', 'picked')"""
    row = await (await connection.execute(sql)).fetchone()
    assert row is not None
    return JobCounts(row[0], max(row[1], timedelta(0)), row[2])


async def unhealthy_accounts(connection: Connection) -> list[UnhealthyAccount]:
    """Unhealthy accounts, disabled ones included."""
    sql = """
        SELECT t.name, a.name, a.state, a.problem, a.open_at FROM account a JOIN store t USING (store_id)
        WHERE a.state NOT IN ('ok', 'removed') ORDER BY t.name, a.name"""
    return [UnhealthyAccount(*row) async for row in await connection.execute(sql)]


async def why_not_apart(connection: Connection, *, has_roles: bool) -> str:
    """Why the database does not hold requests to their store by role, and what to do; empty if it does. The embedded
    server listens on no network, so that its superuser is nobody else.
    """
    if not has_roles:
        return f"its user has not the roles for it. Let a superuser run: {'; '.join(statements())}."
    sql = """
        SELECT (rolsuper OR rolbypassrls) AND current_setting('listen_addresses') <> ''
        FROM pg_roles WHERE rolname = session_user"""
    if await (await connection.execute(sql)).fetchone() != (True,):
        return ""
    return (
        "its user is a superuser or bypasses policies. Give PARADEIRO_DATABASE_URL a user that owns the database only."
    )


async def _count(connection: Connection, sql: str, values: tuple[datetime] | dict[str, object]) -> int:
    row = await (await connection.execute(sql, values)).fetchone()
    return int(row[0]) if row else 0
