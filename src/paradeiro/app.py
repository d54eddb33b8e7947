"""In: settings; out: the wired house: database, connectors, flows' means. Nothing else builds."""

import asyncio
import json
import os
import secrets
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import structlog

from paradeiro.connectors import discover
from paradeiro.db.migrate import head
from paradeiro.db.pool import open_pool
from paradeiro.db.secrets import BadKeyError, new_key
from paradeiro.db.start_check import check_start
from paradeiro.flow.means import Means, Sessions
from paradeiro.flow.tokens import Keeper
from paradeiro.sdk.contract import Clock
from paradeiro.settings import Settings

_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}
_TOKEN_BYTES = 16
# Words in a log line's keys whose values are never written.
_SECRET_WORDS = ("secret", "password", "token", "authorization", "access_code", "api_key", "app_key", "email")


def real_clock() -> datetime:
    """Now, aware, in UTC."""
    return datetime.now(UTC)


def scaled_clock(epoch: datetime, began: datetime, speed: float) -> Clock:
    """A clock that stood at `epoch` when the real one stood at `began`, runs `speed` times faster, and never gets
    ahead of the real one.
    """

    def now() -> datetime:
        real = real_clock()
        return min(epoch + (real - began) * speed, real)

    return now


def clock_for(settings: Settings) -> Clock:
    """The real clock, or the simulated world's while that is what we follow."""
    if settings.world_file is None:
        return real_clock
    said = json.loads(settings.world_file.read_text(encoding="utf-8"))["clock"]
    return scaled_clock(
        datetime.fromisoformat(said["epoch"]), datetime.fromisoformat(said["began"]), float(said["speed"])
    )


def pace_for(settings: Settings) -> float:
    """How fast that clock runs."""
    if settings.world_file is None:
        return 1.0
    return max(float(json.loads(settings.world_file.read_text(encoding="utf-8"))["clock"]["speed"]), 1.0)


def secret_key(settings: Settings) -> str:
    """The key that opens stored credentials: from the settings, else from a file that is made once (mode 0600)."""
    if settings.secret_key is not None:
        return settings.secret_key.get_secret_value()
    path = settings.data_dir / "secret.key"
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip()
    with os.fdopen(handle, "w", encoding="ascii") as file:
        key = new_key()
        file.write(key)
    return key


def check_can_start(settings: Settings, url: str, *, with_key: bool = True) -> None:
    """Raises what is wrong with the database or, `with_key`, with the secret key, as a sentence of what to do."""
    try:
        key = secret_key(settings) if with_key else None
    except (OSError, UnicodeDecodeError) as error:
        path = settings.data_dir / "secret.key"
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        message = f"The secret key cannot be read from or kept in {path}: {reason}. Set PARADEIRO_DATA_DIR or that key."
        raise BadKeyError(message) from error
    check_start(url, key, head())


def inner_hosts(settings: Settings) -> frozenset[str]:
    """The hosts of our own network that an address typed by somebody may lead to."""
    return frozenset(host.strip().lower().rstrip(".") for host in settings.webhook_hosts.split(",") if host.strip())


def new_token() -> str:
    """128 random bits as text for an address that nobody can guess."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def _redact(_: object, __: str, line: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Every log line passes here: values under secret or personal names are left out."""
    return {key: "…" if any(word in key.lower() for word in _SECRET_WORDS) else value for key, value in line.items()}


def set_up_logs(settings: Settings) -> None:
    """Plain lines on a terminal's standard error, redacted."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            _redact,
            structlog.processors.format_exc_info,
            structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[settings.log_level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


@asynccontextmanager
async def house(
    settings: Settings, url: str, *, clock: Clock | None = None, pool_size: int = 10, with_key: bool = True
) -> AsyncIterator[Means]:
    """The means of all flows, on a migrated database at `url`; everything is closed at the end. Not `with_key`: even
    if stored credentials do not open with our key, as for who gives them anew.
    """
    await asyncio.to_thread(check_can_start, settings, url, with_key=with_key)
    clock = clock or clock_for(settings)
    connectors = discover()
    pool = await open_pool(url, size=pool_size)
    # The simulated world has no limits that are shared with a shop, and its minutes may be moments.
    shared = pool if clock is real_clock else None
    keeper = Keeper(pool, secret_key(settings), clock, pace_for(settings))
    sessions = Sessions(connectors, clock, shared, inner_hosts=inner_hosts(settings), keeper=keeper)
    try:
        yield Means(
            pool=pool,
            connectors=connectors,
            clock=clock,
            sessions=sessions,
            secret_key=secret_key(settings),
            new_token=new_token,
            pace=pace_for(settings),
            reply_days=settings.reply_days,
            public_url=(settings.public_url or f"http://{settings.host}:{settings.port}").rstrip("/"),
        )
    finally:
        await sessions.close()
        await pool.close()
