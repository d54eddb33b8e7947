"""Order intake: whose orders, missing codes, who mails; and an order system that accepts without writing."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from paradeiro.db.accounts import stores
from paradeiro.db.orders import orders
from paradeiro.db.pool import transaction
from paradeiro.domain.records import Invoice, Order, Policy
from paradeiro.domain.words import Mailer, Outcome
from paradeiro.flow.orders.intake import take_orders
from paradeiro.sdk.contract import Request, Sent
from paradeiro.sdk.wording.notices import notice_sentence
from tests.flow.conftest import ANA, Shop
from tests.flow.parties import SinkParty
from tests.flow.test_main_line import DELIVERED, POSTED

SENT = Invoice("NF-1", 5000, courier="Posta", tracking_code="AA1")


async def take(shop: Shop, *found: Order) -> None:
    async with transaction(shop.context.pool) as connection:
        await take_orders(shop.context, connection, shop.store_id, found)


async def awaited(shop: Shop) -> list[str]:
    async with shop.context.pool.connection() as connection:
        since = shop.clock() - timedelta(days=60)
        return await orders.orders_awaiting_code(connection, shop.store_id, since=since, now=shop.clock(), limit=10)


async def count(shop: Shop, table: str) -> int:
    async with shop.context.pool.connection() as connection:
        row = await (await connection.execute(f"SELECT count(*) FROM {table}")).fetchone()
    assert row is not None
    return int(row[0])


async def test_orders_that_another_seller_ships_are_one_notice_and_no_packages(shop: Shop) -> None:
    theirs = Order("1", ANA, invoices=(SENT,), shipped_by="seller Casa")
    await take(shop, theirs, replace(theirs, number="2"), replace(theirs, number="3", shipped_by="channel MLB"))
    assert await count(shop, "shipment") == 0
    assert [(n.kind, n.subject, n.seen) for n in await shop.notices()] == [("no_account", "seller Casa", 2)]
    await take(shop, replace(theirs, number="4", shipped_by=""))
    assert await count(shop, "shipment") == 1


async def test_only_what_will_get_a_code_is_waited_for(shop: Shop) -> None:
    bare = Invoice("NF-1", 5000)
    await take(
        shop,
        Order("waits", ANA, invoices=(bare,)),
        Order("fetched", ANA, invoices=(replace(bare, fetched=True),)),
        Order("finished", ANA, invoices=(replace(bare, finished=True),)),
        Order("sent", ANA, invoices=(SENT,)),
        Order("half", ANA, invoices=(SENT, bare)),
    )
    assert sorted(await awaited(shop)) == ["half", "waits"]


async def test_an_order_without_its_number_is_read_ever_less_often_and_no_longer_after_60_days(shop: Shop) -> None:
    await take(shop, Order("waits", ANA, invoices=(Invoice("NF-1"),)))
    looks = []
    began = shop.clock()
    while shop.clock() - began < timedelta(days=62):
        for number in await awaited(shop):
            looks.append(shop.clock() - began)
            async with transaction(shop.context.pool) as connection:
                await orders.mark_orders_read(connection, shop.store_id, [number], now=shop.clock())
        shop.clock.forward(minutes=10)
    assert looks[1] <= timedelta(minutes=10)
    assert looks[-1] <= timedelta(days=60)
    pauses = [later - earlier for earlier, later in pairwise(looks)]
    assert max(pauses) <= timedelta(hours=6, minutes=10)
    assert looks[-1] > timedelta(days=59)
    assert len(looks) < 350, "a whole day's worth at first, four a day later"


async def test_an_order_that_is_gone_keeps_no_other_from_its_turn(shop: Shop) -> None:
    for number in ("1", "2"):
        await take(shop, Order(number, ANA, invoices=(Invoice("NF-1"),)))
    shop.clock.forward(hours=1)
    async with transaction(shop.context.pool) as connection:
        await orders.mark_orders_read(connection, shop.store_id, ["1"], now=shop.clock())
    assert await awaited(shop) == ["2"]


async def set_mailer(shop: Shop, mailer: Mailer) -> None:
    async with transaction(shop.context.pool) as connection:
        await stores.set_policy(connection, shop.store_id, Policy(mailer=mailer))


@pytest.mark.parametrize("mailer", list(Mailer))
async def test_one_of_the_two_mails_and_never_both(shop: Shop, mailer: Mailer) -> None:
    await set_mailer(shop, mailer)
    shipment = await shop.register("AA1")
    await shop.run()
    shop.outside.say("AA1", POSTED)
    await shop.ask(shipment, hours=2)
    shop.outside.say("AA1", DELIVERED, POSTED)
    await shop.ask(shipment, days=2)
    told = [b["kind"] for b in shop.outside.told("loja")]
    mailed = [b["status"] for b in shop.outside.told("mail")]
    if mailer is Mailer.PARADEIRO:
        assert told == ["tracking_number", "order_update", "order_update"]
        assert mailed == ["accepted", "delivered"]
    else:
        assert told == ["tracking_number", "order_opening", "order_update", "order_update"]
        assert mailed == []


async def test_a_yes_that_shows_nothing_is_said_again_and_blames_no_account(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def yes(_: SinkParty, __: Request, ___: str) -> Sent:
        return Sent(Outcome.NOT_WRITTEN, message="accepted, but the order does not show it", http_status=200)

    shipment = await shop.register("AA1")
    await shop.run()
    original = SinkParty.send
    monkeypatch.setattr(SinkParty, "send", yes)
    shop.outside.say("AA1", POSTED)
    await shop.ask(shipment, hours=2)
    for _ in range(6):
        await shop.later(hours=1)
    assert (await shop.account("loja")).state == "ok"
    waiting = [e for e in await shop.effects(shipment) if e.kind == "order_update"]
    assert [(e.state, e.attempts >= 5) for e in waiting] == [("sending", True)]
    monkeypatch.setattr(SinkParty, "send", original)
    await shop.later(hours=2)
    assert [e.state for e in await shop.effects(shipment) if e.kind == "order_update"] == ["done"]


async def test_aliases_are_one_notice_that_says_what_to_do(shop: Shop) -> None:
    for code in ("AA1", "AA2"):
        alias = Order(f"order-{code}", replace(ANA, email=f"{code}@ct.vtex.com.br"))
        shipment = await shop.register(code, alias)
        shop.outside.say(code, POSTED)
        await shop.ask(shipment, hours=2)
    notices = [n for n in await shop.notices() if n.kind == "no_address"]
    assert [(n.subject, n.seen) for n in notices] == [("aliases", 2)]
    assert "vtex mails vtex" in notices[0].message
    assert "vtex mails vtex" in notice_sentence(notices[0].kind, notices[0].facts, "english")
    assert shop.outside.told("mail") == []


async def test_what_waits_behind_an_older_effect_of_its_order_keeps_nobody_busy(shop: Shop) -> None:
    one, two = await shop.register("AA1", invoice="NF-1"), await shop.register("AA2", invoice="NF-2")
    await shop.run()
    shop.outside.fail("loja", "retry")
    shop.outside.say("AA1", POSTED)
    await shop.ask(one, hours=2)
    shop.outside.fail("loja", "ok")
    shop.outside.say("AA2", POSTED)
    await shop.ask(two, seconds=1)
    states = {
        e.shipment_id: e.state for each in (one, two) for e in await shop.effects(each) if e.kind == "order_update"
    }
    assert states == {one: "pending", two: "pending"}
    await shop.later(hours=1)
    assert len([b for b in shop.outside.told("loja") if b["kind"] == "order_update"]) == 2
