"""In: a package and a sink account; out: the carrier as that account's party names it, or a notice.

A source that only looks packages up (17TRACK) is no carrier: then the invoice names it, else the form of the code, else
it is unknown.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from paradeiro.db.accounts.stores import Account
from paradeiro.db.operations import notices
from paradeiro.db.operations.audit import Actor
from paradeiro.db.operations.notices import NoticeDraft
from paradeiro.db.outbox import carrier_tables
from paradeiro.db.pool import Connection, transaction
from paradeiro.domain.outbox.carrier_tables import (
    MOST_ENTRIES,
    CarrierEntry,
    CarrierTable,
    CarrierToMap,
    OtherCarrier,
    carrier_of_code,
    map_carrier,
    normal_name,
)
from paradeiro.domain.records import Message, Shipment
from paradeiro.domain.words import AuditAction, EffectKind, NoticeKind, PartyKind
from paradeiro.flow.context import Context
from paradeiro.flow.errors import InvalidError
from paradeiro.flow.operations import audit_log
from paradeiro.flow.outbox import refusals
from paradeiro.sdk.contract import Connector

_NUMBER_MESSAGES = frozenset({EffectKind.TRACKING_NUMBER, EffectKind.MARKETPLACE_TRACKING_NUMBER})
_WITH_TABLE = frozenset({PartyKind.ORDER_SYSTEM, PartyKind.MARKETPLACE})
_LONGEST = 100
_LONGEST_COSTS = 300


def is_source(connector: Connector) -> bool:
    """Whether it only looks up packages that others carry."""
    return PartyKind.CARRIER in connector.kinds and bool(connector.fallback_for)


def default_courier(connectors: Mapping[str, Connector], connector: Connector, code: str) -> str:
    """The courier of a package whose invoice names none; empty if its connector is only a source."""
    if not is_source(connector):
        return connector.title
    named = connectors.get(carrier_of_code(code))
    return named.title if named else ""


def carrier_of_package(connectors: Mapping[str, Connector], shipment: Shipment) -> CarrierToMap:
    """The carrier of a package: named by its invoice unless that is a source, else its connector or the form of its
    code; empty if not certain.
    """
    sources = [c for c in connectors.values() if is_source(c)]
    names = {normal_name(name) for c in sources for name in (c.name, c.title, c.name.replace("_", " "))}
    text = shipment.invoice.courier.strip()
    text = "" if normal_name(text) in names else text
    own = shipment.carrier
    if own in {c.name for c in sources}:
        recognised = (
            c.name for c in connectors.values() if c.recognises_courier is not None and c.recognises_courier(text)
        )
        own = next(recognised, "") if text else carrier_of_code(shipment.tracking_code)
    connector = connectors.get(own)
    return CarrierToMap(own, text or (connector.title if connector else own.replace("_", " ").title()))


async def table_of(connection: Connection, account: Account) -> CarrierTable:
    """The carrier table of an account; empty for kinds without one."""
    return await carrier_tables.carrier_table(connection, account.id) if account.kind in _WITH_TABLE else CarrierTable()


async def open_notice(connection: Connection, account: Account, message: Message, *, now: datetime) -> None:
    """Open a notice, once per carrier, if a marketplace's table lacks it or no carrier is known."""
    mapped = message.carrier
    if mapped is None or message.kind not in _NUMBER_MESSAGES or account.kind is not PartyKind.MARKETPLACE:
        return
    if mapped.listed and mapped.name:
        return
    code, number = message.shipment.tracking_code, message.order.number
    facts = {"account": account.name, "order": number, "code": code, "carrier": mapped.name}
    if not mapped.name:
        facts["variant"] = "unknown"
        words = (
            f"{account.name} is told {code}, of order {number}, without a carrier: nobody named it, and who looks the "
            "package up is none. Name the carrier with the package (the invoice's courier)."
        )
    else:
        table = await carrier_tables.carrier_table(connection, account.id)
        facts |= {"as": mapped.code or mapped.name, "costs": table.other.costs if table.other else ""}
        how = f"as '{mapped.code}'" if mapped.code else "by that name"
        words = (
            f"{account.name} has no carrier '{mapped.name}' in its table, so it was told {how} (order {number}, "
            f"{code}). {facts['costs']} Add it: `paradeiro carriers set`."
        ).replace("  ", " ")
    subject = f"account {account.id} carrier {normal_name(mapped.name) or '?'}"
    kind, shipment = NoticeKind.CARRIER_UNLISTED, message.shipment.id
    draft = NoticeDraft(account.store_id, kind, subject, words, account.id, shipment, facts=facts)
    await notices.open_notices(connection, [draft], now=now)


