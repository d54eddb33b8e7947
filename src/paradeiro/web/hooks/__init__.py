"""In: a party's push at an address that only it knows; out: 200 once it is kept. No key; the signature counts."""

import asyncio

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from paradeiro.domain.words import Outcome
from paradeiro.flow.push import take
from paradeiro.sdk.contract import Push
from paradeiro.web.auth import MeansOf

router = APIRouter(prefix="/hooks")
# A mail that came back may have ours in it, with its picture.
LARGEST_PUSH = 512 * 1024
_SECONDS_TO_ARRIVE = 10.0


@router.post("/{connector}/{token}")
async def receive(connector: str, token: str, request: Request, means: MeansOf) -> Response:
    """Take a push. 404: no such address; 401: not signed right; 200: kept, whatever it says."""
    try:
        async with asyncio.timeout(_SECONDS_TO_ARRIVE):
            body = await _body(request)
    except TimeoutError:
        return _error(408, "too_slow", "The body did not arrive in time. Send it again.")
    if body is None:
        return _error(413, "too_large", f"A push may have at most {LARGEST_PUSH} bytes.")
    outcome = await take(means, connector, token, Push(dict(request.headers), body))
    if outcome is None:
        return _error(404, "no_such_address", "Nothing is here. Register the address anew.")
    if outcome is Outcome.AUTH_FAILED:
        return _error(401, "bad_signature", "The signature is missing or does not fit the body.")
    # What we cannot read is kept too: sending it again would not make it readable.
    return JSONResponse({"status": "taken"})


async def _body(request: Request) -> bytes | None:
    """The whole body, also of a sender that names no length; None if it is too large."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LARGEST_PUSH:
            return None
    return bytes(body)


def _error(status: int, code: str, message: str) -> Response:
    return JSONResponse({"error": {"code": code, "message": message, "details": {}}}, status)
