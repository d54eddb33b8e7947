"""In: what one `up` has started; out: it supervised until a signal: database, web, worker, simulator."""

import asyncio
import shutil
import signal
import time
from dataclasses import dataclass, field

import psycopg
from rich.console import Console

from paradeiro.app import open_app
from paradeiro.cli.accounts.accounts import SIMULATED_STORE
from paradeiro.cli.backups.schedule import back_up_forever
from paradeiro.cli.running.first_sign_in import sign_in_path
from paradeiro.cli.running.simulated_store import register_repeatedly
from paradeiro.cli.running.simulated_trial import add_trial_accounts, end_trial, start_pushes, wait_for_simulator
from paradeiro.cli.running.up_processes import Running
from paradeiro.db.accounts.stores import has_accounts
from paradeiro.db.pool import open_connection
from paradeiro.db.server.embedded import Embedded, EmbeddedError
from paradeiro.web.disk_space import ENOUGH_BYTES

_WATCH_SECONDS = 0.5
_LOOK_SECONDS = 2.0
_LONGEST_PAUSE = 30.0


def _print(console: Console, sentence: str, style: str = "yellow") -> None:
    console.print(sentence, style=style, markup=False, highlight=False, soft_wrap=True)


@dataclass(slots=True)
class Database:
    """The embedded PostgreSQL, restarted when it dies; printed once when it dies, once when it is back."""

    server: Embedded
    console: Console
    next_look: float = 0.0
    pause: float = 1.0
    problem: bool = False

    def check(self) -> bool:
        """Restart it if it died. Whether it can be used."""
        if time.monotonic() < self.next_look:
            return not self.problem
        try:
            revived = self.server.revive()
        except EmbeddedError as error:
            if not self.problem:
                self.console.print(
                    f"{error} It is tried again.", style="red", markup=False, highlight=False, soft_wrap=True
                )
            self.problem = True
            self.next_look = time.monotonic() + self.pause
            self.pause = min(self.pause * 2, _LONGEST_PAUSE)
            return False
        if revived or self.problem:
            self.console.print(
                "The database had ended; it was started again.", style="yellow", highlight=False, soft_wrap=True
            )
        self.problem, self.pause, self.next_look = False, 1.0, time.monotonic() + 1.0
        return True


@dataclass(slots=True)
class DiskSpace:
    """The disk of the data folder."""

    folder: str
    console: Console
    short: bool = field(default=False)

    def check(self) -> None:
        """Print a warning once when space gets short, a message once when there is enough again."""
        free = shutil.disk_usage(self.folder).free
        short = free < ENOUGH_BYTES
        if short and not self.short:
            said = (
                f"Only {free // 1_000_000} MB are free on the disk of {self.folder}. Below 64 MB nothing new is taken "
                "in, so that what is there stays whole. Free some space."
            )
            _print(self.console, said, style="red")
        if self.short and not short:
            self.console.print(
                "There is enough space on the disk again.", style="yellow", highlight=False, soft_wrap=True
            )
        self.short = short


async def watch(running: Running) -> None:
    """Supervise all of it until SIGINT or SIGTERM."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    database = None if running.server is None else Database(running.server, running.console)
    disk = None if running.server is None else DiskSpace(str(running.settings.data_dir.resolve()), running.console)
    trial_over = asyncio.Event()
    backing_up = asyncio.create_task(_back_up(running, stop))
    registering = asyncio.create_task(_register(running, trial_over)) if running.trial else None
    next_look = 0.0
    while not stop.is_set():
        there = database is None or await asyncio.to_thread(database.check)
        if there:
            for child in running.children:
                child.revive(running.console)
            await _revive_simulator(running)
        if time.monotonic() >= next_look:
            next_look = time.monotonic() + _LOOK_SECONDS
            if disk is not None:
                disk.check()
            if there and running.trial is not None and await _real_accounts(running):
                trial_over.set()
                await _end_trial(running)
        try:
            await asyncio.wait_for(stop.wait(), _WATCH_SECONDS)
        except TimeoutError:
            continue
    trial_over.set()
    await backing_up
    if registering is not None:
        await registering


async def _back_up(running: Running, stop: asyncio.Event) -> None:
    def say(sentence: str) -> None:
        _print(running.console, sentence)

    await back_up_forever(running.settings, running.environment, running.url, stop, say)


async def _register(running: Running, over: asyncio.Event) -> None:
    assert running.trial is not None
    await register_repeatedly(running.trial.admin, running.address, running.trial_key, over)


async def _revive_simulator(running: Running) -> None:
    trial = running.trial
    if trial is None or trial.child.process.poll() is None:
        return
    trial.file.unlink(missing_ok=True)
    if trial.child.revive(running.console):
        await asyncio.to_thread(wait_for_simulator, trial)
        await add_trial_accounts(running.settings, running.url, trial)
        await start_pushes(running.settings, running.url, running.address, running.console)


async def _real_accounts(running: Running) -> bool:
    """Whether there are accounts of real parties by now."""
    try:
        async with await open_connection(running.url) as connection:
            return await has_accounts(connection, except_store=SIMULATED_STORE)
    except psycopg.Error:
        return False  # the next check may succeed


async def _end_trial(running: Running) -> None:
    """Switch from the trial to real parties and real time; addresses and keys stay."""
    assert running.trial is not None
    await asyncio.to_thread(running.stop)
    running.trial, running.children = None, []
    running.settings = running.settings.model_copy(update={"simulator_file": None})
    await end_trial(running.settings, running.url)
    running.start_children()
    running.console.print(
        f"An account was added: the trial has ended. Its orders stay in the store {SIMULATED_STORE}; what you have "
        "added is followed from now on.",
        style="bold",
        highlight=False,
        soft_wrap=True,
    )
    async with open_app(running.settings, running.url) as context:
        path = await sign_in_path(context, None)
    if path:
        said = f"  {running.address}{path}\n  makes you the first administrator, once, within an hour."
        _print(running.console, said, style="")
