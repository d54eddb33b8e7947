"""In: nothing; out: a small simulator that listens on loopback, and a client for it."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest

from paradeiro.simulator.clock import SimulatorClock
from paradeiro.simulator.parties import Simulator
from paradeiro.simulator.scenario.scenario import Scenario
from paradeiro.simulator.server import serve

START = datetime(2026, 10, 5, 6, 0, tzinfo=UTC)  # a Monday
DAYS = 12


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    """Some packages of every kind; the clock stands at the end of the third day."""
    clock = SimulatorClock(START.replace(day=8))
    async with serve(Scenario(150, DAYS, 7, START).ground_truth(), clock) as running:
        yield running


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=10, trust_env=False) as client:
        yield client
