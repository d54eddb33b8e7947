"""In: shipments to claim, lock and update; out: shipments with their orders, as frozen values."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from paradeiro.db.following.shipment_rows import (
    ReadRows,
    ShipmentRow,
    lenient_row,
    packages_of_rows,
    read_rows,
    read_valid_rows,
    with_further_invoices,
)
from paradeiro.db.operations.set_aside import not_set_aside
from paradeiro.db.pool import Connection
from paradeiro.domain.records import Snapshot
from paradeiro.domain.words import Outcome, Status

__all__ = ["ReadRows", "ShipmentRow"]  # re-exported: most functions here return them


@dataclass(frozen=True, slots=True)
class ShipmentUpdate:
    """A shipment's state after recording, and its next check. `vanished_at`: since when the carrier no longer shows a
    delivery; while it is set, the next answer is recorded even if it is the same. `reassess_at`: when the known events
    must be folded again because of the clock.
    """

    id: int
    snapshot: Snapshot
    next_check: datetime | None
    vanished_at: datetime | None = None
    reassess_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The result of a check: the next one, and the digest if the answer is new. `waits`: the account could not answer,
    so the shipment keeps its place in the queue.
    """

    id: int
    outcome: Outcome
    next_check: datetime | None
    failures: int = 0
    digest: bytes | None = None
    waits: bool = False


@dataclass(frozen=True, slots=True)
class FollowedShipment:
    """A shipment that an answer is about. `by_leg`: the answer is about a part of its way."""

    id: int
    carrier: str
    invoice_number: str = ""
    by_leg: bool = False


async def count_due(connection: Connection, account_id: int, *, now: datetime, most: int) -> int:
    """How many shipments `claim_due` could claim, counted up to `most`."""
    sql = f"""
        SELECT count(*) FROM (
            SELECT 1 FROM shipment
            WHERE account_id = %s AND next_check <= %s AND (leased_until IS NULL OR leased_until <= %s)
              AND {not_set_aside("shipment", "shipment.id")}
            LIMIT %s) due"""  # noqa: S608 - our own condition
    row = await (await connection.execute(sql, (account_id, now, now, most))).fetchone()
    return int(row[0]) if row else 0


async def claim_due(
    connection: Connection, account_id: int, *, now: datetime, lease: datetime, limit: int, probe: bool = False
) -> ReadRows:
    """Claim up to `limit` shipments that are due, the longest overdue first, until `lease`.
    `probe` (of an unhealthy account): those that failed least, due or not, since fallbacks may have been asked
    meanwhile.
    """
    order = "failures, next_check" if probe else "next_check"
    sql = f"""
        UPDATE shipment SET leased_until = %s, hinted_at = NULL WHERE id IN (
            SELECT id FROM shipment
            WHERE account_id = %s AND (next_check <= %s OR (%s AND next_check IS NOT NULL))
              AND (leased_until IS NULL OR leased_until <= %s) AND {not_set_aside("shipment", "shipment.id")}
            ORDER BY {order} LIMIT %s FOR UPDATE SKIP LOCKED)
        RETURNING id"""  # noqa: S608 - our own columns
    ids = [row[0] async for row in await connection.execute(sql, (lease, account_id, now, probe, now, limit))]
    return await claimed_rows(connection, ids)


async def claimed_rows(connection: Connection, ids: Sequence[int]) -> ReadRows:
    """Shipments by id, which the caller has claimed."""
    if not ids:
        return ReadRows([], [])
    return await read_valid_rows(connection, " WHERE s.id = ANY(%(ids)s) ORDER BY s.id", {"ids": list(ids)})


