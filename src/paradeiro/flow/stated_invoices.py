"""In: invoices and tracking numbers as a caller states them; out: invoices kept, packages that are followed."""

from collections.abc import Sequence
from dataclasses import replace

from paradeiro.db import audit, invoices, notices, orders, packages, shipments
from paradeiro.db.audit import By, Deed
from paradeiro.db.invoices import StatedInvoice
from paradeiro.db.pool import Connection, transaction
from paradeiro.db.shipments import Kept
from paradeiro.domain.codes import tidy_code
from paradeiro.domain.records import Invoice, Order
from paradeiro.domain.words import DeedKind, PartyKind
from paradeiro.flow import labels
from paradeiro.flow.errors import ConflictError, InvalidError, MissingError
from paradeiro.flow.intake import Registration, StatedOrder, codes_of, recognised, strange_courier, take_stated
from paradeiro.flow.means import Means
from paradeiro.flow.stated_keys import with_right_keys
from paradeiro.flow.surroundings import surround
from paradeiro.sdk.contract import Connector

# VTEX writes this before the number of an order of the store's own; callers know it with and without.
_OWN = "00-"


async def known_order(connection: Connection, store_id: int, number: str) -> tuple[int, Order] | None:
    """The order that a caller means: by its number, with or without VTEX's prefix of own orders, or by the number that
    it has at the marketplace.
    """
    for spelt in dict.fromkeys((number, f"{_OWN}{number}", number.removeprefix(_OWN))):
        found = await orders.order_by_number(connection, store_id, spelt)
        if found is not None:
            return found
    return await orders.order_by_marketplace_number(connection, store_id, number)


async def state_invoice(
    means: Means, store_id: int, order_number: str, invoice: Invoice, *, returns: bool, by: By
) -> str:
    """Keep an invoice and follow its package, if it has a number. The order's number as we know it.

    The same invoice again completes what is known of it. Raises `StatementError`s; then nothing was kept.
    """
    order = await _order(means, store_id, order_number) or Order(order_number)
    invoice = await _with_right_key(means, store_id, order, invoice)
    await _same_kind(means, store_id, order.number, invoice.number, returns=returns)
    if invoice.tracking_code and not returns:
        text = await _follow(means, store_id, order, await _with_courier(means, store_id, order, invoice), by)
        invoice = replace(invoice, tracking_code=text)
    elif invoice.tracking_code:
        invoice = replace(invoice, tracking_code=tidy_code(invoice.tracking_code))
    await _keep(means, store_id, order, invoice, returns=returns, by=by)
    return order.number


async def state_tracking_number(means: Means, store_id: int, order_number: str, invoice: Invoice, *, by: By) -> str:
    """Complete an invoice by its tracking number, and follow the package. The order's number as we know it."""
    order = await _order(means, store_id, order_number)
    if order is None:
        raise MissingError("order_not_found", f"Order '{order_number}' was not found. Send its invoice first.")
    invoice = await _with_right_key(means, store_id, order, invoice)
    known = await _known(means, store_id, order.number, invoice.number)
    text = await _follow_if_sold(means, store_id, order, invoice, known, by)
    invoice = replace(invoice, tracking_code=text)
    await _keep(means, store_id, order, invoice, returns=known is not None and known.returns, by=by)
    return order.number


async def _with_right_key(means: Means, store_id: int, order: Order, invoice: Invoice) -> Invoice:
    async with transaction(means.pool) as connection:
        (read,) = await with_right_keys(connection, store_id, order.number, [invoice], now=means.now())
    return read


async def _follow_if_sold(
    means: Means, store_id: int, order: Order, invoice: Invoice, known: StatedInvoice | None, by: By
) -> str:
    """Follow the package of a sale; a return's package is not on its way to the customer. The number, tidied."""
    if known is not None and known.returns:
        return tidy_code(invoice.tracking_code or "")
    whole = invoices.completed(known.invoice, invoice) if known else invoice
    return await _follow(means, store_id, order, await _with_courier(means, store_id, order, whole), by)


async def _order(means: Means, store_id: int, number: str) -> Order | None:
    async with means.pool.connection() as connection:
        found = await known_order(connection, store_id, number)
    return found[1] if found else None


async def _known(means: Means, store_id: int, order_number: str, number: str) -> StatedInvoice | None:
    """The stated invoice; None for one that only the order system may know. Raises if it can be none of the order."""
    async with transaction(means.pool) as connection:
        found = await orders.order_by_number(connection, store_id, order_number)
        stated = await invoices.of_order(connection, found[0]) if found else []
        kept = await shipments.of_order(connection, store_id, order_number)
        awaits = bool(found) and await orders.awaits_code(connection, store_id, order_number)
    known = sorted({s.invoice.number for s in stated} | {i.number for k in kept for i in labels.invoices_of(k)})
    if number not in known and not awaits:
        message = (
            f"Invoice Not Found: order '{order_number}' has no invoice '{number}'; it has {', '.join(known) or 'none'}."
        )
        raise MissingError("invoice_not_found", message, {"known": known})
    return next((s for s in stated if s.invoice.number == number), None)


