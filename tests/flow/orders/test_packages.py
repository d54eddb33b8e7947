"""Orders as stores pack them: two boxes of one invoice, one box of two, a label made again, several codes in a field.

The order system is told in VTEX's own form, so that what it would show can be asked: one history per invoice.
"""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from paradeiro.connectors import discover
from paradeiro.connectors.vtex.parse import parse_order
from paradeiro.connectors.vtex.render import render as vtex_render
from paradeiro.db.accounts import stores
from paradeiro.db.following import shipments
from paradeiro.db.following.shipments import ShipmentRow
from paradeiro.db.operations import audit
from paradeiro.db.operations.audit import Actor
from paradeiro.db.orders import orders
from paradeiro.db.pool import transaction
from paradeiro.domain.records import Invoice, Order
from paradeiro.domain.words import PartyKind, Status
from paradeiro.flow.context import Sessions
from paradeiro.flow.errors import ConflictError, InvalidError
from paradeiro.flow.orders.intake import StatedOrder, register, state_order, take_orders
from paradeiro.flow.orders.label_replacement import NewLabel, replace_label, restore_label
from paradeiro.flow.orders.package_registration import Registration
from paradeiro.flow.orders.statements import Statement, add_event, confirm_delivery, reopen
from paradeiro.web.api.shapes import FullOrderIn
from tests.databases import HandClock
from tests.flow.conftest import ANA, KINDS, Shop, open_shop
from tests.flow.parties import Outside

CASES = Path(__file__).parents[2] / "cases" / "orders"
BY = Actor("ana", "api")


def case(name: str) -> bytes:
    return (CASES / f"{name}.json").read_bytes()


@dataclass(frozen=True, slots=True)
class Store:
    """The flow tests' shop whose order system is told as VTEX, whose carrier has codes as Correios."""

    shop: Shop

    async def shows(self, *found: Order) -> None:
        """The order system shows these."""
        async with transaction(self.shop.context.pool) as connection:
            await take_orders(self.shop.context, connection, self.shop.store_id, found)
        await self.shop.run()

    async def state(self, order: Order, *packages: tuple[str, str], replaces: str = "") -> list[int]:
        """Somebody states packages as (code, invoice)."""
        stated = tuple(
            Registration(order, "correios", code, Invoice(number, 5000), replaces=replaces) for code, number in packages
        )
        done = await state_order(self.shop.context, self.shop.store_id, StatedOrder(order, stated), BY)
        await self.shop.run()
        return [each.shipment_id for each in done.packages]

    async def packages(self, number: str = "1001") -> dict[str, ShipmentRow]:
        async with self.shop.context.pool.connection() as connection:
            return {
                k.shipment.tracking_code: k for k in await shipments.of_order(connection, self.shop.store_id, number)
            }

    async def news(self, code: str, *events: tuple[str, str, str], number: str = "1001") -> None:
        """The carrier says this of a code, and is asked."""
        self.shop.outside.say(code, *events)
        self.shop.clock.at = max(self.shop.clock(), *(datetime.fromisoformat(at) for _, at, _ in events))
        await self.shop.ask((await self.packages(number))[code].shipment.id)

    async def delivered_at(self) -> str | None:
        async with self.shop.context.pool.connection() as connection:
            row = await (await connection.execute("SELECT delivered_at FROM orders")).fetchone()
        return row[0].isoformat() if row and row[0] else None

    def told(self, invoice: str = "1") -> list[dict[str, Any]]:
        """The histories that the order system took of an invoice, in order."""
        return [
            json.loads(each["body"])
            for each in self.shop.outside.accepted("loja")
            if each["to"].endswith(f"/invoice/{invoice}/tracking")
        ]

    def numbers(self, invoice: str = "1") -> list[str]:
        """The tracking numbers that the order system took for an invoice, in order."""
        return [
            json.loads(each["body"])["trackingNumber"]
            for each in self.shop.outside.accepted("loja")
            if each["to"].endswith(f"/invoice/{invoice}")
        ]

    def mails(self) -> list[tuple[str, str]]:
        return [(each["code"], each["status"]) for each in self.shop.outside.told("mail")]


