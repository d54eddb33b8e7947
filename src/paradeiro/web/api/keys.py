"""In: a store's question about its API keys; out: the list, without their text; a key that opens nothing any more."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Request

from paradeiro.db.keys import KeyLine
from paradeiro.flow import keys
from paradeiro.web.api.once import api_author
from paradeiro.web.api.shapes import Shape, errors
from paradeiro.web.auth import MeansOf, Reader, Writer

router = APIRouter(tags=["keys"])
Id = Annotated[int, Path(ge=1, le=2**62)]


class KeyOut(Shape):
    """An API key. Its text was shown once, when it was made, and is not kept. `last_used_at` is right to the minute."""

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
async def list_keys(means: MeansOf, who: Reader) -> KeyPage:
    """The store's API keys, those that were revoked too."""
    return KeyPage(items=[_line(key) for key in await keys.listed(means, who.store_id)])


@router.delete("/keys/{key_id}", responses=errors(401, 403, 404, 422))
async def revoke_key(request: Request, key_id: Id, means: MeansOf, who: Writer) -> KeyOut:
    """Revoke a key, and every session that was opened with it, at once and for good. A second time changes nothing."""
    return _line(await keys.revoke_id(means, who.store_id, key_id, api_author(request, who)))


def _line(key: KeyLine) -> KeyOut:
    return KeyOut(
        id=key.id,
        name=key.name,
        scopes=key.scopes,
        state="active" if key.revoked_at is None else "revoked",
        created_at=key.created_at,
        last_used_at=key.last_used_at,
        revoked_at=key.revoked_at,
    )
