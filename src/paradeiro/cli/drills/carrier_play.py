"""In: a simulated carrier, incidents; out: each played against its own copy of a simulator, and its figures."""

import asyncio
import copy
import time
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from paradeiro.app import open_app, real_clock
from paradeiro.cli.demo import START, catch_up, run_days, unpaced
from paradeiro.cli.drills.carrier_incidents import CarrierIncident, Kind, Repair
from paradeiro.cli.drills.play import TWICE, Figures, WarmedSimulator, missed
from paradeiro.cli.running.scratch_database import cloned_database
from paradeiro.cli.running.simulated_carriers import CarrierDeliveries, Mishap, furnish_carriers
from paradeiro.cli.running.simulated_store import add_accounts
from paradeiro.db.measuring import recorded_state
from paradeiro.domain.words import Drift, Way
from paradeiro.flow.context import Context
from paradeiro.flow.replay import replay
from paradeiro.sdk.contract import Connector
from paradeiro.settings import Settings
from paradeiro.simulator.carriers.registry import simulated_carriers
from paradeiro.simulator.clock import SimulatorClock
from paradeiro.simulator.faults import new_name
from paradeiro.simulator.parties import Simulator, make_simulator
from paradeiro.simulator.scenario.compare import Claim, differences
from paradeiro.simulator.scenario.scenario import CHANNELS, Scenario
from paradeiro.simulator.server import listening, serving
from paradeiro.web.server import create_app
from paradeiro.worker.drain import drain

# Three packages of five go by the carrier. The incident begins on Wednesday morning.
PACKAGES, DAYS, SEED = 16, 4, 20261123
_STRIKES, _AFTERWARDS = timedelta(days=2, hours=5), timedelta(hours=8)
# Until what no file had told yet must be there: one is written every few hours, and may come hours late.
_FILE_LAG = timedelta(hours=10)
_COARSE, _FINE = timedelta(hours=1), timedelta(minutes=30)
_LAST = timedelta(days=2)  # for so long a first push or file is waited for
_LONG = 12.0  # hours from which the coarse steps do
_SIDE_BY_SIDE = 2


@dataclass(slots=True)
class CarrierFigures(Figures):
    """The figures of an incident at a carrier. `left_out`: why it cannot befall this one, which then has no figures;
    `asked`: requests that met with the fault; `met`: pushes or files that met with a mishap; `breaches_before`:
    requests that broke a contract in the days before, which are not this incident's; `broke_off`: why it was not ended.
    """

    carrier: str = ""
    left_out: str = ""
    repaired_by: str = ""
    kind: str = ""
    asked: int = 0
    met: int = 0
    breaches_before: int = 0
    broke_off: str = ""


@dataclass(slots=True)
class _Scene:
    """One running copy."""

    context: Context
    simulator: Simulator
    deliveries: CarrierDeliveries
    carrier: Kind
    registered: set[str]
    address: str

    @property
    def account_id(self) -> int:
        return self.deliveries.accounts[self.carrier.name].id

    async def until(self, end: datetime, step: timedelta) -> int:
        """Run until `end`; how many packages were recorded as delivered that never were."""
        await run_days(self.context, self.simulator, end, _no_tick, self.registered, step, self.deliveries)
        async with self.context.pool.connection() as connection:
            known = await recorded_state.shipments(connection)
        now = self.simulator.clock()
        ever = {
            package.followed_as
            for package in self.simulator.ground_truth.packages
            if any(h.says == "delivered" for h in package.visible(now))
        }
        return sum(1 for code, claim in known.items() if claim.status == "delivered" and code not in ever)


async def _no_tick(_: float) -> None:
    """No progress is shown."""


@asynccontextmanager
async def _opened(
    settings: Settings, url: str, simulator: Simulator, registered: set[str], carrier: Kind
) -> AsyncIterator[_Scene]:
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(serving(simulator))
        opened = await stack.enter_async_context(open_app(settings, url, clock=simulator.clock))
        context = _without_proofs(unpaced(opened))
        await add_accounts(context, simulator.accounts(), CHANNELS)
        address = await stack.enter_async_context(listening(create_app(context, real_clock)))
        deliveries = await furnish_carriers(context, simulator, address)
        yield _Scene(context, simulator, deliveries, carrier, registered, address)


def _without_proofs(context: Context) -> Context:
    """Pictures of the post office's deliveries take real seconds and are not looked at here."""
    correios = replace(context.connectors["correios"], proofs=frozenset(), large_batch_size=0)
    return replace(context, connectors={**context.connectors, "correios": correios})


