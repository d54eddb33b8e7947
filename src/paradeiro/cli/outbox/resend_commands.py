"""In: what was typed after `paradeiro resend`; out: what an account refused is sent again, in figures."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from paradeiro.cli.printing import AsJson, CommandOutput, show

if TYPE_CHECKING:
    from paradeiro.cli.accounts.webhooks import StoreContext


def resend(
    account: Annotated[str, typer.Option(help="the account's name")],
    store: Annotated[str, typer.Option(help="the store's name, if there are several")] = "",
    since: Annotated[str, typer.Option(help="only what was refused since then: 2026-11-02 or 2026-11-02T12:00")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only count what would be sent")] = False,
    json: AsJson = False,
) -> None:
    """Send again what an account refused, once the cause is fixed: each once, order by order, oldest first."""
    from paradeiro.cli.accounts.webhooks import open_store
    from paradeiro.flow.errors import StatementError
    from paradeiro.settings import Settings

    async def run() -> CommandOutput:
        async with open_store(Settings(), store) as at:
            return await resend_refused(at, account, since=since, dry_run=dry_run)

    try:
        show(asyncio.run(run()), as_json=json)
    except StatementError as error:
        Console(stderr=True).print(error.message, style="red", markup=False, highlight=False)
        raise typer.Exit(2) from error


async def resend_refused(at: "StoreContext", name: str, *, since: str, dry_run: bool) -> CommandOutput:
    """The same at a store: words and figures."""
    from paradeiro.cli.accounts.webhooks import parse_instant
    from paradeiro.cli.actor import cli_actor
    from paradeiro.flow.outbox import refusals

    account_id, moment = await account_id_of(at, name), parse_instant(since)
    facts: dict[str, object] = {"account": name, "again": 0, "left": 0, "orders": 0, "dry_run": dry_run}
    again = left = orders = after = 0
    more = True
    while more:
        done = await refusals.resend(
            at.context, at.store_id, account_id, since=moment, after=after, dry_run=dry_run, by=cli_actor()
        )
        again, left, orders = again + done.again, left + done.left, orders + done.orders
        facts.setdefault("first_order", done.first_order)
        facts["last_order"] = done.last_order or facts.get("last_order", "")
        more, after = done.after is not None, done.after or 0
    facts |= {"again": again, "left": left, "orders": orders}
    verb = "would go" if dry_run else "go"
    words = f"{again} messages of {orders} orders {verb} to {name} again"
    words += f", from order {facts['first_order']} to {facts['last_order']}." if again else "."
    words += f" {left} are left: newer messages say what they would." if left else ""
    return CommandOutput(words, facts)


async def account_id_of(at: "StoreContext", name: str) -> int:
    """The id of a store's account of that name that is sent messages. Raises `MissingError`, listing existing ones."""
    from paradeiro.db.screens import lists
    from paradeiro.flow.errors import MissingError

    async with at.context.pool.connection() as connection:
        lines = await lists.account_lines(connection, at.store_id)
    mine = {line["name"]: line["id"] for line in lines if line["kind"] in {"order_system", "marketplace", "mail"}}
    if name not in mine:
        raise MissingError(
            "no_such_account", f"There is no account '{name}' that is told things. There are: {', '.join(mine) or '-'}."
        )
    return int(mine[name])
