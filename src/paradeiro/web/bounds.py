"""In: a request's body as it comes; out: the same, if it comes in time and is no larger than its sender's may be.

Who sends is looked at as soon as more has come than a stranger may send; before that nobody costs more than that.
"""

import asyncio
from dataclasses import dataclass, field

from fastapi import HTTPException, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from paradeiro.flow.push import is_address
from paradeiro.web.api.bulk import BULK_PATHS, LARGEST_BULK
from paradeiro.web.auth import is_known, means_of
from paradeiro.web.hooks import LARGEST_PUSH
from paradeiro.web.vtex.errors import speaks_vtex

LARGEST_BODY = 4 * 1024 * 1024
STRANGERS_BODY = 64 * 1024
# A body has this long, and a second more for each so many bytes that have come: half a megabit a second is enough.
BODY_SECONDS = 20.0
_BYTES_A_SECOND = 64 * 1024


class BodyRefusedError(HTTPException):
    """A body that is not read to its end. FastAPI hands only its own kind of error on while it reads a body."""

    def __init__(self, status: int, code: str, message: str) -> None:
        # What has not been read cannot be told from the next request: the connection ends.
        super().__init__(status, message, headers={"Connection": "close"})
        self.code = code


class Bounds:
    """ASGI middleware: bodies are bounded in size and time."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through, its body behind a `_Body`."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun = asyncio.get_running_loop().time()
        body = _Body(Request(scope), receive, begun + BODY_SECONDS)
        await self.app(scope, body.receive, send)


@dataclass(slots=True)
class _Body:
    """One request's body while it comes."""

    request: Request
    _receive: Receive
    _until: float
    _size: int = 0
    _whole: bool = False
    _most: int = field(default=STRANGERS_BODY)
    _looked: bool = False

    async def receive(self) -> Message:
        """The next part of it. Raises `BodyRefusedError`."""
        if self._whole:
            return await self._receive()
        await self._room_for(self._named())
        try:
            async with asyncio.timeout_at(self._until + self._size / _BYTES_A_SECOND):
                message = await self._receive()
        except TimeoutError:
            words = "The body did not arrive in time. Send it again."
            raise BodyRefusedError(408, "too_slow", words) from None
        if message["type"] != "http.request":
            return message
        self._size += len(message.get("body", b""))
        self._whole = not message.get("more_body", False)
        await self._room_for(self._size)
        return message

    def _named(self) -> int:
        """The length that the sender names; 0 for none."""
        length = self.request.headers.get("content-length", "")
        return int(length[:20]) if length.isascii() and length.isdigit() else 0

    async def _room_for(self, size: int) -> None:
        if size > self._most and not self._looked:
            self._looked = True
            self._most = await _most(self.request)
        if size <= self._most:
            return
        if self._most == STRANGERS_BODY and _wants_a_key(self.request.url.path):
            raise BodyRefusedError(401, "no_key", "Send an API key of the store in the header X-API-Key.")
        words = f"The body may have at most {self._most} bytes. Send it in parts."
        raise BodyRefusedError(413, "too_large", words)


async def _most(request: Request) -> int:
    path = request.url.path
    if path.startswith("/hooks/"):  # the address is the key there
        known = await is_address(means_of(request), path.rpartition("/")[2].replace("\0", ""))
        return LARGEST_PUSH if known else STRANGERS_BODY
    if not await is_known(request):
        return STRANGERS_BODY
    return LARGEST_BULK if path in BULK_PATHS else LARGEST_BODY


def _wants_a_key(path: str) -> bool:
    return path.startswith("/api/") or speaks_vtex(path)
