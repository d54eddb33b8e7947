"""The codes screen: an operator says what a code means where its notice is read; accounts show feeds and quotas."""

import re
from datetime import timedelta

import httpx

from paradeiro.db.carriers import carrier_feeds
from paradeiro.db.pool import transaction
from paradeiro.domain.words import Status
from paradeiro.flow.carriers.lookup_quota import set_monthly
from tests.flow.conftest import Shop
from tests.flow.test_main_line import POSTED
from tests.web.orders.test_pages import browser  # noqa: F401 - a fixture

UNKNOWN = ("XYZ <b>", "2026-11-02T15:00:00+00:00", "Itu")


async def _form(browser: httpx.AsyncClient) -> str:  # noqa: F811 - the fixture
    found = re.search(r'name="form" value="([^"]+)"', (await browser.get("/codes")).text)
    assert found
    return found[1]


async def test_a_code_is_said_on_the_screen_and_the_package_follows(browser: httpx.AsyncClient, shop: Shop) -> None:  # noqa: F811 - the fixture
    assert "Nenhum código espera" in (await browser.get("/codes")).text
    shipment = await shop.register("AA1")
    shop.outside.say("AA1", POSTED, UNKNOWN, words="Volume <i> separado")
    await shop.ask(shipment, days=1)
    assert 'href="/codes"' in (await browser.get("/notices")).text
    page = (await browser.get("/codes")).text
    assert "XYZ &lt;b&gt;" in page
    assert "Volume &lt;i&gt; separado" in page, "what the carrier said with it helps to choose"
    assert 'href="/orders/1001"' in page
    said = {"form": await _form(browser), "connector": "posta", "code": UNKNOWN[0], "meaning": "exception/lost"}
    answer = await browser.post("/codes/set", data=said)
    assert "Anotado" in answer.text
    assert re.search(r'<option value="exception/lost" selected>Extraviado</option>', answer.text)
    assert (await shop.shipment_row(shipment)).shipment.snapshot.status is Status.EXCEPTION
    assert await shop.notices() == [], "nothing unknown is left"
    again = await browser.post("/codes/set", data=said | {"meaning": "unknown"})
    assert "XYZ &lt;b&gt;" in again.text
    assert (await shop.shipment_row(shipment)).shipment.snapshot.status is Status.ACCEPTED


async def test_what_cannot_be_said_changes_nothing(browser: httpx.AsyncClient, shop: Shop) -> None:  # noqa: F811 - the fixture
    shipment = await shop.register("AA1")
    shop.outside.say("AA1", POSTED, UNKNOWN)
    await shop.ask(shipment, days=1)
    said = {"form": await _form(browser), "connector": "posta", "code": UNKNOWN[0], "meaning": "exception"}
    for wrong, told in (
        ({"meaning": ""}, "Escolha o que o código significa"),
        ({"meaning": "lost"}, "Escolha o que o código significa"),
        ({"meaning": "exception/bored"}, "Escolha o que o código significa"),
        ({"code": "PO"}, "Nenhum pacote tem este código sem significado"),
        ({"code": ""}, "Falta o código"),
        ({"meaning": "unknown"}, "Ninguém tinha dito"),
        ({"connector": "nobody"}, "Não há mais quem siga"),
        ({"form": "old"}, "nada foi feito"),
    ):
        answer = await browser.post("/codes/set", data=said | wrong)
        assert (answer.status_code, told in answer.text) == (422, True), wrong
    assert (await shop.shipment_row(shipment)).shipment.snapshot.status is Status.ACCEPTED


async def test_accounts_show_their_feed_and_what_was_spent(browser: httpx.AsyncClient, shop: Shop) -> None:  # noqa: F811 - the fixture
    account = shop.accounts["posta"]
    assert "consultas deste mês" not in (await browser.get("/accounts")).text
    await set_monthly(shop.context, shop.store_id, account, 500)
    async with transaction(shop.context.pool) as connection:
        await connection.execute("UPDATE lookup_quota SET used = 12")
        await carrier_feeds.mark_read(connection, account, now=shop.clock())
    page = (await browser.get("/accounts")).text
    assert "12 de 500 consultas deste mês" in page
    assert "novidades lidas" in page
    async with transaction(shop.context.pool) as connection:
        await connection.execute("UPDATE lookup_quota SET month = month - 31")
        await carrier_feeds.mark_failing(connection, account, now=shop.clock() - timedelta(hours=2))
    page = (await browser.get("/accounts")).text
    assert "0 de 500 consultas deste mês" in page, "a month's look-ups are that month's"
    assert "a lista de novidades não responde desde" in page
    assert "novidades lidas" not in page