async def warm_up_carrier(settings: Settings, url: str, name: str, packages: int = PACKAGES) -> WarmedSimulator:
    """Play the days before the incident, once for all of a carrier's."""
    scenario = Scenario(packages, DAYS, SEED, START, (name,))
    simulator, registered = make_simulator(scenario.ground_truth(), SimulatorClock(START)), set[str]()
    async with _opened(settings, url, simulator, registered, simulated_carriers()[name]) as scene:
        await scene.until(START + _STRIKES, _COARSE)
    return WarmedSimulator(simulator, registered, url)


def play_carrier(
    settings: Settings,
    warmed: WarmedSimulator,
    name: str,
    incidents: Sequence[CarrierIncident],
    report: Callable[[CarrierFigures], object],
    *,
    side_by_side: int = _SIDE_BY_SIDE,
) -> list[CarrierFigures]:
    """Play every incident that can befall the carrier, each in its own copy."""
    carrier = simulated_carriers()[name]

    def play(number: int) -> CarrierFigures:
        began, incident = time.monotonic(), incidents[number]
        with cloned_database(warmed.url, f"{warmed.database}_{number}") as url:
            figures = asyncio.run(
                _play(settings, url, copy.deepcopy(warmed.simulator), set(warmed.registered), carrier, incident)
            )
        figures.seconds = round(time.monotonic() - began, 1)
        figures.misses = _misses(figures, incident)
        report(figures)
        return figures

    with ThreadPoolExecutor(side_by_side, thread_name_prefix="incident") as pool:
        return list(pool.map(play, range(len(incidents))))


def left_out(connector: Connector, incidents: Sequence[CarrierIncident]) -> list[CarrierFigures]:
    """The incidents that cannot befall a carrier, and why."""
    carrier = simulated_carriers()[connector.name]
    return [
        CarrierFigures(each.name, each.what, carrier=connector.name, left_out=why, expected_notices=0)
        for each in incidents
        if (why := each.why_not(connector, carrier))
    ]


async def _play(
    settings: Settings, url: str, simulator: Simulator, registered: set[str], carrier: Kind, incident: CarrierIncident
) -> CarrierFigures:
    figures = CarrierFigures(incident.name, incident.what, within_minutes=incident.within / timedelta(minutes=1))
    figures.carrier, figures.repaired_by = carrier.name, incident.repair.value
    try:
        await _play_through(settings, url, simulator, registered, carrier, incident, figures)
    except Exception as error:  # noqa: BLE001 - one incident that breaks off is told, the others are played
        figures.broke_off = f"{type(error).__name__}: {error}"[:300]
    return figures


async def _play_through(
    settings: Settings,
    url: str,
    simulator: Simulator,
    registered: set[str],
    carrier: Kind,
    incident: CarrierIncident,
    figures: CarrierFigures,
) -> None:
    async with _opened(settings, url, simulator, registered, carrier) as scene:
        began, ends = simulator.clock(), simulator.clock() + timedelta(hours=incident.hours)
        before = set(simulator.breaches)
        figures.breaches_before = len(before)
        _begin(scene, incident, began)
        step = _FINE if incident.hours < _LONG else _COARSE
        figures.false_delivered += await scene.until(ends, step)
        while incident.mishap is not Mishap.NONE and not scene.deliveries.mishaps and simulator.clock() < began + _LAST:
            figures.false_delivered += await scene.until(simulator.clock() + 4 * step, step)
        figures.met = scene.deliveries.mishaps
        # What befalls a file begins with it, days after the last one perhaps.
        begun = scene.deliveries.mishap_at or began if incident.mishap is Mishap.BROKEN else began
        figures.asked = sum(f.met for f in simulator.faults.active if f.party == carrier.name)
        await _repair(scene, incident, figures, began)
        figures.false_delivered += await scene.until(simulator.clock() + _AFTERWARDS, _COARSE)
        await catch_up(scene.context)
        await _count(scene, incident, figures, begun)
        wrong = [words for words in await _lasting(scene) if not any(words.endswith(each) for each in before)]
        figures.mails_twice = sum(1 for words in wrong if TWICE.search(words))
        figures.events_lost, figures.misses = len(wrong) - figures.mails_twice, wrong[:5]


