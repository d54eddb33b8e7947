"""In: up to 10,000 lines of JSON; out: a result line for each, streamed. Memory is bounded both ways.

The body is spooled to a file first: nothing is taken before all of it has arrived, and a client that reads only after
it has sent everything cannot cause a deadlock.
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

from paradeiro.db.operations.audit import Actor
from paradeiro.db.operations.idempotency import RequestOwner
from paradeiro.flow.context import Context
from paradeiro.flow.errors import InvalidError
from paradeiro.flow.orders.bulk import CHUNK, MOST_LINES, BulkLine, BulkResult, take_lines
from paradeiro.flow.orders.intake import StatedOrder
from paradeiro.web.api.idempotency import api_actor, claim_or_replay, digest_of, request_owner, store_answer
from paradeiro.web.api.shapes import FullOrderIn, ShipmentIn, errors
from paradeiro.web.auth import Caller, RequestContext, Writer

LARGEST_BULK = 32 * 1024 * 1024
LONGEST_LINE = 64 * 1024
BULK_PATHS = frozenset({"/api/v1/shipments/bulk", "/api/v1/orders/bulk"})
NDJSON = "application/x-ndjson"
_TYPES = frozenset({NDJSON, "application/ndjson", "application/jsonl"})
_IN_MEMORY = 1024 * 1024

router = APIRouter(tags=["bulk"])
_ROUTE_OPTIONS: dict[str, Any] = {
    "responses": {200: {"content": {NDJSON: {"schema": {"type": "string"}}}, "description": "a line for each line"}}
    | errors(401, 403, 409, 413, 415, 422),
    "openapi_extra": {"requestBody": {"required": True, "content": {NDJSON: {"schema": {"type": "string"}}}}},
    "response_class": StreamingResponse,
}


@router.post("/shipments/bulk", **_ROUTE_OPTIONS)
async def register_shipments(request: Request, context: RequestContext, who: Writer) -> Response:
    """Follow many packages: each line a body of `POST /shipments`. Each is answered by a line with its number (`line`)
    and `status`: `created`, `known`, or `refused` with `error` (`code`, `message`). Lines are independent.
    """
    return await _bulk(request, context, who, _shipment)


@router.post("/orders/bulk", **_ROUTE_OPTIONS)
async def state_orders(request: Request, context: RequestContext, who: Writer) -> Response:
    """Take many orders: each line a body of `POST /orders`, all or nothing; answered like `POST /shipments/bulk`."""
    return await _bulk(request, context, who, _order)


def _shipment(text: bytes) -> StatedOrder:
    stated = ShipmentIn.model_validate_json(text).registration()
    return StatedOrder(stated.order, (stated,))


def _order(text: bytes) -> StatedOrder:
    return FullOrderIn.model_validate_json(text).stated()


async def _bulk(request: Request, context: Context, who: Caller, read: Callable[[bytes], StatedOrder]) -> Response:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() not in _TYPES:
        raise HTTPException(415, f"Send one JSON object a line, with Content-Type: {NDJSON}.")
    owner = await request_owner(request)
    spool, digest = await _spool_body(request)
    try:
        before = await claim_or_replay(context, owner, digest_of(request, digest)) if owner is not None else None
    except BaseException:
        spool.close()
        raise
    if before is not None:
        spool.close()
        return before
    answer = _answer_lines(context, who.store_id, spool, read, api_actor(request, who), owner)
    return StreamingResponse(answer, media_type=NDJSON)


async def _spool_body(request: Request) -> tuple[IO[bytes], bytes]:
    """The whole body in a file, small ones in memory, and its digest. Lines are counted as they come: of a body that
    has too many no more is read. Raises `InvalidError`.
    """
    spool: IO[bytes] = SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - closed when the answer has gone out
    digest, ends, last = sha256(), 0, b"\n"
    try:
        async for part in request.stream():
            ends += part.count(b"\n")
            last = part[-1:] or last
            _check_line_count(ends + (last != b"\n"))
            digest.update(part)
            spool.write(part)
    except BaseException:
        spool.close()
        raise
    return spool, digest.digest()


def _check_line_count(lines: int) -> None:
    if lines > MOST_LINES:
        words = f"At most {MOST_LINES} lines a call, empty ones too; nothing was taken. Send it in parts."
        raise InvalidError("too_many_lines", words)


def _read_lines(spool: IO[bytes]) -> Iterator[tuple[int, bytes | None]]:
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


def _parse_line(number: int, text: bytes | None, read: Callable[[bytes], StatedOrder]) -> BulkLine:
    if text is None:
        words = f"A line may have at most {LONGEST_LINE} bytes. State this order with fewer packages or items at once."
        return BulkLine(number, code="line_too_long", message=words)
    try:
        return BulkLine(number, read(text))
    except ValidationError as error:
        problems = error.errors(include_url=False, include_input=False)
        if any(each["type"] == "json_invalid" for each in problems):
            return BulkLine(number, code="not_json", message="The line is not a JSON object in UTF-8. Correct it.")
        result = "; ".join(f"{'.'.join(map(str, each['loc'])) or 'line'}: {each['msg']}" for each in problems[:20])
        # Codes of their own for texts and dates that cannot be stored: part of the API since there are bulk calls.
        code = next((each["type"] for each in problems if each["type"].startswith("bad_")), "invalid")
        return BulkLine(number, code=code, message=f"The line cannot be taken: {result}.")


async def _answer_lines(
    context: Context,
    store_id: int,
    spool: IO[bytes],
    read: Callable[[bytes], StatedOrder],
    by: Actor,
    owner: RequestOwner | None,
) -> AsyncIterator[bytes]:
    """The result lines, a chunk at a time; at the end stored for a repetition with the same Idempotency-Key."""
    deflater, deflated = zlib.compressobj(), bytearray()
    with spool:
        lines = (_parse_line(number, text, read) for number, text in _read_lines(spool))
        # In a thread: parsing a line may take long (up to 64 kB each), and other requests are served meanwhile.
        while chunk := await asyncio.to_thread(lambda: list(islice(lines, CHUNK))):
            taken = await take_lines(context, store_id, chunk, by)
            part = b"".join(msgspec.json.encode(_result_json(each)) + b"\n" for each in taken)
            deflated += deflater.compress(part)
            yield part
    if owner is not None:
        done = bytes(deflated) + deflater.flush()
        await store_answer(context, owner, status=200, media_type=NDJSON, deflated=done)


def _result_json(each: BulkResult) -> dict[str, Any]:
    result: dict[str, Any] = {"line": each.number, "status": each.status}
    if each.taken is not None:
        result |= {"order_id": each.taken.order_id, "shipment_ids": [p.shipment_id for p in each.taken.packages]}
        if len(each.taken.packages) == 1:
            result["id"] = each.taken.packages[0].shipment_id
    else:
        result["error"] = {"code": each.code, "message": each.message}
    return result
