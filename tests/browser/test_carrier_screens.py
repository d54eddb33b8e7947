"""What an operator sees of carriers, in a real browser: codes that nobody knows, files, feeds and quotas."""

from datetime import timedelta

import pytest

from paradeiro.db.carriers import carrier_feeds
from paradeiro.db.pool import transaction
from paradeiro.flow.carriers.lookup_quota import set_monthly
from tests.browser.test_screens import _fits, _page, _served, pytestmark
from tests.flow.conftest import Shop, shop
from tests.flow.following.test_file_intake import open_desk
from tests.web.accounts.test_wrong_carrier_page import open_misled_place

__all__ = ["pytestmark", "shop"]
LONG_CODE = "OCORRENCIA-SEM-NOME-DA-TRANSPORTADORA-0091-B"
WIDTHS = pytest.mark.parametrize("width", [390, 1024, 1440])


@WIDTHS
async def test_a_code_gets_its_meaning_where_its_notice_is_read(shop: Shop, width: int) -> None:
    desk = await open_desk(shop)
    for at in range(3):
        await desk.register(f"AA{at}", f"100{at}")
        await desk.take(desk.line(f"AA{at}", "MOV", -60) + desk.line(f"AA{at}", LONG_CODE if at else "91"))
    await desk.shop.run()
    async with _served(desk.shop) as (address, sign_in), _page(width, "light") as page:
        await page.goto(address + sign_in)
        await page.goto(f"{address}/notices")
        assert "(em 3 pacotes)" in await page.inner_text("main"), "a file is not about one package"
        await _fits(page, f"notices-codes-{width}")
        await page.get_by_role("link", name="dizer o que significam").click()
        await page.wait_for_url("**/codes")
        assert await page.locator("tbody tr").count() == 2
        await _fits(page, f"codes-{width}")
        row = page.locator("tr", has_text=LONG_CODE)
        await row.get_by_role("combobox").select_option(label="Extraviado")
        await row.get_by_role("button").click()
        await page.wait_for_selector("[role=status]")
        await _fits(page, f"codes-said-{width}")
        await page.goto(f"{address}/orders/1001")
        assert "Extraviado" in await page.inner_text("main")


@WIDTHS
async def test_a_wrong_carrier_is_put_right_on_its_notice(shop: Shop, width: int) -> None:
    place = await open_misled_place(shop)
    async with _served(place.shop) as (address, sign_in), _page(width, "light") as page:
        await page.goto(address + sign_in)
        await page.goto(f"{address}/notices")
        await _fits(page, f"notices-carrier-{width}")
        await page.get_by_role("button", name="Passar para regional").click()
        await page.wait_for_selector("[role=status]")
        assert "Passado: a outra transportadora" in await page.inner_text("main")
        await _fits(page, f"notices-carrier-moved-{width}")


@WIDTHS
async def test_files_and_what_was_wrong_in_them_fit(shop: Shop, width: int) -> None:
    desk = await open_desk(shop)
    await desk.register("AA1")
    async with _served(desk.shop) as (address, sign_in), _page(width, "light") as page:
        await page.goto(address + sign_in)
        await page.goto(f"{address}/files")
        name = "OCOREN_TRANSPORTES_SAO_GERALDO_2026-11-20_0001.txt"
        wrong = b"!a line that has too few columns to be an occurrence of this carrier\n"
        body = desk.line("AA1", "OUT").encode() * 2 + wrong
        await page.set_input_files("#file", {"name": name, "mimeType": "text/plain", "buffer": body})
        await page.get_by_role("button", name="Enviar").click()
        await page.wait_for_selector("[role=status]")
        assert name in await page.inner_text("main")
        await _fits(page, f"files-{width}")


@WIDTHS
async def test_accounts_with_feeds_and_quotas_fit(shop: Shop, width: int) -> None:
    desk = await open_desk(shop)
    await set_monthly(shop.context, shop.store_id, shop.accounts["posta"], 500)
    async with transaction(shop.context.pool) as connection:
        await carrier_feeds.mark_read(connection, shop.accounts["posta"], now=shop.clock())
        await carrier_feeds.mark_failing(connection, desk.account_id, now=shop.clock() - timedelta(hours=5))
    async with _served(desk.shop) as (address, sign_in), _page(width, "light") as page:
        await page.goto(address + sign_in)
        await page.goto(f"{address}/accounts")
        assert "0 de 500 consultas deste mês" in await page.inner_text("main")
        await _fits(page, f"accounts-carriers-{width}")
