"""A raw answer that has expired answers 410 with an explanation; its events are still there."""

import httpx

from paradeiro.worker.maintenance import maintain
from tests.flow.conftest import Shop
from tests.flow.test_main_line import POSTED, SOLD_ELSEWHERE
from tests.web.orders.test_pages import browser
from tests.web.test_api import api

__all__ = ["api", "browser"]


async def _expire(shop: Shop) -> int:
    """A package whose only raw answer has expired; that answer's id."""
    shipment = await shop.register("AA1", SOLD_ELSEWHERE)
    shop.outside.say("AA1", POSTED)
    await shop.ask(shipment, hours=2)
    shop.clock.forward(days=40)
    assert await maintain(shop.context)
    reply_id = (await shop.events(shipment))[0].reply_id
    assert reply_id is not None
    return reply_id


async def test_the_api_says_so(api: httpx.AsyncClient, shop: Shop) -> None:
    reply_id = await _expire(shop)
    order = (await api.get("/api/v1/orders/2001")).json()
    event = order["shipments"][0]["events"][0]
    assert event["code"] == "PO"
    gone = await api.get(event["reply"])
    assert gone.status_code == 410
    assert gone.json()["error"]["code"] == "reply_expired"
    assert "30 days" in gone.json()["error"]["message"]
    never = await api.get(f"/api/v1/replies/{reply_id + 1}")
    assert (never.status_code, never.json()["error"]["code"]) == (404, "no_such_reply")


async def test_the_page_says_so(browser: httpx.AsyncClient, shop: Shop) -> None:
    reply_id = await _expire(shop)
    assert "Santos" in (await browser.get("/orders/2001")).text
    gone = await browser.get(f"/replies/{reply_id}")
    assert gone.status_code == 410
    assert "30 dias" in gone.text
    assert "linha do tempo" in gone.text
    assert (await browser.get(f"/replies/{reply_id + 1}")).status_code == 404


async def test_another_stores_reply_is_no_reply_and_has_not_expired(api: httpx.AsyncClient, shop: Shop) -> None:
    shipment = await shop.register("AA1")
    shop.outside.say("AA1", POSTED)
    await shop.ask(shipment, hours=2)
    reply_id = (await shop.events(shipment))[0].reply_id
    async with shop.context.pool.connection() as connection:
        await connection.execute("UPDATE reply SET store_id = store_id + 1")
    assert (await api.get(f"/api/v1/replies/{reply_id}")).status_code == 404
