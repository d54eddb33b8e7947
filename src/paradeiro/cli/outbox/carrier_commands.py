"""In: what was typed after `paradeiro carriers`; out: an account's table of carriers, shown or changed."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from paradeiro.cli.printing import AsJson, CommandOutput, show

if TYPE_CHECKING:
    from paradeiro.cli.accounts.webhooks import StoreContext
    from paradeiro.domain.outbox.carrier_tables import CarrierTable

app = typer.Typer(name="carriers", help="What a marketplace calls our carriers, per account.", no_args_is_help=True)
_Account = Annotated[str, typer.Option("--account", help="the account's name")]
_Store = Annotated[str, typer.Option("--store", help="the store's name, if there are several")]
_Carrier = Annotated[str, typer.Argument(help="a connector's name (correios), or what orders write")]
_Service = Annotated[str, typer.Option(help="words that the order's text must have too, e.g. sedex")]


@app.command("show")
def show_(account: _Account, store: _Store = "", json: AsJson = False) -> None:
    """The account's table."""
    from paradeiro.flow.outbox import carrier_tables

    _run(
        account,
        store,
        lambda at, account_id: carrier_tables.account_table(at.context, at.store_id, account_id),
        as_json=json,
    )


@app.command(name="set")
def set_(
    carrier: _Carrier,
    account: _Account,
    store: _Store = "",
    service: _Service = "",
    code: Annotated[str, typer.Option(help="the party's code")] = "",
    name: Annotated[str, typer.Option(help="the party's name; default: ours")] = "",
    json: AsJson = False,
) -> None:
    """Set what the party calls a carrier."""
    from paradeiro.cli.actor import cli_actor
    from paradeiro.domain.outbox.carrier_tables import CarrierEntry
    from paradeiro.flow.outbox import carrier_tables

    entry = CarrierEntry(carrier, service, code, name)
    _run(
        account,
        store,
        lambda at, account_id: carrier_tables.change_table(
            at.context, at.store_id, account_id, add=entry, by=cli_actor()
        ),
        as_json=json,
    )


@app.command()
def remove(carrier: _Carrier, account: _Account, store: _Store = "", service: _Service = "") -> None:
    """Remove a carrier from the table."""
    from paradeiro.cli.actor import cli_actor
    from paradeiro.domain.outbox.carrier_tables import CarrierEntry
    from paradeiro.flow.outbox import carrier_tables

    entry = CarrierEntry(carrier, service)
    _run(
        account,
        store,
        lambda at, account_id: carrier_tables.change_table(
            at.context, at.store_id, account_id, drop=entry, by=cli_actor()
        ),
    )


@app.command()
def other(
    account: _Account,
    store: _Store = "",
    code: Annotated[str, typer.Option(help="the party's code for all others, e.g. Other")] = "",
    costs: Annotated[str, typer.Option(help="what comes of it, as the notice shall say")] = "",
    off: Annotated[bool, typer.Option("--off", help="it has no word for others")] = False,
) -> None:
    """Set what the party calls a carrier that is not in the table."""
    from paradeiro.cli.actor import cli_actor
    from paradeiro.domain.outbox.carrier_tables import OtherCarrier
    from paradeiro.flow.outbox import carrier_tables

    wanted = None if off else OtherCarrier(code, costs)
    _run(
        account,
        store,
        lambda at, account_id: carrier_tables.change_table(
            at.context, at.store_id, account_id, other=wanted, no_other=off, by=cli_actor()
        ),
    )


def _run(
    account: str, store: str, what: Callable[["StoreContext", int], Awaitable["CarrierTable"]], *, as_json: bool = False
) -> None:
    from paradeiro.cli.accounts.webhooks import open_store
    from paradeiro.cli.outbox.resend_commands import account_id_of
    from paradeiro.flow.errors import StatementError
    from paradeiro.settings import Settings

    async def run() -> CommandOutput:
        async with open_store(Settings(), store) as at:
            return table_output(await what(at, await account_id_of(at, account)))

    try:
        show(asyncio.run(run()), as_json=as_json)
    except StatementError as error:
        Console(stderr=True).print(error.message, style="red", markup=False, highlight=False)
        raise typer.Exit(2) from error


def table_output(table: "CarrierTable") -> CommandOutput:
    """A table, for people and for programs."""
    lines = [
        f"{e.carrier}{f' ({e.service})' if e.service else ''}: {' '.join(part for part in (e.code, e.name) if part)}"
        for e in table.entries
    ]
    if table.other is not None:
        costs = f" ({table.other.costs})" if table.other.costs else ""
        lines.append(f"all others: {table.other.code or 'by their own name'}{costs}")
    facts = {"carriers": [asdict(e) for e in table.entries], "other": asdict(table.other) if table.other else None}
    return CommandOutput("\n".join(lines) or "No table: any carrier is told by its own name.", facts)
