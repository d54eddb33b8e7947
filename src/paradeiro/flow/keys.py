"""In: a key that shall open nothing any more, named by id or name; out: it is ended, and the audit log says by whom."""

from paradeiro.db import audit, keys
from paradeiro.db.audit import By, Deed
from paradeiro.db.keys import KeyLine
from paradeiro.db.pool import transaction
from paradeiro.domain.words import DeedKind
from paradeiro.flow.errors import MissingError
from paradeiro.flow.means import Means


async def listed(means: Means, store_id: int | None = None) -> list[KeyLine]:
    """The keys of a store, or of all of them."""
    async with means.pool.connection() as connection:
        return await keys.listed(connection, store_id)


async def revoke(means: Means, named: str, by: By, store_id: int | None = None) -> list[KeyLine]:
    """End the key of that id, else all active keys of that name; those that were ended. Raises `MissingError`."""
    active = [key for key in await listed(means, store_id) if key.revoked_at is None]
    found = [key for key in active if str(key.id) == named] or [key for key in active if key.name == named]
    if not found:
        known = ", ".join(f"{key.id} ({key.name})" for key in active) or "none"
        raise MissingError("no_such_key", f"No active key has the id or name '{named}'. Active keys: {known}.")
    async with transaction(means.pool) as connection:
        for key in found:
            of = await keys.revoke(connection, key.id, now=means.now(), store_id=store_id)
            if of is not None:
                deed = Deed(DeedKind.REVOKE_KEY, "", None, f"{key.id}: {key.name}")
                await audit.note(connection, of, by, [deed], now=means.now())
    return found


async def revoke_id(means: Means, store_id: int, key_id: int, by: By) -> KeyLine:
    """End the key of that id; ended before, it stays as it is. Raises `MissingError`."""
    for key in await listed(means, store_id):
        if key.id == key_id:
            if key.revoked_at is None:
                await revoke(means, str(key_id), by, store_id)
            return next(each for each in await listed(means, store_id) if each.id == key_id)
    raise MissingError("no_such_key", "The store has no key of that id: GET /api/v1/keys lists them.")
