"""In: settings; out: Paradeiro running until Ctrl-C, with the simulator while there is no account."""

import asyncio
import signal
import socket
import time
from contextlib import ExitStack
from types import FrameType
from typing import NoReturn

import httpx
import psycopg
from rich.console import Console

from paradeiro.app import open_app
from paradeiro.cli.accounts.accounts import SIMULATED_STORE, make_key
from paradeiro.cli.backups.archiving import embedded_server
from paradeiro.cli.running.child_processes import ChildProcess, Lifeline
from paradeiro.cli.running.database import REAL_DATABASE, migrate_command
from paradeiro.cli.running.first_sign_in import sign_in_path
from paradeiro.cli.running.simulated_trial import (
    TrialError,
    add_trial_accounts,
    delete_trial_files,
    end_trial,
    make_trial,
    start_pushes,
    start_trial,
)
from paradeiro.cli.running.supervision import watch
from paradeiro.cli.running.up_lock import UpLock, hold_up_lock
from paradeiro.cli.running.up_processes import Running
from paradeiro.db.accounts.stores import add_store, api_key_named, has_accounts, revoke_named, stores
from paradeiro.db.migrate import DatabaseTooOldError, DatabaseUnreachableError
from paradeiro.db.people.operators import anybody_can_sign_in
from paradeiro.db.pool import open_pool
from paradeiro.db.server.embedded import Embedded
from paradeiro.flow.context import Context
from paradeiro.settings import Settings

_OWN_KEY = "paradeiro up"
_TRIAL_KEY = "paradeiro up, for the trial's packages"
_READY_SECONDS = 30.0


class UpError(RuntimeError):
    """Why Paradeiro cannot start. The text is shown to the user."""


def up_command(settings: Settings, console: Console, *, fresh: bool = False, show_key: bool = False) -> int:
    """Run until SIGINT or SIGTERM; the exit status. Raises `UpError`, `UpRunsError` and `EmbeddedError`."""
    signal.signal(signal.SIGTERM, _end_on_signal)
    with ExitStack() as stack:
        lock = stack.enter_context(hold_up_lock(settings))
        try:
            return _up(settings, console, stack, lock, fresh=fresh, show_key=show_key)
        except (psycopg.OperationalError, DatabaseTooOldError, DatabaseUnreachableError) as error:
            message = f"The database cannot be used: {str(error).strip()}"
            raise UpError(message) from error
        except TrialError as error:
            raise UpError(str(error)) from error
        except KeyboardInterrupt:
            return 130


def _end_on_signal(_: int, __: FrameType | None) -> NoReturn:
    """A signal during the start: exit, so that what was started is stopped."""
    raise SystemExit(143)


def _up(settings: Settings, console: Console, stack: ExitStack, lock: UpLock, *, fresh: bool, show_key: bool) -> int:
    server = None
    if settings.database_url is None:
        server = stack.enter_context(embedded_server(settings))
    if fresh:
        _reset_trial(settings, server)
    url = settings.database_url or (server.url(REAL_DATABASE) if server else "")
    asyncio.run(migrate_command(url))
    port = _free_port(settings, console)
    address = f"http://{settings.host}:{port}"
    settings = settings.model_copy(update={"port": port})
    running = Running(settings, console, url, address, server, Lifeline())
    stack.callback(running.stop)
    if settings.simulator and not _has_real_accounts(url):
        running.trial = make_trial(settings, running.lifeline)
        start_trial(running.trial)
        running.settings = settings = settings.model_copy(update={"simulator_file": running.trial.file})
    else:
        asyncio.run(end_trial(settings, url))
    shown = asyncio.run(_prepare(running, always=show_key))
    running.start_children()
    _wait_until_ready(address, running.children)
    if running.trial is not None:
        asyncio.run(start_pushes(settings, url, address, console))
    lock.write_address(address)
    _print_addresses(running, *shown)
    asyncio.run(watch(running))
    console.print("Stopping.", style="dim")
    running.stop()
    console.print("Stopped. Nothing is lost; start again whenever you like.")
    return 0


def _reset_trial(settings: Settings, server: Embedded | None) -> None:
    """Remove the trial with all its data. Raises `UpError` if there is other data."""
    if server is None:
        message = "--fresh is for the embedded database only. Empty yours yourself, or name another one."
        raise UpError(message)
    url = server.url(REAL_DATABASE)
    asyncio.run(migrate_command(url))
    if others := [name for name in asyncio.run(_store_names(url)) if name != SIMULATED_STORE]:
        message = f"--fresh would remove the store {others[0]}, which is no trial. Nothing was removed."
        raise UpError(message)
    delete_trial_files(settings)
    server.fresh_url(REAL_DATABASE)


