"""In: orders read from an order system, packages registered by callers; out: tracked shipments."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from paradeiro.db.carriers import courier_rules
from paradeiro.db.carriers.courier_rules import CourierRule
from paradeiro.db.following import shipments
from paradeiro.db.following.shipments import ShipmentRow
from paradeiro.db.operations import audit, notices
from paradeiro.db.operations.audit import Actor, AuditEntry
from paradeiro.db.operations.notices import NoticeDraft
from paradeiro.db.orders import orders, packages
from paradeiro.db.pool import Connection, transaction
from paradeiro.domain.bounds import bounded_order, number_problem
from paradeiro.domain.following.tracking_codes import tidy_code
from paradeiro.domain.orders.identifiers import IdentifierKind, identifier_of, of_invoice_key, preferred
from paradeiro.domain.records import Invoice, Order
from paradeiro.domain.words import AuditAction, NoticeKind
from paradeiro.flow.carriers.carrier_choice import CarrierChoice, carrier_named, choose_carrier, codes_of
from paradeiro.flow.context import Context
from paradeiro.flow.errors import InvalidError
from paradeiro.flow.following.recording_context import RecordingContext, load_recording_context
from paradeiro.flow.orders import couriers, labels, orders_set_aside
from paradeiro.flow.orders.invoice_keys import with_valid_keys
from paradeiro.flow.orders.package_registration import (
    RegisteredPackage,
    Registration,
    carrier_and_code,
    register_package,
)
from paradeiro.flow.outbox import deadlines
from paradeiro.flow.outbox.planning import plan_shipment_introduction

_MAX_AUDIT_TEXT = 500
# The actor of statements without one.
_UNKNOWN_ACTOR = "cli"


@dataclass(frozen=True, slots=True)
class StatedOrder:
    """A stated order with its packages known so far. Each package names this order."""

    order: Order
    packages: tuple[Registration, ...] = ()


@dataclass(frozen=True, slots=True)
class TakenOrder:
    """A stored order; its packages as stated, one per code."""

    order_id: int
    created: bool
    packages: tuple[RegisteredPackage, ...]


async def register(context: Context, store_id: int, stated: Registration, by: Actor | None = None) -> RegisteredPackage:
    """Register a package of a store. Raises `InvalidError`; registering it again is the same shipment."""
    return (await state_order(context, store_id, StatedOrder(stated.order, (stated,)), by)).packages[0]


async def state_order(context: Context, store_id: int, stated: StatedOrder, by: Actor | None = None) -> TakenOrder:
    """Store an order with its packages, all or nothing; a repetition completes it. Raises `InvalidError`."""
    async with transaction(context.pool) as connection:
        recording = await load_recording_context(context, connection, [store_id])
        return await take_stated_order(context, connection, recording, store_id, stated, by)


async def take_stated_order(
    context: Context,
    connection: Connection,
    recording: RecordingContext,
    store_id: int,
    stated: StatedOrder,
    by: Actor | None,
) -> TakenOrder:
    """`state_order` in the caller's transaction, with audit entries if `by` is given."""
    number = stated.order.number
    if not number:
        raise InvalidError("no_order", "An order number is needed: give order.number as the order system names it.")
    if problem := number_problem(number):
        raise InvalidError("bad_number", f"The order's number cannot be kept: {problem}.")
    packages = [each for package in stated.packages for each in split_packages(context, package)]
    for package in packages:
        carrier_and_code(context, package)  # refuse before anything is locked
    order_id, created = await orders.state_order(connection, store_id, stated.order, now=context.now())
    policy = recording.stores[store_id].policy
    await deadlines.expect_number(connection, store_id, order_id, stated.order, policy, now=context.now())
    taken = [
        await register_package(context, connection, recording, store_id, order_id, package) for package in packages
    ]
    ended = await _replace_labels(context, connection, recording, packages, taken, by)
    if by is not None:
        entries = [AuditEntry("order", number)] if created else []
        entries += [
            AuditEntry("register", number, done.shipment_id, package.tracking_code[:_MAX_AUDIT_TEXT])
            for done, package in zip(taken, packages, strict=True)
            if done.created
        ]
        entries += [AuditEntry(AuditAction.REPLACE, number, old, said) for old, said in ended]
        await audit.add_entries(connection, store_id, by, entries, now=context.now())
    return TakenOrder(order_id, created, tuple(taken))


