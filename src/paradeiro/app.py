"""In: settings; out: the wired application: database, connectors, context of the flows. Wiring is done only here."""

import asyncio
import fcntl
import json
import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from paradeiro.connectors import discover
from paradeiro.db.migrate import head
from paradeiro.db.pool import open_pool
from paradeiro.db.server.start_check import check_start
from paradeiro.flow.accounts.token_store import TokenStore
from paradeiro.flow.context import Context, Sessions
from paradeiro.flow.people.openid_provider import OpenIdClient, OpenIdProvider
from paradeiro.logs import configure_logs
from paradeiro.sdk.contract import Clock
from paradeiro.secret_key import KeySource, read_key
from paradeiro.settings import Settings

_TOKEN_BYTES = 16


def real_clock() -> datetime:
    """Now, aware, in UTC."""
    return datetime.now(UTC)


def scaled_clock(epoch: datetime, began: datetime, speed: float) -> Clock:
    """A clock that was at `epoch` when the real one was at `began`, runs `speed` times faster, and never gets ahead of
    the real one.
    """

    def now() -> datetime:
        real = real_clock()
        return min(epoch + (real - began) * speed, real)

    return now


def up_lock(settings: Settings) -> Path:
    """The file that a running `up` locks; it contains its address."""
    return settings.data_dir.resolve() / "up.lock"


def up_runs(settings: Settings) -> bool:
    """Whether an `up` of this data folder runs. The kernel releases its lock even after `kill -9`."""
    try:
        handle = os.open(up_lock(settings), os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def simulator_file(settings: Settings) -> Path | None:
    """The description file of the simulator in use: as set by `up` for its child processes, or of a running `up` of the
    same data folder; None without one.
    """
    if settings.simulator_file is not None:
        return settings.simulator_file
    beside = settings.data_dir.resolve() / "world.json"
    return beside if beside.exists() and up_runs(settings) else None


def _simulator_clock(settings: Settings) -> dict[str, str | float] | None:
    file = simulator_file(settings)
    try:
        return None if file is None else dict(json.loads(file.read_text(encoding="utf-8"))["clock"])
    except FileNotFoundError:
        return None  # the trial has ended just now


def clock_for(settings: Settings) -> Clock:
    """The real clock, or the simulator's while it is in use."""
    said = _simulator_clock(settings)
    if said is None:
        return real_clock
    return scaled_clock(
        datetime.fromisoformat(str(said["epoch"])), datetime.fromisoformat(str(said["began"])), float(said["speed"])
    )


def pace_for(settings: Settings) -> float:
    """The speed of that clock: simulated seconds per second, at least 1."""
    said = _simulator_clock(settings)
    return 1.0 if said is None else max(float(said["speed"]), 1.0)


def key_source(settings: Settings) -> KeySource:
    """Where the secret key comes from."""
    given = settings.secret_key.get_secret_value() if settings.secret_key is not None else None
    return KeySource(settings.data_dir, given, settings.secret_key_file, settings.secret_command)


def secret_key(settings: Settings) -> str:
    """The key that opens what is stored encrypted. Raises `BadKeyError`."""
    return read_key(key_source(settings))


def check_can_start(settings: Settings, url: str, *, with_key: bool = True) -> None:
    """Raises what is wrong with the database or, `with_key`, with the secret key, as a sentence of what to do."""
    check_start(url, secret_key(settings) if with_key else None, head())


def internal_hosts(settings: Settings) -> frozenset[str]:
    """The hosts of the internal network that webhook addresses may use."""
    return frozenset(host.strip().lower().rstrip(".") for host in settings.webhook_hosts.split(",") if host.strip())


def openid_provider(settings: Settings) -> OpenIdProvider | None:
    """The provider by which persons may sign in, if one is set."""
    issuer, client_id, secret = settings.openid_issuer, settings.openid_client_id, settings.openid_client_secret
    if issuer is None or client_id is None or secret is None:
        return None
    return OpenIdProvider(OpenIdClient(issuer, client_id, secret.get_secret_value(), settings.openid_label))


def new_token() -> str:
    """128 random bits as text, for unguessable addresses."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def set_up_logs(settings: Settings) -> None:
    """Lines on standard error, redacted: plain, or JSON."""
    configure_logs(settings.log_level, as_json=settings.log_format == "json")


@asynccontextmanager
async def open_app(
    settings: Settings, url: str, *, clock: Clock | None = None, pool_size: int = 10, with_key: bool = True
) -> AsyncIterator[Context]:
    """The context of all flows, on a migrated database at `url`; everything is closed at the end. `with_key` False:
    also if stored credentials do not open with our key (they are about to be replaced).
    """
    await asyncio.to_thread(check_can_start, settings, url, with_key=with_key)
    # A given clock is set by hand: a demo beside a running simulator has its own time.
    pace = pace_for(settings) if clock is None else 1.0
    clock = clock or clock_for(settings)
    connectors = discover()
    pool = await open_pool(url, size=pool_size)
    # The simulator has no rate limits shared with a shop, and its minutes may be moments.
    shared = pool if clock is real_clock else None
    keeper = TokenStore(pool, secret_key(settings), clock, pace)
    sessions = Sessions(connectors, clock, shared, inner_hosts=internal_hosts(settings), token_store=keeper)
    try:
        yield Context(
            pool=pool,
            connectors=connectors,
            clock=clock,
            sessions=sessions,
            secret_key=secret_key(settings),
            new_token=new_token,
            pace=pace,
            reply_days=settings.reply_days,
            real_time=clock is real_clock,
            openid=openid_provider(settings),
            public_url=(settings.public_url or f"http://{settings.host}:{settings.port}").rstrip("/"),
        )
    finally:
        await sessions.close()
        await pool.close()
