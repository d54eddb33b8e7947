"""In: a row that a flow cannot handle; out: it alone is left aside, in the log and as a notice; the others go on."""

from collections.abc import Sequence
from datetime import datetime

from paradeiro.db import effects, replies, set_aside, stores
from paradeiro.db.effects import Claimed
from paradeiro.db.pool import Connection, transaction
from paradeiro.db.set_aside import Spoilt, why_of
from paradeiro.db.shipments import Kept
from paradeiro.db.stores import Account
from paradeiro.flow.means import Means, log


async def leave(connection: Connection, spoilt: Sequence[Spoilt], *, now: datetime) -> None:
    """Set these aside until a person ends the notice."""
    for each in spoilt:
        log.error("set aside; everything else goes on", what=each.what, row=each.row_id, why=each.why)
    await set_aside.set_aside(connection, spoilt, now=now)


async def usable(means: Means, connection: Connection, account_id: int, *, now: datetime) -> Account | None:
    """The account, if it is there and can be used; one that cannot is set aside, once."""
    account = next(iter(await stores.accounts(connection, means.secret_key, ids=[account_id])), None)
    if account is None:
        return None
    gone = account.connector not in means.connectors
    fault = account.fault or (f"no connector '{account.connector}' is installed here" if gone else "")
    if not fault:
        return account
    if account.id not in await set_aside.ids(connection, "account"):
        spoilt = Spoilt(account.store_id, "account", account.id, account.name, fault, account.id)
        await leave(connection, [spoilt], now=now)
    return None


async def open_account(means: Means, connection: Connection, account_id: int, *, now: datetime) -> Account | None:
    """The same, unless it may not be asked now."""
    account = await usable(means, connection, account_id, now=now)
    return None if account is None or account.rests(now) else account


def package(kept: Kept, error: Exception) -> Spoilt:
    """A shipment that could not be handled."""
    shipment = kept.shipment
    name = f"{shipment.tracking_code} ({shipment.order_number})"
    return Spoilt(shipment.store_id, "shipment", shipment.id, name, why_of(error), kept.account_id, shipment.id)


def reminder(kept: Kept, error: Exception) -> Spoilt:
    """A shipment that no reminder could be planned of. It is followed as ever."""
    shipment = kept.shipment
    name = f"{shipment.tracking_code} ({shipment.order_number})"
    return Spoilt(shipment.store_id, "reminder", shipment.id, name, why_of(error), kept.account_id, shipment.id)


async def message(
    connection: Connection, account: Account, claimed: Claimed, number: str, error: Exception, *, now: datetime
) -> None:
    """An effect that could not be made, given back as it was before it was claimed: it is not lost, and what follows it
    waits behind it. One that a newer one says better gives way to that.
    """
    await effects.put_off(connection, claimed.id, until=now, message=why_of(error), now=now)
    name = f"{claimed.kind} ({number}, {account.name})"
    why = why_of(error)
    spoilt = Spoilt(account.store_id, "effect", claimed.id, name, why, account.id, claimed.shipment_id)
    await leave(connection, [spoilt], now=now)


async def answer(means: Means, reply_id: int, error: Exception) -> None:
    """A reply that could not be recorded by itself is kept, and recorded when a person ended the notice."""
    log.error("recording failed; the reply is kept", reply=reply_id, exc_info=error)
    async with transaction(means.pool) as connection:
        spoilt = await replies.unrecordable(connection, reply_id, error)
        if spoilt is not None:
            await leave(connection, [spoilt], now=means.now())
