"""A page that answered a form, loaded again by its address, is a page; a form keeps what was typed."""

import httpx
import pytest

from tests.flow.conftest import Shop
from tests.flow.test_main_line import DELIVERED, POSTED
from tests.web.orders.test_pages import browser  # noqa: F401 - a fixture
from tests.web.signing_in import token_in


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


async def test_a_form_that_was_not_taken_stays_open_with_what_was_typed(
    browser: httpx.AsyncClient,  # noqa: F811 - the fixture
    shop: Shop,
) -> None:
    shipment = await shop.register("AA1")
    form = token_in((await browser.get("/orders/1001")).text)
    here = f"/orders/1001/packages/{shipment}"
    at = await browser.post(f"{here}/confirm-delivery", data={"form": form, "at": "2031-01-02T03:04"})
    assert at.status_code == 422
    assert "<details open>" in at.text
    assert 'name="at" value="2031-01-02T03:04"' in at.text
    shop.outside.say("AA1", POSTED, DELIVERED)
    await shop.ask(shipment, days=2)
    why = await browser.post(f"{here}/reopen", data={"form": "old", "reason": 'Era do "vizinho" <b>'})
    assert why.status_code == 422
    assert "<details open>" in why.text
    assert 'value="Era do &#34;vizinho&#34; &lt;b&gt;"' in why.text
    assert "<details open>" not in (await browser.get("/orders/1001")).text
