"""An order's number may have a slash in it: wherever it was stated it can be read again."""

import httpx
import pytest

from paradeiro.domain.records import Customer, Order
from tests.flow.conftest import Shop
from tests.web.orders.test_pages import browser  # noqa: F401 - a fixture
from tests.web.signing_in import token_in
from tests.web.test_api import api  # noqa: F401 - a fixture

NUMBERS = ("2026/11", "a/packages/1", "x/invoice/1", "/begins", "ends/")


@pytest.mark.parametrize("number", NUMBERS)
async def test_by_the_api_and_by_vtexs_endpoint(
    api: httpx.AsyncClient,  # noqa: F811 - the fixture
    shop: Shop,
    number: str,
) -> None:
    await shop.register("AA1", Order(number, Customer("Ana")))
    for written in (number, number.replace("/", "%2F")):
        got = await api.get(f"/api/v1/orders/{written}")
        assert (got.status_code, got.json().get("number")) == (200, number), written
        seen = await api.get(f"/api/oms/pvt/orders/{written}", headers={"X-VTEX-API-AppToken": "pk_both"})
        assert (seen.status_code, seen.json().get("orderId")) == (200, number), written
    listed = await api.get("/api/oms/pvt/orders", headers={"X-VTEX-API-AppToken": "pk_both"})
    assert [each["orderId"] for each in listed.json()["list"]] == [number]


@pytest.mark.parametrize("number", NUMBERS)
async def test_on_the_screens_with_their_forms(
    browser: httpx.AsyncClient,  # noqa: F811 - the fixture
    shop: Shop,
    number: str,
) -> None:
    await shop.register("AA1", Order(number, Customer("Ana")))
    address = f"/orders/{number.replace('/', '%2F')}"
    assert f'href="{address}"' in (await browser.get("/")).text
    page = await browser.get(address)
    assert page.status_code == 200
    done = await browser.post(f"{address}/packages/1/ask-now", data={"form": token_in(page.text)})
    assert done.status_code == 200
    assert 'role="status"' in done.text