async def account_table(context: Context, store_id: int, account_id: int) -> CarrierTable:
    """An account's table. Raises `StatementError`s."""
    account = await _account(context, store_id, account_id)
    async with context.pool.connection() as connection:
        return await carrier_tables.carrier_table(connection, account.id)


async def put_table(
    context: Context, store_id: int, account_id: int, wanted: CarrierTable, by: Actor | None = None
) -> CarrierTable:
    """Replace an account's table and resolve the notices about carriers it now lists. Raises `StatementError`s."""
    account = await _account(context, store_id, account_id)
    wanted = normalised_table(wanted)
    async with transaction(context.pool) as connection:
        await carrier_tables.lock_table(connection, account.id)
        await _store_table(context, connection, account, wanted, by)
    return wanted


async def change_table(
    context: Context,
    store_id: int,
    account_id: int,
    *,
    add: CarrierEntry | None = None,
    drop: CarrierEntry | None = None,
    other: OtherCarrier | None = None,
    no_other: bool = False,
    by: Actor | None = None,
) -> CarrierTable:
    """Add or drop one entry of an account's table, or set the entry for other carriers. Raises `StatementError`s."""
    account = await _account(context, store_id, account_id)
    async with transaction(context.pool) as connection:
        await carrier_tables.lock_table(connection, account.id)
        now = await carrier_tables.carrier_table(connection, account.id)
        entries = {(normal_name(e.carrier), normal_name(e.service)): e for e in now.entries}
        if drop is not None and entries.pop((normal_name(drop.carrier), normal_name(drop.service)), None) is None:
            words = f"The table of {account.name} has no '{drop.carrier}' of that service."
            raise InvalidError("no_such_carrier", words)
        if add is not None:
            entries[normal_name(add.carrier), normal_name(add.service)] = add
        wanted = normalised_table(CarrierTable(tuple(entries.values()), None if no_other else other or now.other))
        await _store_table(context, connection, account, wanted, by)
    return wanted


def normalised_table(table: CarrierTable) -> CarrierTable:
    """The table with normalised names. Raises `InvalidError`."""
    if len(table.entries) > MOST_ENTRIES:
        raise InvalidError("too_many_carriers", f"A table has at most {MOST_ENTRIES} carriers.")
    entries: dict[tuple[str, str], CarrierEntry] = {}
    for each in table.entries:
        entry = CarrierEntry(normal_name(each.carrier), normal_name(each.service), each.code.strip(), each.name.strip())
        texts = (entry.carrier, entry.service, entry.code, entry.name)
        if not entry.carrier or not (entry.code or entry.name) or any(_is_bad_text(text, _LONGEST) for text in texts):
            words = "Each carrier needs its own name and the party's code or name, of at most 100 plain letters."
            raise InvalidError("bad_carrier", words)
        if (entry.carrier, entry.service) in entries:
            raise InvalidError("carrier_twice", f"'{entry.carrier}' is there twice for the same service.")
        entries[entry.carrier, entry.service] = entry
    if table.other is not None and (
        _is_bad_text(table.other.code, _LONGEST) or _is_bad_text(table.other.costs, _LONGEST_COSTS)
    ):
        raise InvalidError("bad_carrier", "What all others are is a code of 100 and a sentence of 300 plain letters.")
    return CarrierTable(tuple(entries[key] for key in sorted(entries)), table.other)


def _is_bad_text(text: str, most: int) -> bool:
    return len(text) > most or (bool(text) and not text.isprintable())


async def _account(context: Context, store_id: int, account_id: int) -> Account:
    account = await refusals.sink_account(context, store_id, account_id)
    if account.kind not in _WITH_TABLE:
        raise InvalidError("no_carriers", f"{account.name} is told no carrier: a marketplace or an order system is.")
    return account


async def _store_table(
    context: Context, connection: Connection, account: Account, wanted: CarrierTable, by: Actor | None
) -> None:
    await carrier_tables.put_table(connection, account.store_id, account.id, wanted, now=context.now())
    listed = [
        f"account {account.id} carrier {name}" for e in wanted.entries for name in (e.carrier, normal_name(e.name))
    ]
    kind = NoticeKind.CARRIER_UNLISTED
    await notices.resolve_subjects(connection, account.store_id, kind, listed, now=context.now())
    said = f"{account.name}: {len(wanted.entries)} carriers"
    await audit_log.write_entry(context, connection, account.store_id, by, AuditAction.SET_CARRIERS, said)


def carrier_for_account(connectors: Mapping[str, Connector], table: CarrierTable, message: Message) -> Message:
    """The message with its carrier as the party names it."""
    return replace(message, carrier=map_carrier(table, carrier_of_package(connectors, message.shipment)))
