"""In: what was typed after `paradeiro secret`; out: a new key printed, or all that is stored encrypted with it."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

if TYPE_CHECKING:
    from pathlib import Path

    from paradeiro.flow.operations.key_rotation import Rotation
    from paradeiro.settings import Settings

app = typer.Typer(name="secret", help="The secret key, which opens what is stored encrypted.", no_args_is_help=True)
_Json = Annotated[bool, typer.Option("--json", help="print what was done as JSON")]


@app.command()
def new() -> None:
    """Print a new key. It is not kept anywhere."""
    from paradeiro.db.secrets import new_key

    typer.echo(new_key())


@app.command()
def rotate(as_json: _Json = False) -> None:
    """Encrypt everything stored with a new key: stop Paradeiro first. The key of the data folder is made here; any
    other is put before the one in use, with a comma between (PARADEIRO_SECRET_KEY=new,old), and the old one removed
    after. Everybody signs in again.
    """
    import json

    from paradeiro.db.secrets import BadKeyError, WrongKeyError
    from paradeiro.flow.errors import StatementError
    from paradeiro.settings import Settings

    out = Console(highlight=False, markup=False, soft_wrap=True)
    try:
        rotation, said = _rotate(Settings())
    except (StatementError, BadKeyError, WrongKeyError) as error:
        Console(stderr=True, highlight=False, markup=False, soft_wrap=True).print(str(error))
        raise typer.Exit(1) from None
    if as_json:
        out.print(json.dumps({"encrypted": dict(rotation.done), "unreadable": list(rotation.unreadable), "next": said}))
    else:
        for table, count in rotation.done.items():
            out.print(f"{table}: {count} encrypted anew")
        for each in rotation.unreadable:
            out.print(f"{each}: no key opens it; give the account its credentials anew, or remove it")
        out.print(said)
    if rotation.unreadable:
        raise typer.Exit(1)


def _rotate(settings: "Settings") -> tuple["Rotation", str]:
    """What was done, and what a person does next. A key file of ours has the new key and the old ones before anything
    is encrypted with it, and the new one alone once all is.
    """
    from paradeiro.app import key_source, secret_key
    from paradeiro.db.secrets import BadKeyError, keys_of, new_key
    from paradeiro.secret_key import write_key

    keys, path = keys_of(secret_key(settings)), key_source(settings).own_file
    if path is not None and len(keys) == 1:  # more: a rotation that was stopped goes on
        keys = (new_key(), *keys)
    if len(keys) == 1:
        message = (
            "There is one key only. Make another (paradeiro secret new), put it before the one in use with a comma "
            "between, in the place where the key comes from, and rotate again."
        )
        raise BadKeyError(message)
    rotation = asyncio.run(_run(settings, keys, path))
    if rotation.unreadable:
        return rotation, "All keys are kept: see above."
    if path is None:
        return rotation, "Everything opens with the first key alone: remove the others from where the key comes from."
    write_key(path, keys[:1])
    return rotation, f"The new key is in {path}. Put it into your backup; the former one opens older backups only."


async def _run(settings: "Settings", keys: tuple[str, ...], path: "Path | None") -> "Rotation":
    from paradeiro.app import open_app
    from paradeiro.cli.running.database import database_url, migrate_command
    from paradeiro.flow.operations.key_rotation import check_alone, rotate
    from paradeiro.secret_key import write_key

    with database_url(settings) as url:
        await migrate_command(url)
        async with open_app(settings, url) as context:
            await check_alone(context)
            if path is not None:
                write_key(path, keys)
            return await rotate(context, ",".join(keys))
