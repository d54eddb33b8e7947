"""In: a carrier's file that an operator uploads; out: what was taken of it, and the files that came in any way."""

from typing import Annotated

from fastapi import APIRouter, File, Form, Request, Response, UploadFile

from paradeiro.flow.answers import file_intake
from paradeiro.flow.answers.file_intake import TakenFile
from paradeiro.flow.context import Context
from paradeiro.flow.errors import InvalidError, StatementError
from paradeiro.web.auth import Caller, Operator, RequestContext, page_actor
from paradeiro.web.pages import forms
from paradeiro.web.pages.layout import page, parse_id
from paradeiro.web.pages.statements import FormToken

router = APIRouter()
_MOST_SHOWN = 100


@router.get("/files")
async def show(request: Request, context: RequestContext, who: Operator) -> Response:
    """The carriers' files, and where one is uploaded."""
    return await _render(request, context, who)


@router.post("/files")
async def upload_file(
    request: Request,
    context: RequestContext,
    who: Operator,
    file: Annotated[UploadFile | None, File()] = None,
    account: Annotated[str, Form(max_length=20)] = "",
    form: FormToken = "",
) -> Response:
    """Take a file."""
    try:
        forms.check_form(request, context, who, form)
        if file is None or not file.size:
            raise InvalidError("no_file", "There is no file.")
        found = await file_intake.file_account(context, who.store_id, parse_id(account) or 0)
        by = page_actor(request, who)
        taken = await file_intake.take_file(context, found.id, file.filename or "upload", file.file, "upload", by)
    except StatementError as error:
        return await _render(request, context, who, problem=error.code)
    return await _render(request, context, who, taken=taken)


async def _render(
    request: Request, context: Context, who: Caller, *, taken: TakenFile | None = None, problem: str = ""
) -> Response:
    accounts = await file_intake.file_accounts(context, who.store_id)
    return await page(
        request,
        context,
        who,
        "files.html",
        forms.status_of(problem) if problem else 200,
        accounts=accounts,
        names={account.id: account.name for account in accounts},
        files=await file_intake.files(context, who.store_id, limit=_MOST_SHOWN),
        taken=taken,
        problem=f"error.{problem}" if problem else "",
    )
