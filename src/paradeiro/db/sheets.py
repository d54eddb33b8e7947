"""In: an uploaded table; out: the same, until it was taken or its time is over."""

from dataclasses import dataclass, field
from datetime import datetime

from paradeiro.db.pool import Connection


@dataclass(frozen=True, slots=True)
class KeptSheet:
    """An uploaded table that waits to be taken."""

    id: int
    name: str
    content: bytes = field(repr=False)


async def put(connection: Connection, store_id: int, *, name: str, content: bytes, author: str, now: datetime) -> int:
    """Keep an uploaded table; its id."""
    sql = "INSERT INTO sheet (store_id, name, content, author, created_at) VALUES (%s, %s, %s, %s, %s) RETURNING id"
    row = await (await connection.execute(sql, (store_id, name, content, author, now))).fetchone()
    assert row is not None
    return int(row[0])


async def kept(connection: Connection, store_id: int, sheet_id: int) -> KeptSheet | None:
    """A table of this store."""
    sql = "SELECT id, name, content FROM sheet WHERE store_id = %s AND id = %s"
    row = await (await connection.execute(sql, (store_id, sheet_id))).fetchone()
    return KeptSheet(row[0], row[1], bytes(row[2])) if row else None


async def remove(connection: Connection, store_id: int, sheet_id: int) -> None:
    """It was taken: what it says is in orders and shipments now."""
    await connection.execute("DELETE FROM sheet WHERE store_id = %s AND id = %s", (store_id, sheet_id))


async def forget(connection: Connection, *, before: datetime) -> int:
    """Remove tables that nobody took. How many."""
    return (await connection.execute("DELETE FROM sheet WHERE created_at < %s", (before,))).rowcount
