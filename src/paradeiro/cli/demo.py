"""In: packages, days, a seed; out: those days played in seconds, a table of what happened, and the exit status."""

import asyncio
import json
import secrets
import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from paradeiro.app import open_app, real_clock, set_up_logs
from paradeiro.cli.accounts.accounts import SIMULATED_STORE
from paradeiro.cli.running.scratch_database import scratch_database
from paradeiro.cli.running.simulated_carriers import CarrierDeliveries, furnish_carriers
from paradeiro.cli.running.simulated_store import add_accounts, add_fallback, registration, subscribe
from paradeiro.db.accounts import stores
from paradeiro.db.following import shipments
from paradeiro.db.measuring import bench_rows, recorded_state
from paradeiro.domain.following.merging import FALLBACK_AFTER
from paradeiro.flow.context import Context
from paradeiro.flow.orders.intake import register
from paradeiro.flow.outbox.mail_policy import set_mail_policy
from paradeiro.settings import Settings
from paradeiro.simulator.clock import SimulatorClock
from paradeiro.simulator.faults import Fault
from paradeiro.simulator.parties import Simulator
from paradeiro.simulator.scenario.compare import Claim, differences, proof_differences
from paradeiro.simulator.scenario.scenario import CHANNELS, Scenario
from paradeiro.simulator.server import listening, serve
from paradeiro.web.api.shapes import ShipmentIn
from paradeiro.web.server import create_app
from paradeiro.worker.drain import drain

# A Monday; the days are the same whenever they are played.
START = datetime(2026, 10, 5, 6, 0, tzinfo=UTC)
# The clock moves in steps of this, to wherever something is due.
STEP = timedelta(minutes=10)
_SHOWN_DIFFERENCES = 20
# When an event was first recorded, from any source, by tracking code and minute of the event.
Recorded = dict[tuple[str, datetime], datetime]


@dataclass(frozen=True, slots=True)
class Outage:
    """For how many days the carrier does not answer, from the third on, and whether it has a fallback account."""

    days: float = 0
    second_source: bool = False


NO_OUTAGE = Outage()
_OUTAGE_BEGINS = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class CarrierFigures:
    """How one carrier's news came. `delay`: simulated minutes, median; the ways: requests, pushes and files."""

    carrier: str
    packages: int
    events: int
    delay_minutes_median: float
    requests: int
    pushes: int
    files: int


@dataclass(slots=True)
class Report:
    """The result of a demo. Delays: simulated minutes from when the carrier shows an event until it is recorded."""

    packages: int
    days: int
    seed: int
    seconds: float = 0.0
    shipments_by_status: dict[str, int] = field(default_factory=dict)
    events_recorded: int = 0
    order_updates: int = 0
    emails: int = 0
    marketplace_calls: int = 0
    carrier_requests: int = 0
    pushes: int = 0
    proofs: int = 0
    questions_per_package_and_day: float = 0.0
    detection_delay_minutes_median: float = 0.0
    detection_delay_minutes_p90: float = 0.0
    carriers: list[CarrierFigures] = field(default_factory=list)
    outage_delay_minutes_median: float = 0.0  # of what the carrier would have shown during its outage
    stand_in_requests: int = 0
    open_notices: dict[str, int] = field(default_factory=dict)
    differences: list[str] = field(default_factory=list)


def demo_command(
    settings: Settings,
    console: Console,
    scenario: Scenario,
    *,
    outage: Outage = NO_OUTAGE,
    as_json: bool,
    pushes: bool = False,
) -> int:
    """Play, compare, print. Exit status 0 if what was sent equals the ground truth, else 1."""
    set_up_logs(settings.model_copy(update={"log_level": "error"}))
    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("day {task.completed:.1f} of {task.total}"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=as_json,
    )
    with scratch_database(settings, f"demo_{secrets.token_hex(4)}", waits_for_disk=False) as url, progress:
        task = progress.add_task("Playing", total=scenario.days)

        async def tick(day: float) -> None:
            progress.update(task, completed=day)

        report = asyncio.run(play(settings, url, scenario, tick, outage, pushes=pushes))
    if as_json:
        console.print(json.dumps(asdict(report), ensure_ascii=False), markup=False, highlight=False, soft_wrap=True)
    else:
        _print(console, report)
    return 1 if report.differences else 0


