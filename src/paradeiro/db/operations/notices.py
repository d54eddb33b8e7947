"""In: problems that only a person can solve; out: notices, one open per kind and subject."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from psycopg import AsyncCursor
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from paradeiro.db.pool import Connection
from paradeiro.domain.bounds import clean_text
from paradeiro.domain.redaction import redact
from paradeiro.domain.words import NoticeKind


@dataclass(frozen=True, slots=True)
class NoticeDraft:
    """`subject` tells two notices of one kind apart; the same subject again only counts up. `facts` are the message's
    parts by name, for translation; `variant` among them tells two sentences of one kind apart.
    """

    store_id: int
    kind: NoticeKind
    subject: str
    message: str
    account_id: int | None = None
    shipment_id: int | None = None
    reply_id: int | None = None
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Notice:
    id: int
    store_id: int
    kind: str
    subject: str
    message: str
    facts: dict[str, str]
    account_id: int | None
    shipment_id: int | None
    reply_id: int | None
    seen: int
    opened_at: datetime
    last_seen_at: datetime
    resolved_at: datetime | None
    resolved_by: str | None


async def _readable_notices(cursor: AsyncCursor[Notice]) -> list[Notice]:
    """Fetched notices; facts of another shape (another version's) are replaced by none, the message stays."""
    found = await cursor.fetchall()
    return [n if _are_texts(n.facts) else replace(n, facts={}) for n in found]


def _are_texts(facts: object) -> bool:
    return isinstance(facts, dict) and all(isinstance(said, str) for said in facts.values())


async def open_notices(connection: Connection, drafts: Sequence[NoticeDraft], *, now: datetime) -> None:
    """Open each, or count up the one that is open already. The reply that a draft names is held from now on."""
    sql = """
        WITH opened AS (
            INSERT INTO notice
                (store_id, kind, subject, message, account_id, shipment_id, reply_id, facts, opened_at, last_seen_at)
            VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
            ON CONFLICT (store_id, kind, subject) WHERE resolved_at IS NULL
            DO UPDATE SET seen = notice.seen + 1, last_seen_at = EXCLUDED.last_seen_at, message = EXCLUDED.message,
                facts = EXCLUDED.facts, reply_id = coalesce(EXCLUDED.reply_id, notice.reply_id)
            RETURNING id)
        INSERT INTO retention_hold (store_id, notice_id, reply_id)
        SELECT %s, id, %s::bigint FROM opened WHERE %s::bigint IS NOT NULL
        ON CONFLICT (notice_id, reply_id, store_id) DO UPDATE SET understood_at = NULL"""
    # Sorted, so that two transactions never wait for each other's notices crosswise.
    for draft in sorted(map(_without_names, drafts), key=lambda d: (d.store_id, d.kind, d.subject)):
        # Other parties' words are in them: invalid characters must not keep the notice from being stored.
        subject, message = clean_text(draft.subject), clean_text(draft.message, lines=True)
        facts = {name: clean_text(said, lines=True) for name, said in draft.facts.items()}
        values = (draft.store_id, draft.kind, subject, message, draft.account_id, draft.shipment_id)
        more = (draft.reply_id, Jsonb(facts), now, now)
        await connection.execute(sql, (*values, *more, draft.store_id, draft.reply_id, draft.reply_id))


def _without_names(draft: NoticeDraft) -> NoticeDraft:
    """Redact names, addresses and numbers in a party's message (the fact `why`)."""
    why = draft.facts.get("why", "")
    said = redact(why)
    if said == why:
        return draft
    return replace(draft, message=draft.message.replace(why, said), facts={**draft.facts, "why": said})


async def open_notice(connection: Connection, store_id: int, notice_id: int) -> Notice | None:
    """A notice of the store that waits for a person; None if there is none of that id."""
    sql = "SELECT * FROM notice WHERE id = %s AND store_id = %s AND resolved_at IS NULL"
    async with connection.cursor(row_factory=class_row(Notice)) as cursor:
        await cursor.execute(sql, (notice_id, store_id))
        return next(iter(await _readable_notices(cursor)), None)


async def is_open(connection: Connection, store_id: int, kind: NoticeKind, subject: str) -> bool:
    """Whether a notice waits for a person."""
    sql = "SELECT 1 FROM notice WHERE store_id = %s AND kind = %s AND subject = %s AND resolved_at IS NULL"
    return await (await connection.execute(sql, (store_id, kind, subject))).fetchone() is not None


async def resolve_notice(
    connection: Connection, store_id: int, notice_id: int, *, by: str, now: datetime
) -> Notice | None:
    """End a notice; None if the store has no such open notice."""
    sql = """
        UPDATE notice SET resolved_at = %s, resolved_by = %s
        WHERE id = %s AND store_id = %s AND resolved_at IS NULL RETURNING *"""
    async with connection.cursor(row_factory=class_row(Notice)) as cursor:
        await cursor.execute(sql, (now, by, notice_id, store_id))
        ended = await cursor.fetchone()
    if ended is not None and ended.kind == NoticeKind.SET_ASIDE:
        # What was set aside is tried again: the sweep finds it due.
        sql = "DELETE FROM set_aside WHERE store_id = %s AND subject = %s"
        await connection.execute(sql, (store_id, ended.subject))
    return ended


async def resolve_subject(
    connection: Connection, store_id: int, kinds: Sequence[NoticeKind], subject: str, *, now: datetime
) -> None:
    """End the notices of a problem that is over by itself."""
    await connection.execute(
        """UPDATE notice SET resolved_at = %s, resolved_by = 'itself'
           WHERE store_id = %s AND kind = ANY(%s) AND subject = %s AND resolved_at IS NULL""",
        (now, store_id, list(kinds), subject),
    )


async def resolve_subjects(
    connection: Connection, store_id: int, kind: NoticeKind, subjects: Sequence[str], *, now: datetime
) -> None:
    """The same for many subjects."""
    await connection.execute(
        """UPDATE notice SET resolved_at = %s, resolved_by = 'itself'
           WHERE store_id = %s AND kind = %s AND subject = ANY(%s) AND resolved_at IS NULL""",
        (now, store_id, kind, list(subjects)),
    )


async def notice_page(
    connection: Connection, store_id: int, *, open_only: bool, before: int | None, limit: int
) -> list[Notice]:
    """Notices with id below `before`, the latest opened first."""
    sql = """
        SELECT * FROM notice
        WHERE store_id = %s AND (NOT %s OR resolved_at IS NULL) AND (%s::bigint IS NULL OR id < %s)
        ORDER BY id DESC LIMIT %s"""
    async with connection.cursor(row_factory=class_row(Notice)) as cursor:
        await cursor.execute(sql, (store_id, open_only, before, before, limit))
        return await _readable_notices(cursor)


async def notices(connection: Connection, store_id: int, *, open_only: bool = True, limit: int = 200) -> list[Notice]:
    """Notices, newest first."""
    sql = """
        SELECT * FROM notice WHERE store_id = %s AND (NOT %s OR resolved_at IS NULL)
        ORDER BY last_seen_at DESC, id DESC LIMIT %s"""
    async with connection.cursor(row_factory=class_row(Notice)) as cursor:
        await cursor.execute(sql, (store_id, open_only, limit))
        return await _readable_notices(cursor)
