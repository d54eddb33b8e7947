"""In: the clock; out: a shelf for the replies of each of the next days, none whose time is over, no old pushes,
no idempotency keys nor uploaded tables that are over, no customer whom their store keeps no longer; and a reminder
of each package that will not wait much longer to be picked up.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from functools import partial

import psycopg

from paradeiro.db import hooks, idempotency, retention, sheets, shelves
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
# How long what is kept that says little later: docs/retention.md.
_JOB_LOG, _ATTEMPTS, _HOURS, _NOTICES, _WORKERS = (timedelta(days=n) for n in (7, 180, 400, 400, 30))
_Watch = Callable[[str, str, Awaitable[None]], Awaitable[None]]


async def upkeep(means: Means) -> bool:
    """Put up the next days' shelves and take down those that are over. False: not all of it could be done now.

    Any number may run beside each other: one works, the others leave it to that one.
    """
    today = shelves.day_of(means.now())
    oldest = today - timedelta(days=means.reply_days)
    async with means.pool.connection() as connection, shelves.alone(connection) as mine:
        if not mine:
            return False
        before = datetime.combine(oldest, time(), UTC)
        over = means.now() - IDEMPOTENCY_DAYS
        steps: dict[str, Callable[[], Awaitable[object]]] = {
            "shelves for the next days": partial(_put_up, connection, today),
            "old replies": partial(_forget, partial(shelves.forget, connection, before=before, limit=_AT_ONCE)),
            "old pushes": partial(_forget, partial(hooks.forget, connection, before=before, limit=_AT_ONCE)),
            "old answers": partial(_forget, partial(idempotency.forget, connection, before=over, limit=_AT_ONCE)),
            "old tables": partial(sheets.forget, connection, before=means.now() - SHEET_HOURS),
            "old customers": partial(erase_old, means),
            "old guesses": partial(forget_old_guesses, means),
            **_old_rows(connection, means.now()),
            "reminders": partial(remind_all, means),
        }
        done = [await _step(name, step) for name, step in steps.items()]
        return await _take_down(connection, oldest, before) and all(done)


def _old_rows(connection: Connection, now: datetime) -> dict[str, Callable[[], Awaitable[object]]]:
    """What only grows, each kind with its own days."""
    kinds = {
        "old job log": (retention.forget_job_log, _JOB_LOG),
        "old attempts": (retention.forget_attempts, _ATTEMPTS),
        "old hours": (retention.forget_hours, _HOURS),
        "ended notices": (retention.forget_notices, _NOTICES),
        "dead workers": (retention.forget_workers, _WORKERS),
    }
    return {
        name: partial(_forget, partial(forget, connection, before=now - days, limit=_AT_ONCE))
        for name, (forget, days) in kinds.items()
    }


async def _step(name: str, step: Callable[[], Awaitable[object]]) -> bool:
    """One step by itself: what keeps it from being done is logged and keeps no other step from it."""
    try:
        await step()
    except (psycopg.OperationalError, psycopg.InterfaceError):
        raise  # the database is away: for all of them
    except Exception:  # noqa: BLE001 - the steps have nothing to do with each other
        log.exception("a step of the upkeep failed; the others go on, and it is tried again at the next one", step=name)
        return False
    return True


async def _put_up(connection: Connection, today: date) -> None:
    for ahead in range(AHEAD + 1):
        await shelves.put_up(connection, today + timedelta(days=ahead))


async def _forget(some: Callable[[], Awaitable[int]]) -> None:
    while await some() == _AT_ONCE:
        pass


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


async def _unwatched(_: str, __: str, work: Awaitable[None]) -> None:
    await work


async def keep_up(
    means: Means, stop: asyncio.Event, watch: _Watch = _unwatched, *, trusted: Callable[[], bool] = lambda: True
) -> None:
    """Upkeep now and once an hour (of the clock's hours) until `stop` is set; not while the clock is not `trusted`.
    `watch` notes it when it fails.
    """
    pause = max(_EVERY.total_seconds() / means.pace, _SHORTEST_PAUSE_SECONDS)
    while not stop.is_set():
        if not trusted():
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _SHORTEST_PAUSE_SECONDS)
            continue
        try:
            await watch("upkeep", "", _kept_up(means))
        except (psycopg.OperationalError, psycopg.InterfaceError, TimeoutError):
            log.exception("the upkeep did not get through; it goes on at the next one")
        except Exception:  # noqa: BLE001, S110 - noted, logged and told by `watch`; the next upkeep tries again
            pass
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), pause)


async def _kept_up(means: Means) -> None:
    await upkeep(means)
