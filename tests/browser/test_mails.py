"""Every mail in every language in a real browser: phone and desk, light and dark, with and without its <style>."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.async_api import Page, Request, async_playwright

from paradeiro.cli.outbox.mail_preview import LANGUAGES, PreviewData, write
from paradeiro.connectors import discover
from paradeiro.domain.customers.brand import Brand, logo_of
from paradeiro.simulator.carriers.correios_proofs import draw_picture
from tests.browser.test_screens import ARGUMENTS, CHROMIUM, LONG_NAME, PICTURES

WIDTHS = (360, 800)
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here; with it (apt-get install chromium) they run"),
]


def _stores() -> dict[str, PreviewData]:
    logo = logo_of(draw_picture("LOJA"))
    assert not isinstance(logo, str), logo
    footer = "Ateliê Ñandú Ltda · CNPJ 00.000.000/0001-00\nRua das Flores, 10 · Campinas/SP"
    brand = Brand("#7a1f3d", "Georgia, serif", footer, "oi@loja.example", "+55 19 5555-0100", "https://loja.example")
    return {
        "plain": PreviewData(name=LONG_NAME),
        "brand": PreviewData(name="Ateliê Ñandú", brand=replace(brand, logo=logo)),
    }


# Crossing the two adds time and little else: the linter reckons each colour in both schemes for every brand.
@pytest.mark.parametrize(("store", "scheme"), [("plain", "light"), ("brand", "dark")])
async def test_mails_are_legible_and_fetch_nothing(store: str, scheme: str, tmp_path: Path) -> None:
    write(tmp_path, discover()["email"], _stores()[store])
    fetched: list[str] = []

    def note(request: Request) -> None:
        if not request.url.startswith("file:"):
            fetched.append(request.url)

    shots = PICTURES / "mails"
    shots.mkdir(parents=True, exist_ok=True)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for width in WIDTHS:
            context = await browser.new_context(
                viewport={"width": width, "height": 800},
                color_scheme=scheme,  # type: ignore[arg-type]  # one of the two
            )
            page = await context.new_page()
            page.on("request", note)
            # Where there is room, the longest words are enough.
            for file in sorted(tmp_path.glob("*.*.html" if width == WIDTHS[0] else f"*.{LANGUAGES[0]}.html")):
                await page.goto(file.as_uri())
                await _legible(page, width, file.name)
                name = f"{file.stem}-{store}-{width}-{scheme}.png"
                if file.stem.endswith(LANGUAGES[0]):  # the longest words
                    await page.screenshot(path=shots / name, full_page=True)
            await context.close()
        await browser.close()
    assert not fetched


async def _legible(page: Page, width: int, name: str) -> None:
    """Nothing sticks out, and the position is on the first screen."""
    assert await page.evaluate("document.documentElement.scrollWidth") <= width, name
    heading = await page.locator("h1").bounding_box()
    assert heading is not None
    assert heading["y"] + heading["height"] < 400, name
    smallest = await page.evaluate(
        """Math.min(...[...document.querySelectorAll('p, td, span, a, h1, h2')]
            .filter(e => e.innerText && e.innerText.trim() && e.getClientRects().length)
            .filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()))
            .map(e => parseFloat(getComputedStyle(e).fontSize)))"""
    )
    assert smallest >= 13, name


async def test_without_its_style_a_mail_still_is_one(tmp_path: Path) -> None:
    write(tmp_path, discover()["email"], _stores()["brand"])
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for width in WIDTHS:
            page = await browser.new_page(viewport={"width": width, "height": 800}, color_scheme="light")
            for file in sorted(tmp_path.glob("*.pt-BR.html")):
                bare = re.sub(r"<style>[\s\S]*?</style>|<meta name=\"viewport\"[^>]*>", "", file.read_text())
                file.write_text(bare)
                await page.goto(file.as_uri())
                await _legible(page, width, file.name)
                shown = await page.locator("a", has_text=re.compile("Acompanhar|Sim, quero")).evaluate(
                    "e => getComputedStyle(e).color"
                )
                assert shown == "rgb(255, 255, 255)"
            await page.close()
        await browser.close()
