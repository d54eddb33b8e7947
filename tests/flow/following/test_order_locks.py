"""Two recordings of one order at once: neither waits for the other for ever."""

import asyncio

from paradeiro.db.orders.orders import update_order_deliveries
from paradeiro.db.orders.packages import lock_orders
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


async def test_a_notice_about_a_package_is_opened_while_its_order_is_taken(shop: Shop) -> None:
    """Relaying holds the account and opens a notice; intake holds the packages and writes the account's cursor next."""
    await shop.register("AA111111111BR")
    async with transaction(shop.context.pool) as intake, transaction(shop.context.pool) as relaying:
        (number,) = await (await intake.execute("SELECT number FROM orders")).fetchone() or ("",)
        await lock_orders(intake, shop.store_id, [number])
        async with asyncio.timeout(5):
            await relaying.execute("SELECT id FROM shipment FOR KEY SHARE")
