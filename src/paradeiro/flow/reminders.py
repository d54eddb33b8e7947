"""In: the clock; out: a reminder planned for each customer whose package will not wait much longer, made once."""

from datetime import timedelta

from paradeiro.db import effects, mailing, shipments
from paradeiro.db.pool import transaction
from paradeiro.domain.plan import remind
from paradeiro.flow.means import Means
from paradeiro.flow.record import call_relay, rows_of, surround
from paradeiro.sdk.speech.moments import zone_of

_AT_ONCE = 200
# Who was told less than a day ago that it waits needs no reminder yet.
_NEW = timedelta(days=1)


async def remind_all(means: Means) -> int:
    """Plan the reminders that are due. Returns how many were new. Run twice, or killed and run again: planned once."""
    planned, after = 0, 0
    while True:
        async with transaction(means.pool) as connection:
            now = means.now()
            ids = await mailing.waiting(connection, now=now, after=after, limit=_AT_ONCE)
            kept = await shipments.lock(connection, ids)
            around = await surround(means, connection, {k.shipment.store_id for k in kept})
            rows = []
            for each in kept:
                store = around.stores[each.shipment.store_id]
                since = each.shipment.snapshot.since
                if since is not None and now - since < _NEW:
                    continue
                today = now.astimezone(zone_of(store.time_zone)).date()
                drafts = remind(each.order, each.shipment, around.sinks(each), store.policy, today)
                rows += rows_of(around, each, drafts)
            planned += len(await effects.add(connection, rows, now=now))
            await call_relay(connection, rows)
        if len(ids) < _AT_ONCE:
            return planned
        after = ids[-1]
