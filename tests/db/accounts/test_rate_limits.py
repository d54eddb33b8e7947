"""One rate limit for all workers: no minute sees more requests than a party's share allows."""

import asyncio
from datetime import timedelta

from paradeiro.connectors import discover
from paradeiro.connectors.vtex.wire import share_of
from paradeiro.db.accounts import rate_limits, stores
from paradeiro.db.pool import transaction
from paradeiro.domain.words import PartyKind
from paradeiro.flow.context import Context, Sessions
from tests.connectors.parties import Reply, party
from tests.databases import HandClock


async def an_account(context: Context, **settings: str) -> stores.Account:
    async with transaction(context.pool) as connection:
        store_id = await stores.add_store(connection, "Loja", now=context.now())
        account_id = await stores.put_account(
            connection,
            store_id,
            connector="vtex",
            kind=PartyKind.ORDER_SYSTEM,
            name="VTEX",
            settings=settings,
            secrets={},
            key=context.secret_key,
            now=context.now(),
        )
        return (await stores.accounts(connection, context.secret_key, ids=[account_id]))[0]


async def spend(context: Context, account: stores.Account, per_minute: float) -> timedelta:
    async with transaction(context.pool) as connection:
        return await rate_limits.take_request(
            connection, account.store_id, account.id, per_minute=per_minute, now=context.now()
        )


async def test_no_minute_sees_more_than_is_allowed(context: Context, clock: HandClock) -> None:
    account = await an_account(context)
    made = []
    for _ in range(400):
        made.append(clock() + await spend(context, account, 60))
        clock.forward(seconds=0.1)
    for at in made:
        assert sum(at <= other < at + timedelta(minutes=1) for other in made) <= 60
    busy = max(made) - min(made)
    assert 400 / (busy.total_seconds() / 60) > 45, "and what is allowed is used"


async def test_it_fills_again_but_never_above_a_burst(context: Context, clock: HandClock) -> None:
    account = await an_account(context)
    assert [await spend(context, account, 60) for _ in range(10)] == [timedelta(0)] * 10
    assert await spend(context, account, 60) > timedelta(0)
    clock.forward(days=30)
    assert [await spend(context, account, 60) for _ in range(10)] == [timedelta(0)] * 10
    assert await spend(context, account, 60) > timedelta(0)


async def test_a_clock_that_is_behind_takes_nothing_from_others(context: Context, clock: HandClock) -> None:
    account = await an_account(context)
    await spend(context, account, 60)
    clock.forward(minutes=-5)
    assert await spend(context, account, 60) == timedelta(0)
    clock.forward(minutes=5)
    assert await spend(context, account, 60) == timedelta(0)


async def test_all_workers_share_it(context: Context, clock: HandClock) -> None:
    account = await an_account(context)
    waits = await asyncio.gather(*(spend(context, account, 60) for _ in range(30)))
    assert sum(wait == timedelta(0) for wait in waits) == 10
    assert len(set(waits)) == 21, "the others stand in line, one after the other"


async def test_every_request_of_a_session_asks_for_leave(context: Context, clock: HandClock) -> None:
    async with party(lambda _: Reply(404)) as host:
        account = await an_account(context, base_url=host.url, app_key="k", app_token="t", share="50")
        sessions = Sessions(discover(), clock, context.pool)
        session = await sessions.of(account)
        await session.permissions()
        await session.feed()
        await sessions.close()
    async with context.pool.connection() as connection:
        row = await (await connection.execute("SELECT level FROM rate_limit")).fetchone()
    assert len(host.asked) == 5
    assert row == (6000 * 0.5 / 6 - 5,)


def test_a_share_that_is_none_is_a_tenth() -> None:
    assert [share_of(text) for text in ("", "many", "0", "-5", "200", "nan")] == [10.0] * 6
    assert [share_of(text) for text in ("25", " 2,5 % ", "100")] == [25.0, 2.5, 100.0]
