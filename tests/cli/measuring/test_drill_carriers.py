"""The drill of carriers beside the post office: in small, one that is asked and one that pushes; what cannot befall."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from rich.console import Console

from paradeiro.cli.drill import UnknownIncidentError, drill_command
from paradeiro.cli.drills.carrier_incidents import CARRIER_INCIDENTS, CarrierIncident
from paradeiro.cli.drills.carrier_play import CarrierFigures, left_out, play_carrier, warm_up_carrier
from paradeiro.cli.drills.play import WarmedSimulator
from paradeiro.connectors import discover
from paradeiro.db.server.embedded import Embedded
from paradeiro.settings import Settings
from paradeiro.simulator.carriers.registry import simulated_carriers
from tests.databases import TEMPLATE

PACKAGES = 8
BY_NAME = {each.name: each for each in CARRIER_INCIDENTS}


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(data_dir=tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module", params=["ssw", "loggi"])
def carrier(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def warmed(postgres: Embedded, settings: Settings, carrier: str, short_pauses: None) -> Iterator[WarmedSimulator]:
    url = postgres.fresh_url(f"drill_{carrier}", TEMPLATE)
    yield asyncio.run(warm_up_carrier(settings, url, carrier, PACKAGES))
    postgres.drop(f"drill_{carrier}")


def drill(
    settings: Settings, warmed: WarmedSimulator, carrier: str, *incidents: CarrierIncident
) -> list[CarrierFigures]:
    told = list[CarrierFigures]()
    found = play_carrier(settings, warmed, carrier, incidents, told.append, side_by_side=1)
    assert sorted(f.name for f in told) == sorted(f.name for f in found)
    return found


def test_what_befalls_a_carrier_is_noticed_once_and_nothing_is_lost(
    settings: Settings, warmed: WarmedSimulator, carrier: str
) -> None:
    names = {"ssw": ("outage", "renamed"), "loggi": ("revoked", "push-twice")}[carrier]
    for figures in drill(settings, warmed, carrier, *(BY_NAME[name] for name in names)):
        assert figures.misses == []
        assert figures.notices == (0 if figures.name == "push-twice" else 1)
        assert figures.met > 0 or figures.asked > 0
        assert (figures.events_lost, figures.mails_twice, figures.false_delivered) == (0, 0, 0)


def test_what_is_told_too_late_is_missed(settings: Settings, warmed: WarmedSimulator, carrier: str) -> None:
    (figures,) = drill(settings, warmed, carrier, replace(BY_NAME["outage"], within=timedelta(0), most_requests=0))
    assert any("0 were allowed" in words for words in figures.misses)
    assert any(words.startswith("asked ") for words in figures.misses)


def test_each_incident_befalls_some_carrier_and_the_others_say_why_not() -> None:
    possible = dict.fromkeys(BY_NAME, 0)
    for name in simulated_carriers():
        without = {each.name: each.left_out for each in left_out(discover()[name], CARRIER_INCIDENTS)}
        assert all(without.values())
        assert len(without) < len(CARRIER_INCIDENTS), f"nothing can befall {name}"
        for each in BY_NAME.keys() - without.keys():
            possible[each] += 1
    assert all(possible.values()), possible


@pytest.mark.parametrize(("carrier_text", "scenario"), [("nobody", None), ("loggi", "flood"), ("all", "flood")])
def test_what_cannot_be_drilled_names_what_can(tmp_path: Path, carrier_text: str, scenario: str | None) -> None:
    with pytest.raises(UnknownIncidentError, match=r"loggi|push-twice"):
        drill_command(Settings(data_dir=tmp_path), Console(), carrier=carrier_text, scenario=scenario, as_json=True)
