"""The drill of Mercado Livre: each incident noticed once in words that help, the others go on; and it can fail."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from paradeiro.cli.drill import UnknownIncidentError, drill_command
from paradeiro.cli.drills.play import Past, warm_up
from paradeiro.cli.drills.sales import SALE_INCIDENTS, SALES_SCENARIO, SaleFigures, SaleIncident, play_sales
from paradeiro.db.embedded import Embedded
from paradeiro.settings import Settings
from tests.databases import TEMPLATE

# What the issue names; none may be forgotten.
NAMED = {"one-403", "no-effect", "old-format", "ended-404", "ended-410", "v1-ended"}


def _drill(postgres: Embedded, tmp_path: Path, name: str, incidents: Sequence[SaleIncident]) -> list[SaleFigures]:
    settings, told = Settings(data_dir=tmp_path), list[SaleFigures]()
    past: Past = asyncio.run(warm_up(settings, postgres.fresh_url(name, TEMPLATE), SALES_SCENARIO))
    found = play_sales(settings, past, incidents, told.append)
    assert found == told
    return found


def test_every_incident_is_there() -> None:
    assert {incident.name for incident in SALE_INCIDENTS} == NAMED


@pytest.mark.parametrize("half", [0, 1])
def test_each_is_noticed_once_in_words_that_help_and_all_is_told_afterwards_once(
    postgres: Embedded, tmp_path: Path, half: int
) -> None:
    for figures in _drill(postgres, tmp_path, f"drill_sales_{half}", SALE_INCIDENTS[half::2]):
        assert figures.misses == [], figures.name
        assert figures.notices == (0 if figures.name == "old-format" else 1)
        assert (figures.told_twice, figures.untrue) == (0, 0)


def test_a_drill_that_misses_says_what(postgres: Embedded, tmp_path: Path) -> None:
    one = next(i for i in SALE_INCIDENTS if i.name == "one-403")
    wrong = replace(one, name="wrong", fault=None)
    (figures,) = _drill(postgres, tmp_path, "drill_sales_wrong", [wrong])
    assert any("0 notices, 1 expected" in words for words in figures.misses)
    assert any("nothing was refused" in words for words in figures.misses)


def test_an_unknown_incident_is_named() -> None:
    with pytest.raises(UnknownIncidentError, match="one-403"):
        drill_command(Settings(), Console(), carrier="mercado_livre", scenario="rain", as_json=False)
    with pytest.raises(UnknownIncidentError, match="mercado_livre"):
        drill_command(Settings(), Console(), carrier="pombo", scenario=None, as_json=False)
