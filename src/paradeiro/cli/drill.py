"""In: a carrier and perhaps an incident; out: a table of how each was noticed and repaired, and the exit status."""

import asyncio
import json
import secrets
from dataclasses import asdict

from rich.console import Console
from rich.table import Table

from paradeiro.app import set_up_logs
from paradeiro.cli.drills.incidents import INCIDENTS, Incident
from paradeiro.cli.drills.play import Figures, play_all, warm_up
from paradeiro.cli.scratch import scratch_database
from paradeiro.settings import Settings


class UnknownIncidentError(ValueError):
    """There is no such carrier or incident; the message names those there are."""


def drill_command(settings: Settings, console: Console, *, carrier: str, scenario: str | None, as_json: bool) -> int:
    """Play, print. 0 if every figure is as it must be, else 1. Raises `UnknownIncidentError`."""
    incidents = _chosen(carrier, scenario)
    set_up_logs(settings.model_copy(update={"log_level": "error"}))
    with scratch_database(settings, f"drill_{secrets.token_hex(4)}", waits_for_disk=False) as url:
        found = _drill(settings, url, incidents, None if as_json else console)
    if as_json:
        text = json.dumps([asdict(f) for f in found], ensure_ascii=False)
        console.print(text, markup=False, highlight=False, soft_wrap=True)
    else:
        _print(console, found)
    return 1 if any(f.misses for f in found) else 0


def _chosen(carrier: str, scenario: str | None) -> list[Incident]:
    if carrier != "correios":
        message = f"There is no drill for '{carrier}'. There is one for: correios."
        raise UnknownIncidentError(message)
    found = [each for each in INCIDENTS if scenario in {None, each.name}]
    if not found:
        message = f"There is no scenario '{scenario}'. There are: {', '.join(each.name for each in INCIDENTS)}."
        raise UnknownIncidentError(message)
    return found


def _drill(settings: Settings, url: str, incidents: list[Incident], console: Console | None) -> list[Figures]:
    past = asyncio.run(warm_up(settings, url))

    def tell(figures: Figures) -> None:
        if console is not None:
            console.print(f"{figures.name}: {'missed' if figures.misses else 'ok'} ({figures.seconds} s)", style="dim")

    return play_all(settings, past, incidents, tell)


def _print(console: Console, found: list[Figures]) -> None:
    table = Table("incident", "noticed after", "notices", "events lost", "mails twice", "false delivered", "replayed")
    for f in found:
        noticed = "nothing to notice" if not f.expected_notices else "never"
        if f.noticed_minutes is not None:
            noticed = f"{f.noticed_minutes:.0f} min"
        figures = (f.notices, f.events_lost, f.mails_twice, f.false_delivered, f.replayed)
        table.add_row(f"{f.name}: {f.what}", noticed, *map(str, figures), style="red" if f.misses else "")
    console.print(table)
    for f in found:
        for words in f.misses:
            console.print(f"{f.name}: {words}", style="red", markup=False, highlight=False)