def _begin(scene: _Scene, incident: CarrierIncident, began: datetime) -> None:
    for part, fault in incident.faults(scene.carrier):
        until = None if part.until is None else began + timedelta(hours=part.until)
        scene.simulator.faults.order(replace(fault, since=began + timedelta(hours=part.since), until=until))
    scene.deliveries.mishap, scene.deliveries.mishaps, scene.deliveries.mishap_at = incident.mishap, 0, None
    if incident.repair is Repair.CREDENTIALS:
        scene.simulator.carriers[scene.carrier.name].replace_secrets()


async def _repair(scene: _Scene, incident: CarrierIncident, figures: CarrierFigures, began: datetime) -> None:
    """End the incident: the carrier recovers, and what is wanted of a person is done."""
    name, simulator = scene.carrier.name, scene.simulator
    scene.deliveries.mishap = Mishap.NONE
    match incident.repair:
        case Repair.CREDENTIALS:
            await add_accounts(scene.context, {name: simulator.accounts()[name]}, CHANNELS)
            scene.deliveries = await furnish_carriers(scene.context, simulator, scene.address)
        case Repair.REPLAY:
            mended = _mended(scene.context.connectors[name], scene.carrier.events_field)
            scene.context = replace(scene.context, connectors={**scene.context.connectors, name: mended})
            figures.replayed = (await replay(scene.context, name, since=began)).events
            await drain(scene.context)
        case Repair.FILE:
            await scene.deliveries.bring_files(began, simulator.clock())
        case Repair.ITSELF:
            pass
    simulator.faults.clear()


def _mended(connector: Connector, field: str) -> Connector:
    """The connector whose parser knows the field's new name too."""
    old, new = f'"{field}":'.encode(), f'"{new_name(field)}":'.encode()
    parse, parse_with = connector.parse, connector.parse_with
    return replace(
        connector,
        parse=None if parse is None else lambda body: parse(body.replace(new, old)),
        parse_with=None if parse_with is None else lambda body, known: parse_with(body.replace(new, old), known),
    )


async def _lasting(scene: _Scene) -> list[str]:
    """What is lost or untrue. By files some news is always under way: it counts if the next files do not bring it."""
    found = await _differences(scene)
    if not found or Way.FILE not in scene.context.connectors[scene.carrier.name].ways:
        return found
    await scene.until(scene.simulator.clock() + _FILE_LAG, _COARSE)
    await catch_up(scene.context)
    later = set(await _differences(scene))
    return [words for words in found if words in later]


async def _differences(scene: _Scene) -> list[str]:
    """What is lost, or was never so, as the carrier shows it now."""
    async with scene.context.pool.connection() as connection:
        known = await recorded_state.shipments(connection)
        delivered = await recorded_state.orders_delivered(connection)
    claimed = {code: Claim(k.status, k.delivered_at, k.events, k.registered_at) for code, k in known.items()}
    return differences(scene.simulator, claimed, delivered, scene.simulator.clock())


async def _count(scene: _Scene, incident: CarrierIncident, figures: CarrierFigures, began: datetime) -> None:
    async with scene.context.pool.connection() as connection:
        every = await recorded_state.notices_about(connection, scene.account_id, since=began)
    # How long an answer takes is real time, which other work on this machine lengthens.
    told = [each for each in every if each[3].get("oddities") != str(Drift.SLOWER)]
    figures.expected_notices = int(
        bool(incident.notices) and (incident.mishap is Mishap.NONE or figures.met >= incident.at_least or bool(told))
    )
    if incident.repair is Repair.CREDENTIALS:
        figures.expected_notices = 1
    if len({kind for kind, *_ in told}) == len(told) <= incident.most_notices:
        figures.expected_notices *= max(len(told), 1)
    figures.notices, figures.told = len(told), [f"{kind}: {message}" for kind, _, message, _ in told]
    right = [(kind, opened) for kind, opened, _, _ in told if kind in incident.notices]
    if right:
        figures.kind = str(right[0][0])
        figures.noticed_minutes = round((right[0][1] - began) / timedelta(minutes=1), 1)


def _misses(figures: CarrierFigures, incident: CarrierIncident) -> list[str]:
    if figures.broke_off:
        return [f"it broke off: {figures.broke_off}"]
    found = missed(figures, incident.notices)
    if incident.most_requests is not None and figures.asked > incident.most_requests:
        found.append(
            f"asked {figures.asked} times, though it said when to ask again ({incident.most_requests} at most)"
        )
    return found
