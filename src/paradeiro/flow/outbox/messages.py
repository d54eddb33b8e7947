"""In: claimed effects and the shipments of their orders; out: a `Message` for each, with the facts as of now."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import datetime
from typing import Any

from paradeiro.db.accounts import stores
from paradeiro.db.accounts.stores import Account, Store
from paradeiro.db.following import events
from paradeiro.db.following.shipment_rows import packages_of_rows
from paradeiro.db.following.shipments import ShipmentRow
from paradeiro.db.orders import orders
from paradeiro.db.outbox import effects
from paradeiro.db.outbox.effects import ClaimedEffect
from paradeiro.db.pool import Connection
from paradeiro.domain.following.timeline import fold
from paradeiro.domain.outbox.plan import AS_OF_CHANGE
from paradeiro.domain.records import InvoicePackage, Message, Timeline
from paradeiro.domain.words import EffectKind, PartyKind, Status
from paradeiro.flow.context import Context
from paradeiro.flow.customers.tracking_links import tracking_link
from paradeiro.flow.following.recording_context import RecordingContext
from paradeiro.flow.outbox import carrier_tables, mail_policy


def packages_by_row(rows: Sequence[ShipmentRow]) -> dict[int, ShipmentRow]:
    """The package by row id; for the row of a further invoice, the package with that invoice."""
    found = {each.shipment.id: each for each in packages_of_rows(rows)}
    for each in tuple(found.values()):
        for further in each.shipment.further:
            found[further.id] = replace(each, shipment=replace(each.shipment, invoice=further.invoice))
    return found


async def build_messages(
    context: Context,
    connection: Connection,
    account: Account,
    claimed: Sequence[ClaimedEffect],
    shipment_row: Mapping[int, ShipmentRow],
    unread: AbstractSet[tuple[int, str]],
    *,
    now: datetime,
) -> dict[int, Message]:
    """The messages by effect id. Raises `ValueError` for an effect by invoice of which one package is in `unread`:
    whether the invoice is delivered is unknown then.
    """
    store = (await stores.stores(connection, [account.store_id]))[account.store_id]
    mails = account.kind is PartyKind.MAIL
    appearance = await mail_policy.mail_appearance(connection, store, claimed) if mails else None
    address = await tracking_link(context, connection, account.store_id)
    sold = account.kind is PartyKind.MARKETPLACE
    order_packages = await orders.packages_of_orders(connection, [c.order_id for c in claimed]) if sold else {}
    by_invoice = RecordingContext({}, (), context.connectors).by_invoice(account)
    wanted = _invoice_rows(claimed, shipment_row, unread) if by_invoice else {}
    ids = {shipment_row[c.shipment_id].shipment.id for c in claimed}
    ids |= {k.shipment.id for rows in wanted.values() for k in rows}
    known = await events.events_of(connection, sorted(ids))
    invoice_packages = await _invoice_packages(connection, account, wanted, known, now=now)
    table = await carrier_tables.table_of(connection, account)
    messages = {}
    for each in claimed:
        own_row = shipment_row[each.shipment_id]
        own_events, at = known.get(own_row.shipment.id, []), now
        if each.up_to is not None:
            own_events, at = await events.events_up_to(connection, each.shipment_id, each.up_to), each.created_at
        message = _message(address, account, store, each, own_row, own_events, at)
        others = tuple(other for row, other in order_packages.get(each.order_id, ()) if row != own_row.shipment.id)
        rules = store.policy.rules_of(message.order)
        of_invoice = invoice_packages.get(_invoice_of(each, own_row), ())
        message = replace(message, rules=rules, others=others, packages=of_invoice)
        message = carrier_tables.carrier_for_account(context.connectors, table, message)
        messages[each.id] = appearance.add_to(message) if appearance else message
    return messages


def _invoice_of(claimed: ClaimedEffect, own_row: ShipmentRow) -> tuple[int, str]:
    return claimed.order_id, own_row.shipment.invoice.number


def _invoice_rows(
    claimed: Sequence[ClaimedEffect], shipment_row: Mapping[int, ShipmentRow], unread: AbstractSet[tuple[int, str]]
) -> dict[tuple[int, str], list[ShipmentRow]]:
    """The packages by (order id, invoice number), only of invoices with several."""
    wanted: dict[tuple[int, str], list[ShipmentRow]] = {
        _invoice_of(c, shipment_row[c.shipment_id]): [] for c in claimed if EffectKind(c.kind) not in AS_OF_CHANGE
    }
    if wanted.keys() & unread:
        raise ValueError("another package of its invoice cannot be read")
    for row_id in sorted(shipment_row):
        invoice = (shipment_row[row_id].order_id, shipment_row[row_id].shipment.invoice.number)
        if invoice in wanted and invoice[1]:
            wanted[invoice].append(shipment_row[row_id])
    return {invoice: rows for invoice, rows in wanted.items() if len(rows) > 1}


async def _invoice_packages(
    connection: Connection,
    account: Account,
    wanted: Mapping[tuple[int, str], Sequence[ShipmentRow]],
    known: Mapping[int, Sequence[Any]],
    *,
    now: datetime,
) -> dict[tuple[int, str], tuple[InvoicePackage, ...]]:
    """The packages of invoices with their timelines. One registered after the invoice was sent as delivered does not
    count: the message was true then.
    """
    if not wanted:
        return {}
    messages = await effects.sent_by_invoice(connection, account.id, sorted({order for order, _ in wanted}))
    found = {}
    for invoice, rows in wanted.items():
        status, at = messages.get(invoice, ("", now))
        found[invoice] = tuple(
            InvoicePackage(
                k.shipment,
                _timeline(k, known.get(k.shipment.id, ()), now),
                counts=k.shipment.replaced_by is None
                and not (status == Status.DELIVERED and k.shipment.registered_at > at),
            )
            for k in rows
        )
    return found


def _timeline(shipment_row: ShipmentRow, known: Sequence[Any], now: datetime) -> Timeline:
    return fold(
        known,
        now=now,
        made_at=shipment_row.made_at,
        ordered_at=shipment_row.order.ordered_at,
        base=Status.REGISTERED,
        estimate=shipment_row.shipment.snapshot.estimate,
    )


def _message(
    address: str,
    account: Account,
    store: Store,
    each: ClaimedEffect,
    shipment_row: ShipmentRow,
    known: Sequence[Any],
    now: datetime,
) -> Message:
    return Message(
        effect_id=each.id,
        effect_key=each.key,
        kind=EffectKind(each.kind),
        order=shipment_row.order,
        shipment=shipment_row.shipment,
        timeline=_timeline(shipment_row, known, now),
        store_name=store.name,
        store_zone=store.time_zone,
        tracking_link=f"{address}{shipment_row.shipment.tracking_token}",
        mail_from=account.settings.get("from_address", ""),
        thread_key=f"order-{shipment_row.order_id}-{store.key}",
        now=now,
    )
