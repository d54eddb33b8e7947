"""In: what was typed after `paradeiro resend`; out: what an account refused is sent again, in figures."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from paradeiro.cli.printing import AsJson, Found, show

if TYPE_CHECKING:
    from paradeiro.cli.webhooks import At


def resend(
    account: Annotated[str, typer.Option(help="the account's name")],
    store: Annotated[str, typer.Option(help="the store's name, if there are several")] = "",
    since: Annotated[str, typer.Option(help="only what was refused since then: 2026-11-02 or 2026-11-02T12:00")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only say what would go")] = False,
    json: AsJson = False,
) -> None:
    """Send again what an account refused, once the cause is mended: each once, order by order in their order."""
    from paradeiro.cli.webhooks import at_store
    from paradeiro.flow.errors import StatementError
    from paradeiro.settings import Settings

    async def there() -> Found:
        async with at_store(Settings(), store) as at:
            return await resent(at, account, since=since, dry_run=dry_run)

    try:
        show(asyncio.run(there()), as_json=json)
    except StatementError as error:
        Console(stderr=True).print(error.message, style="red", markup=False, highlight=False)
        raise typer.Exit(2) from error


async def resent(at: "At", name: str, *, since: str, dry_run: bool) -> Found:
    """The same at a store: words and figures."""
    from paradeiro.cli.author import cli_author
    from paradeiro.cli.webhooks import instant
    from paradeiro.flow import refusals

    account_id, moment = await account_id_of(at, name), instant(since)
    facts: dict[str, object] = {"account": name, "again": 0, "left": 0, "orders": 0, "dry_run": dry_run}
    again = left = orders = after = 0
    more = True
    while more:
        done = await refusals.resend(
            at.means, at.store_id, account_id, since=moment, after=after, dry_run=dry_run, by=cli_author()
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
    return Found(words, facts)


async def account_id_of(at: "At", name: str) -> int:
    """The id of a store's account of that name that is told things. Raises `MissingError`, naming those there are."""
    from paradeiro.db import reading
    from paradeiro.flow.errors import MissingError

    async with at.means.pool.connection() as connection:
        lines = await reading.account_lines(connection, at.store_id)
    mine = {line["name"]: line["id"] for line in lines if line["kind"] in {"order_system", "marketplace", "mail"}}
    if name not in mine:
        raise MissingError(
            "no_such_account", f"There is no account '{name}' that is told things. There are: {', '.join(mine) or '-'}."
        )
    return int(mine[name])
