"""In: a store's API keys; out: the list, without their text; keys made, rotated and revoked."""

from datetime import datetime, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Request
from pydantic import Field, StringConstraints

from paradeiro.db.accounts.api_keys import ApiKeyLine
from paradeiro.flow.accounts import api_keys
from paradeiro.flow.accounts.api_keys import NewKey
from paradeiro.flow.accounts.scopes import SCOPES
from paradeiro.web.api.idempotency import api_actor
from paradeiro.web.api.shapes import Shape, errors
from paradeiro.web.api.values import EventTime, SingleLine
from paradeiro.web.auth import Reader, RequestContext, Writer

router = APIRouter(tags=["keys"])
_Scope = Annotated[str, StringConstraints(max_length=40)]
Id = Annotated[int, Path(ge=1, le=2**62)]


class KeyOut(Shape):
    """An API key. Its text is shown only when it is made, and is not stored. `last_used_at` is exact to the minute,
    `last_used_from` the network address then; `ends_at`: it is invalid from then on.
    """

    id: int
    name: str
    scopes: list[str]
    state: Literal["active", "ended", "revoked"]
    created_at: datetime
    last_used_at: datetime | None
    last_used_from: str
    ends_at: datetime | None
    revoked_at: datetime | None


class KeyIn(Shape):
    """A key to make. `scopes`: `read` and `write` are everything; an area with a colon before them is that area only
    (`shipments:write`). A key makes no key that may do what it may not. `ends_at`: invalid from then on.
    """

    name: Annotated[str, StringConstraints(min_length=1, max_length=100), SingleLine]
    scopes: Annotated[list[_Scope], Field(min_length=1, max_length=len(SCOPES), description=", ".join(SCOPES))]
    ends_at: EventTime | None = None


class RotateIn(Shape):
    """For how many hours the former key is valid yet."""

    overlap_hours: Annotated[int, Field(ge=0, le=24 * 365)] = 168


class KeyMade(Shape):
    """`key` is the text to send; it is shown only here."""

    id: int
    name: str
    scopes: list[str]
    ends_at: datetime | None
    key: str


class KeyPage(Shape):
    items: list[KeyOut]


@router.get("/keys", responses=errors(401, 403))
async def list_keys(context: RequestContext, who: Reader) -> KeyPage:
    """The store's API keys, revoked ones too."""
    return KeyPage(items=[_key_out(key) for key in await api_keys.list_keys(context, who.store_id)])


@router.post("/keys", status_code=201, responses=errors(400, 401, 403, 422))
async def make_key(request: Request, body: KeyIn, context: RequestContext, who: Writer) -> KeyMade:
    """Make a key. Its text is in this answer only."""
    by = api_actor(request, who)
    made = await api_keys.make_key(
        context, who.store_id, name=body.name, scopes=body.scopes, by=by, ends_at=body.ends_at, given_by=who.scopes
    )
    return _made(made)


@router.post("/keys/{key_id}/rotate", status_code=201, responses=errors(400, 401, 403, 404, 422))
async def rotate_key(request: Request, key_id: Id, body: RotateIn, context: RequestContext, who: Writer) -> KeyMade:
    """Make a key of the same name and scopes; the former one is valid for a while yet, so that nothing stops."""
    by, overlap = api_actor(request, who), timedelta(hours=body.overlap_hours)
    return _made(await api_keys.rotate_key(context, who.store_id, key_id, by, overlap=overlap, given_by=who.scopes))


def _made(key: NewKey) -> KeyMade:
    return KeyMade(id=key.id, name=key.name, scopes=list(key.scopes), ends_at=key.ends_at, key=key.text)


@router.delete("/keys/{key_id}", responses=errors(401, 403, 404, 422))
async def revoke_key(request: Request, key_id: Id, context: RequestContext, who: Writer) -> KeyOut:
    """Revoke a key and all sessions opened with it, at once and for good. Repeating it changes nothing."""
    return _key_out(await api_keys.revoke_key(context, who.store_id, key_id, api_actor(request, who)))


def _key_out(key: ApiKeyLine) -> KeyOut:
    return KeyOut(
        id=key.id,
        name=key.name,
        scopes=key.scopes,
        state=key.state,
        created_at=key.created_at,
        last_used_at=key.last_used_at,
        last_used_from=key.last_used_from,
        ends_at=key.ends_at,
        revoked_at=key.revoked_at,
    )
