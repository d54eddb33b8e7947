"""In: the baseline of each account's answers, and its hourly counts; out: rows of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
from psycopg.types.json import Jsonb

from paradeiro.db.operations.set_aside import error_text
from paradeiro.db.pool import Connection
from paradeiro.domain.bounds import clean_text, text_problem
from paradeiro.domain.following.contract_drift import Baseline
from paradeiro.domain.following.silence import Hour


@dataclass(frozen=True, slots=True)
class Example:
    """An answer before a change and one after it, masked, and the reply that the second is."""

    before: str = ""
    after: str = ""
    reply_id: int | None = None


@dataclass(frozen=True, slots=True)
class ContractWatch:
    """`notified_at`: when the open notice was last updated. `lost`: why the stored baseline could not be read; it is
    learnt anew.
    """

    baseline: Baseline
    example: Example
    notified_at: datetime | None
    lost: str = ""


async def lock_watch(connection: Connection, store_id: int, account_id: int) -> ContractWatch:
    """An account's watch, locked until the transaction ends."""
    sql = """
        INSERT INTO contract_watch (account_id, store_id) VALUES (%s, %s)
        ON CONFLICT (account_id, store_id) DO NOTHING"""
    await connection.execute(sql, (account_id, store_id))
    sql = "SELECT baseline::text, example::text, notified_at FROM contract_watch WHERE account_id = %s FOR UPDATE"
    row = await (await connection.execute(sql, (account_id,))).fetchone()
    assert row is not None, "it was made above"
    try:
        return ContractWatch(
            msgspec.json.decode(row[0], type=Baseline), msgspec.json.decode(row[1], type=Example), row[2]
        )
    except ValueError as error:
        return ContractWatch(Baseline(), Example(), None, lost=error_text(error))


async def put_watch(connection: Connection, account_id: int, watch: ContractWatch) -> None:
    """Write a watch that was locked."""
    sql = "UPDATE contract_watch SET baseline = %s, example = %s, notified_at = %s WHERE account_id = %s"
    baseline, example = msgspec.to_builtins(watch.baseline), msgspec.to_builtins(watch.example)
    values = (Jsonb(_storable(baseline)), Jsonb(_storable(example)), watch.notified_at, account_id)
    await connection.execute(sql, values)


def _storable(value: Any) -> Any:
    """A value without characters that the database takes in no text: names of fields, reasons and the example come from
    other parties, and must not keep their answers from being recorded.
    """
    if isinstance(value, str):
        return clean_text(value, lines=True) if text_problem(value, lines=True) else value
    if isinstance(value, dict):
        return {_storable(name): _storable(each) for name, each in value.items()}
    return [_storable(each) for each in value] if isinstance(value, list | tuple | set | frozenset) else value


async def baseline(connection: Connection, account_id: int) -> Baseline:
    """The stored baseline of an account's answers; empty if there is none."""
    row = await (
        await connection.execute("SELECT baseline::text FROM contract_watch WHERE account_id = %s", (account_id,))
    ).fetchone()
    try:
        return msgspec.json.decode(row[0], type=Baseline) if row else Baseline()
    except ValueError:  # `lock_watch` reports it
        return Baseline()


async def count_hour(
    connection: Connection, store_id: int, account_id: int, *, now: datetime, answers: int = 0, events: int = 0
) -> None:
    """Add to the account's current hour."""
    sql = """
        INSERT INTO account_hour (account_id, store_id, hour, answers, events) VALUES (%s, %s, %s, %s, %s)
        ON CONFLICT (account_id, hour, store_id) DO UPDATE
        SET answers = account_hour.answers + EXCLUDED.answers, events = account_hour.events + EXCLUDED.events"""
    await connection.execute(sql, (account_id, store_id, _hour(now), answers, events))


async def count_unreadable(connection: Connection, account_id: int, *, eventless: bool) -> int:
    """How many shipments had an unreadable last answer; with `eventless` also those that had news and are now not
    found.
    """
    sql = """
        SELECT count(*) FROM shipment WHERE account_id = %s
          AND (outcome = 'malformed' OR (%s AND outcome = 'not_found' AND news_at IS NOT NULL))"""
    row = await (await connection.execute(sql, (account_id, eventless))).fetchone()
    return int(row[0]) if row else 0


async def accounts_to_check(connection: Connection, *, before: datetime, unasked: Sequence[str] = ()) -> list[int]:
    """Carrier accounts last checked for silence before an instant that have shipments to check, or are at a connector
    in `unasked`: one whose carrier tells its news without being asked about each shipment.
    """
    sql = """
        SELECT a.id FROM account a LEFT JOIN contract_watch w ON w.account_id = a.id
        WHERE a.kind = 'carrier' AND a.state NOT IN ('disabled', 'removed')
          AND (w.silence_checked_at IS NULL OR w.silence_checked_at <= %s)
          AND (a.connector = ANY(%s)
               OR EXISTS (SELECT 1 FROM shipment s WHERE s.account_id = a.id AND s.next_check IS NOT NULL))"""
    return [row[0] async for row in await connection.execute(sql, (before, list(unasked)))]


async def mark_silence_checked(
    connection: Connection, store_id: int, account_id: int, *, now: datetime, lively: datetime, unasked: bool = False
) -> None:
    """Note that an account is checked for silence now, and count its active shipments: scheduled, not ended, with news
    or registered since `lively`. `unasked`: its shipments have no schedule. Lock order everywhere: the hour before the
    watch.
    """
    sql = """
        INSERT INTO account_hour (account_id, store_id, hour, active)
        SELECT %(account)s, %(store)s, %(hour)s, count(*)::int FROM shipment
        WHERE account_id = %(account)s AND (next_check IS NOT NULL OR (%(unasked)s AND replaced_by IS NULL))
          AND status NOT IN ('delivered', 'returned', 'cancelled') AND coalesce(news_at, registered_at) >= %(lively)s
        ON CONFLICT (account_id, hour, store_id) DO UPDATE SET active = EXCLUDED.active"""
    values = {"account": account_id, "store": store_id, "hour": _hour(now), "lively": lively}
    values["unasked"] = unasked
    await connection.execute(sql, values)
    sql = """
        INSERT INTO contract_watch (account_id, store_id, silence_checked_at) VALUES (%s, %s, %s)
        ON CONFLICT (account_id, store_id) DO UPDATE SET silence_checked_at = EXCLUDED.silence_checked_at"""
    await connection.execute(sql, (account_id, store_id, now))


async def hours(connection: Connection, account_id: int, *, since: datetime) -> list[Hour]:
    """An account's hours, oldest first."""
    sql = """
        SELECT hour, answers, events, active FROM account_hour
        WHERE account_id = %s AND hour >= %s ORDER BY hour"""
    return [Hour(*row) async for row in await connection.execute(sql, (account_id, since))]


async def remove_old_hours(connection: Connection, account_id: int, *, before: datetime) -> None:
    """Drop hours that are too old to learn the rhythm from."""
    await connection.execute("DELETE FROM account_hour WHERE account_id = %s AND hour < %s", (account_id, before))


def _hour(now: datetime) -> datetime:
    return now - timedelta(minutes=now.minute, seconds=now.second, microseconds=now.microsecond)
