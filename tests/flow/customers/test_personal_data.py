"""Personal data: complete export, erasure, retention period; timelines stay."""

from dataclasses import replace

import msgspec
import pytest

from paradeiro.db.accounts import stores
from paradeiro.db.operations.audit import Actor
from paradeiro.db.orders import orders
from paradeiro.db.pool import transaction
from paradeiro.domain.records import Customer, Invoice, Item, Order
from paradeiro.domain.words import NoticeKind, ProofKind, Status
from paradeiro.flow.customers.personal_data import (
    CustomerQuery,
    erase_customer,
    erase_expired,
    export_customer,
    request_erasure,
    set_customer_retention,
)
from paradeiro.flow.errors import InvalidError, MissingError
from paradeiro.flow.orders.intake import register
from paradeiro.flow.orders.package_registration import Registration
from paradeiro.flow.orders.statements import Statement, add_event, reopen
from paradeiro.worker.maintenance import maintain
from tests.flow.conftest import ANA, Shop
from tests.flow.test_main_line import DELIVERED, OUT, POSTED

BY = Actor("op", "cli")
JPEG = b"\xff\xd8\xff\xe0" + b"a picture of Ana"
# Whatever holds text, but what names no person by its nature.
_TEXTS = """
    SELECT table_name, column_name, udt_name FROM information_schema.columns
    WHERE table_schema = 'public' AND udt_name IN ('text', 'jsonb', 'bytea', '_text')
      AND table_name NOT LIKE 'pgqueuer%' AND table_name <> 'alembic_version'"""


async def found_anywhere(shop: Shop, word: str) -> list[str]:
    """Where in the whole database a word still stands."""
    places = []
    async with shop.context.pool.connection() as connection:
        for table, column, kind in await (await connection.execute(_TEXTS)).fetchall():
            text = f"encode({column}, 'escape')" if kind == "bytea" else f"{column}::text"
            sql = f"SELECT count(*) FROM {table} WHERE {text} ILIKE %s"
            row = await (await connection.execute(sql, (f"%{word}%",))).fetchone()
            assert row is not None
            if row[0]:
                places.append(f"{table}.{column}")
    return sorted(places)


async def lived(shop: Shop) -> int:
    """A package with news, mails, a picture, words of people: everything that may name its customer."""
    order = Order("1001", ANA, ordered_at=shop.context.now())
    stated = Registration(order, "posta", "AA1", Invoice("NF-1", value=5000, items=(Item("1", 1, 5000, "Caneca"),)))
    shipment = (await register(shop.context, shop.store_id, stated)).shipment_id
    shop.outside.say("AA1", POSTED, OUT, DELIVERED, proofs=[ProofKind.IMAGE], words="Recebido por Ana Souza: ")
    shop.outside.show("AA1", ProofKind.IMAGE, JPEG)
    await shop.ask(shipment, days=2)
    await shop.later(hours=1)
    why = "Souza ligou: não recebeu"
    await reopen(shop.context, shop.store_id, shipment, reason=why, by=Actor("op", "page"))
    shop.outside.fail("mail", "doubt")
    said = Statement(Status.OUT_FOR_DELIVERY, description="Ana pediu de novo")
    await add_event(shop.context, shop.store_id, shipment, said, by=Actor("erp", "api"))
    await shop.run()
    return shipment


async def test_everything_is_handed_out(shop: Shop) -> None:
    shipment = await lived(shop)
    person = await export_customer(shop.context, shop.store_id, CustomerQuery(email="ANA@example.com"), BY)
    assert [(o.number, o.name, o.email) for o in person.orders] == [("1001", "Ana Souza", "ana@example.com")]
    package = person.orders[0].packages[0]
    assert (package.id, package.tracking_code, package.items, package.pictures) == (shipment, "AA1", ("1 × Caneca",), 1)
    assert {e.code for e in package.events} >= {"PO", "OEC", "BDE"}
    assert "delivered" in {m.status for m in package.mails}
    assert b"Caneca" in msgspec.json.encode(person)


async def test_nothing_of_the_person_is_left_anywhere(shop: Shop) -> None:
    shipment = await lived(shop)
    assert await found_anywhere(shop, "ana@example.com"), "the test sees what is there"
    before = [(e.event.code, e.event.occurred_at) for e in await shop.events(shipment)]
    assert await erase_customer(shop.context, shop.store_id, CustomerQuery(order="1001"), BY) == ["1001"]
    for word in ("ana@example.com", "Souza", "Ana ", "picture of"):
        assert await found_anywhere(shop, word) == [], word
    row = await shop.shipment_row(shipment)
    assert row.order.customer == Customer(erased=True)
    assert [(e.event.code, e.event.occurred_at) for e in await shop.events(shipment)] == before
    assert {e.state for e in await shop.effects(shipment) if e.kind.startswith("customer")} <= {"done", "superseded"}


