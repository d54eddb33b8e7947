"""In: invoiced orders, a configured feed and hook; out: items to fetch, HTTP posts, their retries.

As documented (facts/vtex, section 2.9): at least once, in no order, late. Faults are attributes.
"""

import asyncio
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from paradeiro.simulator.contract_check import breach
from paradeiro.simulator.order_systems.vtex import CONTRACT, OrderSystem

_MOST_PER_LOT = 10
_SHORTEST_RETENTION, _LONGEST_RETENTION = 345_600, 1_209_600
_HOOK_SILENCE = timedelta(days=3)  # after so long without a notification the hook's configuration is removed
_FIRST_RETRY = timedelta(minutes=1)
_MOST_TRIES = 100
_LOOK_SECONDS = 0.2
_EXAMPLE = "v52277740atmc-01"


@dataclass(slots=True)
class News:
    """One change of an order: when it is due (again), and the results of its attempts."""

    order_id: str
    at: datetime
    due: datetime
    statuses: list[int | None] = field(default_factory=list)  # the status of each attempt; None: no answer
    over: bool = False  # accepted, or given up
    handle: str = ""


@dataclass(slots=True)
class OrderNews:
    """The feed and the hook of the only key. `lag`: from the change to the news. Of the hook: each news in `copies`,
    `shuffled`, those of `lost` never. `patience`: seconds allowed for an answer.
    """

    system: OrderSystem
    lag: timedelta = timedelta(seconds=5)
    copies: int = 1
    shuffled: bool = False
    lost: set[str] = field(default_factory=set)
    patience: float = 5.0
    insecure: bool = True  # takes http addresses too; a real one takes https only
    feed_config: dict[str, Any] | None = None
    hook_config: dict[str, Any] | None = None
    queue: list[News] = field(default_factory=list)
    posts: list[News] = field(default_factory=list)
    last_look_at: datetime | None = None
    hook_told_at: datetime | None = None  # when it last had news, or was configured
    feed_told_at: datetime | None = None

    def routes(self) -> list[Route]:
        """Its routes."""
        all_three = ["GET", "POST", "DELETE"]
        return [
            Route("/api/orders/feed/config", self.configure_feed, methods=all_three),
            Route("/api/orders/hook/config", self.configure_hook, methods=all_three),
            Route("/api/orders/feed", self.feed, methods=["GET", "POST"]),
        ]

    # ── configuration ────────────────────────────────────────────────────────────────────────────────────────────────

    async def configure_feed(self, request: Request) -> Response:
        self._queue_invoiced()
        refusal = self.system.check_request(request, "feed")
        if refusal is not None:
            return refusal
        if request.method == "GET":
            more = {"quantity": sum(not n.over for n in self.queue), "approximateAgeOfOldestMessageInSeconds": 0.0}
            return Response(status_code=404) if self.feed_config is None else JSONResponse(self.feed_config | more)
        if request.method == "DELETE":
            self.feed_config, self.queue = None, []
            return Response()
        body = await self._body(request, "POST /api/orders/feed/config")
        if isinstance(body, Response):
            return body
        kept = body["queue"]["MessageRetentionPeriodInSeconds"]
        if not _SHORTEST_RETENTION <= kept <= _LONGEST_RETENTION:
            return self.system.breach(f"MessageRetentionPeriodInSeconds {kept}")
        self.feed_config, self.feed_told_at = body, self.system.clock()
        return JSONResponse(body)

    async def configure_hook(self, request: Request) -> Response:
        self._queue_invoiced()
        refusal = self.system.check_request(request, "hook")
        if refusal is not None:
            return refusal
        if request.method == "DELETE":
            self.hook_config = None
            return Response()
        if request.method == "GET":
            return Response(status_code=404) if self.hook_config is None else JSONResponse(self.hook_config)
        return await self._set_hook(request)

    async def _set_hook(self, request: Request) -> Response:
        body = await self._body(request, "POST /api/orders/hook/config")
        if isinstance(body, Response):
            return body
        problem = await self._ping(body["hook"]["url"])
        if problem:
            return JSONResponse({"message": problem}, 400)
        self.hook_config, self.hook_told_at = body, self.system.clock()
        return JSONResponse(self._notification(News(_EXAMPLE, self.system.clock(), self.system.clock())))

    async def _ping(self, url: str) -> str:
        """Why an address cannot be pushed to; empty if it answers."""
        if not url.startswith("https://") and not self.insecure:
            return "Only https scheme is accepted."
        async with httpx.AsyncClient(timeout=self.patience, trust_env=False) as http:
            # Without the configured headers: whether they come with the ping is not documented.
            answered = await _post(http, url, {}, b'{"hookConfig":"ping"}')
        return "" if answered == 200 else "Unable to check address."

    async def _body(self, request: Request, operation: str) -> dict[str, Any] | Response:
        try:
            body: dict[str, Any] = await request.json()
        except ValueError:
            return self.system.breach(f"{operation}: the body is not JSON")
        broken = breach(CONTRACT, operation, body)
        mixed = {"status", "expression"} <= body.get("filter", {}).keys()
        if mixed:
            return Response(status_code=409)
        return self.system.breach(broken) if broken else body

    # ── the feed ─────────────────────────────────────────────────────────────────────────────────────────────────────

    async def feed(self, request: Request) -> Response:
        self._queue_invoiced()
        refusal = self.system.check_request(request, "feed")
        if refusal is not None:
            return refusal
        if self.feed_config is None:
            return Response(status_code=404)
        return self._lot(request) if request.method == "GET" else await self._commit(request)

    def _lot(self, request: Request) -> Response:
        assert self.feed_config is not None
        lot = request.query_params.get("maxlot", "")
        if not lot.isdigit() or not 1 <= int(lot) <= _MOST_PER_LOT:
            return self.system.breach(f"maxlot {lot!r}: at most {_MOST_PER_LOT}")
        now = self.system.clock()
        hidden = timedelta(seconds=self.feed_config["queue"]["visibilityTimeoutInSeconds"])
        shown = [n for n in self.queue if not n.over and n.due <= now]
        random.Random(len(self.queue)).shuffle(shown)  # no order is promised
        taken = shown[: int(lot)]
        for each in taken:
            each.due, each.handle = now + hidden, f"{each.order_id}/{len(each.statuses)}/{now.timestamp()}"
            each.statuses.append(None)
        return JSONResponse([self._item(each) for each in taken])

    def _item(self, news: News) -> dict[str, Any]:
        told = self._notification(news)
        names = {"state": "State", "lastState": "LastState", "orderId": "OrderId", "domain": "Domain"}
        more = {"lastChange": "LastChange", "currentChange": "CurrentChange"}
        found = {ours: told[theirs] for ours, theirs in (names | more).items()}
        return found | {"eventId": news.order_id.upper(), "handle": news.handle}

    async def _commit(self, request: Request) -> Response:
        body = await self._body(request, "POST /api/orders/feed")
        if isinstance(body, Response):
            return body
        for each in self.queue:
            each.over = each.over or (bool(each.handle) and each.handle in body["handles"])
        return Response()

    # ── what happens ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _queue_invoiced(self) -> None:
        """Queue the orders invoiced since the last look for feed and hook."""
        now = self.system.clock()
        since, self.last_look_at = self.last_look_at or now, now
        for order_id, at in sorted(self.system.invoiced_at.items(), key=lambda each: each[1]):
            if not since < at + self.lag <= now:
                continue
            self._end_silent(at + self.lag)
            if self.feed_config is not None:
                self.feed_told_at = at + self.lag
                self.queue.append(News(order_id, at, at + self.lag))
            if self.hook_config is not None and order_id not in self.lost:
                self.hook_told_at = at + self.lag
                self.posts += [News(order_id, at, at + self.lag) for _ in range(self.copies)]
        self._end_silent(now)

    def _end_silent(self, now: datetime) -> None:
        """Remove a hook without news for three days, a feed without news for its retention period, and items that are
        older (facts/vtex, section 2.9).
        """
        if self.hook_config is not None and self.hook_told_at and now - self.hook_told_at > _HOOK_SILENCE:
            self.hook_config = None
        if self.feed_config is None:
            return
        kept = timedelta(seconds=self.feed_config.get("queue", {}).get("MessageRetentionPeriodInSeconds") or 0)
        if kept and self.feed_told_at and now - self.feed_told_at > kept:
            self.feed_config = None
        self.queue = [n for n in self.queue if not kept or now - n.at <= kept] if self.feed_config else []

    async def push_due(self) -> None:
        """Post what is due; a post not answered with 200 in time is retried, later each time."""
        self._queue_invoiced()
        if self.hook_config is None:
            return
        hook = self.hook_config["hook"]
        async with httpx.AsyncClient(timeout=self.patience, trust_env=False) as http:
            for each in list(self._due()):
                body = json.dumps(self._notification(each)).encode()
                status = await _post(http, hook["url"], hook.get("headers") or {}, body)
                each.statuses.append(status)
                each.over = status == 200 or len(each.statuses) >= _MOST_TRIES
                each.due = self.system.clock() + _FIRST_RETRY * float(2 ** min(len(each.statuses) - 1, 12))

    def _due(self) -> Iterator[News]:
        due = [n for n in self.posts if not n.over and n.due <= self.system.clock()]
        if self.shuffled:
            random.Random(len(due)).shuffle(due)
        yield from due

    async def run(self) -> None:
        """Post until cancelled."""
        while True:
            await self.push_due()
            await asyncio.sleep(_LOOK_SECONDS)

    def _notification(self, news: News) -> dict[str, Any]:
        changed = f"{news.at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}0Z"
        return {
            "Domain": "Fulfillment",
            "OrderId": news.order_id,
            "State": "invoiced",
            "LastState": "invoice",
            "LastChange": changed,
            "CurrentChange": changed,
            "Origin": {"Account": "loja", "Key": self.system.app_key},
        }


async def _post(http: httpx.AsyncClient, url: str, headers: dict[str, str], body: bytes) -> int | None:
    try:
        heads = {**headers, "Content-Type": "application/json"}
        return (await http.post(url, content=body, headers=heads)).status_code
    except httpx.HTTPError:
        return None
