"""Passkeys in a real browser, with a virtual authenticator: made, used, refused, removed; none without scripts."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from playwright.async_api import CDPSession, Page, async_playwright

from tests.browser.test_axe import DESK, PHONE, _look_here
from tests.browser.test_screens import ARGUMENTS, CHROMIUM, _fits, _page, _served, pytestmark, shop
from tests.flow.conftest import Shop
from tests.web.signing_in import PASSWORD, add_person

__all__ = ["pytestmark", "shop"]
BUTTON = "Entrar com chave de acesso"
# A platform authenticator, as of a phone or a laptop (CDP, domain WebAuthn).
_DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@asynccontextmanager
async def _by_name(shop: Shop) -> AsyncIterator[str]:
    """The application at an address with a name: an IP address has no passkeys."""
    there = replace(shop, context=replace(shop.context, public_url="http://127.0.0.1"))
    await add_person(shop.context, shop.store_id, "Ana", password=PASSWORD)
    async with _served(there) as (address, _):
        yield address.replace("127.0.0.1", "localhost")


async def _device(page: Page) -> tuple[CDPSession, str]:
    session = await page.context.new_cdp_session(page)
    await session.send("WebAuthn.enable")
    made = await session.send("WebAuthn.addVirtualAuthenticator", {"options": _DEVICE})
    return session, made["authenticatorId"]


async def _type_password(page: Page, address: str) -> None:
    await page.goto(f"{address}/sign-in")
    await page.get_by_label("E-mail").fill("ana@loja.example.com")
    await page.get_by_label("Senha").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"{address}/")


async def _sign_out(page: Page, address: str) -> None:
    await page.goto(f"{address}/profile")
    await page.locator("header").get_by_role("button", name="Sair").click()
    await page.wait_for_url(f"{address}/sign-in")


@pytest.mark.parametrize(("width", "scheme"), [(PHONE, "light"), (DESK, "dark")])
async def test_a_passkey_from_being_made_to_being_removed(shop: Shop, width: int, scheme: str) -> None:
    found: list[str] = []
    async with _by_name(shop) as address, _page(width, scheme) as page:
        session, device = await _device(page)
        await _type_password(page, address)
        await page.goto(f"{address}/profile")
        await page.get_by_text("Criar chave de acesso").first.click()
        await page.get_by_label("Nome, para você reconhecer").fill("Celular da Ana")
        await _fits(page, f"passkey-new-{width}-{scheme}")
        found += await _look_here(page)
        await page.locator("#passkey").get_by_role("button").click()
        await page.get_by_role("status").wait_for()
        assert "vale a partir de agora" in await page.inner_text("[role=status]")
        assert "Celular da Ana" in await page.inner_text("main")
        await _fits(page, f"passkey-made-{width}-{scheme}")
        found += await _look_here(page)
        (kept,) = (await session.send("WebAuthn.getCredentials", {"authenticatorId": device}))["credentials"]
        assert (kept["rpId"], kept["isResidentCredential"]) == ("localhost", True)
        await page.locator("#passkey").get_by_role("button").click()
        await page.locator("#passkey [role=alert]").wait_for()
        assert "já tem uma chave de acesso sua" in await page.inner_text("#passkey")

        await _sign_out(page, address)
        await _fits(page, f"passkey-sign-in-{width}-{scheme}")
        found += await _look_here(page)
        await page.get_by_role("button", name=BUTTON).click()
        await page.wait_for_url(f"{address}/")
        await page.goto(f"{address}/profile")
        assert "· chave de acesso ·" in await page.inner_text("main")

        await _sign_out(page, address)
        await session.send("WebAuthn.setUserVerified", {"authenticatorId": device, "isUserVerified": False})
        await page.get_by_role("button", name=BUTTON).click()
        await page.locator("#passkey [role=alert]").wait_for()
        assert "não foi usada" in await page.inner_text("#passkey")
        await _fits(page, f"passkey-cancelled-{width}-{scheme}")
        found += await _look_here(page)
        await session.send("WebAuthn.setUserVerified", {"authenticatorId": device, "isUserVerified": True})
        await page.get_by_role("button", name=BUTTON).click()
        await page.wait_for_url(f"{address}/")

        await page.goto(f"{address}/profile")
        await page.get_by_role("button", name="Remover Celular da Ana").click()
        await page.get_by_role("status").wait_for()
        await _sign_out(page, address)
    assert found == []


async def test_a_passkey_that_was_taken_away_is_refused_in_a_sentence(shop: Shop) -> None:
    async with _by_name(shop) as address, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = await browser.new_page(locale="pt-BR")
        await _device(page)
        await _type_password(page, address)
        await page.goto(f"{address}/profile")
        await page.get_by_text("Criar chave de acesso").first.click()
        await page.locator("#passkey").get_by_role("button").click()
        await page.get_by_role("button", name="Remover").click()
        await page.get_by_text("não vale mais").wait_for()
        await _sign_out(page, address)
        await page.get_by_role("button", name=BUTTON).click()
        await page.get_by_text("não vale aqui").wait_for()
        assert await page.get_by_role("button", name=BUTTON).is_visible(), "and may be tried again"
        await page.goto(f"{address}/sign-in?lang=en")
        assert await page.get_by_role("button", name="Sign in with a passkey").is_visible()
        await browser.close()


async def test_the_password_is_asked_for_on_a_page_of_an_older_session(shop: Shop) -> None:
    async with _by_name(shop) as address, _page(PHONE, "dark") as page:
        await _device(page)
        await _type_password(page, address)
        async with shop.context.pool.connection() as connection:
            await connection.execute("UPDATE operator_session SET begun_at = begun_at - interval '1 hour'")
        await page.goto(f"{address}/profile")
        await page.get_by_text("Criar chave de acesso").first.click()
        await page.locator("#passkey").get_by_label("Senha atual").fill(PASSWORD)
        await _fits(page, "passkey-proof-390-dark")
        assert await _look_here(page) == []
        await page.locator("#passkey").get_by_role("button").click()
        await page.get_by_role("status").wait_for()


async def test_without_scripts_and_at_an_address_without_a_name_only_the_password_is_there(shop: Shop) -> None:
    async with _by_name(shop) as address, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for where, scripts in ((address, False), (address.replace("localhost", "127.0.0.1"), True)):
            context = await browser.new_context(java_script_enabled=scripts, locale="pt-BR")
            page = await context.new_page()
            await page.goto(f"{where}/sign-in")
            assert await page.get_by_role("button").all_inner_texts() == ["Entrar"]
            await _type_password(page, where)
            await page.goto(f"{where}/profile")
            assert not await page.get_by_text("Criar chave de acesso").first.is_visible()
            await context.close()
        await browser.close()