@pytest.fixture
async def store(database: str, clock: HandClock, secret_key: str, tmp_path: Path) -> AsyncIterator[Store]:
    async with open_shop(database, clock, secret_key, tmp_path) as made:
        real, parties = discover(), dict(made.connectors)
        small, post = parties.pop("posta"), real["correios"]
        parties["correios"] = replace(
            small,
            name="correios",
            title=post.title,
            check_code=post.check_code,
            recognises_courier=post.recognises_courier,
        )
        parties["loja"] = replace(parties["loja"], render=vtex_render)
        context = replace(made, connectors=parties, sessions=Sessions(parties, clock))
        kinds = {name: kind for name, kind in KINDS.items() if name != "posta"} | {"correios": PartyKind.CARRIER}
        async with transaction(context.pool) as connection:
            store_id = await stores.add_store(connection, "Loja", now=context.now())
            accounts = {
                name: await stores.put_account(
                    connection,
                    store_id,
                    connector=name,
                    kind=kind,
                    name=name,
                    settings={},
                    secrets={},
                    key=context.secret_key,
                    now=context.now(),
                    channel="MKT" if kind is PartyKind.MARKETPLACE else None,
                )
                for name, kind in kinds.items()
            }
        yield Store(Shop(context, Outside(tmp_path), clock, store_id, accounts))


POSTED = ("PO", "2026-11-02T13:00:00+00:00", "Santos")
MOVED = ("RO", "2026-11-02T16:00:00+00:00", "Campinas")
OUT = ("OEC", "2026-11-03T11:00:00+00:00", "Itu")
DELIVERED = ("BDE", "2026-11-03T14:00:00+00:00", "Itu")
LATER = ("BDE", "2026-11-04T15:00:00+00:00", "Itu")
A, B, C = "QZ620000037BR", "QZ620000045BR", "QZ620000054BR"
ORDER = Order("1001", ANA)


def shown(name: str) -> Order:
    """A case as the order system shows it; its order was made after the tests' first day."""
    order = parse_order(case(name))
    # The tests' clock stands before these days: what is older than its order or invoice would be doubted.
    return replace(order, ordered_at=None, invoices=tuple(replace(each, issued_at=None) for each in order.invoices))


# ── the five cases ───────────────────────────────────────────────────────────────────────────────────────────────────


async def test_two_boxes_of_one_invoice(store: Store) -> None:
    stated = FullOrderIn.model_validate_json(case("two-boxes-of-one-invoice")).stated()
    done = await state_order(store.shop.context, store.shop.store_id, stated, BY)
    one, two = "QZ630000031BR", "QZ630000045BR"
    assert [each.created for each in done.packages] == [True, True]
    await store.shop.run()
    await store.news(two, POSTED, MOVED, number="3010-01")
    store.shop.clock.forward(days=1)
    await store.news(one, POSTED, DELIVERED, number="3010-01")
    assert not any(each["isDelivered"] for each in store.told()), "one box of two is at the door"
    assert await store.delivered_at() is None
    store.shop.clock.forward(days=1)
    await store.news(two, POSTED, MOVED, LATER, number="3010-01")
    delivered = [each["isDelivered"] for each in store.told()]
    assert delivered == sorted(delivered), "never not delivered after delivered"
    last = store.told()[-1]
    assert (last["isDelivered"], last["deliveredDate"]) == (True, "2026-11-04 12:00"), "with the last box"
    codes = [each["description"].rpartition(" · ")[2] for each in last["events"]]
    assert sorted(codes) == [one, one, two, two, two], "one history, each line says which"
    assert [each["date"] for each in last["events"]] == sorted(each["date"] for each in last["events"])
    assert await store.delivered_at() == "2026-11-04T15:00:00+00:00"
    assert store.numbers()[-1] == f"{one}, {two}", "the order system shows both"


async def test_one_box_two_invoices(store: Store) -> None:
    await store.shows(shown("one-box-two-invoices"))
    (package,) = (await store.packages("3005-01")).values()
    code = "QZ620000006BR"
    assert (package.shipment.invoice.number, [f.invoice.number for f in package.shipment.further]) == ("1", ["2"])
    assert [item.id for item in package.shipment.items] == ["501", "502"]
    for events in ((POSTED,), (POSTED, MOVED), (POSTED, MOVED, OUT), (POSTED, MOVED, OUT, DELIVERED)):
        await store.news(code, *events, number="3005-01")
    statuses = ["accepted", "in_transit", "out_for_delivery", "delivered"]
    assert [status for _, status in store.mails()] == statuses, "one mail per change"
    for invoice in ("1", "2"):
        assert [each["isDelivered"] for each in store.told(invoice)] == [False, False, False, True]
        assert all(code not in line["description"] for line in store.told(invoice)[-1]["events"]), "one box needs none"
    assert await store.delivered_at() == "2026-11-03T14:00:00+00:00"
    assert all(asked == [code] for asked in store.shop.outside.asked()), "the carrier is asked for one package"


