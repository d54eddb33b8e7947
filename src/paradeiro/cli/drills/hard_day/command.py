"""In: optionally a case's name; out: a table or JSON of the results, and the exit status."""

import json
import secrets
from dataclasses import asdict

from rich.console import Console
from rich.table import Table

from paradeiro.app import set_up_logs
from paradeiro.cli.drills.hard_day.day import Case
from paradeiro.cli.drills.hard_day.run import CASES, Figures, play_cases
from paradeiro.cli.running.scratch_database import scratch_database
from paradeiro.settings import Settings


class UnknownCaseError(ValueError):
    """There is no such case; the message names those there are."""


def hard_day_command(settings: Settings, console: Console, *, name: str | None, short: bool, as_json: bool) -> int:
    """Play and print. Exit status 0 if every figure is as it must be, else 1. Raises `UnknownCaseError`."""
    cases = _chosen(name, short=short)
    set_up_logs(settings.model_copy(update={"log_level": "error"}))

    def report(figures: Figures) -> None:
        if not as_json:
            console.print(f"{figures.name}: {'missed' if figures.misses else 'ok'} ({figures.seconds} s)", style="dim")

    with scratch_database(settings, f"hard_day_{secrets.token_hex(4)}", waits_for_disk=False) as url:
        found = play_cases(settings, url, cases, report)
    if as_json:
        text = json.dumps([asdict(f) for f in found], ensure_ascii=False)
        console.print(text, markup=False, highlight=False, soft_wrap=True)
    else:
        _print(console, found)
    return 1 if any(f.misses for f in found) else 0


def _chosen(name: str | None, *, short: bool) -> list[Case]:
    found = [each for each in CASES if name in {None, each.name} and (each.short or not short)]
    if not found:
        message = f"There is no case '{name}'. There are: {', '.join(each.name for each in CASES)}."
        raise UnknownCaseError(message)
    return found


def _print(console: Console, found: list[Figures]) -> None:
    table = Table("§", "case", "tried", "lost", "twice", "leaked", "stopped")
    for f in found:
        figures = (f.tried, f.lost, f.told_twice, f.leaked, f.stopped)
        style = "red" if f.misses else ""
        table.add_row(str(f.section), f.name, *map(str, figures), style=style)
    console.print(table)
    for f in found:
        for words in f.misses:
            console.print(f"{f.name}: {words}", style="red", markup=False, highlight=False)