async def write_results(connection: Connection, asked: Sequence[CheckResult], *, now: datetime) -> None:
    """Write the results of a batch of checks in one statement. A null digest leaves the stored one. Shipments hinted at
    during the check stay due: the answer may be older than the hint.
    """
    if not asked:
        return
    # Locked in the order of their ids, as recording locks them, so that the two never wait for each other crosswise.
    sql = """
        WITH locked AS (SELECT id FROM shipment WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE)
        UPDATE shipment s SET outcome = a.outcome, failures = a.failures,
            next_check = coalesce(s.hinted_at, CASE WHEN s.replaced_by IS NOT NULL THEN NULL
                                                    WHEN a.waits THEN s.next_check ELSE a.next_check END),
            digest = coalesce(a.digest, s.digest), leased_until = NULL, asked_at = %s
        FROM unnest(%s::bigint[], %s::text[], %s::timestamptz[], %s::int[], %s::bytea[], %s::boolean[])
            AS a (id, outcome, next_check, failures, digest, waits) JOIN locked USING (id)
        WHERE s.id = a.id"""
    ordered = sorted(asked, key=lambda a: a.id)
    columns = (
        [a.id for a in ordered],
        [a.outcome.value for a in ordered],
        [a.next_check for a in ordered],
        [a.failures for a in ordered],
        [a.digest for a in ordered],
        [a.waits for a in ordered],
    )
    await connection.execute(sql, (columns[0], now, *columns))


async def mark_unreadable(
    connection: Connection, account_id: int, codes: Sequence[str], *, next_check: datetime
) -> None:
    """The last answer about these codes could not be read: check again at `next_check`, and read the answer even if it
    is the same, since the parser may have been fixed.
    """
    sql = """
        WITH locked AS (SELECT id FROM shipment WHERE account_id = %s AND tracking_code = ANY(%s)
                        ORDER BY id FOR NO KEY UPDATE)
        UPDATE shipment s SET outcome = 'malformed', digest = NULL, next_check = %s
        FROM locked WHERE s.id = locked.id"""
    await connection.execute(sql, (account_id, list(codes), next_check))


async def active_codes(connection: Connection, account_id: int, *, limit: int, unasked: bool = False) -> list[str]:
    """Tracking codes of an account's active shipments with the newest news: examples for a person."""
    sql = """
        SELECT tracking_code FROM shipment WHERE account_id = %s AND (next_check IS NOT NULL OR %s)
          AND status NOT IN ('delivered', 'returned', 'cancelled')
        ORDER BY news_at DESC NULLS LAST, id LIMIT %s"""
    return [row[0] async for row in await connection.execute(sql, (account_id, unasked, limit))]


async def release_claims(connection: Connection, ids: Sequence[int]) -> None:
    """Release claimed shipments unchanged: they are still due."""
    await connection.execute("UPDATE shipment SET leased_until = NULL WHERE id = ANY(%s)", (list(ids),))


async def unschedule(connection: Connection, account_id: int) -> None:
    """No shipment of an account is asked about: its carrier tells by itself."""
    await connection.execute(
        "UPDATE shipment SET next_check = NULL WHERE account_id = %s AND next_check IS NOT NULL", (account_id,)
    )


async def postpone(connection: Connection, ids: Sequence[int], *, until: datetime) -> None:
    """Release claimed shipments; they are due again at `until`."""
    sql = "UPDATE shipment SET leased_until = NULL, next_check = %s WHERE id = ANY(%s)"
    await connection.execute(sql, (until, list(ids)))


async def make_unasked_due(connection: Connection, account_id: int, *, now: datetime) -> None:
    """Make an account's shipments due that it was never asked about."""
    sql = """
        UPDATE shipment SET next_check = %s WHERE account_id = %s AND outcome = '' AND next_check > %s"""
    await connection.execute(sql, (now, account_id, now))


async def lock_shipments(connection: Connection, ids: Sequence[int]) -> list[ShipmentRow]:
    """Shipments by id, locked against other recording until the transaction ends."""
    rest = " WHERE s.id = ANY(%(ids)s) ORDER BY s.id FOR UPDATE OF s"
    return await with_further_invoices(connection, await read_rows(connection, rest, {"ids": sorted(set(ids))}))


