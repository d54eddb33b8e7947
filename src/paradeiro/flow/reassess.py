"""In: a store; out: packages whose known events say something else by now recorded anew, though nobody said anything.

A carrier answers the same bytes for ever, and those are not read twice. What depends on the clock, a delivery that was
dated ahead of it, is judged again here when its hour has come.
"""

from collections.abc import Sequence

from paradeiro.db import jobs, reassessing, shipments
from paradeiro.db.pool import transaction
from paradeiro.db.set_aside import apart
from paradeiro.db.shipments import Kept
from paradeiro.flow import aside, turns
from paradeiro.flow.means import Means
from paradeiro.flow.record import record, surround

_BATCH = 100


async def reassess(means: Means, store_id: int) -> int:
    """Record what is due, for one turn; the rest has another. Returns how many packages were looked at."""
    done, turn = 0, turns.Turn()
    while True:
        looked = await _one_batch(means, store_id)
        done += looked
        if looked < _BATCH:
            return done
        if turn.over():
            await turns.go_on(means, jobs.REASSESS, store_id)
            return done


async def _one_batch(means: Means, store_id: int) -> int:
    now = means.now()
    async with transaction(means.pool) as connection:
        ids = await reassessing.claim(connection, store_id, now=now, limit=_BATCH)
        if not ids:
            return 0
        around = await surround(means, connection, [store_id])
        found = await shipments.lock_each(connection, ids)
        await aside.leave(connection, found.spoilt, now=now)

        async def work(some: Sequence[Kept]) -> list[int]:
            ids = [kept.shipment.id for kept in some]
            done = await record(connection, around, dict.fromkeys(ids, ()), now=now)
            if done.moves:
                await reassessing.hear_again(connection, ids, now=now)
            return [len(some)]

        async def spoil(kept: Kept, error: Exception) -> None:
            await aside.leave(connection, [aside.package(kept, error)], now=now)

        await apart(connection, found.kept, work, spoil)
    return len(ids)
