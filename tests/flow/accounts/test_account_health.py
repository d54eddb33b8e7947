"""Failures of other systems: nothing lost, nothing twice, and visible to people."""

import pytest

from paradeiro.db.screens.lists import shipment_lines
from paradeiro.domain.records import Customer, Order
from paradeiro.domain.words import NoticeKind, Status
from tests.flow.conftest import ANA, Shop
from tests.flow.test_main_line import DELIVERED, MOVED, OUT, POSTED


async def test_an_outage_is_seen_on_the_account_and_on_the_shipments_that_wait(shop: Shop) -> None:
    shipment = await shop.register("AA1")
    shop.outside.say("AA1", POSTED)
    shop.outside.fail("carrier", "retry")
    await shop.later(minutes=1)
    account = await shop.account("posta")
    assert (account.state, account.problem_since) == ("outage", shop.clock())
    assert (await shop.shipment_row(shipment)).shipment.snapshot.status is Status.REGISTERED
    async with shop.context.pool.connection() as connection:
        line = (await shipment_lines(connection, shop.store_id))[0]
    assert line.waits_for is not None
    assert line.waits_for.startswith("posta: ")
    for _ in range(20):
        await shop.later(minutes=15)
    assert [(n.kind, n.seen > 1) for n in await shop.notices()] == [(NoticeKind.OUTAGE, True)], "one notice, not many"
    asked_while_down = len(shop.outside.asked())
    assert asked_while_down < 30, "an outage is not hammered"
    shop.outside.fail("carrier", "ok")
    await shop.later(minutes=20)
    assert (await shop.account("posta")).state == "ok"
    assert (await shop.shipment_row(shipment)).shipment.snapshot.status is Status.ACCEPTED
    assert await shop.notices() == [], "it ended by itself"


async def test_refused_credentials_pause_the_account_and_ask_a_person(shop: Shop) -> None:
    shipment = await shop.register("AA1")
    shop.outside.say("AA1", POSTED)
    shop.outside.fail("carrier", "auth")
    await shop.later(minutes=1)
    assert (await shop.account("posta")).state == "paused"
    assert [n.kind for n in await shop.notices()] == [NoticeKind.CREDENTIALS_REFUSED]
    asked = len(shop.outside.asked())
    await shop.later(minutes=30)
    assert len(shop.outside.asked()) == asked, "a paused account is left alone"
    shop.outside.fail("carrier", "ok")
    await shop.later(minutes=40)
    assert (await shop.shipment_row(shipment)).shipment.snapshot.status is Status.ACCEPTED
    assert await shop.notices() == []


async def test_one_html_answer_spoils_only_its_own_batch_which_comes_again(shop: Shop) -> None:
    ids = [await shop.register(f"AA{n}", Order(f"10{n}", ANA)) for n in range(1, 8)]
    for n in range(1, 8):
        shop.outside.say(f"AA{n}", POSTED)
    shop.outside.fail("carrier", "html-if-AA2")
    await shop.later(minutes=1)
    found = [(await shop.shipment_row(i)).shipment.snapshot.status for i in ids]
    assert found.count(Status.REGISTERED) == 3, "only the batch of three"
    assert found.count(Status.ACCEPTED) == 4
    notices = await shop.notices()
    assert [n.kind for n in notices] == [NoticeKind.CONTRACT_DRIFT]
    assert notices[0].reply_id is not None, "the bytes are kept"
    assert (await shop.account("posta")).state == "ok", "an answer that is not understood is no outage"
    shop.outside.fail("carrier", "ok")
    await shop.later(minutes=15)
    assert [(await shop.shipment_row(i)).shipment.snapshot.status for i in ids] == [Status.ACCEPTED] * 7


@pytest.mark.parametrize(
    "text", ["", "{", "<html></html>", "[]", '{"object": "AA1"}', '{"object": "AA1", "events": 3}']
)
async def test_an_answer_that_cannot_be_read_changes_nothing(shop: Shop, text: str) -> None:
    shipment = await shop.register("AA1")
    shop.outside.say("AA1", POSTED)
    await shop.ask(shipment, hours=2)
    shop.outside.say_raw("AA1", text)
    await shop.ask(shipment, hours=2)
    assert (await shop.shipment_row(shipment)).shipment.snapshot.status is Status.ACCEPTED
    assert len(await shop.events(shipment)) == 1
    shop.outside.say("AA1", POSTED, MOVED)
    await shop.ask(shipment, hours=2)
    assert (await shop.shipment_row(shipment)).shipment.snapshot.status is Status.IN_TRANSIT


