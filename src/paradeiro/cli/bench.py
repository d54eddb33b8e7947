"""In: what to measure and how much; out: figures, each beside a ceiling measured in the same run, as ratios."""

import asyncio
import json
import secrets
from collections.abc import Callable, Coroutine
from typing import Any

from rich.console import Console
from rich.table import Table

from paradeiro.cli.benches import api, backfill, collect, compression, parse, record, starve, track
from paradeiro.cli.printing import former
from paradeiro.cli.running.scratch_database import scratch_database
from paradeiro.connectors import discover
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
# It needs no database; its figures are rows, one per connector.
_PARSE = "parse"


class UnknownBenchError(LookupError):
    """There is no such bench. The text is shown to the user."""


def bench_command(settings: Settings, console: Console, what: str, size: int, *, as_json: bool) -> None:
    """Run one bench in a scratch database and print its figures. Raises `UnknownBenchError`."""
    if what == "packing":
        former("packing", what := "compression")
    if what == _PARSE:
        _print_rows(console, parse.bench(size, discover().values()), as_json=as_json)
        return
    if what not in _BENCHES:
        message = f"there is no bench '{what}'; there are: {', '.join((*_BENCHES, _PARSE))}"
        raise UnknownBenchError(message)
    with scratch_database(settings, f"bench_{secrets.token_hex(4)}") as url:
        figures = asyncio.run(_BENCHES[what](settings, url, size))
    if as_json:
        console.print(json.dumps(figures), markup=False, highlight=False, soft_wrap=True)
        return
    table = Table("figure", "value", title=f"bench {what}", title_justify="left")
    for name, value in figures.items():
        table.add_row(name, _shown(value))
    console.print(table)


def _print_rows(console: Console, rows: dict[str, dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        console.print(json.dumps(rows), markup=False, highlight=False, soft_wrap=True)
        return
    names = next(iter(rows.values()), {})
    heads = ("connector", *(name.replace("_", " ").replace("us ", "µs ") for name in names))
    table = Table(*heads, title="bench parse", title_justify="left")
    for connector, figures in rows.items():
        table.add_row(connector, *(_shown(value) for value in figures.values()))
    console.print(table)


def _shown(value: object) -> str:
    if isinstance(value, float) and value < 100:
        return f"{value:,.3g}"
    return f"{value:,.0f}" if isinstance(value, int | float) else str(value)
