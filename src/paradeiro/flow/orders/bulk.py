"""In: many stated orders, line by line; out: one result per line. An invalid line does not affect the others."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import psycopg

from paradeiro.db.operations.audit import Actor
from paradeiro.db.pool import transaction
from paradeiro.flow.context import Context, log
from paradeiro.flow.errors import ONE_VALUE, StatementError, storage_problem
from paradeiro.flow.following.recording_context import load_recording_context
from paradeiro.flow.orders.intake import StatedOrder, TakenOrder, take_stated_order

# Lines per transaction: enough to be fast, few enough that locks are held briefly.
CHUNK = 100
MOST_LINES = 10_000
# Retention of answers by Idempotency-Key, and of uploaded tables that were not imported.
IDEMPOTENCY_DAYS = timedelta(days=2)
UPLOAD_HOURS = timedelta(hours=24)

CREATED, KNOWN, REFUSED = "created", "known", "refused"


@dataclass(frozen=True, slots=True)
class BulkLine:
    """One line: the stated order, or the code and message of why it cannot be read."""

    number: int
    stated: StatedOrder | None = None
    code: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class BulkResult:
    """The result of a line. `status`: `created`, `known` or `refused` (then nothing of it was stored)."""

    number: int
    status: str
    taken: TakenOrder | None = None
    code: str = ""
    message: str = ""


async def take_lines(context: Context, store_id: int, lines: Sequence[BulkLine], by: Actor) -> list[BulkResult]:
    """Take at most `CHUNK` lines in one transaction, each all or nothing. Returns the results in the same order."""
    try:
        return await _take_in_one_transaction(context, store_id, lines, by)
    except psycopg.Error as error:
        # Two such transactions may deadlock; single lines cannot.
        log.info("lines are taken one by one", why=type(error).__name__, lines=len(lines))
        return [await _take_one(context, store_id, line, by) for line in lines]


async def _take_in_one_transaction(
    context: Context, store_id: int, lines: Sequence[BulkLine], by: Actor
) -> list[BulkResult]:
    done: dict[int, BulkResult] = {}
    async with transaction(context.pool) as connection:
        recording = await load_recording_context(context, connection, [store_id])
        # Orders are locked by number, to avoid deadlocks; lines about one order keep their order.
        for line in sorted(lines, key=lambda each: each.stated.order.number if each.stated else ""):
            if line.stated is None:
                done[line.number] = _refused_result(line, line.code, line.message)
                continue
            try:
                async with connection.transaction():
                    taken = await take_stated_order(context, connection, recording, store_id, line.stated, by)
                done[line.number] = _taken_result(line, taken)
            except StatementError as error:
                done[line.number] = _refused_result(line, error.code, error.message)
            except (*ONE_VALUE, UnicodeEncodeError) as error:
                done[line.number] = _refused_result(line, *storage_problem(error))
    return [done[line.number] for line in lines]


async def _take_one(context: Context, store_id: int, line: BulkLine, by: Actor) -> BulkResult:
    try:
        return (await _take_in_one_transaction(context, store_id, [line], by))[0]
    except psycopg.Error as error:
        log.warning("a line could not be taken", why=type(error).__name__, line=line.number)
        return _refused_result(
            line, "fault", "Something broke on our side; nothing of this line was kept. Send it again."
        )


def _taken_result(line: BulkLine, taken: TakenOrder) -> BulkResult:
    new = taken.created or any(each.created for each in taken.packages)
    return BulkResult(line.number, CREATED if new else KNOWN, taken)


def _refused_result(line: BulkLine, code: str, message: str) -> BulkResult:
    return BulkResult(line.number, REFUSED, None, code, message)
