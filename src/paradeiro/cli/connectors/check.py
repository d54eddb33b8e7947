"""In: the name of a connector; out: a table of conformance results, what is missing and where, and the exit status."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from paradeiro.cli.connectors.next_steps import documentation_hints, import_problem, step_of
from paradeiro.cli.connectors.parse import UnknownConnectorError, find_connector
from paradeiro.sdk.conformance.subject import folder_of, is_carrier
from paradeiro.sdk.conformance.suite import Finding, Verdict, verdicts
from paradeiro.sdk.contract import Connector

_LOOKS = {"passes": "green", "broken": "bold red", "todo": "yellow", "exempt": "dim", "does not apply": "dim"}
_SHOWN = 12


def check_command(name: str, console: Console) -> int:
    """Run the conformance suite on one connector and print the results; 0 if no rule is broken, else 1.

    Raises `UnknownConnectorError`.
    """
    try:
        connector = find_connector(name)
    except UnknownConnectorError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever a half-written connector raises is said as a line
        console.print(f"[bold]import[/bold]: {escape(import_problem(error))}", soft_wrap=True)
        return 1
    return check_connector(connector, console)


def check_connector(connector: Connector, console: Console, folder: Path | None = None) -> int:
    """The same for a `Connector` object. `folder` defaults to its own."""
    home = folder or folder_of(connector)
    found = verdicts(connector, home)
    console.print(_table(f"{connector.title} ({connector.name})", found))
    broken = [verdict for verdict in found if verdict.findings]
    for verdict in broken:
        for finding in verdict.findings[:_SHOWN]:
            console.print(_line(finding, home), soft_wrap=True)
        if len(verdict.findings) > _SHOWN:
            console.print(f"[bold]{verdict.rule}[/bold]: … and {len(verdict.findings) - _SHOWN} more")
    for hint in documentation_hints(connector.name, home) if is_carrier(connector) else ():
        console.print(f"[yellow]hint[/yellow]: {escape(hint.place)}: {escape(hint.next)}", soft_wrap=True)
    return 1 if broken else 0


def _line(finding: Finding, folder: Path) -> str:
    """One line: the rule, where, what, and what to do next."""
    step = step_of(finding, folder)
    where = f"{escape(step.place)}: " if step.place else ""
    # The message begins with the file's name, which the place says already.
    file = step.place.rsplit("/", 1)[-1]
    what = finding.message.removeprefix("fixtures/").removeprefix(file).lstrip(": ") if file else finding.message
    return f"[bold]{finding.rule}[/bold]: {where}{escape(what)} → {escape(step.next)}"


def _table(title: str, found: Sequence[Verdict]) -> Table:
    table = Table("rule", "promise", "state", title=escape(title), title_justify="left")
    for verdict in found:
        said = f"{verdict.state}: {verdict.reason}" if verdict.reason else verdict.state
        table.add_row(verdict.rule, escape(verdict.about), f"[{_LOOKS[verdict.state]}]{escape(said)}[/]")
    return table
