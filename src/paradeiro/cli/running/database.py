"""In: settings; out: the configured database, or the embedded one, with the current schema."""

import asyncio
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from psycopg import conninfo
from rich.console import Console

from paradeiro.app import up_runs
from paradeiro.cli.running.up_lock import address_of_up
from paradeiro.db.migrate import install_queue
from paradeiro.db.migrate import migrate as migrate_schema
from paradeiro.db.server.embedded import Embedded
from paradeiro.db.server.roles import install_roles
from paradeiro.db.server.start_check import check_address
from paradeiro.settings import Settings

REAL_DATABASE = "paradeiro"


@contextmanager
def database_url(settings: Settings, *, says: bool = True) -> Iterator[str]:
    """The URL of the configured or the embedded database, started if needed. `says`: print which, on standard error."""
    if settings.database_url:
        check_address(settings.database_url)
        if says:
            _say(_name_of(settings.database_url))
        yield settings.database_url
        return
    folder = settings.data_dir.resolve() / "postgres"
    with Embedded(folder) as server:
        if says:
            where = address_of_up(settings) if up_runs(settings) else ""
            _say(f"{folder}, which {where} runs on" if where else f"{folder}")
        yield server.url(REAL_DATABASE)


def _say(name: str) -> None:
    Console(stderr=True).print(f"Database: {name}", style="dim", markup=False, highlight=False, soft_wrap=True)


def _name_of(url: str) -> str:
    """Host and database name, never the password."""
    parts = conninfo.conninfo_to_dict(url)
    return f"{parts.get('dbname') or '(its default)'} at {parts.get('host') or 'this machine'}"


def free_bytes_of(settings: Settings) -> Callable[[], int] | None:
    """A function that gives the free bytes on the embedded database's disk; None for another database."""
    folder = settings.data_dir.resolve() / "postgres"
    host = str(conninfo.conninfo_to_dict(settings.database_url or "").get("host") or "")
    if settings.database_url and Path(host).resolve() != folder:
        return None
    return lambda: shutil.disk_usage(folder.parent).free


async def migrate_command(url: str) -> None:
    """Migrate the schema, install the job queue, and make the roles; says so if the database's user may not."""
    await asyncio.to_thread(migrate_schema, url)
    await install_queue(url)
    if why_not := await asyncio.to_thread(install_roles, url):
        text = f"Stores are not kept apart by the database: {why_not}"
        Console(stderr=True).print(text, style="yellow", markup=False, highlight=False, soft_wrap=True)
