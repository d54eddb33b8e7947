"""The customer's pages in a real browser, as a store looks: its own policy refuses nothing, nothing sticks out."""

import struct
import zlib
from dataclasses import replace

import pytest

from paradeiro.db.customers import mail_addresses
from paradeiro.db.customers.brands import put_brand
from paradeiro.db.pool import transaction
from paradeiro.domain.customers.brand import Brand, Logo
from paradeiro.domain.records import Customer
from tests.browser.test_screens import _fits, _page, _served, pytestmark, shop
from tests.flow.conftest import Shop
from tests.flow.test_main_line import OUT, POSTED, SOLD_ELSEWHERE

__all__ = ["pytestmark", "shop"]
BRAND = Brand(
    "#7a1f3d",
    "Georgia, serif",
    "Ateliê Ñandú Ltda · CNPJ 00.000.000/0001-00\nRua das Flores, 10 · Campinas/SP",
    "oi@loja.com.br",
    "+55 19 5555-0100",
    "https://loja.com.br",
)


def _png(width: int, height: int) -> bytes:
    """A picture in one colour."""
    rows = b"".join(b"\0" + b"\x7a\x1f\x3d" * width for _ in range(height))
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    )
    chunks = (struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in parts)
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1024, 1440])
async def test_the_page_as_the_store_looks(shop: Shop, width: int, scheme: str) -> None:
    logo = Logo(_png(160, 40), "image/png", 160, 40)
    async with transaction(shop.context.pool) as connection:
        await put_brand(connection, shop.store_id, replace(BRAND, logo=logo))
    shipment = await shop.register("AA123456785BR", SOLD_ELSEWHERE)
    shop.outside.say("AA123456785BR", POSTED, OUT)
    await shop.ask(shipment, days=1, hours=1)
    token = (await shop.shipment_row(shipment)).shipment.tracking_token
    async with _served(shop) as (address, _), _page(width, scheme) as page:
        await page.goto(f"{address}/t/{token}")
        accent = await page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--accent')")
        assert accent == ("#7a1f3d" if scheme == "light" else BRAND.accent_in_dark)
        assert await page.evaluate("document.querySelector('.letterhead img').naturalWidth") == 160
        await _fits(page, f"track-brand-{width}-{scheme}")
        await page.goto(f"{address}/t/{token}/embed")
        await _fits(page, f"track-embed-{width}-{scheme}")
        await page.get_by_text("Saiu para entrega hoje").wait_for()
        await page.goto(f"{address}/t/{token}/mails")
        await page.get_by_label("Só os importantes").check()
        await page.get_by_role("button", name="Guardar").click()
        await page.get_by_role("status").wait_for()
        await _fits(page, f"track-mails-{width}-{scheme}")
        await page.goto(f"{address}/t/{token}/unsubscribe")
        await _fits(page, f"track-unsubscribe-{width}-{scheme}")
        await page.goto(f"{address}/t/{token}/data")
        await _fits(page, f"track-data-{width}-{scheme}")
        await page.get_by_role("button", name="Pedir que apaguem meus dados").click()
        await page.get_by_role("status").wait_for()
        await _fits(page, f"track-data-asked-{width}-{scheme}")


async def test_on_paper_it_is_black_on_white(shop: Shop) -> None:
    shipment = await shop.register("AA123456785BR", SOLD_ELSEWHERE)
    shop.outside.say("AA123456785BR", POSTED, OUT)
    await shop.ask(shipment, days=1, hours=1)
    token = (await shop.shipment_row(shipment)).shipment.tracking_token
    async with _served(shop) as (address, _), _page(794, "dark") as page:
        await page.goto(f"{address}/t/{token}")
        await page.emulate_media(media="print")
        assert await page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert not await page.get_by_text("English").is_visible()
        await _fits(page, "track-print")


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1440, "dark")])
async def test_a_package_is_found_without_a_link(shop: Shop, width: int, scheme: str) -> None:
    customer = Customer("Ana", "ana@example.com", postal_code="01001-000")
    shipment = await shop.register("AA123456785BR", replace(SOLD_ELSEWHERE, customer=customer))
    shop.outside.say("AA123456785BR", POSTED, OUT)
    await shop.ask(shipment, days=1, hours=1)
    async with _served(shop) as (address, _), _page(width, scheme) as page:
        await page.goto(f"{address}/t/")
        await _fits(page, f"track-find-{width}-{scheme}")
        await page.get_by_label("Número do pedido").fill("2001")
        await page.get_by_label("CEP ou e-mail").fill("01001-001")
        await page.get_by_role("button", name="Encontrar").click()
        await page.get_by_role("alert").wait_for()
        await _fits(page, f"track-find-wrong-{width}-{scheme}")
        await page.get_by_label("CEP ou e-mail").fill("01001 000")
        await page.keyboard.press("Enter")
        await page.get_by_text("Saiu para entrega hoje").first.wait_for()


async def test_an_open_page_keeps_itself_up_to_date(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paradeiro.web.track.live.EVERY_SECONDS", 0.1)
    shipment = await shop.register("AA123456785BR", SOLD_ELSEWHERE)
    shop.outside.say("AA123456785BR", POSTED)
    await shop.ask(shipment, hours=2)
    token = (await shop.shipment_row(shipment)).shipment.tracking_token
    async with _served(shop) as (address, _), _page(390, "light") as page:
        await page.goto(f"{address}/t/{token}")
        before = await page.locator("h1").inner_text()
        shop.outside.say("AA123456785BR", POSTED, OUT)
        await shop.ask(shipment, days=1)
        await page.get_by_text("Saiu para entrega hoje").first.wait_for()
        assert await page.locator("h1").inner_text() != before
        assert await page.locator("main").count() == 1
        assert "Saiu para entrega" in await page.get_by_role("status").inner_text(), "a screen reader says it"
        assert "Saiu para entrega" in await page.title()


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1440, "dark")])
async def test_another_address(shop: Shop, width: int, scheme: str) -> None:
    shipment = await shop.register("AA123456785BR", SOLD_ELSEWHERE)
    row = await shop.shipment_row(shipment)
    async with _served(shop) as (address, _), _page(width, scheme) as page:
        await page.goto(f"{address}/t/{row.shipment.tracking_token}/mails")
        await page.get_by_label("Novo endereço de e-mail").fill("bia@example.org")
        await page.get_by_role("button", name="Mandar a mensagem").click()
        await page.get_by_role("status").wait_for()
        await _fits(page, f"track-address-{width}-{scheme}")
        async with shop.context.pool.connection() as connection:
            code = (await mail_addresses.pending_request(connection, [row.order_id]))[row.order_id].code
        await page.goto(f"{address}/t/confirm/{code}")
        await _fits(page, f"track-confirm-{width}-{scheme}")
        await page.get_by_role("button", name="Sim, quero receber aqui").click()
        await page.get_by_text("Pronto: os avisos chegam em bia@example.org.").wait_for()
