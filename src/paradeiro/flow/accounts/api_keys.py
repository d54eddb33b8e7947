"""In: an API key's id or name; out: the key revoked, with an audit entry."""

from paradeiro.db.accounts import api_keys
from paradeiro.db.accounts.api_keys import ApiKeyLine
from paradeiro.db.operations import audit
from paradeiro.db.operations.audit import Actor, AuditEntry
from paradeiro.db.pool import transaction
from paradeiro.domain.words import AuditAction
from paradeiro.flow.context import Context
from paradeiro.flow.errors import MissingError


async def list_keys(context: Context, store_id: int | None = None) -> list[ApiKeyLine]:
    """List the keys of one store, or of all stores."""
    async with context.pool.connection() as connection:
        return await api_keys.key_lines(connection, store_id)


async def revoke_keys(context: Context, named: str, by: Actor, store_id: int | None = None) -> list[ApiKeyLine]:
    """Revoke the active key with that id, else all with that name. Returns the revoked keys; raises `MissingError`."""
    active = [key for key in await list_keys(context, store_id) if key.revoked_at is None]
    found = [key for key in active if str(key.id) == named] or [key for key in active if key.name == named]
    if not found:
        known = ", ".join(f"{key.id} ({key.name})" for key in active) or "none"
        raise MissingError("no_such_key", f"No active key has the id or name '{named}'. Active keys: {known}.")
    async with transaction(context.pool) as connection:
        for key in found:
            of = await api_keys.revoke_key(connection, key.id, now=context.now(), store_id=store_id)
            if of is not None:
                action = AuditEntry(AuditAction.REVOKE_KEY, "", None, f"{key.id}: {key.name}")
                await audit.add_entries(connection, of, by, [action], now=context.now())
    return found


async def revoke_key(context: Context, store_id: int, key_id: int, by: Actor) -> ApiKeyLine:
    """Revoke the key with that id; a revoked one is left unchanged. Raises `MissingError`."""
    for key in await list_keys(context, store_id):
        if key.id == key_id:
            if key.revoked_at is None:
                await revoke_keys(context, str(key_id), by, store_id)
            return next(each for each in await list_keys(context, store_id) if each.id == key_id)
    raise MissingError("no_such_key", "The store has no key of that id: GET /api/v1/keys lists them.")
