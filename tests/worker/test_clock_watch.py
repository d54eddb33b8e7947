"""A clock that is wrong once: nothing is done by it, it is said, and what an older version did by it is mended."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from paradeiro.cli.operations.doctor_commands import finding_lines, json_values
from paradeiro.db.operations import clock as clocks
from paradeiro.db.operations.clock import ClockState
from paradeiro.domain.words import Status
from paradeiro.flow.operations.doctor import examine
from paradeiro.worker.clock_watch import ClockWatch
from paradeiro.worker.run import work
from tests.flow.conftest import Shop, shop
from tests.flow.test_main_line import POSTED

__all__ = ["shop"]
_PATIENCE = 20.0
_YEAR = timedelta(days=365)
_HOUR = timedelta(hours=1)


async def _seen(shop: Shop) -> ClockState | None:
    async with shop.context.pool.connection() as connection:
        return await clocks.last_trusted(connection)


async def _until_accepted(shop: Shop, shipment: int) -> None:
    while (await shop.shipment_row(shipment)).shipment.snapshot.status is not Status.ACCEPTED:
        await asyncio.sleep(0.05)


async def _next_check(shop: Shop, shipment: int) -> datetime | None:
    async with shop.context.pool.connection() as connection:
        sql = "SELECT next_check FROM shipment WHERE id = %s"
        row = await (await connection.execute(sql, (shipment,))).fetchone()
    assert row is not None
    return row[0]  # type: ignore[no-any-return] # the column's type


async def test_a_year_ahead_for_one_round_does_nothing_and_then_work_goes_on(shop: Shop, database: str) -> None:
    shop.clock.at = datetime.now(UTC)
    mine = replace(shop, context=replace(shop.context, real_time=True))
    stop = asyncio.Event()
    working = asyncio.create_task(work(mine.context, database, stop))
    async with asyncio.timeout(_PATIENCE):
        shop.outside.say("AA1", POSTED)
        first = await mine.register("AA1")
        await _until_accepted(shop, first)
        due, asked = await _next_check(shop, first), len(shop.outside.asked())
        shop.clock.at += _YEAR
        shop.outside.say("AA2", POSTED)
        second = await mine.register("AA2", invoice="2")
        while (seen := await _seen(shop)) is None or not seen.problem:
            await asyncio.sleep(0.05)
        await asyncio.sleep(1.5)  # a sweep and a half: nothing may come of them
        assert "doctor --repair" in seen.problem
        assert len(shop.outside.asked()) == asked
        assert await _next_check(shop, first) == due
        shop.clock.at = datetime.now(UTC)
        async with shop.context.pool.connection() as connection:
            # It was registered by the wrong clock: doctor finds that too.
            await connection.execute("UPDATE shipment SET next_check = %s WHERE id = %s", (shop.clock.at, second))
        await _until_accepted(shop, second)
        while (seen := await _seen(shop)) is None or seen.problem:
            await asyncio.sleep(0.05)
        stop.set()
        await working


async def test_what_an_older_version_put_off_is_found_and_made_due(shop: Shop) -> None:
    """No watch here: the jobs run straight through, as before there was one."""
    shop.outside.say("AA1", POSTED)
    shipment = await shop.register("AA1")
    await shop.run()
    shop.outside.fail("mail", "retry")
    shop.outside.say("AA1", POSTED, ("RO", "2026-11-02T18:00:00+00:00", "Itu"))
    right = shop.clock.forward(hours=4)
    await shop.run()
    shop.clock.at = right + _YEAR
    await shop.run()
    shop.clock.at = right
    assert await _next_check(shop, shipment) is None, "followed too long, by that clock"
    found = await examine(shop.context, repair=False)
    assert {each.what for each in found.put_off} >= {
        "packages that nobody asks for any more",
        "order systems that are looked at only much later",
    }
    assert not found.healthy
    assert any("doctor --repair" in line for line in finding_lines(found))
    assert json_values(found)["repaired"] == 0
    mended = await examine(shop.context, repair=True)
    assert mended.repaired > 0
    assert (await examine(shop.context, repair=False)).put_off == ()
    before = len(shop.outside.asked())
    shop.outside.fail("mail", "ok")
    await shop.later(minutes=1)
    assert len(shop.outside.asked()) > before
    assert not [e for e in await shop.effects(shipment) if e.state == "pending"]


async def test_an_ordinary_day_has_nothing_to_mend(shop: Shop) -> None:
    shop.outside.say("AA1", POSTED)
    await shop.register("AA1")
    await shop.run()
    await shop.later(hours=30)
    found = await examine(shop.context, repair=True)
    assert found.healthy
    assert (found.put_off, found.repaired) == ((), 0)


@pytest.mark.parametrize(
    ("ahead", "counted", "boot", "trusted"),
    [
        (_HOUR, 3600.0, "this", True),
        (_YEAR, 60.0, "this", False),  # the database is on this machine and jumped with it
        (-_YEAR, 60.0, "this", False),
        (_YEAR, 365 * 86_400.0, "this", True),  # it ran for a year
        (_YEAR, 60.0, "another", True),  # it was off for a year, for all we know
        (-_YEAR, 60.0, "another", False),
    ],
)
async def test_a_machine_whose_clock_jumped_is_known_by_its_count_of_seconds(
    shop: Shop, ahead: timedelta, counted: float, boot: str, *, trusted: bool
) -> None:
    watch = ClockWatch(replace(shop.context, real_time=True), boot="this")
    ours = shop.clock() + ahead
    why = watch.why(ours, counted, ours, ClockState(shop.clock(), boot, 0.0))
    assert (why == "") is trusted


async def test_a_clock_that_is_not_the_databases_is_not_trusted_and_doctor_repairs_nothing(shop: Shop) -> None:
    context = replace(shop.context, real_time=True)
    assert not await ClockWatch(context).look()
    found = await examine(context, repair=True)
    assert "the database's says" in found.clock
    assert found.repaired == 0
    assert await ClockWatch(shop.context).look(), "beside the simulated world only the last instant counts"
