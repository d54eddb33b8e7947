"""In: the options of `paradeiro store …`; out: stores added, and those there are."""

import asyncio
from typing import Annotated

import typer
from rich.console import Console

app = typer.Typer(name="store", help="The shops whose orders these are.", no_args_is_help=True)
_out = Console()
_err = Console(stderr=True)


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="as people call it; every --store names it so")],
    time_zone: Annotated[str, typer.Option(help="where its customers' days begin")] = "America/Sao_Paulo",
) -> None:
    """Add a store."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        _err.print(f"'{time_zone}' is no time zone: write it like America/Sao_Paulo.", style="red", markup=False)
        raise typer.Exit(2) from error
    if not name.strip() or any(not each.isprintable() for each in name):
        _err.print("A store needs a name of printable characters.", style="red", markup=False)
        raise typer.Exit(2)
    administrators = asyncio.run(_add(name.strip(), time_zone))
    if administrators is None:
        _out.print(f"There is a store {name.strip()} already.", markup=False, highlight=False)
        raise typer.Exit(1)
    _out.print(f"The store {name.strip()} is added.", markup=False, highlight=False)
    if administrators:
        _out.print(f"Its administrators: {', '.join(administrators)}.", markup=False, highlight=False)


@app.command("list")
def list_(json: Annotated[bool, typer.Option("--json", help="one JSON object a line")] = False) -> None:
    """The stores there are."""
    import json as as_json

    for name, time_zone in asyncio.run(_list()):
        line = as_json.dumps({"name": name, "time_zone": time_zone}, ensure_ascii=False) if json else name
        _out.print(line, markup=False, highlight=False, soft_wrap=True)


async def _add(name: str, time_zone: str) -> list[str] | None:
    """The names of its administrators: those of all other stores. None if there is such a store."""
    from paradeiro.app import open_app
    from paradeiro.cli.running.database import database_url, migrate_command
    from paradeiro.db.accounts.stores import add_store, stores
    from paradeiro.db.people.operators import administrators_everywhere, set_role
    from paradeiro.db.pool import transaction
    from paradeiro.domain.words import Role
    from paradeiro.settings import Settings

    settings = Settings()
    with database_url(settings) as url:
        await migrate_command(url)
        async with open_app(settings, url) as context, transaction(context.pool) as connection:
            if any(each.name == name for each in (await stores(connection)).values()):
                return None
            heads = await administrators_everywhere(connection)
            store_id = await add_store(connection, name, now=context.now(), time_zone=time_zone)
            for each in heads:
                await set_role(connection, store_id, each.id, Role.ADMINISTRATOR, now=context.now())
            return [each.name for each in heads]


async def _list() -> list[tuple[str, str]]:
    from paradeiro.app import open_app
    from paradeiro.cli.running.database import database_url, migrate_command
    from paradeiro.db.accounts.stores import stores
    from paradeiro.settings import Settings

    settings = Settings()
    with database_url(settings) as url:
        await migrate_command(url)
        async with open_app(settings, url) as context, context.pool.connection() as connection:
            return sorted((each.name, each.time_zone) for each in (await stores(connection)).values())
