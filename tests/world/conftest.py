"""In: nothing; out: a small world that listens on loopback, and a client that may enter it."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest

from paradeiro.world.clock import WorldClock
from paradeiro.world.parties import World
from paradeiro.world.scenario import Scenario
from paradeiro.world.server import serve

START = datetime(2026, 10, 5, 6, 0, tzinfo=UTC)  # a Monday
DAYS = 12


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """Of every kind of package some; the clock stands at the end of the third day."""
    clock = WorldClock(START.replace(day=8))
    async with serve(Scenario(150, DAYS, 7, START).truth(), clock) as running:
        yield running


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=10, trust_env=False) as client:
        yield client
