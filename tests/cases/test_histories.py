"""In: histories stated by callers (folder `histories`); out: doubts about contradictions, by name."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from paradeiro.domain.bounds import bounded_order
from paradeiro.domain.records import Order
from paradeiro.domain.words import NoticeKind
from paradeiro.sdk.wording.notices import notice_sentence
from tests.flow.conftest import ANA, Shop, shop
from tests.flow.test_main_line import DELIVERED, OUT, POSTED
from tests.web.vtex.conftest import vtex

__all__ = ["shop", "vtex"]
HERE = Path(__file__).parent / "histories"


@pytest.mark.parametrize(("date", "delivered"), [("2026-11-19 03:22:31", False), ("2026-11-21 03:22:31", True)])
async def test_delivered_before_the_invoice(shop: Shop, vtex: httpx.AsyncClient, date: str, *, delivered: bool) -> None:
    case = json.loads((HERE / "delivered-before-the-invoice.json").read_text(encoding="utf-8"))
    shop.clock.forward(days=30)
    made = await shop.register("AA9", invoice="1")
    invoice = case["invoice"] | {"courier": "posta"}
    orders = "/api/oms/pvt/orders/1001/invoice"
    answer = await vtex.post(orders, json=invoice)
    assert answer.status_code == 200, answer.text
    told = await vtex.put(f"{orders}/8/tracking", json=case["tracking"] | {"deliveredDate": date})
    assert told.status_code == 200, told.text
    await shop.run()
    async with shop.context.pool.connection() as connection:
        sql = "SELECT id FROM shipment WHERE id <> %s"
        row = await (await connection.execute(sql, (made,))).fetchone()
    assert row is not None
    assert (await shop.shipment_row(row[0])).shipment.snapshot.delivered is delivered
    doubted = [n for n in await shop.notices() if n.kind == NoticeKind.IMPLAUSIBLE_EVENT]
    assert bool(doubted) is not delivered


async def test_a_day_of_delivery_on_the_day_of_posting_counts(shop: Shop, vtex: httpx.AsyncClient) -> None:
    case, orders = json.loads((HERE / "delivered-before-the-invoice.json").read_text("utf-8")), "/api/oms/pvt/orders/X"
    bill = case["invoice"] | {"courier": "posta", "trackingNumber": "AA1", "issuanceDate": "2026-11-02"}
    assert (await vtex.post(f"{orders}/invoice", json=bill)).status_code == 200
    shop.outside.say("AA1", ("PO", "2026-11-03T18:00:00+00:00", "Itu"))
    await shop.later(hours=31)
    told = {"isDelivered": True, "deliveredDate": "2026-11-03", "events": []}  # to us that is noon
    shop.clock.forward(hours=6)
    assert (await vtex.put(f"{orders}/invoice/8/tracking", json=told)).status_code == 200
    async with shop.context.pool.connection() as connection:
        row = await (await connection.execute("SELECT id FROM shipment")).fetchone()
    assert row is not None
    assert (await shop.shipment_row(row[0])).shipment.snapshot.delivered
    assert NoticeKind.IMPLAUSIBLE_EVENT not in {n.kind for n in await shop.notices()}


async def test_a_code_that_another_order_has_had_delivered_delivers_no_other(shop: Shop) -> None:
    first = await shop.register("AA1")
    shop.outside.say("AA1", POSTED, OUT, DELIVERED)
    await shop.ask(first, days=2)
    assert (await shop.shipment_row(first)).shipment.snapshot.delivered
    mistyped = await shop.register("AA1", Order("1002", ANA), invoice="NF-2")
    await shop.ask(mistyped, days=1)
    assert not (await shop.shipment_row(mistyped)).shipment.snapshot.delivered, "it was the other order's"
    assert NoticeKind.IMPLAUSIBLE_EVENT in {n.kind for n in await shop.notices()}
    assert [m["order"] for m in shop.outside.told("mail")] == ["1001"]
    # The carrier uses the code again for a package of its own.
    again = ("PO", "2026-11-20T13:00:00+00:00", "Santos"), ("BDE", "2026-11-22T13:00:00+00:00", "Itu")
    shop.outside.say("AA1", POSTED, OUT, DELIVERED, *again)
    await shop.ask(mistyped, days=20)
    assert (await shop.shipment_row(mistyped)).shipment.snapshot.delivered


async def test_two_orders_in_one_box_are_both_delivered(shop: Shop) -> None:
    first = await shop.register("AA1")
    shop.outside.say("AA1", POSTED, OUT, DELIVERED)
    await shop.ask(first, days=2)
    made = datetime(2026, 11, 1, tzinfo=UTC)  # before it was posted: the second order's box may be the same
    second = await shop.register("AA1", Order("1002", ANA, ordered_at=made), invoice="NF-2")
    await shop.ask(second, days=1)
    assert (await shop.shipment_row(second)).shipment.snapshot.delivered


def test_a_promise_before_the_order_is_none() -> None:
    made, soon = datetime(2026, 11, 10, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)
    assert bounded_order(Order("1", ANA, ordered_at=made, promised_at=soon)).promised_at is None
    assert bounded_order(Order("1", ANA, ordered_at=soon, promised_at=made)).promised_at == made
    assert bounded_order(Order("1", ANA, promised_at=soon)).promised_at == soon


def _to(number: str, postal_code: str) -> Order:
    made = datetime(2026, 11, 1, tzinfo=UTC)
    return Order(number, replace(ANA, postal_code=postal_code), ordered_at=made)


@pytest.mark.parametrize(("place", "one_box"), [("01310-100", True), ("20040020", False)])
async def test_a_delivered_code_of_another_place_delivers_no_other(shop: Shop, place: str, one_box: bool) -> None:
    first = await shop.register("AA1", _to("1001", "01310100"))
    shop.outside.say("AA1", POSTED, OUT, DELIVERED)
    await shop.ask(first, days=2)
    second = await shop.register("AA1", _to("1002", place), invoice="NF-2")
    await shop.ask(second, days=1)
    assert (await shop.shipment_row(second)).shipment.snapshot.delivered is one_box
    kinds = {n.kind for n in await shop.notices()}
    assert kinds == (set() if one_box else {NoticeKind.WRONG_CODE, NoticeKind.IMPLAUSIBLE_EVENT})
    assert one_box or [m["order"] for m in shop.outside.told("mail")] == ["1001"]


@pytest.mark.parametrize(("place", "told"), [("01310-100", False), ("", False), ("20040020", True)])
async def test_a_code_that_is_given_for_two_places_is_reported(shop: Shop, place: str, told: bool) -> None:
    await shop.register("AA1", _to("1001", "01310100"))
    second = await shop.register("AA1", _to("1002", place), invoice="NF-2")
    found = [n for n in await shop.notices() if n.kind == NoticeKind.WRONG_CODE]
    assert [(n.subject, n.facts["others"]) for n in found] == ([(f"code of shipment {second}", "1001")] if told else [])
    assert all("outro CEP" in notice_sentence(n.kind, n.facts, n.message) for n in found)
