"""In: claimed effects and the rows of their orders; out: all that render needs of each, as things are at the moment."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import datetime
from typing import Any

from paradeiro.db import effects, events, orders, stores
from paradeiro.db.effects import Claimed
from paradeiro.db.pool import Connection
from paradeiro.db.shipment_rows import packages
from paradeiro.db.shipments import Kept
from paradeiro.db.stores import Account, Store
from paradeiro.domain.plan import AS_IT_WAS
from paradeiro.domain.records import Carried, Telling, Timeline
from paradeiro.domain.timeline import fold
from paradeiro.domain.words import EffectKind, PartyKind, Status
from paradeiro.flow import carriers, mailing
from paradeiro.flow.links import customers_address
from paradeiro.flow.means import Means
from paradeiro.flow.surroundings import Surroundings


def packages_by_row(rows: Sequence[Kept]) -> dict[int, Kept]:
    """The package of each row, as its invoice sees it: what hangs on the row of a further invoice is told with that."""
    found = {each.shipment.id: each for each in packages(rows)}
    for each in tuple(found.values()):
        for further in each.shipment.further:
            found[further.id] = replace(each, shipment=replace(each.shipment, invoice=further.invoice))
    return found


async def tellings(
    means: Means,
    connection: Connection,
    account: Account,
    claimed: Sequence[Claimed],
    kept: Mapping[int, Kept],
    unread: AbstractSet[tuple[int, str]],
    *,
    now: datetime,
) -> dict[int, Telling]:
    """All that render needs, for each claimed effect. Raises `ValueError` where an invoice is told and one of its
    packages is `unread`: nobody knows then whether it is delivered.
    """
    store = (await stores.stores(connection, [account.store_id]))[account.store_id]
    dress = await mailing.dress(connection, store, claimed) if account.kind is PartyKind.MAIL else None
    address = await customers_address(means, connection, account.store_id)
    sold = account.kind is PartyKind.MARKETPLACE
    order_packages = await orders.packages_of(connection, [c.order_id for c in claimed]) if sold else {}
    by_invoice = Surroundings({}, (), means.connectors).by_invoice(account)
    wanted = _invoice_rows(claimed, kept, unread) if by_invoice else {}
    ids = {kept[c.shipment_id].shipment.id for c in claimed} | {k.shipment.id for rows in wanted.values() for k in rows}
    known = await events.known(connection, sorted(ids))
    carried = await _carried(connection, account, wanted, known, now=now)
    table = await carriers.table_of(connection, account)
    told = {}
    for each in claimed:
        mine = kept[each.shipment_id]
        said, at = known.get(mine.shipment.id, []), now
        if each.up_to is not None:
            said, at = await events.known_up_to(connection, each.shipment_id, each.up_to), each.created_at
        telling = _telling(address, account, store, each, mine, said, at)
        others = tuple(other for row, other in order_packages.get(each.order_id, ()) if row != mine.shipment.id)
        rules = store.policy.rules_of(telling.order)
        telling = replace(telling, rules=rules, others=others, packages=carried.get(_invoice_of(each, mine), ()))
        telling = carriers.as_told(means.connectors, table, telling)
        told[each.id] = dress.on(telling) if dress else telling
    return told


def _invoice_of(claimed: Claimed, mine: Kept) -> tuple[int, str]:
    return claimed.order_id, mine.shipment.invoice.number


def _invoice_rows(
    claimed: Sequence[Claimed], kept: Mapping[int, Kept], unread: AbstractSet[tuple[int, str]]
) -> dict[tuple[int, str], list[Kept]]:
    """The packages of each invoice that is told, those with several only."""
    wanted: dict[tuple[int, str], list[Kept]] = {
        _invoice_of(c, kept[c.shipment_id]): [] for c in claimed if EffectKind(c.kind) not in AS_IT_WAS
    }
    if wanted.keys() & unread:
        raise ValueError("another package of its invoice cannot be read")
    for row_id in sorted(kept):
        invoice = (kept[row_id].order_id, kept[row_id].shipment.invoice.number)
        if invoice in wanted and invoice[1]:
            wanted[invoice].append(kept[row_id])
    return {invoice: rows for invoice, rows in wanted.items() if len(rows) > 1}


async def _carried(
    connection: Connection,
    account: Account,
    wanted: Mapping[tuple[int, str], Sequence[Kept]],
    known: Mapping[int, Sequence[Any]],
    *,
    now: datetime,
) -> dict[tuple[int, str], tuple[Carried, ...]]:
    """The packages of invoices with their timelines. One that came after the invoice had been told delivered does not
    take that back: it was true of all that was known.
    """
    if not wanted:
        return {}
    told = await effects.told_by_invoice(connection, account.id, sorted({order for order, _ in wanted}))
    found = {}
    for invoice, rows in wanted.items():
        status, at = told.get(invoice, ("", now))
        found[invoice] = tuple(
            Carried(
                k.shipment,
                _timeline(k, known.get(k.shipment.id, ()), now),
                counts=k.shipment.replaced_by is None
                and not (status == Status.DELIVERED and k.shipment.registered_at > at),
            )
            for k in rows
        )
    return found


def _timeline(kept: Kept, known: Sequence[Any], now: datetime) -> Timeline:
    return fold(
        known,
        now=now,
        made_at=kept.made_at,
        base=Status.REGISTERED,
        estimate=kept.shipment.snapshot.estimate,
    )


def _telling(
    address: str, account: Account, store: Store, each: Claimed, kept: Kept, known: Sequence[Any], now: datetime
) -> Telling:
    return Telling(
        effect_id=each.id,
        effect_key=each.key,
        kind=EffectKind(each.kind),
        order=kept.order,
        shipment=kept.shipment,
        timeline=_timeline(kept, known, now),
        store_name=store.name,
        store_zone=store.time_zone,
        tracking_link=f"{address}{kept.shipment.tracking_token}",
        mail_from=account.settings.get("from_address", ""),
        thread_key=f"order-{kept.order_id}-{store.key}",
        now=now,
    )
