"""The main flow: a package's events reach order system, customer and marketplace."""

import asyncio
from datetime import timedelta

from paradeiro.db.operations.audit import Actor
from paradeiro.domain.records import Customer, Invoice, Order
from paradeiro.domain.words import NoticeKind, Status
from paradeiro.flow.orders.statements import Statement, add_event, confirm_delivery, reopen
from tests.flow.conftest import ANA, Shop

POSTED = ("PO", "2026-11-02T13:00:00+00:00", "Santos")
MOVED = ("RO", "2026-11-02T16:00:00+00:00", "Campinas")
OUT = ("OEC", "2026-11-03T11:00:00+00:00", "Itu")
DELIVERED = ("BDE", "2026-11-03T14:00:00+00:00", "Itu")
SOLD_ELSEWHERE = Order("2001", ANA, channel="MKT", marketplace_number="M-9")


async def test_news_reaches_order_customer_and_marketplace(shop: Shop) -> None:
    shipment = await shop.register("AA1", SOLD_ELSEWHERE)
    await shop.run()
    assert [b["kind"] for b in shop.outside.told("canal")] == ["marketplace_invoice", "marketplace_tracking_number"]
    assert [b["kind"] for b in shop.outside.told("loja")] == ["tracking_number"]
    shop.outside.say("AA1", POSTED)
    await shop.ask(shipment, hours=2)
    shop.outside.say("AA1", DELIVERED, OUT, POSTED)
    await shop.ask(shipment, days=2)

    row = await shop.shipment_row(shipment)
    assert row.shipment.snapshot.status is Status.DELIVERED
    assert row.shipment.snapshot.delivered_at is not None
    assert row.shipment.snapshot.delivered_at.isoformat() == "2026-11-03T14:00:00+00:00"
    assert [e.event.code for e in await shop.events(shipment)] == ["PO", "OEC", "BDE"]
    assert all(e.reply_id for e in await shop.events(shipment))
    updates = [b for b in shop.outside.told("loja") if b["kind"] == "order_update"]
    assert [(u["delivered"], u["events"]) for u in updates] == [(False, ["PO"]), (True, ["PO", "OEC", "BDE"])]
    assert [m["status"] for m in shop.outside.told("mail")] == ["accepted", "delivered"], (
        "one mail per look, the latest"
    )
    assert [m["delivered"] for m in shop.outside.told("canal")[2:]] == [False, True]
    assert await shop.notices() == []


async def test_the_order_is_delivered_when_all_its_packages_are(shop: Shop) -> None:
    one = await shop.register("AA1", invoice="NF-1")
    two = await shop.register("AA2", invoice="NF-2")
    shop.outside.say("AA1", POSTED, DELIVERED)
    shop.outside.say("AA2", POSTED)
    await shop.ask(one, days=2)
    assert await _order_delivered_at(shop) is None
    shop.outside.say("AA2", POSTED, ("BDE", "2026-11-04T09:00:00+00:00", "Itu"))
    await shop.ask(two, days=1)
    assert await _order_delivered_at(shop) == "2026-11-04T09:00:00+00:00"


async def _order_delivered_at(shop: Shop) -> str | None:
    async with shop.context.pool.connection() as connection:
        row = await (await connection.execute("SELECT delivered_at FROM orders")).fetchone()
    assert row is not None
    return row[0].isoformat() if row[0] else None


async def test_orders_come_in_from_the_order_system(shop: Shop) -> None:
    packed = Invoice("NF-7", 5000, courier="Posta PAC", tracking_code="AA7")
    waiting = Invoice("NF-8", 5000, courier="Posta")
    strange = Invoice("NF-9", 5000, courier="Rapidão Cometa", tracking_code="RC1")
    shop.outside.order(Order("3001", ANA, invoices=(packed, waiting, strange)))
    shop.outside.say("AA7", ("PO", "2026-11-02T12:30:00+00:00", "Santos"))
    await shop.later(hours=1)
    await shop.later(hours=3)
    assert shop.outside.asked()[0] == ["AA7"]
    updates = shop.outside.told("loja")
    assert [u["kind"] for u in updates] == ["order_update"], "its number is known there: no PATCH"
    notices = await shop.notices()
    assert [(n.kind, "Rapidão Cometa" in n.message) for n in notices] == [(NoticeKind.NO_ACCOUNT, True)]
    shop.outside.order(
        Order("3001", ANA, invoices=(packed, Invoice("NF-8", 5000, courier="Posta", tracking_code="AA8")))
    )
    await shop.later(hours=1)
    assert any("AA8" in batch for batch in shop.outside.asked()), "a code that came later is found"


