"""A shipment known by its invoice: asked by key, told by feed and push, with volumes, legs and a number named later."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import pytest

from paradeiro.db.accounts import hooks, stores
from paradeiro.db.carriers import legs
from paradeiro.db.pool import transaction
from paradeiro.domain.records import Invoice, Order
from paradeiro.domain.words import EffectKind, Outcome, PartyKind, Status, Way
from paradeiro.flow.answers.carrier_feed import read_again
from paradeiro.flow.answers.push_intake import take_push
from paradeiro.flow.context import Sessions
from paradeiro.flow.errors import InvalidError
from paradeiro.flow.orders.intake import register
from paradeiro.flow.orders.package_registration import Registration
from paradeiro.sdk.contract import Push
from paradeiro.sdk.ways_in import FeedAnswer
from paradeiro.worker.sweep import sweep
from tests.flow.conftest import ANA, Shop
from tests.flow.following.regional import KEY, OTHER_KEY, Regional, body, key_of, said

ASKED_AND_FED = frozenset({Way.ASKED, Way.FEED, Way.PUSH})
INVOICE = "11222333000181/1/123"


@dataclass
class Place:
    """A store with an account at the regional carrier."""

    shop: Shop
    carrier: Regional
    account_id: int

    async def register(self, number: str = "1001", key: str = KEY, invoice: str = "123", code: str = "") -> int:
        stated = Registration(Order(number, ANA), "regional", code, Invoice(invoice, value=5000, key=key))
        return (await register(self.shop.context, self.shop.store_id, stated)).shipment_id

    async def status(self, shipment_id: int) -> Status:
        return (await self.shop.shipment_row(shipment_id)).shipment.snapshot.status

    async def run(self) -> None:
        await sweep(self.shop.context)
        await self.shop.run()

    async def account(self) -> stores.Account:
        async with self.shop.context.pool.connection() as connection:
            return (await stores.accounts(connection, self.shop.context.secret_key, ids=[self.account_id]))[0]

    def at(self, minutes: int) -> str:
        return (self.shop.clock() + timedelta(minutes=minutes)).isoformat()


async def open_place(shop: Shop, **more: Any) -> Place:
    carrier = Regional()
    connectors = {**shop.context.connectors, "regional": carrier.connector(**more)}
    context = replace(shop.context, connectors=connectors, sessions=Sessions(connectors, shop.clock))
    shop = replace(shop, context=context)
    async with transaction(context.pool) as connection:
        account_id = await stores.put_account(
            connection,
            shop.store_id,
            connector="regional",
            kind=PartyKind.CARRIER,
            name="regional",
            settings={},
            secrets={},
            key=context.secret_key,
            now=context.now(),
        )
    return Place(shop, carrier, account_id)


@pytest.fixture
async def place(shop: Shop) -> Place:
    return await open_place(shop)


async def test_a_package_without_a_code_is_asked_about_by_the_key_of_its_invoice(place: Place) -> None:
    place.carrier.answers[KEY] = said(("accepted", place.at(-30)), ("in_transit", place.at(-20)))
    shipment_id = await place.register()
    await place.run()
    row = await place.shop.shipment_row(shipment_id)
    assert place.carrier.asked == [KEY]
    assert (row.shipment.tracking_code, row.shipment.number, row.shipment.shown_code) == (KEY, "", KEY)
    assert row.shipment.snapshot.status is Status.IN_TRANSIT
    kinds = [effect.kind for effect in await place.shop.effects(shipment_id)]
    assert kinds.count(EffectKind.TRACKING_NUMBER) == 1, "an order system takes no history without a number"


async def test_no_number_is_told_before_there_are_news_or_a_code(place: Place) -> None:
    shipment_id = await place.register()
    await place.run()
    assert EffectKind.TRACKING_NUMBER not in {effect.kind for effect in await place.shop.effects(shipment_id)}
    place.carrier.answers[KEY] = said(("accepted", place.at(-1)))
    await place.shop.ask(shipment_id)
    place.carrier.answers[KEY] = said(("accepted", place.at(-31)), ("in_transit", place.at(-1)), code="AB123")
    await place.shop.ask(shipment_id)
    sent = [effect.kind for effect in reversed(await place.shop.effects(shipment_id))]
    assert sent.count(EffectKind.TRACKING_NUMBER) == 2, "the key with the first news, then the carrier's own code"
    assert sent.index(EffectKind.TRACKING_NUMBER) < sent.index(EffectKind.ORDER_UPDATE)


async def test_the_number_that_the_carrier_names_is_told_once(place: Place) -> None:
    place.carrier.answers[KEY] = said(("accepted", place.at(-30)), code="AB123")
    shipment_id = await place.register()
    await place.run()
    place.carrier.answers[KEY] = said(("accepted", place.at(-30)), ("in_transit", place.at(-1)), code="AB123")
    await place.shop.ask(shipment_id)
    row = await place.shop.shipment_row(shipment_id)
    assert (row.shipment.number, row.shipment.shown_code) == ("AB123", "AB123")
    kinds = [effect.kind for effect in await place.shop.effects(shipment_id)]
    assert kinds.count(EffectKind.TRACKING_NUMBER) == 1


async def test_a_package_that_its_carrier_cannot_find_is_refused(place: Place) -> None:
    with pytest.raises(InvalidError, match="finds a package by the key of its invoice") as refused:
        await place.register(key="")
    assert refused.value.code == "no_identifier"


async def test_the_code_that_comes_later_is_the_same_package(place: Place) -> None:
    place = await open_place(place.shop)
    first = await place.register()
    again = await place.register(code="AB123")
    assert again == first
    assert (await place.shop.shipment_row(first)).shipment.number == "AB123"


async def test_a_feed_is_recorded_for_the_shipments_that_it_names(shop: Shop) -> None:
    place = await open_place(shop, ways=frozenset({Way.FEED}))
    shipment_id = await place.register()
    other = await place.register("1002", OTHER_KEY, "124")
    page = body(said(("in_transit", place.at(-9)), ids=[INVOICE]), said(("delivered", place.at(-5)), ids=[OTHER_KEY]))
    place.carrier.pages = [FeedAnswer(Outcome.FOUND, (page,), cursor="1", more=True)]
    await place.run()
    assert [await place.status(each) for each in (shipment_id, other)] == [Status.IN_TRANSIT, Status.DELIVERED]
    assert place.carrier.cursors == ["", "1"]
    assert place.carrier.asked == [], "nobody asks a carrier that only has a feed"
    assert (await place.shop.shipment_row(shipment_id)).account_id == place.account_id


async def test_news_of_a_package_that_is_not_registered_yet_wait_for_it(shop: Shop) -> None:
    place = await open_place(shop, ways=frozenset({Way.FEED}))
    page = body(said(("in_transit", place.at(-9)), ids=[INVOICE, KEY]))
    place.carrier.pages = [FeedAnswer(Outcome.FOUND, (page,), cursor="1")]
    await place.run()
    shipment_id = await place.register()
    await place.run()
    assert await place.status(shipment_id) is Status.IN_TRANSIT


async def test_a_feed_that_cannot_be_read_keeps_its_cursor_and_is_told(shop: Shop) -> None:
    place = await open_place(shop, ways=frozenset({Way.FEED}))
    page = body(said(("in_transit", place.at(-9)), ids=[KEY]))
    place.carrier.pages = [
        FeedAnswer(Outcome.FOUND, (page,), cursor="7"),
        FeedAnswer(Outcome.MALFORMED, (b"<html>",), message="HTML"),
        FeedAnswer(Outcome.RETRY, message="HTTP 503"),
    ]
    await place.run()
    await place.shop.later(minutes=11)
    assert [n.kind for n in await place.shop.notices()] == ["malformed_reply"]
    await place.run()
    await place.shop.later(minutes=11)
    await place.run()
    assert place.carrier.cursors[:3] == ["", "7", "7"]
    assert (await place.account()).cursor == "7"


async def test_a_gap_of_the_feed_is_told_and_its_days_are_read_again(shop: Shop) -> None:
    place = await open_place(shop, ways=frozenset({Way.FEED}))
    place.carrier.pages = [FeedAnswer(Outcome.FOUND, (), cursor="9", gap="lots 3 to 8 are gone")]
    await place.run()
    notice = next(n for n in await place.shop.notices() if n.kind == "feed_gap")
    assert "lots 3 to 8 are gone" in notice.message
    await read_again(place.shop.context, await place.account(), date(2026, 3, 1))
    await place.run()
    assert place.carrier.cursors[-1] == "day 2026-03-01"
    assert not [n for n in await place.shop.notices() if n.kind == "feed_gap"]


async def test_a_proven_push_states_facts_and_an_unproven_one_nothing(shop: Shop) -> None:
    place = await open_place(shop, ways=ASKED_AND_FED)
    shipment_id = await place.register()
    async with transaction(place.shop.context.pool) as connection:
        await hooks.put_hook(
            connection,
            shop.store_id,
            place.account_id,
            token="secret-token",
            secret="signs",
            key=place.shop.context.secret_key,
            now=shop.clock(),
        )
    context = place.shop.context
    pushed = body(said(("delivered", place.at(-5)), ids=[KEY]))
    assert await take_push(context, "regional", "secret-token", Push({}, pushed)) is Outcome.AUTH_FAILED
    await place.shop.run()
    assert await place.status(shipment_id) is Status.REGISTERED
    for late in (pushed, body(said(("in_transit", place.at(-50)), ids=[INVOICE])), pushed):
        assert await take_push(context, "regional", "secret-token", Push({"signature": "right"}, late)) is Outcome.FOUND
    await place.shop.run()
    assert await place.status(shipment_id) is Status.DELIVERED
    assert len(await place.shop.events(shipment_id)) == 2


async def test_volumes_of_one_invoice_are_delivered_when_all_of_them_are(place: Place) -> None:
    first, second = ("delivered", place.at(-50), "1"), ("out_for_delivery", place.at(-60), "2")
    place.carrier.answers[KEY] = said(("in_transit", place.at(-90)), first, second)
    shipment_id = await place.register()
    await place.run()
    assert await place.status(shipment_id) is Status.OUT_FOR_DELIVERY
    # The second one at the same instant as the first: they are two events.
    place.carrier.answers[KEY]["events"] += [["delivered", first[1], "2"]]
    await place.shop.ask(shipment_id)
    assert await place.status(shipment_id) is Status.DELIVERED
    assert len(await place.shop.events(shipment_id)) == 4


async def test_news_that_fits_two_shipments_is_nobodys_and_a_person_is_asked(shop: Shop) -> None:
    place = await open_place(shop, ways=frozenset({Way.FEED}))
    # Numbers of nine digits whose last eight are the same.
    one = await place.register("1001", key_of(100000123), "100000123")
    other = await place.register("1002", key_of(200000123), "200000123")
    page = body(said(("delivered", place.at(-5)), ids=["tail:11222333000181/1/123"]))
    place.carrier.pages = [FeedAnswer(Outcome.FOUND, (page,), cursor="1")]
    await place.run()
    assert [await place.status(each) for each in (one, other)] == [Status.REGISTERED] * 2
    notice = next(n for n in await place.shop.notices() if n.kind == "ambiguous_shipment")
    assert notice.facts["count"] == "2"


async def test_the_carrier_behind_a_platform_is_followed_as_a_leg(place: Place) -> None:
    shop = place.shop
    place.carrier.answers[KEY] = said(("accepted", place.at(-90)), legs=[["posta rápida", "AA1"]])
    posta = replace(shop.context.connectors["posta"], recognises_courier=lambda text: "posta" in text)
    shop.context.connectors["posta"] = posta  # type: ignore[index]
    shop.outside.say("AA1", ("PO", place.at(-60), "SP"), ("BDE", place.at(-5), "SP"))
    shipment_id = await place.register()
    await place.run()
    await place.run()
    assert await place.status(shipment_id) is Status.DELIVERED
    shown = {event.event.reported_by for event in await shop.events(shipment_id)}
    assert shown == {"", "posta"}
    async with shop.context.pool.connection() as connection:
        (leg,) = await legs.legs_of(connection, [shipment_id])
    assert (leg.carrier, leg.tracking_code, leg.named_by, leg.outcome) == ("posta", "AA1", "regional", "found")


async def test_a_number_that_answers_name_is_learned_and_found_by_alone(shop: Shop) -> None:
    place = await open_place(shop, ways=frozenset({Way.FEED}))
    shipment_id = await place.register()
    first = body(said(("in_transit", place.at(-9)), ids=[KEY, "number:R-1"]))
    later = body(said(("delivered", place.at(-5)), ids=["number:R-1"]))
    place.carrier.pages = [
        FeedAnswer(Outcome.FOUND, (first,), cursor="1"),
        FeedAnswer(Outcome.FOUND, (later,), cursor="2"),
    ]
    await place.run()
    await place.shop.later(minutes=11)
    await place.run()
    assert await place.status(shipment_id) is Status.DELIVERED
