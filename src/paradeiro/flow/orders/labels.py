"""In: label replacements, stated or found in an invoice's field; out: stored, and messages planned."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from paradeiro.db.following import shipments
from paradeiro.db.following.shipments import ShipmentRow
from paradeiro.db.operations import notices
from paradeiro.db.orders import orders, packages
from paradeiro.db.pool import Connection
from paradeiro.domain.following.labels import Label, replaced_labels
from paradeiro.domain.following.tracking_codes import tidy_code
from paradeiro.domain.records import Invoice
from paradeiro.domain.words import NoticeKind
from paradeiro.flow.errors import ConflictError, InvalidError
from paradeiro.flow.following.recording_context import RecordingContext
from paradeiro.flow.orders.shared_codes import shared_code_subject
from paradeiro.flow.outbox.planning import plan_invoices, plan_numbers


def invoices_of(row: ShipmentRow) -> tuple[Invoice, ...]:
    """All invoices of a package."""
    return (row.shipment.invoice, *(each.invoice for each in row.shipment.further))


async def replace_by_field(
    connection: Connection,
    recording: RecordingContext,
    order_id: int,
    before: Sequence[ShipmentRow],
    new: Mapping[str, Sequence[int]],
    named_codes: Collection[str],
    *,
    shown: bool,
    now: datetime,
) -> list[tuple[int, str]]:
    """Replace labels whose code an invoice's tracking number field no longer names. `before`: the order's packages
    until now; `new`: new package ids by invoice number; `named_codes`: all codes named now; `shown`: read from the
    order system itself. Returns id and audit text of each replaced label.
    """
    numbers = {invoice.number for k in before for invoice in invoices_of(k)}
    stated = await packages.stated_codes(connection, order_id, sorted(numbers | new.keys()))
    arrived = {number: list(ids) for number, ids in new.items()}
    for again in _labels_named_again(before, named_codes, {} if shown else stated):
        await restore_label(connection, recording, again, before, numbers=not shown, now=now)
        for invoice in invoices_of(again):
            arrived.setdefault(invoice.number, []).append(again.shipment.id)
    pairs: dict[int, int] = {}
    for number, ids in arrived.items():
        labels = [
            Label(k.shipment.id, k.shipment.tracking_code, k.shipment.snapshot, said)
            for k in before
            if k.shipment.replaced_by is None and (said := _field_named(k, number, stated.get(number, ""))) is not None
        ]
        pairs |= replaced_labels(labels, named_codes, ids)
    await replace_label(connection, recording, before, pairs, actor="", now=now)
    new_codes = {
        k.shipment.id: k.shipment.tracking_code for k in await shipments.lock_shipments(connection, [*pairs.values()])
    }
    old_codes = {k.shipment.id: k.shipment.tracking_code for k in before}
    return [(old, f"{old_codes[old]} → {new_codes[by]}") for old, by in sorted(pairs.items())]


def _labels_named_again(
    before: Sequence[ShipmentRow], named_codes: Collection[str], stated: Mapping[str, str]
) -> list[ShipmentRow]:
    """Replaced labels that the field names again, so they were not replaced. Excludes those whose successor the field
    has never named: the order system may show an old value for a while after a caller changed it.
    """
    by_id = {k.shipment.id: k for k in before}

    def named(row: ShipmentRow) -> bool:
        return any(_field_named(row, i.number, stated.get(i.number, "")) for i in invoices_of(row))

    return [
        k
        for k in before
        if k.shipment.tracking_code in named_codes
        and not k.replaced_actor
        and (successor := by_id.get(k.shipment.replaced_by or 0)) is not None
        and named(successor)
    ]


def _field_named(row: ShipmentRow, number: str, stated: str) -> bool | None:
    """Whether the invoice's field has named this package; None if the package is not of the invoice."""
    mine = [invoice for invoice in invoices_of(row) if invoice.number == number]
    if not mine or not number:
        return None
    return any(invoice.tracking_code for invoice in mine) or row.shipment.tracking_code in tidy_code(stated)