async def test_many_events_at_once_make_one_mail(shop: Shop) -> None:
    shipment = await shop.register("AA1")
    shop.outside.say("AA1", OUT, MOVED, POSTED)
    await shop.ask(shipment, days=1)
    assert [m["status"] for m in shop.outside.told("mail")] == ["out_for_delivery"]


async def test_news_older_than_the_registration_is_not_mailed(shop: Shop) -> None:
    shipment = await shop.register("AA1")
    shop.outside.say("AA1", ("PO", "2026-11-01T09:00:00+00:00", "Santos"), ("RO", "2026-11-02T09:00:00+00:00", "Itu"))
    await shop.ask(shipment)
    assert shop.outside.told("mail") == []
    assert [u["events"] for u in shop.outside.told("loja")][-1] == ["PO", "RO"], "the order hears all of it"


async def test_statements_by_hand_go_the_same_way(shop: Shop) -> None:
    shipment = await shop.register("AA1", SOLD_ELSEWHERE)
    await shop.later(hours=1)
    stated = Statement(Status.OUT_FOR_DELIVERY)
    await add_event(shop.context, shop.store_id, shipment, stated, by=Actor("erp", "api"))
    await shop.later(hours=1)
    at = shop.clock()
    for _ in range(2):
        await confirm_delivery(shop.context, shop.store_id, shipment, delivered_at=at, by=Actor("erp", "api"))
        await shop.run()
    assert [m["status"] for m in shop.outside.told("mail")] == ["out_for_delivery", "delivered"]
    assert [m["delivered"] for m in shop.outside.told("canal")[2:]] == [False, True]
    assert [u["delivered"] for u in shop.outside.told("loja")[1:]] == [False, True]
    assert (await shop.events(shipment))[-1].actor == "erp"
    shop.outside.say("AA1", POSTED, DELIVERED)
    await shop.ask(shipment, days=3)
    assert len(shop.outside.told("mail")) == 2, "the carrier says the same later: the customer is not told twice"


async def test_a_delivery_that_the_carrier_withdraws(shop: Shop) -> None:
    shipment = await shop.register("AA1", SOLD_ELSEWHERE)
    shop.outside.say("AA1", POSTED, DELIVERED)
    await shop.ask(shipment, days=2)
    shop.outside.say("AA1", POSTED, DELIVERED, ("EST", "2026-11-03T18:00:00+00:00", "Itu"))
    await shop.ask(shipment, hours=6)
    assert (await shop.shipment_row(shipment)).shipment.snapshot.status is Status.ACCEPTED
    assert [e.withdrawn for e in await shop.events(shipment)] == [False, True, False]
    mails = shop.outside.told("mail")
    assert [m["kind"] for m in mails] == ["customer_mail", "customer_correction"]
    assert shop.outside.told("loja")[-1]["delivered"] is False
    assert shop.outside.told("canal")[-1]["delivered"] is False
    notice = next(n for n in await shop.notices() if n.kind == NoticeKind.DELIVERY_WITHDRAWN)
    assert "marketplace" in notice.message
    assert await _order_delivered_at(shop) is None
    shop.outside.say(
        "AA1",
        POSTED,
        DELIVERED,
        ("EST", "2026-11-03T18:00:00+00:00", "Itu"),
        ("BDE", "2026-11-04T15:00:00+00:00", "Itu"),
    )
    await shop.ask(shipment, days=1)
    assert [m["status"] for m in shop.outside.told("mail")][-1] == "delivered"
    assert await shop.notices() == [], "it was delivered after all: nothing is left to do"


async def test_a_delivery_that_the_operator_reopens(shop: Shop) -> None:
    shipment = await shop.register("AA1")
    shop.outside.say("AA1", POSTED, OUT, DELIVERED)
    await shop.ask(shipment, days=2)
    await reopen(
        shop.context,
        shop.store_id,
        shipment,
        reason="o cliente não recebeu",
        by=Actor("Bia", "page"),
    )
    await shop.run()
    row = await shop.shipment_row(shipment)
    assert row.shipment.snapshot.status is Status.OUT_FOR_DELIVERY
    assert [m["kind"] for m in shop.outside.told("mail")] == ["customer_mail", "customer_correction"]
    assert shop.outside.told("loja")[-1]["delivered"] is False
    last = (await shop.events(shipment))[-1]
    assert (last.actor, last.event.description) == ("Bia", "o cliente não recebeu")