async def _store_names(url: str) -> list[str]:
    pool = await open_pool(url, size=1)
    try:
        async with pool.connection() as connection:
            return [each.name for each in (await stores(connection)).values()]
    finally:
        await pool.close()


def _has_real_accounts(url: str) -> bool:
    async def query() -> bool:
        pool = await open_pool(url, size=1)
        try:
            async with pool.connection() as connection:
                return await has_accounts(connection, except_store=SIMULATED_STORE)
        finally:
            await pool.close()

    return asyncio.run(query())


def _free_port(settings: Settings, console: Console) -> int:
    """The configured port; if that is taken, a free one, with a message. Raises `UpError`."""
    for port in (settings.port, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((settings.host, port))
                found = int(probe.getsockname()[1])
            except OSError:
                continue
        if port != settings.port:
            said = f"Port {settings.port} is taken by another program: {found} is used. PARADEIRO_PORT names another."
            console.print(said, style="yellow", markup=False, highlight=False, soft_wrap=True)
        return found
    message = f"No port can be opened on {settings.host}: set PARADEIRO_HOST to an address of this machine."
    raise UpError(message)


async def _prepare(running: Running, *, always: bool) -> tuple[str, str]:
    """Add the trial's accounts, a store and keys. A sign-in path and an API key, each empty if it is not to be shown:
    what is printed may end up in a log.
    """
    if running.trial is not None:
        await add_trial_accounts(running.settings, running.url, running.trial)
    async with open_app(running.settings, running.url) as context:
        async with context.pool.connection() as connection:
            known = await stores(connection)
            ours = [s.name for s in known.values() if (s.name == SIMULATED_STORE) is (running.trial is not None)]
            name = ours[0] if ours else "store"
            store_id = await add_store(connection, name, now=context.now())
            key_id = await api_key_named(connection, store_id, _OWN_KEY)
            await revoke_named(connection, _TRIAL_KEY, now=context.now())
        if running.trial is not None:
            running.trial_key = (await make_key(context, name, name=_TRIAL_KEY))[1]
        key = ""
        first = key_id is None
        if first or always:
            key_id, key = await make_key(context, name, name=_OWN_KEY)
        shown = first or always or running.console.is_terminal
        if not shown:
            await _say_how_to_begin(running, context)
            return "", key
        return await sign_in_path(context, store_id if running.trial else None), key


async def _say_how_to_begin(running: Running, context: Context) -> None:
    """What is printed may end up in a log, so a link is not; after an upgrade from keys there is nobody yet."""
    async with context.pool.connection() as connection:
        if running.trial is None and not await anybody_can_sign_in(connection):
            said = "Nobody can sign in yet: paradeiro operator add EMAIL --store STORE --role administrator"
            running.console.print(said, style="yellow", markup=False, highlight=False, soft_wrap=True)


def _wait_until_ready(address: str, children: list[ChildProcess]) -> None:
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


def _print_addresses(running: Running, sign_in: str, key: str) -> None:
    console, address = running.console, running.address

    def line(label: str, text: str) -> None:
        console.print(f"  {label:<22}{text}", markup=False, highlight=False, soft_wrap=True)

    console.print("\nParadeiro is up.\n", style="bold")
    line("Orders", f"{address}{sign_in}")
    if sign_in:
        does = "signs you in" if running.trial else "makes you the first administrator"
        line("", f"({does}, once, within an hour)")
    line("API", f"{address}/docs" + (f"   reads and writes with  X-API-Key: {key}" if key else ""))
    if not key:
        line("", "(the API key of the first start goes on working; for another: paradeiro up --show-key)")
    if running.trial:
        line("The simulator", f"{running.trial.admin}/")
        line("", "its mailboxes, its order system, its marketplace: what was sent outside")
        console.print(
            "\n  No account is configured, so Paradeiro follows a simulated shop that has sold for ten days; its time "
            "runs\n  faster until it reaches today. Look at an order, then at the mails in the simulator.\n"
            "  For real packages: paradeiro store add, then paradeiro account; this trial ends by itself then.\n"
            "  To begin it anew: paradeiro up --fresh",
            highlight=False,
            soft_wrap=True,
        )
    console.print("\n  Ctrl-C stops it.\n", highlight=False)
