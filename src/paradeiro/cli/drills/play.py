"""In: incidents; out: each played against its own copy of a simulator that has run for days, and its figures."""

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

from paradeiro.app import open_app
from paradeiro.cli.demo import catch_up, run_days
from paradeiro.cli.drills.incidents import Incident
from paradeiro.cli.running.scratch_database import cloned_database
from paradeiro.cli.running.simulated_store import add_accounts
from paradeiro.db.accounts import stores
from paradeiro.db.measuring import recorded_state
from paradeiro.domain.words import NoticeKind
from paradeiro.flow.context import Context
from paradeiro.flow.replay import replay
from paradeiro.settings import Settings
from paradeiro.simulator.clock import SimulatorClock
from paradeiro.simulator.parties import Simulator, make_simulator
from paradeiro.simulator.scenario.compare import Claim, differences
from paradeiro.simulator.scenario.scenario import CHANNELS, Scenario
from paradeiro.simulator.server import serving
from paradeiro.worker.drain import drain

# A Monday. The incident begins on Thursday morning, with packages on their way.
_START = datetime(2026, 10, 19, 6, 0, tzinfo=UTC)
_STRIKES = timedelta(days=3, hours=5)
_SCENARIO = Scenario(packages=40, days=5, seed=20261123, start=_START)
_AFTERWARDS = timedelta(hours=14)
# The clock's steps: usually, and while the time of a notice matters.
_COARSE, _FINE = timedelta(hours=1), timedelta(minutes=30)
TWICE = re.compile(r"was sent \d+ times|said twice|were sent, but only")
_ANSWER_SECONDS = 0.02
_CARRIER = "correios"
# Incidents at once. More would slow each other down, and answer times are one of the things that are watched.
_SIDE_BY_SIDE = 2


@dataclass(slots=True)
class Figures:
    """The figures of an incident. `noticed_minutes`: from its beginning until a notice was opened; None if none was."""

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
class WarmedSimulator:
    """A simulator that has run for days, the codes registered by hand in it, and its database."""

    simulator: Simulator
    registered: set[str]
    url: str

    @property
    def database(self) -> str:
        """The database's name."""
        return str(conninfo.conninfo_to_dict(self.url)["dbname"])


async def warm_up(settings: Settings, url: str, scenario: Scenario = _SCENARIO) -> WarmedSimulator:
    """Play the days before the incident, once for all of them."""
    clock = SimulatorClock(_START)
    simulator = make_simulator(scenario.ground_truth(), clock)
    simulator.post.seconds = _ANSWER_SECONDS
    registered: set[str] = set()
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(serving(simulator))
        context = await stack.enter_async_context(open_app(settings, url, clock=clock))
        await add_accounts(context, simulator.accounts(), CHANNELS)
        await run_days(context, simulator, _START + _STRIKES, _no_tick, registered, _COARSE)
    return WarmedSimulator(simulator, registered, url)


async def _no_tick(_: float) -> None:
    """No progress is shown."""


def play_all(
    settings: Settings,
    warmed: WarmedSimulator,
    incidents: Sequence[Incident],
    report: Callable[[Figures], object],
    *,
    side_by_side: int = _SIDE_BY_SIDE,
) -> list[Figures]:
    """Play every incident, each in its own copy; some in parallel, since most of the time is waiting."""

    def play(number: int) -> Figures:
        began, incident = time.monotonic(), incidents[number]
        with cloned_database(warmed.url, f"{warmed.database}_{number}") as url:
            figures = asyncio.run(
                _play(settings, url, copy.deepcopy(warmed.simulator), set(warmed.registered), incident)
            )
        figures.seconds = round(time.monotonic() - began, 1)
        figures.misses = missed(figures, incident.notices)
        report(figures)
        return figures

    with ThreadPoolExecutor(side_by_side, thread_name_prefix="incident") as pool:
        return list(pool.map(play, range(len(incidents))))


