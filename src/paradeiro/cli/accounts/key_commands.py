"""In: what was typed after `paradeiro key`; out: API keys made, listed and revoked."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from paradeiro.cli.printing import AsJson, CommandOutput, show

if TYPE_CHECKING:
    from paradeiro.db.accounts.api_keys import ApiKeyLine
    from paradeiro.flow.context import Context

app = typer.Typer(name="key", help="API keys: made, listed, revoked.", no_args_is_help=True)
_T = TypeVar("_T")
_Scopes = Annotated[
    list[str] | None,
    typer.Option(help="read, write (default both), or for one area: shipments:write, orders:read …"),
]
_Ends = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%d"], help="the day at whose beginning (UTC) it becomes invalid")
]
_Which = Annotated[str, typer.Option(help="the store's name; default: all stores")]


@app.callback(invoke_without_command=True)
def begin(
    typer_context: typer.Context,
    store: Annotated[str, typer.Option(hidden=True)] = "",
    name: Annotated[str, typer.Option(hidden=True)] = "",
    scope: Annotated[list[str] | None, typer.Option(hidden=True)] = None,
) -> None:
    """API keys: made, listed, revoked."""
    # `paradeiro key --store … --name …` made a key before there was anything else to do with one.
    if typer_context.invoked_subcommand is None:
        if not store or not name:
            raise typer.BadParameter("A key needs both: paradeiro key add --store … --name …")
        add(store, name, scope)


@app.command()
def add(
    store: Annotated[str, typer.Option(help="the store's name")],
    name: Annotated[str, typer.Option(help="who will use it")],
    scope: _Scopes = None,
    ends: _Ends = None,
) -> None:
    """Make an API key. It is shown once; only its hash is kept."""
    from paradeiro.cli.accounts.accounts import key_command
    from paradeiro.settings import Settings

    made = _run(key_command(Settings(), store=store, name=name, scopes=scope or ["read", "write"], ends_at=_utc(ends)))
    show(CommandOutput(made, {}), as_json=False)


@app.command("list")
def list_(store: _Which = "", json: AsJson = False) -> None:
    """The keys: id, name, store, scopes, when made, when last used, whether they are active."""
    show(_run(run_in_store(store, _list_keys)), as_json=json)


@app.command()
def rotate(
    key: Annotated[int, typer.Argument(help="its id")],
    overlap: Annotated[int, typer.Option(min=0, max=365, help="days for which the former one is valid yet")] = 7,
    store: _Which = "",
) -> None:
    """Make a key of the same name and scopes; the former one ends after the overlap. The new one is shown once."""

    async def renew(context: "Context", store_id: int | None) -> CommandOutput:
        from paradeiro.cli.actor import cli_actor
        from paradeiro.flow.accounts import api_keys

        made = await api_keys.rotate_key(context, store_id, key, cli_actor(), overlap=timedelta(days=overlap))
        return CommandOutput(made.text, {})

    show(_run(run_in_store(store, renew)), as_json=False)


def _utc(day: datetime | None) -> datetime | None:
    return day.replace(tzinfo=UTC) if day else None


@app.command()
def revoke(
    key: Annotated[str, typer.Argument(help="its id, or its name (then all active keys of that name)")],
    store: _Which = "",
    json: AsJson = False,
) -> None:
    """End a key, and every session that was opened with it, at once and for good."""

    async def end(context: "Context", store_id: int | None) -> CommandOutput:
        from paradeiro.cli.actor import cli_actor
        from paradeiro.flow.accounts import api_keys

        ended = await api_keys.revoke_keys(context, key, cli_actor(), store_id)
        words = [f"Revoked: key {each.id}, '{each.name}', of {each.store}." for each in ended]
        return CommandOutput(
            "\n".join(words), {"revoked": [{"id": e.id, "name": e.name, "store": e.store} for e in ended]}
        )

    show(_run(run_in_store(store, end)), as_json=json)


def _run(coroutine: Awaitable[_T]) -> _T:
    from paradeiro.flow.errors import StatementError

    async def awaited() -> _T:
        return await coroutine

    try:
        return asyncio.run(awaited())
    except StatementError as error:
        typer.secho(error.message, fg="red", err=True)
        raise typer.Exit(2) from error


async def run_in_store(store: str, what: "Callable[[Context, int | None], Awaitable[CommandOutput]]") -> CommandOutput:
    from paradeiro.app import open_app
    from paradeiro.cli.accounts.accounts import store_id_of
    from paradeiro.cli.running.database import database_url, migrate_command
    from paradeiro.settings import Settings

    settings = Settings()
    with database_url(settings) as url:
        await migrate_command(url)
        async with open_app(settings, url) as context:
            async with context.pool.connection() as connection:
                store_id = await store_id_of(connection, store) if store else None
            return await what(context, store_id)


async def _list_keys(context: "Context", store_id: int | None) -> CommandOutput:
    from paradeiro.flow.accounts import api_keys

    lines = await api_keys.list_keys(context, store_id)
    facts = [_facts(line) for line in lines]
    head = f"{'id':>4}  {'state':7}  {'scopes':10}  {'made':16}  {'last used':16}  name, store"
    words = [head, *(_line(line) for line in lines)] if lines else ["There is no key yet: paradeiro key add"]
    return CommandOutput("\n".join(words), facts)


def _facts(line: "ApiKeyLine") -> dict[str, object]:
    return {
        "id": line.id,
        "name": line.name,
        "store": line.store,
        "scopes": line.scopes,
        "made": line.created_at,
        "last_used": line.last_used_at,
        "last_used_from": line.last_used_from,
        "ends": line.ends_at,
        "state": line.state,
    }


def _line(line: "ApiKeyLine") -> str:
    made = f"{line.created_at:%Y-%m-%d %H:%M}"
    used = f"{line.last_used_at:%Y-%m-%d %H:%M}" if line.last_used_at else "never"
    scopes = ",".join(line.scopes)
    place = f" from {line.last_used_from}" if line.last_used_from else ""
    end = f", until {line.ends_at:%Y-%m-%d}" if line.ends_at else ""
    return f"{line.id:>4}  {line.state:7}  {scopes:10}  {made:16}  {used:16}  {line.name}, {line.store}{end}{place}"
