"""In: a request with an Idempotency-Key; out: done once, and the same answer each time it comes again.

The request is claimed first, then done, then its answer is kept for two days. What was refused changed nothing, so its
key is free again. A worker that dies between leaves a claim that ends: the same request is then done again, which for
everything with a natural identity (a tracking code, an event's time) is the same as having been done once.
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

from paradeiro.db import idempotency
from paradeiro.db.audit import By
from paradeiro.db.idempotency import Holder
from paradeiro.flow.bulk import IDEMPOTENCY_DAYS
from paradeiro.flow.errors import ConflictError, InvalidError
from paradeiro.flow.means import Means
from paradeiro.web.auth import WRITE, Caller, caller, means_of, origin_of

HEADER = "Idempotency-Key"
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_CLAIM = timedelta(minutes=10)  # longer than any request takes
_BEARER = HTTPBearer(auto_error=False)


def api_author(request: Request, who: Caller) -> By:
    """Who states something by API, for the audit log."""
    return By(who.name, "api", origin_of(request))


async def holder_of(request: Request) -> Holder | None:
    """Whose key a request carries; None for one without. Raises as every door does for a caller who may not write."""
    key = request.headers.get(HEADER)
    if key is None:
        return None
    headers = request.headers
    key_of_vtex = headers.get("X-VTEX-API-AppToken")
    who = await caller(request, means_of(request), headers.get("X-API-Key"), await _BEARER(request), key_of_vtex)
    who.needs(WRITE)
    if not _KEY.fullmatch(key):
        raise InvalidError("bad_key", f"{HEADER} takes 1 to 255 visible ASCII characters, for example a UUID.")
    return Holder(who.store_id, who.key_id, key)


def digest_of(request: Request, body: bytes) -> bytes:
    """What makes two requests the same: method, address, and the body (or its digest)."""
    where = f"{request.method} {request.url.path}?{request.url.query}\n".encode()
    return sha256(where + sha256(body).digest()).digest()


async def claimed(means: Means, holder: Holder, digest: bytes) -> Response | None:
    """The answer that was given before; None if the request is ours to do now. Raises `StatementError`s."""
    now = means.now()
    async with means.pool.connection() as connection:
        until, oldest = means.lease(_CLAIM), now - IDEMPOTENCY_DAYS
        if await idempotency.claim(connection, holder, digest, now=now, until=until, oldest=oldest):
            return None
        known = await idempotency.kept(connection, holder)
    if known is not None and known.digest != digest:
        words = f"This {HEADER} was used for another request. Use a new one for each request."
        raise InvalidError("key_reused", words)
    if known is None or known.status is None:
        words = f"The request with this {HEADER} is being worked on. Ask again in a moment."
        raise ConflictError("in_progress", words)
    headers = {"Idempotency-Replayed": "true"}
    return Response(known.answer, known.status, headers, media_type=known.media_type)


async def keep(means: Means, holder: Holder, *, status: int, media_type: str, deflated: bytes) -> None:
    """Keep what was answered."""
    async with means.pool.connection() as connection:
        await idempotency.settle(connection, holder, status=status, media_type=media_type, deflated=deflated)


async def let_go(means: Means, holder: Holder) -> None:
    """Nothing was done: the key is free again."""
    async with means.pool.connection() as connection:
        await idempotency.let_go(connection, holder)


class OnceRoute(APIRoute):
    """A route whose POSTs are done once per Idempotency-Key."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The route's handler, with the key looked at first."""
        handle = super().get_route_handler()

        async def once(request: Request) -> Response:
            holder = await holder_of(request) if request.method == "POST" else None
            if holder is None:
                return await handle(request)
            means = means_of(request)
            before = await claimed(means, holder, digest_of(request, await request.body()))
            if before is not None:
                return before
            try:
                answer = await handle(request)
            except BaseException:
                await let_go(means, holder)
                raise
            deflated = zlib.compress(bytes(answer.body))
            media_type = answer.headers.get("content-type", "")
            await keep(means, holder, status=answer.status_code, media_type=media_type, deflated=deflated)
            return answer

        return once
