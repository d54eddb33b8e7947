"""The operator's screens and the customer's page, as HTML."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest

from paradeiro.app import real_clock
from paradeiro.db import stores
from paradeiro.db.pool import transaction
from paradeiro.web.auth import COOKIE, open_session, seal_session
from paradeiro.web.pages import one_time_link
from paradeiro.web.server import create_app
from tests.flow.conftest import Shop
from tests.flow.test_main_line import DELIVERED, OUT, POSTED, SOLD_ELSEWHERE


@pytest.fixture
async def browser(shop: Shop) -> AsyncIterator[httpx.AsyncClient]:
    async with transaction(shop.means.pool) as connection:
        key_id = await stores.add_api_key(
            connection, shop.store_id, name="Bia", key="pk_bia", scopes=["read", "write"], now=shop.clock()
        )
        await stores.add_api_key(connection, shop.store_id, name="Leo", key="pk_leo", scopes=["read"], now=shop.clock())
    transport = httpx.ASGITransport(create_app(shop.means, real_clock))
    async with httpx.AsyncClient(transport=transport, base_url="http://test", follow_redirects=True) as client:
        await client.get(one_time_link(key_id, shop.means.secret_key, real_clock()))
        yield client


def _form(html: str) -> str:
    found = re.search(r'name="form" value="([^"]+)"', html)
    assert found is not None
    return found[1]


async def test_signing_in_with_a_key_or_a_link_and_out_again(browser: httpx.AsyncClient) -> None:
    assert "Pedidos" in (await browser.get("/")).text
    await browser.post("/sign-out")
    assert "/sign-in" in str((await browser.get("/")).url)
    wrong = await browser.post("/sign-in", data={"key": "pk_wrong"})
    assert wrong.status_code == 401
    assert "não existe" in wrong.text
    assert "Pedidos" in (await browser.post("/sign-in", data={"key": " pk_leo "})).text
    expired = await browser.get("/sign-in/1.1000.abc")
    assert expired.status_code == 401


def test_a_session_is_signed_and_ends() -> None:
    now = datetime(2026, 11, 2, tzinfo=UTC)
    cookie = seal_session(7, "secret", now=now)
    assert open_session(cookie, "secret", now=now) == 7
    assert open_session(cookie, "other", now=now) is None
    assert open_session(cookie.replace("7.", "8.", 1), "secret", now=now) is None
    assert open_session(cookie, "secret", now=datetime(2026, 12, 2, tzinfo=UTC)) is None
    assert open_session("", "secret", now=now) is None


async def test_the_orders_page_lists_searches_and_filters(browser: httpx.AsyncClient, shop: Shop) -> None:
    shipment = await shop.register("AA1", SOLD_ELSEWHERE)
    await shop.register("AB2")
    shop.outside.say("AA1", POSTED, OUT, DELIVERED)
    await shop.ask(shipment, days=2)
    page = (await browser.get("/")).text
    assert ">2001<" in page
    assert ">1001<" in page
    assert "Entregue" in page
    assert ">1001<" not in (await browser.get("/", params={"q": "AA1"})).text
    assert ">2001<" not in (await browser.get("/", params={"status": "registered"})).text
    assert "Nenhum pedido assim" in (await browser.get("/", params={"q": "%"})).text
    assert "<script" not in page
    answer = await browser.get("/")
    assert "default-src 'none'" in answer.headers["content-security-policy"]


async def test_an_order_shows_its_timeline_what_was_told_and_the_raw_answer(
    browser: httpx.AsyncClient, shop: Shop
) -> None:
    shipment = await shop.register("AA1", SOLD_ELSEWHERE)
    shop.outside.say("AA1", POSTED, DELIVERED, ("EST", "2026-11-03T18:00:00+00:00", "Itu"))
    await shop.ask(shipment, days=2)
    page = (await browser.get("/orders/2001")).text
    assert "<del>Entregue</del>" in page
    assert "retirado depois" in page
    assert "nota fiscal" in page
    assert "Santos\u00a0(SP)" in page
    raw = re.search(r"/replies/\d+", page)
    assert raw is not None
    assert "&#34;AA1&#34;" in (await browser.get(raw[0])).text
    assert (await browser.get("/orders/9999")).status_code == 404
    assert (await browser.get("/replies/9999")).status_code == 404


async def test_an_operator_confirms_and_reopens_and_everybody_hears(browser: httpx.AsyncClient, shop: Shop) -> None:
    shipment = await shop.register("AA1", SOLD_ELSEWHERE)
    await shop.later(hours=1)
    page = (await browser.get("/orders/2001")).text
    base = f"/orders/2001/packages/{shipment}"
    assert "O sistema de pedidos será avisado" in page, "it says before what will be told to whom"
    done = await browser.post(f"{base}/confirm-delivery", data={"form": _form(page), "at": ""})
    assert "Reabrir a entrega" in done.text
    await shop.run()
    assert shop.outside.told("mail")[-1]["status"] == "delivered"
    page = (await browser.get("/orders/2001")).text
    await browser.post(f"{base}/reopen", data={"form": _form(page), "reason": "não chegou <b>mesmo</b>"})
    await shop.run()
    assert shop.outside.told("mail")[-1]["kind"] == "customer_correction"
    assert shop.outside.told("canal")[-1]["delivered"] is False
    page = (await browser.get("/orders/2001")).text
    assert "não chegou &lt;b&gt;mesmo&lt;/b&gt;" in page
    assert "por Bia" in page
    wrong = await browser.post(f"{base}/confirm-delivery", data={"form": _form(page), "at": "2036-01-01T10:00"})
    assert wrong.status_code == 422
    assert "future" in wrong.text


async def test_only_our_own_forms_from_who_may_write_do_anything(browser: httpx.AsyncClient, shop: Shop) -> None:
    shipment = await shop.register("AA1")
    forged = await browser.post(f"/orders/1001/packages/{shipment}/confirm-delivery", data={"form": "x"})
    assert forged.status_code == 422
    await browser.post("/sign-in", data={"key": "pk_leo"})
    page = (await browser.get("/orders/1001")).text
    assert "Confirmar" not in page
    refused = await browser.post(f"/orders/1001/packages/{shipment}/confirm-delivery", data={"form": "x"})
    assert refused.status_code == 403
    assert not (await shop.kept(shipment)).shipment.snapshot.delivered


async def test_notices_and_accounts(browser: httpx.AsyncClient, shop: Shop) -> None:
    await shop.register("AA1")
    shop.outside.fail("carrier", "auth")
    await shop.later(minutes=1)
    page = (await browser.get("/")).text
    assert "espera: posta" in page
    assert 'Avisos <span class="n">(1)</span>' in page
    accounts = (await browser.get("/accounts")).text
    assert "recusa as credenciais" in accounts
    shop.outside.fail("carrier", "ok")
    await browser.post(f"/accounts/{shop.accounts['posta']}/ask-now", data={"form": _form(accounts)})
    await shop.run()
    assert "Nenhum aviso" in (await browser.get("/notices")).text
    assert (await shop.account("posta")).state == "ok"


async def test_a_notice_is_ended_by_one_button(browser: httpx.AsyncClient, shop: Shop) -> None:
    shipment = await shop.register("AA1")
    shop.outside.say("AA1", ("XYZ", "2026-11-02T13:00:00+00:00", "Itu"))
    await shop.ask(shipment, hours=2)
    page = (await browser.get("/notices")).text
    assert "XYZ" in page
    button = re.search(r'action="(/notices/\d+/resolve)"', page)
    assert button is not None
    assert "Nenhum aviso" in (await browser.post(button[1], data={"form": _form(page)})).text


async def test_the_customers_page_says_it_in_words_and_nothing_private(browser: httpx.AsyncClient, shop: Shop) -> None:
    shipment = await shop.register("AA1", SOLD_ELSEWHERE)
    shop.outside.say("AA1", POSTED, ("XYZ", "2026-11-02T15:00:00+00:00", "Itu"), OUT)
    await shop.ask(shipment, days=1, hours=1)
    token = (await shop.kept(shipment)).shipment.tracking_token
    browser.cookies.delete(COOKIE)
    answer = await browser.get(f"/t/{token}")
    assert answer.status_code == 200
    assert "<h1>Saiu para entrega" in answer.text
    for private in ("Souza", "ana@example.com", "XYZ", "replies/", "OEC", "M-9"):
        assert private not in answer.text
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert (await browser.get("/t/AA1")).status_code == 404
    assert len(token) >= 20
