"""A hanging party blocks no job for ever; a disabled account is not asked at all."""

import asyncio

import pytest

from paradeiro.db.following import shipments
from paradeiro.db.pool import transaction
from paradeiro.domain.words import NoticeKind
from paradeiro.flow import collect as collecting
from paradeiro.flow import relay
from paradeiro.flow.collect import collect
from paradeiro.flow.following.proofs_of_delivery import fetch_proofs
from paradeiro.flow.following.silence_watch import watch_silence
from paradeiro.flow.orders import order_sweep
from paradeiro.flow.orders.order_sweep import sweep_orders
from paradeiro.worker.sweep import sweep
from tests.flow.conftest import Shop, shop
from tests.flow.test_main_line import POSTED

__all__ = ["shop"]
_SHORT = 0.2
_PATIENCE = 10.0


async def test_a_carrier_that_hangs_is_unhealthy_and_its_shipments_stay_due(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collecting, "BATCH_SECONDS", _SHORT)
    shipment = await shop.register("AA1")
    shop.outside.fail("carrier", "hang")
    async with asyncio.timeout(_PATIENCE):
        await collect(shop.context, shop.accounts["posta"])
    account = await shop.account("posta")
    assert account.state == "outage"
    assert "given up" in account.problem
    shop.outside.fail("carrier", "ok")
    shop.outside.say("AA1", POSTED)
    await shop.later(minutes=10)
    assert (await shop.shipment_row(shipment)).shipment.snapshot.news_at is not None


async def test_a_sink_that_hangs_leaves_a_doubt_that_is_looked_up_before_it_goes_again(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "SEND_SECONDS", _SHORT)
    shop.outside.fail("loja", "hang")
    shop.outside.say("AA1", POSTED)
    shipment = await shop.register("AA1")
    async with asyncio.timeout(_PATIENCE):
        await shop.run()
    waiting = [e for e in await shop.effects(shipment) if e.connector == "loja" and e.state == "sending"]
    assert waiting
    assert "given up" in waiting[0].message
    shop.outside.fail("loja", "ok")
    await shop.later(hours=2)
    assert len(shop.outside.told("loja")) == len(shop.outside.accepted("loja")) > 0


async def test_an_order_system_that_hangs_is_unhealthy(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order_sweep, "PAGE_SECONDS", _SHORT)
    shop.outside.fail("orders", "hang")
    async with asyncio.timeout(_PATIENCE):
        await sweep_orders(shop.context, shop.accounts["loja"])
    assert "given up" in (await shop.account("loja")).problem


async def _disable(shop: Shop, name: str) -> None:
    async with transaction(shop.context.pool) as connection:
        await connection.execute("UPDATE account SET state = 'disabled' WHERE id = %s", (shop.accounts[name],))


async def test_a_disabled_account_is_not_asked(shop: Shop) -> None:
    shop.outside.say("AA1", POSTED)
    await shop.register("AA1")
    await _disable(shop, "posta")
    await _disable(shop, "loja")
    await shop.later(hours=5)
    for flow in (collect, fetch_proofs, watch_silence):
        await flow(shop.context, shop.accounts["posta"])
    assert await sweep_orders(shop.context, shop.accounts["loja"]) == 0
    assert shop.outside.asked() == []
    assert shop.outside.told("loja") == []
    assert [n for n in await shop.notices() if n.kind is NoticeKind.SILENCE] == []
    async with shop.context.pool.connection() as connection:
        assert await shipments.due_accounts(connection, now=shop.clock()) == []
        assert await shipments.due_sweeps(connection, now=shop.clock()) == []
    assert await sweep(shop.context) == 0


async def test_an_account_that_was_removed_is_left_alone(shop: Shop) -> None:
    async with transaction(shop.context.pool) as connection:
        await connection.execute("UPDATE account SET state = 'removed'")
    for flow in (collect, fetch_proofs, watch_silence):
        await flow(shop.context, shop.accounts["posta"])
    assert await sweep_orders(shop.context, shop.accounts["loja"]) == 0
    assert shop.outside.asked() == []
