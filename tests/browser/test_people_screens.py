"""Signing in, people, keys, the audit log and one's own page in a real browser, from the first link on."""

from datetime import timedelta

import pyotp
import pytest

from paradeiro.app import real_clock
from paradeiro.db.pool import transaction
from paradeiro.domain.words import LinkPurpose, Role
from paradeiro.flow.people.new_links import make_link
from tests.browser.test_screens import _fits, _page, _served, pytestmark
from tests.flow.conftest import Shop, shop
from tests.web.signing_in import PASSWORD, add_person

__all__ = ["pytestmark", "shop"]
WIDTHS = [390, 1024, 1440]


@pytest.mark.parametrize("width", WIDTHS)
async def test_from_the_first_link_to_a_colleague_at_work(shop: Shop, width: int) -> None:
    await shop.register("AA1")
    async with transaction(shop.context.pool) as connection:
        first = await make_link(shop.context, connection, None, LinkPurpose.FIRST, now=real_clock())
    async with _served(shop, first) as (address, path), _page(width, "light") as page:
        await page.goto(address + path)
        await _fits(page, f"first-administrator-{width}")
        await page.get_by_label("Nome").fill("Ana Souza")
        await page.get_by_label("E-mail").fill("ana@loja.example.com")
        await page.get_by_label("Nova senha").fill(PASSWORD)
        await page.get_by_role("button", name="Salvar e entrar").click()
        await page.wait_for_url(f"{address}/")
        await page.goto(f"{address}/people")
        await page.get_by_label("Nome").fill("Duda da Silva e Albuquerque de Orléans")
        await page.get_by_label("E-mail").fill("duda.da.silva.albuquerque@loja-com-nome-comprido.example.com")
        await page.get_by_role("button", name="Convidar").click()
        link = await page.locator("[role=status] .code").inner_text()
        await _fits(page, f"people-invited-{width}")
        await page.goto(f"{address}/people")
        await page.locator("summary.button").first.click()
        await _fits(page, f"people-{width}")
        await page.goto(f"{address}/keys")
        await page.get_by_label("Quem vai usar").fill("ERP")
        await page.get_by_label("pacotes ler").check()
        await page.get_by_role("button", name="Fazer uma chave").click()
        assert (await page.locator("[role=status] .code").inner_text()).startswith("pk_")
        await _fits(page, f"keys-{width}")
        await page.goto(f"{address}/audit")
        assert "pessoa incluída" in await page.inner_text("main")
        await _fits(page, f"audit-{width}")
        await page.goto(f"{address}/profile")
        await _fits(page, f"profile-{width}")
        await page.get_by_role("button", name="Sair").first.click()
        await page.wait_for_url(f"{address}/sign-in")
        await page.goto(link)
        await _fits(page, f"invitation-{width}")
        await page.get_by_label("Nova senha").fill(PASSWORD)
        await page.keyboard.press("Enter")
        await page.wait_for_url(f"{address}/")
        assert await page.get_by_role("link", name="Pessoas").count() == 0


@pytest.mark.parametrize("width", [390, 1440])
async def test_a_second_factor_is_begun_and_asked_for(shop: Shop, width: int) -> None:
    await add_person(shop.context, shop.store_id, "Ana", Role.OPERATOR, password=PASSWORD)
    async with _served(shop, "/sign-in") as (address, path), _page(width, "dark") as page:

        async def sign_in() -> None:
            await page.goto(address + path)
            await page.get_by_label("E-mail").fill("ana@loja.example.com")
            await page.get_by_label("Senha").fill(PASSWORD)
            await page.keyboard.press("Enter")

        await sign_in()
        await page.wait_for_url(f"{address}/")
        await page.goto(f"{address}/profile")
        await page.get_by_text("Pedir códigos").first.click()
        secret = await page.locator("form .code").inner_text()
        assert await page.locator("img.qr").evaluate("(image) => image.naturalWidth") > 100
        await _fits(page, f"second-factor-{width}")
        totp = pyotp.TOTP(secret)
        await page.get_by_label("Código", exact=True).fill(totp.at(real_clock() - timedelta(seconds=30)))
        await page.get_by_role("button", name="Pedir códigos").click()
        assert "Pedimos códigos a partir de agora" in await page.inner_text("[role=status]")
        await page.get_by_role("button", name="Sair").first.click()
        await page.wait_for_url(f"{address}/sign-in")
        await sign_in()
        await page.wait_for_selector("input[name=code]")
        await _fits(page, f"sign-in-code-{width}")
        await page.get_by_label("Código").fill(totp.at(real_clock()))
        await page.keyboard.press("Enter")
        await page.wait_for_url(f"{address}/")


async def test_what_a_viewer_may_not_see_says_so(shop: Shop) -> None:
    await add_person(shop.context, shop.store_id, "Caio", Role.VIEWER, password=PASSWORD)
    async with _served(shop, "/sign-in") as (address, path), _page(390, "light", refused=True) as page:
        await page.goto(address + path)
        await page.get_by_label("E-mail").fill("caio@loja.example.com")
        await page.get_by_label("Senha").fill(PASSWORD)
        await page.keyboard.press("Enter")
        await page.wait_for_url(f"{address}/")
        await page.goto(f"{address}/people")
        assert "O seu papel não permite isto" in await page.inner_text("h1")
        await _fits(page, "not-allowed-390")
