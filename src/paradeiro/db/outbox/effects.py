"""In: effects to send; out: the next ones, strictly in order per order and sink."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from psycopg.rows import class_row

from paradeiro.db.operations.set_aside import not_set_aside
from paradeiro.db.pool import Connection
from paradeiro.domain.bounds import clean_text
from paradeiro.domain.outbox.plan import AS_OF_CHANGE, BY_INVOICE, ONCE_PER_INVOICE, SUPERSEDING
from paradeiro.domain.words import EffectKind, Outcome, Status


@dataclass(frozen=True, slots=True)
class EffectRow:
    """An effect to add. `shipment_id` may be the row of a further invoice of a package. `invoice`: its number, if
    the sink takes messages by invoice: a newer one supersedes it, whichever package caused it.
    """

    store_id: int
    order_id: int
    shipment_id: int
    account_id: int
    kind: EffectKind
    cause: str
    invoice: str = ""


@dataclass(frozen=True, slots=True)
class ClaimedEffect:
    """A claimed effect. `request` is set if the same bytes must be sent again: the outcome of an earlier try is
    unknown. `up_to`: it reports events up to this id only, as of `created_at`; None: the newest facts.
    """

    id: int
    store_id: int
    order_id: int
    shipment_id: int
    account_id: int
    kind: str
    key: str
    attempts: int
    created_at: datetime
    up_to: int | None
    request: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class EffectResult:
    """How one try ended. `state` is the effect's new one; `not_before` when the next try may be, if one is needed."""

    id: int
    store_id: int
    state: str
    outcome: Outcome
    began_at: datetime
    not_before: datetime
    receipt: str = ""
    message: str = ""
    http_status: int | None = None


@dataclass(frozen=True, slots=True)
class EffectLine:
    """An effect in a list. `account`: the name of the sink; `shipment_id`: the package; `invoice_number`: of its
    invoice, if the sink takes messages by invoice.
    """

    id: int
    shipment_id: int
    invoice_number: str
    connector: str
    account: str
    kind: str
    state: str
    sent_status: str | None
    attempts: int
    doubts: int
    receipt: str
    message: str
    created_at: datetime
    ended_at: datetime | None
    came_back: str  # why a mail bounced; empty if it did not


async def add_effects(connection: Connection, rows: Sequence[EffectRow], *, now: datetime) -> list[EffectKind]:
    """Add effects; the same cause twice adds nothing. Older ones are superseded. Returns the kinds of the new ones.

    An effect's key comes from what it tells, not from ids: planned again after a restore, it has the same one.
    """
    rows = await _without_begun(connection, rows)
    if not rows:
        return []
    sql = """
        INSERT INTO effect
            (store_id, order_id, shipment_id, account_id, kind, cause, key, not_before, created_at, up_to)
        SELECT n.*, (SELECT md5(jsonb_build_array(st.effect_salt, o.number, s.carrier, s.tracking_code,
                s.invoice_number, n.account_id, n.kind, n.cause)::text)::uuid
            FROM shipment s JOIN orders o ON o.id = s.order_id JOIN store st ON st.store_id = s.store_id
            WHERE s.id = n.shipment_id), %s, %s, CASE WHEN n.kind = ANY(%s) THEN
            (SELECT coalesce(max(e.id), 0) FROM tracking_event e WHERE e.shipment_id = n.shipment_id) END
        FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::text[])
            AS n (store_id, order_id, shipment_id, account_id, kind, cause)
        ON CONFLICT (shipment_id, account_id, kind, cause, store_id)
        DO NOTHING RETURNING id, kind, shipment_id, account_id"""
    columns = (
        [row.store_id for row in rows],
        [row.order_id for row in rows],
        [row.shipment_id for row in rows],
        [row.account_id for row in rows],
        [row.kind.value for row in rows],
        [row.cause for row in rows],
    )
    by_invoice = {(row.shipment_id, row.account_id) for row in rows if row.invoice}
    as_it_was = [kind.value for kind in sorted(AS_OF_CHANGE)]
    new = await (await connection.execute(sql, (now, now, as_it_was, *columns))).fetchall()
    await _supersede(connection, [row[0] for row in new], now=now)
    await _supersede_invoice(connection, [row[0] for row in new if (row[2], row[3]) in by_invoice], now=now)
    return [EffectKind(row[1]) for row in new]


