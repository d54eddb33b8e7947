"""In: many due packages; out: one bulk request, and ordinary batches for the rest."""

from dataclasses import replace

import pytest

from paradeiro.db.following import shipments
from paradeiro.db.measuring import bench_rows
from paradeiro.db.pool import transaction
from paradeiro.flow import collect as collecting
from paradeiro.flow.answers import claiming as flow
from paradeiro.flow.collect import collect
from paradeiro.worker.drain import drain
from tests.flow.conftest import Shop
from tests.flow.test_main_line import DELIVERED, POSTED

MANY, LARGE, SMALL = 5, 8, 3


@pytest.fixture
def large(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """The shop with a carrier that takes eight at once, five being many."""
    monkeypatch.setattr(flow, "MANY", MANY)
    posta = replace(shop.context.connectors["posta"], large_batch_size=LARGE)
    return replace(shop, context=replace(shop.context, connectors={**shop.context.connectors, "posta": posta}))


async def follow(shop: Shop, count: int) -> list[str]:
    """That many packages, all due."""
    codes = [f"AA{number:03d}" for number in range(count)]
    async with transaction(shop.context.pool) as connection:
        await bench_rows.add_packages(connection, shop.accounts["posta"], codes, now=shop.clock())
    return codes


async def statuses(shop: Shop) -> set[tuple[str, str]]:
    sql = "SELECT status, outcome FROM shipment"
    async with shop.context.pool.connection() as connection:
        return {(row[0], row[1]) async for row in await connection.execute(sql)}


async def test_many_are_asked_for_at_once_and_recorded(large: Shop) -> None:
    codes = await follow(large, LARGE)
    for code in codes:
        large.outside.say(code, POSTED)
    assert await collect(large.context, large.accounts["posta"]) == LARGE
    assert [sorted(asked) for asked in large.outside.asked("-many")] == [codes]
    assert large.outside.asked() == []
    large.clock.forward(minutes=1)
    await drain(large.context)
    assert await statuses(large) == {("accepted", "found")}


async def test_few_are_asked_for_as_ever(large: Shop) -> None:
    await follow(large, MANY - 1)
    assert await collect(large.context, large.accounts["posta"]) == MANY - 1
    assert large.outside.asked("-many") == []
    assert [len(asked) for asked in large.outside.asked()] == [3, 1]


async def test_a_carrier_without_a_way_for_many(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow, "MANY", MANY)
    await follow(shop, LARGE)
    assert await collect(shop.context, shop.accounts["posta"]) == LARGE
    assert shop.outside.asked("-many") == []


async def test_what_the_answer_leaves_out_is_asked_for_as_ever(large: Shop) -> None:
    codes = await follow(large, LARGE)
    for code in codes:
        large.outside.say(code, POSTED)
    large.outside.leave_out(*codes[:4])
    assert await collect(large.context, large.accounts["posta"]) == LARGE
    asked = large.outside.asked()
    assert sorted(code for each in asked for code in each) == codes[:4]
    assert [len(each) for each in asked] == [3, 1]
    assert await statuses(large) == {("registered", "found")}, "nothing is malformed"


async def test_no_answer_at_all_blames_nobody_and_is_not_waited_for_again(large: Shop) -> None:
    codes = await follow(large, 2 * LARGE)
    large.outside.fail("many", "nothing")
    assert await collect(large.context, large.accounts["posta"]) == 2 * LARGE
    assert len(large.outside.asked("-many")) == 1
    assert sorted(code for each in large.outside.asked() for code in each) == codes
    account = await large.account("posta")
    assert (account.state, account.failures) == ("ok", 0)
    assert await large.notices() == []


async def test_an_outage_after_it_gives_the_rest_back(large: Shop) -> None:
    await follow(large, LARGE)
    large.outside.fail("many", "nothing")
    large.outside.fail("carrier", "retry")
    assert await collect(large.context, large.accounts["posta"]) == 0
    assert len(large.outside.asked()) == 1, "the account is down: nobody else is asked for"
    assert (await large.account("posta")).state == "outage"
    async with large.context.pool.connection() as connection:
        assert await shipments.count_due(connection, large.accounts["posta"], now=large.clock(), most=100) == LARGE


async def test_the_lease_outlives_the_wait(large: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the answer is waited for, four minutes long, nobody else asks for the same."""
    await follow(large, LARGE)
    session = await large.context.sessions.of(await large.account("posta"))
    original = type(session).fetch_many
    others: list[int] = []

    async def slow(self: object, codes: list[str]) -> object:
        large.clock.forward(minutes=4)
        async with large.context.pool.connection() as connection:
            now, account = large.clock(), large.accounts["posta"]
            others.append(await shipments.count_due(connection, account, now=now, most=100))
        return await original(self, codes)

    monkeypatch.setattr(type(session), "fetch_many", slow)
    assert await collect(large.context, large.accounts["posta"]) == LARGE
    assert others == [0]


async def test_what_is_new_is_recorded_fifty_at_a_time(large: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collecting, "_PER_RECORDING", 3)
    codes = await follow(large, LARGE)
    for code in codes:
        large.outside.say(code, POSTED, DELIVERED)
    await collect(large.context, large.accounts["posta"])
    async with large.context.pool.connection() as connection:
        sql = "SELECT payload FROM pgqueuer WHERE entrypoint = 'record'"
        sizes = [row[0].count(b",") + 1 async for row in await connection.execute(sql)]
    assert sorted(sizes) == [2, 3, 3]


def test_the_numbers_are_those_of_the_carrier() -> None:
    """Fewer than this are not worth waiting for: four ordinary questions of fifty are quicker than one receipt."""
    from paradeiro.connectors import discover

    correios = discover()["correios"]
    assert correios.large_batch_size == 1000
    assert correios.batch_size * 4 == flow.MANY <= correios.large_batch_size
