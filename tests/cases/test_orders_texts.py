"""In: orders of the folder `orders` with invalid identifiers; out: the expected value of each, by name."""

import json
from pathlib import Path

import pytest

from paradeiro.connectors.vtex.parse import parse_order
from paradeiro.db.pool import transaction
from paradeiro.domain.following.tracking_codes import s10_problem, tidy_code
from paradeiro.domain.outbox.channel_rules import PRESETS
from paradeiro.domain.outbox.plan import mail_refusal
from paradeiro.domain.records import Customer, Invoice, Order
from paradeiro.flow.orders.intake import take_orders
from paradeiro.flow.outbox import channel_rules
from tests.flow.conftest import Shop, shop
from tests.flow.test_main_line import MOVED, POSTED

__all__ = ["shop"]
HERE = Path(__file__).parent / "orders"


def test_made_up_address_of_a_marketplace() -> None:
    order = parse_order((HERE / "made-up-address-of-a-marketplace.json").read_bytes())
    refusal = mail_refusal(order.customer, order.channel)
    assert refusal is not None
    assert "made up" in refusal
    assert "email.com" in refusal
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


async def test_a_channel_may_disable_mails(shop: Shop) -> None:
    await channel_rules.set_rules(shop.context, shop.store_id, "MKT", PRESETS["shopee"])
    shipment = await shop.register(
        "AA1", Order("1", Customer("Ana", "ana@example.com"), channel="MKT", marketplace_number="M")
    )
    shop.outside.say("AA1", POSTED, MOVED)
    await shop.ask(shipment, hours=8)
    assert shop.outside.told("mail") == []
    assert await shop.notices() == [], "it is a wish, nothing that anybody should mend"
    assert shop.outside.told("canal"), "the marketplace is told"


@pytest.mark.parametrize(
    ("address", "channel", "refused"),
    [
        ("ana@ct.vtex.com.br", None, True),
        ("x1y2@marketplace.amazon.com.br", "AMZ", True),
        ("ana@sememail.com.br", None, True),
        ("ana@nobody.invalid", None, True),
        ("ana@magalu.com.br", "MGZ", True),
        ("ana@magalu.com.br", None, False),
        ("ana@mail.com", None, False),
        ("ana@gmail.com", "MGZ", False),
    ],
)
def test_addresses_that_are_no_customers(address: str, channel: str | None, *, refused: bool) -> None:
    assert (mail_refusal(Customer("Ana", address), channel) is not None) is refused


async def test_a_wrong_key_is_left_out_and_reported(shop: Shop) -> None:
    bill = Invoice("NF-7", 100, key="3,52611E+43", courier="posta", tracking_code="AA7")
    async with transaction(shop.context.pool) as connection:
        await take_orders(shop.context, connection, shop.store_id, [Order("7", Customer("Ana"), invoices=(bill,))])
    (notice,) = [n for n in await shop.notices() if n.facts.get("variant") == "key"]
    assert "spreadsheet" in notice.message
    async with shop.context.pool.connection() as connection:
        sql = "SELECT invoice->>'key' FROM shipment WHERE tracking_code = 'AA7'"
        assert await (await connection.execute(sql)).fetchone() in {(None,), None}
