"""In: settings and a running `up`; out: a backup whenever one is due, older ones removed, failures seen."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg

from paradeiro.app import open_app
from paradeiro.cli.backups.archiving import base_is_due, make_base
from paradeiro.cli.backups.backup_files import backups_in, remove_older
from paradeiro.db.server.embedded import EmbeddedError
from paradeiro.db.server.start_check import UnusableDatabaseError
from paradeiro.settings import Settings
from paradeiro.worker.failures import Failures

_JOB, _BASE_JOB = "backup", "base backup"
_LONGEST_SECONDS = 13 * 3600.0
_LOOK_SECONDS = 30.0
_SHORTEST_PAUSE, _LONGEST_PAUSE = 60.0, 3600.0
_STOP_SECONDS = 10.0


class BackupFailedError(RuntimeError):
    """A backup could not be made; the text is what the command said."""


def last_backup(folder: Path) -> datetime | None:
    """When the newest whole backup was taken; None if there is none."""
    found = backups_in(folder)
    return found[0].taken_at if found else None


def backup_problem(settings: Settings, now: datetime) -> str:
    """A sentence if `up` should have made a backup and has not; empty else. Raises `OSError`."""
    if settings.backup_folder is None:
        return ""
    last = last_backup(settings.backup_folder)
    if last is not None and now - last <= 2 * timedelta(hours=settings.backup_hours):
        return ""
    since = "there is none" if last is None else f"the last is of {last:%Y-%m-%d %H:%M} UTC"
    return f"No backup was made in time in {settings.backup_folder}: {since}. See the log of `paradeiro up`."


_FAILURES = (BackupFailedError, EmbeddedError, OSError, TimeoutError, psycopg.Error, UnusableDatabaseError)


async def back_up_forever(
    settings: Settings,
    environment: Callable[[], Mapping[str, str]],
    url: str,
    stop: asyncio.Event,
    say: Callable[[str], None],
) -> None:
    """Make a backup whenever one is due until `stop` is set. Nothing that fails here ends `up`."""
    await asyncio.gather(_backups(settings, environment, url, stop, say), _bases(settings, url, stop, say))


async def _backups(
    settings: Settings,
    environment: Callable[[], Mapping[str, str]],
    url: str,
    stop: asyncio.Event,
    say: Callable[[str], None],
) -> None:
    folder = settings.backup_folder
    if folder is None:
        return

    async def make() -> None:
        if _is_due(folder, settings.backup_hours, datetime.now(UTC)):
            await _watched(settings, url, _JOB, _back_up(folder, environment(), stop))
            remove_older(folder, settings.backup_keep)

    await _repeat(make, f"The backup into {folder}", stop, say)


async def _bases(settings: Settings, url: str, stop: asyncio.Event, say: Callable[[str], None]) -> None:
    folder = settings.wal_folder
    if folder is None or settings.database_url is not None:
        return

    async def make() -> None:
        if base_is_due(folder, settings.backup_hours, datetime.now(UTC)):
            await _watched(settings, url, _BASE_JOB, asyncio.to_thread(make_base, url, folder))

    await _repeat(make, f"The base backup into {folder}", stop, say)


async def _repeat(
    make: Callable[[], Awaitable[None]], name: str, stop: asyncio.Event, say: Callable[[str], None]
) -> None:
    pause, failing = _SHORTEST_PAUSE, False
    while not stop.is_set():
        wait = _LOOK_SECONDS
        try:
            await make()
        except _FAILURES as error:
            if not failing:
                say(f"{name} failed: {error} It is tried again.")
            wait, failing = pause, True
            pause = min(pause * 2, _LONGEST_PAUSE)
        else:
            if failing:
                say(f"{name} is made again.")
            pause, failing = _SHORTEST_PAUSE, False
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), wait)


def _is_due(folder: Path, hours: float, now: datetime) -> bool:
    last = last_backup(folder)
    return last is None or now - last >= timedelta(hours=hours)


async def _watched(settings: Settings, url: str, job: str, work: Awaitable[None]) -> None:
    """Do it as a job of a worker is done: failures are counted, shown by `paradeiro status`, and after the third a
    notice.
    """
    async with open_app(settings, url, pool_size=2) as context:
        failures = Failures(context)
        await failures.load()
        await failures.watch(job, "", work)


async def _back_up(folder: Path, environment: Mapping[str, str], stop: asyncio.Event) -> None:
    """Run `paradeiro backup` as a process of its own, ended when `up` ends. Raises `BackupFailedError`."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "paradeiro", "backup", str(folder)),
        env={**os.environ, **environment},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,  # no terminal to ask for a passphrase at, no Ctrl-C of its own
    )
    stopping, talking = asyncio.create_task(stop.wait()), asyncio.create_task(process.communicate())
    try:
        async with asyncio.timeout(_LONGEST_SECONDS):
            await asyncio.wait([stopping, talking], return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.terminate()
    said = (await asyncio.wait_for(talking, _STOP_SECONDS))[1].decode("utf-8", "replace").strip().splitlines()
    if process.returncode != 0 and not stop.is_set():
        raise BackupFailedError(said[-1] if said else f"it ended with status {process.returncode}.")