async def _without_begun(connection: Connection, rows: Sequence[EffectRow]) -> list[EffectRow]:
    """The rows without opening effects that another package of the same invoice has already."""
    seen: set[tuple[int, int, EffectKind, str]] = set()
    found: list[EffectRow] = []
    for each in rows:
        row, key = each, (each.order_id, each.account_id, each.kind, each.invoice)
        if row.invoice and row.kind in ONCE_PER_INVOICE and (key in seen or await _is_begun(connection, row)):
            if row.kind is not EffectKind.MARKETPLACE_OPENING:
                continue
            # The news is sent all the same, as an update.
            row = replace(row, kind=EffectKind.MARKETPLACE_UPDATE)
        seen.add(key)
        found.append(row)
    return found


async def _is_begun(connection: Connection, row: EffectRow) -> bool:
    sql = """
        SELECT EXISTS (
            SELECT 1 FROM shipment s JOIN effect e ON e.shipment_id = s.id
            WHERE s.order_id = %s AND s.invoice_number = %s AND s.id <> %s AND e.account_id = %s AND e.kind = %s)"""
    values = (row.order_id, row.invoice, row.shipment_id, row.account_id, row.kind.value)
    found = await (await connection.execute(sql, values)).fetchone()
    return bool(found and found[0])


_PAIRS = [(newer.value, older.value) for newer, olders in SUPERSEDING.items() for older in sorted(olders)]


async def _supersede(connection: Connection, ids: Sequence[int], *, now: datetime) -> None:
    """Supersede pending effects for which newer ones were added."""
    sql = """
        UPDATE effect e SET state = 'superseded', ended_at = %s
        FROM effect n JOIN unnest(%s::text[], %s::text[]) AS p (newer, older) ON n.kind = p.newer
        WHERE n.id = ANY(%s) AND e.kind = p.older AND e.shipment_id = n.shipment_id
          AND e.account_id = n.account_id AND e.id < n.id AND e.state = 'pending'"""
    await connection.execute(sql, (now, [p[0] for p in _PAIRS], [p[1] for p in _PAIRS], list(ids)))


async def _supersede_invoice(connection: Connection, ids: Sequence[int], *, now: datetime) -> None:
    """The same for effects by invoice, including those of other packages of the invoice."""
    sql = """
        UPDATE effect e SET state = 'superseded', ended_at = %s
        FROM effect n JOIN shipment sn ON sn.id = n.shipment_id, shipment se
        WHERE n.id = ANY(%s) AND n.kind = ANY(%s) AND e.kind = n.kind AND e.account_id = n.account_id
          AND e.order_id = n.order_id AND se.id = e.shipment_id AND se.invoice_number = sn.invoice_number
          AND e.id < n.id AND e.state = 'pending'"""
    if ids:
        await connection.execute(sql, (now, list(ids), [kind.value for kind in sorted(BY_INVOICE)]))


async def sent_by_invoice(
    connection: Connection, account_id: int, order_ids: Sequence[int]
) -> dict[tuple[int, str], tuple[str, datetime]]:
    """By (order, invoice number): the last status sent to an account about an invoice's packages, and when that
    sending began.
    """
    sql = """
        SELECT DISTINCT ON (e.order_id, s.invoice_number) e.order_id, s.invoice_number, e.sent_status,
               coalesce((SELECT min(a.began_at) FROM attempt a WHERE a.effect_id = e.id), e.ended_at)
        FROM shipment s JOIN effect e ON e.shipment_id = s.id
        WHERE s.order_id = ANY(%s) AND e.account_id = %s AND e.kind = ANY(%s) AND e.state = 'done'
          AND e.sent_status IS NOT NULL AND e.ended_at IS NOT NULL
        ORDER BY e.order_id, s.invoice_number, e.id DESC"""
    values = (list(order_ids), account_id, [kind.value for kind in sorted(BY_INVOICE)])
    return {(row[0], row[1]): (row[2], row[3]) async for row in await connection.execute(sql, values)}


async def skip_pending(connection: Connection, store_id: int, kind: EffectKind, *, now: datetime) -> None:
    """Supersede all pending effects of a kind."""
    sql = """
        UPDATE effect SET state = 'superseded', ended_at = %s
        WHERE store_id = %s AND kind = %s AND state = 'pending'"""
    await connection.execute(sql, (now, store_id, kind.value))


