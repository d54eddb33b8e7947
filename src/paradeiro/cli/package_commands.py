"""In: what was typed after `paradeiro package`; out: labels that took others' places, kept, told and in the log."""

from typing import TYPE_CHECKING, Annotated

import typer

from paradeiro.cli.author import cli_author
from paradeiro.cli.mail_commands import run_for_store, say

if TYPE_CHECKING:
    from paradeiro.flow.means import Means

app = typer.Typer(name="package", help="The packages of orders, and their labels.", no_args_is_help=True)
_Store = Annotated[str, typer.Option(help="the store's name")]
_Order = Annotated[str, typer.Option(help="the order's number")]


@app.command()
def replace(
    old: Annotated[str, typer.Argument(help="the code that is not followed any more")],
    new: Annotated[str, typer.Argument(help="the code of the label that was made instead")],
    store: _Store,
    order: _Order,
    carrier: Annotated[str, typer.Option(help="of the new label, if it is another one")] = "",
    lenient: Annotated[bool, typer.Option("--lenient", help="take a wrong check digit")] = False,
) -> None:
    """A label was made again: the package goes by another code. Its invoices go with the new one."""

    async def done(means: "Means", store_id: int) -> str:
        from paradeiro.flow.replacing import NewLabel, package_of, replace_label

        label = NewLabel(new, carrier, lenient)
        await replace_label(means, store_id, await package_of(means, store_id, order, old), label, cli_author())
        return f"{new} took the place of {old}, which is not followed any more."

    say(run_for_store(store, done))


@app.command()
def restore(
    code: Annotated[str, typer.Argument(help="the code that was replaced and is followed again")],
    store: _Store,
    order: _Order,
) -> None:
    """A label was not replaced after all."""

    async def done(means: "Means", store_id: int) -> str:
        from paradeiro.flow.replacing import package_of, restore_label

        await restore_label(means, store_id, await package_of(means, store_id, order, code), cli_author())
        return f"{code} is followed again."

    say(run_for_store(store, done))
