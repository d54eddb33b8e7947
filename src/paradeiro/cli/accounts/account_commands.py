"""In: what was typed after `paradeiro account`; out: accounts added, listed, paused, resumed; connectors named."""

import asyncio
import sys
from collections.abc import Awaitable
from typing import Annotated, Any, TypeVar

import typer
from typer.core import TyperGroup

from paradeiro.cli.printing import AsJson, CommandOutput, show

_T = TypeVar("_T")
_ADD = "add"


class AccountGroup(TyperGroup):
    """The group whose help names the connectors, and to which `paradeiro account CONNECTOR …` means `add`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put `add` before what begins with no command of ours: that is how accounts were added at first."""
        if args and args[0] not in self.commands and args[0] != "--help":
            args = [_ADD, *args]
        return super().parse_args(ctx, args)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """The usual help, then how an account is added, then a line per connector."""
        super().format_help(ctx, formatter)
        typer.echo("Add one: paradeiro account CONNECTOR --store STORE --set field=value …")
        typer.echo("\n".join(["Connectors and their fields (* needed, + secret: asked for unless set):", *fields()]))


app = typer.Typer(name="account", cls=AccountGroup, help="Accounts at outside parties.", no_args_is_help=True)
_Name = Annotated[str, typer.Argument(help="the account's name or its id")]
_Which = Annotated[str, typer.Option(help="the store's name; default: all stores")]
_Store = Annotated[str, typer.Option(help="the store's name, if several have an account of that name")]


def fields() -> list[str]:
    """A line per connector: its name and what --set takes there."""
    from paradeiro.connectors import discover
    from paradeiro.sdk.transports.file_settings import fields_of

    lines = []
    for name, connector in sorted(discover().items()):
        marks = [f"{f.name}{'*' * f.required}{'+' * f.secret}" for f in fields_of(connector)]
        lines.append(f"  {name}: {', '.join(marks) or 'none'}")
    return lines


@app.command(_ADD)
def add(
    connector: str,
    store: Annotated[str, typer.Option(help="the store's name")],
    name: Annotated[str, typer.Option(help="how people call this account")] = "",
    channel: Annotated[str, typer.Option(help="marketplaces: the order channel that it sells")] = "",
    set_: Annotated[list[str] | None, typer.Option("--set", help="field=value, once per field")] = None,
) -> None:
    """Add an account at a party, or give it new credentials. Secret fields that are not set are asked for."""
    from paradeiro.cli.accounts.accounts import account_command
    from paradeiro.settings import Settings

    given = set_ or []
    said = account_command(Settings(), connector, store=store, name=name, channel=channel, given=given, ask=_ask_secret)
    show(CommandOutput(_run(said), {}), as_json=False)


@app.command("list")
def list_(store: _Which = "", json: AsJson = False) -> None:
    """The accounts: id, state, kind, how many packages are followed by each and how many messages wait."""
    from paradeiro.cli.accounts.account_deeds import list_accounts
    from paradeiro.cli.accounts.key_commands import run_in_store

    show(_run(run_in_store(store, list_accounts)), as_json=json)


@app.command()
def pause(account: _Name, store: _Store = "") -> None:
    """Ask and tell nothing at an account until it is resumed; what is to be told waits."""
    from paradeiro.cli.accounts.account_deeds import pause_account
    from paradeiro.cli.accounts.key_commands import run_in_store

    done = run_in_store(store, lambda context, store_id: pause_account(context, store_id, account))
    show(_run(done), as_json=False)


@app.command()
def resume(account: _Name, store: _Store = "") -> None:
    """Go on with a paused account at once; what waited goes in order."""
    from paradeiro.cli.accounts.account_deeds import resume_account
    from paradeiro.cli.accounts.key_commands import run_in_store

    done = run_in_store(store, lambda context, store_id: resume_account(context, store_id, account))
    show(_run(done), as_json=False)


def _ask_secret(field: str) -> str:
    if not sys.stdin.isatty():
        return ""
    return str(typer.prompt(field, hide_input=True, default="", show_default=False))


def _run(coroutine: Awaitable[_T]) -> _T:
    from paradeiro.flow.errors import StatementError

    async def awaited() -> _T:
        return await coroutine

    try:
        return asyncio.run(awaited())
    except StatementError as error:
        typer.secho(error.message, fg="red", err=True)
        raise typer.Exit(2) from error
