"""In: a carrier (or a marketplace), optionally an incident; out: a table of the results, and the exit status."""

import asyncio
import json
import secrets
from dataclasses import asdict

from rich.console import Console
from rich.table import Table

from paradeiro.app import set_up_logs
from paradeiro.cli.drills.carrier_command import UnknownIncidentError, carriers_command, unknown
from paradeiro.cli.drills.incidents import INCIDENTS, Incident
from paradeiro.cli.drills.play import Figures, play_all, warm_up
from paradeiro.cli.drills.sales import SALE_INCIDENTS, SALES_SCENARIO, SaleFigures, play_sales
from paradeiro.cli.running.scratch_database import scratch_database
from paradeiro.cli.running.simulated_carriers import carriers_named
from paradeiro.settings import Settings

POST_OFFICE, MARKETPLACE = "correios", "mercado_livre"

__all__ = ["UnknownIncidentError", "drill_command"]


def drill_command(settings: Settings, console: Console, *, carrier: str, scenario: str | None, as_json: bool) -> int:
    """Play and print. Exit status 0 if every figure is as it must be, else 1. Raises `UnknownIncidentError`."""
    if carrier == MARKETPLACE:
        return _sales_command(settings, console, scenario, as_json=as_json)
    if carrier != POST_OFFICE:
        return carriers_command(settings, console, _carriers(carrier), scenario, as_json=as_json)
    incidents = _chosen(scenario)
    set_up_logs(settings.model_copy(update={"log_level": "error"}))
    with scratch_database(settings, f"drill_{secrets.token_hex(4)}", waits_for_disk=False) as url:
        found = _drill(settings, url, incidents, None if as_json else console)
    if as_json:
        text = json.dumps([asdict(f) for f in found], ensure_ascii=False)
        console.print(text, markup=False, highlight=False, soft_wrap=True)
    else:
        _print(console, found)
    return 1 if any(f.misses for f in found) else 0


def _carriers(text: str) -> tuple[str, ...]:
    try:
        return carriers_named(text)
    except ValueError:
        names = ", ".join((POST_OFFICE, MARKETPLACE, *carriers_named("all")))
        message = f"There is no drill for '{text}'. There is one for: {names}; all: every carrier after these two."
        raise UnknownIncidentError(message) from None


def _chosen(scenario: str | None) -> list[Incident]:
    found = [each for each in INCIDENTS if scenario in {None, each.name}]
    return found or unknown(scenario, [each.name for each in INCIDENTS])


def _sales_command(settings: Settings, console: Console, scenario: str | None, *, as_json: bool) -> int:
    incidents = [each for each in SALE_INCIDENTS if scenario in {None, each.name}]
    if not incidents:
        unknown(scenario, [each.name for each in SALE_INCIDENTS])
    set_up_logs(settings.model_copy(update={"log_level": "error"}))

    def report(figures: SaleFigures) -> None:
        if not as_json:
            console.print(f"{figures.name}: {'missed' if figures.misses else 'ok'} ({figures.seconds} s)", style="dim")

    with scratch_database(settings, f"drill_{secrets.token_hex(4)}", waits_for_disk=False) as url:
        warmed = asyncio.run(warm_up(settings, url, SALES_SCENARIO))
        found = play_sales(settings, warmed, incidents, report)
    if as_json:
        text = json.dumps([asdict(f) for f in found], ensure_ascii=False)
        console.print(text, markup=False, highlight=False, soft_wrap=True)
    else:
        _print_sales(console, found)
    return 1 if any(f.misses for f in found) else 0


def _print_sales(console: Console, found: list[SaleFigures]) -> None:
    table = Table("incident", "account", "notices", "waited", "others told", "told twice", "untrue")
    for f in found:
        figures = (f.notices, f.waited, f.told_meanwhile, f.told_twice, f.untrue)
        table.add_row(f"{f.name}: {f.what}", f.account, *map(str, figures), style="red" if f.misses else "")
    console.print(table)
    for f in found:
        for words in f.misses:
            console.print(f"{f.name}: {words}", style="red", markup=False, highlight=False)


def _drill(settings: Settings, url: str, incidents: list[Incident], console: Console | None) -> list[Figures]:
    warmed = asyncio.run(warm_up(settings, url))

    def report(figures: Figures) -> None:
        if console is not None:
            console.print(f"{figures.name}: {'missed' if figures.misses else 'ok'} ({figures.seconds} s)", style="dim")

    return play_all(settings, warmed, incidents, report)


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
