"""In: a request's API key or session cookie; out: the caller and its scopes. Nothing else authenticates."""

import base64
import hmac
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request
from fastapi.security import APIKeyHeader, HTTPBearer
from fastapi.security.http import HTTPAuthorizationCredentials

from paradeiro.db.accounts import api_keys, sessions, stores
from paradeiro.db.accounts.stores import ApiKey
from paradeiro.db.pool import Connection
from paradeiro.db.secrets import Purpose, purpose_key
from paradeiro.db.store_pool import StorePool
from paradeiro.flow.accounts.scopes import READ, WRITE, Area, allows, scope_for
from paradeiro.flow.context import Context
from paradeiro.web.areas import area_of

COOKIE = "paradeiro_session"
# Names the message that the next page shows once, after a form was taken.
DONE_COOKIE = "paradeiro_done"
SESSION = timedelta(days=7)
_USED_WITHIN = timedelta(minutes=1)
_HEADER = APIKeyHeader(name="X-API-Key", auto_error=False, description="An API key of the store")
_VTEX = APIKeyHeader(
    name="X-VTEX-API-AppToken",
    scheme_name="VTEX",
    auto_error=False,
    description="The same key, where VTEX's callers put it (X-VTEX-API-AppKey may be anything)",
)
_BEARER = HTTPBearer(auto_error=False, description="The same key as a bearer token")


class NotSignedInError(Exception):
    """No key, an unknown key, or a session that ended. To do: send a key, or sign in."""


class NotAllowedError(Exception):
    """The key lacks the scope. To do: use one that has it."""

    def __init__(self, scope: str) -> None:
        super().__init__(f"this key may not do that: it needs the scope '{scope}'")
        self.scope = scope


@dataclass(frozen=True, slots=True)
class Caller:
    """The caller: its key's id and name, its store, its scopes."""

    key_id: int
    store_id: int
    name: str
    scopes: tuple[str, ...]

    def require_scope(self, verb: str, area: Area | None = None) -> "Caller":
        if not allows(self.scopes, area, verb):
            raise NotAllowedError(scope_for(area, verb))
        return self


def origin_of(request: Request) -> str:
    """The network address that a request came from, as the server reports it; for the audit log."""
    return request.client.host if request.client else ""


def is_https(request: Request, public_url: str) -> bool:
    """Whether the browser uses https, also behind a proxy that ends TLS and is not configured."""
    public = urlsplit(public_url)
    return request.url.scheme == "https" or (public.scheme == "https" and request.url.hostname == public.hostname)


def context_of(request: Request) -> Context:
    """The context that app.py put on the application. Once the request's store is known (`bind_store`), its pool gives
    connections that see that store only.
    """
    context: Context = request.app.state.context
    return replace(context, pool=StorePool(context.pool, lambda: getattr(request.state, "store_id", None)))


def bind_store(request: Request, store_id: int) -> None:
    """Let the rest of a request see one store only."""
    request.state.store_id = store_id


RequestContext = Annotated[Context, Depends(context_of)]


async def caller(
    request: Request,
    context: RequestContext,
    header: Annotated[str | None, Depends(_HEADER)],
    bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)],
    vtex: Annotated[str | None, Depends(_VTEX)],
) -> Caller:
    """The API's caller, by key; a signed-in operator's browser may read too (for the API's own documentation)."""
    key = header or (bearer.credentials if bearer else None) or vtex
    if key:
        async with context.pool.connection() as connection:
            found = await stores.api_key(connection, key)
            await _note_use(context, connection, found, origin_of(request))
        if found is None:
            raise NotSignedInError
        return _caller_of(request, found)
    if request.method == "GET":
        return await operator(request, context)
    raise NotSignedInError


async def reader(request: Request, caller: Annotated[Caller, Depends(caller)]) -> Caller:
    return caller.require_scope(READ, area_of(request.scope["path"]))


