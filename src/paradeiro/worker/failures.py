"""In: running jobs; out: failures logged, counted, and reported by a notice at the third in a row."""

import asyncio
import time
from collections.abc import Awaitable
from contextlib import suppress
from datetime import timedelta

import psycopg
from pgqueuer.errors import RetryRequested

from paradeiro.db.accounts import stores
from paradeiro.db.operations import health, metric_counts, notices
from paradeiro.db.operations.health import JobFailure
from paradeiro.db.operations.notices import NoticeDraft
from paradeiro.db.pool import Connection, transaction
from paradeiro.domain.tally import Metric
from paradeiro.domain.words import NoticeKind
from paradeiro.flow.context import Context, log
from paradeiro.flow.operations.counting import pool_of, write_counts

_NOTICE_AT = 3
_LOG_AGAIN = timedelta(hours=1)
_BEAT_SECONDS = 10.0
# The sweep alone fails every second while the database takes nothing.
_NO_DATABASE_LOG_SECONDS = 60.0
_MAX_TEXT = 300


class Failures:
    """The failing jobs known to this worker; all workers share the table `job_failure`."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._failing: set[tuple[str, str]] = set()
        self._no_database_logged_at: dict[str, float] = {}

    async def watch(self, job: str, payload: str, work: Awaitable[None]) -> None:
        """Run one job. An exception is recorded and raised again for the queue's log."""
        try:
            await work
        except RetryRequested:
            raise
        except Exception as error:
            self._context.tally.add(Metric.JOBS_FAILED, None, None, job)
            await self._record_failure(job, payload, error)
            raise
        if (job, payload) in self._failing:
            await self._clear_failure(job, payload)

    async def load(self) -> None:
        """Load the failures that others have seen."""
        async with self._context.pool.connection() as connection:
            self._failing = {(f.job, f.payload) for f in await health.job_failures(connection)}

    async def beat(self, worker: str, stop: asyncio.Event) -> None:
        """Write a heartbeat until `stop` is set, and load failures seen by other workers."""
        while not stop.is_set():
            with suppress(psycopg.Error, TimeoutError):  # no connection: logged elsewhere
                async with self._context.pool.connection() as connection:
                    await health.put_heartbeat(connection, worker)
                    await metric_counts.put_pool(connection, worker, pool_of(self._context.pool))
                # After the connection is back in the pool: they take one of their own.
                await self.load()
                await write_counts(self._context)
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _BEAT_SECONDS)
        with suppress(psycopg.Error, TimeoutError):
            async with self._context.pool.connection() as connection:
                await health.remove_heartbeat(connection, worker)
            await write_counts(self._context)

    async def _record_failure(self, job: str, payload: str, error: Exception) -> None:
        try:
            async with transaction(self._context.pool) as connection:
                owner = await _owner(connection, job, payload)
                found = await health.count_failure(
                    connection,
                    job,
                    payload[:_MAX_TEXT],
                    store_id=owner,
                    error=type(error).__name__,
                    message=str(error).replace("\0", "")[:_MAX_TEXT],
                    now=self._context.now(),
                    log_again=_LOG_AGAIN,
                )
                if found.count >= _NOTICE_AT:
                    drafts = [_draft(found, store_id) for store_id in await _notified_stores(connection, owner)]
                    await notices.open_notices(connection, drafts, now=self._context.now())
        except (psycopg.Error, TimeoutError):
            # No connection, which is why the job failed.
            self._log_no_database(job, error)
            return
        self._failing.add((job, payload[:_MAX_TEXT]))
        if _connection_lost(error):
            log.warning("a job lost the database; it runs again", job=job, about=payload[:_MAX_TEXT])
        elif found.to_log:
            log.error("a job failed", job=job, about=payload[:_MAX_TEXT], times=found.count, exc_info=error)

    def _log_no_database(self, job: str, error: Exception) -> None:
        """Log that the database takes no writes (no connection, full disk): once a minute per kind of job."""
        now = time.monotonic()
        if now - self._no_database_logged_at.get(job, -_NO_DATABASE_LOG_SECONDS) >= _NO_DATABASE_LOG_SECONDS:
            self._no_database_logged_at[job] = now
            log.warning("a job failed, and the database takes nothing", job=job, error=type(error).__name__)

    async def _clear_failure(self, job: str, payload: str) -> None:
        self._failing.discard((job, payload))
        async with transaction(self._context.pool) as connection:
            if await health.clear_failure(connection, job, payload):
                owner = await _owner(connection, job, payload)
                for store_id in await _notified_stores(connection, owner):
                    await notices.resolve_subject(
                        connection,
                        store_id,
                        [NoticeKind.JOB_FAILING],
                        _subject(job, payload),
                        now=self._context.now(),
                    )
                log.info("a job gets through again", job=job, about=payload)


def _connection_lost(error: Exception) -> bool:
    """Whether the database ended or went away under a job (SQLSTATE 08, 57P, or no answer at all): the trace
    says nothing then.
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
    owner = await stores.account_owner(connection, int(payload))
    return owner[0] if owner else None


async def _notified_stores(connection: Connection, owner: int | None) -> list[int]:
    """The stores that get the notice: the owner, or all."""
    return [owner] if owner is not None else sorted(await stores.store_ids(connection))


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
