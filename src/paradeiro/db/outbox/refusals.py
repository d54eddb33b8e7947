"""In: messages that an account refused; out: counted by reason, and sent again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from paradeiro.db.pool import Connection
from paradeiro.domain.outbox.refusals import superseding_pairs

# No exact figure is needed beyond this, and counting has a bounded cost.
MOST_COUNTED = 10_000


@dataclass(frozen=True, slots=True)
class RefusalGroup:
    """Refusals of one account for one reason. `count` is `MOST_COUNTED` where there are as many or more."""

    count: int
    first_order: str
    last_order: str


@dataclass(frozen=True, slots=True)
class ResendDecision:
    """A refused message. `needless`: a newer one of its package covers it."""

    id: int
    order_id: int
    order_number: str
    needless: bool


async def mark_refusals(connection: Connection, ids: Sequence[int], kind: str) -> None:
    """Mark effects as refused for this kind of reason; they are counted in a notice."""
    await connection.execute("UPDATE effect SET refusal = %s WHERE id = ANY(%s)", (kind, list(ids)))


async def clear_refusals(connection: Connection, account_id: int, kind: str) -> None:
    """Clear the marks of a kind at an account."""
    await connection.execute(
        "UPDATE effect SET refusal = NULL WHERE account_id = %s AND refusal = %s", (account_id, kind)
    )


async def refusal_group(connection: Connection, account_id: int, kind: str) -> RefusalGroup:
    """How many an account refused for one kind of reason, and of which orders. At least one must be marked."""
    sql = """
        SELECT (SELECT count(*) FROM (
                    SELECT 1 FROM effect WHERE account_id = %(account)s AND refusal = %(kind)s
                    LIMIT %(most)s) AS counted),
               (SELECT o.number FROM effect e JOIN orders o ON o.id = e.order_id
                WHERE e.account_id = %(account)s AND e.refusal = %(kind)s ORDER BY e.id LIMIT 1),
               (SELECT o.number FROM effect e JOIN orders o ON o.id = e.order_id
                WHERE e.account_id = %(account)s AND e.refusal = %(kind)s ORDER BY e.id DESC LIMIT 1)"""
    values = {"account": account_id, "kind": kind, "most": MOST_COUNTED}
    row = await (await connection.execute(sql, values)).fetchone()
    assert row is not None
    return RefusalGroup(*row)


async def newest_refused(connection: Connection, account_id: int) -> int:
    """The id of the newest message that the account refused; 0 if there is none."""
    sql = "SELECT coalesce(max(id), 0) FROM effect WHERE account_id = %s AND state = 'refused'"
    row = await (await connection.execute(sql, (account_id,))).fetchone()
    return int(row[0]) if row else 0


async def refused_ids(
    connection: Connection,
    account_id: int,
    *,
    kind: str | None,
    since: datetime | None,
    after: int,
    up_to: int,
    limit: int,
) -> list[int]:
    """Ids above `after` of messages that the account refused, in order; of one kind of reason, since an instant. Hard
    bounces and complaints are excluded: they concern the address.
    """
    sql = """
        SELECT id FROM effect
        WHERE account_id = %(account)s AND state = 'refused' AND id > %(after)s AND id <= %(up_to)s
          AND (%(kind)s::text IS NULL OR refusal = %(kind)s)
          AND (%(since)s::timestamptz IS NULL OR ended_at >= %(since)s)
          AND NOT EXISTS (SELECT 1 FROM bounce b WHERE b.effect_id = effect.id AND b.kind <> 'soft')
        ORDER BY id LIMIT %(limit)s"""
    values = {"account": account_id, "kind": kind, "since": since, "after": after, "up_to": up_to, "limit": limit}
    return [row[0] async for row in await connection.execute(sql, values)]


_PAIRS = superseding_pairs()


async def decide_resend(connection: Connection, ids: Sequence[int]) -> list[ResendDecision]:
    """Which of these refused messages are needless. Their shipments are locked against recording until the transaction
    ends, so that no newer message is added meanwhile.
    """
    hold = """
        SELECT s.id FROM shipment s WHERE s.id IN (SELECT shipment_id FROM effect WHERE id = ANY(%s))
        ORDER BY s.id FOR SHARE"""
    await connection.execute(hold, (list(ids),))
    sql = """
        SELECT e.id, e.order_id, o.number AS order_number, EXISTS (
            SELECT 1 FROM effect n
            JOIN unnest(%s::text[], %s::text[], %s::boolean[]) AS p (older, newer, once_told) ON n.kind = p.newer
            WHERE p.older = e.kind AND n.shipment_id = e.shipment_id AND n.account_id = e.account_id AND n.id > e.id
              AND (n.state IN ('done', 'sending') OR (NOT p.once_told AND n.state IN ('pending', 'refused')))
            ) AS needless
        FROM effect e JOIN orders o ON o.id = e.order_id
        WHERE e.id = ANY(%s) AND e.state = 'refused' ORDER BY e.id FOR UPDATE OF e"""
    columns = ([p[0].value for p in _PAIRS], [p[1].value for p in _PAIRS], [p[2] for p in _PAIRS])
    async with connection.cursor(row_factory=class_row(ResendDecision)) as cursor:
        await cursor.execute(sql, (*columns, list(ids)))
        return await cursor.fetchall()


async def resend(connection: Connection, ids: Sequence[int], *, now: datetime) -> None:
    """Make refused messages pending again, each before the newer ones of its order."""
    sql = """
        UPDATE effect SET state = 'pending', not_before = %s, ended_at = NULL, attempts = 0, message = '',
            refusal = NULL
        WHERE id = ANY(%s) AND state = 'refused'"""
    await connection.execute(sql, (now, list(ids)))


async def keep_refused(connection: Connection, ids: Sequence[int]) -> None:
    """Let these stay refused, and clear their marks."""
    await connection.execute("UPDATE effect SET refusal = NULL WHERE id = ANY(%s)", (list(ids),))


async def resolve_refusal_notices(
    connection: Connection, account_id: int, *, of_old: bool, since: datetime | None, by: str, now: datetime
) -> None:
    """End the account's notices about refusals of which none is left. `of_old`: also those of older versions, which
    had one notice per message.
    """
    sql = """
        UPDATE notice n SET resolved_at = %(now)s, resolved_by = %(by)s
        WHERE n.account_id = %(account)s AND n.kind = 'effect_refused' AND n.resolved_at IS NULL
          AND coalesce(n.facts->>'variant', '') <> 'slow'
          AND CASE WHEN n.facts ? 'refusal' THEN NOT EXISTS (
                  SELECT 1 FROM effect e WHERE e.account_id = n.account_id AND e.refusal = n.facts->>'refusal')
              ELSE %(of_old)s AND (%(since)s::timestamptz IS NULL OR n.opened_at >= %(since)s) END"""
    await connection.execute(sql, {"account": account_id, "of_old": of_old, "since": since, "by": by, "now": now})
