"""In: an instant; out: what waits for an instant that no rule of ours would have named, and the same made due again."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from paradeiro.db.pool import Connection


@dataclass(frozen=True, slots=True)
class PutOff:
    """Rows that wait too long. `what` says in plain words what they are; `count` how many there are."""

    what: str
    count: int


@dataclass(frozen=True, slots=True)
class Jobs:
    """`oldest`: how long the job that waits longest has been due. `abandoned`: picked by a worker that is gone."""

    waiting: int
    oldest: timedelta
    abandoned: int


@dataclass(frozen=True, slots=True)
class Troubled:
    """An account that is not asked, or not well."""

    store: str
    account: str
    state: str
    trouble: str
    open_at: datetime | None


@dataclass(frozen=True, slots=True)
class _Wait:
    what: str
    table: str
    column: str
    longest: timedelta  # that a rule of ours, or a party's own word, ever names
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
    _Wait("accounts that are listened to only much later", "watch", "listened_at", timedelta(hours=1)),
    _Wait("addresses for pushes that are checked only much later", "hook", "checked_at", timedelta(days=1)),
)
# A package that has not arrived and about which nobody asks any more, though it had news, or was registered, not long
# ago. A code that its carrier refused for good is not one: a notice waits for a person.
_RESTS = """
    FROM shipment s WHERE s.next_check IS NULL AND s.status NOT IN ('delivered', 'returned', 'cancelled')
      AND s.account_id IS NOT NULL AND s.replaced_by IS NULL AND s.outcome <> 'refused'
      AND coalesce(s.news_at, s.registered_at) > %(now)s - %(patience)s"""


async def put_off(connection: Connection, *, now: datetime, patience: timedelta) -> list[PutOff]:
    """What waits too long. `patience`: how long a package without news is followed."""
    found = []
    for wait in _WAITS:
        sql = f"SELECT count(*) FROM {wait.table} WHERE {wait.which} AND {wait.column} > %s"  # noqa: S608 - our own words
        found.append(PutOff(wait.what, await _count(connection, sql, (now + wait.longest,))))
    sql = f"SELECT count(*) {_RESTS}"
    count = await _count(connection, sql, {"now": now, "patience": patience})
    return [each for each in (*found, PutOff("packages that nobody asks for any more", count)) if each.count]


async def make_due(connection: Connection, *, now: datetime, patience: timedelta) -> int:
    """Make all of it due now. How many rows that were."""
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


async def jobs(connection: Connection) -> Jobs:
    """How the queue is."""
    sql = """
        SELECT count(*), coalesce(max(now() - execute_after) FILTER (WHERE status = 'queued'), interval '0'),
               count(*) FILTER (WHERE status = 'picked' AND heartbeat < now() - interval '2 minutes')
        FROM pgqueuer WHERE status IN ('queued', 'picked')"""
    row = await (await connection.execute(sql)).fetchone()
    assert row is not None
    return Jobs(row[0], max(row[1], timedelta(0)), row[2])


async def troubled(connection: Connection) -> list[Troubled]:
    """Accounts in trouble, those that are disabled too."""
    sql = """
        SELECT t.name, a.name, a.state, a.trouble, a.open_at FROM account a JOIN store t USING (store_id)
        WHERE a.state NOT IN ('ok', 'removed') ORDER BY t.name, a.name"""
    return [Troubled(*row) async for row in await connection.execute(sql)]


async def _count(connection: Connection, sql: str, values: tuple[datetime] | dict[str, object]) -> int:
    row = await (await connection.execute(sql, values)).fetchone()
    return int(row[0]) if row else 0
