"""In: a carrier's files, each a raw body; out: what was taken of them, and the list. Memory is bounded both ways."""

import os
from datetime import datetime
from tempfile import SpooledTemporaryFile
from typing import Annotated, Any, BinaryIO, cast

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import Field

from paradeiro.db.carriers.received_files import ReceivedFile
from paradeiro.flow.answers import file_intake
from paradeiro.web.api.cursors import Cursor, cursor_of, row_of
from paradeiro.web.api.idempotency import api_actor
from paradeiro.web.api.shapes import Shape, errors
from paradeiro.web.auth import Reader, RequestContext, Writer

router = APIRouter(tags=["files"])
_ERRORS = errors(400, 401, 403, 404, 409, 413, 422)
_BINARY = "application/octet-stream"
_BODY: dict[str, Any] = {
    "requestBody": {"required": True, "content": {_BINARY: {"schema": {"type": "string", "format": "binary"}}}}
}
_IN_MEMORY = 1024 * 1024
_AccountId = Annotated[int, Path(ge=1, le=2**62, description="a carrier's account that reads files")]
_Name = Annotated[str, Query(max_length=200, description="the file's name, for people")]


class ProblemOut(Shape):
    """Why a part of a file cannot be read. `line`: its first line, 0 where there is none. `reply_id`: where its bytes
    are kept.
    """

    line: int
    text: str
    reply_id: int | None


class FileOut(Shape):
    """A file. `source`: how it came. `parts`: how many of its parts are stored; all of them once `read_at` is set, and
    while it is null the same file goes on from there. `problem_count` may be larger than the `problems` that are kept.
    """

    id: int
    account_id: int
    name: str
    source: str = Field(examples=["upload", "folder", "sftp", "ftps", "mail"])
    size: int
    parts: int
    problem_count: int
    problems: list[ProblemOut]
    received_at: datetime
    read_at: datetime | None


class FileTaken(FileOut):
    """`known`: these bytes had been taken before, and nothing was done."""

    known: bool


class FilePage(Shape):
    """`next` is the cursor of the next page; null at the end."""

    items: list[FileOut]
    next: str | None


@router.post(
    "/accounts/{account_id}/files",
    status_code=201,
    responses=_ERRORS | {200: {"model": FileTaken, "description": "the file was known"}},
    openapi_extra=_BODY,
)
async def post_file(
    request: Request,
    response: Response,
    account_id: _AccountId,
    context: RequestContext,
    who: Writer,
    name: _Name = "",
) -> FileTaken:
    """Take a carrier's file, which is the body as it is, of any size up to 200 MB. The same file is taken once, under
    whatever name: to send it again does no harm, and goes on where it broke off.
    """
    await file_intake.file_account(context, who.store_id, account_id)
    with await _spool_body(request) as spool:
        by = api_actor(request, who)
        taken = await file_intake.take_file(context, account_id, name or "upload", spool, "upload", by)
    if taken.known:
        response.status_code = 200
    return FileTaken(**_out(taken.file), known=taken.known)


async def _spool_body(request: Request) -> BinaryIO:
    """The whole body in a file, a small one in memory. Raises `InvalidError` as soon as it is too large."""
    spool = cast("BinaryIO", SpooledTemporaryFile(_IN_MEMORY))  # noqa: SIM115 - closed by the caller
    try:
        async for part in request.stream():
            spool.write(part)
            file_intake.check_size(spool.tell())
    except BaseException:
        spool.close()
        raise
    spool.seek(0, os.SEEK_SET)
    return spool


@router.get("/accounts/{account_id}/files", responses=_ERRORS)
async def list_files(
    account_id: _AccountId,
    context: RequestContext,
    who: Reader,
    cursor: Cursor = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> FilePage:
    """An account's files, newest first."""
    await file_intake.file_account(context, who.store_id, account_id)
    before = row_of("files", cursor)
    found = await file_intake.files(context, who.store_id, account_id=account_id, before=before, limit=limit + 1)
    page = found[:limit]
    more = cursor_of("files", page[-1].id) if len(found) > limit else None
    return FilePage(items=[FileOut(**_out(each)) for each in page], next=more)


def _out(file: ReceivedFile) -> dict[str, Any]:
    return {
        "id": file.id,
        "account_id": file.account_id,
        "name": file.name,
        "source": file.source,
        "size": file.size,
        "parts": file.parts,
        "problem_count": file.problem_count,
        "problems": [
            ProblemOut(line=each.line, text=each.text, reply_id=each.reply_id)
            for each in file.problems
            if not each.more
        ],
        "received_at": file.received_at,
        "read_at": file.read_at,
    }
