"""An answer about one order, recipient or package concerns only that one; one about the party stops the account."""

import pytest

from paradeiro.domain.records import Customer, Order
from paradeiro.domain.words import NoticeKind, Status
from tests.flow.conftest import ANA, Shop
from tests.flow.test_main_line import MOVED, POSTED


async def orders(shop: Shop, count: int, first: int = 1) -> list[int]:
    numbers = range(first, first + count)
    return [await shop.register(f"AA{n}X", Order(f"10{n:02}", ANA)) for n in numbers]


def told(shop: Shop, party: str) -> set[str]:
    return {line["order"] for line in shop.outside.told(party)}


@pytest.mark.parametrize("how", ["retry", "gateway"])
async def test_one_order_that_is_answered_errors_for_ever_is_that_order_s_problem(shop: Shop, how: str) -> None:
    shop.outside.fail("loja", f"{how}-if-1001")
    await orders(shop, 1)
    for _ in range(12):
        await shop.later(minutes=6)
        assert (await shop.account("loja")).state == "ok"
    found = [n for n in await shop.notices() if n.kind == NoticeKind.EFFECT_REFUSED]
    if how == "retry":
        assert [(n.facts["variant"], n.facts["why"]) for n in found] == [("slow", "500")], "told after a few tries"
    await orders(shop, 1, first=2)
    await shop.later(seconds=1)
    assert told(shop, "loja") == {"1002"}, "others go at once, at the quietest hour"
    shop.outside.fail("loja", "ok")
    await shop.later(hours=1)
    assert told(shop, "loja") == {"1001", "1002"}


async def test_three_orders_that_are_answered_errors_at_a_quiet_hour_hold_nobody(shop: Shop) -> None:
    shop.outside.fail("loja", "retry-if-100")
    await orders(shop, 3)
    for _ in range(12):
        await shop.later(minutes=6)
        assert (await shop.account("loja")).state == "ok"
    await orders(shop, 1, first=10)
    await shop.later(seconds=1)
    assert told(shop, "loja") == {"1010"}


@pytest.mark.parametrize(("how", "count"), [("retry", 12), ("gateway", 4)])
async def test_errors_for_everybody_are_the_party_s(shop: Shop, how: str, count: int) -> None:
    shop.outside.fail("loja", how)
    await orders(shop, count)
    for _ in range(3):
        await shop.later(minutes=2)
    assert (await shop.account("loja")).state == "outage"
    shop.outside.fail("loja", "ok")
    for _ in range(4):
        await shop.later(minutes=30)
    assert len(told(shop, "loja")) == count
    assert (await shop.account("loja")).state == "ok"


async def test_a_party_that_cannot_be_reached_opens_the_circuit_at_the_first_try(shop: Shop) -> None:
    shop.outside.fail("loja", "silent")
    await orders(shop, 1)
    await shop.later(seconds=1)
    assert (await shop.account("loja")).state == "outage"


async def test_greylisted_recipients_hold_no_other_s_mail(shop: Shop) -> None:
    shop.outside.fail("mail", "greylisted-if-100")
    for n in (1, 2, 3, 4, 10):
        last = await shop.register(f"AA{n}X", Order(f"10{n:02}", Customer("Ana", f"ana{n}@example.com")))
        if n < 10:
            shop.outside.say(f"AA{n}X", POSTED)
    for _ in range(4):
        await shop.later(seconds=40)
        assert (await shop.account("mail")).state == "ok"
    shop.outside.say("AA10X", POSTED)
    await shop.ask(last, seconds=1)
    assert told(shop, "mail") == {"1010"}
    shop.outside.fail("mail", "ok")
    await shop.later(hours=1)
    assert told(shop, "mail") == {"1001", "1002", "1003", "1004", "1010"}


async def test_one_package_that_is_answered_errors_is_that_package_s_problem(shop: Shop) -> None:
    ids = await orders(shop, 3)
    for n in (1, 2, 3):
        shop.outside.say(f"AA{n}X", POSTED)
    shop.outside.fail("carrier", "500-if-AA2X")
    await shop.later(minutes=1)
    found = [(await shop.shipment_row(i)).shipment.snapshot.status for i in ids]
    assert found == [Status.ACCEPTED, Status.REGISTERED, Status.ACCEPTED]
    for _ in range(8):
        await shop.later(minutes=30)
        assert (await shop.account("posta")).state == "ok"
    assert [(n.kind, n.facts["variant"]) for n in await shop.notices()] == [(NoticeKind.WRONG_CODE, "errors")]
    shop.outside.say("AA1X", POSTED, MOVED)
    await shop.ask(ids[0])
    assert (await shop.shipment_row(ids[0])).shipment.snapshot.status is Status.IN_TRANSIT