async def test_a_shipment_never_turns_unknown_by_age(shop: Shop) -> None:
    shipment = await shop.register("AA1")
    shop.outside.say("AA1", POSTED)
    await shop.ask(shipment, hours=2)
    for _ in range(30):
        await shop.later(days=10)
    row = await shop.shipment_row(shipment)
    assert row.shipment.snapshot.status is Status.ACCEPTED
    assert len(shop.outside.asked()) < 40


async def test_an_unchanged_shipment_is_not_due_again_at_once(shop: Shop) -> None:
    shipment = await shop.register("AA1")
    shop.outside.say("AA1", POSTED)
    await shop.ask(shipment, hours=2)
    asked = len(shop.outside.asked())
    await shop.ask(shipment, hours=2)
    assert len(shop.outside.asked()) == asked + 1
    for _ in range(5):
        await shop.later(minutes=2)
    assert len(shop.outside.asked()) == asked + 1


@pytest.mark.parametrize("how", ["retry", "throttled", "doubt", "auth"])
async def test_an_order_system_unhealthy_gets_everything_later_in_order_and_once(shop: Shop, how: str) -> None:
    shipment = await shop.register("AA1")
    shop.outside.fail("loja", how)
    await shop.run()
    for events in ((POSTED,), (POSTED, MOVED), (POSTED, MOVED, OUT, DELIVERED)):
        shop.outside.say("AA1", *events)
        await shop.ask(shipment, hours=20)
    if how != "doubt":
        assert shop.outside.told("loja") == []
    shop.outside.fail("loja", "ok")
    for _ in range(4):
        await shop.later(hours=2)
    told = shop.outside.told("loja")
    assert told[0]["kind"] == "tracking_number", "in order"
    assert told[-1] | {"events": None} == {
        "kind": "order_update",
        "order": "1001",
        "code": "AA1",
        "status": "delivered",
        "delivered": True,
        "city": "Itu",
        "events": None,
    }
    assert told[-1]["events"] == ["PO", "RO", "OEC", "BDE"], "nothing lost"
    assert len({line["key"] for line in shop.outside.accepted("loja")}) == len(shop.outside.accepted("loja"))
    states = {e.state for e in await shop.effects(shipment) if e.connector == "loja"}
    assert states <= {"done", "superseded"}


async def test_an_order_that_the_order_system_does_not_know_is_a_notice_and_stops_nothing(shop: Shop) -> None:
    shop.outside.fail("loja", "refused")
    shipment = await shop.register("AA1")
    shop.outside.say("AA1", POSTED)
    await shop.ask(shipment, hours=2)
    refused = [e for e in await shop.effects(shipment) if e.state == "refused"]
    assert {e.kind for e in refused} == {"tracking_number", "order_update"}
    assert all("Invoice Not Found" in e.message for e in refused)
    assert {n.kind for n in await shop.notices()} == {NoticeKind.EFFECT_REFUSED}
    assert len(shop.outside.told("mail")) == 1, "the customer is told all the same"


async def test_a_mail_whose_acknowledgement_was_lost_keeps_its_key_and_is_counted(shop: Shop) -> None:
    shipment = await shop.register("AA1")
    shop.outside.fail("mail", "doubt")
    shop.outside.say("AA1", POSTED)
    await shop.ask(shipment, hours=2)
    shop.outside.fail("mail", "ok")
    await shop.later(hours=1)
    keys = [line["key"] for line in shop.outside.accepted("mail")]
    assert len(keys) == 2
    assert len(set(keys)) == 1
    mail = next(e for e in await shop.effects(shipment) if e.kind == "customer_mail")
    assert (mail.state, mail.doubts) == ("done", 1)


async def test_one_failing_order_does_not_hold_up_the_others(shop: Shop) -> None:
    first = await shop.register("AA1", Order("1001", ANA))
    second = await shop.register("AA2", Order("1002", Customer("Bia", "bia@example.com")))
    shop.outside.fail("loja", "retry")
    shop.outside.say("AA1", POSTED)
    await shop.ask(first, hours=2)
    shop.outside.fail("loja", "ok")
    shop.outside.say("AA2", POSTED)
    await shop.ask(second, hours=2)
    assert {u["order"] for u in shop.outside.told("loja")} == {"1001", "1002"}


async def test_a_finished_shipment_is_looked_at_a_few_times_more_and_then_rests(shop: Shop) -> None:
    shipment = await shop.register("AA1")
    shop.outside.say("AA1", POSTED, DELIVERED)
    await shop.ask(shipment, days=2)
    for _ in range(30):
        await shop.later(days=1)
    async with shop.context.pool.connection() as connection:
        line = (await shipment_lines(connection, shop.store_id))[0]
    assert line.next_check is None
    assert len(shop.outside.asked()) <= 7
