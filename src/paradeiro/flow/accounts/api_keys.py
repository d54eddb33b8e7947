"""In: an API key's name and scopes, or its id; out: keys made, rotated and revoked, each with an audit entry."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from paradeiro.db.accounts import api_keys, stores
from paradeiro.db.accounts.api_keys import ApiKeyLine
from paradeiro.db.operations import audit
from paradeiro.db.operations.audit import Actor, AuditEntry
from paradeiro.db.pool import transaction
from paradeiro.domain.words import AuditAction
from paradeiro.flow.accounts.scopes import READ, SCOPES, WRITE, unknown_scopes
from paradeiro.flow.context import Context
from paradeiro.flow.errors import InvalidError, MissingError
from paradeiro.flow.operations import audit_log

_KEY_BYTES = 32
_LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that was made. `text` is shown once: only its hash is stored."""

    id: int
    name: str
    scopes: tuple[str, ...]
    ends_at: datetime | None
    text: str = field(repr=False)


async def make_key(
    context: Context,
    store_id: int,
    *,
    name: str,
    scopes: Sequence[str],
    by: Actor | None,
    ends_at: datetime | None = None,
    given_by: Sequence[str] = (READ, WRITE),
) -> NewKey:
    """Make a key. `given_by`: the scopes of who makes it, which it may not exceed. Raises `InvalidError`."""
    _check(name, scopes, given_by)
    text = f"pk_{secrets.token_urlsafe(_KEY_BYTES)}"
    async with transaction(context.pool) as connection:
        key_id = await stores.add_api_key(
            connection, store_id, name=name, key=text, scopes=scopes, now=context.now(), ends_at=ends_at
        )
        until = f" until {ends_at:%Y-%m-%d %H:%M} UTC" if ends_at else ""
        said = f"{name}: {', '.join(scopes)}{until}"
        await audit_log.write_entry(context, connection, store_id, by, AuditAction.MAKE_KEY, said)
    return NewKey(key_id, name, tuple(scopes), ends_at, text)


def _check(name: str, scopes: Sequence[str], given_by: Sequence[str]) -> None:
    if not name.strip() or len(name) > _LONGEST_NAME or not name.isprintable():
        raise InvalidError("bad_name", f"Name the key in 1 to {_LONGEST_NAME} letters, after who will use it.")
    if unknown := unknown_scopes(scopes):
        raise InvalidError("bad_scope", f"Unknown scope {', '.join(unknown)}. There are: {', '.join(SCOPES)}.")
    if not scopes:
        raise InvalidError("bad_scope", f"Say what the key may do: {', '.join(SCOPES)}.")
    if beyond := [scope for scope in scopes if not _covers(given_by, scope)]:
        message = f"This key may not do {', '.join(beyond)} itself, so it cannot make a key that may."
        raise InvalidError("beyond_own_scopes", message)


def _covers(own: Sequence[str], scope: str) -> bool:
    return scope in own or scope.rpartition(":")[2] in own


async def rotate_key(
    context: Context,
    store_id: int | None,
    key_id: int,
    by: Actor,
    *,
    overlap: timedelta,
    given_by: Sequence[str] = (READ, WRITE),
) -> NewKey:
    """A new key of the same name and scopes; the former one is valid for the overlap. Raises `MissingError`,
    `InvalidError`.
    """
    former = next((key for key in await list_keys(context, store_id) if key.id == key_id), None)
    if former is None or former.state != "active":
        raise MissingError("no_such_key", "There is no active key of that id.")
    made = await make_key(
        context,
        former.store_id,
        name=former.name,
        scopes=former.scopes,
        by=by,
        ends_at=former.ends_at,
        given_by=given_by,
    )
    async with transaction(context.pool) as connection:
        await api_keys.end_key(connection, key_id, after=overlap)
    return made


async def list_keys(context: Context, store_id: int | None = None) -> list[ApiKeyLine]:
    """List the keys of one store, or of all stores."""
    async with context.pool.connection() as connection:
        return await api_keys.key_lines(connection, store_id)


async def revoke_keys(context: Context, named: str, by: Actor, store_id: int | None = None) -> list[ApiKeyLine]:
    """Revoke the active key with that id, else all with that name. Returns the revoked keys; raises `MissingError`."""
    active = [key for key in await list_keys(context, store_id) if key.state == "active"]
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
