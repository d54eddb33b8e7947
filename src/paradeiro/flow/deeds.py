"""In: what somebody did to a store, not to one order; out: a line of the audit log, in the deed's transaction."""

from paradeiro.db import audit
from paradeiro.db.audit import By, Deed
from paradeiro.db.pool import Connection
from paradeiro.domain.words import DeedKind
from paradeiro.flow.means import Means


async def note(means: Means, connection: Connection, store_id: int, by: By | None, deed: DeedKind, said: str) -> None:
    """Write it; by nobody (the house itself, a test) nothing is written."""
    if by is not None:
        await audit.note(connection, store_id, by, [Deed(deed, "", None, said)], now=means.now())
