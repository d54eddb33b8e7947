"""Raw answers go after their days; those that were not understood stay until somebody has dealt with them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest

from paradeiro.db.following import partitions, replies
from paradeiro.db.operations import notices
from paradeiro.db.operations.notices import NoticeDraft
from paradeiro.db.pool import Connection, as_owner, transaction
from paradeiro.domain.words import NoticeKind, Outcome
from paradeiro.worker.maintenance import AHEAD, maintain, maintain_forever
from paradeiro.worker.run import work
from tests.flow.conftest import Shop, shop
from tests.flow.test_main_line import DELIVERED, MOVED, POSTED

__all__ = ["shop"]
UNKNOWN = ("XYZ", "2026-11-02T18:00:00+00:00", "Itu")


async def bodies(shop: Shop) -> list[bytes]:
    async with shop.context.pool.connection() as connection:
        rows = [r[0] async for r in await connection.execute("SELECT id FROM reply ORDER BY received_at, id")]
        found = [await replies.reply(connection, shop.store_id, i) for i in rows]
    return [r.body for r in found if r is not None]


async def days(shop: Shop, state: str = "up") -> list[int]:
    """Which days from today have a partition."""
    async with shop.context.pool.connection() as connection:
        there = await partitions.partitions(connection)
    return [(s.day - shop.clock().date()).days for s in there if s.state == state]


async def pass_days(shop: Shop, count: int) -> None:
    """Days pass, with an upkeep on each; nobody asks any carrier."""
    for _ in range(count):
        shop.clock.forward(days=1)
        assert await maintain(shop.context)


async def spoil(shop: Shop, code: str, *modes: str) -> None:
    """The carrier's answers about a code cannot be read."""
    for mode in modes:
        shop.outside.say_raw(code, f"<html>{mode}</html>")
        async with transaction(shop.context.pool) as connection:
            found = await connection.execute("SELECT id FROM shipment WHERE tracking_code = %s", (code,))
            row = await found.fetchone()
        assert row is not None
        await shop.ask(row[0], minutes=1)


async def resolve(shop: Shop, kind: NoticeKind) -> None:
    mine = next(n for n in await shop.notices() if n.kind == kind)
    async with transaction(shop.context.pool) as connection:
        await notices.resolve_notice(connection, shop.store_id, mine.id, by="Ana", now=shop.clock())


async def test_a_reply_goes_after_its_days_and_its_event_stays(shop: Shop) -> None:
    shipment = await shop.register("AA1")
    shop.outside.say("AA1", POSTED)
    await shop.ask(shipment, hours=2)
    assert len(await bodies(shop)) == 1
    await pass_days(shop, 30)
    assert len(await bodies(shop)) == 1, "thirty whole days"
    await pass_days(shop, 1)
    assert await bodies(shop) == []
    event = (await shop.events(shipment))[0]
    assert event.event.code == "PO"
    assert event.reply_id is not None


async def test_how_many_days_is_a_setting(shop: Shop) -> None:
    mine = replace(shop, context=replace(shop.context, reply_days=2))
    shipment = await shop.register("AA1")
    shop.outside.say("AA1", POSTED)
    await shop.ask(shipment, hours=2)
    await pass_days(mine, 2)
    assert len(await bodies(shop)) == 1
    await pass_days(mine, 1)
    assert await bodies(shop) == []


async def test_all_that_was_not_understood_stays_until_its_notice_is_resolved_and_as_long_again(shop: Shop) -> None:
    """A day of nonsense: many different answers, one notice. It names one of them, and it keeps them all."""
    codes = [f"AA{n}" for n in range(4)]
    for code in codes:
        shop.outside.say(code, POSTED)
        await shop.register(code, invoice=code)
    await shop.later(hours=2)
    for code in codes:
        await spoil(shop, code, f"{code} first", f"{code} second")
    assert [n.kind for n in await shop.notices()] == [NoticeKind.CONTRACT_DRIFT]
    assert len(await bodies(shop)) == 12
    await pass_days(shop, 100)
    row = await bodies(shop)
    assert len(row) == 8
    assert all(body.startswith(b"<html>AA") for body in row)
    assert await days(shop) == list(range(-30, AHEAD + 1)), "their own days are gone all the same"
    await resolve(shop, NoticeKind.CONTRACT_DRIFT)
    await pass_days(shop, 30)
    assert await bodies(shop) == row, "counted from when it was resolved"
    await pass_days(shop, 1)
    assert await bodies(shop) == []
    async with shop.context.pool.connection() as connection:
        assert await (await connection.execute("SELECT count(*) FROM retention_hold")).fetchone() == (0,)


async def test_a_reply_resolved_before_its_days_are_over_stays_for_the_days_from_then(shop: Shop) -> None:
    await shop.register("AA1")
    await spoil(shop, "AA1", "oops")
    await pass_days(shop, 20)
    await resolve(shop, NoticeKind.CONTRACT_DRIFT)
    await pass_days(shop, 30)
    assert len(await bodies(shop)) == 1
    await pass_days(shop, 1)
    assert await bodies(shop) == []


