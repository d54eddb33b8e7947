"""In: clock readings of workers; out: the last trusted one, and the database's own clock."""

from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from paradeiro.db.pool import Connection


@dataclass(frozen=True, slots=True)
class ClockState:
    """An instant at which a clock was trusted. `boot`: the boot id of the machine, empty if unknown; `since_boot`:
    seconds since that boot. `problem`: why no work is done since; empty if there is none.
    """

    seen_at: datetime | None
    boot: str
    since_boot: float
    problem: str = ""
    problem_at: datetime | None = None


async def database_now(connection: Connection) -> datetime:
    """The database's clock."""
    row = await (await connection.execute("SELECT clock_timestamp()")).fetchone()
    assert row is not None
    at: datetime = row[0]
    return at


async def last_trusted(connection: Connection) -> ClockState | None:
    """The last instant that a worker trusted; None if none ever ran."""
    async with connection.cursor(row_factory=class_row(ClockState)) as cursor:
        await cursor.execute("SELECT seen_at, boot, since_boot, problem, problem_at FROM clock_seen")
        return await cursor.fetchone()


async def write_trusted(connection: Connection, at: datetime, boot: str, since_boot: float) -> None:
    """Store a trusted instant; clears any problem."""
    sql = """
        INSERT INTO clock_seen (seen_at, boot, since_boot) VALUES (%s, %s, %s)
        ON CONFLICT (id) DO UPDATE SET seen_at = EXCLUDED.seen_at, boot = EXCLUDED.boot,
            since_boot = EXCLUDED.since_boot, problem = '', problem_at = NULL"""
    await connection.execute(sql, (at, boot, since_boot))


async def write_problem(connection: Connection, why: str) -> None:
    """Store why no work is done. The last trusted instant stays."""
    sql = """
        INSERT INTO clock_seen (boot, since_boot, problem, problem_at) VALUES ('', 0, %s, clock_timestamp())
        ON CONFLICT (id) DO UPDATE SET problem = EXCLUDED.problem, problem_at = EXCLUDED.problem_at"""
    await connection.execute(sql, (why,))


async def reset_clock(connection: Connection) -> None:
    """Delete the stored state: workers trust the clock as it is now."""
    await connection.execute("DELETE FROM clock_seen")
