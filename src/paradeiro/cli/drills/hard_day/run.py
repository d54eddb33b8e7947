"""In: cases; out: each played in a database and folder of its own, and its figures."""

import asyncio
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from psycopg import conninfo

from paradeiro.cli.drills.hard_day import failing, poison, sharing, starting, values
from paradeiro.cli.drills.hard_day.day import Case, CaseResult, Place
from paradeiro.cli.running.scratch_database import cloned_database
from paradeiro.settings import Settings

CASES: tuple[Case, ...] = (
    *values.CASES,
    *poison.CASES,
    *sharing.CASES,
    *failing.CASES,
    *starting.CASES,
)
_MOST_SECONDS = 180.0


@dataclass(slots=True)
class Figures:
    """The figures of a case; every number but `tried` and `seconds` must be 0, and `misses` empty."""

    name: str
    section: int
    what: str
    tried: int = 0
    lost: int = 0
    told_twice: int = 0
    leaked: int = 0
    stopped: int = 0
    seconds: float = 0.0
    misses: list[str] = field(default_factory=list)


def play_cases(
    settings: Settings, url: str, cases: Sequence[Case], report: Callable[[Figures], object]
) -> list[Figures]:
    """Play the cases one after the other. `url`: a migrated database without connections; each case gets a copy."""
    return [_play(settings, url, case, number, report) for number, case in enumerate(cases)]


def _play(settings: Settings, url: str, case: Case, number: int, report: Callable[[Figures], object]) -> Figures:
    began = time.monotonic()
    name = f"{conninfo.conninfo_to_dict(url)['dbname']}_{number}"
    with tempfile.TemporaryDirectory(prefix="paradeiro-drill-") as folder, cloned_database(url, name) as copy:
        found = asyncio.run(_bounded(case, Place(settings, copy, Path(folder))))
    misses = list(found.misses)
    counts = {"lost": found.lost, "told twice": found.told_twice, "leaked": found.leaked, "stopped": found.stopped}
    misses += [f"{words}: {count}" for words, count in counts.items() if count]
    figures = Figures(
        case.name,
        case.section,
        case.what,
        found.tried,
        found.lost,
        found.told_twice,
        found.leaked,
        found.stopped,
        round(time.monotonic() - began, 1),
        misses,
    )
    report(figures)
    return figures


async def _bounded(case: Case, place: Place) -> CaseResult:
    """Play a case; one that hangs or raises has failed and does not stop the others."""
    try:
        async with asyncio.timeout(_MOST_SECONDS):
            return await case.play(place)
    except TimeoutError:
        return CaseResult(misses=[f"it did not end within {_MOST_SECONDS:.0f} s"])
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what this case found
        return CaseResult(misses=[f"it broke: {type(error).__name__}: {error}"])
