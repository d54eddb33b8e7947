"""In: packages, days, a seed; out: those days played in seconds, a table of what happened, and the exit status."""

import asyncio
import json
import secrets
import statistics
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from paradeiro.app import house, real_clock, set_up_logs
from paradeiro.cli.accounts import WORLD_STORE
from paradeiro.cli.scratch import scratch_database
from paradeiro.cli.worlds import add_accounts, add_stand_in, registration, subscribe
from paradeiro.db import benching, claims, shipments, stores
from paradeiro.domain.sources import PATIENCE
from paradeiro.flow.intake import register
from paradeiro.flow.mailing import set_mail_policy
from paradeiro.flow.means import Means
from paradeiro.settings import Settings
from paradeiro.web.api.shapes import ShipmentIn
from paradeiro.web.server import create_app
from paradeiro.worker.drain import drain
from paradeiro.world.clock import WorldClock
from paradeiro.world.compare import Claim, differences, unproven
from paradeiro.world.faults import Fault
from paradeiro.world.parties import World
from paradeiro.world.scenario import CHANNELS, Scenario
from paradeiro.world.server import listening, serve

# A Monday; the days are the same whenever they are played.
START = datetime(2026, 10, 5, 6, 0, tzinfo=UTC)
# The clock moves in steps of this, to wherever something is due.
STEP = timedelta(minutes=10)
_SHOWN_DIFFERENCES = 20
# When what happened in a minute was first recorded, whoever stated it, by tracking code and minute.
Recorded = dict[tuple[str, datetime], datetime]


@dataclass(frozen=True, slots=True)
class Outage:
    """For how many days the carrier does not answer, from the third on, and whether somebody stands in for it."""

    days: float = 0
    second_source: bool = False


NO_OUTAGE = Outage()
_OUTAGE_BEGINS = timedelta(days=3)


@dataclass(slots=True)
class Report:
    """What a demo ends with. Delays in simulated minutes from the carrier's showing an event to our recording it."""

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
    """Play, print, compare. 0 if what was told is the truth, else 1."""
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
    clock = WorldClock(scenario.start)
    async with AsyncExitStack() as stack:
        world = await stack.enter_async_context(serve(scenario.truth(), clock))
        means = await stack.enter_async_context(house(settings, url, clock=clock))
        await add_accounts(means, world.accounts(), CHANNELS)
        if pushes:
            address = await stack.enter_async_context(listening(create_app(means, real_clock)))
            await subscribe(means, "correios", address)
        if outage.second_source:
            await add_stand_in(means, world.stand_in())
        if outage.days:
            begins = scenario.start + _OUTAGE_BEGINS
            until = begins + timedelta(days=outage.days)
            world.faults.order(Fault("correios", "status", status=503, since=begins, until=until))
        end = scenario.start + timedelta(days=scenario.days)
        await run_days(means, world, end, tick)
        recorded = await catch_up(means)
        report = await _report(means, world, scenario, recorded, outage)
    report.seconds = round(time.monotonic() - began, 1)
    return report


