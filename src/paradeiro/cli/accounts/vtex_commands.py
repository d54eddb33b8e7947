"""In: what was typed after `paradeiro vtex`; out: each command's function called with it."""

import asyncio
from collections.abc import Coroutine
from enum import StrEnum
from typing import Annotated

import typer
from rich.console import Console

app = typer.Typer(name="vtex", help="A VTEX store: its key, its hook or feed, its past orders.", no_args_is_help=True)
_Store = Annotated[str, typer.Option(help="the store's name, if several have an account there")]
_Account = Annotated[str, typer.Option(help="the account's name, if there are several")]


class Who(StrEnum):
    """Who mails."""

    PARADEIRO = "paradeiro"
    VTEX = "vtex"


def _run(command: Coroutine[None, None, str]) -> None:
    from paradeiro.flow.errors import StatementError

    try:
        said = asyncio.run(command)
    except StatementError as error:
        Console(stderr=True).print(error.message, style="red", markup=False, highlight=False)
        raise typer.Exit(2) from error
    Console().print(said, markup=False, highlight=False)


@app.command()
def connect(
    store: _Store = "",
    account: _Account = "",
    hook: Annotated[bool, typer.Option("--hook", help="VTEX tells us of each invoiced order")] = False,
    feed: Annotated[bool, typer.Option("--feed", help="we fetch what VTEX keeps for us")] = False,
    undo: Annotated[bool, typer.Option("--undo", help="end both (the same as disconnect)")] = False,
    public_url: Annotated[str, typer.Option(help="how VTEX reaches this server: https://…")] = "",
) -> None:
    """Say what the key may and may not do; configure hook or feed. Doing it again changes nothing."""
    from paradeiro.cli.accounts.vtex import connect_command, disconnect_command
    from paradeiro.settings import Settings

    if undo:
        _run(disconnect_command(Settings(), store=store, account=account))
        return
    _run(connect_command(Settings(), store=store, account=account, hook=hook, feed=feed, public_url=public_url))


@app.command()
def disconnect(store: _Store = "", account: _Account = "") -> None:
    """End hook and feed. Orders still come with the sweep."""
    from paradeiro.cli.accounts.vtex import disconnect_command
    from paradeiro.settings import Settings

    _run(disconnect_command(Settings(), store=store, account=account))


@app.command()
def backfill(
    store: _Store = "", account: _Account = "", days: Annotated[int, typer.Option(min=1, max=730)] = 60
) -> None:
    """Take in all orders invoiced in the last days. Doing it again, or while a worker runs, does no harm."""
    from paradeiro.cli.accounts.vtex import backfill_command
    from paradeiro.settings import Settings

    _run(backfill_command(Settings(), Console(stderr=True), store=store, account=account, days=days))


@app.command()
def mails(who: Who, store: Annotated[str, typer.Option(help="the store's name")]) -> None:
    """Set who mails the customers about their packages: Paradeiro or VTEX, never both."""
    from paradeiro.cli.accounts.vtex import mails_command
    from paradeiro.settings import Settings

    _run(mails_command(Settings(), store=store, who=who))
