"""In: rows that could not be handled; out: rows set aside under a notice; resolving the notice retries them."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeVar

import psycopg

from paradeiro.db.operations import notices
from paradeiro.db.operations.notices import NoticeDraft
from paradeiro.db.pool import Connection
from paradeiro.domain.words import NoticeKind

What = Literal["shipment", "effect", "reply", "account", "reminder"]
_Row = TypeVar("_Row")
_Done = TypeVar("_Done")

# Errors that are not caused by the row: no connection, locks, a wrong schema, no memory. No row is set aside for them.
# A value that cannot be written (DataError, IntegrityError) is the row's.
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
class UnusableRow:
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


def error_text(error: BaseException) -> str:
    """An error as text for a notice: type and message, at most 300 characters."""
    text = str(error).replace("\0", "").encode("utf-8", "replace").decode()
    return f"{type(error).__name__}: {text}"[:_LONGEST_WHY]


def not_set_aside(what: What, column: str) -> str:
    """The SQL condition that a row was not set aside."""
    return f"NOT EXISTS (SELECT 1 FROM set_aside x WHERE x.what = '{what}' AND x.row_id = {column})"  # noqa: S608 - our own words


async def set_rows_aside(connection: Connection, unusable: Sequence[UnusableRow], *, now: datetime) -> None:
    """Set rows aside, and open one notice for all that fail for the same reason."""
    sql = """
        INSERT INTO set_aside (what, row_id, store_id, subject, name, since) VALUES (%s, %s, %s, %s, %s, %s)
        ON CONFLICT (what, row_id, store_id) DO UPDATE SET subject = EXCLUDED.subject, name = EXCLUDED.name"""
    ordered = sorted(unusable, key=lambda s: (s.what, s.row_id))
    for each in ordered:
        await connection.execute(sql, (each.what, each.row_id, each.store_id, each.subject, each.name, now))
    last = {(each.store_id, each.subject): each for each in ordered}
    await notices.open_notices(connection, [await _draft(connection, each) for each in last.values()], now=now)


async def _draft(connection: Connection, one: UnusableRow) -> NoticeDraft:
    sql = "SELECT name FROM set_aside WHERE store_id = %s AND subject = %s ORDER BY since, row_id"
    names = [row[0] async for row in await connection.execute(sql, (one.store_id, one.subject))]
    some = ", ".join(names[:_NAMED]) + (" …" if len(names) > _NAMED else "")
    said = _WORDS[one.what].format(names=some, count=len(names))
    words = f"{said}; everything else goes on. What went wrong: {one.why}. Once that is mended, end this notice: they "
    words += "are tried again at once."
    facts = {"variant": one.what, "names": some, "count": str(len(names)), "why": one.why}
    shipment = one.shipment_id if len(names) == 1 else None
    return NoticeDraft(one.store_id, NoticeKind.SET_ASIDE, one.subject, words, one.account_id, shipment, None, facts)


async def set_aside_ids(connection: Connection, what: What) -> set[int]:
    """Ids of the rows of a kind that are set aside."""
    return {row[0] async for row in await connection.execute("SELECT row_id FROM set_aside WHERE what = %s", (what,))}


async def work_apart(
    connection: Connection,
    rows: Sequence[_Row],
    work: Callable[[Sequence[_Row]], Awaitable[list[_Done]]],
    handle_failure: Callable[[_Row, Exception], Awaitable[None]],
) -> list[_Done]:
    """Work on all rows at once; if that fails, on each by itself: a row that fails alone is handed to `handle_failure`,
    and its work is rolled back.
    """
    if not rows:
        return []
    try:
        async with connection.transaction():
            return await work(rows)
    except NOT_THE_ROWS:
        raise
    except Exception as error:  # noqa: BLE001 - one failing row is reported, and the others go on
        if len(rows) == 1:
            await handle_failure(rows[0], error)
            return []
    done: list[_Done] = []
    for row in rows:
        done += await work_apart(connection, [row], work, handle_failure)
    return done
