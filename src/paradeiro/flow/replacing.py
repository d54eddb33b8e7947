"""In: by hand, that a label took another's place, or did not after all; out: it is kept, told, and in the audit log."""

from dataclasses import dataclass, replace

from paradeiro.db import audit, shipments
from paradeiro.db.audit import By, Deed
from paradeiro.db.pool import Connection, transaction
from paradeiro.db.shipments import Kept
from paradeiro.domain.codes import tidy_code
from paradeiro.domain.words import DeedKind
from paradeiro.flow import labels
from paradeiro.flow.errors import ConflictError, InvalidError, MissingError
from paradeiro.flow.intake import Registration, StatedOrder, carrier_named, codes_of, take_stated
from paradeiro.flow.means import Means
from paradeiro.flow.surroundings import surround


@dataclass(frozen=True, slots=True)
class NewLabel:
    """A label by its code. `carrier` empty: that of the label whose place it takes."""

    tracking_code: str
    carrier: str = ""
    lenient: bool = False


async def replace_label(means: Means, store_id: int, shipment_id: int, label: NewLabel, by: By) -> tuple[int, int]:
    """A label takes another's place: ids of the old package and of the new one, which is followed from now on. All
    invoices of the old one go with it. Said again it is the same. Raises `StatementError`s.
    """
    async with transaction(means.pool) as connection:
        old = await _found(connection, store_id, shipment_id)
        connector = carrier_named(means, label.carrier or old.shipment.carrier)
        codes = codes_of(connector, label.tracking_code)
        if len(codes) > 1:
            raise InvalidError("several_codes", "One label takes another's place: give one tracking code.")
        before = await shipments.of_order(connection, store_id, old.order.number)
        known = next((k for k in before if k.shipment.tracking_code == tidy_code(codes[0])), None)
        if known is not None and not labels.replaceable(old, known):
            return old.shipment.id, known.shipment.id
        if known is None and old.shipment.replaced_by is not None:
            labels.replaceable(old, replace(old, shipment=replace(old.shipment, id=0, replaced_by=None)))
        around = await surround(means, connection, [store_id])
        bills = [replace(i, tracking_code=None, tracking_url=None, courier="") for i in labels.invoices_of(old)]
        stated = tuple(Registration(old.order, connector.name, codes[0], bill, label.lenient) for bill in bills)
        taken = await take_stated(means, connection, around, store_id, StatedOrder(old.order, stated), by)
        new_id = taken.packages[0].shipment_id
        kept = await shipments.of_order(connection, store_id, old.order.number)
        ended = await labels.replace_named(
            connection, around, kept, old.shipment.tracking_code, new_id, author=by.author, now=means.now()
        )
        if ended is not None:
            line = Deed(DeedKind.REPLACE, old.order.number, old.shipment.id, f"{ended[1]} → {tidy_code(codes[0])}")
            await audit.note(connection, store_id, by, [line], now=means.now())
        return old.shipment.id, new_id


async def restore_label(means: Means, store_id: int, shipment_id: int, by: By) -> int:
    """A label was not replaced after all: its package is followed again. Raises `StatementError`s."""
    async with transaction(means.pool) as connection:
        kept = await _found(connection, store_id, shipment_id)
        if kept.shipment.replaced_by is None:
            words = f"No label took the place of {kept.shipment.tracking_code}: there is nothing to take back."
            raise ConflictError("not_replaced", words)
        around = await surround(means, connection, [store_id])
        before = await shipments.of_order(connection, store_id, kept.order.number)
        await labels.stand_again(connection, around, kept, before, now=means.now())
        line = Deed(DeedKind.RESTORE, kept.order.number, kept.shipment.id, kept.shipment.tracking_code)
        await audit.note(connection, store_id, by, [line], now=means.now())
        return kept.shipment.id


async def package_of(means: Means, store_id: int, order_number: str, code: str) -> int:
    """The id of an order's package by its code; raises `MissingError`."""
    async with means.pool.connection() as connection:
        kept = await shipments.of_order(connection, store_id, order_number)
    wanted = tidy_code(code)
    found = next((k.shipment.id for k in kept if k.shipment.tracking_code == wanted), None)
    if found is None:
        has = ", ".join(sorted(k.shipment.tracking_code for k in kept)) or "none"
        words = f"Order '{order_number}' has no package '{wanted[:64]}'; it has {has}."
        raise MissingError("no_such_shipment", words)
    return found


async def _found(connection: Connection, store_id: int, shipment_id: int) -> Kept:
    kept = await shipments.kept(connection, store_id, shipment_id)
    if kept is None:
        words = f"There is no shipment {shipment_id} in this store. Register it first."
        raise MissingError("no_such_shipment", words)
    return (await shipments.lock(connection, [kept.shipment.id]))[0]
