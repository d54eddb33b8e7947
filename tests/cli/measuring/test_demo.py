"""In: small worlds, honest ones and lying ones; out: the demo finds no difference, or the lie and exit status 1."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from rich.console import Console

from paradeiro.cli import demo
from paradeiro.cli.demo import START, Outage, demo_command, play
from paradeiro.db.server.embedded import Embedded
from paradeiro.settings import Settings
from paradeiro.simulator.clock import SimulatorClock
from paradeiro.simulator.parties import Simulator
from paradeiro.simulator.scenario.ground_truth import GroundTruth, Package
from paradeiro.simulator.scenario.scenario import Scenario
from paradeiro.simulator.server import serve
from tests.databases import TEMPLATE

PACKAGES, DAYS = 12, 4


@pytest.fixture
def settings(database: str, tmp_path: Path, secret_key: str) -> Settings:
    return Settings(data_dir=tmp_path, database_url=database, secret_key=SecretStr(secret_key))


async def nothing(_: float) -> None:
    """No progress is shown."""


def a_told_package(simulator: Simulator) -> Package:
    """A package under way or delivered that the order system was sent updates of."""
    told = {t["invoice"] for t in simulator.order_system.told if t["what"] == "tracking"}
    return next(p for p in simulator.ground_truth.packages if p.invoice_number in told)


def forget_updates(simulator: Simulator) -> None:
    """The order system loses what it was sent about a package."""
    package = a_told_package(simulator)
    shown = simulator.order_system.orders[package.order_id]["packageAttachment"]["packages"]
    next(p for p in shown if p["invoiceNumber"] == package.invoice_number)["courierStatus"]["data"] = []


def change_an_event(simulator: Simulator) -> None:
    """The ground truth is changed: an event happened a minute later."""
    package = a_told_package(simulator)
    first = package.happenings[0]
    package.happenings[0] = replace(first, happened_at=first.happened_at + timedelta(minutes=1))


def repeat_a_mail(simulator: Simulator) -> None:
    """A customer gets the newest mail again."""
    simulator.mail.mails.append(simulator.mail.mails[-1])


LIES: dict[str, tuple[Callable[[Simulator], None], str]] = {
    "an update is lost": (forget_updates, "at the order system: it holds 0 events"),
    "an event is another": (change_an_event, "is missing (1 times)"),
    "a mail came twice": (repeat_a_mail, "was sent 2 times"),
}


def let_the_world_lie(monkeypatch: pytest.MonkeyPatch, lie: Callable[[Simulator], None]) -> None:
    """Between the last question and the comparison, the lie is put in."""
    simulators: list[Simulator] = []
    honest = demo.catch_up

    @asynccontextmanager
    async def saved(ground_truth: GroundTruth, clock: SimulatorClock) -> AsyncIterator[Simulator]:
        async with serve(ground_truth, clock) as simulator:
            simulators.append(simulator)
            yield simulator

    async def then_lie(*given: Any) -> Any:
        done = await honest(*given)
        lie(simulators[0])
        return done

    monkeypatch.setattr(demo, "serve", saved)
    monkeypatch.setattr(demo, "catch_up", then_lie)


@pytest.mark.parametrize("seed", [7])
async def test_a_small_demo_ends_without_differences(settings: Settings, database: str, seed: int) -> None:
    report = await play(settings, database, Scenario(PACKAGES, DAYS, seed, START), nothing)
    assert report.differences == []
    assert sum(report.shipments_by_status.values()) == PACKAGES
    assert report.events_recorded > PACKAGES
    assert report.order_updates > 0
    assert report.emails > 0
    assert 0 < report.detection_delay_minutes_median < report.detection_delay_minutes_p90 < 24 * 60


async def test_an_outage_with_a_fallback_account_ends_without_differences_and_sooner(
    settings: Settings, postgres: Embedded, tmp_path: Path
) -> None:
    reports = {}
    for second_source in (False, True):
        url = postgres.fresh_url(f"outage_{second_source}".lower(), TEMPLATE)
        outage = Outage(days=0.7, second_source=second_source)
        reports[second_source] = await play(settings, url, Scenario(12, 4, 7, START), nothing, outage)
        assert reports[second_source].differences == []
    alone, helped = reports[False], reports[True]
    assert (alone.stand_in_requests, helped.stand_in_requests > 0) == (0, True)
    assert helped.outage_delay_minutes_median < alone.outage_delay_minutes_median
    assert helped.events_recorded == alone.events_recorded


async def test_with_pushes_the_same_is_sent_but_sooner(settings: Settings, database: str) -> None:
    report = await play(settings, database, Scenario(PACKAGES, DAYS, 7, START), nothing, pushes=True)
    assert report.differences == []
    assert report.pushes >= report.events_recorded > PACKAGES
    assert report.detection_delay_minutes_median < 1


@pytest.mark.parametrize(("lie", "words"), LIES.values(), ids=LIES)
async def test_a_lie_is_found_and_said(
    settings: Settings, database: str, monkeypatch: pytest.MonkeyPatch, lie: Callable[[Simulator], None], words: str
) -> None:
    let_the_world_lie(monkeypatch, lie)
    report = await play(settings, database, Scenario(4, 2, 7, START), nothing)
    assert any(words in said for said in report.differences)


def test_the_command_prints_json_and_ends_well(settings: Settings) -> None:
    printed = StringIO()
    console = Console(file=printed, width=100)
    assert demo_command(settings, console, Scenario(2, 1, 3, START), as_json=True) == 0
    report = json.loads(printed.getvalue())
    assert report["packages"] == 2
    assert report["differences"] == []


def test_the_command_prints_the_lie_and_its_status_is_1(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    let_the_world_lie(monkeypatch, forget_updates)
    printed = StringIO()
    assert demo_command(settings, Console(file=printed, width=200), Scenario(4, 2, 7, START), as_json=False) == 1
    said = " ".join(printed.getvalue().split())
    assert "it holds 0 events" in said
    assert "differences from the ground truth" in said
