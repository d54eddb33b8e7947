"""A page that answered a form, loaded again by its address, is a page; a form keeps what was typed."""

import httpx
import pytest

from tests.flow.conftest import Shop
from tests.web.test_pages import browser  # noqa: F401 - a fixture


@pytest.mark.parametrize(
    ("address", "page"),
    [
        ("/orders/1001/packages/1/confirm-delivery", "/orders/1001"),
        ("/orders/1001/packages/1/ask-now", "/orders/1001"),
        ("/orders/1001/customer/erase", "/orders/1001"),
        ("/orders/1001/mail-again", "/orders/1001"),
        ("/accounts/1/ask-now", "/accounts"),
        ("/accounts/mailer", "/accounts"),
        ("/notices/1/resolve", "/notices"),
        ("/import/take", "/import"),
        ("/sign-out", "/"),
    ],
)
async def test_a_forms_address_leads_to_its_page(
    browser: httpx.AsyncClient,  # noqa: F811 - the fixture
    shop: Shop,
    address: str,
    page: str,
) -> None:
    await shop.register("AA1")
    answer = await browser.get(address)
    assert (answer.status_code, answer.url.path) == (200, page)
    wrong = await browser.delete("/")
    assert (wrong.status_code, wrong.headers["content-type"]) == (405, "text/html; charset=utf-8")
