"""In: what was typed after `paradeiro package`; out: labels replaced or restored, and audit entries."""

from typing import TYPE_CHECKING, Annotated

import typer

from paradeiro.cli.actor import cli_actor
from paradeiro.cli.outbox.mail_commands import run_for_store, say

if TYPE_CHECKING:
    from paradeiro.flow.context import Context

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
    """Replace a label: the package has another code. Its invoices go with the new one."""

    async def act(context: "Context", store_id: int) -> str:
        from paradeiro.flow.orders.label_replacement import NewLabel, package_of, replace_label

        label = NewLabel(new, carrier, lenient)
        await replace_label(context, store_id, await package_of(context, store_id, order, old), label, cli_actor())
        return f"{new} took the place of {old}, which is not followed any more."

    say(run_for_store(store, act))


@app.command()
def restore(
    code: Annotated[str, typer.Argument(help="the code that was replaced and is followed again")],
    store: _Store,
    order: _Order,
) -> None:
    """Take the replacement of a label back."""

    async def act(context: "Context", store_id: int) -> str:
        from paradeiro.flow.orders.label_replacement import package_of, restore_label

        await restore_label(context, store_id, await package_of(context, store_id, order, code), cli_actor())
        return f"{code} is followed again."

    say(run_for_store(store, act))
