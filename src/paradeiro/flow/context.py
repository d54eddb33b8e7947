"""In: what app.py constructs; out: the frozen `Context` that every flow receives, and the open `Sessions`."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog

from paradeiro.db.accounts import rate_limits
from paradeiro.db.accounts.stores import Account
from paradeiro.db.pool import Pool, transaction
from paradeiro.domain.tally import Tally
from paradeiro.flow.accounts.token_store import TokenStore
from paradeiro.flow.people.openid_provider import OpenIdProvider
from paradeiro.sdk.contract import AccountRef, Clock, Connector

log = structlog.get_logger()
_CLOSE_SECONDS = 2.0


class Sessions:
    """Open sessions, one per account; an account whose settings changed gets a new one."""

    def __init__(
        self,
        connectors: Mapping[str, Connector],
        clock: Clock,
        shared: Pool | None = None,
        inner_hosts: frozenset[str] = frozenset(),
        token_store: TokenStore | None = None,
    ) -> None:
        """`shared`: pool of the rate limits shared by all workers; None: no rate limit (no real party).
        `inner_hosts`: hosts of our own network that we may post to. `token_store`: tokens issued by parties.
        """
        self._connectors = connectors
        self._inner_hosts = inner_hosts
        self._token_store = token_store
        self._clock = clock
        self._shared = shared
        self._open: dict[int, tuple[AccountRef, Any]] = {}

    async def of(self, account: Account) -> Any:
        """The account's session (a CarrierSession, OrderSystemSession or SinkSession, as its kind says)."""
        ref = self._ref(account)
        known = self._open.get(account.id)
        if known is not None and known[0] == ref:
            return known[1]
        if known is not None:
            await known[1].close()
        session = self._connectors[account.connector].open(ref, self._clock)
        self._open[account.id] = (ref, session)
        return session

    def open_separate(self, account: Account) -> Any:
        """An uncached session, for an account that may not be stored yet. The caller closes it."""
        return self._connectors[account.connector].open(self._ref(account), self._clock)

    def _ref(self, account: Account) -> AccountRef:
        return AccountRef(
            account.id,
            account.store_id,
            account.connector,
            account.name,
            account.settings,
            account.channel,
            self._inner_hosts,
            spend=None if self._shared is None else partial(self._wait_for_rate_limit, self._shared, account),
            keep=None if self._token_store is None else partial(self._token_store.current_tokens, account),
        )

    async def _wait_for_rate_limit(self, pool: Pool, account: Account, per_minute: float) -> None:
        """Wait until the shared rate limit allows one request."""
        async with transaction(pool) as connection:
            wait = await rate_limits.take_request(
                connection, account.store_id, account.id, per_minute=per_minute, now=self._clock()
            )
        await asyncio.sleep(wait.total_seconds())

    async def close(self) -> None:
        """Close all sessions concurrently, waiting at most `_CLOSE_SECONDS`."""
        closing = [asyncio.ensure_future(session.close()) for _, session in self._open.values()]
        self._open.clear()
        if not closing:
            return
        done, pending = await asyncio.wait(closing, timeout=_CLOSE_SECONDS)
        for task in pending:
            task.cancel()
        for task in done:
            task.result()


@dataclass(frozen=True, slots=True)
class Context:
    """What a flow works with. `new_token` makes an unguessable text; `secret_key` decrypts stored credentials."""

    pool: Pool
    connectors: Mapping[str, Connector]
    clock: Clock
    sessions: Sessions
    secret_key: str = field(repr=False)
    new_token: Callable[[], str]
    public_url: str
    reply_days: int = 30  # retention of raw replies; unreadable ones are held longer
    pace: float = 1.0  # clock seconds per real second; above 1 only with the simulator

    real_time: bool = False  # whether the clock is the machine's, comparable with the database's
    openid: OpenIdProvider | None = None  # by which persons may sign in
    tally: Tally = field(default_factory=Tally, compare=False)  # what this process counted, for /metrics

    def now(self) -> datetime:
        return self.clock()

    def lease(self, span: timedelta) -> datetime:
        """The end of a lease. It guards against other processes, so it lasts real time."""
        return self.clock() + span * self.pace
