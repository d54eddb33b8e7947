"""Couriers that nobody recognises: one notice per name, a rule for past and future orders, a package moved."""

from dataclasses import replace

import pytest

from paradeiro.connectors import discover
from paradeiro.db.carriers import courier_rules
from paradeiro.db.operations.audit import Actor
from paradeiro.db.pool import transaction
from paradeiro.domain.following.tracking_codes import s10_problem
from paradeiro.domain.orders.couriers import courier_key
from paradeiro.domain.orders.identifiers import IdentifierKind
from paradeiro.domain.records import Invoice, Order
from paradeiro.domain.words import EntryPoint, Status
from paradeiro.flow.carriers.carrier_choice import recognised_carrier
from paradeiro.flow.carriers.carrier_recommendation import recommend
from paradeiro.flow.carriers.moving import move_shipment
from paradeiro.flow.errors import InvalidError
from paradeiro.flow.orders import couriers
from paradeiro.flow.orders.intake import take_orders
from tests.flow.conftest import ANA, Shop
from tests.flow.following.regional import KEY, OTHER_KEY, said
from tests.flow.following.test_ways_in import Place, open_place

BY = Actor("Bia", EntryPoint.CLI, "")
NAME = "Transp. São Geraldo"


@pytest.fixture
async def place(shop: Shop) -> Place:
    return await open_place(shop)


async def sell(place: Place, number: str, key: str = KEY, courier: str = NAME, code: str | None = None) -> None:
    """An order as the order system shows it, with an invoice."""
    invoice = Invoice(f"NF-{number}", value=5000, key=key, courier=courier, tracking_code=code)
    async with transaction(place.shop.context.pool) as connection:
        await take_orders(
            place.shop.context, connection, place.shop.store_id, [Order(number, ANA, invoices=(invoice,))]
        )


async def waiting(place: Place) -> int:
    async with place.shop.context.pool.connection() as connection:
        return await courier_rules.waiting_count(connection, place.shop.store_id, courier_key(NAME))


def test_a_courier_is_the_same_however_it_is_written() -> None:
    assert courier_key("JADLOG .PACKAGE") == courier_key("jadlog  Package") == "jadlog package"
    assert courier_key(NAME) == "transp sao geraldo"


@pytest.mark.parametrize(
    ("courier", "expected"),
    [
        ("FRENET_SEDEX_03220", "frenet"),
        ("Melhor Envio PAC", "melhor_envio"),
        ("SEDEX", "correios"),
        ("JADLOG .PACKAGE", "jadlog"),
        ("Loggi Expresso", "loggi"),
        ("Correios", "correios"),
        ("Transp. São Geraldo", None),
        ("Entrega própria", None),
    ],
)
def test_whom_a_couriers_name_means(place: Place, courier: str, expected: str | None) -> None:
    context = replace(place.shop.context, connectors=discover())
    found = recognised_carrier(context, courier)
    assert (found.name if found else None) == expected


async def test_one_notice_per_name_says_how_many_wait_and_the_rule_lets_them_go(place: Place) -> None:
    for at in range(3):
        await sell(place, f"100{at}", code=f"SG{at}")
    (notice,) = [n for n in await place.shop.notices() if n.kind == "no_account"]
    assert (notice.facts["courier"], notice.facts["count"], notice.facts["variant"]) == (NAME, "3", "courier")
    assert await waiting(place) == 3
    followed = await couriers.set_rule(
        place.shop.context, place.shop.store_id, "transp sao GERALDO", place.account_id, BY
    )
    assert (followed, await waiting(place)) == (3, 0)
    assert not [n for n in await place.shop.notices() if n.kind == "no_account"]
    await sell(place, "2000", OTHER_KEY, code="SG9")
    async with place.shop.context.pool.connection() as connection:
        rows = await (await connection.execute("SELECT account_id, carrier FROM shipment ORDER BY id")).fetchall()
    assert rows == [(place.account_id, "regional")] * 4


async def test_an_invoice_without_a_code_is_followed_by_its_key(place: Place) -> None:
    place.carrier.answers[KEY] = said(("in_transit", place.at(-3)), code="SG77")
    await couriers.set_rule(place.shop.context, place.shop.store_id, NAME, place.account_id, BY)
    await sell(place, "1001")
    await place.run()
    async with place.shop.context.pool.connection() as connection:
        row = await (await connection.execute("SELECT tracking_code, carrier_code, status FROM shipment")).fetchone()
    assert row == (KEY, "SG77", Status.IN_TRANSIT)


async def test_packages_that_nobody_should_follow_open_no_notice(place: Place) -> None:
    await couriers.set_rule(place.shop.context, place.shop.store_id, NAME, None, BY)
    await sell(place, "1001", code="SG1")
    assert await place.shop.notices() == []
    assert await waiting(place) == 0