async def test_nobody_brings_them_back_and_nobody_mails_them(shop: Shop) -> None:
    shipment = await lived(shop)
    shop.outside.fail("mail", "ok")
    await erase_customer(shop.context, shop.store_id, CustomerQuery(email="ana@example.com"), BY)
    mailed = len(shop.outside.accepted("mail"))
    await shop.register("AA1", Order("1001", ANA))
    async with transaction(shop.context.pool) as connection:
        await orders.put_order(connection, shop.store_id, Order("1001", ANA), now=shop.context.now())
    shop.outside.say("AA1", POSTED, OUT, DELIVERED, ("OEC", "2026-11-09T11:00:00+00:00", "Itu"))
    await shop.ask(shipment, days=8)
    assert (await shop.shipment_row(shipment)).order.customer.email is None
    assert len(shop.outside.accepted("mail")) == mailed
    assert NoticeKind.NO_ADDRESS not in {n.kind for n in await shop.notices()}, "it is on purpose"
    with pytest.raises(MissingError, match="erased before"):
        await export_customer(shop.context, shop.store_id, CustomerQuery(order="1001"), BY)


async def test_others_keep_their_names_and_their_pictures(shop: Shop) -> None:
    await lived(shop)
    other = await shop.register("AA2", Order("1002", Customer("Bia Souza", "bia@example.com")))
    async with transaction(shop.context.pool) as connection:
        elsewhere = await stores.add_store(connection, "Outra", now=shop.context.now())
        await orders.put_order(connection, elsewhere, Order("1001", ANA), now=shop.context.now())
    await erase_customer(shop.context, shop.store_id, CustomerQuery(email="ana@example.com"), BY)
    assert (await shop.shipment_row(other)).order.customer.name == "Bia Souza"
    assert (await export_customer(shop.context, elsewhere, CustomerQuery(order="1001"), BY)).orders[
        0
    ].name == "Ana Souza"


@pytest.mark.parametrize("whose", [CustomerQuery(), CustomerQuery("a@b.co", "1001"), CustomerQuery(email="\0")])
async def test_a_person_must_be_named_one_way(shop: Shop, whose: CustomerQuery) -> None:
    with pytest.raises(InvalidError, match="Name the person"):
        await erase_customer(shop.context, shop.store_id, whose, BY)
    with pytest.raises(MissingError):
        await erase_customer(shop.context, shop.store_id, CustomerQuery(order="nowhere"), BY)


async def test_who_did_it_is_in_the_audit_log(shop: Shop) -> None:
    await lived(shop)
    await export_customer(shop.context, shop.store_id, CustomerQuery(order="1001"), BY)
    await erase_customer(shop.context, shop.store_id, CustomerQuery(order="1001"), BY)
    async with shop.context.pool.connection() as connection:
        rows = await (await connection.execute("SELECT action, actor FROM audit ORDER BY id DESC LIMIT 2")).fetchall()
    assert rows == [("erase_customer", "op"), ("export_customer", "op")]


async def test_an_erasure_request_is_one_notice_and_ends_with_the_erasure(shop: Shop) -> None:
    await lived(shop)
    for _ in range(2):
        await request_erasure(shop.context, shop.store_id, "1001")
    asked = [n for n in await shop.notices() if n.kind == NoticeKind.ERASURE_ASKED]
    assert [n.seen for n in asked] == [2]
    await erase_customer(shop.context, shop.store_id, CustomerQuery(order="1001"), BY)
    assert NoticeKind.ERASURE_ASKED not in {n.kind for n in await shop.notices()}


async def test_customers_are_stored_as_long_as_the_store_says(shop: Shop) -> None:
    old = await shop.register("AA1")
    await set_customer_retention(shop.context, shop.store_id, 30)
    shop.clock.forward(days=20)
    young = await shop.register("AA2", replace(Order("1002", ANA)))
    shop.clock.forward(days=11)
    assert await erase_expired(shop.context) == 1
    assert (await shop.shipment_row(old)).order.customer.erased
    assert not (await shop.shipment_row(young)).order.customer.erased
    await set_customer_retention(shop.context, shop.store_id, 0)
    shop.clock.forward(days=4000)
    assert await erase_expired(shop.context) == 0
    await set_customer_retention(shop.context, shop.store_id, 30)
    await maintain(shop.context)
    assert (await shop.shipment_row(young)).order.customer.erased


async def test_news_keeps_an_old_order_alive(shop: Shop) -> None:
    shipment = await shop.register("AA1")
    await set_customer_retention(shop.context, shop.store_id, 30)
    shop.outside.say("AA1", ("PO", "2026-11-20T13:00:00+00:00", "Santos"))
    await shop.ask(shipment, days=19)
    shop.clock.forward(days=20)
    assert await erase_expired(shop.context) == 0


@pytest.mark.parametrize("days", [-1, 1, 29, 3651])
async def test_a_time_that_makes_no_sense_is_refused(shop: Shop, days: int) -> None:
    with pytest.raises(InvalidError, match="30 to 3650"):
        await set_customer_retention(shop.context, shop.store_id, days)
