"""In: all that one `up` runs; out: it kept running until a signal: database, web, worker, world."""

import asyncio
import shutil
import signal
import time
from dataclasses import dataclass, field

import psycopg
from rich.console import Console

from paradeiro.cli.accounts import WORLD_STORE
from paradeiro.cli.trial import end_trial, furnish, have_it_push, wait_for_world
from paradeiro.cli.up_processes import Running
from paradeiro.cli.worlds import keep_registering
from paradeiro.db.embedded import Embedded, EmbeddedError
from paradeiro.db.pool import open_connection
from paradeiro.db.stores import has_accounts
from paradeiro.web.space import ENOUGH_BYTES

_WATCH_SECONDS = 0.5
_LOOK_SECONDS = 2.0
_LONGEST_PAUSE = 30.0


def _say(console: Console, sentence: str, style: str = "yellow") -> None:
    console.print(sentence, style=style, markup=False, highlight=False, soft_wrap=True)


@dataclass(slots=True)
class Database:
    """Our own PostgreSQL, brought back whenever it is gone; said once when it goes, once when it is back."""

    server: Embedded
    console: Console
    next_look: float = 0.0
    pause: float = 1.0
    trouble: bool = False

    def look(self) -> bool:
        """Start it again if it died. Whether it can be used."""
        if time.monotonic() < self.next_look:
            return not self.trouble
        try:
            revived = self.server.revive()
        except EmbeddedError as error:
            if not self.trouble:
                self.console.print(
                    f"{error} It is tried again.", style="red", markup=False, highlight=False, soft_wrap=True
                )
            self.trouble = True
            self.next_look = time.monotonic() + self.pause
            self.pause = min(self.pause * 2, _LONGEST_PAUSE)
            return False
        if revived or self.trouble:
            self.console.print(
                "The database had ended; it was started again.", style="yellow", highlight=False, soft_wrap=True
            )
        self.trouble, self.pause, self.next_look = False, 1.0, time.monotonic() + 1.0
        return True


@dataclass(slots=True)
class Space:
    """The disk of the data folder."""

    folder: str
    console: Console
    short: bool = field(default=False)

    def look(self) -> None:
        """Say once when it gets short, once when it no longer is."""
        free = shutil.disk_usage(self.folder).free
        short = free < ENOUGH_BYTES
        if short and not self.short:
            said = (
                f"Only {free // 1_000_000} MB are free on the disk of {self.folder}. Below 64 MB nothing new is taken "
                "in, so that what is there stays whole. Free some space."
            )
            _say(self.console, said, style="red")
        if self.short and not short:
            self.console.print(
                "There is enough space on the disk again.", style="yellow", highlight=False, soft_wrap=True
            )
        self.short = short


async def watch(running: Running) -> None:
    """Until SIGINT or SIGTERM."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    database = None if running.server is None else Database(running.server, running.console)
    space = None if running.server is None else Space(str(running.settings.data_dir.resolve()), running.console)
    trial_over = asyncio.Event()
    registering = asyncio.create_task(_register(running, trial_over)) if running.trial else None
    next_look = 0.0
    while not stop.is_set():
        there = database is None or await asyncio.to_thread(database.look)
        if there:
            for child in running.children:
                child.revive(running.console)
            await _revive_world(running)
        if time.monotonic() >= next_look:
            next_look = time.monotonic() + _LOOK_SECONDS
            if space is not None:
                space.look()
            if there and running.trial is not None and await _real_accounts(running):
                trial_over.set()
                await _end_trial(running)
        try:
            await asyncio.wait_for(stop.wait(), _WATCH_SECONDS)
        except TimeoutError:
            continue
    trial_over.set()
    if registering is not None:
        await registering


async def _register(running: Running, over: asyncio.Event) -> None:
    assert running.trial is not None
    await keep_registering(running.trial.admin, running.address, running.trial_key, over)


async def _revive_world(running: Running) -> None:
    trial = running.trial
    if trial is None or trial.child.process.poll() is None:
        return
    trial.file.unlink(missing_ok=True)
    if trial.child.revive(running.console):
        await asyncio.to_thread(wait_for_world, trial)
        await furnish(running.settings, running.url, trial)
        await have_it_push(running.settings, running.url, running.address, running.console)


async def _real_accounts(running: Running) -> bool:
    """Whether somebody has added an account of a real party meanwhile."""
    try:
        async with await open_connection(running.url) as connection:
            return await has_accounts(connection, except_store=WORLD_STORE)
    except psycopg.Error:
        return False  # the next look tells


async def _end_trial(running: Running) -> None:
    """From the simulated shop to the real one: real time, real parties; the same address, the same keys."""
    assert running.trial is not None
    await asyncio.to_thread(running.stop)
    running.trial, running.children = None, []
    running.settings = running.settings.model_copy(update={"world_file": None})
    await end_trial(running.settings, running.url)
    running.start_children()
    running.console.print(
        f"An account was added: the trial has ended. Its orders stay in the store {WORLD_STORE}; what you have added "
        "is followed from now on.",
        style="bold",
        highlight=False,
        soft_wrap=True,
    )
