"""Bounces through the web: the account's address, the order's page, the API."""

import re
from collections.abc import AsyncIterator

import httpx
import pytest

from paradeiro.app import real_clock
from paradeiro.cli.accounts.accounts import make_key
from paradeiro.flow.customers import bounces
from paradeiro.web.hooks import LARGEST_PUSH
from tests.flow.conftest import Shop
from tests.flow.customers.test_bounces import KEY, SAVED, keys, listed
from tests.flow.test_main_line import POSTED
from tests.web.apps import create_app
from tests.web.orders.test_pages import browser  # noqa: F401 - a fixture


@pytest.fixture
async def client(shop: Shop) -> AsyncIterator[httpx.AsyncClient]:
    _, key = await make_key(shop.context, "Loja", name="erp")
    transport = httpx.ASGITransport(create_app(shop.context, real_clock))
    async with httpx.AsyncClient(transport=transport, base_url="http://test", headers={"X-API-Key": key}) as client:
        yield client


async def mailed(shop: Shop) -> tuple[str, str]:
    """The key of a sent mail, and the path of the account's address."""
    shipment = await shop.register("AA1")
    shop.outside.say("AA1", POSTED)
    await shop.ask(shipment, hours=2)
    account = await bounces.mail_account(shop.context, shop.store_id)
    url = await bounces.open_bounce_webhook(shop.context, account, "http://test")
    return (await keys(shop))[0], url.removeprefix("http://test")


@pytest.mark.parametrize("report", ["hard_postfix", "hard_ses", "hard_sendgrid"])
async def test_each_way_to_send_the_key(shop: Shop, client: httpx.AsyncClient, report: str) -> None:
    key, door = await mailed(shop)
    assert (await client.post(f"{door}x", content=SAVED[report])).status_code == 404
    for _ in range(2):
        answer = await client.post(door, content=SAVED[report].replace(KEY, key))
        assert answer.status_code == 200
    assert await listed(shop) == [("ana@example.com", "hard")]
    order = (await client.get("/api/v1/orders/1001")).json()
    assert order["mail_suppressed"].startswith("hard: ")
    assert "5.1.1" in next(e for e in order["shipments"][0]["effects"] if e["kind"] == "customer_mail")["came_back"]


async def test_a_whole_mail_with_its_picture_fits_and_more_does_not(shop: Shop, client: httpx.AsyncClient) -> None:
    key, door = await mailed(shop)
    whole = SAVED["hard_google"].replace(KEY, key).replace("Saiu para entrega hoje.", "x" * 76 + "\n" + "y" * 300_000)
    assert (await client.post(door, content=whole)).status_code == 200
    assert await listed(shop) == [("ana@example.com", "hard")]
    assert (await client.post(door, content="x" * (LARGEST_PUSH + 1))).status_code == 413


async def test_an_unknown_text_is_stored_and_sent_once(shop: Shop, client: httpx.AsyncClient) -> None:
    _, door = await mailed(shop)
    for _ in range(2):
        assert (await client.post(door, content=SAVED["malformed_unknown"])).status_code == 200
    assert (await client.post(door, content=SAVED["nothing_vacation"])).status_code == 200
    [notice] = await shop.notices()
    assert notice.facts["variant"] == "report"
    async with shop.context.pool.connection() as connection:
        rows = await (await connection.execute("SELECT body FROM push")).fetchall()
    assert [bytes(row[0]) for row in rows] == [SAVED["malformed_unknown"].encode()], "no mail of anybody's is kept"


async def test_amazon_asks_a_person_to_confirm(shop: Shop, client: httpx.AsyncClient) -> None:
    _, door = await mailed(shop)
    assert (await client.post(door, content=SAVED["nothing_sns_confirmation"])).status_code == 200
    [notice] = await shop.notices()
    assert "https://sns.sa-east-1.amazonaws.com/?Action=ConfirmSubscription" in notice.message
    assert (await client.post(door, content=SAVED["malformed_sns_elsewhere"])).status_code == 200
    assert "evil" not in "".join(n.message for n in await shop.notices())


async def test_the_page_says_so_and_lifts_it(browser: httpx.AsyncClient, shop: Shop) -> None:  # noqa: F811 - a fixture
    key, _ = await mailed(shop)
    account = await bounces.mail_account(shop.context, shop.store_id)
    await bounces.take_report(shop.context, account, SAVED["hard_postfix"].replace(KEY, key).encode())
    page = (await browser.get("/orders/1001")).text
    assert "o endereço não existe" in page
    assert "User unknown" in page
    assert "voltou" in page
    form = re.search(r'name="form" value="([^"]+)"', page)
    assert form
    assert (await browser.post("/orders/1001/mail-again", data={"form": "x"})).status_code == 422
    done = await browser.post("/orders/1001/mail-again", data={"form": form[1]})
    assert "volta a receber" in done.text
    assert "o endereço não existe" not in done.text
    again = await browser.post("/orders/1001/mail-again", data={"form": form[1]})
    assert again.status_code == 422
    assert "já recebe" in again.text


async def test_integrators_walk_and_lift(shop: Shop, client: httpx.AsyncClient) -> None:
    key, _ = await mailed(shop)
    account = await bounces.mail_account(shop.context, shop.store_id)
    await bounces.take_report(shop.context, account, SAVED["hard_postfix"].replace(KEY, key).encode())
    async with shop.context.pool.connection() as connection:
        await connection.execute(
            "INSERT INTO suppression (store_id, address, kind, reason, since) VALUES (%s, %s, %s, %s, now())",
            (shop.store_id, "b@example.com", "soft", "x"),
        )
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = (await client.get("/api/v1/suppressions", params={"limit": 1, "cursor": cursor})).json()
        seen += [item["address"] for item in page["items"]]
        cursor = page["next"]
    assert seen == ["b@example.com", "ana@example.com"]
    assert (await client.delete("/api/v1/suppressions/b@example.com")).status_code == 204
    assert (await client.delete("/api/v1/suppressions/b@example.com")).status_code == 404
    assert (await client.delete("/api/v1/suppressions/%00")).status_code == 400, "an address that is no text"
