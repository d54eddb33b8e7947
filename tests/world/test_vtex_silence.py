"""In: a hook and a feed that have nothing to tell, orders that are put to; out: what VTEX's documents say of them."""

import json
from datetime import timedelta

import httpx

from paradeiro.connectors import discover
from paradeiro.connectors.vtex.readback import shows
from paradeiro.domain.words import Outcome
from paradeiro.sdk.contract import AccountRef
from paradeiro.world.parties import World

from .parties import a_package, order_keys, orders_url

URL = "https://paradeiro.example/hooks/vtex/x"


def hook(world: World) -> None:
    world.news.hook_config = {"hook": {"url": URL, "headers": {}}, "filter": {}}
    world.news.hook_told_at = world.clock()


async def test_a_hook_without_news_for_three_days_is_removed(world: World) -> None:
    world.clock.set(world.truth.end + timedelta(days=1))
    hook(world)
    session = discover()["vtex"].open(AccountRef(1, 1, "vtex", "loja", world.accounts()["vtex"]), world.clock)
    found = []
    for days in (3, 1):
        world.clock.set(world.clock() + timedelta(days=days))
        found.append((await session.subscription(URL)).outcome)
    await session.close()
    assert found == [Outcome.FOUND, Outcome.NOT_FOUND], "the product sees that it is gone"


async def test_a_hook_with_news_every_day_stays(world: World, http: httpx.AsyncClient) -> None:
    hook(world)
    for order_id in list(world.order_system.invoiced_at)[:4]:
        world.clock.set(world.clock() + timedelta(days=2))
        world.order_system.invoiced_at[order_id] = world.clock() - timedelta(hours=1)
        answer = await http.get(f"{world.urls['vtex']}/api/orders/hook/config", headers=order_keys(world))
        assert answer.status_code == 200


async def test_a_feed_is_removed_after_its_retention_and_its_items_before(
    world: World, http: httpx.AsyncClient
) -> None:
    where, keys = f"{world.urls['vtex']}/api/orders/feed", order_keys(world)
    kept = 345_600
    body = {
        "filter": {"type": "FromWorkflow", "status": ["invoiced"]},
        "queue": {"visibilityTimeoutInSeconds": 60, "MessageRetentionPeriodInSeconds": kept},
    }
    assert (await http.post(f"{where}/config", json=body, headers=keys)).status_code == 200
    begun = world.clock()
    early, late = list(world.order_system.invoiced_at)[:2]
    world.order_system.invoiced_at = {early: begun + timedelta(hours=1), late: begun + timedelta(hours=3)}

    async def read(hours: float) -> httpx.Response:
        world.clock.set(begun + timedelta(hours=hours))
        return await http.get(where, params={"maxlot": 10}, headers=keys)

    assert {item["orderId"] for item in (await read(4)).json()} == {early, late}
    assert [item["orderId"] for item in (await read(kept / 3600 + 2)).json()] == [late], "the other is too old"
    assert (await read(kept / 3600 + 4)).status_code == 404


async def test_an_invoice_shows_its_lines_by_their_place_in_the_order(world: World, http: httpx.AsyncClient) -> None:
    package = a_package(world)
    order = world.order_system.orders[package.order_id]
    item = order["items"][-1]["id"]
    body = {
        "type": "Output",
        "issuanceDate": "2026-10-07T10:00:00-03:00",
        "invoiceNumber": "NF-NEW",
        "invoiceValue": "4990",
        "items": [{"id": item, "price": 4990, "quantity": 2}, {"id": "none", "price": 1, "quantity": 1}],
    }
    url = orders_url(world, f"/{package.order_id}/invoice")
    assert (await http.post(url, json=body, headers=order_keys(world))).status_code == 200
    shown = order["packageAttachment"]["packages"][-1]
    assert shown["items"] == [{"itemIndex": len(order["items"]) - 1, "quantity": 2, "price": 4990, "description": None}]
    assert (shown["invoiceValue"], shown["volumes"]) == (4990, 1)


async def test_were_tracking_appended_the_history_would_stand_twice(world: World, http: httpx.AsyncClient) -> None:
    """Nobody knows whether VTEX replaces or appends; were it the latter, reading back would not tell."""
    world.order_system.appends = True
    package = a_package(world, by_hand=False)
    url = orders_url(world, f"/{package.order_id}/invoice/{package.invoice_number}/tracking")
    line = {"city": "Itu", "state": "SP", "description": "Postado", "date": "2026-10-07"}
    body = {"isDelivered": False, "deliveredDate": None, "events": [line]}
    for _ in range(2):
        assert (await http.put(url, json=body, headers=order_keys(world))).status_code == 200
    order = (await http.get(orders_url(world, f"/{package.order_id}"), headers=order_keys(world))).content
    shown = next(
        p for p in json.loads(order)["packageAttachment"]["packages"] if p["invoiceNumber"] == package.invoice_number
    )
    assert len(shown["courierStatus"]["data"]) == 2
    assert shows(order, package.invoice_number, json.dumps(body).encode()) is True
