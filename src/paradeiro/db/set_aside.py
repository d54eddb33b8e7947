"""In: rows that could not be handled; out: they are left alone, a notice says so, and its end brings them back."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeVar

import psycopg

from paradeiro.db import notices
from paradeiro.db.notices import NoticeDraft
from paradeiro.db.pool import Connection
from paradeiro.domain.words import NoticeKind

What = Literal["shipment", "effect", "reply", "account", "reminder"]
_Row = TypeVar("_Row")
_Done = TypeVar("_Done")

# What says nothing about the row at hand: the database is away, locks, a schema that is not ours, no memory. Nothing is
# set aside for it. A value that cannot be written (DataError, IntegrityError) is the row's.
NOT_THE_ROWS = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    psycopg.ProgrammingError,
    psycopg.InternalError,
    psycopg.NotSupportedError,
    TimeoutError,
    ConnectionError,
    MemoryError,
)
_NAMED = 5
_LONGEST_WHY = 300
_WORDS = {
    "shipment": "Packages that cannot be handled: {names} ({count} in all). They are not followed meanwhile",
    "effect": "Messages that cannot be made: {names} ({count} in all). Nobody is told them meanwhile",
    "reply": "Answers that cannot be recorded: {names} ({count} in all). They are kept and change nothing meanwhile",
    "account": "Accounts that cannot be used: {names} ({count} in all). They are not asked meanwhile, nothing is lost",
    "reminder": "Reminders that cannot be planned: {names} ({count} in all). Nobody is reminded meanwhile",
}


@dataclass(frozen=True, slots=True)
class Spoilt:
    """A row that could not be handled. `name`: how a person finds it; `why`: what went wrong."""

    store_id: int
    what: What
    row_id: int
    name: str
    why: str
    account_id: int | None = None
    shipment_id: int | None = None

    @property
    def subject(self) -> str:
        """Rows that fail for the same reason at one account have one notice."""
        return f"{self.what} of account {self.account_id or 0}: {self.why.partition(':')[0]}"


def why_of(error: BaseException) -> str:
    """An error as a notice tells it."""
    text = str(error).replace("\0", "").encode("utf-8", "replace").decode()
    return f"{type(error).__name__}: {text}"[:_LONGEST_WHY]


def free(what: What, column: str) -> str:
    """The SQL condition that a row was not set aside."""
    return f"NOT EXISTS (SELECT 1 FROM set_aside x WHERE x.what = '{what}' AND x.row_id = {column})"  # noqa: S608 - our own words


async def set_aside(connection: Connection, spoilt: Sequence[Spoilt], *, now: datetime) -> None:
    """Leave these alone from now on, and tell a person, once for all that fail alike."""
    sql = """
        INSERT INTO set_aside (what, row_id, store_id, subject, name, since) VALUES (%s, %s, %s, %s, %s, %s)
        ON CONFLICT (what, row_id) DO UPDATE SET subject = EXCLUDED.subject, name = EXCLUDED.name"""
    ordered = sorted(spoilt, key=lambda s: (s.what, s.row_id))
    for each in ordered:
        await connection.execute(sql, (each.what, each.row_id, each.store_id, each.subject, each.name, now))
    last = {(each.store_id, each.subject): each for each in ordered}
    await notices.open_notices(connection, [await _draft(connection, each) for each in last.values()], now=now)


async def _draft(connection: Connection, one: Spoilt) -> NoticeDraft:
    sql = "SELECT name FROM set_aside WHERE store_id = %s AND subject = %s ORDER BY since, row_id"
    names = [row[0] async for row in await connection.execute(sql, (one.store_id, one.subject))]
    some = ", ".join(names[:_NAMED]) + (" …" if len(names) > _NAMED else "")
    said = _WORDS[one.what].format(names=some, count=len(names))
    words = f"{said}; everything else goes on. What went wrong: {one.why}. Once that is mended, end this notice: they "
    words += "are tried again at once."
    facts = {"variant": one.what, "names": some, "count": str(len(names)), "why": one.why}
    shipment = one.shipment_id if len(names) == 1 else None
    return NoticeDraft(one.store_id, NoticeKind.SET_ASIDE, one.subject, words, one.account_id, shipment, None, facts)


async def ids(connection: Connection, what: What) -> set[int]:
    """Rows of a kind that are set aside."""
    return {row[0] async for row in await connection.execute("SELECT row_id FROM set_aside WHERE what = %s", (what,))}


async def apart(
    connection: Connection,
    rows: Sequence[_Row],
    work: Callable[[Sequence[_Row]], Awaitable[list[_Done]]],
    spoil: Callable[[_Row, Exception], Awaitable[None]],
) -> list[_Done]:
    """Work on all rows at once; if that fails, on each by itself: what fails alone is handed to `spoil`, and nothing of
    its work is kept.
    """
    if not rows:
        return []
    try:
        async with connection.transaction():
            return await work(rows)
    except NOT_THE_ROWS:
        raise
    except Exception as error:  # noqa: BLE001 - whatever one row does to us, it is told, and the others go on
        if len(rows) == 1:
            await spoil(rows[0], error)
            return []
    done: list[_Done] = []
    for row in rows:
        done += await apart(connection, [row], work, spoil)
    return done
