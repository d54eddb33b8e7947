"""The company's account in a real browser: to the provider, which is another site, and back."""

from dataclasses import replace

import pytest

from paradeiro.app import real_clock
from paradeiro.flow.people.openid_provider import OpenIdClient, OpenIdProvider
from tests.browser.test_axe import DESK, PHONE, _browser, _look_here
from tests.browser.test_axe import _page as _page_of
from tests.browser.test_screens import _fits, _page, _served, pytestmark, shop
from tests.flow.conftest import Shop
from tests.web.people.provider import CLIENT, SECRET, Provider, serve
from tests.web.signing_in import add_person

__all__ = ["pytestmark", "shop"]
BIA = {"sub": "b-17", "email": "bia@loja.example.com", "email_verified": True}


@pytest.mark.parametrize(("width", "scheme", "label"), [(PHONE, "light", ""), (DESK, "dark", "Loja SSO")])
async def test_there_and_back(shop: Shop, width: int, scheme: str, label: str) -> None:
    words = f"Entrar com {label or 'a conta da empresa'}"
    with serve(Provider(now=lambda: real_clock().timestamp(), person=BIA | {"email_verified": False})) as provider:
        client = OpenIdProvider(OpenIdClient(provider.issuer, CLIENT, SECRET, label))
        there = replace(shop, context=replace(shop.context, public_url="http://127.0.0.1", openid=client))
        await add_person(shop.context, shop.store_id)
        async with _served(there) as (served, _), _page(width, scheme) as page:
            address = served.replace("127.0.0.1", "localhost")  # so the provider is another site
            await page.goto(f"{address}/sign-in")
            await _fits(page, f"openid-sign-in-{width}-{scheme}")
            found = await _look_here(page)
            provider.person = BIA
            await page.get_by_role("link", name=words).click()
            await page.wait_for_url(f"{address}/")
            await page.goto(f"{address}/profile")
            assert "· conta da empresa ·" in await page.inner_text("main")
            await page.locator("header").get_by_role("button", name="Sair").click()
            await page.wait_for_url(f"{address}/sign-in")
    assert found == []


async def test_a_refusal_is_read_on_the_sign_in_page(shop: Shop) -> None:
    with serve(Provider(now=lambda: real_clock().timestamp(), person=BIA)) as provider:
        client = OpenIdProvider(OpenIdClient(provider.issuer, CLIENT, SECRET))
        there = replace(shop, context=replace(shop.context, public_url="http://127.0.0.1", openid=client))
        # A refusal's status is an error on the console.
        async with _served(there) as (address, _), _browser() as browser, _page_of(browser, PHONE, "dark") as page:
            provider.now = lambda: real_clock().timestamp() - 7200
            await page.goto(f"{address}/sign-in")
            await page.get_by_role("link", name="Entrar com a conta da empresa").click()
            await page.get_by_role("alert").first.wait_for()
            assert "não confirmou quem você é" in await page.inner_text("[role=alert]")
            await _fits(page, "openid-refused-390-dark")
            assert await _look_here(page) == []
