"""In: a request's key or session cookie; out: who asks and what they may do. Nothing else opens a door."""

import base64
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request
from fastapi.security import APIKeyHeader, HTTPBearer
from fastapi.security.http import HTTPAuthorizationCredentials

from paradeiro.db import keys, sessions, stores
from paradeiro.db.pool import Connection
from paradeiro.db.stores import ApiKey
from paradeiro.flow.means import Means

COOKIE = "paradeiro_session"
# What a page says once after a form was taken.
SAID_ONCE = "paradeiro_done"
SESSION = timedelta(days=7)
_USED_WITHIN = timedelta(minutes=1)
READ, WRITE = "read", "write"
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
    """The key has not the scope. To do: use one that has."""

    def __init__(self, scope: str) -> None:
        super().__init__(f"this key may not do that: it needs the scope '{scope}'")
        self.scope = scope


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: the key's id and name, its store, its scopes."""

    key_id: int
    store_id: int
    name: str
    scopes: tuple[str, ...]

    def needs(self, scope: str) -> "Caller":
        if scope not in self.scopes:
            raise NotAllowedError(scope)
        return self


def origin_of(request: Request) -> str:
    """The network address that a request came from, as the server was told; for the audit log."""
    return request.client.host if request.client else ""


def by_tls(request: Request, public_url: str) -> bool:
    """Whether the browser came by https, also where a proxy that nobody named took it off on the way."""
    public = urlsplit(public_url)
    return request.url.scheme == "https" or (public.scheme == "https" and request.url.hostname == public.hostname)


def means_of(request: Request) -> Means:
    """The house's means, which app.py put on the application."""
    means: Means = request.app.state.means
    return means


MeansOf = Annotated[Means, Depends(means_of)]


async def caller(
    request: Request,
    means: MeansOf,
    header: Annotated[str | None, Depends(_HEADER)],
    bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)],
    vtex: Annotated[str | None, Depends(_VTEX)],
) -> Caller:
    """The API's caller, by key; a signed-in operator's browser may read too (for the API's own documentation)."""
    key = header or (bearer.credentials if bearer else None) or vtex
    if key:
        async with means.pool.connection() as connection:
            found = await stores.api_key(connection, key)
            await _used(means, connection, found)
        if found is None:
            raise NotSignedInError
        return _caller(found)
    if request.method == "GET":
        return await operator(request, means)
    raise NotSignedInError


async def reader(caller: Annotated[Caller, Depends(caller)]) -> Caller:
    return caller.needs(READ)


async def writer(caller: Annotated[Caller, Depends(caller)]) -> Caller:
    return caller.needs(WRITE)


async def operator(request: Request, means: MeansOf) -> Caller:
    """The person behind a session cookie."""
    cookie = request.cookies.get(COOKIE, "")
    if not cookie:
        raise NotSignedInError
    async with means.pool.connection() as connection:
        found = await sessions.key_of(connection, cookie, now=real_now(request))
        await _used(means, connection, found)
    if found is None:
        raise NotSignedInError
    return _caller(found)


async def is_known(request: Request) -> bool:
    """Whether a request carries a living key or session; looked at before its body is read."""
    means, headers = means_of(request), request.headers
    scheme, _, bearer = headers.get("Authorization", "").partition(" ")
    key = (
        headers.get("X-API-Key") or (bearer if scheme.lower() == "bearer" else "") or headers.get("X-VTEX-API-AppToken")
    )
    cookie = request.cookies.get(COOKIE, "")
    async with means.pool.connection() as connection:
        if key:
            return await stores.api_key(connection, key) is not None
        return bool(cookie) and await sessions.key_of(connection, cookie, now=real_now(request)) is not None


Reader = Annotated[Caller, Depends(reader)]
Writer = Annotated[Caller, Depends(writer)]
Operator = Annotated[Caller, Depends(operator)]


async def _used(means: Means, connection: Connection, key: ApiKey | None) -> None:
    """Remember when a key was used last, to the minute: reading stays reading."""
    now = means.now()
    if key is not None and (key.last_used_at is None or now - key.last_used_at >= _USED_WITHIN * means.pace):
        await keys.used(connection, key.id, before=now - _USED_WITHIN * means.pace, now=now)


def _caller(key: ApiKey) -> Caller:
    return Caller(key.id, key.store_id, key.name, key.scopes)


def real_now(request: Request) -> datetime:
    """Sessions end by the real clock, also while the house follows the simulated world."""
    now: datetime = request.app.state.real_clock()
    return now


def seal_link(key_id: int, secret: str, *, ends_at: datetime) -> str:
    """A sign-in link that names a key and when it ends (in microseconds: each is another), signed."""
    body = f"{key_id}.{int(ends_at.timestamp() * 1_000_000)}"
    return f"{body}.{sign('link', body, secret)}"


def open_link(link: str, secret: str, *, now: datetime) -> tuple[int, datetime] | None:
    """The key's id and the end of a link that is ours and has not ended. Whether it was used the database knows."""
    body, _, mark = link.rpartition(".")
    if not body or not same(mark, sign("link", body, secret)):
        return None
    key_id, _, ends = body.partition(".")
    ends_at = datetime.fromtimestamp(int(ends) / 1_000_000, now.tzinfo)
    return (int(key_id), ends_at) if ends_at > now else None


def form_token(session: str, secret: str) -> str:
    """What a form must send back, so that no other site can post in an operator's name."""
    return sign("form", session, secret)


def same(given: str, ours: str) -> bool:
    """Whether two texts are the same, in a time that does not tell where they differ. Any text may be given."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), ours.encode("utf-8", "replace"))


def sign(use: str, text: str, secret: str) -> str:
    """HMAC-SHA256 of a text for one use: what was signed for one is nothing for another."""
    mark = hmac.new(f"{use} {secret}".encode(), text.encode("utf-8", "replace"), sha256).digest()
    return base64.urlsafe_b64encode(mark).decode().rstrip("=")
