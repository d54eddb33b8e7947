"""In: the clock; out: jobs for everything that is due, so that nothing waits for a job that got lost."""

from datetime import timedelta

from paradeiro.db import (
    effects,
    jobs,
    order_hints,
    proofs,
    reassessing,
    replies,
    set_aside,
    shipments,
    stand_ins,
    watches,
)
from paradeiro.db.jobs import Job
from paradeiro.db.pool import transaction
from paradeiro.domain.sources import PATIENCE
from paradeiro.flow.listen import EVERY
from paradeiro.flow.means import Means

# Longer than a recording takes: what still waits then was forgotten by a worker that died.
FORGOTTEN_AFTER = timedelta(minutes=1)
_PER_JOB = 50


async def sweep(means: Means, *, forgotten_after: timedelta = FORGOTTEN_AFTER) -> int:
    """Enqueue a job for each account or reply that waits. Returns how many were new."""
    now = means.now()
    async with transaction(means.pool) as connection:
        asked = {
            *await shipments.due_accounts(connection, now=now),
            *await stand_ins.due_accounts(connection, now=now, patience=PATIENCE),
        }
        due = {
            jobs.COLLECT: sorted(asked),
            jobs.LISTEN: await watches.due(connection, before=now - EVERY),
            jobs.FEED: await order_hints.due_feeds(connection, now=now),
            jobs.NAMED: await order_hints.due_accounts(connection, now=now),
            jobs.ORDERS: await shipments.due_visits(connection, now=now),
            jobs.PROVE: await proofs.due_accounts(connection, now=now),
            jobs.RELAY: await effects.due_accounts(connection, now=now),
            jobs.HOOKS: await effects.due_endpoints(connection, now=now),
        }
        unusable = await set_aside.ids(connection, "account")
        wanted = [Job(job, str(i), once=True) for job, ids in due.items() for i in ids if i not in unusable]
        wanted += [
            Job(jobs.REASSESS, str(store_id), once=True)
            for store_id in await reassessing.due_stores(connection, now=now)
        ]
        lost = await replies.forgotten(connection, before=now - forgotten_after)
        for start in range(0, len(lost), _PER_JOB):
            ids = ",".join(map(str, lost[start : start + _PER_JOB]))
            wanted.append(Job(jobs.RECORD, ids, once=True))
        return await jobs.enqueue(connection, wanted)
