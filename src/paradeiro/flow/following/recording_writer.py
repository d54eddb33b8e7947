"""In: outcomes of one recording, ordered by shipment id; out: database rows, in the caller's transaction."""

from collections.abc import Sequence
from datetime import datetime

from paradeiro.db.following import events, proofs, shipments
from paradeiro.db.operations import notices
from paradeiro.db.orders import orders, packages
from paradeiro.db.outbox import effects
from paradeiro.db.pool import Connection
from paradeiro.domain.words import EffectKind
from paradeiro.flow.carriers.legs import write_legs
from paradeiro.flow.following.change_notices import subject_of
from paradeiro.flow.following.recording_outcome import RecordingOutcome
from paradeiro.flow.outbox import deadlines
from paradeiro.flow.outbox.planning import enqueue_relay


async def write_outcomes(
    connection: Connection, outcomes: Sequence[RecordingOutcome], *, now: datetime
) -> list[EffectKind]:
    """Write all outcomes, one statement per table where possible. Returns the kinds of the new effects."""
    await _write_shipments(connection, outcomes, now=now)
    rows = [row for each in outcomes for row in (*each.number_effects, *each.effects)]
    added = await effects.add_effects(connection, rows, now=now)
    due = [(each.row.shipment.id, each.deadline.due_at) for each in outcomes if each.deadline]
    await deadlines.expect_deliveries(connection, due)
    for each in outcomes:
        if each.resolved:
            shipment = each.row.shipment
            subject = subject_of(shipment)
            await notices.resolve_subject(connection, shipment.store_id, each.resolved, subject, now=now)
    await notices.open_notices(connection, [draft for each in outcomes for draft in each.notices], now=now)
    await proofs.withdraw_proofs(
        connection, [each.row.shipment.id for each in outcomes if each.proofs_withdrawn], now=now
    )
    await proofs.request_proofs(connection, [wanted for each in outcomes for wanted in each.proofs_wanted], now=now)
    await enqueue_relay(connection, rows)
    return added


async def _write_shipments(connection: Connection, outcomes: Sequence[RecordingOutcome], *, now: datetime) -> None:
    """Write events and their flags, labels, snapshots and the deliveries of orders."""
    await events.add_events(connection, [row for each in outcomes for row in each.events], now=now)
    for each in outcomes:
        if each.withdrawn:
            await events.mark_withdrawn(connection, each.row.shipment.id, each.withdrawn)
    for each in outcomes:
        if each.duplicates is not None:
            await events.mark_duplicates(connection, each.row.shipment.id, each.duplicates)
    restored = [each.row.shipment.id for each in outcomes if each.label_restored]
    if restored:
        await packages.restore_label(connection, restored, now=now)
    await write_legs(connection, [draft for each in outcomes for draft in each.legs], now=now)
    for each in outcomes:
        if each.carrier_code:
            await packages.name_code(connection, each.row.shipment.id, each.carrier_code)
    await shipments.update_timelines(connection, [each.update for each in outcomes])
    changed = {each.row.order_id for each in outcomes if each.change is not None}
    if changed:
        await orders.update_order_deliveries(connection, list(changed))
