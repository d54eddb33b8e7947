"""In: options and arguments of `paradeiro webhook …`; out: each command's function called with them."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from paradeiro.cli.printing import AsJson, Found, show

if TYPE_CHECKING:
    from paradeiro.cli.webhooks import At

app = typer.Typer(help="Endpoints of your own that hear every change of every package.", no_args_is_help=True)
_out = Console()
_err = Console(stderr=True)
Store = Annotated[str, typer.Option(help="the store's name, if there are several")]


def _run(store: str, what: Callable[["At"], Awaitable[str | Found]], *, as_json: bool = False) -> None:
    from paradeiro.cli.webhooks import at_store
    from paradeiro.flow.errors import StatementError
    from paradeiro.settings import Settings

    async def there() -> str | Found:
        async with at_store(Settings(), store) as at:
            return await what(at)

    try:
        said = asyncio.run(there())
    except StatementError as error:
        _err.print(error.message, style="red", markup=False, highlight=False)
        raise typer.Exit(2) from error
    if isinstance(said, Found):
        show(said, as_json=as_json)
        return
    _out.print(said, markup=False, highlight=False, soft_wrap=True)


@app.command()
def add(name: str, url: str, store: Store = "") -> None:
    """Tell an address of every change from now on. Its secret is shown once."""
    from paradeiro.cli import webhooks

    _run(store, lambda at: webhooks.add(at, name, url))


@app.command("list")
def list_(store: Store = "", json: AsJson = False) -> None:
    """The endpoints, how they are, and how much waits for each."""
    from paradeiro.cli import webhooks

    _run(store, webhooks.listed_facts, as_json=json)


@app.command("test")
def try_(name: str, store: Store = "") -> None:
    """Post a signed test message, once, and say what came back."""
    from paradeiro.cli import webhooks

    _run(store, lambda at: webhooks.tried(at, name))


@app.command()
def rotate(
    name: str, store: Store = "", end: Annotated[bool, typer.Option("--end", help="end the former secret now")] = False
) -> None:
    """Make a new secret; the former one signs too for 24 hours."""
    from paradeiro.cli import webhooks

    _run(store, lambda at: webhooks.rotated(at, name, end=end))


@app.command()
def enable(name: str, store: Store = "") -> None:
    """Tell it again; what waited goes first, in order."""
    from paradeiro.cli import webhooks

    _run(store, lambda at: webhooks.switched(at, name, on=True))


@app.command()
def disable(name: str, store: Store = "") -> None:
    """Tell it nothing until it is enabled; its messages wait."""
    from paradeiro.cli import webhooks

    _run(store, lambda at: webhooks.switched(at, name, on=False))


@app.command()
def remove(name: str, store: Store = "") -> None:
    """Forget it, its secrets and what waits for it."""
    from paradeiro.cli import webhooks

    _run(store, lambda at: webhooks.removed(at, name))


@app.command()
def replay(
    name: str,
    store: Store = "",
    since: Annotated[str, typer.Option(help="all that were accepted and are of changes since then (UTC)")] = "",
    message: Annotated[str, typer.Option(help="one message, by its webhook-id")] = "",
) -> None:
    """Tell again what was accepted, under the same ids."""
    from paradeiro.cli import webhooks

    _run(store, lambda at: webhooks.replayed(at, name, since=since, message=message))
