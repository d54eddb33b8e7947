"""In: jobs that a worker took; out: each run within the limits of its account, store, kind of party and group.

A waiting job is cheap, but parties can be slow for as long as a timeout allows. So no store and no kind of work may
use all slots.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from paradeiro.db import jobs
from paradeiro.db.accounts import stores
from paradeiro.db.jobs import Job
from paradeiro.db.pool import transaction
from paradeiro.domain.words import PartyKind
from paradeiro.flow.context import Context

# Per account and kind of job: the second takes what became due while the first waits for answers.
_PER_ACCOUNT = 2
# A job of a store that has used up its share and has as many waiting goes back into the queue for so long.
_RETRY_DELAY = timedelta(seconds=1)
_WAITING_PER_RUNNING = 1


@dataclass(frozen=True, slots=True)
class Group:
    """Kinds of jobs that share slots which no other kind can take. `at_once`: how many a worker takes of them.
    `per_store`: how many of those run for one store at one kind of party.
    """

    entrypoints: tuple[str, ...]
    at_once: int
    per_store: int


GROUPS = (
    Group((jobs.RELAY,), at_once=60, per_store=6),
    # Anyone with a key can add webhook endpoints, and these hang most often.
    Group((jobs.HOOKS,), at_once=60, per_store=6),
    Group((jobs.COLLECT, jobs.CARRIER_FEED, jobs.PROVE, jobs.LISTEN), at_once=60, per_store=6),
    Group((jobs.ORDERS, jobs.NAMED, jobs.FEED), at_once=40, per_store=4),
    # Fetching a carrier's files may take minutes.
    Group((jobs.FOLDER, jobs.REMOTE_FILES), at_once=20, per_store=4),
    # No network: each is a moment's work in the database, of which there are only so many connections.
    Group((jobs.RECORD, jobs.REASSESS), at_once=20, per_store=20),
)


class Slots:
    """The slots of one group in one worker."""

    def __init__(self, context: Context, group: Group) -> None:
        self.group = group
        self._context = context
        self._owners: dict[int, tuple[int, PartyKind]] = {}
        self._running: Counter[tuple[str, str]] = Counter()
        self._again: set[tuple[str, str]] = set()
        self._taken: Counter[tuple[int, PartyKind]] = Counter()
        self._shares: dict[tuple[int, PartyKind], asyncio.Semaphore] = {}

    async def run(self, entrypoint: str, payload: str, work: Callable[[], Awaitable[None]]) -> None:
        """Run one job in its share. If its account is busy here, it is merged with the running ones; if its store's
        share is used up, it is enqueued again with a delay.
        """
        key = (entrypoint, payload)
        if entrypoint in {jobs.RECORD, jobs.REASSESS}:
            await work()
        elif self._running[key] >= _PER_ACCOUNT:
            self._again.add(key)
        else:
            await self._run_in_share(key, work)

    async def _run_in_share(self, key: tuple[str, str], work: Callable[[], Awaitable[None]]) -> None:
        self._running[key] += 1
        try:
            owner = await self._owner(int(key[1])) if key[1].isdecimal() else None
            if owner is None:
                await work()
            elif self._is_full(owner):
                await self._enqueue(Job(*key, once=True, after=_RETRY_DELAY))
            else:
                await self._in_share(owner, work)
        finally:
            self._running[key] -= 1
            if not self._running[key]:
                del self._running[key]
        if key in self._again:
            self._again.discard(key)
            await self._enqueue(Job(*key))

    async def _in_share(self, owner: tuple[int, PartyKind], work: Callable[[], Awaitable[None]]) -> None:
        share = self._shares.setdefault(owner, asyncio.Semaphore(self.group.per_store))
        self._taken[owner] += 1
        try:
            async with share:
                await work()
        finally:
            self._taken[owner] -= 1
            if not self._taken[owner]:
                del self._taken[owner], self._shares[owner]

    def _is_full(self, owner: tuple[int, PartyKind]) -> bool:
        return self._taken[owner] >= self.group.per_store * (1 + _WAITING_PER_RUNNING)

    async def _owner(self, account_id: int) -> tuple[int, PartyKind] | None:
        if account_id not in self._owners:
            async with self._context.pool.connection() as connection:
                found = await stores.account_owner(connection, account_id)
            if found is None:
                return None
            self._owners[account_id] = found
        return self._owners[account_id]

    async def _enqueue(self, job: Job) -> None:
        async with transaction(self._context.pool) as connection:
            await jobs.enqueue(connection, [job])