async def test_a_withdrawn_delivery_nobody_was_reported_of_needs_no_correction(shop: Shop) -> None:
    shop.outside.fail("mail", "retry")
    shipment = await shop.register("AA1")
    shop.outside.say("AA1", POSTED, DELIVERED)
    await shop.ask(shipment, days=2)
    shop.outside.say("AA1", POSTED, DELIVERED, ("EST", "2026-11-03T18:00:00+00:00", "Itu"))
    await shop.ask(shipment, hours=6)
    shop.outside.fail("mail", "ok")
    await shop.later(hours=2)
    assert [(m["kind"], m["status"]) for m in shop.outside.told("mail")] == [("customer_mail", "accepted")]


async def test_six_registrations_at_one_moment_make_one_shipment(shop: Shop) -> None:
    ids = await asyncio.gather(*(shop.register("AA1", SOLD_ELSEWHERE) for _ in range(6)))
    assert len(set(ids)) == 1
    await shop.run()
    assert len(shop.outside.told("canal")) == 2
    shop.outside.say("AA1", POSTED)
    await shop.ask(ids[0], hours=2)
    await shop.register("AA1", SOLD_ELSEWHERE)
    await shop.later(hours=3)
    assert len(shop.outside.told("mail")) == 1, "registering again mails nobody"


async def test_a_reworded_text_is_no_new_event(shop: Shop) -> None:
    shipment = await shop.register("AA1")
    shop.outside.say("AA1", POSTED)
    await shop.ask(shipment, hours=2)
    shop.outside.say("AA1", POSTED, words="Novo texto: ")
    await shop.ask(shipment, hours=2)
    assert len(await shop.events(shipment)) == 1
    assert len(shop.outside.told("mail")) == 1
    assert len([u for u in shop.outside.told("loja") if u["kind"] == "order_update"]) == 1


async def test_a_shorter_answer_removes_nothing(shop: Shop) -> None:
    shipment = await shop.register("AA1")
    shop.outside.say("AA1", POSTED, MOVED)
    await shop.ask(shipment, hours=6)
    shop.outside.say("AA1", MOVED)
    await shop.ask(shipment, hours=2)
    assert [e.event.code for e in await shop.events(shipment)] == ["PO", "RO"]


async def test_a_code_never_seen_is_stored_moves_nothing_and_opens_one_notice(shop: Shop) -> None:
    shipment = await shop.register("AA1")
    shop.outside.say("AA1", POSTED, ("XYZ", "2026-11-02T15:00:00+00:00", "Itu"))
    await shop.ask(shipment, hours=4)
    shop.outside.say(
        "AA1", POSTED, ("XYZ", "2026-11-02T15:00:00+00:00", "Itu"), ("XYZ", "2026-11-02T15:10:00+00:00", "Itu")
    )
    await shop.ask(shipment, hours=1)
    assert (await shop.shipment_row(shipment)).shipment.snapshot.status is Status.ACCEPTED
    assert [e.event.status for e in await shop.events(shipment)] == [Status.ACCEPTED, Status.UNKNOWN, Status.UNKNOWN]
    notices = [n for n in await shop.notices() if n.kind == NoticeKind.UNKNOWN_CODE]
    assert len(notices) == 1
    assert "XYZ" in notices[0].message
    assert [m["status"] for m in shop.outside.told("mail")] == ["accepted"]


async def test_an_implausible_delivery_makes_a_notice_and_no_mail(shop: Shop) -> None:
    shipment = await shop.register("AA1", Order("1001", ANA, ordered_at=shop.clock() - timedelta(days=1)))
    shop.outside.say("AA1", ("BDE", "2026-08-01T14:00:00+00:00", "Itu"))
    await shop.ask(shipment)
    assert (await shop.shipment_row(shipment)).shipment.snapshot.status is Status.REGISTERED
    assert [n.kind for n in await shop.notices()] == [NoticeKind.IMPLAUSIBLE_EVENT]
    assert shop.outside.told("mail") == []


async def test_a_customer_without_an_address_gets_no_mail_and_the_operator_a_notice(shop: Shop) -> None:
    shipment = await shop.register("AA1", Order("1001", Customer("Ana")))
    shop.outside.say("AA1", POSTED)
    await shop.ask(shipment, hours=2)
    assert shop.outside.told("mail") == []
    assert [n.kind for n in await shop.notices()] == [NoticeKind.NO_ADDRESS]
    assert shop.outside.told("loja")[-1]["kind"] == "order_update", "the order hears it all the same"
