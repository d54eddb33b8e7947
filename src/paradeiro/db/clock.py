"""In: instants that workers saw; out: the last one that was trusted, and the database's own clock."""

from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from paradeiro.db.pool import Connection


@dataclass(frozen=True, slots=True)
class Seen:
    """An instant at which a clock was trusted. `boot` names the start of a machine that `since_boot` counts from, in
    seconds; empty if the machine does not tell. `trouble`: why no work is done since; empty if there is none.
    """

    seen_at: datetime | None
    boot: str
    since_boot: float
    trouble: str = ""
    trouble_at: datetime | None = None


async def now(connection: Connection) -> datetime:
    """The database's clock."""
    row = await (await connection.execute("SELECT clock_timestamp()")).fetchone()
    assert row is not None
    at: datetime = row[0]
    return at


async def seen(connection: Connection) -> Seen | None:
    """The last instant that a worker trusted; None if none ever ran."""
    async with connection.cursor(row_factory=class_row(Seen)) as cursor:
        await cursor.execute("SELECT seen_at, boot, since_boot, trouble, trouble_at FROM clock_seen")
        return await cursor.fetchone()


async def trust(connection: Connection, at: datetime, boot: str, since_boot: float) -> None:
    """Remember an instant that was trusted; trouble, if there was any, is over."""
    sql = """
        INSERT INTO clock_seen (seen_at, boot, since_boot) VALUES (%s, %s, %s)
        ON CONFLICT (id) DO UPDATE SET seen_at = EXCLUDED.seen_at, boot = EXCLUDED.boot,
            since_boot = EXCLUDED.since_boot, trouble = '', trouble_at = NULL"""
    await connection.execute(sql, (at, boot, since_boot))


async def distrust(connection: Connection, why: str) -> None:
    """Say why no work is done. The instant that was trusted last stays."""
    sql = """
        INSERT INTO clock_seen (boot, since_boot, trouble, trouble_at) VALUES ('', 0, %s, clock_timestamp())
        ON CONFLICT (id) DO UPDATE SET trouble = EXCLUDED.trouble, trouble_at = EXCLUDED.trouble_at"""
    await connection.execute(sql, (why,))


async def forget(connection: Connection) -> None:
    """Somebody says that the clock is right as it is: workers trust it anew."""
    await connection.execute("DELETE FROM clock_seen")
