"""In: many orders stated at once, line by line; out: for each line what became of it. A bad line spoils no other."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import psycopg

from paradeiro.db.audit import By
from paradeiro.db.pool import transaction
from paradeiro.flow.errors import ONE_VALUE, StatementError, why_not_kept
from paradeiro.flow.intake import StatedOrder, TakenOrder, take_stated
from paradeiro.flow.means import Means, log
from paradeiro.flow.record import surround

# So many lines are one transaction: enough to be quick, few enough that its locks are held for a moment.
CHUNK = 100
MOST_LINES = 10_000
# How long an answer under an Idempotency-Key is kept, and an uploaded table that nobody took.
IDEMPOTENCY_DAYS = timedelta(days=2)
SHEET_HOURS = timedelta(hours=24)

CREATED, KNOWN, REFUSED = "created", "known", "refused"


@dataclass(frozen=True, slots=True)
class Line:
    """One line: what it states, or why it cannot be read."""

    number: int
    stated: StatedOrder | None = None
    code: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class LineTaken:
    """What became of a line. `status`: `created`, `known` or `refused` (then nothing of it was kept)."""

    number: int
    status: str
    taken: TakenOrder | None = None
    code: str = ""
    message: str = ""


async def take_lines(means: Means, store_id: int, lines: Sequence[Line], by: By) -> list[LineTaken]:
    """Take at most `CHUNK` lines in one transaction, each all or nothing; what became of each, in the same order."""
    try:
        return await _together(means, store_id, lines, by)
    except psycopg.Error as error:
        # Two such transactions may wait for each other crosswise; one line alone does not.
        log.info("lines are taken one by one", why=type(error).__name__, lines=len(lines))
        return [await _alone(means, store_id, line, by) for line in lines]


async def _together(means: Means, store_id: int, lines: Sequence[Line], by: By) -> list[LineTaken]:
    done: dict[int, LineTaken] = {}
    async with transaction(means.pool) as connection:
        around = await surround(means, connection, [store_id])
        # Orders are locked by number, whatever order they came in; lines about one order keep theirs.
        for line in sorted(lines, key=lambda each: each.stated.order.number if each.stated else ""):
            if line.stated is None:
                done[line.number] = _refused(line, line.code, line.message)
                continue
            try:
                async with connection.transaction():
                    taken = await take_stated(means, connection, around, store_id, line.stated, by)
                done[line.number] = _taken(line, taken)
            except StatementError as error:
                done[line.number] = _refused(line, error.code, error.message)
            except (*ONE_VALUE, UnicodeEncodeError) as error:
                done[line.number] = _refused(line, *why_not_kept(error))
    return [done[line.number] for line in lines]


async def _alone(means: Means, store_id: int, line: Line, by: By) -> LineTaken:
    try:
        return (await _together(means, store_id, [line], by))[0]
    except psycopg.Error as error:
        log.warning("a line could not be taken", why=type(error).__name__, line=line.number)
        return _refused(line, "fault", "Something broke on our side; nothing of this line was kept. Send it again.")


def _taken(line: Line, taken: TakenOrder) -> LineTaken:
    new = taken.created or any(each.created for each in taken.packages)
    return LineTaken(line.number, CREATED if new else KNOWN, taken)


def _refused(line: Line, code: str, message: str) -> LineTaken:
    return LineTaken(line.number, REFUSED, None, code, message)