async def next_heads(connection: Connection, account_id: int, *, now: datetime, limit: int) -> list[tuple[int, int]]:
    """(effect, shipment) ids of effects to send now: of each order the oldest open one, if it is due. Address
    confirmations do not wait for others. Effects set aside keep their place, and later ones of their order wait behind
    them: never out of order.
    """
    sql = f"""
        SELECT id, shipment_id FROM (
            SELECT DISTINCT ON (order_id) id, shipment_id, not_before FROM effect
            WHERE account_id = %s AND state IN ('pending', 'sending')
            ORDER BY order_id, kind <> 'customer_address', id) head
        WHERE not_before <= %s AND {not_set_aside("effect", "id")} AND {not_set_aside("shipment", "shipment_id")}
        ORDER BY id LIMIT %s"""  # noqa: S608 - our own condition
    return [(row[0], row[1]) async for row in await connection.execute(sql, (account_id, now, limit))]


async def claim_effects(
    connection: Connection, ids: Sequence[int], *, now: datetime, lease: datetime
) -> list[ClaimedEffect]:
    """Claim those effects that are still open and due; until `lease` no other worker sends them.

    An effect found in state `sending` was being sent when its worker died: counted in `doubts`.
    """
    sql = """
        UPDATE effect SET state = 'sending', not_before = %s, attempts = attempts + 1,
            doubts = doubts + (state = 'sending')::int
        WHERE id IN (SELECT id FROM effect WHERE id = ANY(%s) AND state IN ('pending', 'sending')
                     AND not_before <= %s ORDER BY id FOR UPDATE SKIP LOCKED)
        RETURNING id, store_id, order_id, shipment_id, account_id, kind, key::text, attempts, created_at,
            up_to, request"""
    async with connection.cursor(row_factory=class_row(ClaimedEffect)) as cursor:
        await cursor.execute(sql, (lease, list(ids), now))
        return sorted(await cursor.fetchall(), key=lambda c: c.id)


async def put_request(
    connection: Connection, effect_id: int, *, request: bytes, told: Status, to: str | None = None
) -> None:
    """Store what is about to be sent, so that after a crash the same bytes can be sent, or found, again. `to`: the
    address that a mail goes to.
    """
    sql = "UPDATE effect SET request = %s, sent_status = %s, sent_to = %s WHERE id = %s"
    await connection.execute(sql, (request, told, to, effect_id))


async def write_result(connection: Connection, ended: EffectResult, *, now: datetime) -> None:
    """Write the result of a try, with its attempt.

    Back in `pending`, the request is dropped (the next try renders the newest facts), and the effect is superseded if
    there is a newer one. With an unknown outcome (`sending`) the request stays, and so it does for an effect about a
    single change (`up_to`), whose bytes must not change.
    """
    sql = """
        UPDATE effect SET state = %(state)s, receipt = %(receipt)s, message = %(message)s,
            not_before = %(not_before)s,
            request = CASE WHEN %(state)s = 'sending' OR (%(state)s = 'pending' AND up_to IS NOT NULL) THEN request END,
            ended_at = CASE WHEN %(state)s IN ('done', 'refused') THEN %(now)s::timestamptz END
        WHERE id = %(id)s"""
    message = clean_text(ended.message, 2000, lines=True)
    values = {
        "id": ended.id,
        "state": ended.state,
        "receipt": clean_text(ended.receipt, 2000),
        "message": message,
        "not_before": ended.not_before,
        "now": now,
    }
    await connection.execute(sql, values)
    await connection.execute(
        """INSERT INTO attempt (store_id, effect_id, began_at, ended_at, outcome, http_status, message)
           VALUES (%s, %s, %s, %s, %s, %s, %s)""",
        (
            ended.store_id,
            ended.id,
            ended.began_at,
            now,
            "done" if ended.state == "done" else ended.outcome.value,
            ended.http_status,
            message,
        ),
    )
    if ended.state == "pending":
        await _supersede_if_newer(connection, ended.id, now=now)


async def _supersede_if_newer(connection: Connection, effect_id: int, *, now: datetime) -> None:
    """A newer effect that was added while this one was being sent supersedes it now that it is pending again."""
    sql = """
        UPDATE effect e SET state = 'superseded', ended_at = %s
        FROM effect n JOIN unnest(%s::text[], %s::text[]) AS p (newer, older) ON n.kind = p.newer
        WHERE e.id = %s AND e.kind = p.older AND n.account_id = e.account_id AND n.id > e.id AND n.state = 'pending'
          AND (n.shipment_id = e.shipment_id
               OR (n.kind = 'order_update' AND n.kind = e.kind AND n.order_id = e.order_id
                   AND (SELECT s.invoice_number FROM shipment s WHERE s.id = n.shipment_id)
                       = (SELECT s.invoice_number FROM shipment s WHERE s.id = e.shipment_id)))"""
    await connection.execute(sql, (now, [p[0] for p in _PAIRS], [p[1] for p in _PAIRS], effect_id))


