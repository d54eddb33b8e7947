"""In: a package; out: what was told of it to whom, and what a statement of the operator's would tell to whom."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from paradeiro.db import effects
from paradeiro.db.effects import ShownEffect
from paradeiro.db.pool import Connection
from paradeiro.db.shipments import Kept
from paradeiro.db.stores import Account
from paradeiro.domain.plan import plan
from paradeiro.domain.records import Change, EffectDraft, TrackingEvent
from paradeiro.domain.timeline import compare, fold
from paradeiro.domain.words import EffectKind, PartyKind, Source, Status, Withdraws
from paradeiro.flow.record import Surroundings
from paradeiro.sdk.contract import Connector
from paradeiro.sdk.speech import Catalogue
from paradeiro.web.pages.orders import Mark, mark_of

_SAY_WHERE = frozenset(
    {EffectKind.ORDER_UPDATE, EffectKind.MARKETPLACE_UPDATE, EffectKind.CUSTOMER_MAIL, EffectKind.CUSTOMER_CORRECTION}
)


@dataclass(frozen=True, slots=True)
class Telling:
    """One thing that was told, or waits to be. `position` is what it said; None before that, or if it says none."""

    effect: ShownEffect
    to: str
    position: Mark | None
    at: datetime


@dataclass(frozen=True, slots=True)
class WouldTell:
    """Whom a statement would tell: the name of a message, and of whom it speaks. `customer`: it is the customer."""

    message: str
    name: str
    customer: bool = False


def tellings(found: Iterable[ShownEffect], connectors: Mapping[str, Connector], words: Catalogue) -> list[Telling]:
    """What was told, newest first."""
    return [
        Telling(
            effect,
            _whom(effect, connectors),
            mark_of(words, effect.told_status, None) if effect.told_status and effect.kind in _SAY_WHERE else None,
            effect.ended_at or effect.created_at,
        )
        for effect in found
    ]


def _whom(effect: ShownEffect, connectors: Mapping[str, Connector]) -> str:
    """The party, and which of its accounts, unless that is only named after it."""
    title = connectors[effect.connector].title if effect.connector in connectors else effect.connector
    named_after_it = {title.casefold(), effect.connector.casefold()}
    return title if effect.account.casefold() in named_after_it else f"{title} ({effect.account})"


async def would_tell(
    connection: Connection, around: Surroundings, kept: Kept, known: Sequence[TrackingEvent], now: datetime
) -> list[WouldTell]:
    """Whom it would tell if this package's delivery were confirmed now, or, if it is delivered, reopened."""
    change = _change(kept, known, now)
    if change is None:
        return []
    was_told = kept.shipment.id in await effects.told_delivered(connection, [kept.shipment.id])
    policy = around.stores[kept.shipment.store_id].policy
    drafts = plan(change, kept.order, kept.shipment, around.sinks(kept), policy, customer_was_told_delivered=was_told)
    return [_said(kept, draft, account) for draft in drafts for account in around.all_sinks(kept, draft.sink)]


def _change(kept: Kept, known: Sequence[TrackingEvent], now: datetime) -> Change | None:
    """What `record` would find if the operator stated now what the form offers to state."""
    old = kept.shipment.snapshot
    stated = TrackingEvent(
        occurred_at=now,
        code="stated",
        status=None if old.delivered else Status.DELIVERED,
        source=Source.OPERATOR,
        withdraws=Withdraws.DELIVERY if old.delivered else None,
    )
    timeline = fold([*known, stated], now=now, made_at=kept.made_at, base=Status.REGISTERED, estimate=old.estimate)
    return compare(old, timeline, (stated,))


def _said(kept: Kept, draft: EffectDraft, account: Account) -> WouldTell:
    if draft.sink is PartyKind.MAIL:
        message = "tells.correction" if draft.kind is EffectKind.CUSTOMER_CORRECTION else "tells.mail"
        return WouldTell(message, kept.order.customer.email or "", customer=True)
    return WouldTell(f"tells.{draft.sink}", account.name)
