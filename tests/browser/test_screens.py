"""The screens in a real browser: phone and desk, light and dark, from signing in to a confirmed delivery."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import uvicorn
from playwright.async_api import Page, async_playwright

from paradeiro.app import real_clock
from paradeiro.db.accounts import stores
from paradeiro.db.pool import transaction
from paradeiro.domain.records import Customer, Invoice, Order
from paradeiro.domain.words import ProofKind
from paradeiro.flow.orders.intake import take_orders
from paradeiro.simulator.carriers.correios_proofs import draw_picture
from tests.flow.conftest import ANA, Shop, shop
from tests.flow.test_main_line import DELIVERED, OUT, POSTED
from tests.web.apps import create_app
from tests.web.signing_in import PASSWORD, add_person, sign_in_link

__all__ = ["shop"]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PICTURES = Path(__file__).parent.parent / "artifacts"
MISSING = "orders/0"
LONG_NAME = "Maria Aparecida dos Santos Nascimento de Albuquerque e Orléans"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here; with it (apt-get install chromium) they run"),
]


@asynccontextmanager
async def _served(shop: Shop, path: str = "") -> AsyncIterator[tuple[str, str]]:
    """The application on a free port; its address, and the path: one that signs in, unless it is given."""
    async with transaction(shop.context.pool) as connection:
        await stores.add_api_key(
            connection, shop.store_id, name="Bia", key="pk_bia", scopes=["read", "write"], now=shop.clock()
        )
    config = uvicorn.Config(
        create_app(shop.context, real_clock), host="127.0.0.1", port=0, log_level="critical", lifespan="off"
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(server._serve())
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}", path or await sign_in_link(shop.context, shop.store_id)
    finally:
        server.should_exit = True
        await task


@asynccontextmanager
async def _page(width: int, scheme: str, *, refused: bool = False) -> AsyncIterator[Page]:
    """A page of an empty browser; anything said on its console is a failure, but a 403 where one is awaited."""
    said: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        browser_context = await browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=scheme,  # type: ignore[arg-type]  # one of the two
            reduced_motion="reduce",  # a picture is of the end
            locale="pt-BR",
        )
        page = await browser_context.new_page()
        # A page that is not there is itself an error to a browser.
        page.on(
            "console",
            lambda m: (
                m.location["url"].endswith(MISSING)
                or (refused and "403" in m.text)
                or said.append(f"{m.text} {m.location}")
            ),
        )
        page.on("pageerror", lambda error: said.append(str(error)))
        yield page
        await browser.close()
    assert said == []


async def _fits(page: Page, name: str) -> None:
    """Nothing sticks out at the side; a picture is kept."""
    PICTURES.mkdir(exist_ok=True)
    await page.screenshot(path=PICTURES / f"{name}.png", full_page=True)
    width = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert width <= 0, f"{name} sticks out by {width} px"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1024, 1440])
async def test_from_the_list_to_a_confirmed_delivery(shop: Shop, width: int, scheme: str) -> None:
    order = Order("1307463503290-01", Customer(LONG_NAME, "maria@example.com"), "MKT", "M-9", ordered_at=shop.clock())
    shipment = await shop.register("AA123456785BR", order)
    shop.outside.say("AA123456785BR", POSTED, OUT)
    await shop.ask(shipment, days=1, hours=1)
    shop.outside.fail("canal", "auth")
    await add_person(shop.context, shop.store_id, "Ana", password=PASSWORD)
    async with _served(shop) as (address, _), _page(width, scheme) as page:
        await page.goto(address)
        await _fits(page, f"sign-in-{width}-{scheme}")
        await page.get_by_label("E-mail").fill("ana@loja.example.com")
        await page.get_by_label("Senha").fill(PASSWORD)
        await page.keyboard.press("Enter")
        await page.wait_for_url(f"{address}/")
        await _fits(page, f"orders-{width}-{scheme}")
        await page.get_by_role("link", name="1307463503290-01").click()
        assert "Saiu para entrega" in await page.inner_text("main")
        await page.get_by_text("Confirmar a entrega").click()
        assert "o cliente, por e-mail (maria@example.com)" in await page.inner_text("main")
        await _fits(page, f"order-{width}-{scheme}")
        await page.get_by_role("button", name="Confirmar").click()
        await page.wait_for_selector("[role=status]")
        assert "foi entregue" in await page.inner_text(".sentence")
        assert "Entrega confirmada" in await page.inner_text("[role=status]")
        await shop.run()
        for screen in ("notices", "accounts", "replies/1", MISSING, "docs"):
            await page.goto(f"{address}/{screen}", wait_until="load")
            await _fits(page, f"{screen.replace('/', '-')}-{width}-{scheme}")
        token = (await shop.shipment_row(shipment)).shipment.tracking_token
        await page.goto(f"{address}/t/{token}")
        assert "foi entregue" in await page.inner_text("h1")
        await _fits(page, f"track-{width}-{scheme}")
    assert shop.outside.told("mail")[-1]["status"] == "delivered"


@pytest.mark.parametrize("width", [390, 1440])
async def test_no_event_and_three_hundred_of_them_fit(shop: Shop, width: int) -> None:
    order = Order("1001", Customer("X" * 60))
    full = await shop.register("AA1" + "B" * 40, order, "NF-1")
    empty = await shop.register("AA2", order, "NF-2")
    start = shop.clock()
    many = [("RO", (start + timedelta(minutes=n)).isoformat(), "Vila Bela da Santíssima Trindade") for n in range(300)]
    shop.outside.say("AA1" + "B" * 40, *many, words="Objeto-sem-nenhum-espaço-" * 6)
    await shop.ask(full, days=1)
    async with _served(shop) as (address, sign_in), _page(width, "light") as page:
        await page.goto(address + sign_in)
        await page.goto(f"{address}/orders/1001")
        assert await page.locator(".events li").count() == 300
        await _fits(page, f"order-300-{width}")
        assert await page.locator(".events li:visible").count() == 12
        assert await page.locator(".index .mark:visible").count() == 2
        await page.get_by_text("E mais 288 registros anteriores").click()
        assert await page.locator(".events li:visible").count() == 300
        await _fits(page, f"order-300-unfolded-{width}")
        for shipment, name in ((full, "track-300"), (empty, "track-0")):
            token = (await shop.shipment_row(shipment)).shipment.tracking_token
            await page.goto(f"{address}/t/{token}?lang=es")
            await _fits(page, f"{name}-{width}")


@pytest.mark.parametrize("width", [390, 1440])
async def test_proofs_of_a_delivery_are_seen(shop: Shop, width: int) -> None:
    shop.outside.show("AA1", ProofKind.IMAGE, draw_picture("house"), draw_picture("door"))
    shop.outside.show("AA1", ProofKind.SIGNED, b"%PDF-signed")
    shop.outside.say("AA1", POSTED, DELIVERED, proofs=list(ProofKind))
    await shop.ask(await shop.register("AA1"), hours=27)
    async with _served(shop) as (address, sign_in), _page(width, "light") as page:
        await page.goto(address + sign_in)
        await page.goto(f"{address}/orders/1001")
        pictures = page.locator(".proof img:visible")
        assert await pictures.count() == 2
        width_when_fetched = "async (image) => { await image.decode(); return image.naturalWidth }"
        for at in range(2):  # not wait_for_function: what it evaluates while it polls is against the page's policy
            await pictures.nth(at).scroll_into_view_if_needed()
            assert await pictures.nth(at).evaluate(width_when_fetched) == 48
        assert await page.get_by_text("baixar o arquivo").count() == 1
        await _fits(page, f"order-proofs-{width}")


@pytest.mark.parametrize("width", [390, 1024, 1440])
async def test_a_courier_that_nobody_knows_gets_its_rule(shop: Shop, width: int) -> None:
    names = ("Transp. São Geraldo do Norte e Nordeste Cargas Fracionadas", "Rápido Uai")
    sold = [
        Order(f"10{at}", ANA, invoices=(Invoice(f"NF-{at}", courier=names[at % 2], tracking_code=f"SG{at}"),))
        for at in range(5)
    ]
    async with transaction(shop.context.pool) as connection:
        await take_orders(shop.context, connection, shop.store_id, sold)
    async with _served(shop) as (address, sign_in), _page(width, "light") as page:
        await page.goto(address + sign_in)
        await page.goto(f"{address}/couriers")
        assert await page.locator("tbody tr").count() == 2
        await _fits(page, f"couriers-{width}")
        await page.locator("tr", has_text=names[0]).get_by_role("button").click()
        await page.wait_for_selector("[role=status]")
        await _fits(page, f"couriers-rule-{width}")
        assert await page.locator("tbody tr").count() == 2, "one waits still, one has its rule"
        assert "NF" not in await page.inner_text("main")
        await page.goto(f"{address}/orders/100")
        await page.get_by_text("Outra transportadora").wait_for(state="detached")
        await _fits(page, f"order-by-rule-{width}")
    async with shop.context.pool.connection() as connection:
        row = await (await connection.execute("SELECT count(*) FROM shipment")).fetchone()
    assert row == (3,)


async def test_the_keyboard_alone_reaches_an_order(shop: Shop) -> None:
    await shop.register("AA1")
    async with _served(shop) as (address, sign_in), _page(1024, "light") as page:
        await page.goto(address + sign_in)
        for _ in range(20):
            await page.keyboard.press("Tab")
            if await page.evaluate("document.activeElement.textContent") == "1001":
                break
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/orders/1001")
