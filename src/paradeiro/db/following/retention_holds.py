"""In: unreadable replies, and those that a replay could read; out: notices that hold them, or are resolved."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from paradeiro.db.pool import Connection
from paradeiro.domain.words import NoticeKind


@dataclass(frozen=True, slots=True)
class RetentionHold:
    """An open notice holds a reply that could not be read yet."""

    notice_id: int
    kind: NoticeKind
    variant: str
    reply_id: int


async def hold_replies(
    connection: Connection, store_id: int, kind: NoticeKind, subject: str, reply_ids: Sequence[int]
) -> None:
    """Let the open notice of a kind and subject hold further replies."""
    sql = """
        INSERT INTO retention_hold (store_id, notice_id, reply_id)
        SELECT store_id, id, unnest(%s::bigint[]) FROM notice
        WHERE store_id = %s AND kind = %s AND subject = %s AND resolved_at IS NULL
        ON CONFLICT (notice_id, reply_id, store_id) DO UPDATE SET understood_at = NULL"""
    await connection.execute(sql, (sorted(set(reply_ids)), store_id, kind, subject))


async def unread_holds(
    connection: Connection, store_ids: Sequence[int], *, after_reply: int, limit: int
) -> list[RetentionHold]:
    """Holds of open notices on replies not read yet, by reply id: `limit`, and all of the last reply."""
    sql = """
        SELECT h.notice_id, n.kind, coalesce(n.facts ->> 'variant', ''), h.reply_id
        FROM retention_hold h JOIN notice n ON n.id = h.notice_id
        WHERE n.resolved_at IS NULL AND h.understood_at IS NULL AND h.store_id = ANY(%s) AND h.reply_id > %s
        ORDER BY h.reply_id FETCH FIRST %s ROWS WITH TIES"""
    rows = await connection.execute(sql, (list(store_ids), after_reply, limit))
    return [RetentionHold(row[0], NoticeKind(row[1]), row[2], row[3]) async for row in rows]


async def mark_understood(connection: Connection, retention_holds: Sequence[RetentionHold], *, now: datetime) -> None:
    """Note that a replay could read these replies."""
    sql = """
        UPDATE retention_hold h SET understood_at = %s
        FROM unnest(%s::bigint[], %s::bigint[]) AS u (notice_id, reply_id)
        WHERE h.notice_id = u.notice_id AND h.reply_id = u.reply_id"""
    await connection.execute(sql, (now, [h.notice_id for h in retention_holds], [h.reply_id for h in retention_holds]))


async def unread_counts(connection: Connection, store_ids: Sequence[int]) -> Counter[int]:
    """How many held replies could not be read yet, by id of the open notice."""
    sql = """
        SELECT n.id, count(*) FILTER (WHERE h.understood_at IS NULL)
        FROM notice n JOIN retention_hold h ON h.notice_id = n.id
        WHERE n.store_id = ANY(%s) AND n.resolved_at IS NULL GROUP BY n.id"""
    return Counter({row[0]: row[1] async for row in await connection.execute(sql, (list(store_ids),))})


async def resolve_understood(connection: Connection, store_ids: Sequence[int], *, by: str, now: datetime) -> int:
    """Resolve the notices all of whose held replies could be read; how many those were."""
    # Lock first, then count again: a transaction that adds one reply more to a notice has committed by then.
    done = [notice_id for notice_id, count in (await unread_counts(connection, store_ids)).items() if not count]
    lock = """
        SELECT id FROM notice WHERE id = ANY(%s) AND resolved_at IS NULL ORDER BY store_id, kind, subject FOR UPDATE"""
    await connection.execute(lock, (done,))
    still = await unread_counts(connection, store_ids)
    sql = "UPDATE notice SET resolved_at = %s, resolved_by = %s WHERE id = ANY(%s)"
    ended = [notice_id for notice_id in done if notice_id in still and not still[notice_id]]
    return (await connection.execute(sql, (now, by, ended))).rowcount