async def lock_valid(connection: Connection, ids: Sequence[int]) -> ReadRows:
    """The same; rows that cannot be read are returned apart."""
    rest = " WHERE s.id = ANY(%(ids)s) ORDER BY s.id FOR UPDATE OF s"
    return await read_valid_rows(connection, rest, {"ids": sorted(set(ids))})


async def lock_orders_shared(connection: Connection, ids: Sequence[int]) -> ReadRows:
    """All rows of the orders of these shipments, further invoices included, locked FOR SHARE: waits for a recording
    under way and makes the next one wait.
    """
    rest = """
        WHERE s.order_id IN (SELECT order_id FROM shipment WHERE id = ANY(%(ids)s)) ORDER BY s.id FOR SHARE OF s"""
    return await read_valid_rows(connection, rest, {"ids": sorted(set(ids))})


async def lock_delivered(connection: Connection, ids: Sequence[int]) -> set[int]:
    """Those that are delivered, locked against recording until the transaction ends."""
    sql = "SELECT id, status FROM shipment WHERE id = ANY(%s) ORDER BY id FOR SHARE"
    rows = await connection.execute(sql, (sorted(set(ids)),))
    return {row[0] async for row in rows if row[1] == Status.DELIVERED}


async def followers(
    connection: Connection, codes: Sequence[tuple[int, str]]
) -> dict[tuple[int, str], list[FollowedShipment]]:
    """The shipments that are followed under each (account, tracking code): the account's own, those of others that it
    was asked about as a fallback, and those that it carries a leg of.
    """
    sql = """
        WITH asked AS (SELECT * FROM unnest(%s::bigint[], %s::text[]) AS asked (account_id, tracking_code))
        SELECT account_id, tracking_code, id, carrier, false FROM shipment JOIN asked USING (account_id, tracking_code)
        UNION
        SELECT a.account_id, a.tracking_code, s.id, s.carrier, false
        FROM asked a JOIN account c ON c.id = a.account_id
        JOIN shipment l ON l.store_id = c.store_id AND l.tracking_code = a.tracking_code
        JOIN fallback_answer w ON w.shipment_id = l.id AND w.account_id = a.account_id
        JOIN shipment s ON (s.store_id, s.carrier, s.tracking_code) = (l.store_id, l.carrier, l.tracking_code)
        WHERE s.package_id IS NULL
        UNION
        SELECT a.account_id, a.tracking_code, s.id, s.carrier, true
        FROM asked a JOIN shipment_leg l USING (account_id, tracking_code) JOIN shipment s ON s.id = l.shipment_id"""
    found: dict[tuple[int, str], list[FollowedShipment]] = defaultdict(list)
    rows = await connection.execute(sql, ([c[0] for c in codes], [c[1] for c in codes]))
    async for account_id, code, shipment_id, carrier, by_leg in rows:
        found[account_id, code].append(FollowedShipment(shipment_id, carrier, by_leg=by_leg))
    return found


async def update_timelines(connection: Connection, moved: Sequence[ShipmentUpdate]) -> None:
    """Write the states of shipments after recording, in one statement."""
    if not moved:
        return
    sql = """
        UPDATE shipment s SET status = m.status, reason = m.reason, delivered_at = m.delivered_at,
            news_at = m.news_at, snapshot = m.snapshot,
            next_check = coalesce(s.hinted_at, CASE WHEN s.replaced_by IS NULL THEN m.next_check END),
            leased_until = NULL, vanished_at = m.vanished_at, reassess_at = m.reassess_at,
            digest = CASE WHEN m.vanished_at IS NULL THEN s.digest END
        FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::timestamptz[], %s::timestamptz[], %s::jsonb[],
                    %s::timestamptz[], %s::timestamptz[], %s::timestamptz[])
            AS m (id, status, reason, delivered_at, news_at, snapshot, next_check, vanished_at, reassess_at)
        WHERE s.id = m.id"""
    columns = (
        [m.id for m in moved],
        [m.snapshot.status.value for m in moved],
        [m.snapshot.reason.value if m.snapshot.reason else None for m in moved],
        [m.snapshot.delivered_at for m in moved],
        [m.snapshot.news_at for m in moved],
        [msgspec.json.encode(m.snapshot).decode() for m in moved],
        [m.next_check for m in moved],
        [m.vanished_at for m in moved],
        [m.reassess_at for m in moved],
    )
    await connection.execute(sql, columns)


