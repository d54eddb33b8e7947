"""In: open tracking pages; out: a server-sent event to each as soon as its packages change.

The database is queried once every few seconds for all open pages together.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg
from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from paradeiro.db.customers import page_versions
from paradeiro.flow.context import Context, log
from paradeiro.web.auth import RequestContext
from paradeiro.web.pages.layout import is_searchable

router = APIRouter()
# Beyond that a page behaves as without scripts: it shows changes when it is reloaded.
MOST_WATCHERS = 2000
EVERY_SECONDS = 5.0
_KEEPALIVE_SECONDS = 20.0
# Browsers reconnect by themselves; short connections let a server stop soon.
_LONGEST_SECONDS = 300.0
_RETRY = "retry: 5000\n\n"
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no", "X-Robots-Tag": "noindex"}


@dataclass(slots=True)
class _WatchedPage:
    """An open page, and its version as last read (empty: not read yet)."""

    version: str = ""
    watchers: int = 0
    news: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(slots=True)
class LiveUpdates:
    """The open pages of this process. Their versions are read only while there are any."""

    watched: dict[str, _WatchedPage] = field(default_factory=dict)
    _reading: asyncio.Task[None] | None = None

    @property
    def full(self) -> bool:
        """Whether no further page gets updates."""
        return sum(each.watchers for each in self.watched.values()) >= MOST_WATCHERS

    @contextmanager
    def watch(self, context: Context, token: str) -> Iterator[_WatchedPage]:
        """Read the page's version regularly until the end of the block."""
        watched = self.watched.setdefault(token, _WatchedPage())
        watched.watchers += 1
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read_versions(context))
        try:
            yield watched
        finally:
            watched.watchers -= 1
            if not watched.watchers:
                self.watched.pop(token, None)

    async def _read_versions(self, context: Context) -> None:
        while self.watched:
            try:
                async with context.pool.connection() as connection:
                    found = await page_versions.page_versions(connection, list(self.watched))
            except (psycopg.Error, TimeoutError) as error:
                # The pages stay as they are; the next round may succeed.
                log.warning("customers' pages cannot be kept up to date now", why=type(error).__name__)
                found = {}
            for token, version in found.items():
                watched = self.watched.get(token)
                if watched is not None and watched.version != version:
                    watched.version = version
                    watched.news.set()
                    watched.news = asyncio.Event()
            await asyncio.sleep(EVERY_SECONDS)


@router.get("/t/{token}/live")
async def listen(request: Request, token: str, context: RequestContext, v: str = "") -> Response:
    """A stream of events named `news`, each when the page's version differs from `v` or the last event's id. 204 for an
    unknown link or too many pages: a browser then does not reconnect.
    """
    async with context.pool.connection() as connection:
        known = await page_versions.page_versions(connection, [token]) if is_searchable(token) else {}
    updates: LiveUpdates = request.app.state.live
    if not known or updates.full:
        return Response(status_code=204, headers=_HEADERS)
    seen = request.headers.get("last-event-id") or v
    return StreamingResponse(_events(updates, context, token, seen), media_type="text/event-stream", headers=_HEADERS)


async def _events(updates: LiveUpdates, context: Context, token: str, seen: str) -> AsyncIterator[str]:
    loop = asyncio.get_running_loop()
    ends_at = loop.time() + _LONGEST_SECONDS
    yield _RETRY
    with updates.watch(context, token) as watched:
        while loop.time() < ends_at:
            news = watched.news
            if watched.version and watched.version != seen:
                seen = watched.version
                yield f"id: {seen}\nevent: news\ndata: {seen}\n\n"
            try:
                await asyncio.wait_for(news.wait(), _KEEPALIVE_SECONDS)
            except TimeoutError:
                yield ": still here\n\n"
