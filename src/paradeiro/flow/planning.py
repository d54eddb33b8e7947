"""In: a package and what changed of it; out: the effects that it must have, with every account that tells them.

An order system, and a marketplace that keeps histories by invoice, is told of each invoice of the package.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from paradeiro.db import effects, jobs, notices
from paradeiro.db.effects import EffectRow
from paradeiro.db.jobs import Job
from paradeiro.db.pool import Connection
from paradeiro.db.shipments import Kept
from paradeiro.domain.channels import wants
from paradeiro.domain.plan import catch_up, introduce, plan
from paradeiro.domain.records import Change, EffectDraft
from paradeiro.domain.words import EffectKind, NoticeKind, PartyKind
from paradeiro.flow import uninvoiced
from paradeiro.flow.surroundings import Surroundings


def effects_of(around: Surroundings, kept: Kept, change: Change, *, quiet: bool, was_told: bool) -> list[EffectRow]:
    """What a change leads to. `quiet` mails nobody. Of a package whose label was replaced its invoices are told."""
    policy = around.stores[kept.shipment.store_id].policy
    if quiet or kept.shipment.replaced_by is not None:
        policy = replace(policy, mail_customers=False)

    def drafts(each: Kept) -> Iterable[EffectDraft]:
        sinks = around.sinks(each)
        return plan(change, each.order, each.shipment, sinks, policy, customer_was_told_delivered=was_told)

    rows = rows_of(around, kept, drafts(kept))
    if kept.shipment.replaced_by is not None:
        rows = [row for row in rows if row.invoice or row.kind is EffectKind.WEBHOOK_EVENT]
    return [*rows, *_further(around, kept, drafts)]


def rows_of(around: Surroundings, kept: Kept, drafts: Iterable[EffectDraft]) -> list[EffectRow]:
    """Planned effects, each with every account that tells it."""
    shipment = kept.shipment
    return [
        EffectRow(
            shipment.store_id,
            kept.order_id,
            shipment.id,
            account.id,
            draft.kind,
            draft.cause,
            shipment.invoice.number if around.by_invoice(account) else "",
        )
        for draft in drafts
        for account in around.all_sinks(kept, draft.sink)
        if draft.kind in around.told_at(account)
    ]


def _further(around: Surroundings, kept: Kept, drafts: Callable[[Kept], Iterable[EffectDraft]]) -> Iterator[EffectRow]:
    """What the further invoices of a package are told."""
    for each in further_of(kept):
        yield from (row for row in rows_of(around, each, drafts(each)) if row.invoice)


def further_of(kept: Kept) -> list[Kept]:
    """A package once for each of its further invoices, as if that were its only one."""
    shipment = kept.shipment
    return [
        replace(kept, shipment=replace(shipment, id=each.id, invoice=each.invoice, further=()))
        for each in shipment.further
    ]


async def introduce_shipment(
    connection: Connection, around: Surroundings, kept: Kept, *, invoiced: bool = False, now: datetime
) -> list[EffectRow]:
    """Plan what must be told once about a shipment before any news; what was planned before is not planned again.
    `invoiced`: the invoice that it lacked has just come, and with it all that could not be told without.
    """
    policy = around.stores[kept.shipment.store_id].policy

    def drafts(each: Kept) -> Iterable[EffectDraft]:
        sinks = around.sinks(each)
        first = introduce(each.order, each.shipment, sinks, policy)
        return (*first, *catch_up(each.order, each.shipment, sinks, policy)) if invoiced else first

    if invoiced:
        subject, kinds = uninvoiced.subject(kept.order.number), [NoticeKind.NO_INVOICE]
        await notices.resolve_subject(connection, kept.shipment.store_id, kinds, subject, now=now)
    rows = [*rows_of(around, kept, drafts(kept)), *_further(around, kept, drafts)]
    await effects.add(connection, rows, now=now)
    await call_relay(connection, rows)
    return rows


async def tell_numbers(connection: Connection, around: Surroundings, kept: Kept, cause: str, *, now: datetime) -> None:
    """Tell the order system the numbers of a package's invoices again: other labels are on their packages now."""
    if not around.stores[kept.shipment.store_id].policy.tell_order_system:
        return
    drafts = [EffectDraft(EffectKind.TRACKING_NUMBER, PartyKind.ORDER_SYSTEM, cause)]
    named = [each for each in (kept, *further_of(kept)) if each.shipment.invoice.number]
    rows = [row for each in named for row in rows_of(around, each, drafts)]
    await effects.add(connection, rows, now=now)
    await call_relay(connection, rows)


async def tell_invoices(
    connection: Connection, around: Surroundings, kept: Kept, cause: str, *, now: datetime, only: int | None = None
) -> None:
    """Tell the invoices of a package where they are now, though no news came. `only`: this further one."""
    policy = around.stores[kept.shipment.store_id].policy
    drafts = []
    if policy.tell_order_system:
        drafts.append(EffectDraft(EffectKind.ORDER_UPDATE, PartyKind.ORDER_SYSTEM, cause))
    wish = wants(policy.rules_of(kept.order), EffectKind.MARKETPLACE_UPDATE, delivery=kept.shipment.snapshot.delivered)
    if wish and policy.tell_marketplace and kept.order.channel and kept.order.marketplace_number:
        drafts.append(EffectDraft(EffectKind.MARKETPLACE_UPDATE, PartyKind.MARKETPLACE, cause))
    told = [each for each in (kept, *further_of(kept)) if each.shipment.invoice.number]
    told = [each for each in told if only is None or each.shipment.id == only]
    rows = [row for each in told for row in rows_of(around, each, drafts) if row.invoice]
    await effects.add(connection, rows, now=now)
    await call_relay(connection, rows)


async def call_relay(connection: Connection, rows: Iterable[EffectRow]) -> None:
    """Enqueue the relaying of the accounts that have something to tell, in the transaction that made it so."""
    named = {(jobs.HOOKS if r.kind is EffectKind.WEBHOOK_EVENT else jobs.RELAY, r.account_id) for r in rows}
    await jobs.enqueue(connection, [Job(name, str(account_id)) for name, account_id in sorted(named)])