async def play(
    settings: Settings,
    url: str,
    scenario: Scenario,
    tick: Callable[[float], Awaitable[None]],
    outage: Outage = NO_OUTAGE,
    *,
    pushes: bool = False,
) -> Report:
    """Play a scenario over real HTTP and SMTP on a migrated database; with `pushes` the post office pushes too."""
    began = time.monotonic()
    clock = SimulatorClock(scenario.start)
    async with AsyncExitStack() as stack:
        simulator = await stack.enter_async_context(serve(scenario.ground_truth(), clock))
        context = unpaced(await stack.enter_async_context(open_app(settings, url, clock=clock)))
        await add_accounts(context, simulator.accounts(), CHANNELS)
        address = ""
        if pushes or simulator.carriers:
            address = await stack.enter_async_context(listening(create_app(context, real_clock)))
        if pushes:
            await subscribe(context, "correios", address)
        deliveries = await furnish_carriers(context, simulator, address)
        if outage.second_source:
            await add_fallback(context, simulator.fallback())
        if outage.days:
            begins = scenario.start + _OUTAGE_BEGINS
            until = begins + timedelta(days=outage.days)
            simulator.faults.order(Fault("correios", "status", status=503, since=begins, until=until))
        end = scenario.start + timedelta(days=scenario.days)
        await run_days(context, simulator, end, tick, deliveries=deliveries)
        recorded = await catch_up(context)
        report = await _report(context, simulator, scenario, recorded, outage)
        report.carriers = await _carrier_figures(context, simulator, recorded, deliveries)
    report.seconds = round(time.monotonic() - began, 1)
    return report


def unpaced(context: Context) -> Context:
    """Simulated carriers have no limits of real seconds: days pass in moments."""
    return replace(context, connectors={n: replace(c, requests_per_second=1e6) for n, c in context.connectors.items()})


