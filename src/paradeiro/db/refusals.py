"""In: messages that an account refused; out: those refused for the same reason counted, and let go again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from paradeiro.db.pool import Connection
from paradeiro.domain.refusals import needless_after

# Beyond this many a person needs no exact figure, and a wave of any size costs the same to count.
MOST_COUNTED = 10_000


@dataclass(frozen=True, slots=True)
class Wave:
    """Refusals of one account for one reason. `count` is `MOST_COUNTED` where there are as many or more."""

    count: int
    first_order: str
    last_order: str


@dataclass(frozen=True, slots=True)
class Judged:
    """A refused message. `needless`: a newer one of its package says what it would say."""

    id: int
    order_id: int
    order_number: str
    needless: bool


async def mark(connection: Connection, ids: Sequence[int], kind: str) -> None:
    """These were refused for this kind of reason, and a person is asked about it."""
    await connection.execute("UPDATE effect SET refusal = %s WHERE id = ANY(%s)", (kind, list(ids)))


async def unmark(connection: Connection, account_id: int, kind: str) -> None:
    """Nobody is asked about these any more."""
    await connection.execute(
        "UPDATE effect SET refusal = NULL WHERE account_id = %s AND refusal = %s", (account_id, kind)
    )


async def wave(connection: Connection, account_id: int, kind: str) -> Wave:
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
    return Wave(*row)


async def newest(connection: Connection, account_id: int) -> int:
    """The id of the newest message that the account refused; 0 if there is none."""
    sql = "SELECT coalesce(max(id), 0) FROM effect WHERE account_id = %s AND state = 'refused'"
    row = await (await connection.execute(sql, (account_id,))).fetchone()
    return int(row[0]) if row else 0


async def refused(
    connection: Connection,
    account_id: int,
    *,
    kind: str | None,
    since: datetime | None,
    after: int,
    up_to: int,
    limit: int,
) -> list[int]:
    """Ids above `after` of messages that the account refused, in order; of one kind of reason, since an instant. A mail
    that came back from an address is not among them: that is the address's.
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


_PAIRS = needless_after()


async def judge(connection: Connection, ids: Sequence[int]) -> list[Judged]:
    """What of these refused messages is needless. Their packages are held against recording until the transaction ends,
    so that no newer message comes between.
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
    async with connection.cursor(row_factory=class_row(Judged)) as cursor:
        await cursor.execute(sql, (*columns, list(ids)))
        return await cursor.fetchall()


async def again(connection: Connection, ids: Sequence[int], *, now: datetime) -> None:
    """Let refused messages go again, each in its place: before what is newer of its order."""
    sql = """
        UPDATE effect SET state = 'pending', not_before = %s, ended_at = NULL, attempts = 0, message = '',
            refusal = NULL
        WHERE id = ANY(%s) AND state = 'refused'"""
    await connection.execute(sql, (now, list(ids)))


async def leave(connection: Connection, ids: Sequence[int]) -> None:
    """These stay refused, and nobody is asked about them any more."""
    await connection.execute("UPDATE effect SET refusal = NULL WHERE id = ANY(%s)", (list(ids),))


async def end_notices(
    connection: Connection, account_id: int, *, of_old: bool, since: datetime | None, by: str, now: datetime
) -> None:
    """End the account's notices about refusals of which none is left. `of_old`: also those of a version that asked
    about each message by itself.
    """
    sql = """
        UPDATE notice n SET resolved_at = %(now)s, resolved_by = %(by)s
        WHERE n.account_id = %(account)s AND n.kind = 'effect_refused' AND n.resolved_at IS NULL
          AND coalesce(n.facts->>'variant', '') <> 'slow'
          AND CASE WHEN n.facts ? 'refusal' THEN NOT EXISTS (
                  SELECT 1 FROM effect e WHERE e.account_id = n.account_id AND e.refusal = n.facts->>'refusal')
              ELSE %(of_old)s AND (%(since)s::timestamptz IS NULL OR n.opened_at >= %(since)s) END"""
    await connection.execute(sql, {"account": account_id, "of_old": of_old, "since": since, "by": by, "now": now})
