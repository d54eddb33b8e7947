"""In: a request's body as it arrives; out: the same, within the time and size limits of its sender.

The sender is authenticated only once the body exceeds what an anonymous one may send: small requests cost no look-up.
"""

import asyncio
import re
from dataclasses import dataclass, field

from fastapi import HTTPException, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from paradeiro.flow.answers.file_intake import LARGEST_FILE
from paradeiro.flow.answers.push_intake import hook_exists
from paradeiro.web.api.orders.bulk import BULK_PATHS, LARGEST_BULK
from paradeiro.web.auth import context_of, is_authenticated
from paradeiro.web.hooks import LARGEST_PUSH
from paradeiro.web.vtex.errors import is_vtex_path

LARGEST_BODY = 4 * 1024 * 1024
ANONYMOUS_BODY = 64 * 1024
# A body has this long, and a second more for each so many bytes that have come: half a megabit a second is enough.
BODY_SECONDS = 20.0
_BYTES_A_SECOND = 64 * 1024
# Where carriers' files come in; a form has some lines around the file.
_FILES = re.compile(r"/api/v1/accounts/[0-9]+/files", re.ASCII)
_FORM_AROUND = 64 * 1024


class BodyRefusedError(HTTPException):
    """A body that is not read to its end. While it reads a body, FastAPI passes on only its own kind of error."""

    def __init__(self, status: int, code: str, message: str) -> None:
        # The rest of the body would be read as the next request: the connection must end.
        super().__init__(status, message, headers={"Connection": "close"})
        self.code = code


class BodyLimits:
    """ASGI middleware: limits the size and the duration of request bodies."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, its body read through a `_Body`."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun = asyncio.get_running_loop().time()
        body = _Body(Request(scope), receive, begun + BODY_SECONDS)
        await self.app(scope, body.receive, send)


@dataclass(slots=True)
class _Body:
    """One request's body while it arrives."""

    request: Request
    _receive: Receive
    _until: float
    _size: int = 0
    _complete: bool = False
    _limit: int = field(default=ANONYMOUS_BODY)
    _sender_checked: bool = False

    async def receive(self) -> Message:
        """The next part of the body. Raises `BodyRefusedError`."""
        if self._complete:
            return await self._receive()
        await self._check_size(self._declared_length())
        try:
            async with asyncio.timeout_at(self._until + self._size / _BYTES_A_SECOND):
                message = await self._receive()
        except TimeoutError:
            words = "The body did not arrive in time. Send it again."
            raise BodyRefusedError(408, "too_slow", words) from None
        if message["type"] != "http.request":
            return message
        self._size += len(message.get("body", b""))
        self._complete = not message.get("more_body", False)
        await self._check_size(self._size)
        return message

    def _declared_length(self) -> int:
        """The Content-Length in bytes; 0 if there is none."""
        length = self.request.headers.get("content-length", "")
        return int(length[:20]) if length.isascii() and length.isdigit() else 0

    async def _check_size(self, size: int) -> None:
        if size > self._limit and not self._sender_checked:
            self._sender_checked = True
            self._limit = await _limit(self.request)
        if size <= self._limit:
            return
        if self._limit == ANONYMOUS_BODY and _needs_key(self.request.url.path):
            raise BodyRefusedError(401, "no_key", "Send an API key of the store in the header X-API-Key.")
        words = f"The body may have at most {self._limit} bytes. Send it in parts."
        raise BodyRefusedError(413, "too_large", words)


async def _limit(request: Request) -> int:
    path = request.url.path
    if path.startswith("/hooks/"):  # the address is the key there
        known = await hook_exists(context_of(request), path.rpartition("/")[2].replace("\0", ""))
        return LARGEST_PUSH if known else ANONYMOUS_BODY
    if not await is_authenticated(request):
        return ANONYMOUS_BODY
    if path == "/files" or _FILES.fullmatch(path):
        return LARGEST_FILE + _FORM_AROUND
    return LARGEST_BULK if path in BULK_PATHS else LARGEST_BODY


def _needs_key(path: str) -> bool:
    return path.startswith("/api/") or is_vtex_path(path)
