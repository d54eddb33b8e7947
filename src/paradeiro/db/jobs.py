"""In: jobs to enqueue inside a transaction; out: jobs that exist if and only if that transaction commits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from pgqueuer.db import PsycopgDriver
from pgqueuer.queries import Queries

from paradeiro.db.pool import Connection

COLLECT, FEED, LISTEN, NAMED, ORDERS = "collect", "feed", "listen", "named", "orders"
# A carrier's feed; FEED is an order system's queue.
CARRIER_FEED = "carrier_feed"
# A carrier's files: those in a folder here, and those that are fetched.
FOLDER, REMOTE_FILES = "folder", "remote_files"
PROVE, REASSESS, RECORD, RELAY = "prove", "reassess", "record", "relay"
# Messages to webhook endpoints have a job name of their own: mails never wait behind them in the queue.
HOOKS = "webhook"


@dataclass(frozen=True, slots=True)
class Job:
    """`entrypoint` names the flow; `payload` is small text. With `once` it is not added while an equal job waits.
    `after`: delay from now; delayed jobs are deduplicated among themselves.
    """

    entrypoint: str
    payload: str
    once: bool = False
    after: timedelta | None = None

    @property
    def dedupe_key(self) -> str | None:
        later = ":later" if self.after is not None else ""
        return f"{self.entrypoint}:{self.payload}{later}" if self.once else None


async def enqueue(connection: Connection, jobs: Sequence[Job]) -> int:
    """Enqueue in the caller's transaction. Returns how many were added (duplicates of waiting jobs are not)."""
    if not jobs:
        return 0
    # Each `once` key may stand only once in a single statement.
    distinct = list({(job.dedupe_key or index): job for index, job in enumerate(jobs)}.values())
    added = await Queries(PsycopgDriver(connection)).enqueue(
        [job.entrypoint for job in distinct],
        [job.payload.encode() for job in distinct],
        [0] * len(distinct),
        [job.after for job in distinct],
        dedupe_key=[job.dedupe_key for job in distinct],
        on_conflict="skip",
    )
    return sum(job_id is not None for job_id in added)


async def waiting_count(connection: Connection) -> int:
    """How many jobs are queued or running."""
    row = await (
        await connection.execute("SELECT count(*) FROM pgqueuer WHERE status IN ('queued', 'picked')")
    ).fetchone()
    return int(row[0]) if row else 0