async def run_days(
    means: Means,
    world: World,
    end: datetime,
    tick: Callable[[float], Awaitable[None]],
    registered: set[str] | None = None,
    step: timedelta = STEP,
) -> None:
    """Move the clock to whatever is due or pushed next, do it, and so on until the end. `registered`: the packages that
    were registered by hand before.
    """
    registered = set() if registered is None else registered
    start = world.clock()
    while True:
        await _register(means, world, registered)
        await drain(means)
        now = world.clock()
        await tick((now - start) / timedelta(days=1))
        if now >= end:
            return
        async with means.pool.connection() as connection:
            due = await shipments.next_due(connection, patience=PATIENCE) or end
        steps = max(-((due - now) // -step), 1)
        world.clock.set(min(now + steps * step, end, world.pushes.next_at() or end))
        await world.pushes.push_due()


async def _register(means: Means, world: World, registered: set[str]) -> None:
    """What the shop's people do: register the packages whose number only they know."""
    for each in world.truth.needs_registration(world.clock()):
        if each["tracking_code"] not in registered:
            registered.add(each["tracking_code"])
            async with means.pool.connection() as connection:
                store_id = next(s.id for s in (await stores.stores(connection)).values() if s.name == WORLD_STORE)
            await register(means, store_id, ShipmentIn.model_validate(registration(each)).registration())


async def catch_up(means: Means) -> Recorded:
    """Ask once for everything, so that what is known and the truth are of the same instant. What had been recorded
    until then is handed back: only that counts for the delays.
    """
    async with means.pool.connection() as connection:
        recorded = await claims.recorded_at(connection)
        every = await stores.stores(connection)
    # What waits for the morning, or for tomorrow, counts as told.
    for store in every.values():
        at_once = replace(store.policy.mail, quiet_from=store.policy.mail.quiet_to, moves_a_day=False)
        await set_mail_policy(means, store.id, at_once)
    async with means.pool.connection() as connection:
        await benching.make_all_due(connection, now=means.now())
    await drain(means)
    return recorded


async def _report(means: Means, world: World, scenario: Scenario, recorded: Recorded, outage: Outage) -> Report:
    async with means.pool.connection() as connection:
        known = await claims.shipments(connection)
        delivered = await claims.orders_delivered(connection)
        notices = await claims.open_notices(connection)
        proofs = await claims.proofs(connection)
    claimed = {code: Claim(k.status, k.delivered_at, k.events, k.registered_at) for code, k in known.items()}
    delays = _delays(world, recorded, {code: k.registered_at for code, k in known.items()}, outage)
    report = Report(scenario.packages, scenario.days, scenario.seed)
    report.shipments_by_status = _counted([k.status for k in known.values()])
    report.events_recorded = sum(len(k.events) for k in known.values())
    report.order_updates = len(world.order_system.told)
    report.emails = len(world.mail.mails)
    report.marketplace_calls = len(world.marketplace.told)
    report.carrier_requests = world.post.calls.get("srorastro", 0)
    report.pushes = len(world.pushes.sent)
    report.proofs = sum(len(pictures) for pictures in proofs.values())
    asked = sum(len(codes) for codes in world.post.asked)
    report.questions_per_package_and_day = round(asked / scenario.packages / scenario.days, 2)
    report.stand_in_requests = world.aggregator.calls.get("gettrackinfo", 0)
    if len(delays) > 1:
        waited = [delay for delay, _ in delays]
        report.detection_delay_minutes_median = round(statistics.median(waited), 1)
        report.detection_delay_minutes_p90 = round(statistics.quantiles(waited, n=10)[-1], 1)
    if meanwhile := [delay for delay, during in delays if during]:
        report.outage_delay_minutes_median = round(statistics.median(meanwhile), 1)
    report.open_notices = notices
    report.differences = differences(world, claimed, delivered, world.clock())
    report.differences += unproven(world, proofs, world.clock())
    return report


def _delays(
    world: World, recorded: Recorded, registered: dict[str, datetime], outage: Outage
) -> list[tuple[float, bool]]:
    """Minutes from the carrier's showing an event (or our learning of the package, if later) to our recording it, from
    whomever; and whether it would have been shown during the outage.
    """
    found = []
    begins = world.truth.start + _OUTAGE_BEGINS
    for package in world.truth.packages:
        for happening in package.happenings:
            known = recorded.get((package.code, happening.happened_at.replace(second=0)))
            if known is not None:
                since = max(happening.visible_at, registered[package.code])
                during = begins <= happening.visible_at < begins + timedelta(days=outage.days)
                found.append((max((known - since) / timedelta(minutes=1), 0), during))
    return found


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
        table.add_row("requests to the stand-in", str(report.stand_in_requests))
    for kind, count in report.open_notices.items():
        table.add_row(f"open notices: {kind}", str(count))
    table.add_section()
    table.add_row("differences from the world's truth", str(len(report.differences)))
    console.print(table)
    for words in report.differences[:_SHOWN_DIFFERENCES]:
        console.print(f"- {words}", style="red", markup=False, highlight=False)
    console.print(f"Played in {report.seconds} s.", highlight=False)
