"""In: the clock; out: jobs for everything that is due, so that a lost job delays nothing."""

from datetime import timedelta

from paradeiro.db import jobs
from paradeiro.db.carriers import carrier_feeds, legs, received_files
from paradeiro.db.following import contract_watches, fallbacks, proofs, reassessments, replies, shipments
from paradeiro.db.jobs import Job
from paradeiro.db.operations import set_aside
from paradeiro.db.orders import order_hints
from paradeiro.db.outbox import effects
from paradeiro.db.pool import Connection, transaction
from paradeiro.domain.following.merging import FALLBACK_AFTER
from paradeiro.domain.words import Way
from paradeiro.flow.context import Context
from paradeiro.flow.following.silence_watch import EVERY
from paradeiro.sdk.transports import file_settings

# Longer than a recording takes: replies still waiting then were left by a worker that died.
FORGOTTEN_AFTER = timedelta(minutes=1)
_PER_JOB = 50
# How often a carrier's files are looked for, by the setting that says where. No row says when they were: a job waits.
_FILES = (
    (jobs.FOLDER, file_settings.FOLDER, timedelta(minutes=1)),
    (jobs.REMOTE_FILES, file_settings.URL, timedelta(minutes=10)),
)


async def sweep(context: Context, *, forgotten_after: timedelta = FORGOTTEN_AFTER) -> int:
    """Enqueue a job for each account or reply that waits. Returns how many were new."""
    now = context.now()
    feeding = sorted(c.name for c in context.connectors.values() if Way.FEED in c.ways)
    unasked = sorted(c.name for c in context.connectors.values() if Way.ASKED not in c.ways)
    async with transaction(context.pool) as connection:
        asked = {
            *await shipments.due_accounts(connection, now=now),
            *await fallbacks.due_accounts(connection, now=now, patience=FALLBACK_AFTER),
            *await legs.due_accounts(connection, now=now),
        }
        due = {
            jobs.COLLECT: sorted(asked),
            jobs.CARRIER_FEED: await carrier_feeds.due_accounts(connection, feeding, now=now),
            jobs.LISTEN: await contract_watches.accounts_to_check(connection, before=now - EVERY, unasked=unasked),
            jobs.FEED: await order_hints.due_feeds(connection, now=now),
            jobs.NAMED: await order_hints.due_accounts(connection, now=now),
            jobs.ORDERS: await shipments.due_sweeps(connection, now=now),
            jobs.PROVE: await proofs.due_accounts(connection, now=now),
            jobs.RELAY: await effects.due_accounts(connection, now=now),
            jobs.HOOKS: await effects.due_endpoints(connection, now=now),
        }
        unusable = await set_aside.set_aside_ids(connection, "account")
        wanted = [Job(job, str(i), once=True) for job, ids in due.items() for i in ids if i not in unusable]
        wanted += [
            Job(jobs.REASSESS, str(store_id), once=True)
            for store_id in await reassessments.due_stores(connection, now=now)
        ]
        wanted += await _file_jobs(context, connection)
        lost = await replies.overdue_replies(connection, before=now - forgotten_after)
        for start in range(0, len(lost), _PER_JOB):
            ids = ",".join(map(str, lost[start : start + _PER_JOB]))
            wanted.append(Job(jobs.RECORD, ids, once=True))
        return await jobs.enqueue(connection, wanted)


async def _file_jobs(context: Context, connection: Connection) -> list[Job]:
    """A job that waits for each account whose files are looked for."""
    filing = sorted(c.name for c in context.connectors.values() if Way.FILE in c.ways)
    unusable = await set_aside.set_aside_ids(connection, "account")
    return [
        Job(job, str(account_id), once=True, after=pause)
        for job, setting, pause in _FILES
        for account_id in await received_files.accounts_with(connection, setting, filing)
        if account_id not in unusable
    ]
