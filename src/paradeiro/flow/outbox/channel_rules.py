"""In: rules of a store's channel; out: the stored policy, and postponements of messages by them."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from paradeiro.db.accounts import stores
from paradeiro.db.accounts.stores import Account
from paradeiro.db.operations import notices
from paradeiro.db.operations.audit import Actor
from paradeiro.db.operations.notices import NoticeDraft
from paradeiro.db.outbox import effects
from paradeiro.db.outbox.effects import ClaimedEffect
from paradeiro.db.pool import Connection, transaction
from paradeiro.domain.outbox.channel_rules import (
    DEFAULT_RULES,
    ChannelRules,
    delivery_day,
    lacks_invoice_key,
    states_delivery,
)
from paradeiro.domain.records import Message
from paradeiro.domain.words import AuditAction, EffectKind, NoticeKind, Topic
from paradeiro.flow.context import Context
from paradeiro.flow.errors import InvalidError
from paradeiro.flow.operations import audit_log
from paradeiro.flow.outbox import deadlines
from paradeiro.sdk.public_history import dispatched_at, reports_delivery
from paradeiro.sdk.wording.times import zone_of

_RETRY_KEY_AFTER = timedelta(hours=1)
_LONGEST_NAME = 100
MOST_HOURS = 2160


@dataclass(frozen=True, slots=True)
class Postponement:
    """Why a message waits, and until when. `key`: it waits for the invoice key, which a person must add."""

    words: str
    until: datetime
    key: bool = False


async def set_rules(
    context: Context, store_id: int, channel: str, rules: ChannelRules, by: Actor | None = None
) -> None:
    """Store a channel's rules. Planned effects stay as planned. Raises `InvalidError`."""
    if not channel.strip() or len(channel) > _LONGEST_NAME or not channel.isprintable():
        raise InvalidError("channel", "The channel is the order's, as the order system names it, such as MLB or FSH.")
    if not all(0 <= hours <= MOST_HOURS for hours in (rules.number_hours, rules.delivery_hours)):
        raise InvalidError("hours", f"The hours until something must be told are 0 (none) to {MOST_HOURS}.")
    deadlines_by_topic = ((rules.number_hours, Topic.NUMBER), (rules.delivery_hours, Topic.DELIVERY))
    if missing := [str(topic) for hours, topic in deadlines_by_topic if hours and topic not in rules.topics]:
        words = (
            f"{channel} does not hear of a {missing[0]}, so it cannot be told one by a time: let it hear that, or "
            "set 0."
        )
        raise InvalidError("topics", words)
    async with transaction(context.pool) as connection:
        policy = await stores.lock_policy(connection, store_id)
        others = {name: known for name, known in policy.channels.items() if name != channel}
        channels = others if rules == DEFAULT_RULES else others | {channel: rules}
        await stores.set_policy(connection, store_id, replace(policy, channels=channels))
        await deadlines.set_rules(connection, store_id, channel, rules, now=context.now())
        await audit_log.write_entry(context, connection, store_id, by, AuditAction.SET_CHANNEL, channel)


async def rules_of_store(context: Context, store_id: int) -> dict[str, ChannelRules]:
    """The rules of the store's channels that have any."""
    async with context.pool.connection() as connection:
        return dict((await stores.stores(connection, [store_id]))[store_id].policy.channels)


def postponement(outgoing: Message, *, now: datetime) -> Postponement | None:
    """Why this message must wait by its channel's rules; None if it may be sent."""
    timeline = outgoing.timeline
    if lacks_invoice_key(outgoing.rules, outgoing.kind, outgoing.shipment.invoice.key):
        channel = outgoing.order.channel
        return Postponement(
            f"{channel} takes the tracking number only with the invoice's key", now + _RETRY_KEY_AFTER, key=True
        )
    delivered = timeline.snapshot.delivered_at
    if (
        delivered is None
        or not reports_delivery(outgoing)
        or not states_delivery(outgoing.kind, timeline.snapshot.status)
    ):
        return None
    zone = zone_of(outgoing.store_zone)
    day = delivery_day(outgoing.rules, delivered, dispatched_at(outgoing.shipment, timeline), zone)
    return (
        Postponement(f"{outgoing.order.channel} takes this delivery from {day:%Y-%m-%d} on", day) if day > now else None
    )


async def postpone_effect(
    connection: Connection,
    account: Account,
    claimed: ClaimedEffect,
    outgoing: Message,
    wait: Postponement,
    *,
    now: datetime,
) -> None:
    """Postpone the effect; open a notice if a person must act."""
    await effects.postpone(connection, claimed.id, until=wait.until, message=wait.words, now=now)
    if not wait.key:
        return
    shipment, order = outgoing.shipment, outgoing.order
    words = (
        f"{account.name} is not told the tracking number of order {order.number}: it takes it only with the "
        f"key of invoice {shipment.invoice.number} (44 digits), which the order lacks. Add it "
        "there; the number goes within an hour."
    )
    facts = {"account": account.name, "order": order.number, "invoice": shipment.invoice.number}
    draft = NoticeDraft(
        account.store_id,
        NoticeKind.NO_INVOICE_KEY,
        _subject(claimed),
        words,
        account_id=account.id,
        shipment_id=shipment.id,
        facts=facts,
    )
    await notices.open_notices(connection, [draft], now=now)


async def resolve_postponement(
    connection: Connection, claimed: ClaimedEffect, outgoing: Message, *, now: datetime
) -> None:
    """Resolve the notice about a missing invoice key."""
    if outgoing.rules.needs_invoice_key and claimed.kind == EffectKind.MARKETPLACE_TRACKING_NUMBER:
        kinds = [NoticeKind.NO_INVOICE_KEY]
        await notices.resolve_subject(connection, claimed.store_id, kinds, _subject(claimed), now=now)


def _subject(claimed: ClaimedEffect) -> str:
    return f"shipment {claimed.shipment_id}"
