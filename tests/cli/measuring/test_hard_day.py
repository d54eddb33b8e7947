"""The hard day: every case in its short form leaves the others alone; and the drill can fail."""

import asyncio
from pathlib import Path

import pytest
from rich.console import Console

from paradeiro.cli.drills.hard_day.command import UnknownCaseError, hard_day_command
from paradeiro.cli.drills.hard_day.day import Case, CaseResult, Place, open_day
from paradeiro.cli.drills.hard_day.run import CASES, play_cases
from paradeiro.db.server.embedded import Embedded
from paradeiro.settings import Settings
from tests.databases import TEMPLATE

SHORT = [case for case in CASES if case.short]


@pytest.mark.parametrize("case", SHORT, ids=lambda case: case.name)
def test_nothing_else_stops(postgres: Embedded, tmp_path: Path, case: Case) -> None:
    url = postgres.fresh_url(f"hard_{case.name.replace('-', '_')}", TEMPLATE)
    (figures,) = play_cases(Settings(data_dir=tmp_path), url, [case], lambda _: None)
    assert figures.misses == []
    assert figures.tried > 0
    assert (figures.lost, figures.told_twice, figures.leaked, figures.stopped) == (0, 0, 0, 0)


def test_every_section_has_cases() -> None:
    assert {case.section for case in CASES} == {1, 2, 3, 4, 5}
    assert len({case.name for case in CASES}) == len(CASES)


def test_a_case_that_breaks_hangs_or_loses_is_missed_alone(
    postgres: Embedded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def breaks(_: Place) -> CaseResult:
        raise RuntimeError("of its own")

    async def hangs(_: Place) -> CaseResult:
        await asyncio.sleep(60)
        return CaseResult()

    async def loses(place: Place) -> CaseResult:
        found = CaseResult(tried=1)
        async with open_day(place, packages=10, connected=False) as day:
            await day.register("one", day.codes(1)[0])
            found.lost = int(day.mails("one") == 0)  # no time has passed: it cannot have come
        return found

    async def well(_: Place) -> CaseResult:
        return CaseResult(tried=1)

    monkeypatch.setattr("paradeiro.cli.drills.hard_day.run._MOST_SECONDS", 2.0)
    cases = [Case(each.__name__, 1, "", each) for each in (breaks, hangs, loses, well)]
    url = postgres.fresh_url("hard_misses", TEMPLATE)
    found = {f.name: f.misses for f in play_cases(Settings(data_dir=tmp_path), url, cases, lambda _: None)}
    assert found == {
        "breaks": ["it broke: RuntimeError: of its own"],
        "hangs": ["it did not end within 2 s"],
        "loses": ["lost: 1"],
        "well": [],
    }


def test_a_case_that_is_none_names_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(UnknownCaseError, match="odd-instants"):
        hard_day_command(Settings(data_dir=tmp_path), Console(), name="flood", short=False, as_json=True)
