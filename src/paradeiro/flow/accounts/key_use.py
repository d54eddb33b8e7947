"""In: a request's API key; out: when and from where it was used last, and lines about it in the audit log."""

from datetime import timedelta

from paradeiro.db.accounts import api_keys
from paradeiro.db.accounts.stores import ApiKey
from paradeiro.db.operations import audit
from paradeiro.db.operations.audit import Actor
from paradeiro.db.pool import Connection
from paradeiro.domain.words import AuditAction, EntryPoint
from paradeiro.flow.context import Context

_USED_WITHIN = timedelta(minutes=1)
# A line a day for each network address: that a key is used from a new one is what matters.
_SAID_WITHIN = timedelta(days=1)


async def note_use(context: Context, connection: Connection, key: ApiKey, origin: str) -> None:
    """Store when a key was used last, to the minute, and from where, so that most reads write nothing."""
    now, within = context.now(), _USED_WITHIN * context.pace
    if key.last_used_at is None or now - key.last_used_at >= within:
        await api_keys.mark_used(connection, key.id, before=now - within, now=now, origin=origin)
        await _note(context, connection, key.store_id, _actor(key.name, key.id, origin), AuditAction.USE_KEY)


async def note_refusal(context: Context, connection: Connection, text: str, origin: str) -> None:
    """Write down the use of a key that was revoked or has ended. A key that never was is in no store's log."""
    former = await api_keys.former_key(connection, text)
    if former is not None:
        by = _actor(former.name, former.id, origin)
        await _note(context, connection, former.store_id, by, AuditAction.REFUSE_KEY)


def _actor(name: str, key_id: int, origin: str) -> Actor:
    return Actor(name, EntryPoint.API, origin, api_key_id=key_id)


async def _note(context: Context, connection: Connection, store_id: int, by: Actor, action: AuditAction) -> None:
    now = context.now()
    await audit.add_key_use(connection, store_id, by, action, now=now, since=now - _SAID_WITHIN)