async def _replace_labels(
    context: Context,
    connection: Connection,
    recording: RecordingContext,
    packages: Sequence[Registration],
    taken: Sequence[RegisteredPackage],
    by: Actor | None,
) -> list[tuple[int, str]]:
    """Apply `replaces` of the packages. Returns id of the old shipment and audit text, for each new replacement."""
    ended = []
    for package, done in zip(packages, taken, strict=True):
        if package.replaces.strip():
            shipment_row = (await shipments.lock_shipments(connection, [done.shipment_id]))[0]
            known = await shipments.of_order(connection, shipment_row.shipment.store_id, shipment_row.order.number)
            actor = by.actor if by else _UNKNOWN_ACTOR
            old = await labels.replace_label_by_code(
                connection, recording, known, package.replaces, done.shipment_id, actor=actor, now=context.now()
            )
            if old is not None:
                ended.append((old[0], f"{old[1]} → {shipment_row.shipment.tracking_code}"))
    return ended


def split_packages(context: Context, stated: Registration) -> list[Registration]:
    """One registration per code in `tracking_code`. Raises `InvalidError`."""
    if not stated.tracking_code.strip():
        return [stated]
    codes = codes_of(carrier_named(context, stated.carrier), stated.tracking_code)
    if len(codes) == 1:
        return [stated]
    # A stated tracking URL fits at most one of them: each gets its carrier's.
    invoice = replace(stated.invoice, tracking_url=None)
    return [replace(stated, tracking_code=code, invoice=invoice) for code in codes]


async def take_orders(
    context: Context, connection: Connection, store_id: int, found: Sequence[Order], account_id: int | None = None
) -> None:
    """Store orders of one store, by number to avoid deadlocks. An order that fails is set aside with a notice, the
    others go on.
    """
    recording = await load_recording_context(context, connection, [store_id])
    # In the order of their ids, as recording and relaying lock them; each order by itself would lock crosswise.
    await packages.lock_orders(connection, store_id, [order.number for order in found])
    taken: list[str] = []
    for order in sorted(found, key=lambda each: each.number):
        try:
            async with connection.transaction():
                await take_order(context, connection, recording, store_id, order)
            taken.append(order.number)
        except Exception as error:  # one order must not stop the others of its page
            if not orders_set_aside.concerns_one_order(error):
                raise
            await orders_set_aside.set_order_aside(context, connection, store_id, account_id, order.number, error)
    await orders_set_aside.end_notices(connection, store_id, taken, now=context.now())


async def take_order(
    context: Context, connection: Connection, recording: RecordingContext, store_id: int, order: Order
) -> list[int]:
    """Store an order read from its order system and track its packages. Returns shipment ids. Orders shipped by others
    are skipped (those of a seller with a notice). Raises if it cannot be stored.
    """
    problem = number_problem(order.number)
    if problem:
        raise InvalidError("bad_number", f"The order's number cannot be kept: {problem}.")
    order = bounded_order(order)
    if order.shipped_by:
        if order.shipped_by.startswith("seller "):
            await _open_notice(context, connection, _seller_notice(store_id, order))
        return []
    invoices = await with_valid_keys(connection, store_id, order.number, order.invoices, now=context.now())
    order = replace(order, invoices=invoices)
    place = await _open_intake(context, connection, recording, store_id, order)
    order_id = place.order_id
    new: dict[str, list[int]] = {}
    taken: list[int] = []
    named_codes: set[str] = set()
    for invoice in order.invoices:
        named = await _packages_of_invoice(place, invoice)
        named_codes |= {tidy_code(each.tracking_code) for each in named if each.tracking_code}
        for each in () if invoice.finished else named:
            try:
                done = await register_package(context, connection, recording, store_id, order_id, each)
            except InvalidError as error:
                await _open_notice(context, connection, _bad_code_notice(store_id, order, each.invoice, error.message))
                continue
            taken.append(done.shipment_id)
            if done.created or done.joined:
                new.setdefault(invoice.number, []).append(done.shipment_id)
    now = context.now()
    await _introduce_earlier(place, set(taken), now=now)
    await couriers.forget_waiting(connection, store_id, order_id, sorted(new), now=now)
    await labels.replace_by_field(connection, recording, order_id, place.before, new, named_codes, shown=True, now=now)
    return taken


async def _introduce_earlier(place: "_OrderIntake", taken: Collection[int], *, now: datetime) -> None:
    """Introduce the packages that a caller had registered before it was known that a marketplace sold the order: it
    takes no news without the invoice.
    """
    earlier = [row for row in place.before if row.shipment.id not in taken and row.shipment.replaced_by is None]
    for row in earlier if place.order.channel else []:
        await plan_shipment_introduction(place.connection, place.recording, row, now=now)


@dataclass(frozen=True, slots=True)
class _OrderIntake:
    """An order of an order system while its packages are taken. `rules`: the store's, by courier key; `before`: the
    order's packages until now.
    """

    context: Context
    connection: Connection
    recording: RecordingContext
    store_id: int
    order: Order
    order_id: int
    rules: Mapping[str, CourierRule]
    before: Sequence[ShipmentRow]


