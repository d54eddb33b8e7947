"""Two recordings of one order at once: neither waits for the other for ever."""

import asyncio

from paradeiro.db.orders.orders import update_order_deliveries
from paradeiro.db.pool import transaction
from tests.flow.conftest import Shop


async def test_who_wrote_a_row_that_refers_to_the_order_does_not_keep_another_from_it(shop: Shop) -> None:
    """PostgreSQL locks the key of an order under which a row is written. Found by the drill of Total Express."""
    await shop.register("AA111111111BR")
    async with transaction(shop.context.pool) as one, transaction(shop.context.pool) as other:
        (order_id,) = await (await one.execute("SELECT id FROM orders FOR KEY SHARE")).fetchone() or (0,)
        await other.execute("SELECT id FROM orders FOR KEY SHARE")
        async with asyncio.timeout(5):
            await update_order_deliveries(one, [order_id])
