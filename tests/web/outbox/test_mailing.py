"""Who mails the customers: set by API and on the accounts page; the other's mails are not sent."""

import re

import httpx
import pytest

from paradeiro.app import real_clock
from paradeiro.cli.accounts.accounts import make_key
from paradeiro.domain.words import Mailer
from paradeiro.flow.outbox.mail_policy import mailer_of, set_mailer
from tests.flow.conftest import Shop
from tests.flow.test_main_line import POSTED
from tests.web.apps import create_app
from tests.web.orders.test_pages import browser  # noqa: F401 - a fixture


async def test_by_api(shop: Shop) -> None:
    _, write = await make_key(shop.context, "Loja", name="erp")
    _, read = await make_key(shop.context, "Loja", name="bi", scopes=["read"])
    transport = httpx.ASGITransport(create_app(shop.context, real_clock))
    async with httpx.AsyncClient(transport=transport, base_url="http://test/api/v1") as client:
        theirs = {"mailer": "order_system"}
        assert (await client.get("/mailing", headers={"X-API-Key": read})).json() == {"mailer": "paradeiro"}
        assert (await client.put("/mailing", headers={"X-API-Key": read}, json=theirs)).status_code == 403
        assert await mailer_of(shop.context, shop.store_id) is Mailer.PARADEIRO
        assert (await client.put("/mailing", headers={"X-API-Key": write}, json={"mailer": "both"})).status_code == 422
        assert (await client.put("/mailing", headers={"X-API-Key": write}, json=theirs)).json() == theirs
    assert await mailer_of(shop.context, shop.store_id) is Mailer.ORDER_SYSTEM


async def test_on_the_accounts_page(browser: httpx.AsyncClient, shop: Shop) -> None:  # noqa: F811 - the fixture
    page = (await browser.get("/accounts")).text
    found = re.search(r'name="form" value="([^"]+)"><input type="hidden" name="mailer" value="order_system"', page)
    assert found
    stale = await browser.post("/accounts/mailer", data={"form": "x", "mailer": "order_system"})
    assert stale.status_code == 422
    odd = await browser.post("/accounts/mailer", data={"form": found[1], "mailer": "both"})
    assert odd.status_code == 422
    assert await mailer_of(shop.context, shop.store_id) is Mailer.PARADEIRO
    done = await browser.post("/accounts/mailer", data={"form": found[1], "mailer": "order_system"})
    assert [r.status_code for r in done.history] == [303]
    assert "o sistema de pedidos" in done.text
    assert await mailer_of(shop.context, shop.store_id) is Mailer.ORDER_SYSTEM


@pytest.mark.parametrize(("mailer", "mails"), [(Mailer.ORDER_SYSTEM, 0), (Mailer.PARADEIRO, 1)])
async def test_a_waiting_mail_is_not_sent_when_the_order_system_mails(shop: Shop, mailer: Mailer, mails: int) -> None:
    shipment = await shop.register("AA1")
    shop.outside.fail("mail", "retry")
    shop.outside.say("AA1", POSTED)
    await shop.ask(shipment, hours=2)
    await set_mailer(shop.context, shop.store_id, mailer)
    shop.outside.fail("mail", "ok")
    await shop.later(hours=2)
    assert len(shop.outside.told("mail")) == mails
