"""Customers' data by API, on the operator's page, and on the customer's own."""

import re

import httpx

from paradeiro.app import real_clock
from paradeiro.cli.accounts.accounts import make_key
from paradeiro.db.customers.brands import put_brand
from paradeiro.db.pool import transaction
from paradeiro.domain.customers.brand import Brand
from paradeiro.domain.records import Customer, Order
from paradeiro.domain.words import NoticeKind
from tests.flow.conftest import Shop
from tests.flow.customers.test_personal_data import lived
from tests.web.apps import create_app
from tests.web.orders.test_pages import browser  # noqa: F401 - a fixture


async def test_by_api(shop: Shop) -> None:
    await lived(shop)
    _, write = await make_key(shop.context, "Loja", name="erp")
    _, read = await make_key(shop.context, "Loja", name="bi", scopes=["read"])
    transport = httpx.ASGITransport(create_app(shop.context, real_clock))
    async with httpx.AsyncClient(transport=transport, base_url="http://test/api/v1") as client:
        mine, whose = {"X-API-Key": write}, {"email": "ana@example.com"}
        assert (await client.post("/customers/export", headers={"X-API-Key": read}, json=whose)).status_code == 403
        told = (await client.post("/customers/export", headers=mine, json=whose)).json()
        assert told["orders"][0]["name"] == "Ana Souza"
        assert [e["status"] for e in told["orders"][0]["packages"][0]["events"]][:1] == ["accepted"]
        assert (await client.post("/customers/erase", headers={"X-API-Key": read}, json=whose)).status_code == 403
        assert (await client.post("/customers/erase", headers=mine, json={})).status_code == 422
        once = mine | {"Idempotency-Key": "forget-ana"}
        for _ in range(2):
            assert (await client.post("/customers/erase", headers=once, json=whose)).json() == {"orders": ["1001"]}
        again = await client.post("/customers/erase", headers=mine, json=whose)
        assert (again.status_code, again.json()["error"]["code"]) == (404, "nobody")


async def test_on_the_orders_page(browser: httpx.AsyncClient, shop: Shop) -> None:  # noqa: F811 - the fixture
    await lived(shop)
    page = (await browser.get("/orders/1001")).text
    assert "Ana Souza" in page
    form = re.search(r'customer/erase"><input type="hidden" name="form" value="([^"]+)"', page)
    assert form
    got = await browser.post("/orders/1001/customer/export", data={"form": form[1]})
    assert got.headers["content-disposition"] == 'attachment; filename="customer-1001.json"'
    assert got.json()["orders"][0]["email"] == "ana@example.com"
    for data in ({"form": "x", "sure": "yes"}, {"form": form[1]}):
        assert (await browser.post("/orders/1001/customer/erase", data=data)).status_code == 422
    assert "Ana Souza" in (await browser.get("/orders/1001")).text
    done = await browser.post("/orders/1001/customer/erase", data={"form": form[1], "sure": "yes"})
    assert "Dados do cliente apagados." in done.text
    page = done.text
    assert "Cliente apagado" in page
    assert "Souza" not in page
    assert "customer/erase" not in page
    assert "dados do cliente apagados" in page, "who did it stands below"


async def test_on_the_customers_own_page(shop: Shop) -> None:
    shipment = await shop.register("AA1", Order("2001", Customer("Bia Lima", "bia@loja.com", "es-AR")))
    link = f"/t/{(await shop.shipment_row(shipment)).shipment.tracking_token}"
    async with transaction(shop.context.pool) as connection:
        await put_brand(connection, shop.store_id, Brand(email="oi@loja.com.br"))
    transport = httpx.ASGITransport(create_app(shop.context, real_clock))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        assert f'href="{link}/data?lang=es"' in (await client.get(link)).text
        page = await client.get(f"{link}/data")
        assert page.status_code == 200
        assert "Tus datos" in page.text
        assert "B••• L•••" in page.text
        assert "b•••@l•••.com" in page.text
        assert "oi@loja.com.br" in page.text
        for private in ("Bia", "Lima", "bia@"):
            assert private not in page.text
        assert (await client.get("/t/nowhere/data")).status_code == 404
        assert (await client.post("/t/nowhere/data")).status_code == 404
        for _ in range(2):
            asked = await client.post(f"{link}/data?lang=en")
            assert asked.status_code == 303
        thanks = (await client.get(asked.headers["location"])).text
        assert "Your request has arrived" in thanks
        assert "<form" not in thanks
    assert [n.kind for n in await shop.notices()] == [NoticeKind.ERASURE_ASKED]
