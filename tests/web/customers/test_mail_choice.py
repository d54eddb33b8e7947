"""Which mails a customer wants: chosen on a page, unsubscribed by one click, respected by waiting and later mails."""

from email import policy
from email.parser import BytesParser

import httpx
import pytest

from paradeiro.connectors.email.render import render
from paradeiro.domain.outbox.mail_policy import customer_wants
from paradeiro.domain.words import EffectKind, MailChoice, MailKind, NoticeKind
from paradeiro.sdk.hard_cases import hard_cases
from tests.flow.conftest import Shop
from tests.flow.test_main_line import DELIVERED, MOVED, OUT, POSTED
from tests.web.customers.test_track import customer  # noqa: F401 - a fixture


async def link_of(shop: Shop, shipment: int) -> str:
    return f"/t/{(await shop.shipment_row(shipment)).shipment.tracking_token}"


def mailed(shop: Shop) -> list[str]:
    return [body["status"] for body in shop.outside.told("mail")]


async def test_one_click_ends_them_and_a_look_does_not(customer: httpx.AsyncClient, shop: Shop) -> None:  # noqa: F811 - fixture
    shipment = await shop.register("AA1")
    link = await link_of(shop, shipment)
    shop.outside.say("AA1", POSTED)
    await shop.ask(shipment, hours=2)
    looked = await customer.get(f"{link}/unsubscribe")
    assert looked.status_code == 200
    assert 'method="post"' in looked.text
    assert (await shop.shipment_row(shipment)).order.customer.mails is MailChoice.ALL
    clicked = await customer.post(f"{link}/unsubscribe", data={"List-Unsubscribe": "One-Click"})
    assert clicked.status_code == 200
    assert "set-cookie" not in clicked.headers
    assert "nenhum e-mail mais" in clicked.text
    shop.outside.say("AA1", POSTED, OUT, DELIVERED)
    await shop.ask(shipment, days=2)
    assert mailed(shop) == ["accepted"]
    assert NoticeKind.NO_ADDRESS not in {n.kind for n in await shop.notices()}, "it is the customer's wish"


async def test_only_the_important_ones(customer: httpx.AsyncClient, shop: Shop) -> None:  # noqa: F811 - fixture
    shipment = await shop.register("AA1")
    link = await link_of(shop, shipment)
    chosen = await customer.post(f"{link}/mails?lang=en", data={"mails": "important"})
    assert chosen.headers["location"].endswith("/mails?lang=en&saved=yes")
    page = (await customer.get(chosen.headers["location"])).text
    assert 'value="important" checked' in page
    assert "Saved." in page
    for said in ((POSTED,), (POSTED, MOVED), (POSTED, MOVED, OUT), (POSTED, MOVED, OUT, DELIVERED)):
        shop.outside.say("AA1", *said)
        await shop.ask(shipment, hours=13)
    assert mailed(shop) == ["out_for_delivery", "delivered"]
    async with shop.context.pool.connection() as connection:
        row = await (await connection.execute("SELECT mails FROM orders")).fetchone()
    assert row == ("important",)
    await customer.post(f"{link}/mails", data={"mails": "all"})
    assert (await shop.shipment_row(shipment)).order.customer.mails is MailChoice.ALL


async def test_a_mail_that_waits_is_asked_again(customer: httpx.AsyncClient, shop: Shop) -> None:  # noqa: F811 - fixture
    shipment = await shop.register("AA1")
    shop.outside.fail("mail", "retry")
    shop.outside.say("AA1", POSTED)
    await shop.ask(shipment, hours=2)
    await customer.post(f"{await link_of(shop, shipment)}/unsubscribe")
    shop.outside.fail("mail", "ok")
    await shop.later(days=2)
    assert mailed(shop) == []
    (mail,) = [e for e in await shop.effects(shipment) if e.kind == "customer_mail"]
    assert (mail.state, "customer's choice" in mail.message) == ("superseded", True)


async def test_what_is_no_link_or_no_choice_leads_nowhere(customer: httpx.AsyncClient, shop: Shop) -> None:  # noqa: F811 - fixture
    link = await link_of(shop, await shop.register("AA1"))
    for path in ("/t/nowhere/mails", "/t/nowhere/unsubscribe"):
        assert (await customer.get(path)).status_code == 404
        assert (await customer.post(path)).status_code == 404
    assert (await customer.post(f"{link}/mails", data={"mails": "spam"})).status_code == 404


@pytest.mark.parametrize("kind", sorted(set(MailKind) - {MailKind.ADDRESS}))
def test_what_is_important(kind: MailKind) -> None:
    assert customer_wants(kind, MailChoice.ALL)
    assert not customer_wants(kind, MailChoice.NONE)
    assert customer_wants(kind, MailChoice.IMPORTANT) is (kind not in {MailKind.SHIPPED, MailKind.IN_TRANSIT})


def test_every_mail_says_how_to_end_them() -> None:
    for kind in (EffectKind.CUSTOMER_MAIL, EffectKind.CUSTOMER_CORRECTION):
        for name, outgoing in hard_cases(kind):
            request = render(outgoing, {"from_address": "shop@example.com"})
            message = BytesParser(policy=policy.default).parsebytes(request.body)
            if outgoing.tracking_link.startswith("https://"):
                assert message["List-Unsubscribe"] == f"<{outgoing.tracking_link}/unsubscribe>", name
                assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
            else:
                assert message["List-Unsubscribe"] is None, name
