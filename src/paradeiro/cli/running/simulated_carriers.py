"""In: a simulator with carriers beside the post office; out: their rules and hooks, their pushes and files."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from io import BytesIO

import httpx

from paradeiro.cli.accounts.accounts import SIMULATED_STORE
from paradeiro.connectors import discover
from paradeiro.db.accounts import stores
from paradeiro.db.accounts.stores import Account
from paradeiro.db.operations.audit import Actor
from paradeiro.domain.words import EntryPoint, Way
from paradeiro.flow.accounts.hooks import open_hook
from paradeiro.flow.answers.file_intake import take_file
from paradeiro.flow.context import Context
from paradeiro.flow.orders.couriers import set_rule
from paradeiro.simulator.carriers.registry import simulated_carriers
from paradeiro.simulator.carriers.simulated_carrier import SentPush
from paradeiro.simulator.parties import Simulator

_BY = Actor("demo", EntryPoint.CLI, "")
# Seconds of real time, which other work on this machine lengthens.
_PATIENCE = 60


class Mishap(StrEnum):
    """What happens to pushes and files on their way."""

    NONE = "none"
    LOST = "lost"
    TWICE = "twice"
    FORGED = "forged"  # pushes proven with another secret
    BROKEN = "broken"  # the first file


@dataclass(slots=True)
class _Hook:
    url: str
    secret: str


@dataclass(slots=True)
class CarrierDeliveries:
    """Pushes and files of simulated carriers, delivered as time passes. `until`: delivered up to this instant;
    `mishaps`: how many met with the `mishap`, the first of them at `mishap_at`.
    """

    context: Context
    simulator: Simulator
    accounts: dict[str, Account]
    until: datetime
    hooks: dict[str, _Hook] = field(default_factory=dict)
    pushes: dict[str, int] = field(default_factory=dict)
    files: dict[str, int] = field(default_factory=dict)
    mishap: Mishap = Mishap.NONE
    mishaps: int = 0
    mishap_at: datetime | None = None

    async def deliver(self, until: datetime) -> None:
        """Deliver what was sent since the last time."""
        since, self.until = self.until, until
        async with httpx.AsyncClient(timeout=_PATIENCE, trust_env=False) as client:
            for name, hook in self.hooks.items():
                secret = f"not {hook.secret}" if self.mishap is Mishap.FORGED else hook.secret
                for push in self.simulator.carriers[name].pushes(since, until, secret):
                    await self._push(client, name, hook, push)
        await self.bring_files(since, until)

    async def _push(self, client: httpx.AsyncClient, name: str, hook: _Hook, push: SentPush) -> None:
        self._count(hit=self.mishap is not Mishap.NONE)
        for _ in range({Mishap.LOST: 0, Mishap.TWICE: 2}.get(self.mishap, 1)):
            answer = await client.post(hook.url, content=push.body, headers=push.headers)
            if self.mishap is not Mishap.FORGED:
                answer.raise_for_status()
            self.pushes[name] = self.pushes.get(name, 0) + 1

    def _count(self, *, hit: bool) -> None:
        self.mishaps += hit
        if hit and self.mishap_at is None:
            self.mishap_at = self.simulator.clock()

    async def bring_files(self, since: datetime, until: datetime) -> None:
        """Bring the files that were written after `since`, until `until`; as often as it is called."""
        for name, carrier in self.simulator.carriers.items():
            for file in carrier.files(since, until):
                is_broken = self.mishap is Mishap.BROKEN and not self.mishaps
                self._count(hit=is_broken or self.mishap is Mishap.TWICE)
                await self._take(name, file.name, _broken(file.content) if is_broken else file.content)
                if self.mishap is Mishap.TWICE:
                    await self._take(name, f"copy-{file.name}", file.content)
                self.files[name] = self.files.get(name, 0) + 1

    async def _take(self, name: str, file: str, content: bytes) -> None:
        await take_file(self.context, self.accounts[name].id, file, BytesIO(content), "folder")


def _broken(content: bytes) -> bytes:
    """Half of a file, and rubbish behind it."""
    return content[: len(content) // 2] + b"\r\n\x00\xffbroken\r\n"


async def furnish_carriers(context: Context, simulator: Simulator, address: str) -> CarrierDeliveries:
    """A rule for each carrier's name in orders, and a hook where it pushes."""
    async with context.pool.connection() as connection:
        known = await stores.accounts(connection, context.secret_key)
        store_id = next(s.id for s in (await stores.stores(connection)).values() if s.name == SIMULATED_STORE)
    accounts = {a.connector: a for a in known if a.store_id == store_id and a.connector in simulator.carriers}
    made = CarrierDeliveries(context, simulator, accounts, simulator.clock())
    for name, account in accounts.items():
        connector = context.connectors[name]
        await set_rule(context, store_id, simulator.carriers[name].courier, account.id, _BY)
        if address and Way.PUSH in connector.ways and connector.read_push is not None:
            hook = await open_hook(context, account, public_url=address)
            made.hooks[name] = _Hook(hook.url, simulator.carriers[name].push_secret(account.settings, hook.secret))
    return made


def carriers_named(text: str) -> tuple[str, ...]:
    """The carriers that a command names: "all", or their connectors' names with commas. Raises `ValueError`."""
    there = [name for name in simulated_carriers() if name in discover()]
    if text.strip().lower() == "all":
        return tuple(there)
    named = [name.strip() for name in text.split(",") if name.strip()]
    unknown = [name for name in named if name not in there]
    if unknown:
        raise ValueError(f"no simulated carrier is named {', '.join(unknown)}; there are: {', '.join(there)}")
    return tuple(named)
