"""In: orders of the folder `orders` whose texts are no identifiers; out: what is right of each, by name."""

import json
from pathlib import Path

import pytest

from paradeiro.connectors.vtex.parse import parse_order
from paradeiro.domain.channels import KNOWN
from paradeiro.domain.codes import s10_problem, tidy_code
from paradeiro.domain.plan import mail_refusal
from paradeiro.domain.records import Customer, Order
from paradeiro.flow import channels
from tests.flow.conftest import Shop, shop
from tests.flow.test_main_line import MOVED, POSTED

__all__ = ["shop"]
HERE = Path(__file__).parent / "orders"


def test_made_up_address_of_a_marketplace() -> None:
    order = parse_order((HERE / "made-up-address-of-a-marketplace.json").read_bytes())
    refusal = mail_refusal(order.customer, order.channel)
    assert refusal is not None
    assert "made up" in refusal
    assert mail_refusal(order.customer, None) is None, "a shop's own customer may have it"


def test_address_in_the_number_field() -> None:
    said = json.loads((HERE / "address-in-the-number-field.json").read_bytes())
    text = said["packageAttachment"]["packages"][0]["trackingNumber"]
    problem = s10_problem(tidy_code(text))
    assert problem is not None
    assert problem.suggestion == "QZ620000071BR"
    assert "QZ620000071BR" in problem.message


@pytest.mark.parametrize(("email", "mailed"), [("ana_lima99@email.com", []), ("ana@example.com", ["accepted"])])
async def test_nobody_is_mailed_at_a_made_up_address(shop: Shop, email: str, mailed: list[str]) -> None:
    shipment = await shop.register("AA1", Order("1", Customer("Ana", email), channel="MKT", marketplace_number="M"))
    shop.outside.say("AA1", POSTED)
    await shop.ask(shipment, hours=2)
    assert [mail["status"] for mail in shop.outside.told("mail")] == mailed
    assert ("no_address" in {n.kind for n in await shop.notices()}) is not bool(mailed)


async def test_a_channel_may_wish_no_mails(shop: Shop) -> None:
    await channels.set_rules(shop.means, shop.store_id, "MKT", KNOWN["shopee"])
    shipment = await shop.register(
        "AA1", Order("1", Customer("Ana", "ana@example.com"), channel="MKT", marketplace_number="M")
    )
    shop.outside.say("AA1", POSTED, MOVED)
    await shop.ask(shipment, hours=8)
    assert shop.outside.told("mail") == []
    assert await shop.notices() == [], "it is a wish, nothing that anybody should mend"
    assert shop.outside.told("canal"), "the marketplace is told"
