"""In: a stated package; out: a tracked shipment, all that it is known by, and the messages that introduce it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from paradeiro.db import jobs
from paradeiro.db.accounts.stores import Account
from paradeiro.db.carriers import identifiers
from paradeiro.db.following import replies, shipments
from paradeiro.db.following.shipments import ShipmentRow
from paradeiro.db.jobs import Job
from paradeiro.db.operations import notices
from paradeiro.db.operations.notices import NoticeDraft
from paradeiro.db.orders import orders, packages
from paradeiro.db.orders.packages import PackageDraft, PackageRow
from paradeiro.db.pool import Connection
from paradeiro.domain.following.tracking_codes import tidy_code
from paradeiro.domain.orders.identifiers import Identifier, IdentifierKind, identifier_of
from paradeiro.domain.records import Invoice, Order
from paradeiro.domain.words import NoticeKind, Way
from paradeiro.flow.carriers.carrier_choice import (
    account_at,
    carrier_named,
    code_problem,
    identifier_for,
    known_identifiers,
)
from paradeiro.flow.context import Context
from paradeiro.flow.errors import InvalidError
from paradeiro.flow.following.recording_context import RecordingContext
from paradeiro.flow.orders.shared_codes import shared_code_notices
from paradeiro.flow.outbox import deadlines
from paradeiro.flow.outbox.carrier_tables import default_courier
from paradeiro.flow.outbox.planning import plan_invoices, plan_shipment_introduction
from paradeiro.sdk.contract import Connector

_PER_RECORDING = 50
_BY_CODE_ONLY = (IdentifierKind.TRACKING_CODE,)


@dataclass(frozen=True, slots=True)
class Registration:
    """A stated package, or several of one invoice if `tracking_code` holds several codes; empty: its carrier finds it
    by its invoice or order. `lenient` accepts a wrong check digit. `replaces`: the code of the order's label that this
    one replaces. `account_id`: the carrier's account, by a rule of the store; None: its first one.
    """

    order: Order
    carrier: str
    tracking_code: str
    invoice: Invoice
    lenient: bool = False
    replaces: str = ""
    account_id: int | None = None


@dataclass(frozen=True, slots=True)
class RegisteredPackage:
    """A registered package. `joined`: it was known and got a further invoice."""

    shipment_id: int
    created: bool
    joined: bool = False


@dataclass(frozen=True, slots=True)
class CarrierAndCode:
    """Who carries a package, and what it is asked by. `known`: all that it is known by."""

    connector: Connector
    identifier: Identifier
    known: Sequence[Identifier]


def carrier_and_code(context: Context, stated: Registration) -> CarrierAndCode:
    """The carrier of a package and what it is asked by; raises `InvalidError`."""
    connector = carrier_named(context, stated.carrier)
    code = tidy_code(stated.tracking_code)
    known = known_identifiers(stated.order.number, stated.tracking_code, stated.invoice, connector)
    if code and IdentifierKind.TRACKING_CODE in connector.identifiers:
        _check_code(connector, code, lenient=stated.lenient)
    return CarrierAndCode(connector, identifier_for(connector, known), known)


def _check_code(connector: Connector, code: str, *, lenient: bool) -> None:
    problem = code_problem(connector, code)
    if problem is not None and (problem.hard or not lenient):
        details = {"suggestion": problem.suggestion} if problem.suggestion else {}
        raise InvalidError("bad_tracking_code", problem.message, details)


async def register_package(
    context: Context,
    connection: Connection,
    recording: RecordingContext,
    store_id: int,
    order_id: int,
    stated: Registration,
) -> RegisteredPackage:
    """Store a stated package, in the caller's transaction. Raises `InvalidError`."""
    now = context.now()
    found = carrier_and_code(context, stated)
    account = _account(recording, store_id, found.connector, stated.account_id)
    draft = await _as_followed(connection, _draft(context, store_id, order_id, stated, found, account), found)
    first_check = now if Way.ASKED in found.connector.ways else None
    registered = await packages.register(connection, draft, now=now, first_check=first_check)
    shipment_row = (await shipments.lock_shipments(connection, [registered.id]))[0]
    await _introduce(connection, recording, shipment_row, registered, now=now)
    await _put_identifiers(connection, shipment_row, found.known)
    await _name_stated_code(connection, shipment_row, stated)
    if account is None:
        await notices.open_notices(connection, [_no_account_notice(store_id, found.connector.title)], now=now)
    if registered.created:
        await notices.open_notices(connection, await shared_code_notices(connection, shipment_row), now=now)
    if account is not None and registered.created:
        if first_check is not None:
            await jobs.enqueue(connection, [Job(jobs.COLLECT, str(account.id), once=True)])
        await orders.update_order_deliveries(connection, [order_id])
    return RegisteredPackage(registered.id, registered.created, joined=registered.further is not None)


