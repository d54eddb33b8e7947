"""In: a package; out: the messages sent about it, and those that an operator's statement would cause."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from paradeiro.db.accounts.stores import Account
from paradeiro.db.following.shipments import ShipmentRow
from paradeiro.db.outbox import effects
from paradeiro.db.outbox.effects import EffectLine
from paradeiro.db.pool import Connection
from paradeiro.domain.following.timeline import compare_snapshots, fold
from paradeiro.domain.outbox.plan import plan_effects
from paradeiro.domain.records import Change, EffectDraft, TrackingEvent
from paradeiro.domain.words import EffectKind, PartyKind, Source, Status, Withdraws
from paradeiro.flow.following.recording_context import RecordingContext
from paradeiro.sdk.contract import Connector
from paradeiro.sdk.wording import Catalogue
from paradeiro.web.pages.orders import Mark, mark_of

_KINDS_WITH_STATUS = frozenset(
    {EffectKind.ORDER_UPDATE, EffectKind.MARKETPLACE_UPDATE, EffectKind.CUSTOMER_MAIL, EffectKind.CUSTOMER_CORRECTION}
)


@dataclass(frozen=True, slots=True)
class SentMessage:
    """A message that was sent or waits. `position`: the status it sent; None before that, or if it has none."""

    effect: EffectLine
    recipient: str
    position: Mark | None
    at: datetime


@dataclass(frozen=True, slots=True)
class PlannedMessage:
    """A message that a statement would cause: the name of its wording, the recipient's name. `customer`: a mail."""

    message: str
    name: str
    customer: bool = False


def sent_messages(
    found: Iterable[EffectLine], connectors: Mapping[str, Connector], words: Catalogue
) -> list[SentMessage]:
    """The messages for the page, in the order given."""
    return [
        SentMessage(
            effect,
            _recipient(effect, connectors),
            mark_of(words, effect.sent_status, None)
            if effect.sent_status and effect.kind in _KINDS_WITH_STATUS
            else None,
            effect.ended_at or effect.created_at,
        )
        for effect in found
    ]


def _recipient(effect: EffectLine, connectors: Mapping[str, Connector]) -> str:
    """The party's title, with the account's name unless that is the same."""
    title = connectors[effect.connector].title if effect.connector in connectors else effect.connector
    named_after_it = {title.casefold(), effect.connector.casefold()}
    return title if effect.account.casefold() in named_after_it else f"{title} ({effect.account})"


async def planned_messages(
    connection: Connection, recording: RecordingContext, row: ShipmentRow, known: Sequence[TrackingEvent], now: datetime
) -> list[PlannedMessage]:
    """The messages that confirming this package's delivery now would cause; if it is delivered: reopening it."""
    change = _change(row, known, now)
    if change is None:
        return []
    was_told = row.shipment.id in await effects.delivery_sent(connection, [row.shipment.id])
    policy = recording.stores[row.shipment.store_id].policy
    drafts = plan_effects(
        change, row.order, row.shipment, recording.sinks(row), policy, customer_knows_delivery=was_told
    )
    return [
        _planned_message(row, draft, account) for draft in drafts for account in recording.all_sinks(row, draft.sink)
    ]


def _change(row: ShipmentRow, known: Sequence[TrackingEvent], now: datetime) -> Change | None:
    """The change that `record` would find if the operator sent the form now."""
    old = row.shipment.snapshot
    stated = TrackingEvent(
        occurred_at=now,
        code="stated",
        status=None if old.delivered else Status.DELIVERED,
        source=Source.OPERATOR,
        withdraws=Withdraws.DELIVERY if old.delivered else None,
    )
    timeline = fold(
        [*known, stated],
        now=now,
        made_at=row.made_at,
        ordered_at=row.order.ordered_at,
        base=Status.REGISTERED,
        estimate=old.estimate,
    )
    return compare_snapshots(old, timeline, (stated,))


def _planned_message(row: ShipmentRow, draft: EffectDraft, account: Account) -> PlannedMessage:
    if draft.sink is PartyKind.MAIL:
        message = "tells.correction" if draft.kind is EffectKind.CUSTOMER_CORRECTION else "tells.mail"
        return PlannedMessage(message, row.order.customer.email or "", customer=True)
    return PlannedMessage(f"tells.{draft.sink}", account.name)
