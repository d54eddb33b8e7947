"""In: what is learnt of each account's answers and of its hours; out: the same, kept beside the account."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
from psycopg.types.json import Jsonb

from paradeiro.db.pool import Connection
from paradeiro.db.set_aside import why_of
from paradeiro.domain.drift import Habit
from paradeiro.domain.silence import Hour


@dataclass(frozen=True, slots=True)
class Example:
    """An answer before a change and one after it, masked, and the reply that the second is."""

    before: str = ""
    after: str = ""
    reply_id: int | None = None


@dataclass(frozen=True, slots=True)
class Watch:
    """`told_at`: when the open notice was last brought up to date. `lost`: why what was learnt could not be read; it
    begins anew.
    """

    habit: Habit
    example: Example
    told_at: datetime | None
    lost: str = ""


async def lock(connection: Connection, store_id: int, account_id: int) -> Watch:
    """An account's watch, locked against others that carry it on until the transaction ends."""
    sql = "INSERT INTO watch (account_id, store_id) VALUES (%s, %s) ON CONFLICT (account_id) DO NOTHING"
    await connection.execute(sql, (account_id, store_id))
    sql = "SELECT habit::text, example::text, told_at FROM watch WHERE account_id = %s FOR UPDATE"
    row = await (await connection.execute(sql, (account_id,))).fetchone()
    assert row is not None, "it was made above"
    try:
        return Watch(msgspec.json.decode(row[0], type=Habit), msgspec.json.decode(row[1], type=Example), row[2])
    except ValueError as error:
        return Watch(Habit(), Example(), None, lost=why_of(error))


async def keep(connection: Connection, account_id: int, watch: Watch) -> None:
    """Write a watch that was locked."""
    sql = "UPDATE watch SET habit = %s, example = %s, told_at = %s WHERE account_id = %s"
    habit, example = msgspec.to_builtins(watch.habit), msgspec.to_builtins(watch.example)
    await connection.execute(sql, (Jsonb(habit), Jsonb(example), watch.told_at, account_id))


async def habit(connection: Connection, account_id: int) -> Habit:
    """What an account's answers are like, as last written; an empty habit for one that was never asked."""
    row = await (
        await connection.execute("SELECT habit::text FROM watch WHERE account_id = %s", (account_id,))
    ).fetchone()
    try:
        return msgspec.json.decode(row[0], type=Habit) if row else Habit()
    except ValueError:  # whoever carries it on tells that it begins anew
        return Habit()


async def count(
    connection: Connection, store_id: int, account_id: int, *, now: datetime, answers: int = 0, events: int = 0
) -> None:
    """Add to the account's running hour."""
    sql = """
        INSERT INTO account_hour (account_id, store_id, hour, answers, events) VALUES (%s, %s, %s, %s, %s)
        ON CONFLICT (account_id, hour) DO UPDATE
        SET answers = account_hour.answers + EXCLUDED.answers, events = account_hour.events + EXCLUDED.events"""
    await connection.execute(sql, (account_id, store_id, _hour(now), answers, events))


async def odd_shipments(connection: Connection, account_id: int, *, eventless: bool) -> int:
    """How many shipments the last question about told nothing that could be read; with `eventless` also those that
    had news and are said to be unknown now.
    """
    sql = """
        SELECT count(*) FROM shipment WHERE account_id = %s
          AND (outcome = 'malformed' OR (%s AND outcome = 'not_found' AND news_at IS NOT NULL))"""
    row = await (await connection.execute(sql, (account_id, eventless))).fetchone()
    return int(row[0]) if row else 0


async def due(connection: Connection, *, before: datetime) -> list[int]:
    """Carrier accounts that were last listened to before an instant and have anything under way."""
    sql = """
        SELECT a.id FROM account a LEFT JOIN watch w ON w.account_id = a.id
        WHERE a.kind = 'carrier' AND a.state NOT IN ('disabled', 'removed')
          AND (w.listened_at IS NULL OR w.listened_at <= %s)
          AND EXISTS (SELECT 1 FROM shipment s WHERE s.account_id = a.id AND s.next_check IS NOT NULL)"""
    return [row[0] async for row in await connection.execute(sql, (before,))]


async def listened(connection: Connection, store_id: int, account_id: int, *, now: datetime, lively: datetime) -> None:
    """Note that an account is listened to now, and how many of its shipments are under way: asked for, not ended, and
    heard of or registered since `lively`. The hour before the watch: everybody locks them in that order.
    """
    sql = """
        INSERT INTO account_hour (account_id, store_id, hour, active)
        SELECT %(account)s, %(store)s, %(hour)s, count(*)::int FROM shipment
        WHERE account_id = %(account)s AND next_check IS NOT NULL
          AND status NOT IN ('delivered', 'returned', 'cancelled') AND coalesce(news_at, registered_at) >= %(lively)s
        ON CONFLICT (account_id, hour) DO UPDATE SET active = EXCLUDED.active"""
    values = {"account": account_id, "store": store_id, "hour": _hour(now), "lively": lively}
    await connection.execute(sql, values)
    sql = """
        INSERT INTO watch (account_id, store_id, listened_at) VALUES (%s, %s, %s)
        ON CONFLICT (account_id) DO UPDATE SET listened_at = EXCLUDED.listened_at"""
    await connection.execute(sql, (account_id, store_id, now))


async def hours(connection: Connection, account_id: int, *, since: datetime) -> list[Hour]:
    """An account's hours, oldest first."""
    sql = """
        SELECT hour, answers, events, active FROM account_hour
        WHERE account_id = %s AND hour >= %s ORDER BY hour"""
    return [Hour(*row) async for row in await connection.execute(sql, (account_id, since))]


async def forget_hours(connection: Connection, account_id: int, *, before: datetime) -> None:
    """Drop hours that no rhythm is learnt from any more."""
    await connection.execute("DELETE FROM account_hour WHERE account_id = %s AND hour < %s", (account_id, before))


def _hour(now: datetime) -> datetime:
    return now - timedelta(minutes=now.minute, seconds=now.second, microseconds=now.microsecond)
