"""The hub of VTEX's Shipping Network calls Paradeiro as a carrier's app."""

from typing import Any

import httpx

from tests.flow.conftest import Shop
from tests.web.vtex.conftest import add_key, vtex_headers
from tests.web.vtex.test_caller import INVOICE, ORDER, the_package

APP = "/shipping-network/posta-tracking/v0/loja/master"
ASKED = [{"trackingNumber": "AA1"}, {"trackingNumber": "AA2"}]
NOTHING = {"deliveredDate": None, "events": [], "hasReturnedToSender": False, "isDelivered": False}


async def test_many_codes_are_answered_from_what_is_known(vtex: httpx.AsyncClient, shop: Shop) -> None:
    await vtex.post(f"{ORDER}/invoice", json=INVOICE)
    shop.outside.say(
        "AA1", ("PO", "2026-11-02T11:00:00+00:00", "Recife"), ("BDE", "2026-11-02T12:30:00+00:00", "Olinda")
    )
    await shop.later(hours=2)
    answer = await vtex.post(f"{APP}/tracking", json=ASKED)
    assert answer.status_code == 200
    told = answer.json()
    assert told["AA2"] == NOTHING
    assert (told["AA1"]["isDelivered"], told["AA1"]["deliveredDate"]) == (True, "2026-11-02T09:30:00-03:00")
    assert [(e["city"], e["date"]) for e in told["AA1"]["events"]] == [
        ("Olinda", "2026-11-02T09:30:00-03:00"),
        ("Recife", "2026-11-02T08:00:00-03:00"),
    ], "newest first"


async def test_an_unknown_code_is_followed_once_and_known_the_next_hour(vtex: httpx.AsyncClient, shop: Shop) -> None:
    shop.outside.say("AA2", ("PO", "2026-11-02T11:00:00+00:00", "Recife"))
    for _ in range(2):
        assert (await vtex.post(f"{APP}/tracking", json=ASKED)).json() == {"AA1": NOTHING, "AA2": NOTHING}
    await shop.later(minutes=59)
    assert [e["city"] for e in (await _told(vtex, "AA2"))["events"]] == ["Recife"]
    assert (await vtex.get("/api/oms/pvt/orders")).json()["paging"]["total"] == 2


async def _told(vtex: httpx.AsyncClient, code: str) -> dict[str, Any]:
    return dict((await vtex.post(f"{APP}/tracking", json=[{"trackingNumber": code}])).json()[code])


async def test_a_key_that_only_reads_follows_nothing(vtex: httpx.AsyncClient, shop: Shop) -> None:
    await add_key(shop, "pk_read", ["read"])
    answer = await vtex.post(f"{APP}/tracking", json=ASKED, headers=vtex_headers("pk_read"))
    assert answer.json() == {"AA1": NOTHING, "AA2": NOTHING}
    assert (await vtex.get("/api/oms/pvt/orders")).json()["paging"]["total"] == 0
    refused = await vtex.post(f"{APP}/notify", json={"dispatchOrder": {"id": "x"}}, headers=vtex_headers("pk_read"))
    assert (refused.status_code, set(refused.json()["error"])) == (403, {"code", "message", "exception"})


async def test_a_dispatch_order_registers_its_packages(vtex: httpx.AsyncClient, shop: Shop) -> None:
    package = {
        "id": "6bb4c320",
        "orderId": "1001",
        "items": [{"id": "148350", "name": "Kit", "quantity": 1}],
        "invoiceData": {"number": "NF-1", "value": 6909.0},
        "trackingData": {"number": "AA1"},
        "shippingData": {"carrierName": "Posta"},
    }
    body = {"email": "e", "dispatchOrder": {"id": "d-1", "packages": [package], "packageIds": ["6bb4c320", "other"]}}
    for _ in range(2):
        answer = await vtex.post(f"{APP}/notify", json=body)
        assert answer.status_code == 200, answer.text
    assert answer.json()["6bb4c320"] == {"tracking": {"number": "AA1", "url": ""}, "notification": {"id": "d-1"}}
    assert answer.json()["other"]["tracking"]["number"] == ""
    shown = await the_package(vtex)
    assert (shown["trackingNumber"], shown["invoiceValue"]) == ("AA1", 6909)
    await shop.run()
    assert ["AA1"] in shop.outside.asked()


async def test_a_field_with_two_numbers_is_asked_as_it_is_written(vtex: httpx.AsyncClient, shop: Shop) -> None:
    both = "AA1, AA2"
    assert await _told(vtex, both) == NOTHING
    shop.outside.say("AA1", ("BDE", "2026-11-02T12:10:00+00:00", "Olinda"))
    shop.outside.say("AA2", ("PO", "2026-11-02T12:20:00+00:00", "Recife"))
    await shop.later(minutes=59)
    told = await _told(vtex, both)
    assert (told["isDelivered"], [e["city"] for e in told["events"]]) == (False, ["Recife", "Olinda"])
    shop.outside.say("AA2", ("PO", "2026-11-02T12:20:00+00:00", "Recife"), ("BDE", "2026-11-02T14:00:00+00:00", "Itu"))
    await shop.later(hours=12)
    assert (await _told(vtex, both))["isDelivered"] is True
