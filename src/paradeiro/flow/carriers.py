"""In: a package and an account that is told of it; out: the carrier as that account's party knows it, or a notice.

A source that only looks packages up (17TRACK) carries nothing: the carrier is whoever the invoice names, or whom the
code itself names, else nobody.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from paradeiro.db import carriers, notices
from paradeiro.db.audit import By
from paradeiro.db.notices import NoticeDraft
from paradeiro.db.pool import Connection, transaction
from paradeiro.db.stores import Account
from paradeiro.domain.carriers import (
    MOST_ENTRIES,
    Carried,
    CarrierEntry,
    CarrierTable,
    OtherCarrier,
    carrier_of_code,
    plain,
    told_carrier,
)
from paradeiro.domain.records import Shipment, Telling
from paradeiro.domain.words import DeedKind, EffectKind, NoticeKind, PartyKind
from paradeiro.flow import deeds, refusals
from paradeiro.flow.errors import InvalidError
from paradeiro.flow.means import Means
from paradeiro.sdk.contract import Connector

_TELLS_NUMBER = frozenset({EffectKind.TRACKING_NUMBER, EffectKind.MARKETPLACE_TRACKING_NUMBER})
_WITH_TABLE = frozenset({PartyKind.ORDER_SYSTEM, PartyKind.MARKETPLACE})
_LONGEST = 100
_LONGEST_COSTS = 300


def is_source(connector: Connector) -> bool:
    """Whether it only looks up packages that others carry."""
    return PartyKind.CARRIER in connector.kinds and bool(connector.stands_in_for)


def default_courier(connectors: Mapping[str, Connector], connector: Connector, code: str) -> str:
    """What to call the carrier of a package whose invoice names none: empty if its connector is only a source."""
    if not is_source(connector):
        return connector.title
    named = connectors.get(carrier_of_code(code))
    return named.title if named else ""


def carried_by(connectors: Mapping[str, Connector], shipment: Shipment) -> Carried:
    """Who carries a package: whom its invoice names, unless that is a source; else its carrier, or whom its code
    names; nobody rather than a guess.
    """
    sources = [c for c in connectors.values() if is_source(c)]
    names = {plain(name) for c in sources for name in (c.name, c.title, c.name.replace("_", " "))}
    text = shipment.invoice.courier.strip()
    text = "" if plain(text) in names else text
    own = shipment.carrier
    if own in {c.name for c in sources}:
        means = (c.name for c in connectors.values() if c.recognises_courier is not None and c.recognises_courier(text))
        own = next(means, "") if text else carrier_of_code(shipment.tracking_code)
    connector = connectors.get(own)
    return Carried(own, text or (connector.title if connector else own.replace("_", " ").title()))


async def table_of(connection: Connection, account: Account) -> CarrierTable:
    """The table that an account's party is told by."""
    return await carriers.table(connection, account.id) if account.kind in _WITH_TABLE else CarrierTable()


async def complain(connection: Connection, account: Account, telling: Telling, *, now: datetime) -> None:
    """Tell a person, once for each carrier, that a marketplace's list has it not, or that nobody named one."""
    told = telling.carrier
    if told is None or telling.kind not in _TELLS_NUMBER or account.kind is not PartyKind.MARKETPLACE:
        return
    if told.listed and told.name:
        return
    code, number = telling.shipment.tracking_code, telling.order.number
    facts = {"account": account.name, "order": number, "code": code, "carrier": told.name}
    if not told.name:
        facts["variant"] = "unknown"
        words = (
            f"{account.name} is told {code}, of order {number}, without a carrier: nobody named it, and who looks the "
            "package up is none. Name the carrier with the package (the invoice's courier)."
        )
    else:
        table = await carriers.table(connection, account.id)
        facts |= {"as": told.code or told.name, "costs": table.other.costs if table.other else ""}
        how = f"as '{told.code}'" if told.code else "by that name"
        words = (
            f"{account.name} has no carrier '{told.name}' in its table, so it was told {how} (order {number}, {code}). "
            f"{facts['costs']} Add it: `paradeiro carriers set`."
        ).replace("  ", " ")
    subject = f"account {account.id} carrier {plain(told.name) or '?'}"
    kind, shipment = NoticeKind.CARRIER_UNLISTED, telling.shipment.id
    draft = NoticeDraft(account.store_id, kind, subject, words, account.id, shipment, facts=facts)
    await notices.open_notices(connection, [draft], now=now)


