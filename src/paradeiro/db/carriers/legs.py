"""In: other carriers' parts of shipments' ways; out: the same to ask about, and the results of asking."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from paradeiro.db.following import shipments
from paradeiro.db.following.shipments import CheckResult, ReadRows
from paradeiro.db.operations.set_aside import not_set_aside
from paradeiro.db.pool import Connection


@dataclass(frozen=True, slots=True)
class LegDraft:
    """A part of a shipment's way at another carrier. `account_id`: None if the store has no account there yet."""

    store_id: int
    shipment_id: int
    carrier: str
    tracking_code: str
    account_id: int | None
    named_by: str


@dataclass(frozen=True, slots=True)
class Leg:
    """A stored leg, for display."""

    id: int
    shipment_id: int
    carrier: str
    tracking_code: str
    account_name: str | None
    named_by: str
    outcome: str
    asked_at: datetime | None


async def put_legs(connection: Connection, drafts: Sequence[LegDraft], *, now: datetime) -> list[int]:
    """Store legs, due at once where there is an account; known ones stay. Returns the accounts of new ones."""
    accounts: set[int] = set()
    sql = """
        INSERT INTO shipment_leg (store_id, shipment_id, account_id, carrier, tracking_code, named_by, next_check,
                                  created_at)
        VALUES (%s, %s, %s, %s, %s, %s, CASE WHEN %s::bigint IS NOT NULL THEN %s::timestamptz END, %s)
        ON CONFLICT (shipment_id, carrier, tracking_code, store_id) DO UPDATE
            SET account_id = EXCLUDED.account_id, next_check = EXCLUDED.next_check
            WHERE shipment_leg.account_id IS NULL AND EXCLUDED.account_id IS NOT NULL
        RETURNING account_id"""
    for draft in sorted(set(drafts), key=lambda d: (d.shipment_id, d.carrier, d.tracking_code)):
        values = (draft.store_id, draft.shipment_id, draft.account_id, draft.carrier, draft.tracking_code)
        more = (draft.named_by, draft.account_id, now, now)
        row = await (await connection.execute(sql, (*values, *more))).fetchone()
        if row is not None and row[0] is not None:
            accounts.add(row[0])
    return sorted(accounts)


async def legs_of(connection: Connection, shipment_ids: Sequence[int]) -> list[Leg]:
    """The legs of shipments, the oldest first."""
    sql = """
        SELECT l.id, l.shipment_id, l.carrier, l.tracking_code, a.name, l.named_by, l.outcome, l.asked_at
        FROM shipment_leg l LEFT JOIN account a ON a.id = l.account_id
        WHERE l.shipment_id = ANY(%s) ORDER BY l.id"""
    return [Leg(*row) async for row in await connection.execute(sql, (list(shipment_ids),))]


_DUE = f"""l.next_check <= %(now)s AND (l.leased_until IS NULL OR l.leased_until <= %(now)s)
    AND {not_set_aside("shipment", "l.shipment_id")}"""


async def due_accounts(connection: Connection, *, now: datetime) -> list[int]:
    """Accounts with legs that are due, which may be asked now."""
    sql = f"""
        SELECT a.id FROM account a WHERE a.kind = 'carrier' AND a.state NOT IN ('disabled', 'removed')
          AND (a.open_at IS NULL OR a.open_at <= %(now)s)
          AND EXISTS (SELECT 1 FROM shipment_leg l WHERE l.account_id = a.id AND {_DUE})"""  # noqa: S608 - our own text
    return [row[0] async for row in await connection.execute(sql, {"now": now})]


async def claim_legs(
    connection: Connection, account_id: int, *, now: datetime, lease: datetime, limit: int
) -> ReadRows:
    """Claim up to `limit` due legs of an account: their shipments, each with the leg's code and the leg's own digest,
    outcome and failures.
    """
    sql = f"""
        UPDATE shipment_leg SET leased_until = %(lease)s WHERE id IN (
            SELECT l.id FROM shipment_leg l WHERE l.account_id = %(account)s AND {_DUE}
            ORDER BY l.next_check LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
        RETURNING id, shipment_id, tracking_code, digest, outcome, failures"""  # noqa: S608 - our own text
    values = {"now": now, "lease": lease, "account": account_id, "limit": limit}
    claimed = [row async for row in await connection.execute(sql, values)]
    found = await shipments.claimed_rows(connection, [row[1] for row in claimed])
    by_id = {row.shipment.id: row for row in found.rows}
    rows = [
        replace(
            by_id[shipment_id],
            shipment=replace(by_id[shipment_id].shipment, tracking_code=code),
            leg_id=leg_id,
            digest=bytes(digest) if digest is not None else None,
            outcome=outcome,
            failures=failures,
        )
        for leg_id, shipment_id, code, digest, outcome, failures in claimed
        if shipment_id in by_id
    ]
    return replace(found, rows=rows)


async def write_results(connection: Connection, asked: Sequence[CheckResult], *, now: datetime) -> None:
    """Write the results of a batch of legs; `CheckResult.id` is the leg's."""
    if not asked:
        return
    sql = """
        UPDATE shipment_leg l SET outcome = a.outcome, failures = a.failures, leased_until = NULL, asked_at = %s,
            next_check = CASE WHEN a.waits THEN l.next_check ELSE a.next_check END,
            digest = coalesce(a.digest, l.digest)
        FROM unnest(%s::bigint[], %s::text[], %s::timestamptz[], %s::int[], %s::bytea[], %s::boolean[])
            AS a (id, outcome, next_check, failures, digest, waits)
        WHERE l.id = a.id"""
    ordered = sorted(asked, key=lambda a: a.id)
    columns = (
        [a.id for a in ordered],
        [a.outcome.value for a in ordered],
        [a.next_check for a in ordered],
        [a.failures for a in ordered],
        [a.digest for a in ordered],
        [a.waits for a in ordered],
    )
    await connection.execute(sql, (now, *columns))


async def release_claims(connection: Connection, leg_ids: Sequence[int]) -> None:
    """Release claimed legs unchanged: they are still due."""
    await connection.execute("UPDATE shipment_leg SET leased_until = NULL WHERE id = ANY(%s)", (list(leg_ids),))
