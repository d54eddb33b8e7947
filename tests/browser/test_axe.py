"""Nothing that keeps a person from reading or using a page: axe finds no serious or critical fault on any of them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from axe_playwright_python.base import AXE_SCRIPT
from playwright.async_api import Browser, Page, async_playwright

from paradeiro.cli.outbox.mail_preview import PreviewData, write
from paradeiro.connectors import discover
from paradeiro.db.customers import mail_addresses
from paradeiro.db.following import shipments
from paradeiro.domain.customers.brand import logo_of
from paradeiro.simulator.carriers.correios_proofs import draw_picture
from tests.browser.states import BRAND, NAME, SEVERAL, every_state
from tests.browser.test_screens import ARGUMENTS, CHROMIUM, MISSING, _served, pytestmark, shop
from tests.flow.conftest import Shop
from tests.web.signing_in import PASSWORD, add_person

__all__ = ["pytestmark", "shop"]
PHONE, DESK = 390, 1440
_FOUND = """async () => {
  const {violations} = await axe.run(document, {resultTypes: ['violations'], preload: false, iframes: false});
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
    browser_context = await browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme=scheme,  # type: ignore[arg-type]  # one of the two
        reduced_motion="reduce",
        locale="pt-BR",
    )
    yield await browser_context.new_page()
    await browser_context.close()


async def _look(page: Page, address: str, status: int = 200) -> list[str]:
    """What axe finds serious or critical on a page, each with where it is."""
    answer = await page.goto(address)
    assert answer is not None
    assert answer.status == status, f"{address}: {answer.status}"
    return await _look_here(page)


async def _look_here(page: Page) -> list[str]:
    await page.evaluate(AXE_SCRIPT)
    await page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    size = page.viewport_size
    return [f"{page.url} at {size and size['width']}: {found}" for found in await page.evaluate(_FOUND)]


# What a colour is said on depends on the scheme, what is there at all on the width: crossing both adds little, so it is
# done for pages on which there is most.
MATRIX = ((PHONE, "light"), (DESK, "dark"))
CROSSED = ((PHONE, "dark"), (DESK, "light"))


async def test_every_state_of_the_customers_page(shop: Shop) -> None:
    tokens = await every_state(shop, with_logo=True)
    found: list[str] = []
    async with _served(shop) as (address, _), _browser() as browser:
        for width, scheme in MATRIX:
            async with _page(browser, width, scheme) as page:
                for token in tokens.values():
                    found += await _look(page, f"{address}/t/{token}")
        for width, scheme in CROSSED:
            async with _page(browser, width, scheme) as page:
                for name, language in (("available-for-pickup", "en"), ("delivery-taken-back", "es"), (SEVERAL, "")):
                    found += await _look(page, f"{address}/t/{tokens[name]}?lang={language}")
    assert found == []


async def test_the_customers_other_pages(shop: Shop) -> None:
    tokens = await every_state(shop, with_logo=True)
    mine = f"/t/{tokens[SEVERAL]}"
    found: list[str] = []
    async with _served(shop) as (address, _), _browser() as browser:
        for (width, scheme), language in zip(MATRIX, ("pt-BR", "en"), strict=True):
            async with _page(browser, width, scheme) as page:
                for path in (f"{mine}/embed", f"{mine}/mails", f"{mine}/unsubscribe", f"{mine}/data", "/t/"):
                    found += await _look(page, f"{address}{path}?lang={language}")
                await page.locator("#number").fill("1")
                await page.locator("#typed").fill("nobody")
                await page.keyboard.press("Enter")
                await page.get_by_role("alert").wait_for()
                found += await _look_here(page)
                await page.goto(f"{address}{mine}/mails?lang={language}")
                await page.locator("#address").fill("bia@example.org")
                await page.keyboard.press("Enter")
                await page.get_by_role("status").wait_for()
                found += await _look_here(page)
                found += await _look(page, f"{address}/t/confirm/{await _code(shop, tokens[SEVERAL])}?lang={language}")
                found += await _look(page, f"{address}/t/nobody", status=404)
        for width, scheme in CROSSED:
            async with _page(browser, width, scheme) as page:
                for path in ("mails", "data"):
                    found += await _look(page, f"{address}{mine}/{path}?lang=es")
    assert found == []


async def _code(shop: Shop, token: str) -> str:
    """Behind which a new address waits for its yes."""
    async with shop.context.pool.connection() as connection:
        row = await shipments.by_token(connection, token)
        assert row is not None
        return (await mail_addresses.pending_request(connection, [row.order_id]))[row.order_id].code


async def test_the_mails(tmp_path: Path) -> None:
    logo = logo_of(draw_picture("LOJA"))
    assert not isinstance(logo, str), logo
    brand = replace(BRAND, accent="#7a1f3d", font="Georgia, serif", logo=logo)
    stores = {"plain": PreviewData(name=NAME), "brand": PreviewData(name=NAME, brand=brand)}
    for store, dressed in stores.items():
        write(tmp_path / store, discover()["email"], dressed)
    found: list[str] = []
    async with _browser() as browser:
        for (width, scheme), which in (
            (MATRIX[0], "plain/*.pt-BR"),
            (MATRIX[1], "brand/*.pt-BR"),
            (CROSSED[0], "plain/pickup*.pt-BR"),
            (CROSSED[1], "brand/pickup*.pt-BR"),
            (MATRIX[0], "brand/pickup*.e[ns]"),
        ):
            async with _page(browser, width, scheme) as page:
                files = sorted(tmp_path.glob(f"{which}.html"))
                assert files, which
                for file in files:
                    found += await _look(page, file.as_uri())
    assert found == []


async def test_the_operators_screens(shop: Shop) -> None:
    await every_state(shop, with_logo=True)
    shop.outside.fail("loja", "auth")
    await shop.register("AA1", invoice="NF-LOST")
    await shop.later(days=1)
    assert await shop.notices(), "there is one to look at"
    await add_person(shop.context, shop.store_id, "Ana", password=PASSWORD)
    found: list[str] = []
    async with _served(shop) as (address, _), _browser() as browser:
        for width, scheme in MATRIX:
            async with _page(browser, width, scheme) as page:
                found += await _look(page, f"{address}/sign-in")
                await page.get_by_label("E-mail").fill("ana@loja.example.com")
                await page.get_by_label("Senha").fill(PASSWORD)
                await page.keyboard.press("Enter")
                await page.wait_for_url(f"{address}/")
                for path in (
                    "",
                    "orders/1307463599-01",
                    "notices",
                    "accounts",
                    "couriers",
                    "people",
                    "keys",
                    "audit",
                    "profile",
                    "replies/1",
                    "import",
                    "docs",
                ):
                    found += await _look(page, f"{address}/{path}")
                found += await _look(page, f"{address}/{MISSING}", status=404)
                found += await _look(page, f"{address}/?lang=en")
    assert found == []
