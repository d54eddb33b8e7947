"""In: a request's API key or session cookie; out: the caller, key or person, and its scopes. Nothing else does."""

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

from paradeiro.db.accounts import stores
from paradeiro.db.operations.audit import Actor
from paradeiro.db.people import sessions
from paradeiro.db.secrets import Purpose, purpose_key
from paradeiro.db.store_pool import StorePool
from paradeiro.domain.words import EntryPoint, Role
from paradeiro.flow.accounts import key_use
from paradeiro.flow.accounts.scopes import READ, WRITE, Area, allows, scope_for
from paradeiro.flow.context import Context
from paradeiro.flow.people.roles import scopes_of
from paradeiro.web.areas import area_of

COOKIE = "paradeiro_session"
# Names the message that the next page shows once, after a form was taken.
DONE_COOKIE = "paradeiro_done"
_SEEN_WITHIN = timedelta(minutes=1)
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
    """The key, or the person's role, lacks the scope. To do: use a key that has it, ask an administrator."""

    def __init__(self, scope: str) -> None:
        super().__init__(f"this key may not do that: it needs the scope '{scope}'")
        self.scope = scope


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: an API key, or a person with a role in the store that is on their screen; and the scopes of either."""

    store_id: int
    name: str
    scopes: tuple[str, ...]
    key_id: int | None = None
    operator_id: int | None = None
    role: Role | None = None

    def may(self, verb: str, area: Area | None) -> bool:
        return allows(self.scopes, area, verb)

    def require_scope(self, verb: str, area: Area | None = None) -> "Caller":
        if not self.may(verb, area):
            raise NotAllowedError(scope_for(area, verb))
        return self


def origin_of(request: Request) -> str:
    """The network address that a request came from, as the server reports it; for the audit log."""
    return request.client.host if request.client else ""


def page_actor(request: Request, who: Caller) -> Actor:
    """The person who sent a form, for the audit log."""
    return Actor(who.name, EntryPoint.PAGE, origin_of(request), operator_id=who.operator_id)


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


def all_stores_context(request: Request) -> Context:
    """The same without that bound, for persons (who may work for several stores) and for figures of all stores."""
    context: Context = request.app.state.context
    return context


AllStoresContext = Annotated[Context, Depends(all_stores_context)]


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
        return await _caller_by_key(request, context, key)
    if request.method == "GET":
        return await signed_in(request, context)
    raise NotSignedInError


async def _caller_by_key(request: Request, context: Context, key: str) -> Caller:
    origin = origin_of(request)
    async with context.pool.connection() as connection:
        found = await stores.api_key(connection, key)
        if found is None:
            await key_use.note_refusal(context, connection, key, origin)
            raise NotSignedInError
        await key_use.note_use(context, connection, found, origin)
    bind_store(request, found.store_id)
    return Caller(found.store_id, found.name, found.scopes, key_id=found.id)


async def reader(request: Request, caller: Annotated[Caller, Depends(caller)]) -> Caller:
    return caller.require_scope(READ, area_of(request.scope["path"]))


async def writer(request: Request, caller: Annotated[Caller, Depends(caller)]) -> Caller:
    return caller.require_scope(WRITE, area_of(request.scope["path"]))


async def signed_in(request: Request, context: RequestContext) -> Caller:
    """The person behind a session cookie. Raises `NotSignedInError`."""
    cookie, now = request.cookies.get(COOKIE, ""), real_now(request)
    if not cookie:
        raise NotSignedInError
    async with context.pool.connection() as connection:
        found = await sessions.signed_in(connection, cookie, now=now)
        if found is None:
            raise NotSignedInError
        if now - found.seen_at >= _SEEN_WITHIN:
            await sessions.mark_seen(connection, found.number, before=now - _SEEN_WITHIN, now=now)
    bind_store(request, found.store_id)
    return Caller(found.store_id, found.name, scopes_of(found.role), operator_id=found.operator_id, role=found.role)


async def operator(request: Request, who: Annotated[Caller, Depends(signed_in)]) -> Caller:
    """A signed-in person who may see this page. Raises `NotSignedInError`, `NotAllowedError`."""
    return who.require_scope(READ, area_of(request.scope["path"]))


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
        return bool(cookie) and await sessions.signed_in(connection, cookie, now=real_now(request)) is not None


AnyCaller = Annotated[Caller, Depends(caller)]
Reader = Annotated[Caller, Depends(reader)]
Writer = Annotated[Caller, Depends(writer)]
SignedIn = Annotated[Caller, Depends(signed_in)]
Operator = Annotated[Caller, Depends(operator)]


def real_now(request: Request) -> datetime:
    """The real time: sessions end by it, also while the context runs on the simulator's clock."""
    now: datetime = request.app.state.real_clock()
    return now


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