async def shipment_row(connection: Connection, store_id: int, shipment_id: int) -> ShipmentRow | None:
    """One shipment of a store; None if the store has none of that id. The id of a further invoice is its package's."""
    rest = """
        WHERE s.id = (SELECT coalesce(package_id, id) FROM shipment WHERE id = %(id)s AND store_id = %(store)s)"""
    found = await read_rows(connection, rest, {"id": shipment_id, "store": store_id}, lenient_row)
    return next(iter(await with_further_invoices(connection, found, lenient_row)), None)


async def of_order(connection: Connection, store_id: int, order_number: str) -> list[ShipmentRow]:
    """All shipments of an order, those whose label was replaced too."""
    rest = " WHERE s.store_id = %(store)s AND o.number = %(number)s ORDER BY s.id"
    return packages_of_rows(await read_rows(connection, rest, {"store": store_id, "number": order_number}, lenient_row))


async def by_token(connection: Connection, token: str) -> ShipmentRow | None:
    """The shipment behind a customer's link: of replaced labels, the last successor."""
    rest = """
        WHERE s.id = (
            WITH RECURSIVE way AS (
                SELECT coalesce(package_id, id) AS id, 0 AS step FROM shipment WHERE tracking_token = %(token)s
                UNION ALL
                SELECT r.replaced_by, way.step + 1 FROM way JOIN shipment r USING (id)
                WHERE r.replaced_by IS NOT NULL AND way.step < 20)
            SELECT id FROM way ORDER BY step DESC LIMIT 1)"""
    found = await read_rows(connection, rest, {"token": token}, lenient_row)
    return next(iter(await with_further_invoices(connection, found, lenient_row)), None)


async def make_due(connection: Connection, store_id: int, shipment_id: int, *, now: datetime) -> bool:
    """Make a shipment due at once. False if the store has none of that id."""
    sql = "UPDATE shipment SET next_check = %s WHERE id = %s AND store_id = %s RETURNING true"
    return await (await connection.execute(sql, (now, shipment_id, store_id))).fetchone() is not None


async def hint_codes(
    connection: Connection, account_id: int, codes: Sequence[str], *, now: datetime, pause: timedelta
) -> bool:
    """Make the shipments that are followed under these codes due: at once, or `pause` after they were last asked for.
    Whether any is due at once. Shipments hinted at already are left alone.
    """
    sql = """
        WITH named AS (
            SELECT id, greatest(%(now)s, asked_at + %(pause)s) AS due FROM shipment
            WHERE account_id = %(account)s AND tracking_code = ANY(%(codes)s) AND hinted_at IS NULL
            ORDER BY id FOR UPDATE)
        UPDATE shipment s SET hinted_at = named.due, next_check = least(s.next_check, named.due)
        FROM named WHERE s.id = named.id RETURNING named.due <= %(now)s"""
    values = {"account": account_id, "codes": list(codes), "now": now, "pause": pause}
    due = [row[0] async for row in await connection.execute(sql, values)]
    return any(due)


async def due_accounts(connection: Connection, *, now: datetime) -> list[int]:
    """Accounts with shipments that are due and that may be asked now, and unhealthy ones due for a probe."""
    sql = f"""
        SELECT a.id FROM account a WHERE a.kind = 'carrier' AND a.state NOT IN ('disabled', 'removed')
          AND (a.open_at IS NULL OR a.open_at <= %s)
          AND EXISTS (SELECT 1 FROM shipment s WHERE s.account_id = a.id
                      AND (s.next_check <= %s OR (a.state <> 'ok' AND s.next_check IS NOT NULL))
                      AND (s.leased_until IS NULL OR s.leased_until <= %s)
                      AND {not_set_aside("shipment", "s.id")})"""  # noqa: S608 - our own condition
    return [row[0] async for row in await connection.execute(sql, (now, now, now))]


