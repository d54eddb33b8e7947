"""In: what was typed after `paradeiro untold`; out: what marketplaces must be sent by when and have not accepted."""

import asyncio
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from paradeiro.cli.printing import AsJson, CommandOutput, show

if TYPE_CHECKING:
    from paradeiro.cli.accounts.webhooks import StoreContext

_MOST = 1000


def untold(
    store: Annotated[str, typer.Option(help="the store's name, if there are several")] = "",
    hours: Annotated[int, typer.Option(min=0, max=8760, help="due within so many; 0: overdue only")] = 24,
    json: AsJson = False,
) -> None:
    """Numbers and deliveries that marketplaces must be sent by a deadline and have not accepted, soonest first. Status
    1: some are overdue.
    """
    from paradeiro.cli.accounts.webhooks import open_store
    from paradeiro.flow.errors import StatementError
    from paradeiro.settings import Settings

    async def run() -> tuple[CommandOutput, bool]:
        async with open_store(Settings(), store) as at:
            return await list_untold(at, timedelta(hours=hours))

    try:
        found, late = asyncio.run(run())
    except StatementError as error:
        Console(stderr=True).print(error.message, style="red", markup=False, highlight=False)
        raise typer.Exit(2) from error
    show(found, as_json=json)
    raise typer.Exit(1 if late else 0)


async def list_untold(at: "StoreContext", within: timedelta) -> tuple[CommandOutput, bool]:
    """The list, for people and for programs, at most a thousand of each kind; whether any is overdue."""
    from paradeiro.domain.words import DeadlineKind
    from paradeiro.flow.outbox import deadlines

    lines = [
        line
        for what in DeadlineKind
        for line in await deadlines.open_deadlines(at.context, at.store_id, what, within=within, limit=_MOST)
    ]
    words = [
        f"{line.due_at:%Y-%m-%d %H:%M} UTC  {line.what} of order {line.order_number} ({line.channel}): "
        + (f"{line.state} {line.message}".strip() if line.state else "nothing to tell yet")
        for line in lines
    ]
    late = any(line.due_at < at.context.now() for line in lines)
    return CommandOutput("\n".join(words) or "All that is due is taken.", [asdict(line) for line in lines]), late
