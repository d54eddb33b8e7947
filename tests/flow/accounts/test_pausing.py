"""An account that a person disabled: it is asked and told nothing, and goes on at once when it is resumed."""

import pytest

from paradeiro.db.operations.audit import Actor
from paradeiro.domain.records import Order
from paradeiro.domain.words import EntryPoint, NoticeKind
from paradeiro.flow.accounts import pausing
from paradeiro.flow.collect import collect
from paradeiro.flow.errors import ConflictError, MissingError
from paradeiro.flow.orders import statements
from paradeiro.flow.orders.order_sweep import sweep_orders
from tests.flow.conftest import ANA, Shop
from tests.flow.outbox.test_webhooks import PO, Told, told  # noqa: F401 - a fixture
from tests.flow.test_main_line import POSTED, SOLD_ELSEWHERE

ME = Actor("maria", EntryPoint.CLI)


async def pause(shop: Shop, name: str) -> None:
    assert await pausing.pause(shop.context, shop.store_id, shop.accounts[name], ME)


async def resume(shop: Shop, name: str) -> int | None:
    return await pausing.resume(shop.context, shop.store_id, shop.accounts[name], ME)


async def test_a_disabled_carrier_is_not_asked_and_is_asked_at_once_when_resumed(shop: Shop) -> None:
    shipment = await shop.register("AA1")
    await pause(shop, "posta")
    shop.outside.say("AA1", POSTED)
    await shop.later(days=2)
    assert await collect(shop.context, shop.accounts["posta"]) == 0, "a job from before the pause asks nothing either"
    assert shop.outside.asked() == []
    with pytest.raises(ConflictError, match="posta is disabled"):
        await statements.check_now(shop.context, shop.store_id, shipment, ME)
    assert await resume(shop, "posta") == 0
    await shop.run()
    assert shop.outside.asked() == [["AA1"]]
    assert len(await shop.events(shipment)) == 1


async def test_a_disabled_order_system_is_not_read_and_is_read_at_once_when_resumed(shop: Shop) -> None:
    await pause(shop, "loja")
    shop.outside.order(Order("77", ANA))
    await shop.later(days=1)
    assert await sweep_orders(shop.context, shop.accounts["loja"]) == 0
    assert await _orders(shop) == 0
    await resume(shop, "loja")
    await shop.run()
    assert await _orders(shop) == 1


@pytest.mark.parametrize("name", ["canal", "mail", "loja"])
async def test_what_a_disabled_account_is_to_be_told_waits(shop: Shop, name: str) -> None:
    await pause(shop, name)
    shipment = await shop.register("AA1", SOLD_ELSEWHERE if name == "canal" else None)
    shop.outside.say("AA1", POSTED)
    await shop.ask(shipment, days=1)
    assert shop.outside.accepted(name) == []
    waiting = await resume(shop, name)
    assert waiting
    await shop.run()
    assert len(shop.outside.told(name)) == waiting


async def test_a_disabled_endpoint_is_sent_nothing_and_gets_it_all_when_resumed(told: Told) -> None:  # noqa: F811
    there, account_id, _ = await told.endpoint()
    told.shop.accounts["erp"] = account_id
    await pause(told.shop, "erp")
    shipment = await told.shop.register("AA1")
    await told.news(shipment, PO)
    assert there.got == []
    waiting = await resume(told.shop, "erp")
    assert waiting
    await told.shop.run()
    assert len(there.got) == waiting


async def test_pausing_twice_and_resuming_what_goes_on_change_nothing(shop: Shop) -> None:
    assert await resume(shop, "posta") is None
    await pause(shop, "posta")
    assert not await pausing.pause(shop.context, shop.store_id, shop.accounts["posta"], ME)
    with pytest.raises(MissingError):
        await pausing.pause(shop.context, shop.store_id + 1, shop.accounts["posta"], ME)
    async with shop.context.pool.connection() as connection:
        rows = await (await connection.execute("SELECT action, actor, said FROM audit ORDER BY id")).fetchall()
    assert [(row[0], row[1]) for row in rows] == [("pause_account", "maria")]


async def test_the_first_answer_after_a_resume_ends_the_notice_from_before(shop: Shop) -> None:
    shipment = await shop.register("AA1")
    shop.outside.fail("carrier", "auth")
    await shop.ask(shipment)
    assert NoticeKind.CREDENTIALS_REFUSED in {n.kind for n in await shop.notices()}
    with pytest.raises(ConflictError, match="refuses our credentials"):
        await statements.check_now(shop.context, shop.store_id, shipment, ME)
    await pause(shop, "posta")
    shop.outside.fail("carrier", "ok")
    shop.outside.say("AA1", POSTED)
    await resume(shop, "posta")
    await shop.run()
    assert NoticeKind.CREDENTIALS_REFUSED not in {n.kind for n in await shop.notices()}


async def _orders(shop: Shop) -> int:
    async with shop.context.pool.connection() as connection:
        row = await (await connection.execute("SELECT count(*) FROM orders")).fetchone()
    assert row is not None
    return int(row[0])