async def test_label_made_again_1(store: Store) -> None:
    await store.shows(shown("label-made-again-1"))
    assert list(await store.packages("3004-01")) == [C]


async def test_label_made_again_2(store: Store) -> None:
    await store.shows(shown("label-made-again-1"))
    await store.shows(shown("label-made-again-2"))
    new = "QZ620000068BR"
    packages = await store.packages("3004-01")
    assert packages[C].shipment.replaced_by == packages[new].shipment.id
    async with store.shop.context.pool.connection() as connection:
        sql = "SELECT tracking_code FROM shipment WHERE next_check IS NOT NULL"
        followed = [row[0] async for row in await connection.execute(sql)]
    assert followed == [new], "the old one is ended"
    await store.news(new, POSTED, DELIVERED, number="3004-01")
    assert await store.delivered_at() == "2026-11-03T14:00:00+00:00"
    assert store.told()[-1]["isDelivered"] is True
    await store.shows(shown("label-made-again-2"))
    assert store.told()[-1]["isDelivered"] is True, "shown again it is the same"


async def test_two_codes_of_one_invoice(store: Store) -> None:
    await store.shows(shown("two-codes-of-one-invoice"))
    packages = await store.packages("3003-01")
    assert {code: k.shipment.invoice.number for code, k in packages.items()} == {A: "1", B: "1"}
    assert await store.shop.notices() == []
    await store.shows(shown("two-codes-of-one-invoice"))
    assert len(await store.packages("3003-01")) == 2
    assert store.numbers() == [], "the order system has the codes"


# ── others of the same kinds ─────────────────────────────────────────────────────────────────────────────────────────


async def test_a_second_box_that_comes_late_takes_no_delivery_back(store: Store) -> None:
    await store.state(ORDER, (A, "1"))
    await store.news(A, POSTED, DELIVERED)
    assert store.told()[-1]["isDelivered"] is True
    store.shop.clock.forward(days=2)
    await store.state(ORDER, (B, "1"))
    assert await store.delivered_at() is None, "we know better"
    await store.news(B, POSTED)
    assert [each["isDelivered"] for each in store.told()] == [True, True], "the order system is not told otherwise"
    assert any(B in line["description"] for line in store.told()[-1]["events"])
    await store.news(B, POSTED, LATER)
    assert store.told()[-1]["isDelivered"] is True
    assert await store.delivered_at() == "2026-11-04T15:00:00+00:00"


async def test_a_delivery_that_is_taken_back_is_reported_of_the_invoice(store: Store) -> None:
    one, two = await store.state(ORDER, (A, "1"), (B, "1"))
    await store.news(A, POSTED, DELIVERED)
    await store.news(B, POSTED, DELIVERED)
    assert store.told()[-1]["isDelivered"] is True
    store.shop.clock.forward(days=3)
    await reopen(
        store.shop.context,
        store.shop.store_id,
        one,
        reason="the neighbour",
        by=Actor("ana", "page"),
    )
    await store.shop.run()
    assert store.told()[-1]["isDelivered"] is False
    assert two


async def test_news_of_two_boxes_at_once_is_sent_once(store: Store) -> None:
    await store.state(ORDER, (A, "1"), (B, "1"))
    store.shop.outside.say(A, POSTED)
    store.shop.outside.say(B, POSTED)
    await store.shop.later(hours=20)
    histories = [json.dumps(each) for each in store.told()]
    assert len(histories) == len(set(histories)), "the same history is not told twice"
    assert len(store.told()[-1]["events"]) == 2


async def test_one_box_of_two_invoices_is_reported_of_the_second_from_its_beginning(store: Store) -> None:
    await store.state(ORDER, (A, "1"))
    await store.news(A, POSTED, DELIVERED)
    mails = len(store.mails())
    (one,) = await store.state(ORDER, (A, "2"))
    assert [each["isDelivered"] for each in store.told("2")] == [True]
    assert store.numbers("2") == [A]
    assert len(store.mails()) == mails, "the customer has heard it"
    assert await store.delivered_at() == "2026-11-03T14:00:00+00:00"
    assert await store.state(ORDER, (A, "2"), (A, "1")) == [one, one]
    assert [each["isDelivered"] for each in store.told("2")] == [True], "stated again it is the same"


