"""Nothing that keeps a person from reading or using a page: axe finds no serious or critical fault on any of them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.async_api import Browser, Page, async_playwright

from paradeiro.cli.mail_preview import Dressed, write
from paradeiro.connectors import discover
from paradeiro.domain.brand import logo_of
from paradeiro.world.correios_proofs import picture
from tests.browser.states import BRAND, SEVERAL, every_state
from tests.browser.test_screens import ARGUMENTS, CHROMIUM, _served, pytestmark, shop
from tests.flow.conftest import Shop

__all__ = ["pytestmark", "shop"]
PHONE, DESK = 390, 1440
_FOUND = """async () => {
  const {violations} = await axe.run(document, {resultTypes: ['violations']});
  return violations.filter(v => ['serious', 'critical'].includes(v.impact)).map(v => `${v.id}: ` + v.nodes.map(
    n => `${n.target} ${n.html.slice(0, 120)} ${(n.any[0] ?? n.all[0] ?? n.none[0]).message}`).join(' | '));
}"""


@asynccontextmanager
async def _browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        await browser.close()


@asynccontextmanager
async def _page(browser: Browser, width: int, scheme: str) -> AsyncIterator[Page]:
    context = await browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme=scheme,  # type: ignore[arg-type]  # one of the two
        reduced_motion="reduce",
        locale="pt-BR",
    )
    yield await context.new_page()
    await context.close()


async def _look(page: Page, address: str) -> list[str]:
    """What axe finds serious or critical on a page, each with where it is."""
    answer = await page.goto(address)
    assert answer is not None
    assert answer.ok or address.startswith("file:"), f"{address}: {answer.status}"
    return await _look_here(page)


async def _look_here(page: Page) -> list[str]:
    await page.evaluate(AXE_SCRIPT)
    size = page.viewport_size
    return [f"{page.url} at {size and size['width']}: {found}" for found in await page.evaluate(_FOUND)]


@pytest.mark.parametrize(("width", "scheme"), [(PHONE, "light"), (DESK, "dark"), (PHONE, "dark"), (DESK, "light")])
async def test_the_customers_pages(shop: Shop, width: int, scheme: str) -> None:
    tokens = await every_state(shop)
    found: list[str] = []
    async with _served(shop) as (address, _), _browser() as browser, _page(browser, width, scheme) as page:
        for token in tokens.values():
            found += await _look(page, f"{address}/t/{token}")
        for part in ("embed", "mails", "unsubscribe", "data"):
            found += await _look(page, f"{address}/t/{tokens[SEVERAL]}/{part}")
        for language in ("en", "es"):
            found += await _look(page, f"{address}/t/{tokens['available-for-pickup']}?lang={language}")
    assert found == []
