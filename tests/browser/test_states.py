"""Every state of the customer's page, as it is seen. With PARADEIRO_KEEP_SCREENS=1 the pictures go to docs/screens."""

import os
from pathlib import Path

from playwright.async_api import Page

from paradeiro.cli.outbox.mail_preview import PreviewData, write
from paradeiro.connectors import discover
from paradeiro.domain.words import MailKind
from tests.browser.small_png import small_png
from tests.browser.states import BRAND, NAME, SEVERAL, STATES, every_state
from tests.browser.test_axe import DESK, PHONE, _browser, _page
from tests.browser.test_screens import PICTURES, _served, pytestmark, shop
from tests.flow.conftest import Shop

__all__ = ["pytestmark", "shop"]
KEPT = Path(__file__).parents[2] / "docs" / "screens"
KEEPING = bool(os.environ.get("PARADEIRO_KEEP_SCREENS"))
LARGEST = 60_000
ON_DESK = ("out-for-delivery", "available-for-pickup", "payment-due", "delivered")
MAILS = (MailKind.SHIPPED, MailKind.OUT_FOR_DELIVERY, MailKind.AVAILABLE_FOR_PICKUP, MailKind.DELIVERED)
MAIL_WIDTH = 360
IN_DARK = ("out-for-delivery", "payment-due", "delivered")
# Whether each event's dot is a full one.
_DOTS = """[...document.querySelectorAll('.events li')].map((li) => {
  const dot = getComputedStyle(li, '::after');
  return dot.backgroundColor === dot.borderTopColor;
})"""


async def _take(page: Page, name: str) -> None:
    PICTURES.mkdir(exist_ok=True)
    picture = await page.screenshot(path=PICTURES / f"{name}.png", full_page=True)
    if KEEPING:
        KEPT.mkdir(exist_ok=True)
        small = small_png(picture)
        assert len(small) < LARGEST, f"{name} has {len(small):,} bytes"
        (KEPT / f"{name}.png").write_bytes(small)
    over = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert over <= 0, f"{name} sticks out by {over} px"


async def test_every_state_is_seen(shop: Shop) -> None:
    tokens = await every_state(shop, with_logo=False)
    shown = (
        (PHONE, "light", "", (*STATES, SEVERAL)),
        (DESK, "light", "-desk", ON_DESK),
        (PHONE, "dark", "-dark", IN_DARK),
    )
    sentences = {}
    async with _served(shop) as (address, _), _browser() as browser:
        for width, scheme, suffix, names in shown:
            async with _page(browser, width, scheme) as page:
                for name in names:
                    await page.goto(f"{address}/t/{tokens[name]}")
                    await _take(page, f"track-{name}{suffix}")
                    sentences[name] = await page.inner_text("h1")
                    if name == "delivery-taken-back":
                        dots = await page.evaluate(_DOTS)
                        assert dots[:2] == [False, True], "what was taken back is not where the package is"
    assert len({*sentences.values()}) >= len(STATES) - 1, sentences


async def test_mails_are_seen(tmp_path: Path) -> None:
    write(tmp_path, discover()["email"], PreviewData(name=NAME, brand=BRAND))
    async with _browser() as browser, _page(browser, MAIL_WIDTH, "light") as page:
        for name in MAILS:
            await page.goto((tmp_path / f"{name}.pt-BR.html").as_uri())
            await _take(page, f"mail-{name.replace('_', '-')}")
