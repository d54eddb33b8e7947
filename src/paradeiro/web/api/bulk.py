"""In: up to 10,000 lines of JSON; out: a line for each, as they are taken. Memory is bounded on both ways.

The body is kept in a file while it comes: nothing is taken before all of it is here, and nobody who sends first and
reads later is ever waited for crosswise.
"""

import asyncio
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from hashlib import sha256
from itertools import islice
from tempfile import SpooledTemporaryFile
from typing import IO, Any

import msgspec
from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from paradeiro.db.audit import By
from paradeiro.db.idempotency import Holder
from paradeiro.flow.bulk import CHUNK, MOST_LINES, Line, LineTaken, take_lines
from paradeiro.flow.errors import InvalidError
from paradeiro.flow.intake import StatedOrder
from paradeiro.flow.means import Means
from paradeiro.web.api.once import api_author, claimed, digest_of, holder_of, keep
from paradeiro.web.api.shapes import FullOrderIn, ShipmentIn, errors
from paradeiro.web.auth import Caller, MeansOf, Writer

LARGEST_BULK = 32 * 1024 * 1024
LONGEST_LINE = 64 * 1024
BULK_PATHS = frozenset({"/api/v1/shipments/bulk", "/api/v1/orders/bulk"})
NDJSON = "application/x-ndjson"
_TYPES = frozenset({NDJSON, "application/ndjson", "application/jsonl"})
_IN_MEMORY = 1024 * 1024

router = APIRouter(tags=["bulk"])
_DOCUMENTED: dict[str, Any] = {
    "responses": {200: {"content": {NDJSON: {"schema": {"type": "string"}}}, "description": "a line for each line"}}
    | errors(401, 403, 409, 413, 415, 422),
    "openapi_extra": {"requestBody": {"required": True, "content": {NDJSON: {"schema": {"type": "string"}}}}},
    "response_class": StreamingResponse,
}


@router.post("/shipments/bulk", **_DOCUMENTED)
async def register_shipments(request: Request, means: MeansOf, who: Writer) -> Response:
    """Follow many packages: each line a body of `POST /shipments`. Each is answered by a line with its number (`line`)
    and `status`: `created`, `known`, or `refused` with `error` (`code`, `message`). A refused line spoils no other.
    """
    return await _bulk(request, means, who, _shipment)


@router.post("/orders/bulk", **_DOCUMENTED)
async def state_orders(request: Request, means: MeansOf, who: Writer) -> Response:
    """Take many orders: each line a body of `POST /orders`, all or nothing; answered like `POST /shipments/bulk`."""
    return await _bulk(request, means, who, _order)


def _shipment(text: bytes) -> StatedOrder:
    stated = ShipmentIn.model_validate_json(text).registration()
    return StatedOrder(stated.order, (stated,))


def _order(text: bytes) -> StatedOrder:
    return FullOrderIn.model_validate_json(text).stated()


async def _bulk(request: Request, means: Means, who: Caller, read: Callable[[bytes], StatedOrder]) -> Response:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() not in _TYPES:
        raise HTTPException(415, f"Send one JSON object a line, with Content-Type: {NDJSON}.")
    holder = await holder_of(request)
    spool, digest = await _spooled(request)
    try:
        before = await claimed(means, holder, digest_of(request, digest)) if holder is not None else None
    except BaseException:
        spool.close()
        raise
    if before is not None:
        spool.close()
        return before
    answer = _answered(means, who.store_id, spool, read, api_author(request, who), holder)
    return StreamingResponse(answer, media_type=NDJSON)


async def _spooled(request: Request) -> tuple[IO[bytes], bytes]:
    """The whole body in a file, small ones in memory, and its digest. Lines are counted as they come: of a body that
    has too many no more is read. Raises `InvalidError`.
    """
    spool: IO[bytes] = SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - closed when the answer has gone out
    digest, ends, last = sha256(), 0, b"\n"
    try:
        async for part in request.stream():
            ends += part.count(b"\n")
            last = part[-1:] or last
            _bound(ends + (last != b"\n"))
            digest.update(part)
            spool.write(part)
    except BaseException:
        spool.close()
        raise
    return spool, digest.digest()


def _bound(lines: int) -> None:
    if lines > MOST_LINES:
        words = f"At most {MOST_LINES} lines a call, empty ones too; nothing was taken. Send it in parts."
        raise InvalidError("too_many_lines", words)


def _texts(spool: IO[bytes]) -> Iterator[tuple[int, bytes | None]]:
    """Each line that is not empty with its number; None for one that is too long to be read."""
    spool.seek(0)
    number = 0
    while text := spool.readline(LONGEST_LINE + 1):
        number += 1
        whole = text.endswith(b"\n") or len(text) <= LONGEST_LINE
        while not whole:
            rest = spool.readline(LONGEST_LINE)
            whole = not rest or rest.endswith(b"\n")
            text = b""
        if text == b"":
            yield number, None
        elif text.strip():
            yield number, text


def _line(number: int, text: bytes | None, read: Callable[[bytes], StatedOrder]) -> Line:
    if text is None:
        words = f"A line may have at most {LONGEST_LINE} bytes. State this order with fewer packages or items at once."
        return Line(number, code="line_too_long", message=words)
    try:
        return Line(number, read(text))
    except ValidationError as error:
        problems = error.errors(include_url=False, include_input=False)
        if any(each["type"] == "json_invalid" for each in problems):
            return Line(number, code="not_json", message="The line is not a JSON object in UTF-8. Correct it.")
        said = "; ".join(f"{'.'.join(map(str, each['loc'])) or 'line'}: {each['msg']}" for each in problems[:20])
        # Texts and dates that nobody can keep have had codes of their own since there are bulk calls.
        code = next((each["type"] for each in problems if each["type"].startswith("bad_")), "invalid")
        return Line(number, code=code, message=f"The line cannot be taken: {said}.")


async def _answered(
    means: Means,
    store_id: int,
    spool: IO[bytes],
    read: Callable[[bytes], StatedOrder],
    by: By,
    holder: Holder | None,
) -> AsyncIterator[bytes]:
    """What became of each line, a chunk at a time; kept at the end for whoever asks again under the same key."""
    deflater, deflated = zlib.compressobj(), bytearray()
    with spool:
        lines = (_line(number, text, read) for number, text in _texts(spool))
        # Reading a line may take long (each may have 64 kB): others are served meanwhile.
        while chunk := await asyncio.to_thread(lambda: list(islice(lines, CHUNK))):
            taken = await take_lines(means, store_id, chunk, by)
            part = b"".join(msgspec.json.encode(_said(each)) + b"\n" for each in taken)
            deflated += deflater.compress(part)
            yield part
    if holder is not None:
        done = bytes(deflated) + deflater.flush()
        await keep(means, holder, status=200, media_type=NDJSON, deflated=done)


def _said(each: LineTaken) -> dict[str, Any]:
    said: dict[str, Any] = {"line": each.number, "status": each.status}
    if each.taken is not None:
        said |= {"order_id": each.taken.order_id, "shipment_ids": [p.shipment_id for p in each.taken.packages]}
        if len(each.taken.packages) == 1:
            said["id"] = each.taken.packages[0].shipment_id
    else:
        said["error"] = {"code": each.code, "message": each.message}
    return said
