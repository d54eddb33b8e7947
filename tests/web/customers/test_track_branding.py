"""The customer's page as the store looks, as JSON, and in a frame."""

import base64
import re
from dataclasses import replace
from hashlib import sha256

import httpx
import pytest

from paradeiro.cli.accounts.accounts import make_key
from paradeiro.db.customers.brands import put_brand
from paradeiro.db.pool import transaction
from paradeiro.domain.customers.brand import Brand, Logo
from paradeiro.flow.customers.tracking_links import tracking_link
from paradeiro.web.track.branding import page_branding
from tests.domain.customers.test_brand import PNG
from tests.flow.conftest import Shop
from tests.flow.test_main_line import DELIVERED, OUT, POSTED, SOLD_ELSEWHERE
from tests.web.customers.test_track import customer  # noqa: F401 - a fixture

BRAND = Brand(
    "#7a1f3d",
    "Georgia, serif",
    "Loja Ltda\nCNPJ 00",
    "oi@loja.com.br",
    "+55 11 1234-5678",
    "https://loja.com.br",
    logo=Logo(PNG, "image/png", 200, 50),
)


async def branded(shop: Shop, brand: Brand = BRAND) -> str:
    """A package that is out for delivery; its link."""
    async with transaction(shop.context.pool) as connection:
        await put_brand(connection, shop.store_id, brand)
    shipment = await shop.register("AA1", SOLD_ELSEWHERE)
    shop.outside.say("AA1", POSTED, OUT)
    await shop.ask(shipment, days=1, hours=1)
    return f"/t/{(await shop.shipment_row(shipment)).shipment.tracking_token}"


async def test_the_page_wears_the_stores_brand(customer: httpx.AsyncClient, shop: Shop) -> None:  # noqa: F811 - fixture
    link = await branded(shop)
    answer = await customer.get(link)
    style = re.search(r"<style>(.*?)</style>", answer.text)
    assert style
    assert "--accent:#7a1f3d" in style[1]
    assert "font-family:Georgia, serif" in style[1]
    mark = base64.b64encode(sha256(style[1].encode()).digest()).decode()
    assert f"'sha256-{mark}'" in answer.headers["content-security-policy"], "else the browser leaves it out"
    assert f'<img src="{link}/logo" alt="Loja" height="32" width="128">' in answer.text
    for part in ("mailto:oi@loja.com.br", "+55 11 1234-5678", 'href="https://loja.com.br"', "CNPJ 00"):
        assert part in answer.text
    logo = await customer.get(f"{link}/logo")
    assert (logo.content, logo.headers["content-type"]) == (PNG, "image/png")
    assert len(answer.content) < 50_000


async def test_a_store_without_a_brand_shows_its_name(customer: httpx.AsyncClient, shop: Shop) -> None:  # noqa: F811 - fixture
    link = await branded(shop, Brand())
    page = (await customer.get(link)).text
    assert "<strong>Loja</strong>" in page
    assert "<img" not in page
    assert 'class="contact' not in page
    assert (await customer.get(f"{link}/logo")).status_code == 404
    assert (await customer.get("/t/nowhere/logo")).status_code == 404


async def test_the_same_as_json(customer: httpx.AsyncClient, shop: Shop) -> None:  # noqa: F811 - fixture
    link = await branded(shop)
    answer = await customer.get(f"{link}.json", params={"lang": "en"})
    told = answer.json()
    assert (told["store"], told["order"], told["language"]) == ("Loja", "M-9", "en")
    package = told["packages"][0]
    assert package["status"] == "out_for_delivery"
    assert package["sentence"].startswith("Out for delivery today in Itu")
    assert [e["text"] for e in package["events"]] == ["Out for delivery", "Posted"]
    assert answer.headers["access-control-allow-origin"] == "*"
    for private in ("Ana", "ana@example.com", "2001", "OEC"):
        assert private not in answer.text
    mark = {"If-None-Match": answer.headers["etag"]}
    assert (await customer.get(f"{link}.json", params={"lang": "en"}, headers=mark)).status_code == 304
    shop.outside.say("AA1", POSTED, OUT, DELIVERED)
    await shop.ask(1, hours=5)
    newer = await customer.get(f"{link}.json", params={"lang": "en"}, headers=mark)
    assert (newer.status_code, newer.json()["packages"][0]["status"]) == (200, "delivered")
    nowhere = await customer.get("/t/nowhere.json")
    assert (nowhere.status_code, nowhere.json()["error"]["code"]) == (404, "not_found")


async def test_in_a_frame_of_the_shops_own(customer: httpx.AsyncClient, shop: Shop) -> None:  # noqa: F811 - fixture
    link = await branded(shop)
    framed, whole = await customer.get(f"{link}/embed"), await customer.get(link)
    assert "frame-ancestors *" in framed.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in whole.headers["content-security-policy"]
    assert "x-frame-options" not in framed.headers
    assert whole.headers["x-frame-options"] == "DENY"
    assert "<script" not in framed.text
    assert "Saiu para entrega hoje em Itu" in framed.text
    for head_and_foot in ("letterhead", "<footer", "CNPJ"):
        assert head_and_foot not in framed.text
    assert (await customer.get("/t/nowhere/embed")).status_code == 404


@pytest.mark.parametrize("brand", [Brand(), BRAND, replace(BRAND, font="'Open Sans', \"Ubuntu\", sans-serif")])
def test_no_part_of_a_brand_leaves_its_place(brand: Brand) -> None:
    worn = page_branding(brand)
    assert "<" not in worn.style
    assert worn.style.count("{") == worn.style.count("}")
    assert page_branding(brand) == worn


async def test_links_go_by_the_stores_own_name(customer: httpx.AsyncClient, shop: Shop) -> None:  # noqa: F811 - fixture
    link = await branded(shop, replace(BRAND, host="rastreio.loja.com.br"))
    async with shop.context.pool.connection() as connection:
        here = await tracking_link(shop.context, connection, shop.store_id)
        elsewhere = await tracking_link(shop.context, connection, shop.store_id + 1)
    assert here == "https://rastreio.loja.com.br/t/"
    assert elsewhere == "https://rastreio.example.com/t/"
    answer = await customer.get(link, headers={"Host": "rastreio.loja.com.br"})
    assert answer.status_code == 200, "whatever name it comes by"
    _, key = await make_key(shop.context, "Loja", name="erp")
    told = (await customer.get("/api/v1/shipments/1", headers={"X-API-Key": key})).json()
    assert told["tracking_link"] == f"https://rastreio.loja.com.br{link}"
