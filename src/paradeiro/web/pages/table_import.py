"""In: a table that an operator uploads; out: its errors by line; after confirmation its packages are followed."""

from typing import Annotated

from fastapi import APIRouter, File, Form, Request, Response, UploadFile

from paradeiro.db.orders import uploaded_tables
from paradeiro.db.pool import transaction
from paradeiro.domain.orders.order_tables import OrderTable, TableFault, escape_formula
from paradeiro.flow.context import Context
from paradeiro.flow.errors import InvalidError, MissingError, StatementError
from paradeiro.flow.orders.table_import import ImportResult, check_table, import_table
from paradeiro.web.auth import Caller, Operator, RequestContext, page_actor
from paradeiro.web.pages import forms
from paradeiro.web.pages.layout import SECURITY, page, parse_id, words_for
from paradeiro.web.pages.statements import FormToken
from paradeiro.web.pages.wording.screens import fault_text

router = APIRouter()
# Lines shown at most, those with faults first.
_MOST_SHOWN = 100
_LONGEST_NAME = 120
EXAMPLE = """pedido;transportadora;código;nota fiscal;valor;cliente;e-mail;data do pedido;prazo;canal;pedido marketplace
1001;correios;AA123456785BR;NF-1;"1.234,56";Ana Souza;ana@example.com;23/11/2026 14:20;30/11/2026;;
"""


@router.get("/import")
async def show(request: Request, context: RequestContext, who: Operator) -> Response:
    """Where a table is uploaded."""
    return await _render(request, context, who)


@router.get("/import/example.csv")
async def example(who: Operator) -> Response:  # noqa: ARG001 - only for who is signed in, as everything here
    """An example table, semicolon-separated with a UTF-8 mark (BOM), as Brazilian spreadsheets open it."""
    headers = SECURITY | {"Content-Disposition": 'attachment; filename="paradeiro.csv"'}
    return Response(b"\xef\xbb\xbf" + EXAMPLE.encode(), media_type="text/csv; charset=utf-8", headers=headers)


@router.post("/import")
async def upload_table(
    request: Request,
    context: RequestContext,
    who: Operator,
    file: Annotated[UploadFile | None, File()] = None,
    form: FormToken = "",
) -> Response:
    """Check a table and store it for confirmation; nothing is imported yet."""
    try:
        forms.check_form(request, context, who, form)
        content = await file.read() if file else b""
        if not content:
            raise InvalidError("no_file", "There is no file.")
    except StatementError as error:
        return await _render(request, context, who, problem=error.code)
    table = await check_table(context, who.store_id, content)
    table_id = None
    if any(not row.faults for row in table.rows):
        name = (file.filename or "" if file else "").replace("\x00", "")[:_LONGEST_NAME]
        async with transaction(context.pool) as connection:
            table_id = await uploaded_tables.put_table(
                connection, who.store_id, name=name, content=content, actor=who.name, now=context.now()
            )
    return await _render(request, context, who, table=table, table_id=table_id)


@router.post("/import/take")
async def import_confirmed(
    request: Request,
    context: RequestContext,
    who: Operator,
    table: Annotated[str, Form(max_length=20)] = "",
    form: FormToken = "",
) -> Response:
    """Import the valid lines of a table that was checked."""
    try:
        forms.check_form(request, context, who, form)
        table_id = parse_id(table) or 0
        async with context.pool.connection() as connection:
            uploaded = await uploaded_tables.uploaded_table(connection, who.store_id, table_id)
        if uploaded is None:
            raise MissingError("no_table", "This table was taken already, or waited too long.")
        by = page_actor(request, who)
        taken = await import_table(context, who.store_id, uploaded.content, by)
    except StatementError as error:
        return await _render(request, context, who, problem=error.code)
    if not taken.refused:
        async with transaction(context.pool) as connection:
            await uploaded_tables.remove_table(connection, who.store_id, table_id)
    return await _render(request, context, who, taken=taken)


async def _render(
    request: Request,
    context: Context,
    who: Caller,
    *,
    table: OrderTable | None = None,
    table_id: int | None = None,
    taken: ImportResult | None = None,
    problem: str = "",
) -> Response:
    rows = table.rows if table else ()
    language = words_for(request).language

    def fault_sentence(fault: TableFault) -> str:
        return fault_text(language, fault)

    return await page(
        request,
        context,
        who,
        "import.html",
        forms.status_of(problem) if problem else 200,
        table=table,
        table_id=table_id,
        good=sum(not row.faults for row in rows),
        bad=sum(bool(row.faults) for row in rows),
        rows=sorted(rows, key=lambda row: not row.faults)[:_MOST_SHOWN],
        harmless=escape_formula,
        fault_text=fault_sentence,
        taken=taken,
        problem=f"error.{problem}" if problem else "",
    )
