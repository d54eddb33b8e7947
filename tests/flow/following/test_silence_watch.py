"""A carrier that answers without new events: one notice, resolved when events are back."""

from datetime import timedelta

import pytest

from paradeiro.db.following import contract_watches
from paradeiro.db.pool import transaction
from paradeiro.domain.words import NoticeKind
from paradeiro.flow.following.silence_watch import watch_silence
from paradeiro.sdk.wording.notices import notice_sentence
from tests.flow.conftest import Shop
from tests.flow.test_main_line import POSTED

_WEEKS = 3
_PER_HOUR = 20


async def _past(shop: Shop) -> None:
    """Weeks with twenty events an hour by day, of 200 shipments."""
    account = shop.accounts["posta"]
    now = shop.clock()
    async with transaction(shop.context.pool) as connection:
        for hours in range(_WEEKS * 7 * 24):
            at = now - timedelta(hours=hours + 1)
            events = _PER_HOUR if 11 <= at.hour < 21 else 0
            await contract_watches.count_hour(connection, shop.store_id, account, now=at, answers=100, events=events)
        await connection.execute("UPDATE account_hour SET active = 200")


async def _hour(shop: Shop, events: int, *, answers: int = 100) -> None:
    """An hour goes by in which so many events came."""
    account = shop.accounts["posta"]
    async with transaction(shop.context.pool) as connection:
        await contract_watches.count_hour(
            connection, shop.store_id, account, now=shop.clock(), answers=answers, events=events
        )
        await connection.execute(
            "UPDATE account_hour SET active = 200 WHERE hour = date_trunc('hour', %s)", (shop.clock(),)
        )
    shop.clock.forward(minutes=59)
    await watch_silence(shop.context, account)
    async with transaction(shop.context.pool) as connection:
        await connection.execute("UPDATE account_hour SET active = 200")
    shop.clock.forward(minutes=1)


async def _kinds(shop: Shop) -> list[str]:
    return [n.kind for n in await shop.notices()]


async def test_two_working_hours_without_an_event_are_reported_once_and_end_when_news_is_back(shop: Shop) -> None:
    await _past(shop)
    await shop.register("AA1")
    shop.outside.say("AA1", POSTED)
    await _hour(shop, 0)
    await _hour(shop, 0)
    await _hour(shop, 0)
    notices = await shop.notices()
    assert [n.kind for n in notices] == [NoticeKind.SILENCE]
    facts = notices[0].facts
    assert facts["seen"] == "0"
    assert 20 <= int(facts["expected"]) <= 70
    assert facts["codes"] == "AA1"
    assert "não conta nada de novo desde 02/11/2026 09:00" in notice_sentence("silence", facts, "")
    await _hour(shop, 0)
    assert await _kinds(shop) == [NoticeKind.SILENCE], "one"
    for _ in range(4):
        await _hour(shop, 20)
    assert await _kinds(shop) == []


async def test_a_usual_day_is_no_silence(shop: Shop) -> None:
    await _past(shop)
    for hour in range(48):
        await _hour(shop, 15 if 11 <= shop.clock().hour < 21 else 0)
        assert await _kinds(shop) == [], hour


async def test_hours_in_which_nobody_could_ask_are_no_silence(shop: Shop) -> None:
    await _past(shop)
    for _ in range(10):
        await _hour(shop, 0, answers=0)
    assert await _kinds(shop) == []


@pytest.mark.parametrize("how", ["retry", "auth"])
async def test_what_is_reported_already_is_not_reported_as_silence_too(shop: Shop, how: str) -> None:
    await _past(shop)
    await shop.register("AA1")
    shop.outside.fail("carrier", how)
    for _ in range(6):
        await _hour(shop, 0)
        await shop.run()
    assert NoticeKind.SILENCE not in await _kinds(shop)


async def test_a_new_account_is_not_judged(shop: Shop) -> None:
    for _ in range(30):
        await _hour(shop, 0)
    assert await _kinds(shop) == []


async def test_the_sweep_checks_every_ten_minutes_and_counts_what_is_under_way(shop: Shop) -> None:
    shipment = await shop.register("AA1")
    shop.outside.say("AA1", POSTED)
    await shop.later(hours=1)
    await shop.later(hours=3)
    async with shop.context.pool.connection() as connection:
        rows = await contract_watches.hours(connection, shop.accounts["posta"], since=shop.clock() - timedelta(days=1))
    assert sum(r.events for r in rows) == 1
    assert rows[-1].active == 1
    assert sum(r.answers for r in rows) == len(shop.outside.asked())
    assert shipment


async def test_old_hours_are_forgotten(shop: Shop) -> None:
    async with transaction(shop.context.pool) as connection:
        old = shop.clock() - timedelta(weeks=9)
        await contract_watches.count_hour(connection, shop.store_id, shop.accounts["posta"], now=old, answers=1)
    await watch_silence(shop.context, shop.accounts["posta"])
    async with shop.context.pool.connection() as connection:
        rows = await contract_watches.hours(
            connection, shop.accounts["posta"], since=shop.clock() - timedelta(weeks=20)
        )
    assert [r.at for r in rows if r.answers] == []