async def test_a_rule_needs_a_carriers_account_of_the_store(place: Place) -> None:
    for wrong in (place.shop.accounts["loja"], 9999):
        with pytest.raises(InvalidError, match="no carrier's account"):
            await couriers.set_rule(place.shop.context, place.shop.store_id, NAME, wrong, BY)


async def test_a_package_that_is_refused_does_not_stop_the_others_that_wait(place: Place) -> None:
    await sell(place, "1001", key="", code="SG 1")
    await sell(place, "1002", OTHER_KEY, code="SG2")
    followed = await couriers.set_rule(place.shop.context, place.shop.store_id, NAME, place.account_id, BY)
    assert followed == 1
    assert [n.kind for n in await place.shop.notices()] == ["wrong_code"], "it has neither a key nor a code it takes"


async def test_a_package_is_moved_with_its_history(place: Place) -> None:
    shop = place.shop
    shipment_id = await shop.register("AA1")
    shop.outside.say("AA1", ("PO", place.at(-60), "SP"))
    await shop.ask(shipment_id)
    async with transaction(shop.context.pool) as connection:
        await connection.execute("UPDATE shipment SET invoice = jsonb_set(invoice, '{key}', %s)", (f'"{KEY}"',))
    place.carrier.answers[KEY] = said(("delivered", place.at(20)))
    await move_shipment(shop.context, shop.store_id, shipment_id, place.account_id, BY)
    shop.clock.forward(minutes=40)
    await place.run()
    row = await shop.shipment_row(shipment_id)
    assert (row.shipment.carrier, row.shipment.tracking_code) == ("regional", KEY)
    assert row.shipment.snapshot.status is Status.DELIVERED
    assert [e.event.reported_by for e in await shop.events(shipment_id)] == ["posta", ""]


async def test_moving_to_who_cannot_find_it_is_refused_and_changes_nothing(place: Place) -> None:
    shipment_id = await place.shop.register("AA1")
    with pytest.raises(InvalidError, match="key of its invoice"):
        await move_shipment(place.shop.context, place.shop.store_id, shipment_id, place.account_id, BY)
    assert (await place.shop.shipment_row(shipment_id)).shipment.carrier == "posta"


@pytest.mark.parametrize(
    ("courier", "code", "url", "expected"),
    [
        ("SEDEX 10", "", "", "correios"),
        ("entrega", "AA123456785BR", "", "correios"),
        ("entrega", "AA123456784BR", "", None),
        ("entrega", "", "", None),
    ],
)
def test_a_recommendation_needs_a_clue(courier: str, code: str, url: str, expected: str | None) -> None:
    only = {name: c for name, c in discover().items() if name in {"correios", "seventeen_track"}}
    found = recommend(only, courier, code, url)
    assert (found.connector if found else None) == expected
    assert found is None or found.reason


async def test_a_wrong_carrier_is_noticed_where_it_usually_finds_packages(shop: Shop) -> None:
    place = await open_place(shop, check_code=s10_problem, recognises_courier=lambda _: False)
    for at in range(8):
        await place.shop.register(f"AA{at}")
        place.shop.outside.say(f"AA{at}", ("PO", place.at(-60), "SP"))
    lost = await place.shop.register("AA123456785BR")
    await place.shop.later(days=1)
    assert not [n for n in await place.shop.notices() if n.kind == "wrong_carrier"], "a day is not long enough"
    for _ in range(3):
        await place.shop.later(days=1)
        await place.run()
    (notice,) = [n for n in await place.shop.notices() if n.kind == "wrong_carrier"]
    assert (notice.shipment_id, notice.facts["guess"]) == (lost, "Regional")
    renamed = replace(notice, kind="")
    assert renamed.facts["order"] == "1001"


async def test_the_code_of_its_own_that_we_told_the_order_system_is_no_second_package(shop: Shop) -> None:
    """A label is followed by its id; the order system shows the code that we told it instead."""
    place = await open_place(shop, identifiers=(IdentifierKind.TRACKING_CODE, IdentifierKind.CARRIER_NUMBER))
    await couriers.set_rule(place.shop.context, place.shop.store_id, NAME, place.account_id, BY)
    place.carrier.answers["LABEL1"] = said(("in_transit", place.at(-3)), code="ME-77")
    await sell(place, "1001", code="label1")
    await place.run()
    await sell(place, "1001", code="ME77")
    await sell(place, "1001", code="ME-77, SG88")
    async with place.shop.context.pool.connection() as connection:
        rows = await (
            await connection.execute("SELECT tracking_code, replaced_by FROM shipment ORDER BY id")
        ).fetchall()
    assert rows == [("LABEL1", None), ("SG88", None)]
