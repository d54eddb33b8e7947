"""In: a table that an operator uploads; out: what is wrong with it, by line; once confirmed, its packages followed."""

from typing import Annotated

from fastapi import APIRouter, File, Form, Request, Response, UploadFile

from paradeiro.db import sheets
from paradeiro.db.audit import By
from paradeiro.db.pool import transaction
from paradeiro.domain.sheets import Fault, Sheet, harmless
from paradeiro.flow.errors import InvalidError, MissingError, StatementError
from paradeiro.flow.means import Means
from paradeiro.flow.tables import TakenSheet, checked, take_sheet
from paradeiro.web.auth import Caller, MeansOf, Operator, origin_of
from paradeiro.web.pages import forms
from paradeiro.web.pages.layout import SECURITY, id_of, page, words_for
from paradeiro.web.pages.messages import fault_said
from paradeiro.web.pages.stating import FormToken

router = APIRouter()
# So many lines are shown: all with faults first.
_SHOWN = 100
_LONGEST_NAME = 120
EXAMPLE = """pedido;transportadora;código;nota fiscal;valor;cliente;e-mail;data do pedido;prazo;canal;pedido marketplace
1001;correios;AA123456785BR;NF-1;"1.234,56";Ana Souza;ana@example.com;23/11/2026 14:20;30/11/2026;;
"""


@router.get("/import")
async def show(request: Request, means: MeansOf, who: Operator) -> Response:
    """Where a table is uploaded."""
    return await _render(request, means, who)


@router.get("/import/example.csv")
async def example(who: Operator) -> Response:  # noqa: ARG001 - only for who is signed in, as everything here
    """A table to begin with: as a Brazilian spreadsheet opens it at once (its mark says that it is UTF-8)."""
    headers = SECURITY | {"Content-Disposition": 'attachment; filename="paradeiro.csv"'}
    return Response(b"\xef\xbb\xbf" + EXAMPLE.encode(), media_type="text/csv; charset=utf-8", headers=headers)


@router.post("/import")
async def look(
    request: Request,
    means: MeansOf,
    who: Operator,
    file: Annotated[UploadFile | None, File()] = None,
    form: FormToken = "",
) -> Response:
    """Look at a table; nothing is taken yet."""
    try:
        forms.check(request, means, who, form)
        content = await file.read() if file else b""
        if not content:
            raise InvalidError("no_file", "There is no file.")
    except StatementError as error:
        return await _render(request, means, who, problem=error.code)
    sheet = await checked(means, who.store_id, content)
    sheet_id = None
    if any(not row.faults for row in sheet.rows):
        name = (file.filename or "" if file else "").replace("\x00", "")[:_LONGEST_NAME]
        async with transaction(means.pool) as connection:
            sheet_id = await sheets.put(
                connection, who.store_id, name=name, content=content, author=who.name, now=means.now()
            )
    return await _render(request, means, who, sheet=sheet, sheet_id=sheet_id)


@router.post("/import/take")
async def take(
    request: Request,
    means: MeansOf,
    who: Operator,
    sheet: Annotated[str, Form(max_length=20)] = "",
    form: FormToken = "",
) -> Response:
    """Take the lines of a table that was looked at."""
    try:
        forms.check(request, means, who, form)
        sheet_id = id_of(sheet) or 0
        async with means.pool.connection() as connection:
            kept = await sheets.kept(connection, who.store_id, sheet_id)
        if kept is None:
            raise MissingError("no_sheet", "This table was taken already, or waited too long.")
        by = By(who.name, "page", origin_of(request))
        taken = await take_sheet(means, who.store_id, kept.content, by)
    except StatementError as error:
        return await _render(request, means, who, problem=error.code)
    if not taken.refused:
        async with transaction(means.pool) as connection:
            await sheets.remove(connection, who.store_id, sheet_id)
    return await _render(request, means, who, taken=taken)


async def _render(
    request: Request,
    means: Means,
    who: Caller,
    *,
    sheet: Sheet | None = None,
    sheet_id: int | None = None,
    taken: TakenSheet | None = None,
    problem: str = "",
) -> Response:
    rows = sheet.rows if sheet else ()
    language = words_for(request).language

    def said(fault: Fault) -> str:
        return fault_said(language, fault)

    return await page(
        request,
        means,
        who,
        "import.html",
        forms.status_of(problem) if problem else 200,
        sheet=sheet,
        sheet_id=sheet_id,
        good=sum(not row.faults for row in rows),
        bad=sum(bool(row.faults) for row in rows),
        rows=sorted(rows, key=lambda row: not row.faults)[:_SHOWN],
        harmless=harmless,
        fault_said=said,
        taken=taken,
        problem=f"error.{problem}" if problem else "",
    )
