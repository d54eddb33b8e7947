"""In: the clock; out: one planned reminder per customer whose pickup deadline is near."""

from datetime import datetime, timedelta

from paradeiro.db.following import shipments
from paradeiro.db.following.shipments import ShipmentRow
from paradeiro.db.outbox import effects, mail_state
from paradeiro.db.outbox.effects import EffectRow
from paradeiro.db.pool import transaction
from paradeiro.domain.outbox.plan import plan_reminder
from paradeiro.flow.context import Context
from paradeiro.flow.following.recording_context import RecordingContext, load_recording_context
from paradeiro.flow.operations import unusable_rows
from paradeiro.flow.outbox.effect_rows import rows_of
from paradeiro.flow.outbox.planning import enqueue_relay
from paradeiro.sdk.wording.times import zone_of

_BATCH = 200
# No reminder within a day of the first message that it waits for pickup.
_NEW = timedelta(days=1)


async def remind_all(context: Context) -> int:
    """Plan the due reminders. Returns how many were new. Idempotent."""
    planned, after = 0, 0
    while True:
        async with transaction(context.pool) as connection:
            now = context.now()
            ids = await mail_state.shipments_to_remind(connection, now=now, after=after, limit=_BATCH)
            found = await shipments.lock_valid(connection, ids)
            recording = await load_recording_context(context, connection, {k.shipment.store_id for k in found.rows})
            rows, spoilt = [], found.unusable
            for each in found.rows:
                try:
                    rows += _reminder(recording, each, now)
                except Exception as error:  # noqa: BLE001 - nothing was written: this row is set aside, the others go on
                    spoilt.append(unusable_rows.unusable_reminder(each, error))
            await unusable_rows.set_row_aside(connection, spoilt, now=now)
            planned += len(await effects.add_effects(connection, rows, now=now))
            await enqueue_relay(connection, rows)
        if len(ids) < _BATCH:
            return planned
        after = ids[-1]


def _reminder(recording: RecordingContext, row: ShipmentRow, now: datetime) -> list[EffectRow]:
    store, since = recording.stores[row.shipment.store_id], row.shipment.snapshot.since
    if since is not None and now - since < _NEW:
        return []
    today = now.astimezone(zone_of(store.time_zone)).date()
    return rows_of(recording, row, plan_reminder(row.order, row.shipment, recording.sinks(row), store.policy, today))
