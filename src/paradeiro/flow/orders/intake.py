"""In: orders read from an order system, packages registered by callers; out: tracked shipments."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import partial

from paradeiro.db import jobs
from paradeiro.db.accounts.stores import Account
from paradeiro.db.following import shipments
from paradeiro.db.jobs import Job
from paradeiro.db.operations import audit, notices
from paradeiro.db.operations.audit import Actor, AuditEntry
from paradeiro.db.operations.notices import NoticeDraft
from paradeiro.db.orders import orders, packages
from paradeiro.db.orders.packages import PackageDraft
from paradeiro.db.pool import Connection, transaction
from paradeiro.domain.bounds import bounded_order, number_problem
from paradeiro.domain.following.tracking_codes import CodeProblem, codes_in, free_code_problem, tidy_code
from paradeiro.domain.records import Invoice, Order
from paradeiro.domain.words import AuditAction, NoticeKind, PartyKind
from paradeiro.flow.context import Context
from paradeiro.flow.errors import InvalidError
from paradeiro.flow.following.recording_context import RecordingContext, load_recording_context
from paradeiro.flow.orders import labels, orders_set_aside
from paradeiro.flow.orders.invoice_keys import with_valid_keys
from paradeiro.flow.orders.shared_codes import shared_code_notices
from paradeiro.flow.outbox import deadlines
from paradeiro.flow.outbox.carrier_tables import default_courier
from paradeiro.flow.outbox.planning import plan_invoices, plan_shipment_introduction
from paradeiro.sdk.contract import Connector

_MAX_AUDIT_TEXT = 500
# The actor of statements without one.
_UNKNOWN_ACTOR = "cli"


@dataclass(frozen=True, slots=True)
class Registration:
    """A stated package, or several of one invoice if `tracking_code` holds several codes. `lenient` accepts a wrong
    check digit. `replaces`: the code of the order's label that this one replaces.
    """

    order: Order
    carrier: str
    tracking_code: str
    invoice: Invoice
    lenient: bool = False
    replaces: str = ""


@dataclass(frozen=True, slots=True)
class RegisteredPackage:
    """A registered package. `joined`: it was known and got a further invoice."""

    shipment_id: int
    created: bool
    joined: bool = False


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
        _carrier_and_code(context, package)  # refuse before anything is locked
    order_id, created = await orders.state_order(connection, store_id, stated.order, now=context.now())
    policy = recording.stores[store_id].policy
    await deadlines.expect_number(connection, store_id, order_id, stated.order, policy, now=context.now())
    taken = [await _register(context, connection, recording, store_id, order_id, package) for package in packages]
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
    codes = codes_of(carrier_named(context, stated.carrier), stated.tracking_code)
    if len(codes) == 1:
        return [stated]
    # A stated tracking URL fits at most one of them: each gets its carrier's.
    invoice = replace(stated.invoice, tracking_url=None)
    return [replace(stated, tracking_code=code, invoice=invoice) for code in codes]


def codes_of(connector: Connector, text: str) -> tuple[str, ...]:
    """The codes of this carrier in a text; raises `InvalidError` if it is ambiguous whether it is one or several."""
    formless = connector.check_code is None or connector.check_code is free_code_problem
    try:
        return codes_in(text, partial(code_problem, connector), formless=formless)
    except ValueError as error:
        raise InvalidError("bad_tracking_code", str(error)) from error


def _carrier_and_code(context: Context, stated: Registration) -> tuple[Connector, str]:
    """The carrier and the tidied code of a package; raises `InvalidError`."""
    connector = carrier_named(context, stated.carrier)
    code = tidy_code(stated.tracking_code)
    problem = code_problem(connector, code)
    if problem is not None and (problem.hard or not stated.lenient):
        details = {"suggestion": problem.suggestion} if problem.suggestion else {}
        raise InvalidError("bad_tracking_code", problem.message, details)
    return connector, code


async def _register(
    context: Context,
    connection: Connection,
    recording: RecordingContext,
    store_id: int,
    order_id: int,
    stated: Registration,
) -> RegisteredPackage:
    now = context.now()
    connector, code = _carrier_and_code(context, stated)
    account = _account_of_carrier(recording, store_id, connector.name)
    invoice = stated.invoice
    if invoice.courier.strip().lower() in {"", connector.name}:
        invoice = replace(invoice, courier=default_courier(context.connectors, connector, code))
    if not invoice.tracking_url and connector.tracking_url is not None:
        invoice = replace(invoice, tracking_url=connector.tracking_url(code))
    account_id = account.id if account else None
    as_stated = PackageDraft(store_id, order_id, connector.name, code, invoice, account_id, context.new_token())
    registered = await packages.register(connection, as_stated, now=now, first_check=now)
    shipment_row = (await shipments.lock_shipments(connection, [registered.id]))[0]
    await plan_shipment_introduction(connection, recording, shipment_row, invoiced=registered.invoiced, now=now)
    await deadlines.expect_number(
        connection, store_id, order_id, shipment_row.order, recording.stores[store_id].policy, now=now
    )
    if registered.further is not None and shipment_row.shipment.snapshot.news_at is not None:
        # Events from before this invoice was known are sent for it too.
        await plan_invoices(connection, recording, shipment_row, "joined", now=now, only=registered.further)
    if account is None:
        await notices.open_notices(connection, [_no_account_notice(store_id, connector.title)], now=now)
    if registered.created:
        await notices.open_notices(connection, await shared_code_notices(connection, shipment_row), now=now)
    if account is not None and registered.created:
        await jobs.enqueue(connection, [Job(jobs.COLLECT, str(account.id), once=True)])
        await orders.update_order_deliveries(connection, [order_id])
    return RegisteredPackage(registered.id, registered.created, joined=registered.further is not None)


def carrier_named(context: Context, name: str) -> Connector:
    """The carrier's connector, by its name or by common names of it and its services ("PAC", "Sedex"), as at every
    entry point. Raises `InvalidError` that lists the known carriers.
    """
    connector = context.connectors.get(name.strip().lower()) or recognised_carrier(context, name)
    if connector is None or PartyKind.CARRIER not in connector.kinds:
        # A connector that is a fallback for others carries nothing itself.
        carriers = (c for c in context.connectors.values() if PartyKind.CARRIER in c.kinds and not c.fallback_for)
        known = sorted(c.name for c in carriers)
        message = f"'{name[:64]}' is no carrier we can follow. Known carriers: {', '.join(known)}."
        raise InvalidError("unknown_carrier", message, {"known": known})
    return connector


def code_problem(connector: Connector, code: str) -> CodeProblem | None:
    """What is wrong with a (tidied) code at this carrier."""
    problem: CodeProblem | None = (connector.check_code or free_code_problem)(code)
    return problem


def _account_of_carrier(recording: RecordingContext, store_id: int, connector: str) -> Account | None:
    mine = (a for a in recording.accounts if a.store_id == store_id and a.connector == connector)
    return next(mine, None)


def _no_account_notice(store_id: int, title: str) -> NoticeDraft:
    words = f"Packages of {title} are registered, but no account there is configured: nobody asks for them. Add one."
    return NoticeDraft(store_id, NoticeKind.NO_ACCOUNT, f"carrier {title}", words, facts={"carrier": title})


async def take_orders(
    context: Context, connection: Connection, store_id: int, found: Sequence[Order], account_id: int | None = None
) -> None:
    """Store orders of one store, by number to avoid deadlocks. An order that fails is set aside with a notice, the
    others go on.
    """
    recording = await load_recording_context(context, connection, [store_id])
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
    awaits = any(not (i.tracking_code or i.finished or i.fetched) for i in order.invoices)
    order_id = await orders.put_order(connection, store_id, order, now=context.now(), awaits_code=awaits)
    policy = recording.stores[store_id].policy
    await deadlines.expect_number(connection, store_id, order_id, order, policy, now=context.now())
    before = await shipments.of_order(connection, store_id, order.number)
    followed = {row.shipment.tracking_code for row in before}
    new: dict[str, list[int]] = {}
    taken: list[int] = []
    named_codes: set[str] = set()
    for invoice in order.invoices:
        named = await _packages_of_invoice(context, connection, store_id, order, invoice, followed)
        named_codes |= {tidy_code(each.tracking_code) for each in named}
        for each in () if invoice.finished else named:
            try:
                done = await _register(context, connection, recording, store_id, order_id, each)
            except InvalidError as error:
                await _open_notice(context, connection, _bad_code_notice(store_id, order, each.invoice, error.message))
                continue
            taken.append(done.shipment_id)
            if done.created or done.joined:
                new.setdefault(invoice.number, []).append(done.shipment_id)
    now = context.now()
    await labels.replace_by_field(connection, recording, order_id, before, new, named_codes, shown=True, now=now)
    return taken


async def _packages_of_invoice(
    context: Context, connection: Connection, store_id: int, order: Order, invoice: Invoice, followed: Collection[str]
) -> list[Registration]:
    """The packages in an invoice's tracking number field; an invalid code or carrier opens a notice."""
    if not invoice.tracking_code:
        return []
    connector = recognised_carrier(context, invoice.courier)
    if connector is None:
        if not invoice.finished:
            await _open_notice(context, connection, unknown_courier_notice(store_id, order, invoice))
        return []
    whole = tidy_code(invoice.tracking_code)
    try:
        codes = (whole,) if whole in followed else codes_of(connector, invoice.tracking_code)
    except InvalidError as error:
        await _open_notice(context, connection, _bad_code_notice(store_id, order, invoice, error.message))
        return []
    url = invoice.tracking_url if len(codes) == 1 else None
    invoices_by_code = [replace(invoice, tracking_code=code, tracking_url=url) for code in codes]
    # A tracked code was accepted once (perhaps leniently): its check digit is not refused now.
    return [
        Registration(order, connector.name, c, b, lenient=c in followed)
        for c, b in zip(codes, invoices_by_code, strict=True)
    ]


def recognised_carrier(context: Context, courier: str) -> Connector | None:
    """The carrier recognised in an order system's free text; None if none is certain."""
    for connector in context.connectors.values():
        if connector.recognises_courier is not None and connector.recognises_courier(courier):
            return connector
    return None


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


def unknown_courier_notice(store_id: int, order: Order, invoice: Invoice) -> NoticeDraft:
    """The notice about a package whose carrier no connector recognises."""
    words = (
        f"Order {order.number} goes by '{invoice.courier}', which no connector recognises, so {invoice.tracking_code} "
        "is not followed. Register the package with its carrier's name, or add a connector."
    )
    facts = {
        "variant": "courier",
        "order": order.number,
        "courier": invoice.courier,
        "code": invoice.tracking_code or "",
    }
    return NoticeDraft(store_id, NoticeKind.NO_ACCOUNT, f"courier {invoice.courier}", words, facts=facts)


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
