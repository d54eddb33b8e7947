"""A customer changes the mail address: nothing changes before it is confirmed, and others learn nothing."""

import re
from collections.abc import AsyncIterator
from email import message_from_bytes, policy
from email.message import EmailMessage

import httpx
import pytest

from paradeiro.app import real_clock
from paradeiro.connectors import discover
from paradeiro.connectors.email.render import render
from paradeiro.db.customers import mail_addresses
from paradeiro.domain.records import Customer, Order
from paradeiro.domain.words import EffectKind, Mailer, NoticeKind
from paradeiro.flow.customers import bounces, personal_data
from paradeiro.flow.customers.mail_choices import MOST_ADDRESSES
from paradeiro.flow.customers.personal_data import CustomerQuery
from paradeiro.flow.outbox.mail_policy import set_mailer
from paradeiro.sdk.hard_cases import hard_cases
from tests.flow.conftest import Shop
from tests.flow.customers.test_bounces import HERE, KEY, SAVED, keys
from tests.flow.test_main_line import MOVED, OUT, POSTED
from tests.web.apps import create_app

ORDER = Order("1001", Customer("Ana Souza", "ana@example.com"))


@pytest.fixture
async def client(shop: Shop) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_app(shop.context, real_clock))
    async with httpx.AsyncClient(transport=transport, base_url="http://test", follow_redirects=True) as client:
        yield client


async def link(shop: Shop, shipment: int) -> str:
    return f"/t/{(await shop.shipment_row(shipment)).shipment.tracking_token}"


async def asked_code(shop: Shop, shipment: int) -> str:
    order_id = (await shop.shipment_row(shipment)).order_id
    async with shop.context.pool.connection() as connection:
        return (await mail_addresses.pending_request(connection, [order_id]))[order_id].code


async def sent_to(shop: Shop) -> list[tuple[str, str]]:
    async with shop.context.pool.connection() as connection:
        rows = await connection.execute("SELECT kind, sent_to FROM effect WHERE sent_to IS NOT NULL ORDER BY id")
        return [(row[0], row[1]) async for row in rows]


async def test_nothing_changes_before_the_yes_and_all_after_it(shop: Shop, client: httpx.AsyncClient) -> None:
    shipment = await shop.register("AA1", ORDER)
    page = await link(shop, shipment)
    shown = await client.get(f"{page}/mails")
    assert "a•••@e•••.com" in shown.text
    sent = await client.post(f"{page}/address", data={"address": " Bia@example.org "})
    assert "Mandamos uma mensagem" in sent.text
    await shop.run()
    shop.outside.say("AA1", POSTED)
    await shop.ask(shipment, hours=2)
    assert await sent_to(shop) == [("customer_address", "bia@example.org"), ("customer_mail", "ana@example.com")]
    code = await asked_code(shop, shipment)
    question = await client.get(f"/t/confirm/{code}")
    assert "Bia@example.org" in question.text
    assert (await client.get(f"/t/confirm/{code}")).status_code == 200, "a look says yes to nothing"
    assert "Pronto" in (await client.post(f"/t/confirm/{code}")).text
    assert (await client.post(f"/t/confirm/{code}")).status_code == 404
    shop.outside.say("AA1", POSTED, MOVED)
    await shop.ask(shipment, days=1)
    assert (await sent_to(shop))[-1] == ("customer_mail", "bia@example.org")
    assert "B•••@e•••.org" in (await client.get(f"{page}/mails")).text
    await shop.register("AA2", ORDER, "NF-2")
    assert (await shop.shipment_row(shipment)).order.customer.email == "Bia@example.org", (
        "the order system changes nothing"
    )
    back = await client.post(f"{page}/address", data={"address": ""})
    assert "de novo para o e-mail da compra" in back.text
    shop.outside.say("AA1", POSTED, MOVED, OUT)
    await shop.ask(shipment, days=1)
    assert (await sent_to(shop))[-1] == ("customer_mail", "ana@example.com")


async def test_the_question_waits_for_no_mail_and_no_morning(shop: Shop, client: httpx.AsyncClient) -> None:
    shipment = await shop.register("AA1", ORDER)
    shop.outside.say("AA1", ("PO", "2026-11-03T00:30:00+00:00", "Santos"))
    await shop.ask(shipment, hours=13)  # 22:00: its mail waits for the morning
    assert await sent_to(shop) == []
    await client.post(f"{await link(shop, shipment)}/address", data={"address": "bia@example.org"})
    await shop.run()
    assert await sent_to(shop) == [("customer_address", "bia@example.org")]


