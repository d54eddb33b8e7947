"""In: jobs as they run; out: one that fails is seen: once in the log, counted, with a notice at the third time."""

import asyncio
import time
from collections.abc import Awaitable
from contextlib import suppress
from datetime import timedelta

import psycopg
from pgqueuer.errors import RetryRequested

from paradeiro.db import health, notices, stores
from paradeiro.db.health import JobFailure
from paradeiro.db.notices import NoticeDraft
from paradeiro.db.pool import Connection, transaction
from paradeiro.domain.words import NoticeKind
from paradeiro.flow.means import Means, log

_TELL_AT = 3
_LOG_AGAIN = timedelta(hours=1)
_BEAT_SECONDS = 10.0
# The sweep alone fails every second while the database takes nothing.
_SAY_AGAIN_SECONDS = 60.0
_LONGEST = 300


class Failures:
    """Which jobs fail, as far as this worker knows; all workers share the table."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._failing: set[tuple[str, str]] = set()
        self._said_away: dict[str, float] = {}

    async def watch(self, job: str, payload: str, work: Awaitable[None]) -> None:
        """Run one job. What it raises is noted, and raised again: the queue keeps it too."""
        try:
            await work
        except RetryRequested:
            raise
        except Exception as error:
            await self._note(job, payload, error)
            raise
        if (job, payload) in self._failing:
            await self._over(job, payload)

    async def beat(self, worker: str, stop: asyncio.Event) -> None:
        """Give a sign of life until `stop` is set, and hear what fails elsewhere."""
        while not stop.is_set():
            with suppress(psycopg.Error, TimeoutError):  # the database is away: others say so
                async with self._means.pool.connection() as connection:
                    await health.beat(connection, worker)
                    self._failing = {(f.job, f.payload) for f in await health.failures(connection)}
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _BEAT_SECONDS)
        with suppress(psycopg.Error, TimeoutError):
            async with self._means.pool.connection() as connection:
                await health.gone(connection, worker)

    async def _note(self, job: str, payload: str, error: Exception) -> None:
        try:
            async with transaction(self._means.pool) as connection:
                owner = await _owner(connection, job, payload)
                found = await health.failed(
                    connection,
                    job,
                    payload[:_LONGEST],
                    store_id=owner,
                    error=type(error).__name__,
                    message=str(error).replace("\0", "")[:_LONGEST],
                    now=self._means.now(),
                    log_again=_LOG_AGAIN,
                )
                if found.count >= _TELL_AT:
                    drafts = [_draft(found, store_id) for store_id in await _stores(connection, owner)]
                    await notices.open_notices(connection, drafts, now=self._means.now())
        except (psycopg.Error, TimeoutError):
            # The database is away, which is why the job failed: said once, by who lost the connection.
            self._say_away(job, error)
            return
        self._failing.add((job, payload[:_LONGEST]))
        if _connection_lost(error):
            log.warning("a job lost the database; it runs again", job=job, about=payload[:_LONGEST])
        elif found.to_log:
            log.error("a job failed", job=job, about=payload[:_LONGEST], times=found.count, exc_info=error)

    def _say_away(self, job: str, error: Exception) -> None:
        """The database takes nothing (it is away, or its disk is full): a line a minute for each kind of job."""
        now = time.monotonic()
        if now - self._said_away.get(job, -_SAY_AGAIN_SECONDS) >= _SAY_AGAIN_SECONDS:
            self._said_away[job] = now
            log.warning("a job failed, and the database takes nothing", job=job, error=type(error).__name__)

    async def _over(self, job: str, payload: str) -> None:
        self._failing.discard((job, payload))
        async with transaction(self._means.pool) as connection:
            if await health.succeeded(connection, job, payload):
                owner = await _owner(connection, job, payload)
                for store_id in await _stores(connection, owner):
                    await notices.resolve_subject(
                        connection,
                        store_id,
                        [NoticeKind.JOB_FAILING],
                        _subject(job, payload),
                        now=self._means.now(),
                    )
                log.info("a job gets through again", job=job, about=payload)


def _connection_lost(error: Exception) -> bool:
    """Whether the database ended or went away under a job (SQLSTATE 08, 57P, or no answer at all): where our code
    stood then tells nobody anything.
    """
    if isinstance(error, psycopg.OperationalError):
        return error.sqlstate is None or error.sqlstate.startswith(("08", "57P"))
    return isinstance(error, psycopg.InterfaceError)


async def _owner(connection: Connection, job: str, payload: str) -> int | None:
    """The store that a job works for; None if it works for no single one."""
    if job in {"sweep", "upkeep", "record"} or not payload.isdecimal() or len(payload) > 18:
        return None
    if job == "reassess":
        return int(payload)
    owner = await stores.owner(connection, int(payload))
    return owner[0] if owner else None


async def _stores(connection: Connection, owner: int | None) -> list[int]:
    """Whose people are told: the store's own, or everybody's."""
    return [owner] if owner is not None else sorted(await stores.ids(connection))


def _subject(job: str, payload: str) -> str:
    return f"job {job} {payload}".strip()


def _draft(failure: JobFailure, store_id: int) -> NoticeDraft:
    words = (
        f"The work '{failure.job}' has failed {failure.count} times in a row since {failure.first_at:%Y-%m-%d %H:%M} "
        f"UTC ({failure.error}: {failure.message}). Nothing is lost, it is tried again, and everything else goes on. "
        "Tell whoever runs Paradeiro: the log has the whole error, `paradeiro status` what else fails. This notice "
        "ends by itself."
    )
    facts = {
        "job": failure.job,
        "count": str(failure.count),
        "since": f"{failure.first_at:%Y-%m-%d %H:%M} UTC",
        "why": f"{failure.error}: {failure.message}",
    }
    return NoticeDraft(store_id, NoticeKind.JOB_FAILING, _subject(failure.job, failure.payload), words, facts=facts)
