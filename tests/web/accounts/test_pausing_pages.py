"""A disabled account on the pages: asking now says that it is disabled; its own button enables it, any kind."""

import httpx

from paradeiro.flow.accounts import pausing
from tests.flow.conftest import Shop
from tests.web.orders.test_pages import _form, browser  # noqa: F401 - a fixture


async def test_asking_now_says_that_the_account_is_disabled(shop: Shop, browser: httpx.AsyncClient) -> None:  # noqa: F811
    shipment, account = await shop.register("AA1"), shop.accounts["posta"]
    await pausing.pause(shop.context, shop.store_id, account, None)
    form = {"form": _form((await browser.get("/orders/1001")).text)}
    asked = await browser.post(f"/orders/1001/packages/{shipment}/ask-now", data=form)
    assert asked.status_code == 422
    assert "está desligada" in asked.text or "is disabled" in asked.text
    tried = await browser.post(f"/accounts/{account}/ask-now", data=form)
    assert tried.status_code in {200, 303}
    assert (await shop.account("posta")).state == "ok"
