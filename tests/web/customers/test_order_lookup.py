"""A customer without a link: order number and postal code or address; wrong and unknown are one answer."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from paradeiro.app import real_clock
from paradeiro.db.accounts import stores
from paradeiro.db.customers.brands import put_brand
from paradeiro.db.pool import transaction
from paradeiro.domain.customers.brand import Brand
from paradeiro.domain.records import Customer, Order
from paradeiro.flow.customers import personal_data
from paradeiro.flow.customers.order_lookup import forget_old_attempts
from paradeiro.flow.customers.personal_data import CustomerQuery
from paradeiro.web.track import order_lookup
from tests.flow.conftest import Shop
from tests.flow.customers.test_bounces import HERE
from tests.web.apps import create_app

SOLD = Order("v9-01", Customer("Ana", "ana@example.com", postal_code="01001-000"), "MGZ", "LU-77")


@pytest.fixture
async def client(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[httpx.AsyncClient]:
    monkeypatch.setattr(order_lookup, "ANSWER_SECONDS", 0.0)
    transport = httpx.ASGITransport(create_app(shop.context, real_clock))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


@asynccontextmanager
async def _from(shop: Shop, place: str) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_app(shop.context, real_clock), client=(place, 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


async def look(client: httpx.AsyncClient, number: str, typed: str) -> httpx.Response:
    return await client.post("/t/", data={"number": number, "typed": typed})


async def test_both_right_leads_to_the_page(shop: Shop, client: httpx.AsyncClient) -> None:
    shipment = await shop.register("AA1", SOLD)
    token = (await shop.shipment_row(shipment)).shipment.tracking_token
    page = await client.get("/t/", headers={"Accept-Language": "en"})
    assert "Where is my package?" in page.text
    for number, typed in (("v9-01", "ana@example.com"), (" #LU-77", "01001000"), ("LU-77", "Ana@Example.com")):
        found = await look(client, number, typed)
        assert (found.status_code, found.headers["location"]) == (303, f"/t/{token}")
    assert (await client.get(found.headers["location"])).status_code == 200


async def test_wrong_and_unknown_are_the_same_answer(shop: Shop, client: httpx.AsyncClient) -> None:
    await shop.register("AA1", SOLD)
    await shop.register("AA2", Order("erased-1", Customer("Bia", "bia@example.com", postal_code="01001-000")), "NF-2")
    await personal_data.erase_customer(shop.context, shop.store_id, CustomerQuery(order="erased-1"), HERE)
    wrong, unknown = await look(client, "v9-01", "x@example.com"), await look(client, "v9-02", "x@example.com")
    erased, odd = await look(client, "erased-1", "bia@example.com"), await look(client, "\0", "\0x")
    assert {each.status_code for each in (wrong, unknown, erased, odd)} == {200}
    assert wrong.text.replace("v9-01", "") == unknown.text.replace("v9-02", "")
    assert "Não encontramos" in wrong.text
    assert "x@example.com" not in wrong.text
    hostile = await look(client, '"><script>', "x")
    assert "<script>" not in hostile.text


async def test_each_answer_takes_the_same_time(
    shop: Shop, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(order_lookup, "ANSWER_SECONDS", 0.3)
    await shop.register("AA1", SOLD)
    for number, typed in (("v9-01", "ana@example.com"), ("v9-01", "x"), ("none", "x")):
        begun = time.monotonic()
        await look(client, number, typed)
        assert time.monotonic() - begun >= 0.3


async def test_guesses_are_bounded_by_number_and_by_place(shop: Shop, client: httpx.AsyncClient) -> None:
    await shop.register("AA1", SOLD)
    answers = [(await look(client, "v9-01", f"0100{at:04}")).status_code for at in range(11)]
    assert answers == [200] * 10 + [429]
    assert (await look(client, "v9-01", "ana@example.com")).status_code == 429, "right or wrong, nothing is said"
    shop.clock.forward(minutes=30)
    assert (await look(client, "v9-01", "ana@example.com")).status_code == 303
    elsewhere = httpx.ASGITransport(create_app(shop.context, real_clock), client=("2001:db8::1", 1))
    other = httpx.ASGITransport(create_app(shop.context, real_clock), client=("2001:db8::ffff:2", 1))
    async with httpx.AsyncClient(transport=elsewhere, base_url="http://test") as one:
        for at in range(10):
            assert (await look(one, f"n{at}", "x")).status_code == 200
    async with httpx.AsyncClient(transport=other, base_url="http://test") as two:
        assert (await look(two, "n99", "x")).status_code == 429, "one network, one guesser"
    count = "SELECT count(*) FROM lookup_attempt"
    async with shop.context.pool.connection() as connection:
        assert (await (await connection.execute(count)).fetchone()) != (0,)
        rows = await (await connection.execute("SELECT g::text FROM lookup_attempt g")).fetchall()
        assert not [row for row in rows if "v9-01" in row[0] or "2001:" in row[0]]
    shop.clock.forward(days=2)
    await forget_old_attempts(shop.context)
    async with shop.context.pool.connection() as connection:
        assert (await (await connection.execute(count)).fetchone()) == (0,)


async def test_whoever_guesses_a_number_locks_only_themselves_out(shop: Shop, client: httpx.AsyncClient) -> None:
    await shop.register("AA1", SOLD)
    await shop.register("AA2", Order("no-mail", Customer("Bia", postal_code="01001-000")), "NF-2")
    for number in ("v9-01", "no-mail"):
        async with _from(shop, f"198.51.100.{len(number)}") as guesser:
            for at in range(10):
                assert (await look(guesser, number, f"9{at:07}")).status_code == 200
            assert (await look(guesser, number, "ana@example.com")).status_code == 429, "the place is spent"
    async with _from(shop, "203.0.113.1") as own:
        assert (await look(own, "v9-01", "ana@example.com")).status_code == 303, "by its e-mail it is found"
        assert (await look(own, "v9-01", "01001-000")).status_code == 429, "a postal code could be another guess"
        assert (await look(own, "no-mail", "01001-000")).status_code == 303, "there is no other way to find it"
        assert (await look(own, "no-mail", "01001-001")).status_code == 429


async def test_guesses_from_everywhere_are_bounded_by_number(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order_lookup, "ANSWER_SECONDS", 0.0)
    await shop.register("AA1", Order("no-mail", Customer("Bia", postal_code="01001-000")))
    for place in range(7):
        async with _from(shop, f"203.0.113.{place}") as guesser:
            for at in range(9):
                await look(guesser, "no-mail", f"9{place}{at:06}")
    async with _from(shop, "198.51.100.1") as own:
        assert (await look(own, "no-mail", "01001-000")).status_code == 429
        shop.clock.forward(minutes=15)
        assert (await look(own, "no-mail", "01001-000")).status_code == 303


async def test_under_a_stores_own_host_only_its_orders_are_found(shop: Shop, client: httpx.AsyncClient) -> None:
    await shop.register("AA1", SOLD)
    async with transaction(shop.context.pool) as connection:
        other = await stores.add_store(connection, "Outra", now=shop.clock())
        await put_brand(connection, other, Brand(host="rastreio.outra.example"))
        await put_brand(connection, shop.store_id, Brand(host="rastreio.minha.example"))
    for host, found in (("rastreio.minha.example", 303), ("rastreio.outra.example", 200), ("test", 303)):
        data = {"number": "v9-01", "typed": "ana@example.com"}
        assert (await client.post("/t/", data=data, headers={"Host": host})).status_code == found, host
    assert "Outra" in (await client.get("/t/", headers={"Host": "rastreio.outra.example"})).text
    assert "Outra" not in (await client.get("/t/")).text
