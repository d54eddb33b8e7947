"""In: an uploaded table; out: its faults before anything is imported, and the result per line after."""

import asyncio
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from paradeiro.db.accounts import stores
from paradeiro.db.operations.audit import Actor
from paradeiro.domain.following.tracking_codes import CodeProblem
from paradeiro.domain.orders.order_tables import OrderTable, TableFault, TableRow, read_table
from paradeiro.domain.words import TableProblem
from paradeiro.flow.carriers.carrier_choice import carrier_named, code_problem, codes_of
from paradeiro.flow.context import Context
from paradeiro.flow.errors import InvalidError
from paradeiro.flow.orders.bulk import CHUNK, CREATED, KNOWN, BulkLine, BulkResult, take_lines
from paradeiro.flow.orders.intake import StatedOrder
from paradeiro.flow.orders.package_registration import Registration


@dataclass(frozen=True, slots=True)
class ImportResult:
    """How many packages are new, how many were known, and the lines that were refused."""

    created: int
    known: int
    refused: tuple[BulkResult, ...]


async def check_table(context: Context, store_id: int, content: bytes) -> OrderTable:
    """Read a table with the faults of each line. Nothing is stored."""
    async with context.pool.connection() as connection:
        store = (await stores.stores(connection, [store_id]))[store_id]
    # A large table takes seconds: do not block the event loop.
    return await asyncio.to_thread(_read_and_check, context, content, ZoneInfo(store.time_zone))


def _read_and_check(context: Context, content: bytes, zone: ZoneInfo) -> OrderTable:
    table = read_table(content, zone)
    return replace(table, rows=tuple(_check_row(context, row) for row in table.rows))


def _check_row(context: Context, row: TableRow) -> TableRow:
    if not row.carrier or not row.code:
        return row
    try:
        carrier = carrier_named(context, row.carrier)
    except InvalidError as error:
        known = ", ".join(error.details["known"])
        return replace(row, faults=(*row.faults, TableFault(TableProblem.CARRIER, row.carrier, known)))
    try:
        codes = codes_of(carrier, row.code)
    except InvalidError:
        return replace(row, faults=(*row.faults, TableFault(TableProblem.SEVERAL, row.code)))
    faults = [_code_fault(row.code if len(codes) == 1 else code, code_problem(carrier, code)) for code in codes]
    return replace(row, faults=(*row.faults, *(fault for fault in faults if fault is not None)))


def _code_fault(code: str, problem: CodeProblem | None) -> TableFault | None:
    if problem is None:
        return None
    wrong = TableProblem.DIGIT if problem.suggestion else TableProblem.CODE
    return TableFault(wrong, code, problem.suggestion or "")


async def import_table(context: Context, store_id: int, content: bytes, by: Actor) -> ImportResult:
    """Import the lines without faults. Idempotent."""
    table = await check_table(context, store_id, content)
    good = [_line(row) for row in table.rows if not row.faults]
    done: list[BulkResult] = []
    for start in range(0, len(good), CHUNK):
        done += await take_lines(context, store_id, good[start : start + CHUNK], by)
    refused = tuple(each for each in done if each.taken is None)
    return ImportResult(
        sum(each.status == CREATED for each in done), sum(each.status == KNOWN for each in done), refused
    )


def _line(row: TableRow) -> BulkLine:
    package = Registration(row.order, row.carrier, row.code, row.invoice, replaces=row.replaces)
    return BulkLine(row.number, StatedOrder(row.order, (package,)))