async def test_what_people_state_of_a_box_is_of_both_its_invoices(store: Store) -> None:
    (one, _) = await store.state(ORDER, (A, "1"), (A, "2"))
    async with store.shop.context.pool.connection() as connection:
        sql = "SELECT id FROM shipment WHERE package_id IS NOT NULL"
        row = await (await connection.execute(sql)).fetchone()
    assert row is not None
    context = store.shop.context
    store.shop.clock.forward(hours=1)
    await confirm_delivery(context, store.shop.store_id, row[0], delivered_at=None, by=Actor("ana", "page"))
    await store.shop.run()
    assert (await store.shop.shipment_row(one)).shipment.snapshot.delivered, (
        "the row of an invoice leads to its package"
    )
    assert store.told("1")[-1]["isDelivered"] is store.told("2")[-1]["isDelivered"] is True
    assert [status for _, status in store.mails()] == ["delivered"]


async def test_a_box_whose_two_invoices_get_a_new_label_is_replaced_once(store: Store) -> None:
    both = shown("one-box-two-invoices")
    await store.shows(both)
    again = tuple(replace(i, tracking_code=B) for i in both.invoices)
    await store.shows(replace(both, invoices=(again[0], both.invoices[1])))
    old = (await store.packages("3005-01"))["QZ620000006BR"]
    assert old.shipment.replaced_by is None, "its other invoice still goes by it"
    await store.shows(replace(both, invoices=again))
    packages = await store.packages("3005-01")
    assert packages["QZ620000006BR"].shipment.replaced_by == packages[B].shipment.id
    assert [f.invoice.number for f in packages[B].shipment.further] == ["2"]


async def test_a_package_that_was_posted_is_not_replaced_by_another_number(store: Store) -> None:
    first = shown("label-made-again-1")
    await store.shows(first)
    await store.news(C, POSTED, number="3004-01")
    await store.shows(shown("label-made-again-2"))
    packages = await store.packages("3004-01")
    assert all(k.shipment.replaced_by is None for k in packages.values()), "two boxes, then"
    await store.news("QZ620000068BR", POSTED, DELIVERED, number="3004-01")
    assert store.told()[-1]["isDelivered"] is False
    await store.news(C, POSTED, LATER, number="3004-01")
    assert store.told()[-1]["isDelivered"] is True


async def test_two_boxes_stated_one_after_the_other_are_two(store: Store) -> None:
    await store.state(ORDER, (A, "1"))
    await store.state(ORDER, (B, "1"))
    assert all(k.shipment.replaced_by is None for k in (await store.packages()).values())


async def test_two_labels_in_a_field_made_again(store: Store) -> None:
    order = shown("two-codes-of-one-invoice")
    await store.shows(order)
    (invoice,) = order.invoices
    await store.shows(replace(order, invoices=(replace(invoice, tracking_code=f"{A}; {C}"),)))
    packages = await store.packages("3003-01")
    assert packages[B].shipment.replaced_by == packages[C].shipment.id
    assert packages[A].shipment.replaced_by is None


async def test_a_label_thought_replaced_that_is_posted_after_all_is_a_package_again(store: Store) -> None:
    await store.shows(shown("label-made-again-1"))
    await store.shows(shown("label-made-again-2"))
    await store.news(C, POSTED, number="3004-01")
    row = (await store.packages("3004-01"))[C]
    assert row.shipment.replaced_by is None
    await store.news("QZ620000068BR", POSTED, DELIVERED, number="3004-01")
    assert store.told()[-1]["isDelivered"] is False, "it is on its way"


async def test_by_hand_a_label_is_replaced_and_restored(store: Store) -> None:
    context, store_id = store.shop.context, store.shop.store_id
    (one,) = await store.state(ORDER, (A, "1"))
    await store.news(A, POSTED)
    assert await replace_label(context, store_id, one, NewLabel("QZ 620000045 BR"), BY) == await replace_label(
        context, store_id, one, NewLabel(B), BY
    )
    await store.shop.run()
    packages = await store.packages()
    assert packages[A].shipment.replaced_by == packages[B].shipment.id
    assert packages[B].shipment.invoice.number == "1"
    assert store.numbers()[-1] == B
    await store.news(B, POSTED, DELIVERED)
    told = store.told()[-1]
    assert told["isDelivered"] is True
    assert {line["description"].rpartition(" · ")[2] for line in told["events"]} == {A, B}, "what was told stays"
    assert await store.delivered_at() is not None
    with pytest.raises(ConflictError, match="was replaced already"):
        await replace_label(context, store_id, one, NewLabel(C), BY)
    await restore_label(context, store_id, one, BY)
    await store.shop.run()
    assert await store.delivered_at() is None
    assert store.told()[-1]["isDelivered"] is False, "somebody said that it is a package of its own"
    with pytest.raises(ConflictError, match="nothing to take back"):
        await restore_label(context, store_id, one, BY)
    async with context.pool.connection() as connection:
        entries = [line.action for line in await audit.audit_lines(connection, store_id, order_number="1001", limit=20)]
    assert entries.count("replace") == entries.count("restore") == 1


