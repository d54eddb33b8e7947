"""In: the clock; out: a shelf for the replies of each of the next days, none whose time is over, no old pushes,
no idempotency keys nor uploaded tables that are over, no customer whom their store keeps no longer; and a reminder
of each package that will not wait much longer to be picked up.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta

import psycopg

from paradeiro.db import hooks, idempotency, sheets, shelves
from paradeiro.db.pool import Connection
from paradeiro.flow.bulk import IDEMPOTENCY_DAYS, SHEET_HOURS
from paradeiro.flow.finding import forget_old_guesses
from paradeiro.flow.means import Means, log
from paradeiro.flow.persons import erase_old
from paradeiro.flow.reminders import remind_all

# Made ahead, so that storing a reply hardly ever has to; where no worker runs, or days last a second, it does.
AHEAD = 3
_EVERY = timedelta(hours=1)
# Not even beside the fast world more often than this.
_SHORTEST_PAUSE_SECONDS = 1.0
# Rows deleted in one statement: a fraction of a second.
_AT_ONCE = 2_000


async def upkeep(means: Means) -> bool:
    """Put up the next days' shelves and take down those that are over. False: not all of it could be done now.

    Any number may run beside each other: one works, the others leave it to that one.
    """
    today = shelves.day_of(means.now())
    oldest = today - timedelta(days=means.reply_days)
    async with means.pool.connection() as connection, shelves.alone(connection) as mine:
        if not mine:
            return False
        for ahead in range(AHEAD + 1):
            await shelves.put_up(connection, today + timedelta(days=ahead))
        before = datetime.combine(oldest, time(), UTC)
        while await shelves.forget(connection, before=before, limit=_AT_ONCE) == _AT_ONCE:
            pass
        while await hooks.forget(connection, before=before, limit=_AT_ONCE) == _AT_ONCE:
            pass
        over = means.now() - IDEMPOTENCY_DAYS
        while await idempotency.forget(connection, before=over, limit=_AT_ONCE) == _AT_ONCE:
            pass
        await sheets.forget(connection, before=means.now() - SHEET_HOURS)
        await erase_old(means)
        await forget_old_guesses(means)
        await remind_all(means)
        return await _take_down(connection, oldest, before)


async def _take_down(connection: Connection, oldest: date, before: datetime) -> bool:
    there = await shelves.shelves(connection)
    over = [shelf for shelf in there if shelf.day < oldest or shelf.state != "up"]
    # PostgreSQL takes one down at a time: what was begun is ended first.
    for shelf in sorted(over, key=lambda s: (s.state == "up", s.day)):
        stay = await shelves.take_down(connection, shelf, before=before)
        if stay is None:
            log.info("replies are still being looked at; their day is dropped at the next upkeep", day=str(shelf.day))
            return False
        log.info("replies expired", day=str(shelf.day), held=stay)
    return True


async def keep_up(means: Means, stop: asyncio.Event, *, trusted: Callable[[], bool] = lambda: True) -> None:
    """Upkeep now and once an hour (of the clock's hours) until `stop` is set; not while the clock is not `trusted`."""
    pause = max(_EVERY.total_seconds() / means.pace, _SHORTEST_PAUSE_SECONDS)
    while not stop.is_set():
        if not trusted():
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _SHORTEST_PAUSE_SECONDS)
            continue
        try:
            await upkeep(means)
        except (psycopg.Error, TimeoutError):
            log.exception("the upkeep of replies did not get through; it goes on at the next one")
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), pause)
