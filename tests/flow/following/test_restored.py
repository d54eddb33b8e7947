"""After a restore: what a lost instance told is not mailed again, and has the key by which receivers know it."""

from datetime import datetime, timedelta

import pytest

from paradeiro.db.pool import as_owner, transaction
from tests.flow.conftest import Shop

HAPPENED = timedelta(minutes=10)


async def _told_until(shop: Shop, after: timedelta) -> None:
    async with transaction(shop.context.pool) as connection:
        await connection.execute("UPDATE store SET told_until = %s", (shop.clock() + after,))


async def _news(shop: Shop, at: datetime | None = None) -> None:
    shipment_id = await shop.register("AA1")
    shop.outside.say("AA1", ("OEC", (at or shop.clock() + HAPPENED).isoformat(), "Curitiba"))
    await shop.ask(shipment_id)


@pytest.mark.parametrize(("stopped", "mails"), [(HAPPENED + timedelta(minutes=1), 0), (timedelta(minutes=9), 1)])
async def test_customers_are_not_mailed_what_happened_before_it_stopped(
    shop: Shop, stopped: timedelta, mails: int
) -> None:
    await _told_until(shop, stopped)
    await _news(shop)
    assert len(shop.outside.told("mail")) == mails
    assert shop.outside.told("loja")  # the order system reads before it writes: told in any case


async def test_the_same_news_has_the_same_key_after_a_restore(shop: Shop) -> None:
    at = shop.clock() + HAPPENED
    await _news(shop, at)
    keys = "SELECT kind, key FROM effect ORDER BY kind, cause"
    async with transaction(shop.context.pool) as connection, as_owner(connection):
        before = await (await connection.execute(keys)).fetchall()
        # A backup from before it was registered, and rows that get other ids.
        await connection.execute("TRUNCATE shipment CASCADE")
    await _news(shop, at)
    async with transaction(shop.context.pool) as connection:
        after = await (await connection.execute(keys)).fetchall()
    assert len({key for _, key in before}) == len(before) > 1
    assert after
    assert set(after) <= set(before)
