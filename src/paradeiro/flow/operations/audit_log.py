"""In: an action on a store (not on one order); out: an entry of the audit log, in the action's transaction."""

from paradeiro.db.operations import audit
from paradeiro.db.operations.audit import Actor, AuditEntry
from paradeiro.db.pool import Connection
from paradeiro.domain.words import AuditAction
from paradeiro.flow.context import Context


async def write_entry(
    context: Context, connection: Connection, store_id: int, by: Actor | None, action: AuditAction, said: str
) -> None:
    """Write an entry; without an actor (Paradeiro itself, a test) nothing is written."""
    if by is not None:
        await audit.add_entries(connection, store_id, by, [AuditEntry(action, "", None, said)], now=context.now())
