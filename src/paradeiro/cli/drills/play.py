"""In: incidents; out: each played against its own copy of a world that has a past, and the figures that count."""

import asyncio
import copy
import re
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from psycopg import conninfo

from paradeiro.app import house
from paradeiro.cli.demo import catch_up, run_days
from paradeiro.cli.drills.incidents import Incident
from paradeiro.cli.scratch import cloned_database
from paradeiro.cli.worlds import add_accounts
from paradeiro.db import claims, stores
from paradeiro.flow.means import Means
from paradeiro.flow.replay import replay
from paradeiro.settings import Settings
from paradeiro.worker.drain import drain
from paradeiro.world.clock import WorldClock
from paradeiro.world.compare import Claim, differences
from paradeiro.world.parties import World, make_world
from paradeiro.world.scenario import CHANNELS, Scenario
from paradeiro.world.server import serving

# A Monday. The incident begins on Thursday morning, with packages on their way.
_START = datetime(2026, 10, 19, 6, 0, tzinfo=UTC)
_STRIKES = timedelta(days=3, hours=5)
_SCENARIO = Scenario(packages=40, days=5, seed=20261123, start=_START)
_AFTERWARDS = timedelta(hours=14)
# How finely time goes by: while nothing happens, and while it matters when somebody is told.
_COARSE, _FINE = timedelta(hours=1), timedelta(minutes=30)
_TWICE = re.compile(r"was sent \d+ times|said twice|were sent, but only")
_ANSWER_SECONDS = 0.02
_CARRIER = "correios"
# More of them would slow each other down, and how fast answers come is one of the things that are watched.
_SIDE_BY_SIDE = 2


@dataclass(slots=True)
class Figures:
    """What an incident gave. `noticed_minutes`: from its beginning until a person was told; None if nobody was."""

    name: str
    what: str
    noticed_minutes: float | None = None
    within_minutes: float = 0.0
    notices: int = 0
    told: list[str] = field(default_factory=list)
    expected_notices: int = 1
    events_lost: int = 0
    mails_twice: int = 0
    false_delivered: int = 0
    replayed: int = 0
    seconds: float = 0.0
    misses: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Past:
    """A world that has run for days, and the packages registered by hand in it."""

    world: World
    registered: set[str]
    url: str

    @property
    def database(self) -> str:
        """The database's name."""
        return str(conninfo.conninfo_to_dict(self.url)["dbname"])


async def warm_up(settings: Settings, url: str, scenario: Scenario = _SCENARIO) -> Past:
    """Play the days before the incident, once for all of them."""
    clock = WorldClock(_START)
    world = make_world(scenario.truth(), clock)
    world.post.seconds = _ANSWER_SECONDS
    registered: set[str] = set()
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(serving(world))
        means = await stack.enter_async_context(house(settings, url, clock=clock))
        await add_accounts(means, world.accounts(), CHANNELS)
        await run_days(means, world, _START + _STRIKES, _no_tick, registered, _COARSE)
    return Past(world, registered, url)


async def _no_tick(_: float) -> None:
    """Nobody watches."""


def play_all(
    settings: Settings,
    past: Past,
    incidents: Sequence[Incident],
    tell: Callable[[Figures], object],
    *,
    side_by_side: int = _SIDE_BY_SIDE,
) -> list[Figures]:
    """Every incident, each in its own copy of the past; some side by side, since most of each is waiting."""

    def play(number: int) -> Figures:
        began, incident = time.monotonic(), incidents[number]
        with cloned_database(past.url, f"{past.database}_{number}") as url:
            figures = asyncio.run(_play(settings, url, copy.deepcopy(past.world), set(past.registered), incident))
        figures.seconds = round(time.monotonic() - began, 1)
        figures.misses = _misses(figures, incident)
        tell(figures)
        return figures

    with ThreadPoolExecutor(side_by_side, thread_name_prefix="incident") as pool:
        return list(pool.map(play, range(len(incidents))))


