"""The accounts page shows fallback accounts."""

import httpx

from tests.flow.conftest import Shop
from tests.flow.following.test_fallbacks import fallback
from tests.web.orders.test_pages import browser  # noqa: F401 - a fixture


async def test_who_stands_in_for_whom(browser: httpx.AsyncClient, shop: Shop) -> None:  # noqa: F811 - the fixture
    assert "substitui" not in (await browser.get("/accounts")).text
    await fallback(shop, "ajuda")
    accounts = (await browser.get("/accounts")).text
    assert "enquanto não responde, perguntamos a ajuda" in accounts
    assert "substitui posta enquanto não responde" in accounts
