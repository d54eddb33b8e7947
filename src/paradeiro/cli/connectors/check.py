"""In: the name of a connector; out: a table of conformance results, and the exit status."""

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from paradeiro.cli.connectors.parse import find_connector
from paradeiro.sdk.conformance.suite import Verdict, verdicts
from paradeiro.sdk.contract import Connector

_LOOKS = {"passes": "green", "broken": "bold red", "todo": "yellow", "exempt": "dim", "does not apply": "dim"}
_SHOWN = 12


def check_command(name: str, console: Console) -> int:
    """Run the conformance suite on one connector and print the results; 0 if no rule is broken, else 1.

    Raises `UnknownConnectorError`.
    """
    return check_connector(find_connector(name), console)


def check_connector(connector: Connector, console: Console) -> int:
    """The same for a `Connector` object."""
    found = verdicts(connector)
    console.print(_table(f"{connector.title} ({connector.name})", found))
    broken = [verdict for verdict in found if verdict.findings]
    for verdict in broken:
        for finding in verdict.findings[:_SHOWN]:
            console.print(f"[bold]{verdict.rule}[/bold]: {escape(finding.message)}", soft_wrap=True)
        if len(verdict.findings) > _SHOWN:
            console.print(f"[bold]{verdict.rule}[/bold]: … and {len(verdict.findings) - _SHOWN} more")
    return 1 if broken else 0


def _table(title: str, found: Sequence[Verdict]) -> Table:
    table = Table("rule", "promise", "state", title=escape(title), title_justify="left")
    for verdict in found:
        said = f"{verdict.state}: {verdict.reason}" if verdict.reason else verdict.state
        table.add_row(verdict.rule, escape(verdict.about), f"[{_LOOKS[verdict.state]}]{escape(said)}[/]")
    return table