async def _play(settings: Settings, url: str, world: World, registered: set[str], incident: Incident) -> Figures:
    figures = Figures(incident.name, incident.what, within_minutes=incident.within / timedelta(minutes=1))
    figures.expected_notices = 1 if incident.notices else 0
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(serving(world))
        means = await stack.enter_async_context(house(settings, url, clock=world.clock))
        await add_accounts(means, world.accounts(), CHANNELS)
        async with means.pool.connection() as connection:
            account = next(a for a in await stores.accounts(connection, means.secret_key) if a.connector == _CARRIER)
        began = world.clock()
        incident.strike(world)
        for fault in incident.faults:
            world.faults.order(replace(fault, since=began))
        figures.false_delivered += await _until(
            means, world, registered, began + timedelta(hours=incident.hours), _FINE
        )
        means = await _repair(means, world, incident, figures, began)
        figures.false_delivered += await _until(means, world, registered, world.clock() + _AFTERWARDS, _COARSE)
        await catch_up(means)
        await _count(means, world, incident, figures, account.id, began)
    return figures


async def _until(means: Means, world: World, registered: set[str], end: datetime, step: timedelta) -> int:
    """Let time go by; how many packages were called delivered that were not."""
    await run_days(means, world, end, _no_tick, registered, step)
    async with means.pool.connection() as connection:
        known = await claims.shipments(connection)
    ever = {
        package.code
        for package in world.truth.packages
        if any(h.says == "delivered" for h in package.visible(world.clock()))
    }
    return sum(1 for code, claim in known.items() if claim.status == "delivered" and code not in ever)


async def _repair(means: Means, world: World, incident: Incident, figures: Figures, began: datetime) -> Means:
    """The incident ends: the carrier goes back, or we are mended and read again what was stored."""
    incident.end(world)
    if incident.new_credentials:
        await add_accounts(means, {_CARRIER: world.accounts()[_CARRIER]}, CHANNELS)
    if incident.mend is not None:
        connector = means.connectors[_CARRIER]
        assert connector.parse is not None, "a carrier"
        mended = replace(connector, parse=incident.mend(connector.parse))
        means = replace(means, connectors={**means.connectors, _CARRIER: mended})
        figures.replayed = (await replay(means, _CARRIER, since=began)).events
        await drain(means)
    if not incident.lasts:
        world.faults.clear()
    return means


async def _count(
    means: Means, world: World, incident: Incident, figures: Figures, account_id: int, began: datetime
) -> None:
    async with means.pool.connection() as connection:
        known = await claims.shipments(connection)
        delivered = await claims.orders_delivered(connection)
        told = await claims.notices_about(connection, account_id, since=began)
    figures.notices, figures.told = len(told), [message for _, _, message, _ in told]
    right = [opened for kind, opened, _, _ in told if kind in incident.notices]
    figures.noticed_minutes = round((right[0] - began) / timedelta(minutes=1), 1) if right else None
    claimed = {
        code: Claim(k.status, k.delivered_at, [(at, _old(code_)) for at, code_ in k.events], k.registered_at)
        for code, k in known.items()
    }
    wrong = differences(world, claimed, delivered, world.clock())
    figures.mails_twice = sum(1 for words in wrong if _TWICE.search(words))
    figures.events_lost = len(wrong) - figures.mails_twice
    figures.misses = wrong[:5]


def _old(code: str) -> str:
    """The code that the truth has for one of the world's new delivery codes."""
    kind, _, number = code.partition("/")
    return f"{kind}/{({'91': '01', '97': '67', '90': '70'} if kind in {'BDE', 'BDI'} else {}).get(number, number)}"


def _misses(figures: Figures, incident: Incident) -> list[str]:
    """What is not as it must be, in words; the first differences from the truth among them."""
    missed = [f"difference: {words}" for words in figures.misses]
    if incident.notices and figures.noticed_minutes is None:
        missed.append(f"nobody was told of it ({' or '.join(sorted(incident.notices))} was expected)")
    elif figures.noticed_minutes is not None and figures.noticed_minutes > figures.within_minutes:
        missed.append(f"told after {figures.noticed_minutes:.0f} min, {figures.within_minutes:.0f} were allowed")
    if figures.notices != figures.expected_notices:
        missed.append(f"{figures.notices} notices, {figures.expected_notices} expected: {' · '.join(figures.told)}")
    for name, count in (
        ("events lost or untrue", figures.events_lost),
        ("mails sent twice", figures.mails_twice),
        ("false delivered", figures.false_delivered),
    ):
        if count:
            missed.append(f"{name}: {count}")
    return missed
