"""In: a row that a flow cannot process; out: it alone is set aside, logged and put on a notice; others go on."""

from collections.abc import Sequence
from datetime import datetime

from paradeiro.db.accounts import stores
from paradeiro.db.accounts.stores import Account
from paradeiro.db.following import replies
from paradeiro.db.following.shipments import ShipmentRow
from paradeiro.db.operations import set_aside
from paradeiro.db.operations.set_aside import UnusableRow, error_text
from paradeiro.db.outbox import effects
from paradeiro.db.outbox.effects import ClaimedEffect
from paradeiro.db.pool import Connection, transaction
from paradeiro.flow.context import Context, log


async def set_row_aside(connection: Connection, unusable: Sequence[UnusableRow], *, now: datetime) -> None:
    """Set rows aside until a person resolves the notice."""
    for each in unusable:
        log.error("set aside; everything else goes on", what=each.what, row=each.row_id, why=each.why)
    await set_aside.set_rows_aside(connection, unusable, now=now)


async def usable_account(context: Context, connection: Connection, account_id: int, *, now: datetime) -> Account | None:
    """The account, if it exists and is usable; an unusable one is set aside, once."""
    account = next(iter(await stores.accounts(connection, context.secret_key, ids=[account_id])), None)
    if account is None:
        return None
    gone = account.connector not in context.connectors
    fault = account.fault or (f"no connector '{account.connector}' is installed here" if gone else "")
    if not fault:
        return account
    if account.id not in await set_aside.set_aside_ids(connection, "account"):
        unusable = UnusableRow(account.store_id, "account", account.id, account.name, fault, account.id)
        await set_row_aside(connection, [unusable], now=now)
    return None


async def open_account(context: Context, connection: Connection, account_id: int, *, now: datetime) -> Account | None:
    """The usable account, unless it is paused or disabled now."""
    account = await usable_account(context, connection, account_id, now=now)
    return None if account is None or account.rests(now) else account


def unusable_shipment(row: ShipmentRow, error: Exception) -> UnusableRow:
    """A shipment that could not be processed."""
    shipment = row.shipment
    name = f"{shipment.tracking_code} ({shipment.order_number})"
    return UnusableRow(shipment.store_id, "shipment", shipment.id, name, error_text(error), row.account_id, shipment.id)


def unusable_reminder(row: ShipmentRow, error: Exception) -> UnusableRow:
    """A shipment whose reminder could not be planned. Tracking goes on."""
    shipment = row.shipment
    name = f"{shipment.tracking_code} ({shipment.order_number})"
    return UnusableRow(shipment.store_id, "reminder", shipment.id, name, error_text(error), row.account_id, shipment.id)


async def set_effect_aside(
    connection: Connection, account: Account, claimed: ClaimedEffect, number: str, error: Exception, *, now: datetime
) -> None:
    """Set aside an effect that could not be rendered and release its claim: later effects of its order wait behind it,
    unless a newer one supersedes it.
    """
    await effects.postpone(connection, claimed.id, until=now, message=error_text(error), now=now)
    name = f"{claimed.kind} ({number}, {account.name})"
    why = error_text(error)
    unusable = UnusableRow(account.store_id, "effect", claimed.id, name, why, account.id, claimed.shipment_id)
    await set_row_aside(connection, [unusable], now=now)


async def set_reply_aside(context: Context, reply_id: int, error: Exception) -> None:
    """Set aside a reply that could not be recorded; it is recorded when a person resolves the notice."""
    log.error("recording failed; the reply is kept", reply=reply_id, exc_info=error)
    async with transaction(context.pool) as connection:
        unusable = await replies.unrecordable_row(connection, reply_id, error)
        if unusable is not None:
            await set_row_aside(connection, [unusable], now=context.now())