async def test_an_order_is_delivered_when_the_label_that_never_went_is_replaced(store: Store) -> None:
    one, _ = await store.state(ORDER, (A, "1"), (B, "1"))
    await store.news(B, POSTED, DELIVERED)
    assert (await store.delivered_at(), store.told()[-1]["isDelivered"]) == (None, False)
    assert store.numbers()[-1] == f"{A}, {B}"
    await replace_label(store.shop.context, store.shop.store_id, one, NewLabel(B), BY)
    await store.shop.run()
    assert store.numbers()[-1] == B
    assert await store.delivered_at() is not None
    assert store.told()[-1]["isDelivered"] is True, "the order system hears it without further news"


async def test_what_cannot_be_replaced_is_said(store: Store) -> None:
    context, store_id = store.shop.context, store.shop.store_id
    one, two = await store.state(ORDER, (A, "1"), (B, "1"))
    with pytest.raises(InvalidError, match="cannot take its own place"):
        await replace_label(context, store_id, one, NewLabel(A), BY)
    with pytest.raises(InvalidError, match="give one tracking code"):
        await replace_label(context, store_id, one, NewLabel(f"{B}, {C}"), BY)
    await replace_label(context, store_id, two, NewLabel(C), BY)
    with pytest.raises(ConflictError, match="was replaced itself"):
        await replace_label(context, store_id, one, NewLabel(B), BY)
    await store.news(A, POSTED, DELIVERED)
    with pytest.raises(ConflictError, match="is delivered"):
        await replace_label(context, store_id, one, NewLabel(C), BY)


async def test_a_package_says_which_label_it_replaces(store: Store) -> None:
    await store.state(ORDER, (A, "1"))
    await store.state(ORDER, (B, "1"), replaces=A)
    await store.state(ORDER, (B, "1"), replaces=A)
    packages = await store.packages()
    assert packages[A].shipment.replaced_by == packages[B].shipment.id
    with pytest.raises(InvalidError, match="is no package of this order"):
        await store.state(ORDER, (C, "1"), replaces="QZ620000068BR")


async def test_a_replaced_label_sends_only_messages_by_invoice(store: Store) -> None:
    (one,) = await store.state(ORDER, (A, "1"))
    await replace_label(store.shop.context, store.shop.store_id, one, NewLabel(B), BY)
    await store.shop.run()
    stated = Statement(Status.IN_TRANSIT)
    await add_event(store.shop.context, store.shop.store_id, one, stated, by=Actor("ana", "page"))
    await store.shop.run()
    assert store.mails() == []
    assert [line["description"].rpartition(" · ")[2] for line in store.told()[-1]["events"]] == [A]


async def test_several_codes_of_one_package_are_several_at_every_entry_point(store: Store) -> None:
    order = Order("1001", ANA)
    taken = await state_order(
        store.shop.context,
        store.shop.store_id,
        StatedOrder(order, (Registration(order, "correios", f"{A} / {B}", Invoice("1")),)),
        BY,
    )
    assert [each.created for each in taken.packages] == [True, True]
    assert set(await store.packages()) == {A, B}
    with pytest.raises(InvalidError, match="wrong check digit"):
        await register(
            store.shop.context,
            store.shop.store_id,
            Registration(order, "correios", f"{A}, QZ620000046BR", Invoice("1")),
        )


async def test_of_a_field_with_one_wrong_code_the_right_ones_are_followed(store: Store) -> None:
    order = shown("two-codes-of-one-invoice")
    (invoice,) = order.invoices
    await store.shows(replace(order, invoices=(replace(invoice, tracking_code=f"{A}, QZ620000046BR"),)))
    assert list(await store.packages("3003-01")) == [A]
    (notice,) = await store.shop.notices()
    assert "QZ620000045BR" in notice.message, "the right digit is named"


