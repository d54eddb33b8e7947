"""In: how a store's channel wants to be told; out: the store's policy, and what must wait until a channel takes it."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from paradeiro.db import effects, notices, stores
from paradeiro.db.audit import By
from paradeiro.db.effects import Claimed
from paradeiro.db.notices import NoticeDraft
from paradeiro.db.pool import Connection, transaction
from paradeiro.db.stores import Account
from paradeiro.domain.channels import ANY, ChannelRules, delivery_day, lacking, says_delivery
from paradeiro.domain.records import Telling
from paradeiro.domain.words import DeedKind, EffectKind, NoticeKind, Wish
from paradeiro.flow import deadlines, deeds
from paradeiro.flow.errors import InvalidError
from paradeiro.flow.means import Means
from paradeiro.sdk.history import dispatched_at, told_delivered
from paradeiro.sdk.speech.moments import zone_of

_LOOK_AGAIN = timedelta(hours=1)
_LONGEST_NAME = 100
MOST_HOURS = 2160


@dataclass(frozen=True, slots=True)
class Wait:
    """Why something is not told yet, and until when it is not looked at again. `key`: a person must add one."""

    words: str
    until: datetime
    key: bool = False


async def set_rules(means: Means, store_id: int, channel: str, rules: ChannelRules, by: By | None = None) -> None:
    """From now on this channel is told so. What is planned already is told as it was planned."""
    if not channel.strip() or len(channel) > _LONGEST_NAME or not channel.isprintable():
        raise InvalidError("channel", "The channel is the order's, as the order system names it, such as MLB or FSH.")
    if not all(0 <= hours <= MOST_HOURS for hours in (rules.number_hours, rules.delivery_hours)):
        raise InvalidError("hours", f"The hours until something must be told are 0 (none) to {MOST_HOURS}.")
    wished = ((rules.number_hours, Wish.NUMBER), (rules.delivery_hours, Wish.DELIVERY))
    if deaf := [str(wish) for hours, wish in wished if hours and wish not in rules.hears]:
        words = (
            f"{channel} does not hear of a {deaf[0]}, so it cannot be told one by a time: let it hear that, or set 0."
        )
        raise InvalidError("hears", words)
    async with transaction(means.pool) as connection:
        policy = await stores.lock_policy(connection, store_id)
        others = {name: known for name, known in policy.channels.items() if name != channel}
        channels = others if rules == ANY else others | {channel: rules}
        await stores.set_policy(connection, store_id, replace(policy, channels=channels))
        await deadlines.set_rules(connection, store_id, channel, rules, now=means.now())
        await deeds.note(means, connection, store_id, by, DeedKind.SET_CHANNEL, channel)


async def rules(means: Means, store_id: int) -> dict[str, ChannelRules]:
    """How the channels that have rules of their own want to be told."""
    async with means.pool.connection() as connection:
        return dict((await stores.stores(connection, [store_id]))[store_id].policy.channels)


def waits(telling: Telling, *, now: datetime) -> Wait | None:
    """Whether this may not be told yet as its channel is."""
    timeline = telling.timeline
    if lacking(telling.rules, telling.kind, telling.shipment.invoice.key):
        channel = telling.order.channel
        return Wait(f"{channel} takes the tracking number only with the invoice's key", now + _LOOK_AGAIN, key=True)
    delivered = timeline.snapshot.delivered_at
    if delivered is None or not told_delivered(telling) or not says_delivery(telling.kind, timeline.snapshot.status):
        return None
    zone = zone_of(telling.store_zone)
    day = delivery_day(telling.rules, delivered, dispatched_at(telling.shipment, timeline), zone)
    return Wait(f"{telling.order.channel} takes this delivery from {day:%Y-%m-%d} on", day) if day > now else None


async def put_off(
    connection: Connection, account: Account, claimed: Claimed, telling: Telling, wait: Wait, *, now: datetime
) -> None:
    """Keep it for later; somebody is told if it is up to them."""
    await effects.put_off(connection, claimed.id, until=wait.until, message=wait.words, now=now)
    if not wait.key:
        return
    shipment, order = telling.shipment, telling.order
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


async def may_go(connection: Connection, claimed: Claimed, telling: Telling, *, now: datetime) -> None:
    """What was waited for is there."""
    if telling.rules.needs_invoice_key and claimed.kind == EffectKind.MARKETPLACE_TRACKING_NUMBER:
        kinds = [NoticeKind.NO_INVOICE_KEY]
        await notices.resolve_subject(connection, claimed.store_id, kinds, _subject(claimed), now=now)


def _subject(claimed: Claimed) -> str:
    return f"shipment {claimed.shipment_id}"
