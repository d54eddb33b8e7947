"""In: the clock; out: reply partitions for the next days; expired rows and customers removed; reminders planned."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from functools import partial

import psycopg

from paradeiro.db.accounts import hooks
from paradeiro.db.carriers import identifiers
from paradeiro.db.following import partitions, proofs
from paradeiro.db.operations import idempotency
from paradeiro.db.orders import uploaded_tables
from paradeiro.db.pool import Connection
from paradeiro.flow.context import Context, log
from paradeiro.flow.customers.order_lookup import forget_old_attempts
from paradeiro.flow.customers.personal_data import erase_expired
from paradeiro.flow.orders.bulk import IDEMPOTENCY_DAYS, UPLOAD_HOURS
from paradeiro.flow.outbox.reminders import remind_all
from paradeiro.worker.retention_rules import TIMED

# Days created ahead, so that storing a reply rarely has to; without a worker, or with simulated days, it does.
AHEAD = 3
_EVERY = timedelta(hours=1)
# Lower limit, also with a fast simulator.
_SHORTEST_PAUSE_SECONDS = 1.0
# Rows deleted in one statement: a fraction of a second.
_AT_ONCE = 2_000
_PICTURES = 20  # they are held in memory
_Watch = Callable[[str, str, Awaitable[None]], Awaitable[None]]


async def maintain(context: Context) -> bool:
    """Create the next days' partitions, drop expired ones, remove old rows. False: not all of it could be done now.

    Concurrent calls are safe: one works, the others return False.
    """
    today = partitions.day_of(context.now())
    oldest = today - timedelta(days=context.reply_days)
    async with context.pool.connection() as connection, partitions.maintenance_lock(connection) as mine:
        if not mine:
            return False
        before = datetime.combine(oldest, time(), UTC)
        over = context.now() - IDEMPOTENCY_DAYS
        steps: dict[str, Callable[[], Awaitable[object]]] = {
            "partitions for the next days": partial(_create_partitions, connection, today),
            "old replies": partial(
                _repeat, partial(partitions.remove_old_holds, connection, before=before, limit=_AT_ONCE)
            ),
            "old pushes": partial(_repeat, partial(hooks.remove_old_pushes, connection, before=before, limit=_AT_ONCE)),
            "old answers": partial(
                _repeat, partial(idempotency.remove_old_keys, connection, before=over, limit=_AT_ONCE)
            ),
            "old tables": partial(uploaded_tables.remove_old_tables, connection, before=context.now() - UPLOAD_HOURS),
            "old customers": partial(erase_expired, context),
            "old guesses": partial(forget_old_attempts, context),
            **_old_rows(connection, context.now()),
            "pictures in clear": partial(
                _repeat, partial(proofs.seal_former, connection, key=context.secret_key, limit=_PICTURES), _PICTURES
            ),
            "reminders": partial(remind_all, context),
            "answers about nobody": partial(
                _repeat, partial(identifiers.forget_unmatched, connection, before=before, limit=_AT_ONCE)
            ),
        }
        done = [await _run_step(name, step) for name, step in steps.items()]
        return await _drop_partitions(connection, oldest, before) and all(done)


def _old_rows(connection: Connection, now: datetime) -> dict[str, Callable[[], Awaitable[object]]]:
    """Steps that delete from tables that only grow, each with its retention time."""
    return {
        each.step: partial(
            _repeat,
            partial(each.forget, connection, before=now - timedelta(days=each.days), limit=_AT_ONCE),
        )
        for each in TIMED
    }


async def _run_step(name: str, step: Callable[[], Awaitable[object]]) -> bool:
    """Run one step; a failure is logged and does not stop the other steps."""
    try:
        await step()
    except (psycopg.OperationalError, psycopg.InterfaceError):
        raise  # the database is away: for all of them
    except Exception:  # noqa: BLE001 - the steps have nothing to do with each other
        log.exception("a step of the upkeep failed; the others go on, and it is tried again at the next one", step=name)
        return False
    return True


async def _create_partitions(connection: Connection, today: date) -> None:
    for ahead in range(AHEAD + 1):
        await partitions.create_partition(connection, today + timedelta(days=ahead))


async def _repeat(some: Callable[[], Awaitable[int]], at_once: int | None = None) -> None:
    while await some() == (at_once or _AT_ONCE):
        pass


async def _drop_partitions(connection: Connection, oldest: date, before: datetime) -> bool:
    there = await partitions.partitions(connection)
    over = [partition_day for partition_day in there if partition_day.day < oldest or partition_day.state != "up"]
    # PostgreSQL detaches one at a time: pending detaches are finished first.
    for partition_day in sorted(over, key=lambda s: (s.state == "up", s.day)):
        stay = await partitions.detach_partition(connection, partition_day, before=before)
        if stay is None:
            log.info(
                "replies are still being looked at; their day is dropped at the next upkeep", day=str(partition_day.day)
            )
            return False
        log.info("replies expired", day=str(partition_day.day), held=stay)
    return True


async def _run_unwatched(_: str, __: str, work: Awaitable[None]) -> None:
    await work


async def maintain_forever(
    context: Context, stop: asyncio.Event, watch: _Watch = _run_unwatched, *, trusted: Callable[[], bool] = lambda: True
) -> None:
    """Run maintenance now and once an hour (of the clock) until `stop` is set; not while the clock is not `trusted`.
    `watch` records failures.
    """
    pause = max(_EVERY.total_seconds() / context.pace, _SHORTEST_PAUSE_SECONDS)
    while not stop.is_set():
        if not trusted():
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _SHORTEST_PAUSE_SECONDS)
            continue
        try:
            await watch("upkeep", "", _maintain_once(context))
        except (psycopg.OperationalError, psycopg.InterfaceError, TimeoutError):
            log.exception("the upkeep did not get through; it goes on at the next one")
        except Exception:  # noqa: BLE001, S110 - stored and logged by `watch`; the next run tries again
            pass
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), pause)


async def _maintain_once(context: Context) -> None:
    await maintain(context)
