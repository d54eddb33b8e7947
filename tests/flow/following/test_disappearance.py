"""A delivery that the carrier stops showing: withdrawn once confirmed, with one message to each sink."""

from paradeiro.domain.words import NoticeKind, Status
from tests.flow.conftest import Shop
from tests.flow.test_main_line import DELIVERED, OUT, POSTED


async def _delivered(shop: Shop) -> int:
    shipment = await shop.register("AA1")
    shop.outside.say("AA1", POSTED, OUT)
    await shop.ask(shipment, days=1)
    shop.outside.say("AA1", POSTED, OUT, DELIVERED)
    await shop.ask(shipment, hours=3)
    assert await _status(shop, shipment) is Status.DELIVERED
    return shipment


async def _status(shop: Shop, shipment: int) -> Status:
    return (await shop.shipment_row(shipment)).shipment.snapshot.status


async def test_it_is_taken_back_after_hours_of_answers_without_it_and_all_are_reported(shop: Shop) -> None:
    shipment = await _delivered(shop)
    shop.outside.say("AA1", POSTED, OUT)
    await shop.ask(shipment, minutes=30)
    assert await _status(shop, shipment) is Status.DELIVERED, "one answer proves little"
    for _ in range(9):
        await shop.later(hours=1)
    assert await _status(shop, shipment) is Status.OUT_FOR_DELIVERY
    assert [n.kind for n in await shop.notices()] == [NoticeKind.DELIVERY_WITHDRAWN]
    assert [b["delivered"] for b in shop.outside.told("loja") if b["kind"] == "order_update"][-2:] == [True, False]
    assert [m["kind"] for m in shop.outside.told("mail")][-1] == "customer_correction"
    told = len(shop.outside.told("mail"))
    for _ in range(5):
        await shop.later(hours=5)
    assert len(shop.outside.told("mail")) == told, "said once"


async def test_a_copy_that_is_behind_for_an_hour_changes_nothing(shop: Shop) -> None:
    shipment = await _delivered(shop)
    shop.outside.say("AA1", POSTED, OUT)
    await shop.ask(shipment, minutes=30)
    shop.outside.say("AA1", POSTED, OUT, DELIVERED)
    for _ in range(12):
        await shop.later(hours=1)
    assert await _status(shop, shipment) is Status.DELIVERED
    assert await shop.notices() == []
    assert [m["status"] for m in shop.outside.told("mail")].count("delivered") == 1
    assert (await shop.shipment_row(shipment)).vanished_at is None


async def test_an_answer_that_got_short_takes_nothing_back(shop: Shop) -> None:
    shipment = await _delivered(shop)
    shop.outside.say("AA1", POSTED)
    for _ in range(12):
        await shop.ask(shipment, hours=1)
    assert await _status(shop, shipment) is Status.DELIVERED


async def test_shown_again_it_is_delivered_again_at_its_own_instant(shop: Shop) -> None:
    shipment = await _delivered(shop)
    shop.outside.say("AA1", POSTED, OUT)
    await shop.ask(shipment, minutes=30)
    for _ in range(9):
        await shop.later(hours=1)
    assert await _status(shop, shipment) is Status.OUT_FOR_DELIVERY
    shop.outside.say("AA1", POSTED, OUT, DELIVERED)
    await shop.ask(shipment, hours=2)
    row = (await shop.shipment_row(shipment)).shipment.snapshot
    assert row.status is Status.DELIVERED
    assert row.delivered_at is not None
    assert row.delivered_at.isoformat() == DELIVERED[1]
    assert await shop.notices() == [], "the withdrawn delivery came true"
    assert [m["status"] for m in shop.outside.told("mail")][-1] == "delivered"


async def test_the_real_delivery_later_is_the_delivery(shop: Shop) -> None:
    shipment = await _delivered(shop)
    shop.outside.say("AA1", POSTED, OUT)
    await shop.ask(shipment, minutes=30)
    for _ in range(9):
        await shop.later(hours=1)
    real = ("BDE", shop.clock().isoformat(), "Itu")
    shop.outside.say("AA1", POSTED, OUT, real)
    await shop.ask(shipment, hours=2)
    delivered_at = (await shop.shipment_row(shipment)).shipment.snapshot.delivered_at
    assert delivered_at is not None
    assert delivered_at.isoformat() == real[1]