async def writer(request: Request, caller: Annotated[Caller, Depends(caller)]) -> Caller:
    return caller.require_scope(WRITE, area_of(request.scope["path"]))


async def operator(request: Request, context: RequestContext) -> Caller:
    """The caller behind a session cookie. Raises `NotSignedInError`."""
    cookie = request.cookies.get(COOKIE, "")
    if not cookie:
        raise NotSignedInError
    async with context.pool.connection() as connection:
        found = await sessions.key_of_session(connection, cookie, now=real_now(request))
        await _note_use(context, connection, found, origin_of(request))
    if found is None:
        raise NotSignedInError
    return _caller_of(request, found)


async def is_authenticated(request: Request) -> bool:
    """Whether a request carries a valid key or session; checked before its body is read."""
    context, headers = context_of(request), request.headers
    scheme, _, bearer = headers.get("Authorization", "").partition(" ")
    key = (
        headers.get("X-API-Key") or (bearer if scheme.lower() == "bearer" else "") or headers.get("X-VTEX-API-AppToken")
    )
    cookie = request.cookies.get(COOKIE, "")
    async with context.pool.connection() as connection:
        if key:
            return await stores.api_key(connection, key) is not None
        return bool(cookie) and await sessions.key_of_session(connection, cookie, now=real_now(request)) is not None


Reader = Annotated[Caller, Depends(reader)]
Writer = Annotated[Caller, Depends(writer)]
Operator = Annotated[Caller, Depends(operator)]


async def _note_use(context: Context, connection: Connection, key: ApiKey | None, origin: str) -> None:
    """Store when a key was used last, to the minute, and from where, so that most reads write nothing."""
    now = context.now()
    if key is not None and (key.last_used_at is None or now - key.last_used_at >= _USED_WITHIN * context.pace):
        await api_keys.mark_used(connection, key.id, before=now - _USED_WITHIN * context.pace, now=now, origin=origin)


def _caller_of(request: Request, key: ApiKey) -> Caller:
    bind_store(request, key.store_id)
    return Caller(key.id, key.store_id, key.name, key.scopes)


def real_now(request: Request) -> datetime:
    """The real time: sessions end by it, also while the context runs on the simulator's clock."""
    now: datetime = request.app.state.real_clock()
    return now


def sign_link(key_id: int, secret: str, *, ends_at: datetime) -> str:
    """A signed sign-in link: key id and expiry (in microseconds, so that no two links are equal)."""
    body = f"{key_id}.{int(ends_at.timestamp() * 1_000_000)}"
    return f"{body}.{sign('link', body, secret)}"


def open_link(link: str, secret: str, *, now: datetime) -> tuple[int, datetime] | None:
    """The key's id and the expiry of a link with our signature that has not expired; else None. Whether it was used
    already is checked in the database.
    """
    body, _, mark = link.rpartition(".")
    if not body or not equal_in_constant_time(mark, sign("link", body, secret)):
        return None
    key_id, _, ends = body.partition(".")
    ends_at = datetime.fromtimestamp(int(ends) / 1_000_000, now.tzinfo)
    return (int(key_id), ends_at) if ends_at > now else None


def form_token(session: str, secret: str) -> str:
    """The token that a form must send back, so that no other site can post in an operator's name (CSRF)."""
    return sign("form", session, secret)


def equal_in_constant_time(given: str, ours: str) -> bool:
    """Whether two texts are equal, compared in constant time. Any text may be given."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), ours.encode("utf-8", "replace"))


def sign(use: str, text: str, secret: str) -> str:
    """HMAC-SHA256 of a text for one purpose (`use`): a signature for one purpose is invalid for another."""
    key = purpose_key(secret, Purpose.SIGNATURES)
    mark = hmac.new(key, f"{use} {text}".encode("utf-8", "replace"), sha256).digest()
    return base64.urlsafe_b64encode(mark).decode().rstrip("=")
