"""In: a new package, or one whose messages must be sent again; out: effects, stored and enqueued."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from paradeiro.db import jobs
from paradeiro.db.following.shipments import ShipmentRow
from paradeiro.db.jobs import Job
from paradeiro.db.operations import notices
from paradeiro.db.outbox import effects
from paradeiro.db.outbox.effects import EffectRow
from paradeiro.db.pool import Connection
from paradeiro.domain.outbox.channel_rules import subscribes
from paradeiro.domain.outbox.plan import plan_catch_up, plan_introduction
from paradeiro.domain.records import EffectDraft
from paradeiro.domain.words import EffectKind, NoticeKind, PartyKind
from paradeiro.flow.following.recording_context import RecordingContext
from paradeiro.flow.outbox import missing_invoices
from paradeiro.flow.outbox.effect_rows import further_invoice_rows, further_rows, rows_of


async def plan_shipment_introduction(
    connection: Connection,
    recording: RecordingContext,
    shipment_row: ShipmentRow,
    *,
    invoiced: bool = False,
    now: datetime,
) -> list[EffectRow]:
    """Plan the messages sent once per shipment before any news. Idempotent. `invoiced`: its missing invoice has just
    arrived, so plan what had to wait for it too.
    """
    policy = recording.stores[shipment_row.shipment.store_id].policy

    def drafts(each: ShipmentRow) -> Iterable[EffectDraft]:
        sinks = recording.sinks(each)
        first = plan_introduction(each.order, each.shipment, sinks, policy)
        return (*first, *plan_catch_up(each.order, each.shipment, sinks, policy)) if invoiced else first

    if invoiced:
        subject, kinds = missing_invoices.subject(shipment_row.order.number), [NoticeKind.NO_INVOICE]
        await notices.resolve_subject(connection, shipment_row.shipment.store_id, kinds, subject, now=now)
    rows = [*rows_of(recording, shipment_row, drafts(shipment_row)), *further_rows(recording, shipment_row, drafts)]
    await _add(connection, rows, now=now)
    return rows


async def plan_numbers(
    connection: Connection, recording: RecordingContext, shipment_row: ShipmentRow, cause: str, *, now: datetime
) -> None:
    """Send the order system the tracking numbers of a package's invoices again, after a label change."""
    if not recording.stores[shipment_row.shipment.store_id].policy.tell_order_system:
        return
    drafts = [EffectDraft(EffectKind.TRACKING_NUMBER, PartyKind.ORDER_SYSTEM, cause)]
    rows = [row for each in _invoiced_rows(shipment_row) for row in rows_of(recording, each, drafts)]
    await _add(connection, rows, now=now)


async def plan_invoices(
    connection: Connection,
    recording: RecordingContext,
    shipment_row: ShipmentRow,
    cause: str,
    *,
    now: datetime,
    only: int | None = None,
) -> None:
    """Send the current state of a package's invoices without news. `only`: the id of one further invoice."""
    policy = recording.stores[shipment_row.shipment.store_id].policy
    drafts = []
    if policy.tell_order_system:
        drafts.append(EffectDraft(EffectKind.ORDER_UPDATE, PartyKind.ORDER_SYSTEM, cause))
    topic = subscribes(
        policy.rules_of(shipment_row.order),
        EffectKind.MARKETPLACE_UPDATE,
        delivery=shipment_row.shipment.snapshot.delivered,
    )
    if topic and policy.tell_marketplace and shipment_row.order.channel and shipment_row.order.marketplace_number:
        drafts.append(EffectDraft(EffectKind.MARKETPLACE_UPDATE, PartyKind.MARKETPLACE, cause))
    invoiced_rows = [each for each in _invoiced_rows(shipment_row) if only is None or each.shipment.id == only]
    rows = [row for each in invoiced_rows for row in rows_of(recording, each, drafts) if row.invoice]
    await _add(connection, rows, now=now)


def _invoiced_rows(shipment_row: ShipmentRow) -> list[ShipmentRow]:
    """The package once per invoice that has a number."""
    return [each for each in (shipment_row, *further_invoice_rows(shipment_row)) if each.shipment.invoice.number]


async def _add(connection: Connection, rows: Sequence[EffectRow], *, now: datetime) -> None:
    await effects.add_effects(connection, rows, now=now)
    await enqueue_relay(connection, rows)


async def enqueue_relay(connection: Connection, rows: Iterable[EffectRow]) -> None:
    """Enqueue the relay jobs of the accounts of these rows, in the caller's transaction."""
    waiting = {(jobs.HOOKS if r.kind is EffectKind.WEBHOOK_EVENT else jobs.RELAY, r.account_id) for r in rows}
    await jobs.enqueue(connection, [Job(name, str(account_id)) for name, account_id in sorted(waiting)])
