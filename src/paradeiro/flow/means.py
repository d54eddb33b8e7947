"""In: the parts that app wires; out: one frozen value that every flow is handed, and the sessions it keeps open."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog

from paradeiro.db import allowances
from paradeiro.db.pool import Pool, transaction
from paradeiro.db.stores import Account
from paradeiro.flow.tokens import Keeper
from paradeiro.sdk.contract import AccountRef, Clock, Connector

log = structlog.get_logger()
_LEAVE_SECONDS = 2.0


class Sessions:
    """Open sessions, one per account; an account whose settings changed gets a new one."""

    def __init__(
        self,
        connectors: Mapping[str, Connector],
        clock: Clock,
        shared: Pool | None = None,
        inner_hosts: frozenset[str] = frozenset(),
        keeper: Keeper | None = None,
    ) -> None:
        """`shared`: where all workers together keep to what a party allows; None (no real party): nobody counts.
        `inner_hosts`: hosts of our own network that we may post to. `keeper`: of the tokens that parties give.
        """
        self._connectors = connectors
        self._inner_hosts = inner_hosts
        self._keeper = keeper
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

    def fresh(self, account: Account) -> Any:
        """A session of the caller's own, for an account that may not be kept yet. The caller closes it."""
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
            spend=None if self._shared is None else partial(self._spend, self._shared, account),
            keep=None if self._keeper is None else partial(self._keeper.keep, account),
        )

    async def _spend(self, pool: Pool, account: Account, per_minute: float) -> None:
        """Wait for leave to make one request."""
        async with transaction(pool) as connection:
            wait = await allowances.spend(
                connection, account.store_id, account.id, per_minute=per_minute, now=self._clock()
            )
        await asyncio.sleep(wait.total_seconds())

    async def close(self) -> None:
        """Close them all, at the same time. A goodbye that takes long is not waited for."""
        taking_leave = [asyncio.ensure_future(session.close()) for _, session in self._open.values()]
        self._open.clear()
        if not taking_leave:
            return
        done, pending = await asyncio.wait(taking_leave, timeout=_LEAVE_SECONDS)
        for task in pending:
            task.cancel()
        for task in done:
            task.result()


@dataclass(frozen=True, slots=True)
class Means:
    """What a flow works with. `new_token` makes an unguessable text; `secret_key` opens stored credentials."""

    pool: Pool
    connectors: Mapping[str, Connector]
    clock: Clock
    sessions: Sessions
    secret_key: str = field(repr=False)
    new_token: Callable[[], str]
    public_url: str
    reply_days: int = 30  # how long raw replies are kept; those that were not understood longer
    pace: float = 1.0  # how many of our seconds go by in a real one; more than one only beside the simulated world

    real_time: bool = False  # whether the clock is the machine's own, which can be compared with the database's

    def now(self) -> datetime:
        return self.clock()

    def lease(self, span: timedelta) -> datetime:
        """Until when something is ours. A lease guards against other processes, so it lasts real time."""
        return self.clock() + span * self.pace
