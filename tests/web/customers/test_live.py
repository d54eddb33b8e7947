"""Open tracking pages get changes at once, with one database query for all of them."""

import asyncio

import httpx
import pytest

from paradeiro.app import real_clock
from paradeiro.db.customers import page_versions as versions
from paradeiro.web.track import live
from paradeiro.web.track.live import LiveUpdates
from tests.flow.conftest import Shop
from tests.flow.test_main_line import MOVED, OUT, POSTED
from tests.web.apps import create_app


async def version(shop: Shop, token: str) -> str:
    async with shop.context.pool.connection() as connection:
        return (await versions.page_versions(connection, [token])).get(token, "")


async def moved(shop: Shop, shipment: int, *events: tuple[str, str, str]) -> None:
    shop.outside.say("AA1", *events)
    await shop.ask(shipment, days=1)


async def test_every_open_page_gets_a_change_once(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "EVERY_SECONDS", 0.02)
    shipment = await shop.register("AA1")
    await moved(shop, shipment, POSTED)
    token = (await shop.shipment_row(shipment)).shipment.tracking_token
    seen, updates = await version(shop, token), LiveUpdates()
    streams = [live._events(updates, shop.context, token, seen) for _ in range(3)]
    assert {await anext(each) for each in streams} == {"retry: 5000\n\n"}
    waiting = [asyncio.ensure_future(anext(each)) for each in streams]
    await asyncio.sleep(0.2)
    assert not any(each.done() for each in waiting), "what the page shows is no news"
    assert len(updates.watched) == 1, "one question for all of them"
    await moved(shop, shipment, POSTED, MOVED)
    told = await asyncio.wait_for(asyncio.gather(*waiting), 5)
    now = await version(shop, token)
    assert set(told) == {f"id: {now}\nevent: news\ndata: {now}\n\n"}
    assert now != seen
    for each in streams:
        await each.aclose()
    assert updates.watched == {}
    await asyncio.sleep(0.1)
    assert updates._reading is not None
    assert updates._reading.done(), "nobody looks, nothing is read"


async def test_changes_before_the_first_read_and_between_connections_are_sent(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "EVERY_SECONDS", 0.02)
    shipment = await shop.register("AA1")
    token = (await shop.shipment_row(shipment)).shipment.tracking_token
    old = await version(shop, token)
    await moved(shop, shipment, POSTED, MOVED, OUT)
    stream = live._events(LiveUpdates(), shop.context, token, old)
    await anext(stream)
    assert "event: news" in await asyncio.wait_for(anext(stream), 5)
    await stream.aclose()


async def test_a_database_that_is_away_for_a_while_ends_nothing(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "EVERY_SECONDS", 0.02)
    monkeypatch.setattr(live, "_KEEPALIVE_SECONDS", 0.05)
    shipment = await shop.register("AA1")
    token = (await shop.shipment_row(shipment)).shipment.tracking_token
    stream = live._events(LiveUpdates(), shop.context, token, await version(shop, token))
    await anext(stream)

    async def away(*_: object) -> dict[str, str]:
        raise TimeoutError

    plain = versions.page_versions
    monkeypatch.setattr(versions, "page_versions", away)
    assert await asyncio.wait_for(anext(stream), 5) == ": still here\n\n"
    monkeypatch.setattr(versions, "page_versions", plain)
    await moved(shop, shipment, POSTED)
    said = ""
    while "news" not in said:
        said = await asyncio.wait_for(anext(stream), 5)
    await stream.aclose()


async def test_no_link_and_too_many_listen_to_nothing(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shipment = await shop.register("AA1")
    token = (await shop.shipment_row(shipment)).shipment.tracking_token
    monkeypatch.setattr(live, "MOST_WATCHERS", 0)
    transport = httpx.ASGITransport(create_app(shop.context, real_clock))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        assert (await client.get(f"/t/{token}/live")).status_code == 204
        assert (await client.get("/t/nowhere/live")).status_code == 204
        page = (await client.get(f"/t/{token}")).text
        assert f'data-live="/t/{token}/live?v={await version(shop, token)}"' in page
        policy = (await client.get(f"/t/{token}")).headers["content-security-policy"]
        assert "script-src 'self'; connect-src 'self'" in policy
        framed = await client.get(f"/t/{token}/embed")
        assert "<script" not in framed.text
        assert "script-src" not in framed.headers["content-security-policy"]
