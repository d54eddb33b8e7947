"""In: what was typed after `paradeiro feed` or `paradeiro quota`; out: days read again, a month's look-ups set."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from paradeiro.cli.outbox.mail_commands import run_for_store, say

if TYPE_CHECKING:
    from paradeiro.flow.context import Context

app = typer.Typer(name="feed", help="Carriers that list what changed.", no_args_is_help=True)
_Store = Annotated[str, typer.Option(help="the store's name")]
_Account = Annotated[str, typer.Argument(help="the carrier's account, by its name")]


@app.command()
def again(
    account: _Account,
    store: _Store,
    since: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="the first day to read again")],
) -> None:
    """Read a carrier's feed again from a day on. What is known already changes nothing."""
    day: date = since.date()

    async def act(context: "Context", store_id: int) -> str:
        from paradeiro.cli.orders.couriers import carrier_account
        from paradeiro.db.accounts import stores
        from paradeiro.flow.answers.carrier_feed import read_again

        account_id = await carrier_account(context, store_id, account)
        async with context.pool.connection() as connection:
            found = (await stores.accounts(connection, context.secret_key, ids=[account_id]))[0]
        await read_again(context, found, day)
        return f"{account} is read again from {day} on."

    say(run_for_store(store, act))


def quota(
    account: _Account,
    store: _Store,
    monthly: Annotated[int | None, typer.Option(min=0, help="look-ups of new numbers a month")] = None,
    unlimited: Annotated[bool, typer.Option("--unlimited", help="no quota")] = False,
) -> None:
    """Show or set how many new packages a month an aggregator may be asked about, and what was spent."""

    async def act(context: "Context", store_id: int) -> str:
        from paradeiro.cli.orders.couriers import carrier_account
        from paradeiro.flow.carriers.lookup_quota import set_monthly, spent

        account_id = await carrier_account(context, store_id, account)
        if unlimited or monthly is not None:
            await set_monthly(context, store_id, account_id, None if unlimited else monthly)
        found = await spent(context, account_id)
        if found is None:
            return f"{account} has no quota."
        return f"{account}: {found.used} of {found.monthly} look-ups of {found.month:%Y-%m} are spent."

    say(run_for_store(store, act))
