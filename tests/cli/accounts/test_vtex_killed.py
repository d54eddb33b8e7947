"""kill -9 at every step between a feed's item and its stored order: nothing lost, nothing twice."""

import asyncio
import signal
from collections import Counter
from datetime import timedelta
from pathlib import Path

import psycopg

from paradeiro.cli.accounts.hooks import choose_account
from paradeiro.cli.accounts.vtex import connect
from paradeiro.cli.running.simulated_store import add_accounts
from paradeiro.db.pool import transaction
from paradeiro.db.server.embedded import Embedded
from paradeiro.simulator.clock import SimulatorClock
from paradeiro.simulator.scenario.scenario import CHANNELS, Scenario
from paradeiro.simulator.server import serve
from tests.cli.vtex_crasher import play
from tests.databases import START, TEMPLATE, HandClock, open_context
from tests.processes import run_until

_MOST_STEPS = 60


async def test_killed_at_every_step_of_the_intake(postgres: Embedded, secret_key: str) -> None:
    died = 0
    for die_at in range(1, _MOST_STEPS):
        url = postgres.fresh_url("vtex_killed", TEMPLATE)
        first = await _one(url, secret_key, die_at)
        postgres.drop("vtex_killed")
        if first == 0:
            break
        died += 1
    else:
        raise AssertionError("the intake has more steps: raise the number")
    assert died > 10


async def _one(url: str, secret_key: str, die_at: int) -> int:
    """Play, die, play again after the visibility timeout; the first process's end."""
    clock = SimulatorClock(START)
    async with serve(Scenario(20, 8, 7, START).ground_truth(), clock) as simulator:
        async with open_context(url, clock, secret_key) as context:
            await add_accounts(context, {"vtex": simulator.accounts()["vtex"]}, CHANNELS)
            account = await choose_account(context, "vtex", store="", name="")
            await connect(context, account, hook=False, feed=True, public_url="")
            async with transaction(context.pool) as connection:
                await connection.execute("UPDATE account SET next_visit = NULL")
        later = sorted(
            (o for o in simulator.ground_truth.orders if o.invoiced_at > START), key=lambda o: o.invoiced_at
        )[:2]
        clock.set(later[-1].invoiced_at + timedelta(minutes=2))
        first = await asyncio.to_thread(run_until, play, url, secret_key, Path(), HandClock(clock()), die_at)
        assert first in {0, -signal.SIGKILL}
        assert all(not n.over for n in simulator.news.queue) or _kept(url) == 2, (
            f"committed before it was kept: {die_at}"
        )
        clock.set(clock() + timedelta(minutes=10))
        assert await asyncio.to_thread(run_until, play, url, secret_key, Path(), HandClock(clock()), 0) == 0
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT count(*) FROM order_hint").fetchone() == (0,), f"killed at {die_at}"
            numbers = {row[0] for row in connection.execute("SELECT number FROM orders").fetchall()}
            assert {o.order_id for o in later} <= numbers, f"killed at {die_at}"
            codes = Counter(row[0] for row in connection.execute("SELECT tracking_code FROM shipment").fetchall())
            assert set(codes.values()) <= {1}, f"killed at {die_at}"
        assert all(n.over for n in simulator.news.queue if n.order_id in {o.order_id for o in later})
        assert simulator.breaches == []
    return first


def _kept(url: str) -> int:
    """How many orders are stored, as hints or as orders."""
    with psycopg.connect(url) as connection:
        sql = "SELECT count(*) FROM (SELECT number FROM order_hint UNION SELECT number FROM orders) kept"
        row = connection.execute(sql).fetchone()
    assert row is not None
    return int(row[0])