async def _play(
    settings: Settings, url: str, simulator: Simulator, registered: set[str], incident: Incident
) -> Figures:
    figures = Figures(incident.name, incident.what, within_minutes=incident.within / timedelta(minutes=1))
    figures.expected_notices = 1 if incident.notices else 0
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(serving(simulator))
        context = await stack.enter_async_context(open_app(settings, url, clock=simulator.clock))
        await add_accounts(context, simulator.accounts(), CHANNELS)
        async with context.pool.connection() as connection:
            account = next(a for a in await stores.accounts(connection, context.secret_key) if a.connector == _CARRIER)
        began = simulator.clock()
        incident.begin(simulator)
        for fault in incident.faults:
            simulator.faults.order(replace(fault, since=began))
        figures.false_delivered += await _until(
            context, simulator, registered, began + timedelta(hours=incident.hours), _FINE
        )
        context = await _repair(context, simulator, incident, figures, began)
        figures.false_delivered += await _until(
            context, simulator, registered, simulator.clock() + _AFTERWARDS, _COARSE
        )
        await catch_up(context)
        await _count(context, simulator, incident, figures, account.id, began)
    return figures


async def _until(context: Context, simulator: Simulator, registered: set[str], end: datetime, step: timedelta) -> int:
    """Run until `end`; how many packages were recorded as delivered that were not."""
    await run_days(context, simulator, end, _no_tick, registered, step)
    async with context.pool.connection() as connection:
        known = await recorded_state.shipments(connection)
    ever = {
        package.code
        for package in simulator.ground_truth.packages
        if any(h.says == "delivered" for h in package.visible(simulator.clock()))
    }
    return sum(1 for code, claim in known.items() if claim.status == "delivered" and code not in ever)


async def _repair(
    context: Context, simulator: Simulator, incident: Incident, figures: Figures, began: datetime
) -> Context:
    """End the incident: the carrier recovers, or the connector is repaired and stored replies are replayed."""
    incident.end(simulator)
    if incident.new_credentials:
        await add_accounts(context, {_CARRIER: simulator.accounts()[_CARRIER]}, CHANNELS)
    if incident.repair is not None:
        connector = context.connectors[_CARRIER]
        assert connector.parse is not None, "a carrier"
        repaired = replace(connector, parse=incident.repair(connector.parse))
        context = replace(context, connectors={**context.connectors, _CARRIER: repaired})
        figures.replayed = (await replay(context, _CARRIER, since=began)).events
        await drain(context)
    if not incident.lasts:
        simulator.faults.clear()
    return context


async def _count(
    context: Context, simulator: Simulator, incident: Incident, figures: Figures, account_id: int, began: datetime
) -> None:
    async with context.pool.connection() as connection:
        known = await recorded_state.shipments(connection)
        delivered = await recorded_state.orders_delivered(connection)
        told = await recorded_state.notices_about(connection, account_id, since=began)
    figures.notices, figures.told = len(told), [message for _, _, message, _ in told]
    right = [opened for kind, opened, _, _ in told if kind in incident.notices]
    figures.noticed_minutes = round((right[0] - began) / timedelta(minutes=1), 1) if right else None
    claimed = {
        code: Claim(
            k.status, k.delivered_at, [(at, _old(code_), status) for at, code_, status in k.events], k.registered_at
        )
        for code, k in known.items()
    }
    wrong = differences(simulator, claimed, delivered, simulator.clock())
    figures.mails_twice = sum(1 for words in wrong if TWICE.search(words))
    figures.events_lost = len(wrong) - figures.mails_twice
    figures.misses = wrong[:5]


def _old(code: str) -> str:
    """The ground truth's code for one of the simulator's new delivery codes."""
    kind, _, number = code.partition("/")
    return f"{kind}/{({'91': '01', '97': '67', '90': '70'} if kind in {'BDE', 'BDI'} else {}).get(number, number)}"


def missed(figures: Figures, kinds: frozenset[NoticeKind]) -> list[str]:
    """What is not as it must be, in words, with the first differences from the ground truth."""
    found = [f"difference: {words}" for words in figures.misses]
    if figures.expected_notices and figures.noticed_minutes is None:
        found.append(f"nobody was told of it ({' or '.join(sorted(kinds))} was expected)")
    elif figures.noticed_minutes is not None and figures.noticed_minutes > figures.within_minutes:
        found.append(f"told after {figures.noticed_minutes:.0f} min, {figures.within_minutes:.0f} were allowed")
    if figures.notices != figures.expected_notices:
        found.append(f"{figures.notices} notices, {figures.expected_notices} expected: {' · '.join(figures.told)}")
    for name, count in (
        ("events lost or untrue", figures.events_lost),
        ("mails sent twice", figures.mails_twice),
        ("false delivered", figures.false_delivered),
    ):
        if count:
            found.append(f"{name}: {count}")
    return found
