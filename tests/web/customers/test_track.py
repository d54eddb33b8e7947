"""The customer's page: by an unguessable link only, in the customer's language, and nothing private."""

from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest

from paradeiro.app import real_clock
from paradeiro.db.operations.audit import Actor
from paradeiro.db.pool import transaction
from paradeiro.domain.records import Customer, Order
from paradeiro.flow.orders.statements import confirm_delivery, reopen
from paradeiro.web.track.language import choose_catalogue
from tests.flow.conftest import ANA, Shop
from tests.flow.test_main_line import DELIVERED, OUT, POSTED, SOLD_ELSEWHERE
from tests.web.apps import create_app


@pytest.fixture
async def customer(shop: Shop) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_app(shop.context, real_clock))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


async def _link(shop: Shop, shipment: int) -> str:
    return f"/t/{(await shop.shipment_row(shipment)).shipment.tracking_token}"


async def test_it_says_it_in_words_and_nothing_private(customer: httpx.AsyncClient, shop: Shop) -> None:
    shipment = await shop.register("AA1", SOLD_ELSEWHERE)
    shop.outside.say("AA1", POSTED, ("XYZ", "2026-11-02T15:00:00+00:00", "Itu"), OUT)
    await shop.ask(shipment, days=1, hours=1)
    link = await _link(shop, shipment)
    assert len(link) >= 20
    answer = await customer.get(link)
    assert answer.status_code == 200
    assert '<h1 class="sentence">Saiu para entrega hoje em Itu.' in answer.text
    for private in ("Ana", "Souza", "ana@example.com", "XYZ", "replies/", "OEC", "2001", "Bia"):
        assert private not in answer.text
    assert "M-9" in answer.text, "the number that the customer knows: the marketplace's, as in the mails"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    assert "noindex" in answer.headers["x-robots-tag"]
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "set-cookie" not in answer.headers
    assert len(answer.content) < 50_000


async def test_whatever_is_no_link_gets_the_same_answer(customer: httpx.AsyncClient, shop: Shop) -> None:
    shipment = await shop.register("AA1")
    token = (await shop.shipment_row(shipment)).shipment.tracking_token
    wrong = ["AA1", "1001", token[:-1], token + "x", token.swapcase(), "%00", "%C3%A9", "%25", "x" * 5000]
    answers = [await customer.get(f"/t/{each}", headers={"Accept-Language": "en"}) for each in wrong]
    assert {a.status_code for a in answers} == {404}
    assert len({a.text for a in answers}) == 1
    assert {a.headers["referrer-policy"] for a in answers} == {"no-referrer"}
    assert "AA1" not in answers[0].text


async def test_the_language_is_the_readers_choice_then_the_orders(customer: httpx.AsyncClient, shop: Shop) -> None:
    spanish = await shop.register("AA1", Order("1001", Customer("Ana", locale="es-AR")))
    french = await shop.register("AA2", Order("1002", Customer("Ana", locale="fr_FR")))
    english = {"Accept-Language": "fr;q=0.9, en-GB;q=0.8, pt;q=0.1"}
    assert 'lang="es"' in (await customer.get(await _link(shop, spanish), headers=english)).text
    assert '<html lang="en"' in (await customer.get(await _link(shop, french), headers=english)).text
    assert '<html lang="pt-BR"' in (await customer.get(await _link(shop, french))).text
    assert '<html lang="en"' in (await customer.get(f"{await _link(shop, spanish)}?lang=en")).text
    assert '<html lang="es"' in (await customer.get(f"{await _link(shop, spanish)}?lang=xx")).text


@pytest.mark.parametrize(
    ("accepted", "spoken"),
    [
        ("", "pt-BR"),
        ("es", "es"),
        ("de, *;q=0.1", "pt-BR"),
        ("en;q=0, es;q=0.2", "es"),
        (";;q=,,en;q=x", "pt-BR"),
        ("fr, en-US;q=0.7, es;q=0.8", "es"),
        ("EN_us", "en"),
    ],
)
def test_what_a_browser_prefers_is_read_with_care(accepted: str, spoken: str) -> None:
    assert choose_catalogue("", "", accepted).language.value == spoken


async def test_all_packages_of_the_order_the_links_own_first(customer: httpx.AsyncClient, shop: Shop) -> None:
    one = await shop.register("AA1", invoice="NF-1")
    two = await shop.register("AA2", invoice="NF-2")
    shop.outside.say("AA2", POSTED, DELIVERED)
    await shop.ask(two, days=2)
    first, second = (await customer.get(await _link(shop, one))).text, (await customer.get(await _link(shop, two))).text
    assert first.index("AA1") < first.index("AA2")
    assert second.index("AA2") < second.index("AA1")
    assert first.count("<h1") == 1
    assert "2 / 2" in first


async def test_it_says_when_it_is_late_and_when_it_came(customer: httpx.AsyncClient, shop: Shop) -> None:
    promised = shop.clock() + timedelta(hours=8)
    shipment = await shop.register("AA1", Order("1001", ANA, promised_at=promised))
    shop.outside.say("AA1", POSTED)
    await shop.ask(shipment, days=1)
    assert "Está atrasado" in (await customer.get(await _link(shop, shipment))).text
    shop.outside.say("AA1", POSTED, DELIVERED)
    await shop.ask(shipment, hours=4)
    page = (await customer.get(await _link(shop, shipment))).text
    assert "Chegou depois do prazo" in page
    assert "Terça, 3 de novembro, 11:00" in page


async def test_a_delivery_that_was_taken_back_is_owned_up_to(customer: httpx.AsyncClient, shop: Shop) -> None:
    shipment = await shop.register("AA1")
    shop.outside.say("AA1", POSTED, OUT)
    await shop.ask(shipment, days=1)
    await confirm_delivery(shop.context, shop.store_id, shipment, delivered_at=None, by=Actor("Bia", "page"))
    assert "correction" not in (await customer.get(await _link(shop, shipment))).text
    shop.clock.forward(hours=1)
    await reopen(shop.context, shop.store_id, shipment, reason="segredo da loja", by=Actor("Bia", "page"))
    page = (await customer.get(await _link(shop, shipment))).text
    assert "A loja corrigiu: ele ainda não foi entregue." in page
    assert "segredo" not in page
    assert "Bia" not in page
    assert "foi entregue hoje" not in page


async def test_the_pickup_address_and_deadline_stand_in_a_box(customer: httpx.AsyncClient, shop: Shop) -> None:
    shipment = await shop.register("AA1")
    async with transaction(shop.context.pool) as connection:
        await connection.execute(
            """INSERT INTO tracking_event
                   (store_id, shipment_id, occurred_at, code, status, source, body, recorded_at)
               VALUES (%s, %s, %s, 'LDI', 'available_for_pickup', 'carrier', %s, %s)""",
            (
                shop.store_id,
                shipment,
                shop.clock(),
                f"""{{"occurred_at": "{shop.clock().isoformat()}", "code": "LDI", "status": "available_for_pickup",
                     "place": {{"city": "ITU", "state": "SP", "country": "BR", "unit": "AC ITU"}},
                     "pickup_address": "RUA DAS FLORES, 12", "pickup_deadline": "2026-11-09"}}""",
                shop.clock(),
            ),
        )
    page = (await customer.get(await _link(shop, shipment))).text
    assert "É a sua vez" in page
    assert "Rua das Flores, 12" in page
    assert "Segunda, 9 de novembro" in page
