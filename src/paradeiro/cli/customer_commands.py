"""In: what was typed after `paradeiro customer`; out: a customer's data in a file, or no trace of who they were."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

if TYPE_CHECKING:
    from paradeiro.db.audit import By
    from paradeiro.flow.means import Means

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

    async def do(means: "Means", store_id: int) -> str:
        from paradeiro.flow.persons import Whose
        from paradeiro.flow.persons import export as exported

        person = await exported(means, store_id, Whose(email, order), _by())
        to.write_bytes(msgspec.json.format(msgspec.json.encode(person), indent=1))
        to.chmod(0o600)
        return f"{len(person.orders)} orders are in {to}."

    _run(store, do)


@app.command()
def erase(
    store: _Store,
    email: _Email = "",
    order: _Order = "",
    yes: Annotated[bool, typer.Option("--yes", help="do not ask")] = False,
) -> None:
    """Forget who a person is. Their packages and timelines stay. It cannot be undone."""
    if not yes:
        typer.confirm(f"Erase who bought {order or 'as ' + email}? It cannot be undone", abort=True)

    async def do(means: "Means", store_id: int) -> str:
        from paradeiro.flow.persons import Whose
        from paradeiro.flow.persons import erase as erased

        numbers = await erased(means, store_id, Whose(email, order), _by())
        return f"Nobody knows any more who bought {', '.join(numbers)}."

    _run(store, do)


@app.command()
def keep(store: _Store, days: Annotated[int, typer.Option(help="0: for ever")]) -> None:
    """Say for how many days after the last that happened to an order its customer is kept."""

    async def do(means: "Means", store_id: int) -> str:
        from paradeiro.flow.persons import keep_for

        await keep_for(means, store_id, days, _by())
        return f"Customers are kept {f'for {days} days' if days else 'for ever'}."

    _run(store, do)


@app.command()
def proofs(store: _Store, show: Annotated[str, typer.Option(help="image, signed, with a comma; or: none")]) -> None:
    """Say which pictures of a delivery its customer's page shows. Signatures show a name and a document's number."""

    async def do(means: "Means", store_id: int) -> str:
        from paradeiro.flow.persons import show_proofs

        kinds = {word.strip() for word in show.split(",")} - {"", "none"}
        await show_proofs(means, store_id, kinds, _by())
        return f"Customers see: {', '.join(sorted(kinds)) or 'no pictures'}."

    _run(store, do)


def _by() -> "By":
    from paradeiro.cli.author import cli_author

    return cli_author()


def _run(store: str, do: "Callable[[Means, int], Awaitable[str]]") -> None:
    from paradeiro.flow.errors import StatementError

    try:
        said = asyncio.run(_at(store, do))
    except StatementError as error:
        Console(stderr=True).print(error.message, style="red", markup=False, highlight=False)
        raise typer.Exit(2) from error
    Console().print(said, markup=False, highlight=False)


async def _at(store: str, do: "Callable[[Means, int], Awaitable[str]]") -> str:
    from paradeiro.app import house
    from paradeiro.cli.accounts import store_id_of
    from paradeiro.cli.database import database_url, migrate_command
    from paradeiro.settings import Settings

    settings = Settings()
    async with AsyncExitStack() as stack:
        url = stack.enter_context(database_url(settings))
        await migrate_command(url)
        means = await stack.enter_async_context(house(settings, url))
        async with means.pool.connection() as connection:
            store_id = await store_id_of(connection, store)
        return await do(means, store_id)
