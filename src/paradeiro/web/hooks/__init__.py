"""In: a push at a party's secret address; out: 200 once it is stored. No API key; the signature is checked."""

import asyncio

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from paradeiro.domain.words import Outcome
from paradeiro.flow.answers.push_intake import take_push
from paradeiro.sdk.contract import Push
from paradeiro.web.auth import RequestContext

router = APIRouter(prefix="/hooks")
# In bytes. A bounce report may include our mail with its logo.
LARGEST_PUSH = 512 * 1024
_SECONDS_TO_ARRIVE = 10.0


@router.post("/{connector}/{token}")
async def receive(connector: str, token: str, request: Request, context: RequestContext) -> Response:
    """Store a push. 404: no such address; 401: wrong signature; 200: stored, whatever its content."""
    try:
        async with asyncio.timeout(_SECONDS_TO_ARRIVE):
            body = await _body(request)
    except TimeoutError:
        return _error(408, "too_slow", "The body did not arrive in time. Send it again.")
    if body is None:
        return _error(413, "too_large", f"A push may have at most {LARGEST_PUSH} bytes.")
    outcome = await take_push(context, connector, token, Push(dict(request.headers), body))
    if outcome is None:
        return _error(404, "no_such_address", "Nothing is here. Register the address anew.")
    if outcome is Outcome.AUTH_FAILED:
        return _error(401, "bad_signature", "The signature is missing or does not fit the body.")
    # What we cannot parse is stored too: sending it again would not help.
    wanted = context.connectors[connector].push_reply
    return Response(wanted, media_type="application/json") if wanted else JSONResponse({"status": "taken"})


async def _body(request: Request) -> bytes | None:
    """The whole body, also without a Content-Length; None if it is too large."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LARGEST_PUSH:
            return None
    return bytes(body)


def _error(status: int, code: str, message: str) -> Response:
    return JSONResponse({"error": {"code": code, "message": message, "details": {}}}, status)
