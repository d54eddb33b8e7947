"""In: what to measure and how much; out: figures, each beside a ceiling measured in the same run, as ratios."""

import asyncio
import json
import secrets
from collections.abc import Callable, Coroutine
from typing import Any

from rich.console import Console
from rich.table import Table

from paradeiro.cli.benches import api, backfill, collect, compression, record, starve, track
from paradeiro.cli.printing import former
from paradeiro.cli.running.scratch_database import scratch_database
from paradeiro.settings import Settings

_BENCHES: dict[str, Callable[[Settings, str, int], Coroutine[Any, Any, dict[str, Any]]]] = {
    "record": record.bench,
    "collect": collect.bench,
    "api": api.bench,
    "backfill": backfill.bench,
    "compression": compression.bench,
    "track": track.bench,
    "starve": starve.bench,
}


class UnknownBenchError(LookupError):
    """There is no such bench. The text is shown to the user."""


def bench_command(settings: Settings, console: Console, what: str, size: int, *, as_json: bool) -> None:
    """Run one bench in a scratch database and print its figures. Raises `UnknownBenchError`."""
    if what == "packing":
        former("packing", what := "compression")
    if what not in _BENCHES:
        message = f"there is no bench '{what}'; there are: {', '.join(_BENCHES)}"
        raise UnknownBenchError(message)
    with scratch_database(settings, f"bench_{secrets.token_hex(4)}") as url:
        figures = asyncio.run(_BENCHES[what](settings, url, size))
    if as_json:
        console.print(json.dumps(figures), markup=False, highlight=False, soft_wrap=True)
        return
    table = Table("figure", "value", title=f"bench {what}", title_justify="left")
    for name, value in figures.items():
        table.add_row(name, f"{value:,.3g}" if isinstance(value, float) and value < 100 else f"{value:,.0f}")
    console.print(table)
