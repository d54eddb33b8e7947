"""In: what was typed after `paradeiro courier`; out: who follows which courier's packages, shown or changed."""

from typing import TYPE_CHECKING, Annotated

import typer

from paradeiro.cli.actor import cli_actor
from paradeiro.cli.outbox.mail_commands import run_for_store, say

if TYPE_CHECKING:
    from paradeiro.flow.context import Context

app = typer.Typer(name="courier", help="Which account follows which courier's packages.", no_args_is_help=True)
_Store = Annotated[str, typer.Option(help="the store's name")]
_Courier = Annotated[str, typer.Argument(help="the courier's name, as orders write it")]


@app.command("list")
def list_(store: _Store) -> None:
    """The rules, and the couriers that wait for one."""

    async def act(context: "Context", store_id: int) -> str:
        from paradeiro.cli.orders.couriers import listing

        return await listing(context, store_id)

    say(run_for_store(store, act))


@app.command("set")
def set_(
    courier: _Courier,
    store: _Store,
    account: Annotated[str, typer.Option(help="the carrier's account, by its name")] = "",
    nobody: Annotated[bool, typer.Option("--nobody", help="its packages are not followed")] = False,
) -> None:
    """Let an account follow a courier's packages: those that wait, and all later ones."""

    async def act(context: "Context", store_id: int) -> str:
        from paradeiro.cli.orders.couriers import carrier_account
        from paradeiro.flow.orders.couriers import set_rule

        account_id = None if nobody else await carrier_account(context, store_id, account)
        followed = await set_rule(context, store_id, courier, account_id, cli_actor())
        who = "nobody" if nobody else account
        return f"Packages of '{courier}' are followed by {who} from now on; {followed} that waited are followed now."

    say(run_for_store(store, act))


@app.command()
def remove(courier: _Courier, store: _Store) -> None:
    """Forget a rule: later packages go where the name is recognised."""

    async def act(context: "Context", store_id: int) -> str:
        from paradeiro.flow.orders.couriers import remove_rule

        done = await remove_rule(context, store_id, courier, cli_actor())
        return f"The rule for '{courier}' is gone." if done else f"There was no rule for '{courier}'."

    say(run_for_store(store, act))
