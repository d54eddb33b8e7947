"""In: settings; out: the whole house running until Ctrl-C; the simulated world too while there is no account."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psycopg
from rich.console import Console

from paradeiro.app import house, real_clock
from paradeiro.cli.accounts import make_key
from paradeiro.cli.database import REAL_DATABASE, migrate_command
from paradeiro.cli.worlds import WORLD_STORE, add_accounts, keep_registering, spawn_world, subscribe
from paradeiro.db.embedded import Embedded
from paradeiro.db.migrate import DatabaseTooOldError, DatabaseUnreachableError
from paradeiro.db.pool import open_pool
from paradeiro.db.stores import has_accounts, revoke_named, stores
from paradeiro.flow.errors import StatementError
from paradeiro.settings import Settings
from paradeiro.web.pages import one_time_link

_WORLD_DATABASE = "paradeiro_world"
_OWN_KEY = "paradeiro up"
_READY_SECONDS = 30.0
_STOP_SECONDS = 10.0
_WATCH_SECONDS = 0.5
# A child that keeps dying is restarted with growing pauses, and never silently.
_LONGEST_PAUSE = 30.0


class UpError(RuntimeError):
    """Why the house cannot start. Its text is for the person who typed."""


@dataclass(slots=True)
class _Child:
    """One process of ours, kept alive."""

    name: str
    command: list[str]
    env: dict[str, str]
    process: subprocess.Popen[bytes] = field(init=False)
    pause: float = 1.0
    started: float = 0.0

    def start(self) -> None:
        self.started = time.monotonic()
        self.process = subprocess.Popen(self.command, env=self.env)  # noqa: S603 - our own commands

    def revive(self, console: Console) -> None:
        """Start again if it died; the pause grows while it keeps dying."""
        if self.process.poll() is None:
            return
        lived = time.monotonic() - self.started
        if lived < self.pause:
            return
        code = self.process.returncode
        console.print(f"{self.name} ended with {code}; starting it again.", style="yellow", highlight=False)
        self.pause = 1.0 if lived > 60 else min(self.pause * 2, _LONGEST_PAUSE)
        self.start()

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)

    def wait(self, until: float) -> None:
        try:
            self.process.wait(max(until - time.monotonic(), 0.1))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def up_command(settings: Settings, console: Console) -> int:
    """Run until SIGINT or SIGTERM; the exit status. Raises `UpError`."""
    with ExitStack() as stack:
        return _up(settings, console, stack)


def _up(settings: Settings, console: Console, stack: ExitStack) -> int:
    url, follows_world = _database(settings, stack)
    port = _free_port(settings)
    env = os.environ | {
        "PARADEIRO_DATABASE_URL": url,
        "PARADEIRO_DATA_DIR": str(settings.data_dir.resolve()),
        "PARADEIRO_PORT": str(port),
    }
    world = None
    if follows_world:
        world = spawn_world(settings, stack)
        env["PARADEIRO_WORLD_FILE"] = str(world.file)
    settings = settings.model_copy(update={"port": port, "world_file": world.file if world else None})
    sign_in, key = asyncio.run(_furnish(settings, url, world.file if world else None))
    me = [sys.executable, "-m", "paradeiro"]
    children = [_Child("the web", [*me, "serve"], env), _Child("the worker", [*me, "work"], env)]
    address = f"http://{settings.host}:{port}"
    try:
        for child in children:
            child.start()
        _wait_until_ready(address, children)
        if world is not None:
            asyncio.run(_have_it_push(settings, url, address, console))
        _greet(console, address, sign_in, key, world.admin if world else None)
        asyncio.run(_watch(children, console, address, key, world.admin if world else None))
    finally:
        until = time.monotonic() + _STOP_SECONDS
        for child in children:
            child.stop()
        for child in children:
            child.wait(until)
    console.print("Stopped. Nothing is lost; start again whenever you like.")
    return 0


def _database(settings: Settings, stack: ExitStack) -> tuple[str, bool]:
    """A migrated database, and whether we follow the simulated world in it."""
    try:
        if settings.database_url:
            asyncio.run(migrate_command(settings.database_url))
            return settings.database_url, settings.world and not _has_real_accounts(settings.database_url)
        server = stack.enter_context(Embedded(settings.data_dir.resolve() / "postgres"))
        url = server.url(REAL_DATABASE)
        asyncio.run(migrate_command(url))
        if not settings.world or _has_real_accounts(url):
            return url, False
        # The world begins anew each time, so its database does too; the real one is never touched by it.
        url = server.fresh_url(_WORLD_DATABASE)
        asyncio.run(migrate_command(url))
    except (psycopg.OperationalError, DatabaseTooOldError, DatabaseUnreachableError) as error:
        message = f"The database cannot be used: {str(error).strip()}"
        raise UpError(message) from error
    else:
        return url, True


def _has_real_accounts(url: str) -> bool:
    async def look() -> bool:
        pool = await open_pool(url, size=1)
        try:
            async with pool.connection() as connection:
                return await has_accounts(connection, except_store=WORLD_STORE)
        finally:
            await pool.close()

    return asyncio.run(look())


def _free_port(settings: Settings) -> int:
    """The configured port, or a free one if that is taken."""
    for port in (settings.port, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((settings.host, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    message = f"No port can be opened on {settings.host}: set PARADEIRO_HOST to an address of this machine."
    raise UpError(message)


async def _furnish(settings: Settings, url: str, world_file: Path | None) -> tuple[str, str]:
    """What a first look needs: the world's accounts, an API key, and a sign-in address that works once for an hour."""
    async with house(settings, url) as means:
        store = WORLD_STORE
        if world_file is not None:
            said = json.loads(world_file.read_bytes())  # noqa: ASYNC240 - a small file, before anything runs
            await add_accounts(means, said["accounts"], said["channels"])
        else:
            async with means.pool.connection() as connection:
                store = next((s.name for s in (await stores(connection)).values()), "store")
        # One key for whoever started it last: those of earlier starts end.
        async with means.pool.connection() as connection:
            await revoke_named(connection, _OWN_KEY, now=means.now())
        key_id, key = await make_key(means, store, name=_OWN_KEY)
        return one_time_link(key_id, means.secret_key, real_clock()), key


