"""In: customers who look at their pages; out: a word to each as soon as there is news (server-sent events).

However many look, the database is asked once every few seconds for all of them.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg
from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from paradeiro.db import live
from paradeiro.flow.means import Means, log
from paradeiro.web.auth import MeansOf
from paradeiro.web.pages.layout import searchable

router = APIRouter()
# Beyond that a page is what it is without scripts: it shows news when it is loaded again.
MOST_WATCHERS = 2000
EVERY_SECONDS = 5.0
_STILL_HERE_SECONDS = 20.0
# A browser comes back by itself; a server that is to stop need not wait for anybody for long.
_LONGEST_SECONDS = 300.0
_COME_BACK = "retry: 5000\n\n"
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no", "X-Robots-Tag": "noindex"}


@dataclass(slots=True)
class _Watched:
    """A link that somebody looks at, and its version as it was last read (empty: not read yet)."""

    version: str = ""
    watchers: int = 0
    news: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(slots=True)
class Hub:
    """Who looks at what in this process. It reads only while somebody looks."""

    watched: dict[str, _Watched] = field(default_factory=dict)
    _reading: asyncio.Task[None] | None = None

    @property
    def full(self) -> bool:
        """Whether nobody else is told."""
        return sum(each.watchers for each in self.watched.values()) >= MOST_WATCHERS

    @contextmanager
    def watching(self, means: Means, token: str) -> Iterator[_Watched]:
        """Have a link read as long as this lasts."""
        watched = self.watched.setdefault(token, _Watched())
        watched.watchers += 1
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read(means))
        try:
            yield watched
        finally:
            watched.watchers -= 1
            if not watched.watchers:
                self.watched.pop(token, None)

    async def _read(self, means: Means) -> None:
        while self.watched:
            try:
                async with means.pool.connection() as connection:
                    found = await live.versions(connection, list(self.watched))
            except (psycopg.Error, TimeoutError) as error:
                # The pages stay as they are; the next look may find it again.
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
async def listen(request: Request, token: str, means: MeansOf, v: str = "") -> Response:
    """Events named `news` when the packages are elsewhere than at the version `v`, as long as the browser listens.
    204: nothing to listen to; a browser then asks no more.
    """
    async with means.pool.connection() as connection:
        known = await live.versions(connection, [token]) if searchable(token) else {}
    hub: Hub = request.app.state.live
    if not known or hub.full:
        return Response(status_code=204, headers=_HEADERS)
    seen = request.headers.get("last-event-id") or v
    return StreamingResponse(_events(hub, means, token, seen), media_type="text/event-stream", headers=_HEADERS)


async def _events(hub: Hub, means: Means, token: str, seen: str) -> AsyncIterator[str]:
    loop = asyncio.get_running_loop()
    ends_at = loop.time() + _LONGEST_SECONDS
    yield _COME_BACK
    with hub.watching(means, token) as watched:
        while loop.time() < ends_at:
            news = watched.news
            if watched.version and watched.version != seen:
                seen = watched.version
                yield f"id: {seen}\nevent: news\ndata: {seen}\n\n"
            try:
                await asyncio.wait_for(news.wait(), _STILL_HERE_SECONDS)
            except TimeoutError:
                yield ": still here\n\n"