async def _same_kind(means: Means, store_id: int, order_number: str, number: str, *, returns: bool) -> None:
    async with transaction(means.pool) as connection:
        found = await orders.order_by_number(connection, store_id, order_number)
        known = await invoices.one(connection, found[0], number) if found else None
    if known is not None and known.returns is not returns:
        kind = "Input" if known.returns else "Output"
        message = f"Invoice '{number}' of order '{order_number}' is known as {kind}; its type cannot change."
        raise ConflictError("another_type", message)


async def _with_courier(means: Means, store_id: int, order: Order, invoice: Invoice) -> Invoice:
    """The invoice with a courier: its own, or the one that its package is known to go by."""
    if invoice.courier:
        return invoice
    async with means.pool.connection() as connection:
        kept = await shipments.of_order(connection, store_id, order.number)
    mine = [k.shipment for k in kept if invoice.number in {i.number for i in labels.invoices_of(k)}]
    if not mine:
        raise InvalidError("no_courier", "courier is needed beside trackingNumber: the carrier's name, as VTEX has it.")
    return replace(invoice, courier=mine[-1].carrier)


async def _follow(means: Means, store_id: int, order: Order, invoice: Invoice, by: By) -> str:
    """Register the packages that the number names, one or several; the number, tidied. What it had named before and
    does not name now was replaced. A package of a carrier that nobody here knows is left to a person.
    """
    text = invoice.tracking_code or ""
    connector = courier_named(means, invoice.courier)
    async with transaction(means.pool) as connection:
        if connector is None:
            await notices.open_notices(connection, [strange_courier(store_id, order, invoice)], now=means.now())
            return tidy_code(text)
        before = await shipments.of_order(connection, store_id, order.number)
        followed = {k.shipment.tracking_code for k in before}
        codes = (tidy_code(text),) if tidy_code(text) in followed else codes_of(connector, text)
        # Whether the order system has it is not the caller's to say: it is told, unless it shows the code already.
        url = invoice.tracking_url if len(codes) == 1 else None
        bill = replace(invoice, tracking_code=None, tracking_url=url)
        stated = tuple(Registration(order, connector.name, c, bill, lenient=c in followed) for c in codes)
        around = await surround(means, connection, [store_id])
        taken = await take_stated(means, connection, around, store_id, StatedOrder(order, stated), by)
        new = [done.shipment_id for done in taken.packages if done.created or done.joined]
        says = {*codes, *await _said_by_others(connection, taken.order_id, before, invoice.number)}
        ended = await labels.by_field(
            connection, around, taken.order_id, before, {invoice.number: new}, says, shown=False, now=means.now()
        )
        deeds = [Deed(DeedKind.REPLACE, order.number, old, said) for old, said in ended]
        await audit.note(connection, store_id, by, deeds, now=means.now())
    return ", ".join(codes)


async def _said_by_others(connection: Connection, order_id: int, before: Sequence[Kept], number: str) -> set[str]:
    """The codes of an order's packages that its other invoices go by."""
    others = {i.number for k in before for i in labels.invoices_of(k)} - {number}
    stated = await packages.stated_by_field(connection, order_id, sorted(others))
    return {
        k.shipment.tracking_code
        for k in before
        for i in labels.invoices_of(k)
        if i.number != number and k.shipment.tracking_code in tidy_code(stated.get(i.number, k.shipment.tracking_code))
    }


def courier_named(means: Means, courier: str) -> Connector | None:
    """The carrier that a caller's free text names, or that bears just this name."""
    named = means.connectors.get(courier.strip().lower())
    if named is not None and PartyKind.CARRIER in named.kinds:
        return named
    return recognised(means, courier)


async def _keep(means: Means, store_id: int, order: Order, invoice: Invoice, *, returns: bool, by: By) -> None:
    now = means.now()
    tidy = replace(invoice, tracking_code=invoice.tracking_code or None)
    async with transaction(means.pool) as connection:
        order_id = await orders.put_order(connection, store_id, order, now=now)
        await invoices.put(connection, store_id, order_id, StatedInvoice(tidy, returns, now), author=by.author)
        await audit.note(connection, store_id, by, [Deed("invoice", order.number, said=invoice.number)], now=now)
