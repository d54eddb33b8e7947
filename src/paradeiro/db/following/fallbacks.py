"""In: accounts to ask when a carrier's primary account cannot answer; out: shipments to ask about, and results."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from paradeiro.db.following import shipments
from paradeiro.db.following.shipments import CheckResult, ReadRows
from paradeiro.db.operations.set_aside import not_set_aside
from paradeiro.db.pool import Connection


@dataclass(frozen=True, slots=True)
class Fallback:
    """An account that is asked about `carrier`'s packages; of those that answer, the one of the lowest rank."""

    carrier: str
    account_id: int
    account_name: str
    rank: int


async def put_fallback(connection: Connection, store_id: int, *, carrier: str, account_id: int, rank: int) -> None:
    """Add a fallback account, or change its rank."""
    sql = """
        INSERT INTO fallback (store_id, carrier, account_id, rank) VALUES (%s, %s, %s, %s)
        ON CONFLICT (store_id, carrier, account_id) DO UPDATE SET rank = EXCLUDED.rank"""
    await connection.execute(sql, (store_id, carrier, account_id, rank))


async def remove_fallback(connection: Connection, store_id: int, *, carrier: str, account_id: int) -> bool:
    """Remove a fallback account. False if it was none."""
    sql = "DELETE FROM fallback WHERE store_id = %s AND carrier = %s AND account_id = %s RETURNING true"
    return await (await connection.execute(sql, (store_id, carrier, account_id))).fetchone() is not None


async def fallbacks_of_store(connection: Connection, store_id: int) -> list[Fallback]:
    """A store's fallback accounts, in the order in which they are asked."""
    sql = """
        SELECT i.carrier, i.account_id, a.name, i.rank FROM fallback i JOIN account a ON a.id = i.account_id
        WHERE i.store_id = %s ORDER BY i.carrier, i.rank, i.account_id"""
    return [Fallback(*row) async for row in await connection.execute(sql, (store_id,))]


async def fallback_name(connection: Connection, account_id: int) -> str:
    """The name of the fallback that is asked while this account cannot answer; empty if there is none."""
    sql = """
        SELECT b.name FROM account a JOIN fallback i ON i.store_id = a.store_id AND i.carrier = a.connector
        JOIN account b ON b.id = i.account_id
        WHERE a.id = %s AND b.id <> a.id AND b.state = 'ok' ORDER BY i.rank, i.account_id LIMIT 1"""
    row = await (await connection.execute(sql, (account_id,))).fetchone()
    return str(row[0]) if row else ""


# Active fallbacks of unhealthy primary accounts (`home_id`). A fallback is not asked while one of lower rank is
# healthy, nor until an unhealthy one of lower rank was tried again after its pause: else chance could keep it out for
# ever.
_STANDS = """
    SELECT i.account_id, h.id AS home_id FROM fallback i
    JOIN account a ON a.id = i.account_id
    JOIN account h ON h.store_id = i.store_id AND h.connector = i.carrier AND h.id <> i.account_id
    WHERE (h.state = 'paused' OR (h.state = 'outage' AND h.problem_since <= %(since)s))
      AND a.state NOT IN ('disabled', 'removed') AND (a.open_at IS NULL OR a.open_at <= %(now)s)
      AND NOT EXISTS (
          SELECT 1 FROM fallback e JOIN account b ON b.id = e.account_id
          WHERE e.store_id = i.store_id AND e.carrier = i.carrier AND e.account_id <> h.id
            AND b.state NOT IN ('disabled', 'removed') AND (b.state = 'ok' OR b.open_at <= %(now)s)
            AND (e.rank, e.account_id) < (i.rank, i.account_id))"""
_DUE = f"""s.next_check <= %(now)s AND (s.leased_until IS NULL OR s.leased_until <= %(now)s)
    AND {not_set_aside("shipment", "s.id")}"""


async def due_accounts(connection: Connection, *, now: datetime, patience: timedelta) -> list[int]:
    """Fallback accounts to ask now about shipments whose primary account has failed for `patience`."""
    sql = f"""
        SELECT DISTINCT i.account_id FROM ({_STANDS}) i
        WHERE EXISTS (SELECT 1 FROM shipment s WHERE s.account_id = i.home_id AND {_DUE})"""  # noqa: S608 - our own text
    values = {"now": now, "since": now - patience}
    return [row[0] async for row in await connection.execute(sql, values)]


