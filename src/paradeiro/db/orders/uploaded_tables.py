"""In: an uploaded table (CSV); out: the same, until it is imported or expires."""

from dataclasses import dataclass, field
from datetime import datetime

from paradeiro.db.pool import Connection


@dataclass(frozen=True, slots=True)
class UploadedTable:
    """An uploaded table that waits to be imported."""

    id: int
    name: str
    content: bytes = field(repr=False)


async def put_table(
    connection: Connection, store_id: int, *, name: str, content: bytes, actor: str, now: datetime
) -> int:
    """Store an uploaded table; its id."""
    sql = """
        INSERT INTO uploaded_table (store_id, name, content, actor, created_at)
        VALUES (%s, %s, %s, %s, %s) RETURNING id"""
    row = await (await connection.execute(sql, (store_id, name, content, actor, now))).fetchone()
    assert row is not None
    return int(row[0])


async def uploaded_table(connection: Connection, store_id: int, table_id: int) -> UploadedTable | None:
    """A table of this store."""
    sql = "SELECT id, name, content FROM uploaded_table WHERE store_id = %s AND id = %s"
    row = await (await connection.execute(sql, (store_id, table_id))).fetchone()
    return UploadedTable(row[0], row[1], bytes(row[2])) if row else None


async def remove_table(connection: Connection, store_id: int, table_id: int) -> None:
    """Remove a table that was imported."""
    await connection.execute("DELETE FROM uploaded_table WHERE store_id = %s AND id = %s", (store_id, table_id))


async def remove_old_tables(connection: Connection, *, before: datetime) -> int:
    """Remove tables that were never imported. How many."""
    return (await connection.execute("DELETE FROM uploaded_table WHERE created_at < %s", (before,))).rowcount
