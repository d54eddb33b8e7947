"""In: invoices and tracking numbers stated by a caller; out: stored invoices, tracked packages."""

from collections.abc import Sequence
from dataclasses import replace

from paradeiro.db.carriers import courier_rules
from paradeiro.db.following import shipments
from paradeiro.db.following.shipments import ShipmentRow
from paradeiro.db.operations import audit
from paradeiro.db.operations.audit import Actor, AuditEntry
from paradeiro.db.orders import invoices, orders, packages
from paradeiro.db.orders.invoices import StatedInvoice
from paradeiro.db.pool import Connection, transaction
from paradeiro.domain.following.tracking_codes import tidy_code
from paradeiro.domain.records import Invoice, Order
from paradeiro.domain.words import AuditAction, PartyKind
from paradeiro.flow.carriers.carrier_choice import (
    CarrierChoice,
    account_at,
    choose_carrier,
    codes_of,
    recognised_carrier,
)
from paradeiro.flow.context import Context
from paradeiro.flow.errors import ConflictError, InvalidError, MissingError
from paradeiro.flow.following.recording_context import RecordingContext, load_recording_context
from paradeiro.flow.orders import couriers, labels
from paradeiro.flow.orders.intake import StatedOrder, take_stated_order
from paradeiro.flow.orders.invoice_keys import with_valid_keys
from paradeiro.flow.orders.package_registration import Registration
from paradeiro.sdk.contract import Connector

# VTEX's prefix of the store's own order numbers; callers use both forms.
_OWN_PREFIX = "00-"


async def known_order(connection: Connection, store_id: int, number: str) -> tuple[int, Order] | None:
    """Find an order by its number, with or without VTEX's prefix, or by its marketplace number."""
    for spelt in dict.fromkeys((number, f"{_OWN_PREFIX}{number}", number.removeprefix(_OWN_PREFIX))):
        found = await orders.order_by_number(connection, store_id, spelt)
        if found is not None:
            return found
    return await orders.order_by_marketplace_number(connection, store_id, number)


async def state_invoice(
    context: Context, store_id: int, order_number: str, invoice: Invoice, *, returns: bool, by: Actor
) -> str:
    """Store an invoice and track its package, if it has a tracking number. Returns our order number.

    A repetition completes the stored invoice. Raises `StatementError`s; then nothing was stored.
    """
    order = await _order(context, store_id, order_number) or Order(order_number)
    invoice = await _with_valid_key(context, store_id, order, invoice)
    await _check_kind(context, store_id, order.number, invoice.number, returns=returns)
    if invoice.tracking_code and not returns:
        text = await _follow_packages(
            context, store_id, order, await _with_courier(context, store_id, order, invoice), by
        )
        invoice = replace(invoice, tracking_code=text)
    elif invoice.tracking_code:
        invoice = replace(invoice, tracking_code=tidy_code(invoice.tracking_code))
    await _store_invoice(context, store_id, order, invoice, returns=returns, by=by)
    return order.number


async def state_tracking_number(
    context: Context, store_id: int, order_number: str, invoice: Invoice, *, by: Actor
) -> str:
    """Add a tracking number to an invoice and track the package. Returns our order number."""
    order = await _order(context, store_id, order_number)
    if order is None:
        raise MissingError("order_not_found", f"Order '{order_number}' was not found. Send its invoice first.")
    invoice = await _with_valid_key(context, store_id, order, invoice)
    known = await _known_invoice(context, store_id, order.number, invoice.number)
    text = await _follow_if_sold(context, store_id, order, invoice, known, by)
    invoice = replace(invoice, tracking_code=text)
    await _store_invoice(context, store_id, order, invoice, returns=known is not None and known.returns, by=by)
    return order.number


async def _with_valid_key(context: Context, store_id: int, order: Order, invoice: Invoice) -> Invoice:
    async with transaction(context.pool) as connection:
        (read,) = await with_valid_keys(connection, store_id, order.number, [invoice], now=context.now())
    return read


async def _follow_if_sold(
    context: Context, store_id: int, order: Order, invoice: Invoice, known: StatedInvoice | None, by: Actor
) -> str:
    """Track the package of a sale, not of a return. Returns the normalised number."""
    if known is not None and known.returns:
        return tidy_code(invoice.tracking_code or "")
    whole = invoices.merge_invoices(known.invoice, invoice) if known else invoice
    return await _follow_packages(context, store_id, order, await _with_courier(context, store_id, order, whole), by)


async def _order(context: Context, store_id: int, number: str) -> Order | None:
    async with context.pool.connection() as connection:
        found = await known_order(connection, store_id, number)
    return found[1] if found else None


async def _known_invoice(context: Context, store_id: int, order_number: str, number: str) -> StatedInvoice | None:
    """The stated invoice; None if only the order system may know it. Raises `MissingError`."""
    async with transaction(context.pool) as connection:
        found = await orders.order_by_number(connection, store_id, order_number)
        stated = await invoices.invoices_of_order(connection, found[0]) if found else []
        row = await shipments.of_order(connection, store_id, order_number)
        awaits = bool(found) and await orders.awaits_code(connection, store_id, order_number)
    known = sorted({s.invoice.number for s in stated} | {i.number for k in row for i in labels.invoices_of(k)})
    if number not in known and not awaits:
        message = (
            f"Invoice Not Found: order '{order_number}' has no invoice '{number}'; it has {', '.join(known) or 'none'}."
        )
        raise MissingError("invoice_not_found", message, {"known": known})
    return next((s for s in stated if s.invoice.number == number), None)


