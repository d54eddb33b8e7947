"""In: an uploaded table; out: what is wrong with it before anything is taken, and what became of each line after."""

import asyncio
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from paradeiro.db import stores
from paradeiro.db.audit import By
from paradeiro.domain.codes import CodeProblem
from paradeiro.domain.sheets import Fault, Row, Sheet, read_sheet
from paradeiro.domain.words import SheetProblem
from paradeiro.flow.bulk import CHUNK, CREATED, KNOWN, Line, LineTaken, take_lines
from paradeiro.flow.errors import InvalidError
from paradeiro.flow.intake import Registration, StatedOrder, carrier_named, code_problem, codes_of
from paradeiro.flow.means import Means


@dataclass(frozen=True, slots=True)
class TakenSheet:
    """How many packages are new, how many were known, and the lines that were refused."""

    created: int
    known: int
    refused: tuple[LineTaken, ...]


async def checked(means: Means, store_id: int, content: bytes) -> Sheet:
    """A table as it would be taken: each line with all that is wrong with it. Nothing is changed."""
    async with means.pool.connection() as connection:
        store = (await stores.stores(connection, [store_id]))[store_id]
    # A large table takes seconds: others are served meanwhile.
    return await asyncio.to_thread(_read, means, content, ZoneInfo(store.time_zone))


def _read(means: Means, content: bytes, zone: ZoneInfo) -> Sheet:
    sheet = read_sheet(content, zone)
    return replace(sheet, rows=tuple(_checked(means, row) for row in sheet.rows))


def _checked(means: Means, row: Row) -> Row:
    if not row.carrier or not row.code:
        return row
    try:
        carrier = carrier_named(means, row.carrier)
    except InvalidError as error:
        known = ", ".join(error.details["known"])
        return replace(row, faults=(*row.faults, Fault(SheetProblem.CARRIER, row.carrier, known)))
    try:
        codes = codes_of(carrier, row.code)
    except InvalidError:
        return replace(row, faults=(*row.faults, Fault(SheetProblem.SEVERAL, row.code)))
    faults = [_fault(row.code if len(codes) == 1 else code, code_problem(carrier, code)) for code in codes]
    return replace(row, faults=(*row.faults, *(fault for fault in faults if fault is not None)))


def _fault(code: str, problem: CodeProblem | None) -> Fault | None:
    if problem is None:
        return None
    wrong = SheetProblem.DIGIT if problem.suggestion else SheetProblem.CODE
    return Fault(wrong, code, problem.suggestion or "")


async def take_sheet(means: Means, store_id: int, content: bytes, by: By) -> TakenSheet:
    """Take the lines that are right. Doing it twice is doing it once."""
    sheet = await checked(means, store_id, content)
    good = [_line(row) for row in sheet.rows if not row.faults]
    done: list[LineTaken] = []
    for start in range(0, len(good), CHUNK):
        done += await take_lines(means, store_id, good[start : start + CHUNK], by)
    refused = tuple(each for each in done if each.taken is None)
    return TakenSheet(sum(each.status == CREATED for each in done), sum(each.status == KNOWN for each in done), refused)


def _line(row: Row) -> Line:
    package = Registration(row.order, row.carrier, row.code, row.invoice, replaces=row.replaces)
    return Line(row.number, StatedOrder(row.order, (package,)))
