"""In: a carrier's file by its digest; out: how far it was read, each once per account. Its content is in replies."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from paradeiro.db.pool import Connection

# Problems of one file that are kept; the others are counted.
MOST_PROBLEMS = 200


class FileProblem(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why lines of a file cannot be read. `line`: the first of them. `reply_id`: where their bytes are. `more`: so many
    further problems that are not kept (then it has no text).
    """

    line: int = 0
    text: str = ""
    reply_id: int | None = None
    more: int = 0


@dataclass(frozen=True, slots=True)
class ReceivedFile:
    """A file of a carrier. `parts`: how many are stored as answers, all of them once `read_at` is set."""

    id: int
    store_id: int
    account_id: int
    name: str
    source: str
    size: int
    parts: int
    problems: tuple[FileProblem, ...]
    received_at: datetime
    read_at: datetime | None

    @property
    def problem_count(self) -> int:
        return sum(each.more or 1 for each in self.problems)


_COLUMNS = "id, store_id, account_id, name, source, size, parts, problems::text, received_at, read_at"
_PROBLEMS = 7
_DECODE = msgspec.json.Decoder(tuple[FileProblem, ...]).decode


def _file(row: tuple[Any, ...]) -> ReceivedFile:
    columns = list(row)
    columns[_PROBLEMS] = _DECODE(columns[_PROBLEMS])
    return ReceivedFile(*columns)


def bounded(problems: Sequence[FileProblem]) -> tuple[FileProblem, ...]:
    """The first problems; how many there are beyond them is the last one."""
    told = [each for each in problems if not each.more]
    more = sum(each.more for each in problems) + max(len(told) - MOST_PROBLEMS, 0)
    return (*told[:MOST_PROBLEMS], *([FileProblem(more=more)] if more else []))


async def put_file(
    connection: Connection,
    store_id: int,
    account_id: int,
    *,
    name: str,
    source: str,
    digest: bytes,
    size: int,
    now: datetime,
) -> ReceivedFile:
    """The file of these bytes: a new one, or the one that came before under whatever name."""
    sql = f"""
        INSERT INTO received_file (store_id, account_id, name, source, digest, size, received_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s)
        ON CONFLICT (account_id, digest, store_id) DO UPDATE SET name = received_file.name
        RETURNING {_COLUMNS}"""  # noqa: S608 - our own columns
    values = (store_id, account_id, name, source, digest, size, now)
    row = await (await connection.execute(sql, values)).fetchone()
    assert row is not None
    return _file(row)


async def advance(
    connection: Connection, file: ReceivedFile, *, parts: int, problems: Sequence[FileProblem], read_at: datetime | None
) -> ReceivedFile | None:
    """The parts up to `parts` are stored (and all of them, if `read_at` is given). None: somebody else reads this file
    and has gone on from where we are; the caller's transaction must not commit.
    """
    sql = f"""
        UPDATE received_file SET parts = %s, problems = %s, read_at = %s
        WHERE id = %s AND parts = %s AND read_at IS NULL RETURNING {_COLUMNS}"""  # noqa: S608 - our own columns
    encoded = msgspec.json.encode(bounded(problems)).decode()
    row = await (await connection.execute(sql, (parts, encoded, read_at, file.id, file.parts))).fetchone()
    return _file(row) if row else None


async def is_known(connection: Connection, account_id: int, name: str, size: int) -> bool:
    """Whether a file of this name and size was read to its end."""
    sql = "SELECT 1 FROM received_file WHERE account_id = %s AND name = %s AND size = %s AND read_at IS NOT NULL"
    return await (await connection.execute(sql, (account_id, name, size))).fetchone() is not None


async def files(
    connection: Connection, store_id: int, *, account_id: int | None = None, before: int | None = None, limit: int
) -> list[ReceivedFile]:
    """A store's files, of one account or of all, newest first."""
    sql = f"""
        SELECT {_COLUMNS} FROM received_file
        WHERE store_id = %(store)s AND (%(account)s::bigint IS NULL OR account_id = %(account)s)
          AND (%(before)s::bigint IS NULL OR id < %(before)s)
        ORDER BY id DESC LIMIT %(limit)s"""  # noqa: S608 - our own columns
    values = {"store": store_id, "account": account_id, "before": before, "limit": limit}
    return [_file(row) async for row in await connection.execute(sql, values)]


async def accounts_with(connection: Connection, setting: str, connectors: Sequence[str]) -> list[int]:
    """Accounts at connectors that read files, in which a setting names where they are."""
    if not connectors:
        return []
    sql = """
        SELECT id FROM account WHERE kind = 'carrier' AND connector = ANY(%s) AND state NOT IN ('disabled', 'removed')
          AND coalesce(settings ->> %s, '') <> '' ORDER BY id"""
    return [row[0] async for row in await connection.execute(sql, (list(connectors), setting))]


async def remove_old_files(connection: Connection, *, before: datetime, limit: int) -> int:
    """Forget files that were received before. How many."""
    sql = """
        DELETE FROM received_file WHERE id IN (SELECT id FROM received_file WHERE received_at < %s LIMIT %s)"""
    return (await connection.execute(sql, (before, limit))).rowcount