async def postpone(connection: Connection, effect_id: int, *, until: datetime, message: str, now: datetime) -> None:
    """Release a claimed effect that was not tried, due at `until`. A newer one may supersede it."""
    sql = """
        UPDATE effect SET state = 'pending', not_before = %s, message = %s, attempts = attempts - 1 WHERE id = %s"""
    await connection.execute(sql, (until, clean_text(message, 2000), effect_id))
    await _supersede_if_newer(connection, effect_id, now=now)


async def count_failing_orders(connection: Connection, account_id: int) -> int:
    """How many orders have open effects of an account that were tried before."""
    sql = """
        SELECT count(DISTINCT order_id) FROM effect
        WHERE account_id = %s AND state IN ('pending', 'sending') AND attempts > 0"""
    row = await (await connection.execute(sql, (account_id,))).fetchone()
    return int(row[0]) if row else 0


async def delivery_sent(connection: Connection, shipment_ids: Sequence[int]) -> set[int]:
    """Shipments whose last mail (sent or being sent) says that the package was delivered."""
    sql = """
        SELECT shipment_id FROM (
            SELECT DISTINCT ON (shipment_id) shipment_id, sent_status FROM effect
            WHERE shipment_id = ANY(%s) AND kind IN ('customer_mail', 'customer_correction', 'customer_reminder')
              AND state IN ('sending', 'done')
            ORDER BY shipment_id, id DESC) last
        WHERE sent_status = 'delivered'"""
    return {row[0] async for row in await connection.execute(sql, (list(shipment_ids),))}


async def supersede_claimed(connection: Connection, effect_id: int, *, message: str, now: datetime) -> None:
    """Supersede a claimed effect that was not tried: it is no longer true."""
    sql = """
        UPDATE effect SET state = 'superseded', ended_at = %s, message = %s, attempts = attempts - 1 WHERE id = %s"""
    await connection.execute(sql, (now, message, effect_id))


async def due_accounts(connection: Connection, *, now: datetime) -> list[int]:
    """Accounts except webhook endpoints with effects to send now. Effects behind an older one of their order do not
    count: a job for them would find nothing to do.
    """
    return await _due(connection, "a.kind <> 'webhook'", now=now)


async def due_endpoints(connection: Connection, *, now: datetime) -> list[int]:
    """The same for webhook endpoints."""
    return await _due(connection, "a.kind = 'webhook'", now=now)


async def _due(connection: Connection, kind: str, *, now: datetime) -> list[int]:
    sql = f"""
        SELECT a.id FROM account a
        WHERE {kind} AND a.state NOT IN ('disabled', 'removed') AND (a.open_at IS NULL OR a.open_at <= %s) AND EXISTS (
            SELECT 1 FROM effect e
            WHERE e.account_id = a.id AND e.state IN ('pending', 'sending') AND e.not_before <= %s
              AND {not_set_aside("effect", "e.id")} AND {not_set_aside("shipment", "e.shipment_id")}
              AND (e.kind = 'customer_address' OR NOT EXISTS (
                SELECT 1 FROM effect o WHERE o.account_id = e.account_id AND o.order_id = e.order_id AND o.id < e.id
                  AND o.state IN ('pending', 'sending'))))"""  # noqa: S608 - our own condition
    return [row[0] async for row in await connection.execute(sql, (now, now))]


async def effect_lines(connection: Connection, shipment_ids: Sequence[int]) -> list[EffectLine]:
    """All effects of shipments, newest first."""
    sql = """
        SELECT e.id, coalesce(s.package_id, s.id) AS shipment_id, s.invoice_number, a.connector,
               a.name AS account, e.kind, e.state, e.sent_status, e.attempts,
               e.doubts, e.receipt, e.message, e.created_at, e.ended_at,
               coalesce((SELECT b.reason FROM bounce b WHERE b.effect_id = e.id ORDER BY b.id DESC LIMIT 1), '')
                   AS came_back
        FROM effect e JOIN shipment s ON s.id = e.shipment_id JOIN account a ON a.id = e.account_id
        WHERE s.id = ANY(%s) OR s.package_id = ANY(%s) ORDER BY e.id DESC"""
    async with connection.cursor(row_factory=class_row(EffectLine)) as cursor:
        await cursor.execute(sql, (list(shipment_ids), list(shipment_ids)))
        return await cursor.fetchall()
