"""In: a channel's rules, an order, a delivery; out: by when its marketplace must be notified, and what is open.

Most marketplaces count when they accepted the number, not its date, and penalise a late one. The hours are a rule of
the channel; without one there is no deadline.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from paradeiro.db.outbox import deadlines
from paradeiro.db.outbox.deadlines import DeadlineLine
from paradeiro.db.pool import Connection
from paradeiro.domain.outbox.channel_rules import ChannelRules
from paradeiro.domain.records import Order, Policy
from paradeiro.domain.words import DeadlineKind, DeadlineStart
from paradeiro.flow.context import Context

# A new rule applies to orders of this period; older ones were sent, or will not be.
_LOOK_BACK = timedelta(days=30)


async def expect_number(
    connection: Connection, store_id: int, order_id: int, order: Order, policy: Policy, *, now: datetime
) -> None:
    """Set the deadline of an order's tracking number, if its channel has one."""
    rules = policy.rules_of(order)
    if order.channel and rules.number_hours:
        await _expect_numbers(connection, store_id, order.channel, rules, [order_id], now=now)


async def expect_deliveries(connection: Connection, due: Sequence[tuple[int, datetime | None]]) -> None:
    """Store the deadlines of delivery messages by shipment id; None: not delivered, no deadline."""
    for shipment_id, due_at in due:
        await deadlines.set_delivery_deadline(connection, shipment_id, due_at)


async def set_rules(connection: Connection, store_id: int, channel: str, rules: ChannelRules, *, now: datetime) -> None:
    """Update the deadlines after a change of a channel's rules."""
    await deadlines.clear_deadlines(connection, store_id, channel, DeadlineKind.NUMBER)
    if rules.number_hours:
        await _expect_numbers(connection, store_id, channel, rules, None, now=now)
    if not rules.delivery_hours:
        await deadlines.clear_deadlines(connection, store_id, channel, DeadlineKind.DELIVERY)


async def _expect_numbers(
    connection: Connection,
    store_id: int,
    channel: str,
    rules: ChannelRules,
    order_ids: Sequence[int] | None,
    *,
    now: datetime,
) -> None:
    await deadlines.set_number_deadlines(
        connection,
        store_id,
        channel,
        hours=rules.number_hours,
        after_invoice=rules.number_after is DeadlineStart.INVOICED,
        order_ids=order_ids,
        since=now - _LOOK_BACK,
    )


async def open_deadlines(
    context: Context,
    store_id: int,
    what: DeadlineKind,
    *,
    within: timedelta = timedelta(days=1),
    after: tuple[datetime, int] | None = None,
    limit: int = 50,
) -> list[DeadlineLine]:
    """Deadlines due within a period or overdue, not accepted yet; soonest first."""
    now = context.now()
    async with context.pool.connection() as connection:
        return await deadlines.deadline_lines(
            connection, store_id, what, before=now + within, after=after, now=now, limit=limit
        )
