"""In: settings; out: the database they name, embedded if they name none, with today's schema."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from paradeiro.db.embedded import Embedded
from paradeiro.db.migrate import install_queue
from paradeiro.db.migrate import migrate as migrate_schema
from paradeiro.db.start_check import check_address
from paradeiro.settings import Settings

REAL_DATABASE = "paradeiro"


@contextmanager
def database_url(settings: Settings) -> Iterator[str]:
    """The configured database, or the embedded one, started if it does not run."""
    if settings.database_url:
        check_address(settings.database_url)
        yield settings.database_url
        return
    with Embedded(settings.data_dir / "postgres") as server:
        yield server.url(REAL_DATABASE)


async def migrate_command(url: str) -> None:
    """Today's schema and queue."""
    await asyncio.to_thread(migrate_schema, url)
    await install_queue(url)
