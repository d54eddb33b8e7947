"""What was refused is sent again by one button, by API, and from the command line."""

import re

import httpx

from paradeiro.app import real_clock
from paradeiro.cli.accounts.accounts import make_key
from paradeiro.cli.accounts.webhooks import StoreContext
from paradeiro.cli.outbox.resend_commands import resend_refused
from paradeiro.domain.words import NoticeKind
from tests.flow.conftest import Shop
from tests.flow.outbox.test_refusals import sold, told
from tests.web.apps import create_app
from tests.web.orders.test_pages import browser  # noqa: F401 - a fixture
from tests.web.test_audit import entries


async def wave(shop: Shop) -> int:
    """Three orders refused by the marketplace; the notice."""
    shop.outside.fail("canal", "refused")
    await sold(shop, 3)
    await shop.run()
    shop.outside.fail("canal", "ok")
    [notice] = [n for n in await shop.notices() if n.kind == NoticeKind.EFFECT_REFUSED]
    return notice.id


async def test_one_button_sends_all_again(browser: httpx.AsyncClient, shop: Shop) -> None:  # noqa: F811 - the fixture
    notice = await wave(shop)
    page = (await browser.get("/notices")).text
    assert f'action="/notices/{notice}/resend"' in page
    assert "Enviar de novo" in page
    form = re.search(r'name="form" value="([^"]+)"', page)
    assert form
    assert (await browser.post(f"/notices/{notice}/resend", data={"form": "x"})).status_code == 422
    done = await browser.post(f"/notices/{notice}/resend", data={"form": form[1]})
    assert "vai de novo em instantes" in done.text
    assert (await entries(shop))[-1] == "resend"
    await shop.run()
    assert len(told(shop)) == 6
    gone = await browser.post(f"/notices/{notice}/resend", data={"form": form[1]})
    assert gone.status_code == 422
    assert "não existe mais" in gone.text


async def test_by_api(shop: Shop) -> None:
    notice = await wave(shop)
    _, write = await make_key(shop.context, "Loja", name="erp")
    _, read = await make_key(shop.context, "Loja", name="bi", scopes=["read"])
    transport = httpx.ASGITransport(create_app(shop.context, real_clock))
    async with httpx.AsyncClient(transport=transport, base_url="http://test/api/v1") as client:
        mine, account = {"X-API-Key": write}, f"/accounts/{shop.accounts['canal']}/resend"
        assert (await client.post(account, headers={"X-API-Key": read})).status_code == 403
        looked = (await client.post(account, headers=mine, json={"dry_run": True})).json()
        assert looked == {
            "account": "canal",
            "again": 6,
            "left": 0,
            "orders": 3,
            "first_order": "2000",
            "last_order": "2002",
            "dry_run": True,
            "next": None,
        }
        once = mine | {"Idempotency-Key": "k1"}
        first = await client.post(f"/notices/{notice}/resend", headers=once)
        again = await client.post(f"/notices/{notice}/resend", headers=once)
        assert first.json() == again.json() == looked | {"dry_run": False}
        assert (await client.post(account, headers=mine)).json()["again"] == 0
        assert (await client.post(f"/notices/{notice}/resend", headers=mine)).status_code == 404
        assert (await client.post("/accounts/999/resend", headers=mine)).status_code == 404
        assert (await client.post(account, headers=mine, json={"cursor": "12"})).status_code == 422
    assert (await entries(shop)).count("resend") == 2
    await shop.run()
    assert len(told(shop)) == 6


async def test_from_the_command_line(shop: Shop) -> None:
    await wave(shop)
    at = StoreContext(shop.context, shop.store_id)
    looked = await resend_refused(at, "canal", since="2026-01-01", dry_run=True)
    assert looked.words == "6 messages of 3 orders would go to canal again, from order 2000 to 2002."
    done = await resend_refused(at, "canal", since="", dry_run=False)
    assert done.facts == {
        "account": "canal",
        "again": 6,
        "left": 0,
        "orders": 3,
        "dry_run": False,
        "first_order": "2000",
        "last_order": "2002",
    }
    assert (
        await resend_refused(at, "canal", since="", dry_run=False)
    ).words == "0 messages of 0 orders go to canal again."
    await shop.run()
    assert len(told(shop)) == 6
