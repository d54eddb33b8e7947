"""In: a package and its change; out: rows of its effects, one per sink account. Pure.

An order system, and a marketplace with histories by invoice, gets a message for each invoice of the package.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from paradeiro.db.following.shipments import ShipmentRow
from paradeiro.db.outbox.effects import EffectRow
from paradeiro.domain.outbox.plan import plan_effects
from paradeiro.domain.records import Change, EffectDraft
from paradeiro.domain.words import EffectKind
from paradeiro.flow.following.recording_context import RecordingContext


def effects_of(
    recording: RecordingContext, shipment_row: ShipmentRow, change: Change, *, quiet: bool, was_told: bool
) -> list[EffectRow]:
    """The effects of a change. `quiet`: no mail. For a replaced label only messages by invoice and webhook events."""
    policy = recording.stores[shipment_row.shipment.store_id].policy
    if quiet or shipment_row.shipment.replaced_by is not None:
        policy = replace(policy, mail_customers=False)

    def drafts(each: ShipmentRow) -> Iterable[EffectDraft]:
        sinks = recording.sinks(each)
        return plan_effects(change, each.order, each.shipment, sinks, policy, customer_knows_delivery=was_told)

    rows = rows_of(recording, shipment_row, drafts(shipment_row))
    if shipment_row.shipment.replaced_by is not None:
        rows = [row for row in rows if row.invoice or row.kind is EffectKind.WEBHOOK_EVENT]
    return [*rows, *further_rows(recording, shipment_row, drafts)]


def rows_of(recording: RecordingContext, shipment_row: ShipmentRow, drafts: Iterable[EffectDraft]) -> list[EffectRow]:
    """Rows of planned effects, one for every account that supports them."""
    shipment = shipment_row.shipment
    return [
        EffectRow(
            shipment.store_id,
            shipment_row.order_id,
            shipment.id,
            account.id,
            draft.kind,
            draft.cause,
            shipment.invoice.number if recording.by_invoice(account) else "",
        )
        for draft in drafts
        for account in recording.all_sinks(shipment_row, draft.sink)
        if draft.kind in recording.supported_effects(account)
    ]


def further_rows(
    recording: RecordingContext, shipment_row: ShipmentRow, drafts: Callable[[ShipmentRow], Iterable[EffectDraft]]
) -> Iterator[EffectRow]:
    """Rows of effects for the further invoices of a package."""
    for each in further_invoice_rows(shipment_row):
        yield from (row for row in rows_of(recording, each, drafts(each)) if row.invoice)


def further_invoice_rows(shipment_row: ShipmentRow) -> list[ShipmentRow]:
    """The package once per further invoice, as if that were its only one."""
    shipment = shipment_row.shipment
    return [
        replace(shipment_row, shipment=replace(shipment, id=each.id, invoice=each.invoice, further=()))
        for each in shipment.further
    ]
