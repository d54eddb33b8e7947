"""A party that hangs holds no job for ever; one that somebody disabled is not asked at all."""

import asyncio

import pytest

from paradeiro.db import shipments
from paradeiro.db.pool import transaction
from paradeiro.domain.words import NoticeKind
from paradeiro.flow import collect as collecting
from paradeiro.flow import relay, visits
from paradeiro.flow.collect import collect
from paradeiro.flow.listen import listen
from paradeiro.flow.prove import prove
from paradeiro.flow.visits import visit
from paradeiro.worker.sweep import sweep
from tests.flow.conftest import Shop, shop
from tests.flow.test_main_line import POSTED

__all__ = ["shop"]
_SHORT = 0.2
_PATIENCE = 10.0


async def test_a_carrier_that_hangs_is_in_trouble_and_its_shipments_stay_due(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collecting, "BATCH_SECONDS", _SHORT)
    shipment = await shop.register("AA1")
    shop.outside.fail("carrier", "hang")
    async with asyncio.timeout(_PATIENCE):
        await collect(shop.means, shop.accounts["posta"])
    account = await shop.account("posta")
    assert account.state == "outage"
    assert "given up" in account.trouble
    shop.outside.fail("carrier", "ok")
    shop.outside.say("AA1", POSTED)
    await shop.later(minutes=10)
    assert (await shop.kept(shipment)).shipment.snapshot.news_at is not None


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


async def test_an_order_system_that_hangs_is_in_trouble(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visits, "PAGE_SECONDS", _SHORT)
    shop.outside.fail("orders", "hang")
    async with asyncio.timeout(_PATIENCE):
        await visit(shop.means, shop.accounts["loja"])
    assert "given up" in (await shop.account("loja")).trouble


async def _disable(shop: Shop, name: str) -> None:
    async with transaction(shop.means.pool) as connection:
        await connection.execute("UPDATE account SET state = 'disabled' WHERE id = %s", (shop.accounts[name],))


async def test_a_disabled_account_is_not_asked(shop: Shop) -> None:
    shop.outside.say("AA1", POSTED)
    await shop.register("AA1")
    await _disable(shop, "posta")
    await _disable(shop, "loja")
    await shop.later(hours=5)
    for flow in (collect, prove, listen):
        await flow(shop.means, shop.accounts["posta"])
    assert await visit(shop.means, shop.accounts["loja"]) == 0
    assert shop.outside.asked() == []
    assert shop.outside.told("loja") == []
    assert [n for n in await shop.notices() if n.kind is NoticeKind.SILENCE] == []
    async with shop.means.pool.connection() as connection:
        assert await shipments.due_accounts(connection, now=shop.clock()) == []
        assert await shipments.due_visits(connection, now=shop.clock()) == []
    assert await sweep(shop.means) == 0


async def test_an_account_that_was_removed_is_left_alone(shop: Shop) -> None:
    async with transaction(shop.means.pool) as connection:
        await connection.execute("UPDATE account SET state = 'removed'")
    for flow in (collect, prove, listen):
        await flow(shop.means, shop.accounts["posta"])
    assert await visit(shop.means, shop.accounts["loja"]) == 0
    assert shop.outside.asked() == []