async def run_days(
    context: Context,
    simulator: Simulator,
    end: datetime,
    tick: Callable[[float], Awaitable[None]],
    registered: set[str] | None = None,
    step: timedelta = STEP,
    deliveries: CarrierDeliveries | None = None,
) -> None:
    """Move the clock to the next due job or push, run all that is due, repeat until `end`. `registered`: the tracking
    codes registered by hand so far; added to. `deliveries`: pushes and files of other carriers.
    """
    registered = set() if registered is None else registered
    start = simulator.clock()
    while True:
        await _register(context, simulator, registered)
        await drain(context)
        now = simulator.clock()
        await tick((now - start) / timedelta(days=1))
        if now >= end:
            return
        async with context.pool.connection() as connection:
            due = await shipments.next_due(connection, patience=FALLBACK_AFTER) or end
        steps = max(-((due - now) // -step), 1)
        simulator.clock.set(min(now + steps * step, end, simulator.pushes.next_at() or end))
        await simulator.pushes.push_due()
        if deliveries is not None:
            await deliveries.deliver(simulator.clock())


async def _register(context: Context, simulator: Simulator, registered: set[str]) -> None:
    """Register the packages whose code only the shop's staff knows."""
    for each in simulator.ground_truth.needs_registration(simulator.clock()):
        if each["tracking_code"] not in registered:
            registered.add(each["tracking_code"])
            async with context.pool.connection() as connection:
                store_id = next(s.id for s in (await stores.stores(connection)).values() if s.name == SIMULATED_STORE)
            await register(context, store_id, ShipmentIn.model_validate(registration(each)).registration())


async def catch_up(context: Context) -> Recorded:
    """Check all packages once, so that records and ground truth are of the same time. Returns what was recorded before:
    only that counts for the delays.
    """
    async with context.pool.connection() as connection:
        recorded = await recorded_state.recorded_at(connection)
        every = await stores.stores(connection)
    # Mails that wait for the end of quiet hours, or for tomorrow, are sent now.
    for store in every.values():
        at_once = replace(store.policy.mail, quiet_from=store.policy.mail.quiet_to, moves_a_day=False)
        await set_mail_policy(context, store.id, at_once)
    async with context.pool.connection() as connection:
        await bench_rows.make_all_due(connection, now=context.now())
    await drain(context)
    return recorded


async def _report(
    context: Context, simulator: Simulator, scenario: Scenario, recorded: Recorded, outage: Outage
) -> Report:
    async with context.pool.connection() as connection:
        known = await recorded_state.shipments(connection)
        delivered = await recorded_state.orders_delivered(connection)
        notices = await recorded_state.open_notices(connection)
        proofs = await recorded_state.proofs(connection, key=context.secret_key)
    claimed = {code: Claim(k.status, k.delivered_at, k.events, k.registered_at) for code, k in known.items()}
    registered = {code: k.registered_at for code, k in known.items()}
    delays = [(d, during) for _, d, during in _delays(simulator, recorded, registered, outage)]
    report = Report(scenario.packages, scenario.days, scenario.seed)
    report.shipments_by_status = _counted([k.status for k in known.values()])
    report.events_recorded = sum(len(k.events) for k in known.values())
    report.order_updates = len(simulator.order_system.told)
    report.emails = len(simulator.mail.mails)
    report.marketplace_calls = len(simulator.marketplace.told)
    report.carrier_requests = simulator.post.calls.get("srorastro", 0)
    report.pushes = len(simulator.pushes.sent)
    report.proofs = sum(len(pictures) for pictures in proofs.values())
    asked = sum(len(codes) for codes in simulator.post.asked)
    report.questions_per_package_and_day = round(asked / scenario.packages / scenario.days, 2)
    report.stand_in_requests = simulator.aggregator.calls.get("gettrackinfo", 0)
    if len(delays) > 1:
        waited = [delay for delay, _ in delays]
        report.detection_delay_minutes_median = round(statistics.median(waited), 1)
        report.detection_delay_minutes_p90 = round(statistics.quantiles(waited, n=10)[-1], 1)
    if meanwhile := [delay for delay, during in delays if during]:
        report.outage_delay_minutes_median = round(statistics.median(meanwhile), 1)
    report.open_notices = notices
    report.differences = differences(simulator, claimed, delivered, simulator.clock())
    report.differences += proof_differences(simulator, proofs, simulator.clock())
    return report


def _delays(
    simulator: Simulator, recorded: Recorded, registered: dict[str, datetime], outage: Outage
) -> list[tuple[str, float, bool]]:
    """Per event: its carrier; minutes from when the carrier shows it (or the package was registered, if later) until it
    is recorded, from any source; whether it fell into the outage.
    """
    found = []
    begins = simulator.ground_truth.start + _OUTAGE_BEGINS
    for package in simulator.ground_truth.packages:
        code = package.followed_as
        for happening in package.happenings:
            known = recorded.get((code, happening.happened_at.replace(second=0)))
            if known is not None and code in registered:
                since = max(happening.visible_at, registered[code])
                during = begins <= happening.visible_at < begins + timedelta(days=outage.days)
                found.append((package.carrier, max((known - since) / timedelta(minutes=1), 0), during))
    return found


async def _carrier_figures(
    context: Context, simulator: Simulator, recorded: Recorded, deliveries: CarrierDeliveries
) -> list[CarrierFigures]:
    """Figures per carrier, if there are others than the post office."""
    if not simulator.carriers:
        return []
    async with context.pool.connection() as connection:
        known = await recorded_state.shipments(connection)
    registered = {code: k.registered_at for code, k in known.items()}
    delays: dict[str, list[float]] = defaultdict(list)
    for carrier, delay, _ in _delays(simulator, recorded, registered, NO_OUTAGE):
        delays[carrier].append(delay)
    requests = {name: sum(carrier.calls.values()) for name, carrier in simulator.carriers.items()}
    requests["correios"] = sum(simulator.post.calls.values())
    return [
        CarrierFigures(
            name,
            packages=len(simulator.ground_truth.packages_of(name)),
            events=len(delays[name]),
            delay_minutes_median=round(statistics.median(delays[name]), 1) if delays[name] else 0.0,
            requests=count,
            pushes=deliveries.pushes.get(name, 0),
            files=deliveries.files.get(name, 0),
        )
        for name, count in sorted(requests.items())
    ]


def _counted(words: list[str]) -> dict[str, int]:
    return dict(Counter(sorted(words)))


def _print(console: Console, report: Report) -> None:
    table = Table("what", "how many", title=f"{report.packages} packages, {report.days} days", title_justify="left")
    for status, count in report.shipments_by_status.items():
        table.add_row(f"shipments {status}", str(count))
    table.add_section()
    table.add_row("events recorded", str(report.events_recorded))
    table.add_row("order updates", str(report.order_updates))
    table.add_row("e-mails", str(report.emails))
    table.add_row("marketplace calls", str(report.marketplace_calls))
    table.add_row("requests to the carrier", str(report.carrier_requests))
    table.add_row("pushes from the carrier", str(report.pushes))
    table.add_row("pictures of deliveries", str(report.proofs))
    table.add_row("questions per package and day", str(report.questions_per_package_and_day))
    table.add_row("detection delay, median", f"{report.detection_delay_minutes_median:.0f} min")
    table.add_row("detection delay, 90th percentile", f"{report.detection_delay_minutes_p90:.0f} min")
    if report.outage_delay_minutes_median:
        table.add_row("delay during the outage, median", f"{report.outage_delay_minutes_median:.0f} min")
        table.add_row("requests to the fallback account", str(report.stand_in_requests))
    for kind, count in report.open_notices.items():
        table.add_row(f"open notices: {kind}", str(count))
    table.add_section()
    table.add_row("differences from the ground truth", str(len(report.differences)))
    console.print(table)
    if report.carriers:
        console.print(_carriers_table(report))
    for words in report.differences[:_SHOWN_DIFFERENCES]:
        console.print(f"- {words}", style="red", markup=False, highlight=False)
    console.print(f"Played in {report.seconds} s.", highlight=False)


def _carriers_table(report: Report) -> Table:
    """How each carrier's news came."""
    table = Table("carrier", "packages", "events", "delay, median", "requests", "pushes", "files")
    for each in report.carriers:
        delay = f"{each.delay_minutes_median:.0f} min"
        table.add_row(
            *map(str, (each.carrier, each.packages, each.events, delay, each.requests, each.pushes, each.files))
        )
    return table
