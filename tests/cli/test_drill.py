"""The incident drill: each incident is noticed in time, told once, and repaired without loss; and it can fail."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from rich.console import Console

from paradeiro.cli.drill import UnknownIncidentError, drill_command
from paradeiro.cli.drills.incidents import INCIDENTS, Incident
from paradeiro.cli.drills.play import Figures, play_all, warm_up
from paradeiro.db.embedded import Embedded
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


def _drill(
    postgres: Embedded, tmp_path: Path, name: str, incidents: Sequence[Incident], side_by_side: int = 1
) -> list[Figures]:
    settings, told = Settings(data_dir=tmp_path), list[Figures]()
    url = postgres.fresh_url(name, TEMPLATE)
    found = play_all(settings, asyncio.run(warm_up(settings, url)), incidents, told.append, side_by_side=side_by_side)
    assert sorted(f.name for f in told) == sorted(f.name for f in found) == sorted(i.name for i in incidents)
    return found


def test_every_incident_is_there() -> None:
    assert {incident.name for incident in INCIDENTS} == NAMED


@pytest.mark.parametrize("half", [0, 1])
def test_each_incident_is_noticed_once_and_repaired_without_loss(postgres: Embedded, tmp_path: Path, half: int) -> None:
    for figures in _drill(postgres, tmp_path, f"drill_{half}", INCIDENTS[half::2]):
        assert figures.misses == [], figures.name
        assert figures.notices == (0 if figures.name == "doubled" else 1)
        assert (figures.events_lost, figures.mails_twice, figures.false_delivered) == (0, 0, 0)
        assert (figures.replayed > 0) is (figures.name in {"renamed-list", "renamed-root", "other-dates"})


def test_a_drill_that_misses_says_what_and_spoils_no_other(postgres: Embedded, tmp_path: Path) -> None:
    dates = next(i for i in INCIDENTS if i.name == "other-dates")
    # Nobody mends us and the carrier keeps to its change: what happens after that cannot be known.
    unmended = replace(dates, mend=None, lasts=True, within=timedelta(0))
    doubled = next(i for i in INCIDENTS if i.name == "doubled")
    missed, well = _drill(postgres, tmp_path, "drill_missed", [unmended, doubled], side_by_side=2)
    assert well.misses == []
    assert missed.events_lost > 0
    assert missed.misses[-1].startswith("events lost or untrue: ")
    assert any("were allowed" in words for words in missed.misses)


@pytest.mark.parametrize(("carrier", "scenario"), [("vtex", None), ("correios", "flood")])
def test_what_cannot_be_drilled_names_what_can(tmp_path: Path, carrier: str, scenario: str | None) -> None:
    with pytest.raises(UnknownIncidentError, match=r"correios|switched-off"):
        drill_command(Settings(data_dir=tmp_path), Console(), carrier=carrier, scenario=scenario, as_json=True)