def _account(
    recording: RecordingContext, store_id: int, connector: Connector, account_id: int | None
) -> Account | None:
    mine = next((a for a in recording.accounts if a.id == account_id and a.store_id == store_id), None)
    return mine or account_at(recording, store_id, connector.name)


def _draft(
    context: Context,
    store_id: int,
    order_id: int,
    stated: Registration,
    found: CarrierAndCode,
    account: Account | None,
) -> PackageDraft:
    connector, invoice = found.connector, stated.invoice
    if invoice.courier.strip().lower() in {"", connector.name}:
        code = found.identifier.value
        invoice = replace(invoice, courier=default_courier(context.connectors, connector, code))
    if not invoice.tracking_url and connector.tracking_url is not None:
        invoice = replace(invoice, tracking_url=connector.tracking_url(found.identifier.value) or None)
    account_id = account.id if account else None
    token = context.new_token()
    return PackageDraft(store_id, order_id, connector.name, found.identifier.text, invoice, account_id, token)


async def _as_followed(connection: Connection, draft: PackageDraft, found: CarrierAndCode) -> PackageDraft:
    """The package as it is followed already: one that was found by its invoice before its code was known, or the other
    way round, is the same package.
    """
    if found.connector.identifiers == _BY_CODE_ONLY or not draft.invoice.number:
        return draft
    codes = await packages.codes_of_invoice(connection, draft.order_id, draft.carrier, draft.invoice.number)
    if len(codes) != 1 or codes[0] == draft.tracking_code:
        return draft
    kinds = {identifier_of(codes[0]).kind, found.identifier.kind}
    return draft if kinds == {IdentifierKind.TRACKING_CODE} else replace(draft, tracking_code=codes[0])


async def _name_stated_code(connection: Connection, row: ShipmentRow, stated: Registration) -> None:
    """Keep the carrier's code that was stated of a package that is followed under something else."""
    code = identifier_of(tidy_code(stated.tracking_code))
    if stated.tracking_code and code.kind is IdentifierKind.TRACKING_CODE and not row.shipment.number:
        await packages.name_code(connection, row.shipment.id, code.value)


async def _introduce(
    connection: Connection,
    recording: RecordingContext,
    shipment_row: ShipmentRow,
    registered: PackageRow,
    *,
    now: datetime,
) -> None:
    """Plan the messages that introduce a package, and those of an invoice that came later."""
    shipment = shipment_row.shipment
    await plan_shipment_introduction(connection, recording, shipment_row, invoiced=registered.invoiced, now=now)
    policy = recording.stores[shipment.store_id].policy
    order_id, order = shipment_row.order_id, shipment_row.order
    await deadlines.expect_number(connection, shipment.store_id, order_id, order, policy, now=now)
    if registered.further is not None and shipment.snapshot.news_at is not None:
        # Events from before this invoice was known are sent for it too.
        await plan_invoices(connection, recording, shipment_row, "joined", now=now, only=registered.further)


async def _put_identifiers(connection: Connection, row: ShipmentRow, known: Sequence[Identifier]) -> None:
    """Store what the package is known by; answers that named it before it was registered are recorded now."""
    shipment = row.shipment
    new = await identifiers.put_identifiers(connection, shipment.store_id, shipment.id, known)
    waiting = await identifiers.take_unmatched(connection, shipment.store_id, new)
    again = await replies.unrecord(connection, waiting)
    parts = (again[start : start + _PER_RECORDING] for start in range(0, len(again), _PER_RECORDING))
    await jobs.enqueue(connection, [Job(jobs.RECORD, ",".join(map(str, part))) for part in parts])


def _no_account_notice(store_id: int, title: str) -> NoticeDraft:
    words = f"Packages of {title} are registered, but no account there is configured: nobody asks for them. Add one."
    return NoticeDraft(store_id, NoticeKind.NO_ACCOUNT, f"carrier {title}", words, facts={"carrier": title})