async def _check_kind(context: Context, store_id: int, order_number: str, number: str, *, returns: bool) -> None:
    async with transaction(context.pool) as connection:
        found = await orders.order_by_number(connection, store_id, order_number)
        known = await invoices.stated_invoice(connection, found[0], number) if found else None
    if known is not None and known.returns is not returns:
        kind = "Input" if known.returns else "Output"
        message = f"Invoice '{number}' of order '{order_number}' is known as {kind}; its type cannot change."
        raise ConflictError("another_type", message)


async def _with_courier(context: Context, store_id: int, order: Order, invoice: Invoice) -> Invoice:
    """The invoice with a courier: its own, else the carrier of its known package. Raises `InvalidError`."""
    if invoice.courier:
        return invoice
    async with context.pool.connection() as connection:
        row = await shipments.of_order(connection, store_id, order.number)
    mine = [k.shipment for k in row if invoice.number in {i.number for i in labels.invoices_of(k)}]
    if not mine:
        raise InvalidError("no_courier", "courier is needed beside trackingNumber: the carrier's name, as VTEX has it.")
    return replace(invoice, courier=mine[-1].carrier)


async def _follow_packages(context: Context, store_id: int, order: Order, invoice: Invoice, by: Actor) -> str:
    """Register the packages of a tracking number field and replace labels that it no longer names. An unknown carrier
    opens a notice. Returns the normalised codes.
    """
    text = invoice.tracking_code or ""
    async with transaction(context.pool) as connection:
        recording = await load_recording_context(context, connection, [store_id])
        chosen = await _carrier_of(context, connection, recording, store_id, invoice.courier)
        if not isinstance(chosen, CarrierChoice):
            if chosen is None:
                order_id = await orders.put_order(connection, store_id, order, now=context.now())
                await couriers.wait_for_rule(context, connection, store_id, order, order_id, invoice)
            return tidy_code(text)
        connector, account_id = chosen.connector, chosen.account.id if chosen.account else None
        before = await shipments.of_order(connection, store_id, order.number)
        followed = {k.shipment.tracking_code for k in before}
        codes = (tidy_code(text),) if tidy_code(text) in followed else codes_of(connector, text)
        # The caller does not decide whether the order system has the code: it is sent unless it shows it already.
        url = invoice.tracking_url if len(codes) == 1 else None
        package_invoice = replace(invoice, tracking_code=None, tracking_url=url)
        stated = tuple(
            Registration(order, connector.name, c, package_invoice, lenient=c in followed, account_id=account_id)
            for c in codes
        )
        taken = await take_stated_order(context, connection, recording, store_id, StatedOrder(order, stated), by)
        new = [done.shipment_id for done in taken.packages if done.created or done.joined]
        named_codes = {*codes, *await _codes_of_other_invoices(connection, taken.order_id, before, invoice.number)}
        ended = await labels.replace_by_field(
            connection,
            recording,
            taken.order_id,
            before,
            {invoice.number: new},
            named_codes,
            shown=False,
            now=context.now(),
        )
        entries = [AuditEntry(AuditAction.REPLACE, order.number, old, said) for old, said in ended]
        await audit.add_entries(connection, store_id, by, entries, now=context.now())
    return ", ".join(codes)


async def _codes_of_other_invoices(
    connection: Connection, order_id: int, before: Sequence[ShipmentRow], number: str
) -> set[str]:
    """The codes of an order's packages that belong to its other invoices."""
    others = {i.number for k in before for i in labels.invoices_of(k)} - {number}
    stated = await packages.stated_codes(connection, order_id, sorted(others))
    return {
        k.shipment.tracking_code
        for k in before
        for i in labels.invoices_of(k)
        if i.number != number and k.shipment.tracking_code in tidy_code(stated.get(i.number, k.shipment.tracking_code))
    }


async def _carrier_of(
    context: Context, connection: Connection, recording: RecordingContext, store_id: int, courier: str
) -> CarrierChoice | str | None:
    """Who carries a courier's packages: the carrier of that very name, else as the store's rules say."""
    named = context.connectors.get(courier.strip().lower())
    if named is not None and PartyKind.CARRIER in named.kinds:
        return CarrierChoice(named, account_at(recording, store_id, named.name))
    rules = await courier_rules.rules_of_store(connection, store_id)
    return choose_carrier(context, recording, rules, store_id, courier)


def carrier_of_courier(context: Context, courier: str) -> Connector | None:
    """The carrier with this name, or recognised in this free text."""
    named = context.connectors.get(courier.strip().lower())
    if named is not None and PartyKind.CARRIER in named.kinds:
        return named
    return recognised_carrier(context, courier)


async def _store_invoice(
    context: Context, store_id: int, order: Order, invoice: Invoice, *, returns: bool, by: Actor
) -> None:
    now = context.now()
    tidy = replace(invoice, tracking_code=invoice.tracking_code or None)
    async with transaction(context.pool) as connection:
        order_id = await orders.put_order(connection, store_id, order, now=now)
        await invoices.put_invoice(connection, store_id, order_id, StatedInvoice(tidy, returns, now), actor=by.actor)
        await audit.add_entries(
            connection, store_id, by, [AuditEntry("invoice", order.number, said=invoice.number)], now=now
        )
