"""A quota of look-ups, packages that waited for an account, one number with several shipments behind it."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from paradeiro.cli.accounts.accounts import add_account
from paradeiro.db.carriers import identifiers
from paradeiro.db.carriers.identifiers import UnmatchedAnswer
from paradeiro.db.pool import transaction
from paradeiro.domain.orders.identifiers import invoice_key
from paradeiro.domain.records import Invoice, Order, ParsedAnswer
from paradeiro.domain.words import Outcome, Status
from paradeiro.flow.carriers import lookup_quota
from paradeiro.flow.context import Sessions
from paradeiro.flow.orders.intake import register
from paradeiro.flow.orders.package_registration import Registration
from paradeiro.worker.maintenance import maintain
from tests.flow.conftest import ANA, Shop
from tests.flow.following.regional import KEY, Regional, key_of, parse, said
from tests.flow.following.test_ways_in import Place, open_place


async def sold(place: Place, number: str, key: str, promised_in: int | None = None) -> int:
    """A package of an order promised in so many days."""
    promised = place.shop.clock() + timedelta(days=promised_in) if promised_in is not None else None
    order = Order(number, ANA, promised_at=promised)
    stated = Registration(order, "regional", "", Invoice(number, value=5000, key=key))
    return (await register(place.shop.context, place.shop.store_id, stated)).shipment_id


async def test_the_quota_goes_to_what_is_promised_soonest_and_the_rest_waits(shop: Shop) -> None:
    place = await open_place(shop, batch_size=40)
    context, account = place.shop.context, place.account_id
    await lookup_quota.set_monthly(context, shop.store_id, account, 2)
    keys = {number: key_of(number) for number in (1, 2, 3, 4)}
    for number, days in ((1, None), (2, 9), (3, 1), (4, 20)):
        await sold(place, str(number), keys[number], days)
    await place.run()
    assert sorted(place.carrier.asked) == sorted([keys[2], keys[3]])
    notice = next(n for n in await place.shop.notices() if n.kind == "quota_used")
    assert (notice.facts["count"], notice.facts["waiting"]) == ("2", "2")
    quota = await lookup_quota.spent(context, account)
    assert quota is not None
    assert (quota.used, quota.monthly) == (2, 2)
    # Those that it knows are asked on; they cost nothing more.
    place.carrier.asked.clear()
    await place.shop.later(hours=3)
    await place.run()
    assert set(place.carrier.asked) == {keys[2], keys[3]}
    await lookup_quota.set_monthly(context, shop.store_id, account, 9)
    place.carrier.asked.clear()
    await place.run()
    assert {keys[1], keys[4]} <= set(place.carrier.asked)
    assert not [n for n in await place.shop.notices() if n.kind == "quota_used"]


async def test_a_new_month_has_its_own_quota(shop: Shop) -> None:
    place = await open_place(shop, batch_size=40)
    await lookup_quota.set_monthly(place.shop.context, shop.store_id, place.account_id, 1)
    await sold(place, "1", key_of(1))
    await sold(place, "2", key_of(2))
    await place.run()
    assert len(set(place.carrier.asked)) == 1
    await place.shop.later(days=31)
    await place.run()
    assert len(set(place.carrier.asked)) == 2


async def test_packages_that_waited_for_an_account_are_followed_once_it_is_there(shop: Shop) -> None:
    carrier = Regional()
    connectors = {**shop.context.connectors, "regional": carrier.connector()}
    context = replace(shop.context, connectors=connectors, sessions=Sessions(connectors, shop.clock))
    shop = replace(shop, context=context)
    stated = Registration(Order("1", ANA), "regional", "", Invoice("1", key=KEY))
    shipment_id = (await register(context, shop.store_id, stated)).shipment_id
    carrier.answers[KEY] = said(("in_transit", (shop.clock() - timedelta(hours=1)).isoformat()))
    await shop.run()
    assert [n.kind for n in await shop.notices()] == ["no_account"]
    account_id = await add_account(context, "Loja", connectors["regional"], name="R", channel=None, values={})
    await Place(shop, carrier, account_id).run()
    assert (await shop.shipment_row(shipment_id)).shipment.snapshot.status is Status.IN_TRANSIT
    assert await shop.notices() == []


@dataclass(frozen=True, slots=True)
class _Several:
    """How far before and after the order the two shipments of one number were sent, and what counts then."""

    first: int | None
    second: int | None
    expected: Status
    notices: int


def several(data: bytes) -> list[ParsedAnswer]:
    """Each item is another shipment of the same number."""
    return [replace(each, shipment=f"s{at}", sent_at=None) for at, each in enumerate(parse(data))]


@pytest.mark.parametrize(
    "case",
    [
        _Several(-400, 0, Status.IN_TRANSIT, 0),
        _Several(-400, -300, Status.REGISTERED, 1),
        _Several(0, 1, Status.REGISTERED, 1),
        _Several(None, 0, Status.REGISTERED, 1),
    ],
)
async def test_only_the_shipment_that_can_be_ours_counts(shop: Shop, case: _Several) -> None:
    began = shop.clock()

    def sent(days: int | None) -> Any:
        return None if days is None else began + timedelta(days=days, hours=1)

    def parse_two(data: bytes) -> list[ParsedAnswer]:
        found = several(data)
        if found[0].outcome is not Outcome.FOUND:
            return found
        return [replace(each, sent_at=sent(days)) for each, days in zip(found, (case.first, case.second), strict=True)]

    place = await open_place(shop, parse=parse_two)
    old, ours = said(("delivered", place.at(-20))), said(("in_transit", place.at(-10)))
    shipment_id = await sold(place, "1", KEY)
    place.carrier.bodies[KEY] = [old, ours]
    await place.run()
    assert await place.status(shipment_id) is case.expected
    assert len([n for n in await place.shop.notices() if n.kind == "ambiguous_shipment"]) == case.notices


async def test_answers_about_nobody_are_forgotten_with_their_replies(shop: Shop) -> None:
    place = await open_place(shop)
    named = invoice_key(KEY)
    assert named is not None
    async with transaction(shop.context.pool) as connection:
        answers = [UnmatchedAnswer(shop.store_id, place.account_id, named, 7)]
        await identifiers.put_unmatched(connection, answers, now=shop.clock())
    for days, left in ((1, 1), (40, 0)):
        shop.clock.forward(days=days)
        assert await maintain(shop.context)
        async with shop.context.pool.connection() as connection:
            row = await (await connection.execute("SELECT count(*)::int FROM unmatched_answer")).fetchone()
        assert row == (left,)