async def test_asked_anew_the_older_question_is_void(shop: Shop, client: httpx.AsyncClient) -> None:
    shipment = await shop.register("AA1", ORDER)
    page = await link(shop, shipment)
    await client.post(f"{page}/address", data={"address": "bia@example.org"})
    first = await asked_code(shop, shipment)
    for at in range(MOST_ADDRESSES - 1):
        await client.post(f"{page}/address", data={"address": f"c{at}@example.org"})
    assert (await client.post(f"/t/confirm/{first}")).status_code == 404
    await shop.run()
    assert await sent_to(shop) == [("customer_address", f"c{MOST_ADDRESSES - 2}@example.org")]
    many = await client.post(f"{page}/address", data={"address": "d@example.org"})
    assert "pedidos demais" in many.text


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("nobody", "não é um endereço"),
        ("a@b", "não é um endereço"),
        ("a@example.org\r\nBcc: x@example.org", "não é um endereço"),
        ("<a@example.org>", "não é um endereço"),
        ("ANA@example.com", "já vão para esse"),
    ],
)
async def test_what_cannot_be_taken_is_said(shop: Shop, client: httpx.AsyncClient, address: str, says: str) -> None:
    shipment = await shop.register("AA1", ORDER)
    answer = await client.post(f"{await link(shop, shipment)}/address", data={"address": address})
    assert says in answer.text
    await shop.run()
    assert await sent_to(shop) == []


async def test_where_the_mails_are_not_ours_there_is_nothing_to_choose(shop: Shop, client: httpx.AsyncClient) -> None:
    shipment = await shop.register("AA1", ORDER)
    page = await link(shop, shipment)
    await set_mailer(shop.context, shop.store_id, Mailer.ORDER_SYSTEM)
    assert 'name="address"' not in (await client.get(f"{page}/mails")).text
    await client.post(f"{page}/address", data={"address": "bia@example.org"})
    await shop.run()
    assert await sent_to(shop) == []
    assert (await client.post("/t/nowhere/address", data={"address": "x@example.org"})).status_code == 404
    assert (await client.get("/t/confirm/nothing")).status_code == 404
    assert (await client.get("/t/confirm/%00")).status_code == 404


async def test_a_good_address_ends_what_a_person_was_asked(shop: Shop, client: httpx.AsyncClient) -> None:
    shipment = await shop.register("AA1", ORDER)
    shop.outside.say("AA1", POSTED)
    await shop.ask(shipment, hours=2)
    account = await bounces.mail_account(shop.context, shop.store_id)
    await bounces.take_report(shop.context, account, SAVED["hard_postfix"].replace(KEY, (await keys(shop))[0]).encode())
    assert [n.kind for n in await shop.notices()] == [NoticeKind.MAIL_BOUNCED]
    await client.post(f"{await link(shop, shipment)}/address", data={"address": "bia@example.org"})
    await client.post(f"/t/confirm/{await asked_code(shop, shipment)}")
    assert await shop.notices() == []
    shop.outside.say("AA1", POSTED, MOVED)
    await shop.ask(shipment, days=1)
    other = SAVED["hard_postfix"].replace(KEY, (await keys(shop))[-1]).replace("ana@example.com", "bia@example.org")
    await bounces.take_report(shop.context, account, other.encode())
    assert [n.kind for n in await shop.notices()] == [NoticeKind.MAIL_BOUNCED], "the new address is none either"
    await bounces.lift_suppression(shop.context, shop.store_id, "bia@example.org", HERE)
    await personal_data.erase_customer(shop.context, shop.store_id, CustomerQuery(order="1001"), HERE)
    async with shop.context.pool.connection() as connection:
        for table in ("orders", "effect", "attempt", "notice", "bounce", "suppression", "audit"):
            rows = await (await connection.execute(f"SELECT t::text FROM {table} t")).fetchall()
            assert not [row for row in rows if re.search("(ana|bia)@", row[0], re.IGNORECASE)], table


def test_an_anonymous_visitor_learns_only_the_order_and_the_store() -> None:
    outgoing = dict(hard_cases(EffectKind.CUSTOMER_ADDRESS))["plain"]
    raw = render(outgoing, {"from_address": "loja@example.com"}).body
    mail = message_from_bytes(raw, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    whole = str(mail["To"]) + "".join(f"{k}: {v}" for k, v in mail.items())
    for kind in ("plain", "html"):
        body = mail.get_body((kind,))
        assert body is not None
        whole += body.get_content()
    assert "https://rastreio.example/t/confirm/c0-de" in whole
    assert "Quer receber aqui" in whole
    for private in ("Ana", "ana@", "AA123456785BR", "tok-en", "Caneca", "Correios", "Unidade", "List-Unsubscribe"):
        assert private not in whole, private
    assert not re.search("{[a-z]+}", whole)
    assert discover()["email"].effects >= {EffectKind.CUSTOMER_ADDRESS}
