"""The drill of Mercado Livre: each incident noticed once in words that help, the others go on; and it can fail."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest
from rich.console import Console

from paradeiro.cli.drill import UnknownIncidentError, drill_command
from paradeiro.cli.drills import play
from paradeiro.cli.drills.play import WarmedSimulator, warm_up
from paradeiro.cli.drills.sales import SALE_INCIDENTS, SALES_SCENARIO, SaleFigures, SaleIncident, play_sales
from paradeiro.db.server.embedded import Embedded
from paradeiro.settings import Settings
from tests.databases import TEMPLATE

# What the issue names; none may be forgotten.
NAMED = {"one-403", "no-effect", "old-format", "ended-404", "ended-410", "v1-ended"}


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """One data folder, whose key opens what the days before have stored."""
    return Settings(data_dir=tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def warmed(postgres: Embedded, settings: Settings, short_pauses: None) -> Iterator[WarmedSimulator]:
    """The days before, which all incidents have in common. Correios answers at once: Mercado Livre is at stake."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(play, "_ANSWER_SECONDS", 0.0)
        yield asyncio.run(warm_up(settings, postgres.fresh_url("drill_sales", TEMPLATE), SALES_SCENARIO))
    postgres.drop("drill_sales")


def _drill(settings: Settings, warmed: WarmedSimulator, incidents: Sequence[SaleIncident]) -> list[SaleFigures]:
    told = list[SaleFigures]()
    found = play_sales(settings, warmed, incidents, told.append)
    assert found == told
    return found


def test_every_incident_is_there() -> None:
    assert {incident.name for incident in SALE_INCIDENTS} == NAMED


@pytest.mark.parametrize("incident", SALE_INCIDENTS, ids=lambda incident: incident.name)
def test_each_opens_one_helpful_notice_and_all_is_sent_afterwards_once(
    settings: Settings, warmed: WarmedSimulator, incident: SaleIncident
) -> None:
    (figures,) = _drill(settings, warmed, [incident])
    assert figures.misses == []
    assert figures.notices == (0 if figures.name == "old-format" else 1)
    assert (figures.told_twice, figures.untrue) == (0, 0)


def test_a_drill_that_misses_says_what(settings: Settings, warmed: WarmedSimulator) -> None:
    one = next(i for i in SALE_INCIDENTS if i.name == "one-403")
    wrong = replace(one, name="wrong", fault=None)
    (figures,) = _drill(settings, warmed, [wrong])
    assert any("0 notices, 1 expected" in words for words in figures.misses)
    assert any("nothing was refused" in words for words in figures.misses)


def test_an_unknown_incident_is_named() -> None:
    with pytest.raises(UnknownIncidentError, match="one-403"):
        drill_command(Settings(), Console(), carrier="mercado_livre", scenario="rain", as_json=False)
    with pytest.raises(UnknownIncidentError, match="mercado_livre"):
        drill_command(Settings(), Console(), carrier="pombo", scenario=None, as_json=False)
