"""In: GET and DELETE of a store's API keys; out: the list, without their text; a revoked key."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Request

from paradeiro.db.accounts.api_keys import ApiKeyLine
from paradeiro.flow.accounts import api_keys
from paradeiro.web.api.idempotency import api_actor
from paradeiro.web.api.shapes import Shape, errors
from paradeiro.web.auth import Reader, RequestContext, Writer

router = APIRouter(tags=["keys"])
Id = Annotated[int, Path(ge=1, le=2**62)]


class KeyOut(Shape):
    """An API key. Its text is shown only when it is made, and is not stored. `last_used_at` is exact to the minute."""

    id: int
    name: str
    scopes: list[str]
    state: Literal["active", "revoked"]
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


class KeyPage(Shape):
    items: list[KeyOut]


@router.get("/keys", responses=errors(401, 403))
async def list_keys(context: RequestContext, who: Reader) -> KeyPage:
    """The store's API keys, revoked ones too."""
    return KeyPage(items=[_key_out(key) for key in await api_keys.list_keys(context, who.store_id)])


@router.delete("/keys/{key_id}", responses=errors(401, 403, 404, 422))
async def revoke_key(request: Request, key_id: Id, context: RequestContext, who: Writer) -> KeyOut:
    """Revoke a key and all sessions opened with it, at once and for good. Repeating it changes nothing."""
    return _key_out(await api_keys.revoke_key(context, who.store_id, key_id, api_actor(request, who)))


def _key_out(key: ApiKeyLine) -> KeyOut:
    return KeyOut(
        id=key.id,
        name=key.name,
        scopes=key.scopes,
        state="active" if key.revoked_at is None else "revoked",
        created_at=key.created_at,
        last_used_at=key.last_used_at,
        revoked_at=key.revoked_at,
    )
