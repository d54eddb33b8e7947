"""In: simulated carriers, optionally an incident; out: a table of the results, and the exit status."""

import asyncio
import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import NoReturn

from rich.console import Console
from rich.table import Table

from paradeiro.app import set_up_logs
from paradeiro.cli.drills.carrier_incidents import CARRIER_INCIDENTS, CarrierIncident
from paradeiro.cli.drills.carrier_play import CarrierFigures, left_out, play_carrier, warm_up_carrier
from paradeiro.cli.running.scratch_database import cloned_database, scratch_database
from paradeiro.connectors import discover
from paradeiro.settings import Settings


class UnknownIncidentError(ValueError):
    """There is no such carrier or incident; the message names those there are."""


def unknown(scenario: str | None, names: Sequence[str]) -> NoReturn:
    """Raise for an incident that there is not."""
    message = f"There is no scenario '{scenario}'. There are: {', '.join(names)}."
    raise UnknownIncidentError(message)


def carriers_command(
    settings: Settings, console: Console, carriers: Sequence[str], scenario: str | None, *, as_json: bool
) -> int:
    """Play and print. Exit status 0 if every figure is as it must be, else 1. Raises `UnknownIncidentError`."""
    incidents = [each for each in CARRIER_INCIDENTS if scenario in {None, each.name}]
    if not incidents:
        unknown(scenario, [each.name for each in CARRIER_INCIDENTS])
    set_up_logs(settings.model_copy(update={"log_level": "error"}))

    def report(figures: CarrierFigures) -> None:
        if not as_json:
            words = "missed" if figures.misses else "ok"
            console.print(f"{figures.carrier} {figures.name}: {words} ({figures.seconds} s)", style="dim")

    with scratch_database(settings, f"drill_{secrets.token_hex(4)}", waits_for_disk=False) as empty:
        found = [f for name in carriers for f in drill_carrier(settings, empty, name, incidents, report)]
    if as_json:
        text = json.dumps([asdict(f) for f in found], ensure_ascii=False)
        console.print(text, markup=False, highlight=False, soft_wrap=True)
    else:
        _print(console, found)
    return 1 if any(f.misses for f in found) else 0


def drill_carrier(
    settings: Settings,
    empty: str,
    name: str,
    incidents: Sequence[CarrierIncident],
    report: Callable[[CarrierFigures], object],
) -> list[CarrierFigures]:
    """The figures of all incidents at one carrier, in a copy of a migrated, empty database."""
    without = left_out(discover()[name], incidents)
    skipped = {each.name for each in without}
    possible = [each for each in incidents if each.name not in skipped]
    if not possible:
        return without
    with cloned_database(empty, f"paradeiro_drill_{name}_{secrets.token_hex(2)}") as url:
        warmed = asyncio.run(warm_up_carrier(settings, url, name))
        return [*play_carrier(settings, warmed, name, possible, report), *without]


def _print(console: Console, found: Sequence[CarrierFigures]) -> None:
    titles = ("carrier", "incident", "noticed after", "notices", "lost", "twice", "false delivered", "repaired by")
    table = Table(*titles)
    for f in [each for each in found if not each.left_out]:
        noticed = "never" if f.expected_notices else "nothing to notice"
        if f.noticed_minutes is not None:
            noticed = f"{f.noticed_minutes:.0f} min ({f.kind})"
        repaired = f"{f.repaired_by}: {f.replayed} events" if f.replayed else f.repaired_by
        figures = (noticed, f.notices, f.events_lost, f.mails_twice, f.false_delivered, repaired)
        table.add_row(f.carrier, f"{f.name}: {f.what}", *map(str, figures), style="red" if f.misses else "")
    console.print(table)
    for f in found:
        if f.left_out:
            console.print(f"{f.carrier} {f.name}: does not apply, {f.left_out}", style="dim", highlight=False)
        for words in f.misses:
            console.print(f"{f.carrier} {f.name}: {words}", style="red", markup=False, highlight=False)
