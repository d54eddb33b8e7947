"""In: the clock; out: jobs for everything that is due, so that a lost job delays nothing."""

from datetime import timedelta

from paradeiro.db import jobs
from paradeiro.db.following import contract_watches, fallbacks, proofs, reassessments, replies, shipments
from paradeiro.db.jobs import Job
from paradeiro.db.operations import set_aside
from paradeiro.db.orders import order_hints
from paradeiro.db.outbox import effects
from paradeiro.db.pool import transaction
from paradeiro.domain.following.merging import FALLBACK_AFTER
from paradeiro.flow.context import Context
from paradeiro.flow.following.silence_watch import EVERY

# Longer than a recording takes: replies still waiting then were left by a worker that died.
FORGOTTEN_AFTER = timedelta(minutes=1)
_PER_JOB = 50


async def sweep(context: Context, *, forgotten_after: timedelta = FORGOTTEN_AFTER) -> int:
    """Enqueue a job for each account or reply that waits. Returns how many were new."""
    now = context.now()
    async with transaction(context.pool) as connection:
        asked = {
            *await shipments.due_accounts(connection, now=now),
            *await fallbacks.due_accounts(connection, now=now, patience=FALLBACK_AFTER),
        }
        due = {
            jobs.COLLECT: sorted(asked),
            jobs.LISTEN: await contract_watches.accounts_to_check(connection, before=now - EVERY),
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
        lost = await replies.overdue_replies(connection, before=now - forgotten_after)
        for start in range(0, len(lost), _PER_JOB):
            ids = ",".join(map(str, lost[start : start + _PER_JOB]))
            wanted.append(Job(jobs.RECORD, ids, once=True))
        return await jobs.enqueue(connection, wanted)