async def due_sweeps(connection: Connection, *, now: datetime) -> list[int]:
    """Order system accounts whose order sweep is due."""
    sql = """
        SELECT id FROM account WHERE kind = 'order_system' AND state NOT IN ('disabled', 'removed')
          AND next_visit <= %s AND (open_at IS NULL OR open_at <= %s)"""
    return [row[0] async for row in await connection.execute(sql, (now, now))]


async def next_due(connection: Connection, *, patience: timedelta = timedelta(0)) -> datetime | None:
    """The earliest instant at which anything will be due; None if nothing ever will. Fallbacks are asked after
    `patience`.
    """
    sql = """
        SELECT min(at) FROM (
            SELECT CASE WHEN a.state = 'ok' THEN greatest(min(s.next_check), a.open_at) ELSE a.open_at END AS at
            FROM shipment s JOIN account a ON a.id = s.account_id
            WHERE s.next_check IS NOT NULL AND a.state NOT IN ('disabled', 'removed') AND NOT EXISTS (
                SELECT 1 FROM set_aside x WHERE (x.what, x.row_id) IN (('shipment', s.id), ('account', a.id)))
            GROUP BY a.id, a.store_id
            UNION ALL
            SELECT greatest(min(s.next_check), b.open_at, CASE a.state WHEN 'outage' THEN a.problem_since + %s END)
            FROM shipment s JOIN account a ON a.id = s.account_id AND a.state <> 'ok'
            JOIN fallback i ON i.store_id = a.store_id AND i.carrier = a.connector AND i.account_id <> a.id
            JOIN account b ON b.id = i.account_id GROUP BY a.id, a.store_id, b.id, b.store_id
            UNION ALL SELECT greatest(next_visit, open_at) FROM account
            WHERE kind = 'order_system' AND state NOT IN ('disabled', 'removed')
            UNION ALL SELECT greatest(min(l.next_check), a.open_at) FROM shipment_leg l
            JOIN account a ON a.id = l.account_id WHERE l.next_check IS NOT NULL
            GROUP BY a.id, a.store_id
            UNION ALL SELECT greatest(next_visit, open_at) FROM account
            WHERE kind = 'carrier' AND next_visit IS NOT NULL AND state NOT IN ('disabled', 'removed')
            UNION ALL SELECT greatest(n.at, a.open_at) FROM account a JOIN (
                SELECT account_id, due_at AS at FROM order_hint UNION ALL SELECT account_id, next_read FROM feed) n
                ON n.account_id = a.id
            UNION ALL SELECT greatest(min(p.next_try), a.open_at) FROM proof_search p
            JOIN shipment s ON s.id = p.shipment_id JOIN account a ON a.id = s.account_id
            GROUP BY a.id, a.store_id
            UNION ALL SELECT min(e.not_before) FROM effect e WHERE e.state IN ('pending', 'sending') AND NOT EXISTS (
                SELECT 1 FROM set_aside x WHERE (x.what, x.row_id) IN
                    (('effect', e.id), ('shipment', e.shipment_id), ('account', e.account_id)))) due"""
    row = await (await connection.execute(sql, (patience,))).fetchone()
    return row[0] if row else None


async def shipments_of_codes(connection: Connection, store_id: int, codes: Sequence[str]) -> list[ShipmentRow]:
    """All shipments of a store under these codes."""
    rest = " WHERE s.store_id = %(store)s AND s.tracking_code = ANY(%(codes)s) ORDER BY s.id"
    return packages_of_rows(await read_rows(connection, rest, {"store": store_id, "codes": list(codes)}, lenient_row))