async def test_every_answer_with_a_code_that_nobody_mapped_stays(shop: Shop) -> None:
    one, two = await shop.register("AA1", invoice="1"), await shop.register("AA2", invoice="2")
    shop.outside.say("AA1", POSTED, UNKNOWN)
    shop.outside.say("AA2", POSTED)
    await shop.ask(one, hours=8)
    shop.outside.say("AA2", POSTED, UNKNOWN)
    await shop.ask(two, hours=1)
    await pass_days(shop, 50)
    assert len(await bodies(shop)) == 2
    assert all(b"XYZ" in body for body in await bodies(shop))


async def test_a_reply_kept_by_two_notices_waits_for_both(shop: Shop) -> None:
    async with transaction(shop.context.pool) as connection:
        reply_id = await _keep(connection, shop, b"odd", to_record=False)
        kinds = (NoticeKind.UNKNOWN_CODE, NoticeKind.WRONG_CODE)
        drafts = [NoticeDraft(shop.store_id, kind, "it", "", reply_id=reply_id) for kind in kinds]
        await notices.open_notices(connection, drafts, now=shop.clock())
    await pass_days(shop, 40)
    await resolve(shop, NoticeKind.UNKNOWN_CODE)
    await pass_days(shop, 60)
    assert len(await bodies(shop)) == 1
    await resolve(shop, NoticeKind.WRONG_CODE)
    await pass_days(shop, 30)
    assert len(await bodies(shop)) == 1
    await pass_days(shop, 1)
    assert await bodies(shop) == []


async def test_nothing_expires_before_it_is_recorded(shop: Shop) -> None:
    async with transaction(shop.context.pool) as connection:
        reply_id = await _keep(connection, shop, b"waits")
    await pass_days(shop, 50)
    assert await bodies(shop) == [b"waits"]
    async with transaction(shop.context.pool) as connection:
        assert await replies.overdue_replies(connection, before=shop.clock()) == [reply_id]
        found = await replies.lock_unrecorded(connection, [reply_id], now=shop.clock())
        await replies.mark_recorded(connection, found, now=shop.clock())
        assert await replies.overdue_replies(connection, before=shop.clock()) == []
    await pass_days(shop, 30)
    assert await bodies(shop) == [b"waits"], "its days begin when it is recorded at last"
    await pass_days(shop, 1)
    assert await bodies(shop) == []


async def _keep(connection: Connection, shop: Shop, body: bytes, *, to_record: bool = True) -> int:
    return await replies.put_reply(
        connection,
        store_id=shop.store_id,
        account_id=shop.accounts["posta"],
        tracking_code="AA1",
        outcome=Outcome.FOUND,
        body=body,
        now=shop.clock(),
        to_record=to_record,
    )


async def test_the_same_nonsense_on_two_days_is_held_twice_and_neither_is_in_the_others_way(shop: Shop) -> None:
    await shop.register("AA1")
    await spoil(shop, "AA1", "same")
    shop.clock.forward(days=1)
    await spoil(shop, "AA1", "other", "same")
    await pass_days(shop, 40)
    assert sorted(await bodies(shop)) == [b"<html>other</html>", b"<html>same</html>", b"<html>same</html>"]


async def test_the_next_days_are_ready_and_an_upkeep_again_changes_nothing(shop: Shop) -> None:
    assert await maintain(shop.context)
    assert await days(shop) == list(range(AHEAD + 1))
    assert await maintain(shop.context)
    assert await days(shop) == list(range(AHEAD + 1))


async def test_workers_beside_each_other(shop: Shop) -> None:
    await pass_days(shop, 20)
    mine = replace(shop.context, reply_days=1)
    done = await asyncio.gather(*(maintain(mine) for _ in range(6)))
    assert True in done
    assert await days(shop) == list(range(-1, AHEAD + 1))


@asynccontextmanager
async def _looking(shop: Shop) -> AsyncIterator[None]:
    """Somebody has been looking at replies for a long time."""
    async with transaction(shop.context.pool) as connection:
        await connection.execute("SELECT count(*) FROM reply")
        yield


