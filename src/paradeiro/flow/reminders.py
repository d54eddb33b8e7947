"""In: the clock; out: a reminder planned for each customer whose package will not wait much longer, made once."""

from datetime import datetime, timedelta

from paradeiro.db import effects, mailing, shipments
from paradeiro.db.effects import EffectRow
from paradeiro.db.pool import transaction
from paradeiro.db.shipments import Kept
from paradeiro.domain.plan import remind
from paradeiro.flow import aside
from paradeiro.flow.means import Means
from paradeiro.flow.record import Surroundings, call_relay, rows_of, surround
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
            found = await shipments.lock_each(connection, ids)
            around = await surround(means, connection, {k.shipment.store_id for k in found.kept})
            rows, spoilt = [], found.spoilt
            for each in found.kept:
                try:
                    rows += _reminder(around, each, now)
                except Exception as error:  # noqa: BLE001 - nothing was written: this one is told, the others go on
                    spoilt.append(aside.reminder(each, error))
            await aside.leave(connection, spoilt, now=now)
            planned += len(await effects.add(connection, rows, now=now))
            await call_relay(connection, rows)
        if len(ids) < _AT_ONCE:
            return planned
        after = ids[-1]


def _reminder(around: Surroundings, kept: Kept, now: datetime) -> list[EffectRow]:
    store, since = around.stores[kept.shipment.store_id], kept.shipment.snapshot.since
    if since is not None and now - since < _NEW:
        return []
    today = now.astimezone(zone_of(store.time_zone)).date()
    return rows_of(around, kept, remind(kept.order, kept.shipment, around.sinks(kept), store.policy, today))