async def replace_label(
    connection: Connection,
    recording: RecordingContext,
    before: Sequence[ShipmentRow],
    pairs: Mapping[int, int],
    *,
    actor: str,
    now: datetime,
) -> None:
    """Store the replacements (old id: new id), settle the orders' deliveries, and plan updates of invoices that had
    news.
    """
    old = {k.shipment.id: k for k in before if k.shipment.id in pairs}
    for new_id in sorted(set(pairs.values())):
        ids = [each for each in old if pairs[each] == new_id]
        await packages.replace_label(connection, ids, new_id, actor=actor, now=now)
        for each in ids:
            subjects = [f"shipment {each}", shared_code_subject(each)]
            store_id = old[each].shipment.store_id
            await notices.resolve_subjects(connection, store_id, NoticeKind.WRONG_CODE, subjects, now=now)
        cause = f"replaced {sorted(ids)} {now.isoformat()}"
        await _plan_messages(connection, recording, new_id, before, cause, numbers=bool(actor), now=now)
    if old:
        await orders.update_order_deliveries(connection, sorted({k.order_id for k in old.values()}))


async def restore_label(
    connection: Connection,
    recording: RecordingContext,
    row: ShipmentRow,
    before: Sequence[ShipmentRow],
    *,
    numbers: bool = True,
    now: datetime,
) -> None:
    """Revoke a replacement. `numbers`: send the order system the tracking numbers, since it does not show them."""
    shipment = row.shipment
    await packages.restore_label(connection, [shipment.id], now=now)
    cause = f"stands again {now.isoformat()}"
    await _plan_messages(connection, recording, shipment.id, before, cause, numbers=numbers, now=now)
    await orders.update_order_deliveries(connection, [row.order_id])


async def _plan_messages(
    connection: Connection,
    recording: RecordingContext,
    shipment_id: int,
    before: Sequence[ShipmentRow],
    cause: str,
    *,
    numbers: bool,
    now: datetime,
) -> None:
    """Plan messages about changed labels. `numbers`: send the order system the tracking numbers too."""
    row = (await shipments.lock_shipments(connection, [shipment_id]))[0]
    invoice_numbers = {invoice.number for invoice in invoices_of(row)}
    if numbers:
        await plan_numbers(connection, recording, row, cause, now=now)
    if any(k.shipment.snapshot.news_at for k in (*before, row) if invoice_numbers & {i.number for i in invoices_of(k)}):
        await plan_invoices(connection, recording, row, cause, now=now)


def check_replaceable(row: ShipmentRow, successor: ShipmentRow) -> bool:
    """False if the replacement is stored already. Raises `StatementError` if it is not allowed."""
    old, new = row.shipment, successor.shipment
    if old.id == new.id:
        raise InvalidError("same_label", f"{old.tracking_code} cannot take its own place: give the new label's code.")
    if old.replaced_by == new.id:
        return False
    if old.replaced_by is not None:
        words = f"{old.tracking_code} was replaced already, by shipment {old.replaced_by}. Restore it first."
        raise ConflictError("already_replaced", words, {"replaced_by": old.replaced_by})
    if new.replaced_by is not None:
        words = f"{new.tracking_code} was replaced itself, by shipment {new.replaced_by}: name that one."
        raise ConflictError("successor_replaced", words, {"replaced_by": new.replaced_by})
    if old.snapshot.delivered:
        words = f"{old.tracking_code} is delivered, so no label took its place. Reopen it first if it is not."
        raise ConflictError("delivered", words)
    return True


async def replace_label_by_code(
    connection: Connection,
    recording: RecordingContext,
    row: Sequence[ShipmentRow],
    code: str,
    new_id: int,
    *,
    actor: str,
    now: datetime,
) -> tuple[int, str] | None:
    """Replace the order's label with `code` by `new_id`. Returns the old id and code; None if stored already."""
    wanted = tidy_code(code)
    old = next((k for k in row if k.shipment.tracking_code == wanted and k.shipment.id != new_id), None)
    old = old or next((k for k in row if k.shipment.tracking_code == wanted), None)
    new = next(k for k in row if k.shipment.id == new_id)
    if old is None:
        known = sorted(k.shipment.tracking_code for k in row if k.shipment.id != new_id)
        has = ", ".join(known) or "none"
        words = f"'{wanted[:64]}' is no package of this order, so nothing can replace it; it has {has}."
        raise InvalidError("unknown_label", words, {"known": known})
    if not check_replaceable(old, new):
        return None
    await replace_label(connection, recording, row, {old.shipment.id: new_id}, actor=actor, now=now)
    return old.shipment.id, old.shipment.tracking_code
