"""In: ways in which Mercado Livre refuses, or accepts without effect; out: each played in a copy of a simulator.

Checked for each: was one notice opened that says what to do; did the other orders go on; was everything sent in order,
once, after the end.
"""

import asyncio
import copy
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from paradeiro.app import open_app
from paradeiro.cli.demo import catch_up, run_days
from paradeiro.cli.drills.play import WarmedSimulator
from paradeiro.cli.running.scratch_database import cloned_database
from paradeiro.cli.running.simulated_store import add_accounts
from paradeiro.db.accounts import stores
from paradeiro.db.accounts.stores import Account
from paradeiro.db.measuring import recorded_state
from paradeiro.domain.words import NoticeKind
from paradeiro.flow.context import Context
from paradeiro.settings import Settings
from paradeiro.simulator.faults import Fault
from paradeiro.simulator.parties import Simulator
from paradeiro.simulator.scenario.compare import Claim, differences
from paradeiro.simulator.scenario.scenario import CHANNELS, MERCADO_LIVRE, Scenario
from paradeiro.simulator.server import serving

_CONNECTOR = "mercado_livre"
_NOTIFICATIONS = "seller_notifications"
_LASTS, _AFTERWARDS = timedelta(hours=24), timedelta(days=3)
_STEP = timedelta(hours=1)
# Enough orders sold there that one of them has events during the incident and after it.
SALES_SCENARIO = Scenario(packages=70, days=6, seed=36, start=datetime.fromisoformat("2026-10-19T06:00+00:00"))
# Notices with this text are expected in any case: shipments that the seller moves by hand there.
_BY_HAND = "moves this shipment by hand"


@dataclass(frozen=True, slots=True)
class SaleIncident:
    """One incident at Mercado Livre. `fault`: what its notifications answer, for one order only if `of_one`.
    `switches` of the simulator; `settings` of the account while it lasts. `notice`: the kind of the one notice (None:
    no notice), whose text must contain `words`.
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
    """The figures of an incident. `told_meanwhile`: other orders that were sent something while it lasted; `waited`:
    messages refused or without effect while it lasted; `told_twice`: messages that changed nothing.
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
    settings: Settings,
    warmed: WarmedSimulator,
    incidents: Sequence[SaleIncident],
    report: Callable[[SaleFigures], object],
) -> list[SaleFigures]:
    """Play every incident, each in its own copy of the simulator and its database."""
    found = []
    for number, incident in enumerate(incidents):
        began = time.monotonic()
        with cloned_database(warmed.url, f"{warmed.database}_s{number}") as url:
            figures = asyncio.run(
                _play(settings, url, copy.deepcopy(warmed.simulator), set(warmed.registered), incident)
            )
        figures.seconds = round(time.monotonic() - began, 1)
        figures.misses += _misses(figures, incident)
        report(figures)
        found.append(figures)
    return found


async def _play(
    settings: Settings, url: str, simulator: Simulator, registered: set[str], incident: SaleIncident
) -> SaleFigures:
    figures = SaleFigures(incident.name, incident.what, expected_notices=1 if incident.notice else 0)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(serving(simulator))
        context = await stack.enter_async_context(open_app(settings, url, clock=simulator.clock))
        await add_accounts(context, simulator.accounts(), CHANNELS)
        account, began = await _account(context), simulator.clock()
        told_before = len(simulator.mercado_livre.requests)
        one = await _begin(context, simulator, incident, began)
        await run_days(context, simulator, began + _LASTS, _no_tick, registered, _STEP)
        figures.account = (await _account(context)).state
        reports = simulator.mercado_livre.requests[told_before:]
        figures.waited = sum(not each["effect"] for each in reports)
        figures.told_meanwhile = len({each["shipment"] for each in reports if each["effect"]} - {one})
        ended, figures.told_twice = len(simulator.mercado_livre.requests), _twice(reports, one)
        simulator.faults.clear()
        if incident.settings:
            await add_accounts(context, _of(simulator, {}), CHANNELS)
            simulator.mercado_livre.breaches.clear()  # that it spoke the ended version is the incident
        await run_days(context, simulator, began + _LASTS + _AFTERWARDS, _no_tick, registered, _STEP)
        await catch_up(context)
        figures.told_twice += _twice(simulator.mercado_livre.requests[ended:], "")
        await _count(context, simulator, figures, account.id, began)
    return figures


async def _no_tick(_: float) -> None:
    """No progress is shown."""


def _of(simulator: Simulator, more: dict[str, str]) -> dict[str, dict[str, str]]:
    return {_CONNECTOR: simulator.accounts()[_CONNECTOR] | more}


async def _account(context: Context) -> Account:
    async with context.pool.connection() as connection:
        return next(a for a in await stores.accounts(connection, context.secret_key) if a.connector == _CONNECTOR)


async def _begin(context: Context, simulator: Simulator, incident: SaleIncident, began: datetime) -> str:
    """Begin the incident. The shipment that it is about; empty if it is about all."""
    simulator.mercado_livre.switches.set(dict(incident.switches))
    if incident.settings:
        await add_accounts(context, _of(simulator, incident.settings), CHANNELS)
    if incident.fault is None:
        return ""
    one = _shipment_with_news(simulator, began) if incident.of_one else ""
    path = f"/{one}/{_NOTIFICATIONS}" if one else _NOTIFICATIONS
    simulator.faults.order(replace(incident.fault, path=path, since=began))
    return one


def _shipment_with_news(simulator: Simulator, began: datetime) -> str:
    """A shipment of one package that has events while the incident lasts, and is delivered after it."""
    for order in simulator.ground_truth.orders:
        shipment = simulator.mercado_livre.shipments.get(order.marketplace_number)
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
    """Whether it is early enough that all attempts are over before the incident ends."""
    return began < at < began + _LASTS - timedelta(hours=6)


def _twice(reports: Sequence[dict[str, object]], one: object) -> int:
    """Notifications that were taken and changed nothing, but for those of the shipment that the incident is about."""
    return sum(each["status"] == 200 and not each["effect"] and each["shipment"] != one for each in reports)


async def _count(
    context: Context, simulator: Simulator, figures: SaleFigures, account_id: int, began: datetime
) -> None:
    async with context.pool.connection() as connection:
        known = await recorded_state.shipments(connection)
        delivered = await recorded_state.orders_delivered(connection)
        told = await recorded_state.notices_about(connection, account_id, since=began)
    figures.told = [f"{kind}: {message}" for kind, _, message, _ in told if _BY_HAND not in message]
    figures.notices = len(figures.told)
    claimed = {code: Claim(k.status, k.delivered_at, list(k.events), k.registered_at) for code, k in known.items()}
    wrong = differences(simulator, claimed, delivered, simulator.clock())
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
