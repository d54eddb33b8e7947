"""In: a label replacement stated by hand, or its revocation; out: stored, messages planned, audit entries."""

from dataclasses import dataclass, replace

from paradeiro.db.following import shipments
from paradeiro.db.following.shipments import ShipmentRow
from paradeiro.db.operations import audit
from paradeiro.db.operations.audit import Actor, AuditEntry
from paradeiro.db.pool import Connection, transaction
from paradeiro.domain.following.tracking_codes import tidy_code
from paradeiro.domain.words import AuditAction
from paradeiro.flow.carriers.carrier_choice import carrier_named, codes_of
from paradeiro.flow.context import Context
from paradeiro.flow.errors import ConflictError, InvalidError, MissingError
from paradeiro.flow.following.recording_context import load_recording_context
from paradeiro.flow.orders import labels
from paradeiro.flow.orders.intake import StatedOrder, take_stated_order
from paradeiro.flow.orders.package_registration import Registration


@dataclass(frozen=True, slots=True)
class NewLabel:
    """A label by its code. `carrier` empty: that of the replaced label."""

    tracking_code: str
    carrier: str = ""
    lenient: bool = False


async def replace_label(
    context: Context, store_id: int, shipment_id: int, label: NewLabel, by: Actor
) -> tuple[int, int]:
    """Replace a package's label. Returns the ids of the old and the new package; the new one gets all invoices of the
    old one and is tracked. Idempotent. Raises `StatementError`s.
    """
    async with transaction(context.pool) as connection:
        old = await _lock_shipment(connection, store_id, shipment_id)
        connector = carrier_named(context, label.carrier or old.shipment.carrier)
        codes = codes_of(connector, label.tracking_code)
        if len(codes) > 1:
            raise InvalidError("several_codes", "One label takes another's place: give one tracking code.")
        before = await shipments.of_order(connection, store_id, old.order.number)
        known = next((k for k in before if k.shipment.tracking_code == tidy_code(codes[0])), None)
        if known is not None and not labels.check_replaceable(old, known):
            return old.shipment.id, known.shipment.id
        if known is None and old.shipment.replaced_by is not None:
            labels.check_replaceable(old, replace(old, shipment=replace(old.shipment, id=0, replaced_by=None)))
        recording = await load_recording_context(context, connection, [store_id])
        invoices = [replace(i, tracking_code=None, tracking_url=None, courier="") for i in labels.invoices_of(old)]
        stated = tuple(
            Registration(old.order, connector.name, codes[0], invoice, label.lenient) for invoice in invoices
        )
        taken = await take_stated_order(context, connection, recording, store_id, StatedOrder(old.order, stated), by)
        new_id = taken.packages[0].shipment_id
        row = await shipments.of_order(connection, store_id, old.order.number)
        ended = await labels.replace_label_by_code(
            connection, recording, row, old.shipment.tracking_code, new_id, actor=by.actor, now=context.now()
        )
        if ended is not None:
            line = AuditEntry(
                AuditAction.REPLACE, old.order.number, old.shipment.id, f"{ended[1]} → {tidy_code(codes[0])}"
            )
            await audit.add_entries(connection, store_id, by, [line], now=context.now())
        return old.shipment.id, new_id


async def restore_label(context: Context, store_id: int, shipment_id: int, by: Actor) -> int:
    """Revoke a replacement: the package is tracked again. Raises `StatementError`s."""
    async with transaction(context.pool) as connection:
        row = await _lock_shipment(connection, store_id, shipment_id)
        if row.shipment.replaced_by is None:
            words = f"No label took the place of {row.shipment.tracking_code}: there is nothing to take back."
            raise ConflictError("not_replaced", words)
        recording = await load_recording_context(context, connection, [store_id])
        before = await shipments.of_order(connection, store_id, row.order.number)
        await labels.restore_label(connection, recording, row, before, now=context.now())
        line = AuditEntry(AuditAction.RESTORE, row.order.number, row.shipment.id, row.shipment.tracking_code)
        await audit.add_entries(connection, store_id, by, [line], now=context.now())
        return row.shipment.id


async def package_of(context: Context, store_id: int, order_number: str, code: str) -> int:
    """The id of an order's package by its code; raises `MissingError`."""
    async with context.pool.connection() as connection:
        row = await shipments.of_order(connection, store_id, order_number)
    wanted = tidy_code(code)
    found = next((k.shipment.id for k in row if k.shipment.tracking_code == wanted), None)
    if found is None:
        has = ", ".join(sorted(k.shipment.tracking_code for k in row)) or "none"
        words = f"Order '{order_number}' has no package '{wanted[:64]}'; it has {has}."
        raise MissingError("no_such_shipment", words)
    return found


async def _lock_shipment(connection: Connection, store_id: int, shipment_id: int) -> ShipmentRow:
    row = await shipments.shipment_row(connection, store_id, shipment_id)
    if row is None:
        words = f"There is no shipment {shipment_id} in this store. Register it first."
        raise MissingError("no_such_shipment", words)
    return (await shipments.lock_shipments(connection, [row.shipment.id]))[0]