async def test_rows_of_before_are_one_package_with_two_invoices(store: Store) -> None:
    """Two rows of one code, as they were made until 0.2: the first that is stated again makes one package of them."""
    (one,) = await store.state(ORDER, (A, "1"))
    async with transaction(store.shop.context.pool) as connection:
        await connection.execute(
            "INSERT INTO shipment (store_id, order_id, account_id, carrier, tracking_code, invoice_number, invoice,"
            " tracking_token, registered_at, status, next_check) SELECT store_id, order_id, account_id, carrier,"
            " tracking_code, '2', jsonb_set(invoice, '{number}', '\"2\"'), 'an older token', registered_at, status,"
            " next_check FROM shipment"
        )
    assert await store.state(ORDER, (A, "2")) == [one]
    await store.news(A, POSTED)
    assert [status for _, status in store.mails()] == ["accepted"]
    assert len(store.told("1")) == len(store.told("2")) == 1
    async with store.shop.context.pool.connection() as connection:
        row = await shipments.by_token(connection, "an older token")
    assert row is not None
    assert row.shipment.id == one, "its link leads to the package"


async def test_the_list_of_an_orders_packages_for_marketplaces_leaves_out_what_was_replaced(store: Store) -> None:
    (one,) = await store.state(ORDER, (A, "1"))
    await replace_label(store.shop.context, store.shop.store_id, one, NewLabel(B), BY)
    async with store.shop.context.pool.connection() as connection:
        order_id = (await store.shop.shipment_row(one)).order_id
        packages = await orders.packages_of_orders(connection, [order_id])
    assert [other.tracking_code for _, other in packages[order_id]] == [B]


async def test_a_marketplace_with_messages_by_invoice_gets_each_invoice_once(store: Store) -> None:
    sold = replace(ORDER, channel="MKT", marketplace_number="M-9")
    await store.state(sold, (A, "1"), (B, "1"), (A, "2"))
    kinds = [each["kind"] for each in store.shop.outside.told("canal")]
    assert kinds.count("marketplace_invoice") == 2, "the invoice of two boxes once, that of the shared box too"
    await store.news(A, POSTED)
    await store.news(B, POSTED)
    histories = [each for each in store.shop.outside.told("canal") if each["kind"] == "marketplace_update"]
    assert [each["code"] for each in histories] == [A, A, B], "at both invoices of the one, at one of the other"


async def test_a_marketplace_gets_the_invoice_first_of_a_package_that_was_registered_before_its_order_was_read(
    store: Store,
) -> None:
    await store.state(ORDER, (A, "1"))
    sold = replace(ORDER, channel="MKT", marketplace_number="M-9", invoices=(Invoice("1", 5000, courier="Correios"),))
    await store.shows(sold)
    await store.news(A, POSTED)
    await store.shows(sold)
    kinds = [each["kind"] for each in store.shop.outside.told("canal")]
    assert kinds == ["marketplace_invoice", "marketplace_tracking_number", "marketplace_update"]


async def test_of_an_invoice_whose_other_box_cannot_be_read_nothing_is_reported(store: Store) -> None:
    _, two = await store.state(ORDER, (A, "1"), (B, "1"))
    await store.news(A, POSTED)
    before = len(store.told())
    async with transaction(store.shop.context.pool) as connection:
        await connection.execute("UPDATE shipment SET snapshot = '{\"status\": 7}' WHERE id = %s", (two,))
    await store.news(A, POSTED, DELIVERED)
    assert len(store.told()) == before, "nobody knows whether the invoice is delivered"
    assert [status for _, status in store.mails()] == ["accepted", "delivered"], "the customer hears of this box"
    assert "set_aside" in [notice.kind for notice in await store.shop.notices()]


async def test_a_number_that_is_put_back_is_the_package_again(store: Store) -> None:
    await store.shows(shown("label-made-again-1"))
    await store.shows(shown("label-made-again-2"))
    await store.shows(shown("label-made-again-1"))
    packages = await store.packages("3004-01")
    new = "QZ620000068BR"
    assert (packages[C].shipment.replaced_by, packages[new].shipment.replaced_by) == (None, packages[C].shipment.id)
    await store.news(C, POSTED, DELIVERED, number="3004-01")
    assert await store.delivered_at() is not None


async def test_a_mail_that_waits_is_not_sent_of_a_label_that_was_replaced(store: Store) -> None:
    (one,) = await store.state(ORDER, (A, "1"))
    store.shop.outside.fail("mail", "retry")
    await store.news(A, POSTED)
    await replace_label(store.shop.context, store.shop.store_id, one, NewLabel(B), BY)
    store.shop.outside.fail("mail", "ok")
    await store.shop.later(hours=3)
    assert store.mails() == []