async def show(means: Means, store_id: int, account_id: int) -> CarrierTable:
    """An account's table. Raises `StatementError`s."""
    account = await _account(means, store_id, account_id)
    async with means.pool.connection() as connection:
        return await carriers.table(connection, account.id)


async def put(means: Means, store_id: int, account_id: int, wanted: CarrierTable, by: By | None = None) -> CarrierTable:
    """Replace an account's table. What it now lists is no question any more. Raises `StatementError`s."""
    account = await _account(means, store_id, account_id)
    wanted = checked(wanted)
    async with transaction(means.pool) as connection:
        await carriers.lock(connection, account.id)
        await _keep(means, connection, account, wanted, by)
    return wanted


async def change(
    means: Means,
    store_id: int,
    account_id: int,
    *,
    add: CarrierEntry | None = None,
    drop: CarrierEntry | None = None,
    other: OtherCarrier | None = None,
    no_other: bool = False,
    by: By | None = None,
) -> CarrierTable:
    """Add or drop one entry of an account's table, or say what all others are. Raises `StatementError`s."""
    account = await _account(means, store_id, account_id)
    async with transaction(means.pool) as connection:
        await carriers.lock(connection, account.id)
        now = await carriers.table(connection, account.id)
        entries = {(plain(e.carrier), plain(e.service)): e for e in now.entries}
        if drop is not None and entries.pop((plain(drop.carrier), plain(drop.service)), None) is None:
            words = f"The table of {account.name} has no '{drop.carrier}' of that service."
            raise InvalidError("no_such_carrier", words)
        if add is not None:
            entries[plain(add.carrier), plain(add.service)] = add
        wanted = checked(CarrierTable(tuple(entries.values()), None if no_other else other or now.other))
        await _keep(means, connection, account, wanted, by)
    return wanted


def checked(table: CarrierTable) -> CarrierTable:
    """The table in its plain form. Raises `InvalidError`."""
    if len(table.entries) > MOST_ENTRIES:
        raise InvalidError("too_many_carriers", f"A table has at most {MOST_ENTRIES} carriers.")
    kept: dict[tuple[str, str], CarrierEntry] = {}
    for each in table.entries:
        entry = CarrierEntry(plain(each.carrier), plain(each.service), each.code.strip(), each.name.strip())
        texts = (entry.carrier, entry.service, entry.code, entry.name)
        if not entry.carrier or not (entry.code or entry.name) or any(_odd(text, _LONGEST) for text in texts):
            words = "Each carrier needs its own name and the party's code or name, of at most 100 plain letters."
            raise InvalidError("bad_carrier", words)
        if (entry.carrier, entry.service) in kept:
            raise InvalidError("carrier_twice", f"'{entry.carrier}' is there twice for the same service.")
        kept[entry.carrier, entry.service] = entry
    if table.other is not None and (_odd(table.other.code, _LONGEST) or _odd(table.other.costs, _LONGEST_COSTS)):
        raise InvalidError("bad_carrier", "What all others are is a code of 100 and a sentence of 300 plain letters.")
    return CarrierTable(tuple(kept[key] for key in sorted(kept)), table.other)


def _odd(text: str, most: int) -> bool:
    return len(text) > most or (bool(text) and not text.isprintable())


async def _account(means: Means, store_id: int, account_id: int) -> Account:
    account = await refusals.sink(means, store_id, account_id)
    if account.kind not in _WITH_TABLE:
        raise InvalidError("no_carriers", f"{account.name} is told no carrier: a marketplace or an order system is.")
    return account


async def _keep(means: Means, connection: Connection, account: Account, wanted: CarrierTable, by: By | None) -> None:
    await carriers.put(connection, account.store_id, account.id, wanted, now=means.now())
    listed = [f"account {account.id} carrier {name}" for e in wanted.entries for name in (e.carrier, plain(e.name))]
    kind = NoticeKind.CARRIER_UNLISTED
    await notices.resolve_subjects(connection, account.store_id, kind, listed, now=means.now())
    said = f"{account.name}: {len(wanted.entries)} carriers"
    await deeds.note(means, connection, account.store_id, by, DeedKind.SET_CARRIERS, said)


def as_told(connectors: Mapping[str, Connector], table: CarrierTable, telling: Telling) -> Telling:
    """The telling with its carrier as the party knows it."""
    return replace(telling, carrier=told_carrier(table, carried_by(connectors, telling.shipment)))
