"""In: what was typed after `paradeiro fallback`; out: a carrier's fallback account, set or removed."""

import asyncio
from typing import Annotated

import typer
from rich.console import Console

from paradeiro.cli.printing import former

FORMER = "stand-in"  # what the command was called until 0.1


def fallback(
    typed: typer.Context,
    carrier: str,
    account: Annotated[str, typer.Option(help="the name of the account that is asked meanwhile")],
    store: Annotated[str, typer.Option(help="the store's name")],
    rank: Annotated[int, typer.Option(help="of several, the lowest that answers is asked")] = 1,
    remove: Annotated[bool, typer.Option("--remove", help="it is asked no longer")] = False,
) -> None:
    """Let another account be asked about a carrier's packages while the carrier's own account cannot answer."""
    from paradeiro.cli.accounts.accounts import fallback_command
    from paradeiro.flow.errors import StatementError
    from paradeiro.settings import Settings

    if typed.info_name == FORMER:
        former(FORMER, "fallback")
    try:
        said = asyncio.run(
            fallback_command(Settings(), carrier, store=store, account=account, rank=rank, remove=remove)
        )
    except StatementError as error:
        Console(stderr=True).print(error.message, style="red", markup=False, highlight=False)
        raise typer.Exit(2) from error
    typer.echo(said)