async def claim_shipments(
    connection: Connection, account_id: int, *, now: datetime, patience: timedelta, lease: datetime, limit: int
) -> ReadRows:
    """Claim up to `limit` due shipments for which this account is the fallback. Digest, outcome and failures are those
    of its own answers, not of the primary account's.
    """
    sql = f"""
        UPDATE shipment SET leased_until = %(lease)s WHERE id IN (
            SELECT s.id FROM ({_STANDS}) i JOIN shipment s ON s.account_id = i.home_id
            WHERE i.account_id = %(account)s AND {_DUE}
            ORDER BY s.next_check LIMIT %(limit)s FOR UPDATE OF s SKIP LOCKED)
        RETURNING id"""  # noqa: S608 - our own text
    values = {"now": now, "since": now - patience, "lease": lease, "account": account_id, "limit": limit}
    ids = [row[0] async for row in await connection.execute(sql, values)]
    known = await _answers(connection, account_id, ids)
    found = await shipments.claimed_rows(connection, ids)
    return replace(found, rows=[replace(k, **known.get(k.shipment.id, _NEVER)) for k in found.rows])


_NEVER = {"digest": None, "outcome": "", "failures": 0}


async def _answers(connection: Connection, account_id: int, ids: Sequence[int]) -> dict[int, dict[str, object]]:
    sql = """
        SELECT shipment_id, digest, outcome, failures FROM fallback_answer
        WHERE account_id = %s AND shipment_id = ANY(%s)"""
    rows = await connection.execute(sql, (account_id, list(ids)))
    return {
        row[0]: {"digest": bytes(row[1]) if row[1] is not None else None, "outcome": row[2], "failures": row[3]}
        async for row in rows
    }


async def write_results(
    connection: Connection, account_id: int, asked: Sequence[CheckResult], *, now: datetime
) -> None:
    """Write a fallback's results: the schedule to `shipment`, the rest to `fallback_answer`."""
    if not asked:
        return
    ordered = sorted(asked, key=lambda a: a.id)
    sql = """
        WITH locked AS (SELECT id FROM shipment WHERE id = ANY(%s) ORDER BY id FOR UPDATE)
        UPDATE shipment s SET leased_until = NULL,
            next_check = CASE WHEN s.replaced_by IS NOT NULL THEN NULL
                              WHEN a.waits THEN s.next_check ELSE a.next_check END
        FROM unnest(%s::bigint[], %s::timestamptz[], %s::boolean[]) AS a (id, next_check, waits)
        JOIN locked USING (id) WHERE s.id = a.id"""
    ids = [a.id for a in ordered]
    await connection.execute(sql, (ids, ids, [a.next_check for a in ordered], [a.waits for a in ordered]))
    sql = """
        INSERT INTO fallback_answer AS k (store_id, shipment_id, account_id, digest, outcome, failures, asked_at)
        SELECT s.store_id, s.id, %s, a.digest, a.outcome, a.failures, %s
        FROM unnest(%s::bigint[], %s::bytea[], %s::text[], %s::int[]) AS a (id, digest, outcome, failures)
        JOIN shipment s USING (id)
        ON CONFLICT (shipment_id, account_id, store_id) DO UPDATE SET digest = coalesce(EXCLUDED.digest, k.digest),
            outcome = EXCLUDED.outcome, failures = EXCLUDED.failures, asked_at = EXCLUDED.asked_at"""
    columns = ([a.digest for a in ordered], [a.outcome.value for a in ordered], [a.failures for a in ordered])
    await connection.execute(sql, (account_id, now, ids, *columns))


async def return_to_primary(connection: Connection, account_id: int, *, since: datetime, now: datetime) -> None:
    """The primary account answers again: shipments that fallbacks answered since then are due at once."""
    sql = """
        UPDATE shipment SET next_check = %(now)s WHERE id IN (
            SELECT s.id FROM shipment s
            WHERE s.account_id = %(account)s AND s.next_check > %(now)s AND EXISTS (
                SELECT 1 FROM fallback_answer k
                WHERE k.shipment_id = s.id AND k.account_id <> %(account)s AND k.asked_at >= %(since)s)
            ORDER BY s.id FOR UPDATE)"""
    await connection.execute(sql, {"account": account_id, "since": since, "now": now})
