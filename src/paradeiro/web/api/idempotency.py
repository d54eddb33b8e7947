"""In: a request with an Idempotency-Key; out: executed once, and the same answer for each repetition.

The request is claimed first, then executed, then its answer is stored for two days. A refused request changed nothing,
so its key is released. A process that dies in between leaves a claim that expires: a repetition is then executed
again, which is harmless for everything with a natural identity (a tracking code, an event's time).
"""

import re
import zlib
from collections.abc import Callable, Coroutine
from datetime import timedelta
from hashlib import sha256
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer

from paradeiro.db.operations import idempotency
from paradeiro.db.operations.audit import Actor
from paradeiro.db.operations.idempotency import RequestOwner
from paradeiro.domain.words import EntryPoint
from paradeiro.flow.accounts.scopes import WRITE
from paradeiro.flow.context import Context
from paradeiro.flow.errors import ConflictError, InvalidError
from paradeiro.flow.orders.bulk import IDEMPOTENCY_DAYS
from paradeiro.web.areas import area_of
from paradeiro.web.auth import Caller, caller, context_of, origin_of

HEADER = "Idempotency-Key"
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_CLAIM = timedelta(minutes=10)  # longer than any request takes
_BEARER = HTTPBearer(auto_error=False)


def api_actor(request: Request, who: Caller) -> Actor:
    """The actor of an API request, for the audit log."""
    return Actor(who.name, EntryPoint.API, origin_of(request), who.operator_id, who.key_id)


async def request_owner(request: Request) -> RequestOwner | None:
    """The owner of a request's Idempotency-Key; None without one. Raises for a caller that may not write."""
    key = request.headers.get(HEADER)
    if key is None:
        return None
    headers = request.headers
    key_of_vtex = headers.get("X-VTEX-API-AppToken")
    who = await caller(request, context_of(request), headers.get("X-API-Key"), await _BEARER(request), key_of_vtex)
    who.require_scope(WRITE, area_of(request.scope["path"]))
    if not _KEY.fullmatch(key):
        raise InvalidError("bad_key", f"{HEADER} takes 1 to 255 visible ASCII characters, for example a UUID.")
    assert who.key_id is not None  # a browser's session may only read
    return RequestOwner(who.store_id, who.key_id, key)


def digest_of(request: Request, body: bytes) -> bytes:
    """SHA-256 of what makes two requests equal: method, address, and the body (or its digest)."""
    where = f"{request.method} {request.url.path}?{request.url.query}\n".encode()
    return sha256(where + sha256(body).digest()).digest()


async def claim_or_replay(context: Context, owner: RequestOwner, digest: bytes) -> Response | None:
    """The stored answer; None if the request was claimed now and is to be executed. Raises `InvalidError` for a key
    that was used for another request, `ConflictError` while the first is being executed.
    """
    now = context.now()
    async with context.pool.connection() as connection:
        until, oldest = context.lease(_CLAIM), now - IDEMPOTENCY_DAYS
        if await idempotency.claim_key(connection, owner, digest, now=now, until=until, oldest=oldest):
            return None
        known = await idempotency.stored_answer(connection, owner)
    if known is not None and known.digest != digest:
        words = f"This {HEADER} was used for another request. Use a new one for each request."
        raise InvalidError("key_reused", words)
    if known is None or known.status is None:
        words = f"The request with this {HEADER} is being worked on. Ask again in a moment."
        raise ConflictError("in_progress", words)
    headers = {"Idempotency-Replayed": "true"}
    return Response(known.answer, known.status, headers, media_type=known.media_type)


async def store_answer(context: Context, owner: RequestOwner, *, status: int, media_type: str, deflated: bytes) -> None:
    """Store the answer for repetitions. `deflated`: the body, zlib."""
    async with context.pool.connection() as connection:
        await idempotency.put_answer(connection, owner, status=status, media_type=media_type, deflated=deflated)


async def release_claim(context: Context, owner: RequestOwner) -> None:
    """Release the key of a request that changed nothing."""
    async with context.pool.connection() as connection:
        await idempotency.release_key(connection, owner)


class IdempotentRoute(APIRoute):
    """A route whose POSTs are executed once per Idempotency-Key."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The route's handler behind a check of the key."""
        handle = super().get_route_handler()

        async def handle_once(request: Request) -> Response:
            owner = await request_owner(request) if request.method == "POST" else None
            if owner is None:
                return await handle(request)
            context = context_of(request)
            before = await claim_or_replay(context, owner, digest_of(request, await request.body()))
            if before is not None:
                return before
            try:
                answer = await handle(request)
            except BaseException:
                await release_claim(context, owner)
                raise
            deflated = zlib.compress(bytes(answer.body))
            media_type = answer.headers.get("content-type", "")
            await store_answer(context, owner, status=answer.status_code, media_type=media_type, deflated=deflated)
            return answer

        return handle_once
