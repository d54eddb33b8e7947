"""In: what was typed after `paradeiro customer`; out: a customer's data in a file or erased; retention policies set."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

if TYPE_CHECKING:
    from paradeiro.db.operations.audit import Actor
    from paradeiro.flow.context import Context

app = typer.Typer(name="customer", help="What is kept of a store's customers, and for how long.", no_args_is_help=True)
_Store = Annotated[str, typer.Option(help="the store's name")]
_Email = Annotated[str, typer.Option(help="the person's address")]
_Order = Annotated[str, typer.Option(help="one order of theirs, instead")]


@app.command()
def export(
    store: _Store,
    to: Annotated[Path, typer.Option(help="the file to write (JSON)")],
    email: _Email = "",
    order: _Order = "",
) -> None:
    """Write all that is known of a person, to be handed to them."""
    import msgspec

    async def act(context: "Context", store_id: int) -> str:
        from paradeiro.flow.customers.personal_data import CustomerQuery
        from paradeiro.flow.customers.personal_data import export_customer as exported

        person = await exported(context, store_id, CustomerQuery(email, order), _actor())
        to.write_bytes(msgspec.json.format(msgspec.json.encode(person), indent=1))
        to.chmod(0o600)
        return f"{len(person.orders)} orders are in {to}."

    _run(store, act)


@app.command()
def erase(
    store: _Store,
    email: _Email = "",
    order: _Order = "",
    yes: Annotated[bool, typer.Option("--yes", help="do not ask")] = False,
) -> None:
    """Erase a person's data. Their packages and timelines stay. It cannot be undone."""
    if not yes:
        typer.confirm(f"Erase who bought {order or 'as ' + email}? It cannot be undone", abort=True)

    async def act(context: "Context", store_id: int) -> str:
        from paradeiro.flow.customers.personal_data import CustomerQuery
        from paradeiro.flow.customers.personal_data import erase_customer as erased

        numbers = await erased(context, store_id, CustomerQuery(email, order), _actor())
        return f"Nobody knows any more who bought {', '.join(numbers)}."

    _run(store, act)


@app.command()
def keep(store: _Store, days: Annotated[int, typer.Option(help="0: for ever")]) -> None:
    """Set for how many days after an order's last change its customer's data is kept."""

    async def act(context: "Context", store_id: int) -> str:
        from paradeiro.flow.customers.personal_data import set_customer_retention

        await set_customer_retention(context, store_id, days, _actor())
        return f"Customers are kept {f'for {days} days' if days else 'for ever'}."

    _run(store, act)


@app.command()
def proofs(store: _Store, show: Annotated[str, typer.Option(help="image, signed, with a comma; or: none")]) -> None:
    """Set which pictures of a delivery the tracking page shows. Signatures show a name and a document's number."""

    async def act(context: "Context", store_id: int) -> str:
        from paradeiro.flow.customers.personal_data import set_shown_proofs

        kinds = {word.strip() for word in show.split(",")} - {"", "none"}
        await set_shown_proofs(context, store_id, kinds, _actor())
        return f"Customers see: {', '.join(sorted(kinds)) or 'no pictures'}."

    _run(store, act)


def _actor() -> "Actor":
    from paradeiro.cli.actor import cli_actor

    return cli_actor()


def _run(store: str, act: "Callable[[Context, int], Awaitable[str]]") -> None:
    from paradeiro.flow.errors import StatementError

    try:
        said = asyncio.run(_with_store(store, act))
    except StatementError as error:
        Console(stderr=True).print(error.message, style="red", markup=False, highlight=False)
        raise typer.Exit(2) from error
    Console().print(said, markup=False, highlight=False)


async def _with_store(store: str, act: "Callable[[Context, int], Awaitable[str]]") -> str:
    from paradeiro.app import open_app
    from paradeiro.cli.accounts.accounts import store_id_of
    from paradeiro.cli.running.database import database_url, migrate_command
    from paradeiro.settings import Settings

    settings = Settings()
    async with AsyncExitStack() as stack:
        url = stack.enter_context(database_url(settings))
        await migrate_command(url)
        context = await stack.enter_async_context(open_app(settings, url))
        async with context.pool.connection() as connection:
            store_id = await store_id_of(connection, store)
        return await act(context, store_id)
