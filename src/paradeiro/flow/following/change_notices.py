"""In: a change of a shipment and its timeline; out: the notices that it opens, one per kind and subject. Pure."""

from collections.abc import Iterator, Mapping

from paradeiro.db.following.shipments import ShipmentRow
from paradeiro.db.operations.notices import NoticeDraft
from paradeiro.domain.outbox.plan import is_alias, mail_refusal
from paradeiro.domain.records import Change, Shipment, Timeline
from paradeiro.domain.words import NoticeKind, PartyKind
from paradeiro.flow.following.recording_context import RecordingContext
from paradeiro.flow.outbox import missing_invoices


def subject_of(shipment: Shipment) -> str:
    """The subject of notices about a shipment."""
    return f"shipment {shipment.id}"


def notices_of(context: RecordingContext, row: ShipmentRow, change: Change, timeline: Timeline) -> list[NoticeDraft]:
    """The notices that a change opens: doubtful events, a delivery that was none, no address, no invoice."""
    policy, market = context.stores[row.shipment.store_id].policy, context.sink(row, PartyKind.MARKETPLACE)
    drafts = [
        *_doubt_notices(row, change, timeline),
        *_withdrawn_delivery_notices(row, change),
        *_missing_address_notices(context, row, change),
        *missing_invoices.open_notices(row, context.sinks(row), policy, market),
    ]
    return list({(draft.kind, draft.subject): draft for draft in drafts}.values())


def _doubt_notices(row: ShipmentRow, change: Change, timeline: Timeline) -> Iterator[NoticeDraft]:
    """New events that do not count, or contradict a delivery."""
    for doubt in timeline.doubts:
        if doubt.event in change.new_events:
            event = {"event": doubt.event.description or doubt.event.code, "at": doubt.event.occurred_at.isoformat()}
            yield _draft(row, NoticeKind(doubt.kind), f"{_package_name(row)}: {doubt.message}", event)


def _withdrawn_delivery_notices(row: ShipmentRow, change: Change) -> Iterator[NoticeDraft]:
    """A reported delivery that was withdrawn."""
    if not change.delivery_withdrawn:
        return
    sold = bool(row.order.channel)
    market = " The marketplace is told that it is not delivered; look there at what it made of that." if sold else ""
    words = (
        f"{_package_name(row)} was reported delivered and is not. The order system is told again.{market} "
        "Check with the carrier."
    )
    yield _draft(row, NoticeKind.DELIVERY_WITHDRAWN, words, {"variant": "marketplace" if sold else ""})


def _missing_address_notices(context: RecordingContext, row: ShipmentRow, change: Change) -> Iterator[NoticeDraft]:
    """A customer who should be mailed and cannot be. Aliases concern the whole store: one notice for all."""
    policy, customer = context.stores[row.shipment.store_id].policy, row.order.customer
    mails = context.sinks(row).mail and policy.mails and policy.rules_of(row.order).mails
    if not mails or not change.moved or customer.erased:  # erased on purpose: nothing to correct
        return
    refusal = mail_refusal(customer, row.order.channel)
    if not refusal:
        return
    words = f"The customer of order {row.order.number} gets no mail: {refusal}."
    if not is_alias(customer):
        yield _draft(row, NoticeKind.NO_ADDRESS, words, {"why": refusal}, f"order {row.order.number}")
        return
    words += " Let the order system mail (`paradeiro vtex mails vtex`), or state real addresses with the orders."
    yield _draft(row, NoticeKind.NO_ADDRESS, words, {"variant": "alias", "why": refusal}, "aliases")


def _package_name(row: ShipmentRow) -> str:
    return f"{row.shipment.tracking_code} of order {row.order.number}"


def _draft(
    row: ShipmentRow, kind: NoticeKind, words: str, variables: Mapping[str, str], subject: str | None = None
) -> NoticeDraft:
    """A notice of the shipment's store; about the shipment itself unless another `subject` is named."""
    shipment = row.shipment
    facts = {"code": shipment.tracking_code, "order": row.order.number, **variables}
    subject = subject or subject_of(shipment)
    return NoticeDraft(shipment.store_id, kind, subject, words, shipment_id=shipment.id, facts=facts)
