"""In: options and arguments of `paradeiro webhook …`; out: each command's function called with them."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from paradeiro.cli.printing import AsJson, CommandOutput, show

if TYPE_CHECKING:
    from paradeiro.cli.accounts.webhooks import StoreContext

app = typer.Typer(help="Endpoints of your own that are sent every change of every package.", no_args_is_help=True)
_out = Console()
_err = Console(stderr=True)
Store = Annotated[str, typer.Option(help="the store's name, if there are several")]


def _run(
    store: str, what: Callable[["StoreContext"], Awaitable[str | CommandOutput]], *, as_json: bool = False
) -> None:
    from paradeiro.cli.accounts.webhooks import open_store
    from paradeiro.flow.errors import StatementError
    from paradeiro.settings import Settings

    async def run() -> str | CommandOutput:
        async with open_store(Settings(), store) as at:
            return await what(at)

    try:
        said = asyncio.run(run())
    except StatementError as error:
        _err.print(error.message, style="red", markup=False, highlight=False)
        raise typer.Exit(2) from error
    if isinstance(said, CommandOutput):
        show(said, as_json=as_json)
        return
    _out.print(said, markup=False, highlight=False, soft_wrap=True)


@app.command()
def add(name: str, url: str, store: Store = "") -> None:
    """Send every change to an address from now on. Its secret is shown once."""
    from paradeiro.cli.accounts import webhooks

    _run(store, lambda at: webhooks.add(at, name, url))


@app.command("list")
def list_(store: Store = "", json: AsJson = False) -> None:
    """The endpoints, their state, and how much waits for each."""
    from paradeiro.cli.accounts import webhooks

    _run(store, webhooks.list_endpoints, as_json=json)


@app.command("test")
def try_(name: str, store: Store = "") -> None:
    """Post a signed test message, once, and print the result."""
    from paradeiro.cli.accounts import webhooks

    _run(store, lambda at: webhooks.send_test(at, name))


@app.command()
def rotate(
    name: str, store: Store = "", end: Annotated[bool, typer.Option("--end", help="end the former secret now")] = False
) -> None:
    """Make a new secret; the former one signs too for 24 hours."""
    from paradeiro.cli.accounts import webhooks

    _run(store, lambda at: webhooks.rotate_secret(at, name, end=end))


@app.command()
def enable(name: str, store: Store = "") -> None:
    """Enable it; waiting messages are sent first, in order."""
    from paradeiro.cli.accounts import webhooks

    _run(store, lambda at: webhooks.set_enabled(at, name, on=True))


@app.command()
def disable(name: str, store: Store = "") -> None:
    """Disable it; its messages wait until it is enabled."""
    from paradeiro.cli.accounts import webhooks

    _run(store, lambda at: webhooks.set_enabled(at, name, on=False))


@app.command()
def remove(name: str, store: Store = "") -> None:
    """Delete it with its secrets and its waiting messages."""
    from paradeiro.cli.accounts import webhooks

    _run(store, lambda at: webhooks.remove_endpoint(at, name))


@app.command()
def replay(
    name: str,
    store: Store = "",
    since: Annotated[str, typer.Option(help="all that were accepted and are of changes since then (UTC)")] = "",
    message: Annotated[str, typer.Option(help="one message, by its webhook-id")] = "",
) -> None:
    """Send accepted messages again, with the same ids."""
    from paradeiro.cli.accounts import webhooks

    _run(store, lambda at: webhooks.replay_messages(at, name, since=since, message=message))