async def _open_intake(
    context: Context, connection: Connection, recording: RecordingContext, store_id: int, order: Order
) -> _OrderIntake:
    """Store the order itself. It waits for a tracking number while an invoice has none, and needs one."""
    rules = await courier_rules.rules_of_store(connection, store_id)

    def waits(invoice: Invoice) -> bool:
        if invoice.tracking_code or invoice.finished or invoice.fetched:
            return False
        chosen = choose_carrier(context, recording, rules, store_id, invoice.courier)
        found = of_invoice_key(invoice.key or "")
        return not (isinstance(chosen, CarrierChoice) and preferred(chosen.connector.identifiers, found))

    awaits = any(waits(invoice) for invoice in order.invoices)
    order_id = await orders.put_order(connection, store_id, order, now=context.now(), awaits_code=awaits)
    policy = recording.stores[store_id].policy
    await deadlines.expect_number(connection, store_id, order_id, order, policy, now=context.now())
    before = await shipments.of_order(connection, store_id, order.number)
    return _OrderIntake(context, connection, recording, store_id, order, order_id, rules, before)


async def _packages_of_invoice(place: _OrderIntake, invoice: Invoice) -> list[Registration]:
    """The packages of an invoice: those in its tracking number field, or the one that its carrier finds by its key. An
    invalid code or an unknown carrier opens a notice.
    """
    if invoice.fetched:
        return []
    chosen = choose_carrier(place.context, place.recording, place.rules, place.store_id, invoice.courier)
    if not isinstance(chosen, CarrierChoice):
        if chosen is None and invoice.tracking_code and not invoice.finished:
            await couriers.wait_for_rule(
                place.context, place.connection, place.store_id, place.order, place.order_id, invoice
            )
        return []
    account_id = chosen.account.id if chosen.account else None
    if not invoice.tracking_code:
        found = preferred(chosen.connector.identifiers, of_invoice_key(invoice.key or ""))
        stated = Registration(place.order, chosen.connector.name, "", invoice, account_id=account_id)
        return [stated] if found is not None else []
    followed = {row.shipment.tracking_code for row in place.before}
    own = _own_codes(place.before, chosen.connector.name)
    whole = tidy_code(invoice.tracking_code)
    try:
        found_codes = (whole,) if whole in followed | own.keys() else codes_of(chosen.connector, invoice.tracking_code)
    except InvalidError as error:
        draft = _bad_code_notice(place.store_id, place.order, invoice, error.message)
        await _open_notice(place.context, place.connection, draft)
        return []
    codes = tuple(dict.fromkeys(c if c in followed else own.get(c, c) for c in found_codes))
    url = invoice.tracking_url if len(codes) == 1 else None
    invoices_by_code = [replace(invoice, tracking_code=code, tracking_url=url) for code in codes]
    # A tracked code was accepted once (perhaps leniently): its check digit is not refused now.
    return [
        Registration(place.order, chosen.connector.name, c, b, lenient=c in followed, account_id=account_id)
        for c, b in zip(codes, invoices_by_code, strict=True)
    ]


def _own_codes(before: Sequence[ShipmentRow], carrier: str) -> dict[str, str]:
    """What packages are followed under, by the code of its own that their carrier named: we told that one to the order
    system, which shows it from then on.
    """
    rows = [row.shipment for row in before if row.shipment.carrier == carrier and row.shipment.carrier_code]
    by_code = [each for each in rows if identifier_of(each.tracking_code).kind is IdentifierKind.TRACKING_CODE]
    return {tidy_code(each.carrier_code): each.tracking_code for each in by_code if each.replaced_by is None}


async def _open_notice(context: Context, connection: Connection, draft: NoticeDraft) -> None:
    await notices.open_notices(connection, [draft], now=context.now())


def _seller_notice(store_id: int, order: Order) -> NoticeDraft:
    who = order.shipped_by.removeprefix("seller ")
    words = (
        f"Orders of the seller {who} (the first was {order.number}) are fulfilled in that seller's own account: their "
        "invoices and news belong there, so they are not followed here. Add that account, or end this notice."
    )
    facts = {"variant": "seller", "seller": who, "order": order.number}
    return NoticeDraft(store_id, NoticeKind.NO_ACCOUNT, f"seller {who}", words, facts=facts)


def _bad_code_notice(store_id: int, order: Order, invoice: Invoice, message: str) -> NoticeDraft:
    words = f"Order {order.number}, invoice {invoice.number}: {message} The package is not followed until then."
    subject = f"order {order.number} {invoice.number}"
    facts = {
        "variant": "refused",
        "order": order.number,
        "invoice": invoice.number,
        "code": invoice.tracking_code or "",
    }
    return NoticeDraft(store_id, NoticeKind.WRONG_CODE, subject, words, facts=facts)