async def _have_it_push(settings: Settings, url: str, address: str, console: Console) -> None:
    """The world's post office pushes too, as soon as the web is there to hear it."""
    async with house(settings, url) as means:
        try:
            await subscribe(means, "correios", address)
        except StatementError as error:
            console.print(f"The world will not push: {error.message}", style="yellow", markup=False, highlight=False)


def _wait_until_ready(address: str, children: list[_Child]) -> None:
    until = time.monotonic() + _READY_SECONDS
    while time.monotonic() < until:
        if any(child.process.poll() is not None for child in children):
            break
        try:
            if httpx.get(f"{address}/health", timeout=1, trust_env=False).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.1)
    message = "The web or the worker did not start; what went wrong stands above."
    raise UpError(message)


def _greet(console: Console, address: str, sign_in: str, key: str, admin: str | None) -> None:
    def line(label: str, text: str) -> None:
        console.print(f"  {label:<22}{text}", markup=False, highlight=False, soft_wrap=True)

    console.print("\nParadeiro is up.\n", style="bold")
    line("Orders", f"{address}{sign_in}")
    line("", "(signs you in; works for an hour)")
    line("API", f"{address}/docs   reads and writes with  X-API-Key: {key}")
    if admin:
        line("The simulated world", f"{admin}/")
        line("", "its mailboxes, its order system, its marketplace: what was told outside")
        console.print(
            "\n  No account is configured, so Paradeiro follows a simulated world, whose time runs faster until it "
            "reaches today.\n  Look at an order, then at the mails in the world. For real packages: "
            "paradeiro account --help",
            highlight=False,
        )
    console.print("\n  Ctrl-C stops it.\n", highlight=False)


async def _watch(children: list[_Child], console: Console, address: str, key: str, admin: str | None) -> None:
    """Keep the children alive until a signal comes."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    registering = asyncio.create_task(keep_registering(admin, address, key, stop)) if admin else None
    while not stop.is_set():
        for child in children:
            child.revive(console)
        try:
            await asyncio.wait_for(stop.wait(), _WATCH_SECONDS)
        except TimeoutError:
            continue
    if registering is not None:
        await registering
