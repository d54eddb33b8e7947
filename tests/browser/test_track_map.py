"""The small map in a real browser: allowed by the page's policy, names in the picture and apart, light, dark, print."""

import json

import pytest
from playwright.async_api import Page

from paradeiro.domain.customers.brand import Brand
from tests.browser.test_screens import _fits, _page, _served, pytestmark, shop
from tests.flow.conftest import Shop

__all__ = ["pytestmark", "shop"]
WAY = (
    ("PO", "2026-11-02T13:00:00+00:00", "Ribeirao Preto"),
    ("RO", "2026-11-02T18:00:00+00:00", "Campinas"),
    ("RO", "2026-11-02T23:00:00+00:00", "Cajamar"),
    ("OEC", "2026-11-03T11:00:00+00:00", "Santos"),
)
# Of each text and mark: the box that it really takes, and the picture's.
_BOXES = """
() => {
  const svg = document.querySelector('.map svg'), of = e => { const b = e.getBoundingClientRect();
    return [b.left, b.top, b.right, b.bottom] };
  return JSON.stringify({ picture: of(svg), texts: [...svg.querySelectorAll('text:not(.uf)')].map(of),
    now: of(svg.querySelector('.is')), accent: getComputedStyle(svg.querySelector('.is')).fill,
    land: getComputedStyle(svg.querySelector('.land')).fill });
}
"""


async def _looks(page: Page) -> dict[str, object]:
    found: dict[str, object] = json.loads(await page.evaluate(_BOXES))
    left, top, right, bottom = found["picture"]  # type: ignore[misc] # four numbers
    texts = found["texts"]
    assert len(texts) == 2  # type: ignore[arg-type] # a list
    for box in [*texts, found["now"]]:  # type: ignore[misc] # a list
        assert left <= box[0] < box[2] <= right
        assert top <= box[1] < box[3] <= bottom
    (a, b) = texts  # type: ignore[misc] # a list
    assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1], "the names meet"
    assert right - left <= 420
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
async def test_the_way_on_the_page(shop: Shop, width: int, scheme: str) -> None:
    shipment = await shop.register("AA123456785BR")
    shop.outside.say("AA123456785BR", *WAY)
    await shop.ask(shipment, days=1, hours=1)
    token = (await shop.shipment_row(shipment)).shipment.tracking_token
    async with _served(shop) as (address, _), _page(width, scheme) as page:
        await page.goto(f"{address}/t/{token}")
        await page.get_by_role("img", name="Visto por último: Santos.").wait_for()
        await _fits(page, f"track-map-{width}-{scheme}")
        found = await _looks(page)
        accent = Brand().accent if scheme == "light" else Brand().accent_in_dark
        assert found["accent"] == f"rgb{tuple(bytes.fromhex(accent[1:]))}"
        await page.set_viewport_size({"width": 794, "height": 900})
        await page.emulate_media(media="print")
        paper = await _looks(page)
        assert (paper["accent"], paper["land"]) == ("rgb(51, 51, 51)", "rgb(238, 238, 238)")
        await _fits(page, f"track-map-print-{scheme}")
        await page.emulate_media(media="screen")
        await page.goto(f"{address}/t/{token}/embed")
        assert await page.locator("svg").count() == 0
