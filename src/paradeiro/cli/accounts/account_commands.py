"""In: `paradeiro account --help`; out: the usual help, and every connector with its fields, looked up only then."""

from typing import Any

import typer
from typer.core import TyperCommand


class AccountCommand(TyperCommand):
    """The command whose help names the connectors."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """The usual help, then a line per connector."""
        super().format_help(ctx, formatter)
        typer.echo("\n".join(["Connectors and their fields (* needed, + secret: asked for unless set):", *fields()]))


def fields() -> list[str]:
    """A line per connector: its name and what --set takes there."""
    from paradeiro.connectors import discover
    from paradeiro.sdk.transports.file_settings import fields_of

    lines = []
    for name, connector in sorted(discover().items()):
        marks = [f"{f.name}{'*' * f.required}{'+' * f.secret}" for f in fields_of(connector)]
        lines.append(f"  {name}: {', '.join(marks) or 'none'}")
    return lines