async def test_a_day_that_is_looked_at_goes_later_and_nobody_waits_for_it(shop: Shop) -> None:
    await shop.register("AA1")
    await spoil(shop, "AA1", "precious")
    async with transaction(shop.context.pool) as connection:
        await _keep(connection, shop, b"old", to_record=False)
    shop.clock.forward(days=31)
    async with _looking(shop):
        trying = asyncio.create_task(maintain(shop.context))
        await asyncio.sleep(0.5)
        assert not trying.done(), "it waits for whoever looks"
        async with asyncio.timeout(1), transaction(shop.context.pool) as connection:
            await connection.execute("SET LOCAL lock_timeout = '300ms'")
            await _keep(connection, shop, b"new")
            assert (await connection.execute("SELECT count(*) FROM reply")).rowcount == 1
        async with asyncio.timeout(5):
            assert await trying is False, "and gives up soon"
        assert await days(shop, "going") == [-31]
    # Somebody wants replies to be kept longer by now: what was begun is ended all the same.
    assert await maintain(replace(shop.context, reply_days=90))
    assert await days(shop, "going") == []
    assert sorted(await bodies(shop)) == [b"<html>precious</html>", b"new"]
    async with shop.context.pool.connection() as connection:
        patience = await (await connection.execute("SHOW lock_timeout")).fetchone()
    assert patience == ("0",), "nobody else has to hurry"


@pytest.mark.parametrize("dies_in", ["drop_detached", "remove_old_holds"])
async def test_killed_between_taking_down_and_dropping_nothing_is_lost(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, dies_in: str
) -> None:
    await shop.register("AA1")
    await spoil(shop, "AA1", "precious")
    shop.clock.forward(days=31)

    async def die(*_: object, **__: object) -> int:
        raise psycopg.OperationalError("the server went away")

    with monkeypatch.context() as patched:
        patched.setattr(partitions, dies_in, die)
        with pytest.raises(psycopg.OperationalError):
            await maintain(shop.context)
    assert await maintain(shop.context)
    assert await bodies(shop) == [b"<html>precious</html>"]
    assert await days(shop, "down") == []


async def test_the_move_and_the_drop_are_one_step(shop: Shop) -> None:
    """What stays is among the held in the very moment in which its day is dropped, or the day is still there."""
    await shop.register("AA1")
    await spoil(shop, "AA1", "precious")
    shop.clock.forward(days=31)
    async with transaction(shop.context.pool) as connection, as_owner(connection):
        await connection.execute("ALTER TABLE reply_held ADD CONSTRAINT full_up CHECK (false) NOT VALID")
    with pytest.raises(psycopg.errors.CheckViolation):
        await maintain(shop.context)
    assert await days(shop, "down") == [-31]
    async with transaction(shop.context.pool) as connection, as_owner(connection):
        await connection.execute("ALTER TABLE reply_held DROP CONSTRAINT full_up")
    assert await maintain(shop.context)
    assert await bodies(shop) == [b"<html>precious</html>"]


async def test_no_day_is_dropped_while_a_replay_reads(shop: Shop) -> None:
    async with transaction(shop.context.pool) as connection:
        await _keep(connection, shop, b"old", to_record=False)
    shop.clock.forward(days=31)
    async with shop.context.pool.connection() as guard, partitions.detach_guard(guard):
        assert not await maintain(shop.context)
        assert await bodies(shop) == [b"old"]
    assert await maintain(shop.context)
    assert await bodies(shop) == []


async def test_a_reply_for_a_day_that_was_dropped_still_finds_a_place(shop: Shop) -> None:
    """A process that had looked at the clock and slept: its reply is as old as that, and it is kept."""
    async with transaction(shop.context.pool) as connection:
        await _keep(connection, shop, b"first", to_record=False)
    then = shop.clock()
    await pass_days(shop, 40)
    shop.clock.at = then
    async with transaction(shop.context.pool) as connection:
        await _keep(connection, shop, b"late")
    assert await bodies(shop) == [b"late"]


async def test_the_worker_keeps_up_by_itself_while_days_last_a_second(shop: Shop, database: str) -> None:
    began = asyncio.get_running_loop().time()
    start = shop.clock()

    def racing() -> object:
        return start + timedelta(days=2 * (asyncio.get_running_loop().time() - began))

    fast = replace(shop.context, clock=racing, pace=172_800.0, reply_days=1)
    stop = asyncio.Event()
    working = asyncio.create_task(work(fast, database, stop))
    shipment = await shop.register("AA1")
    shop.outside.say("AA1", POSTED, MOVED, DELIVERED)
    async with asyncio.timeout(20):
        while not await shop.events(shipment) or await bodies(shop):
            await asyncio.sleep(0.1)
        stop.set()
        await working
    assert [e.event.code for e in await shop.events(shipment)] == ["PO", "RO", "BDE"]


async def test_an_upkeep_that_fails_is_tried_again(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    tries = 0
    real = partitions.create_partition

    async def first_fails(*given: object) -> None:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise psycopg.OperationalError("no")
        await real(*given)  # type: ignore[arg-type] # whatever came

    monkeypatch.setattr(partitions, "create_partition", first_fails)
    stop = asyncio.Event()
    keeping = asyncio.create_task(maintain_forever(replace(shop.context, pace=1e9), stop))
    async with asyncio.timeout(10):
        while await days(shop) != list(range(AHEAD + 1)):
            await asyncio.sleep(0.05)
    stop.set()
    await keeping
