"""In: ways in which Mercado Livre says no, or says yes and does nothing; out: each played in a copy of a world's past.

Of each is asked: was a person told once, in words that say what to do; did the other orders go on; and was everything
told in order, once, after the end.
"""

import asyncio
import copy
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from paradeiro.app import house
from paradeiro.cli.demo import catch_up, run_days
from paradeiro.cli.drills.play import Past
from paradeiro.cli.scratch import cloned_database
from paradeiro.cli.worlds import add_accounts
from paradeiro.db import claims, stores
from paradeiro.db.stores import Account
from paradeiro.domain.words import NoticeKind
from paradeiro.flow.means import Means
from paradeiro.settings import Settings
from paradeiro.world.compare import Claim, differences
from paradeiro.world.faults import Fault
from paradeiro.world.parties import World
from paradeiro.world.scenario import CHANNELS, MERCADO_LIVRE, Scenario
from paradeiro.world.server import serving

_CONNECTOR = "mercado_livre"
_NOTIFICATIONS = "seller_notifications"
_LASTS, _AFTERWARDS = timedelta(hours=24), timedelta(days=3)
_STEP = timedelta(hours=1)
# Enough orders sold there that one of them has news during the incident and after it.
SALES_SCENARIO = Scenario(packages=70, days=6, seed=36, start=datetime.fromisoformat("2026-10-19T06:00+00:00"))
# Whatever happens, shipments that the seller moves by hand there are a person's.
_BY_HAND = "moves this shipment by hand"


@dataclass(frozen=True, slots=True)
class SaleIncident:
    """One incident at Mercado Livre. `fault`: what its notifications answer; of one order only where `of_one`.
    `switches` of the simulated one; `settings` of the account while it lasts. `notice`, with the `words` that say what
    to do: what one notice must be (None: there is nothing to tell).
    """

    name: str
    what: str
    notice: NoticeKind | None
    words: str = ""
    fault: Fault | None = None
    of_one: bool = False
    switches: dict[str, object] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class SaleFigures:
    """What an incident gave. `told_meanwhile`: orders that heard something while it lasted, but the one it is about;
    `waited`: messages refused or heard in vain while it lasted; `told_twice`: messages that changed nothing.
    """

    name: str
    what: str
    notices: int = 0
    expected_notices: int = 0
    told: list[str] = field(default_factory=list)
    waited: int = 0
    told_meanwhile: int = 0
    account: str = ""
    told_twice: int = 0
    untrue: int = 0
    seconds: float = 0.0
    misses: list[str] = field(default_factory=list)


def _answers(status: int) -> Fault:
    return Fault(_CONNECTOR, "status", status=status, path=f"{_NOTIFICATIONS}", count=1_000_000)


SALE_INCIDENTS: Sequence[SaleIncident] = (
    SaleIncident(
        "one-403",
        "403 for one order, another seller's",
        NoticeKind.EFFECT_REFUSED,
        "forbidden_client",
        Fault(_CONNECTOR, "not_sender", count=1_000_000),
        of_one=True,
    ),
    SaleIncident(
        "no-effect",
        "OK for one order, and nothing changes",
        NoticeKind.EFFECT_REFUSED,
        "Look there, and tell it there by hand",
        Fault(_CONNECTOR, "no_effect", count=1_000_000),
        of_one=True,
    ),
    SaleIncident("old-format", "shipments in the old format only", None, switches={"shipment_format": "old"}),
    SaleIncident("ended-404", "V2 answers 404", NoticeKind.INTERFACE_ENDED, "update Paradeiro", _answers(404)),
    SaleIncident("ended-410", "V2 answers 410", NoticeKind.INTERFACE_ENDED, "update Paradeiro", _answers(410)),
    SaleIncident(
        "v1-ended",
        "an account that speaks V1 still",
        NoticeKind.INTERFACE_ENDED,
        "set the account's api_version to v2",
        settings={"api_version": "v1"},
    ),
)


def play_sales(
    settings: Settings, past: Past, incidents: Sequence[SaleIncident], tell: Callable[[SaleFigures], object]
) -> list[SaleFigures]:
    """Every incident, each in its own copy of the past."""
    found = []
    for number, incident in enumerate(incidents):
        began = time.monotonic()
        with cloned_database(past.url, f"{past.database}_s{number}") as url:
            figures = asyncio.run(_play(settings, url, copy.deepcopy(past.world), set(past.registered), incident))
        figures.seconds = round(time.monotonic() - began, 1)
        figures.misses += _misses(figures, incident)
        tell(figures)
        found.append(figures)
    return found


