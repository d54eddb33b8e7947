"""In: clocks that run ahead (the folder `clocks`); out: each event evaluated again at its time, by name."""

import json
from datetime import UTC, datetime
from pathlib import Path

from paradeiro.connectors.correios.parse import parse
from paradeiro.db.following import reassessments
from paradeiro.db.pool import transaction
from paradeiro.domain.following.timeline import CLOCK_SKEW, fold
from paradeiro.domain.records import Invoice, Order
from paradeiro.domain.words import NoticeKind, ProofKind, Status
from paradeiro.flow.orders.intake import register
from paradeiro.flow.orders.package_registration import Registration
from tests.flow.conftest import ANA, Shop, shop
from tests.flow.test_main_line import DELIVERED, OUT, POSTED, SOLD_ELSEWHERE

__all__ = ["shop"]
HERE = Path(__file__).parent / "clocks"
# The clock of tests stands at 2026-11-02 12:00 UTC; the carrier says this on the next day at 18:05.
_AHEAD = ("BDE", "2026-11-03T19:00:00+00:00", "Noronha")


def test_delivery_an_hour_ahead() -> None:
    right = json.loads((HERE / "expected.json").read_text(encoding="utf-8"))
    for name, statuses in right.items():
        case = json.loads((HERE / name).read_text(encoding="utf-8"))
        (parsed,) = parse(json.dumps(case["answer"]).encode())
        said = [fold(parsed.events, now=datetime.fromisoformat(at)).snapshot.status for at in case["asked"]]
        assert said == [Status(each) for each in statuses]


async def test_the_same_bytes_deliver_when_their_hour_has_come(shop: Shop) -> None:
    shipment = await shop.register("AA1", SOLD_ELSEWHERE)
    shop.outside.say("AA1", POSTED, OUT, _AHEAD)
    await shop.ask(shipment, hours=30, minutes=5)
    assert shop.clock() < datetime.fromisoformat(_AHEAD[1]) - CLOCK_SKEW
    assert (await shop.shipment_row(shipment)).shipment.snapshot.status is Status.OUT_FOR_DELIVERY
    assert [n.kind for n in await shop.notices()] == [NoticeKind.IMPLAUSIBLE_EVENT]
    asked = len(shop.outside.asked("posta"))
    shop.outside.fail("carrier", "retry")  # nobody says anything new, nor the same again
    await shop.later(minutes=45)
    snapshot = (await shop.shipment_row(shipment)).shipment.snapshot
    assert (snapshot.status, snapshot.delivered_at) == (Status.DELIVERED, datetime.fromisoformat(_AHEAD[1]))
    assert len(shop.outside.asked("posta")) >= asked
    for _ in range(3):
        await shop.later(days=1)
    assert [m["status"] for m in shop.outside.told("mail")] == ["out_for_delivery", "delivered"]
    assert [b["delivered"] for b in shop.outside.told("loja") if b["kind"] == "order_update"] == [False, True]
    assert [b["delivered"] for b in shop.outside.told("canal") if "delivered" in b][-2:] == [False, True]
    assert NoticeKind.IMPLAUSIBLE_EVENT not in [n.kind for n in await shop.notices()], "the doubt came true"


async def test_another_doubt_keeps_its_notice(shop: Shop) -> None:
    shipment = await shop.register("AA1")
    old = ("BDE", "2026-11-01T10:00:00+00:00", "Itu")  # before it was posted
    shop.outside.say("AA1", old, POSTED, OUT, _AHEAD)
    await shop.ask(shipment, hours=30)
    await shop.later(hours=2)
    assert (await shop.shipment_row(shipment)).shipment.snapshot.delivered
    assert NoticeKind.IMPLAUSIBLE_EVENT in [n.kind for n in await shop.notices()]


async def test_a_delivery_whose_hour_has_come_is_proven(shop: Shop) -> None:
    shipment = await shop.register("AA1")
    shop.outside.say("AA1", POSTED, OUT, _AHEAD, proofs=[ProofKind.IMAGE])
    shop.outside.show("AA1", ProofKind.IMAGE, b"\xff\xd8\xff a picture")
    await shop.ask(shipment, hours=30)
    assert not shop.outside.asked("-proofs")
    for _ in range(2):
        await shop.later(hours=12)
    assert len(shop.outside.asked("-proofs")) == 1, "the proof is named by bytes that say nothing new"


async def test_an_order_whose_date_is_learnt_later_is_judged_by_it(shop: Shop) -> None:
    shipment = await shop.register("AA1", Order("1001", ANA))
    shop.outside.say("AA1", POSTED, OUT, DELIVERED)
    await shop.ask(shipment, days=20)
    assert (await shop.shipment_row(shipment)).shipment.snapshot.delivered
    made = datetime(2026, 11, 15, 10, tzinfo=UTC)  # after that delivery: the code was another's before
    for _ in range(2):
        await shop.register("AA1", Order("1001", ANA, ordered_at=made))
        await shop.later(days=1)
    assert not (await shop.shipment_row(shipment)).shipment.snapshot.delivered
    assert [n.kind for n in await shop.notices()] == [NoticeKind.DELIVERY_WITHDRAWN]
    assert [b["delivered"] for b in shop.outside.told("loja") if b["kind"] == "order_update"] == [True, False]


async def test_an_invoice_whose_date_is_corrected_ends_its_doubt(shop: Shop) -> None:
    async def state(day: datetime) -> int:
        bill = Invoice("NF-1", value=5000, issued_at=day)
        stated = Registration(Order("1001", ANA), "posta", "AA1", bill)
        return (await register(shop.context, shop.store_id, stated)).shipment_id

    shipment = await state(datetime(2026, 12, 1, tzinfo=UTC))
    shop.outside.say("AA1", POSTED, OUT, DELIVERED)
    await shop.ask(shipment, days=3)
    assert [n.kind for n in await shop.notices()] == [NoticeKind.IMPLAUSIBLE_EVENT]
    await state(datetime(2026, 11, 1, tzinfo=UTC))
    shop.outside.fail("carrier", "retry")
    await shop.later(minutes=5)
    assert (await shop.shipment_row(shipment)).shipment.snapshot.delivered
    assert NoticeKind.IMPLAUSIBLE_EVENT not in {n.kind for n in await shop.notices()}
    assert [m["status"] for m in shop.outside.told("mail")] == ["delivered"]


async def test_the_row_of_a_further_invoice_is_never_judged_itself(shop: Shop) -> None:
    await shop.register("AA1")
    await shop.register("AA1", invoice="NF-2")
    async with transaction(shop.context.pool) as connection:
        # As migration 0033 leaves one that was a package then, and 0034 made a further invoice of another.
        await connection.execute("UPDATE shipment SET reassess_at = %s WHERE package_id IS NOT NULL", (shop.clock(),))
        assert await reassessments.due_stores(connection, now=shop.clock()) == []
    await shop.later(minutes=1)
