"""In: settings; out: a process that runs until a signal: the web, a worker; or a replay."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import datetime

import uvicorn
from fastapi import FastAPI
from rich.console import Console
from uvicorn.config import LOGGING_CONFIG

from paradeiro.app import check_can_start, open_app, real_clock, set_up_logs
from paradeiro.cli.printing import CommandOutput
from paradeiro.cli.running.database import database_url, free_bytes_of
from paradeiro.cli.running.http_connections import web_options
from paradeiro.cli.running.shutdown import end_within
from paradeiro.domain.words import Status
from paradeiro.flow.replay import ReplayResult, replay
from paradeiro.settings import Settings
from paradeiro.web.server import create_app
from paradeiro.worker.run import work

_GRACE_SECONDS = 5
_END_SECONDS = 9.0


def stop_event() -> asyncio.Event:
    """An event that SIGINT and SIGTERM set. From then on the process ends within nine seconds."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def on_signal() -> None:
        if not stop.is_set():
            end_within(_END_SECONDS)
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, on_signal)
    return stop


def serve_command(settings: Settings, workers: int, *, web: str = "paradeiro.cli.running.processes:web_app") -> None:
    """The API and the pages, in `workers` processes that share the port. `web`: import path of the app factory."""
    set_up_logs(settings)
    with database_url(settings, says=False) as url:
        check_can_start(settings, url)  # here, since an error in uvicorn's start would print a traceback
        # The processes are spawned and read their settings from the environment.
        os.environ["PARADEIRO_DATABASE_URL"] = url
        uvicorn.run(
            web,
            factory=True,
            workers=workers,
            host=settings.host,
            port=settings.port,
            **web_options(most=settings.max_connections, proxies=_proxies(settings)),
            timeout_graceful_shutdown=_GRACE_SECONDS,
            log_config=None if settings.log_format == "json" else LOGGING_CONFIG,
        )


def _proxies(settings: Settings) -> str:
    """The configured proxies, else those of uvicorn's own variable."""
    return settings.forwarded_allow_ips or os.environ.get("FORWARDED_ALLOW_IPS", "")


def web_app() -> FastAPI:
    """The application of one web process; its lifespan opens and closes the context."""
    settings = Settings()
    set_up_logs(settings)
    assert settings.database_url is not None, "serve_command sets it"
    url = settings.database_url

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_app(settings, url) as context:
            app.state.context = context
            app.state.free_bytes = free_bytes_of(settings)
            yield
            # By now uvicorn has waited for open requests.
            end_within(_END_SECONDS - _GRACE_SECONDS)

    app = create_app(None, real_clock)
    app.router.lifespan_context = lifespan
    return app


async def work_command(settings: Settings) -> None:
    """Run a worker until a signal."""
    set_up_logs(settings)
    with database_url(settings, says=False) as url:
        async with open_app(settings, url, pool_size=20) as context:
            await work(context, url, stop_event())


async def replay_command(settings: Settings, connector: str, since: datetime, *, dry_run: bool) -> CommandOutput:
    """Record stored replies again; what that changed."""
    set_up_logs(settings)
    waiting = Console(stderr=True).status("Reading stored replies again …")
    with database_url(settings) as url, waiting:
        async with open_app(settings, url) as context:
            done = await replay(context, connector, since=since, dry_run=dry_run)
    moves = [{"from": old, "to": new, "timelines": count} for (old, new), count in done.moves.most_common()]
    facts = asdict(done) | {"dry_run": dry_run, "moves": moves}
    return CommandOutput("\n".join(replay_lines(done, dry_run=dry_run)), facts)


def replay_lines(done: ReplayResult, *, dry_run: bool) -> list[str]:
    """What a replay did, or would do, a line per fact."""
    would = "would be" if dry_run else "were"
    return [
        f"{done.replies} stored replies read again, {done.unreadable} still unreadable.",
        f"{done.events} events {would} added, {sum(done.remapped.values())} known ones given another meaning.",
        *(f"  {code}: {count} events mean something else now" for code, count in done.remapped.most_common()),
        f"{sum(done.moves.values())} timelines {would} changed.",
        *(f"  {_from_to(old, new)}: {count}" for (old, new), count in done.moves.most_common()),
        f"{sum(done.effects.values())} effects {would} planned (no customer is mailed old news).",
        *(f"  {kind}: {count}" for kind, count in done.effects.most_common()),
        f"{done.understood} replies that were not understood {'can be now' if dry_run else 'are now'}.",
        f"{done.resolved} notices {would} resolved by that.",
    ]


def _from_to(old: Status, new: Status) -> str:
    return f"{old} -> {new}" if old is not new else f"{old}, with other details"
