"""The incident drill: each incident is noticed in time, reported once, and repaired without loss; and it can fail."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from rich.console import Console

from paradeiro.cli.drill import UnknownIncidentError, drill_command
from paradeiro.cli.drills.incidents import INCIDENTS, Incident
from paradeiro.cli.drills.play import Figures, WarmedSimulator, play_all, warm_up
from paradeiro.db.server.embedded import Embedded
from paradeiro.settings import Settings
from tests.databases import TEMPLATE

# What the issue names; none may be forgotten.
NAMED = {
    "switched-off",
    "renamed-list",
    "renamed-root",
    "other-dates",
    "new-codes",
    "revoked",
    "language",
    "silent",
    "doubled",
    "slow",
    "half-500",
}


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """One data folder, whose key opens what the days before have stored."""
    return Settings(data_dir=tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def warmed(postgres: Embedded, settings: Settings, short_pauses: None) -> Iterator[WarmedSimulator]:
    """The days before, which all incidents have in common."""
    yield asyncio.run(warm_up(settings, postgres.fresh_url("drill", TEMPLATE)))
    postgres.drop("drill")


def _drill(
    settings: Settings, warmed: WarmedSimulator, incidents: Sequence[Incident], side_by_side: int = 1
) -> list[Figures]:
    told = list[Figures]()
    found = play_all(settings, warmed, incidents, told.append, side_by_side=side_by_side)
    assert sorted(f.name for f in told) == sorted(f.name for f in found) == sorted(i.name for i in incidents)
    return found


def test_every_incident_is_there() -> None:
    assert {incident.name for incident in INCIDENTS} == NAMED


@pytest.mark.parametrize("incident", INCIDENTS, ids=lambda incident: incident.name)
def test_each_incident_is_noticed_once_and_repaired_without_loss(
    settings: Settings, warmed: WarmedSimulator, incident: Incident
) -> None:
    (figures,) = _drill(settings, warmed, [incident])
    assert figures.misses == []
    assert figures.notices == (0 if figures.name == "doubled" else 1)
    assert (figures.events_lost, figures.mails_twice, figures.false_delivered) == (0, 0, 0)
    assert (figures.replayed > 0) is (figures.name in {"renamed-list", "renamed-root", "other-dates"})


def test_a_drill_that_misses_says_what_and_spoils_no_other(settings: Settings, warmed: WarmedSimulator) -> None:
    dates = next(i for i in INCIDENTS if i.name == "other-dates")
    # Nothing is repaired and the carrier's change stays: what happens after that cannot be known.
    unmended = replace(dates, repair=None, lasts=True, within=timedelta(0))
    doubled = next(i for i in INCIDENTS if i.name == "doubled")
    missed, well = _drill(settings, warmed, [unmended, doubled], side_by_side=2)
    assert well.misses == []
    assert missed.events_lost > 0
    assert missed.misses[-1].startswith("events lost or untrue: ")
    assert any("were allowed" in words for words in missed.misses)


@pytest.mark.parametrize(("carrier", "scenario"), [("vtex", None), ("correios", "flood")])
def test_what_cannot_be_drilled_names_what_can(tmp_path: Path, carrier: str, scenario: str | None) -> None:
    with pytest.raises(UnknownIncidentError, match=r"correios|switched-off"):
        drill_command(Settings(data_dir=tmp_path), Console(), carrier=carrier, scenario=scenario, as_json=True)