async def _play(
    settings: Settings, url: str, world: World, registered: set[str], incident: SaleIncident
) -> SaleFigures:
    figures = SaleFigures(incident.name, incident.what, expected_notices=1 if incident.notice else 0)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(serving(world))
        means = await stack.enter_async_context(house(settings, url, clock=world.clock))
        await add_accounts(means, world.accounts(), CHANNELS)
        account, began = await _account(means), world.clock()
        told_before = len(world.mercado_livre.heard)
        one = await _strike(means, world, incident, began)
        await run_days(means, world, began + _LASTS, _no_tick, registered, _STEP)
        figures.account = (await _account(means)).state
        heard = world.mercado_livre.heard[told_before:]
        figures.waited = sum(not each["effect"] for each in heard)
        figures.told_meanwhile = len({each["shipment"] for each in heard if each["effect"]} - {one})
        ended, figures.told_twice = len(world.mercado_livre.heard), _twice(heard, one)
        world.faults.clear()
        if incident.settings:
            await add_accounts(means, _of(world, {}), CHANNELS)
            world.mercado_livre.breaches.clear()  # that it spoke the ended version is the incident
        await run_days(means, world, began + _LASTS + _AFTERWARDS, _no_tick, registered, _STEP)
        await catch_up(means)
        figures.told_twice += _twice(world.mercado_livre.heard[ended:], "")
        await _count(means, world, figures, account.id, began)
    return figures


async def _no_tick(_: float) -> None:
    """Nobody watches."""


def _of(world: World, more: dict[str, str]) -> dict[str, dict[str, str]]:
    return {_CONNECTOR: world.accounts()[_CONNECTOR] | more}


async def _account(means: Means) -> Account:
    async with means.pool.connection() as connection:
        return next(a for a in await stores.accounts(connection, means.secret_key) if a.connector == _CONNECTOR)


async def _strike(means: Means, world: World, incident: SaleIncident, began: datetime) -> str:
    """Let it begin. Which shipment it is about, if it is about one."""
    world.mercado_livre.switches.set(dict(incident.switches))
    if incident.settings:
        await add_accounts(means, _of(world, incident.settings), CHANNELS)
    if incident.fault is None:
        return ""
    one = _shipment_with_news(world, began) if incident.of_one else ""
    path = f"/{one}/{_NOTIFICATIONS}" if one else _NOTIFICATIONS
    world.faults.order(replace(incident.fault, path=path, since=began))
    return one


def _shipment_with_news(world: World, began: datetime) -> str:
    """A shipment of one package that has news while the incident lasts, and is delivered after it."""
    for order in world.truth.orders:
        shipment = world.mercado_livre.shipments.get(order.marketplace_number)
        if order.affiliate != MERCADO_LIVRE or shipment is None or shipment["mode"] != "me1" or len(order.packages) > 1:
            continue
        happenings = order.packages[0].happenings
        before = [h for h in happenings if h.says in {"accepted", "out_for_delivery"} and _within(h.visible_at, began)]
        delivered = [h for h in happenings if h.says == "delivered" and h.visible_at > began + _LASTS]
        if before and delivered and not any(h.undoes for h in happenings):
            return str(shipment["id"])
    message = "no order sold there has news during the incident and after it: take a larger scenario"
    raise LookupError(message)


def _within(at: datetime, began: datetime) -> bool:
    """Early enough that every try of it is over before the incident ends."""
    return began < at < began + _LASTS - timedelta(hours=6)


def _twice(heard: Sequence[dict[str, object]], one: object) -> int:
    """Notifications that were taken and changed nothing, but for those of the shipment that the incident is about."""
    return sum(each["status"] == 200 and not each["effect"] and each["shipment"] != one for each in heard)


async def _count(means: Means, world: World, figures: SaleFigures, account_id: int, began: datetime) -> None:
    async with means.pool.connection() as connection:
        known = await claims.shipments(connection)
        delivered = await claims.orders_delivered(connection)
        told = await claims.notices_about(connection, account_id, since=began)
    figures.told = [f"{kind}: {message}" for kind, _, message, _ in told if _BY_HAND not in message]
    figures.notices = len(figures.told)
    claimed = {code: Claim(k.status, k.delivered_at, list(k.events), k.registered_at) for code, k in known.items()}
    wrong = differences(world, claimed, delivered, world.clock())
    figures.untrue, figures.misses = len(wrong), [f"difference: {words}" for words in wrong[:5]]


def _misses(figures: SaleFigures, incident: SaleIncident) -> list[str]:
    """What is not as it must be, in words."""
    missed = []
    if figures.notices != figures.expected_notices:
        missed.append(f"{figures.notices} notices, {figures.expected_notices} expected: {' · '.join(figures.told)}")
    elif incident.notice and not (
        figures.told[0].startswith(incident.notice.value) and incident.words in figures.told[0]
    ):
        missed.append(f"the notice does not say what to do ('{incident.words}'): {figures.told[0]}")
    whole = incident.notice is NoticeKind.INTERFACE_ENDED
    if incident.of_one and not figures.waited:
        missed.append("nothing was refused while it lasted: nothing was tried")
    if not whole and (figures.account != "ok" or not figures.told_meanwhile):
        missed.append(f"other orders waited: the account was '{figures.account}', {figures.told_meanwhile} were told")
    if whole and figures.account != "outage":
        missed.append(f"the account was '{figures.account}' while the interface was off")
    if figures.told_twice:
        missed.append(f"told and nothing changed by it: {figures.told_twice}")
    return missed
