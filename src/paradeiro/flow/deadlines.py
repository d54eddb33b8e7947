"""In: a channel's rules, an order, a delivery; out: by when its marketplace must be told, and what is not taken yet.

Most marketplaces count when they took the number, not what its date says, and punish a late one. Which hours count is a
channel's rule; without one nothing is waited for.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from paradeiro.db import deadlines
from paradeiro.db.deadlines import Line
from paradeiro.db.pool import Connection
from paradeiro.db.shipments import Kept
from paradeiro.domain.channels import ChannelRules
from paradeiro.domain.records import Change, Order, Policy
from paradeiro.domain.words import Counted, Untold
from paradeiro.flow.means import Means

# A rule that is set reaches back so far; older orders were told, or will not be.
_REACHES_BACK = timedelta(days=30)


async def ordered(
    connection: Connection, store_id: int, order_id: int, order: Order, policy: Policy, *, now: datetime
) -> None:
    """An order was stated, or one of its packages: its number is waited for, if its channel counts."""
    rules = policy.rules_of(order)
    if order.channel and rules.number_hours:
        await _expect(connection, store_id, order.channel, rules, [order_id], now=now)


def moved(kept: Kept, change: Change, policy: Policy) -> list[tuple[int, datetime | None]]:
    """By when the delivery of a package must be told, if it was delivered; None: it was not after all."""
    hours = policy.rules_of(kept.order).delivery_hours
    if not hours or not (change.delivered or change.delivery_withdrawn):
        return []
    at = change.new.delivered_at if change.new.delivered else None
    return [(kept.shipment.id, at + timedelta(hours=hours) if at else None)]


async def expect_deliveries(connection: Connection, due: Sequence[tuple[int, datetime | None]]) -> None:
    """Keep it."""
    for shipment_id, due_at in due:
        await deadlines.expect_delivery(connection, shipment_id, due_at)


async def set_rules(connection: Connection, store_id: int, channel: str, rules: ChannelRules, *, now: datetime) -> None:
    """A channel's rules are others now: so is what is waited for."""
    await deadlines.forget_channel(connection, store_id, channel, Untold.NUMBER)
    if rules.number_hours:
        await _expect(connection, store_id, channel, rules, None, now=now)
    if not rules.delivery_hours:
        await deadlines.forget_channel(connection, store_id, channel, Untold.DELIVERY)


async def _expect(
    connection: Connection,
    store_id: int,
    channel: str,
    rules: ChannelRules,
    order_ids: Sequence[int] | None,
    *,
    now: datetime,
) -> None:
    await deadlines.expect_numbers(
        connection,
        store_id,
        channel,
        hours=rules.number_hours,
        after_invoice=rules.number_after is Counted.INVOICED,
        order_ids=order_ids,
        since=now - _REACHES_BACK,
    )


async def untold(
    means: Means,
    store_id: int,
    what: Untold,
    *,
    within: timedelta = timedelta(days=1),
    after: tuple[datetime, int] | None = None,
    limit: int = 50,
) -> list[Line]:
    """What is to be told within so long, or should have been, and is not taken: soonest first."""
    now = means.now()
    async with means.pool.connection() as connection:
        return await deadlines.lines(connection, store_id, what, before=now + within, after=after, now=now, limit=limit)
