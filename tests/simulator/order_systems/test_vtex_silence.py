"""In: a hook and a feed that have nothing to tell, orders that are put to; out: what VTEX's documents say of them."""

import json
from datetime import timedelta

import httpx

from paradeiro.connectors import discover
from paradeiro.connectors.vtex.readback import shows
from paradeiro.domain.words import Outcome
from paradeiro.sdk.contract import AccountRef
from paradeiro.simulator.parties import Simulator
from tests.simulator.parties import a_package, order_keys, orders_url

URL = "https://paradeiro.example/hooks/vtex/x"


def hook(simulator: Simulator) -> None:
    simulator.news.hook_config = {"hook": {"url": URL, "headers": {}}, "filter": {}}
    simulator.news.hook_told_at = simulator.clock()


async def test_a_hook_without_news_for_three_days_is_removed(simulator: Simulator) -> None:
    simulator.clock.set(simulator.ground_truth.end + timedelta(days=1))
    hook(simulator)
    session = discover()["vtex"].open(AccountRef(1, 1, "vtex", "loja", simulator.accounts()["vtex"]), simulator.clock)
    found = []
    for days in (3, 1):
        simulator.clock.set(simulator.clock() + timedelta(days=days))
        found.append((await session.subscription(URL)).outcome)
    await session.close()
    assert found == [Outcome.FOUND, Outcome.NOT_FOUND], "the product sees that it is gone"


async def test_a_hook_with_news_every_day_stays(simulator: Simulator, http: httpx.AsyncClient) -> None:
    hook(simulator)
    for order_id in list(simulator.order_system.invoiced_at)[:4]:
        simulator.clock.set(simulator.clock() + timedelta(days=2))
        simulator.order_system.invoiced_at[order_id] = simulator.clock() - timedelta(hours=1)
        answer = await http.get(f"{simulator.urls['vtex']}/api/orders/hook/config", headers=order_keys(simulator))
        assert answer.status_code == 200


async def test_a_feed_is_removed_after_its_retention_and_its_items_before(
    simulator: Simulator, http: httpx.AsyncClient
) -> None:
    where, keys = f"{simulator.urls['vtex']}/api/orders/feed", order_keys(simulator)
    kept = 345_600
    body = {
        "filter": {"type": "FromWorkflow", "status": ["invoiced"]},
        "queue": {"visibilityTimeoutInSeconds": 60, "MessageRetentionPeriodInSeconds": kept},
    }
    assert (await http.post(f"{where}/config", json=body, headers=keys)).status_code == 200
    begun = simulator.clock()
    early, late = list(simulator.order_system.invoiced_at)[:2]
    simulator.order_system.invoiced_at = {early: begun + timedelta(hours=1), late: begun + timedelta(hours=3)}

    async def read(hours: float) -> httpx.Response:
        simulator.clock.set(begun + timedelta(hours=hours))
        return await http.get(where, params={"maxlot": 10}, headers=keys)

    assert {item["orderId"] for item in (await read(4)).json()} == {early, late}
    assert [item["orderId"] for item in (await read(kept / 3600 + 2)).json()] == [late], "the other is too old"
    assert (await read(kept / 3600 + 4)).status_code == 404


async def test_an_invoice_shows_its_lines_by_their_place_in_the_order(
    simulator: Simulator, http: httpx.AsyncClient
) -> None:
    package = a_package(simulator)
    order = simulator.order_system.orders[package.order_id]
    item = order["items"][-1]["id"]
    body = {
        "type": "Output",
        "issuanceDate": "2026-10-07T10:00:00-03:00",
        "invoiceNumber": "NF-NEW",
        "invoiceValue": "4990",
        "items": [{"id": item, "price": 4990, "quantity": 2}, {"id": "none", "price": 1, "quantity": 1}],
    }
    url = orders_url(simulator, f"/{package.order_id}/invoice")
    assert (await http.post(url, json=body, headers=order_keys(simulator))).status_code == 200
    shown = order["packageAttachment"]["packages"][-1]
    assert shown["items"] == [{"itemIndex": len(order["items"]) - 1, "quantity": 2, "price": 4990, "description": None}]
    assert (shown["invoiceValue"], shown["volumes"]) == (4990, 1)


async def test_were_tracking_appended_the_history_would_stand_twice(
    simulator: Simulator, http: httpx.AsyncClient
) -> None:
    """Whether VTEX replaces or appends is unknown; if it appends, reading back would not show it."""
    simulator.order_system.appends = True
    package = a_package(simulator, by_hand=False)
    url = orders_url(simulator, f"/{package.order_id}/invoice/{package.invoice_number}/tracking")
    line = {"city": "Itu", "state": "SP", "description": "Postado", "date": "2026-10-07"}
    body = {"isDelivered": False, "deliveredDate": None, "events": [line]}
    for _ in range(2):
        assert (await http.put(url, json=body, headers=order_keys(simulator))).status_code == 200
    order = (await http.get(orders_url(simulator, f"/{package.order_id}"), headers=order_keys(simulator))).content
    shown = next(
        p for p in json.loads(order)["packageAttachment"]["packages"] if p["invoiceNumber"] == package.invoice_number
    )
    assert len(shown["courierStatus"]["data"]) == 2
    assert shows(order, package.invoice_number, json.dumps(body).encode()) is True
