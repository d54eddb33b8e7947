"""In: a story's folder; out: the product's results, as the texts of readable files.

The world serves the story's answers over HTTP, each from its instant on; the clock is moved by hand; the flow runs.
"""

import json
import tomllib
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from psycopg.rows import dict_row

from paradeiro.cli.running.simulated_store import SIMULATED_STORE, add_accounts, registration
from paradeiro.db.accounts import stores
from paradeiro.db.following import events, shipments
from paradeiro.db.following.events import EventLine
from paradeiro.db.following.shipments import ShipmentRow
from paradeiro.db.operations import notices
from paradeiro.db.operations.audit import Actor
from paradeiro.flow.context import Context
from paradeiro.flow.orders.intake import register
from paradeiro.flow.orders.statements import confirm_delivery, reopen
from paradeiro.simulator.clock import SimulatorClock
from paradeiro.simulator.mailboxes import Mail
from paradeiro.simulator.parties import Simulator
from paradeiro.simulator.scenario.ground_truth import Customer, GroundTruth, Package, SoldOrder
from paradeiro.simulator.scenario.scenario import CHANNELS, MARKETPLACE
from paradeiro.simulator.server import serve
from paradeiro.web.api.shapes import ShipmentIn
from paradeiro.worker.drain import drain
from tests.databases import open_context

BRASILIA = ZoneInfo("America/Sao_Paulo")
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Story:
    """A folder as read: what is given (steps.toml, the recorded answers)."""

    folder: Path
    title: str
    plan: dict[str, Any]

    @property
    def codes(self) -> list[str]:
        return [package["code"] for package in self.plan["packages"]]

    def order(self) -> SoldOrder:
        """The order as the simulated order system has it."""
        said = self.plan["order"]
        first, _, last = said["customer"].partition(" ")
        market = said.get("marketplace_number", "")
        order = SoldOrder(
            order_id=said["number"],
            sequence=500_001,
            customer=Customer(first, last, said.get("email"), said.get("language", "pt-BR")),
            created_at=said["bought_at"],
            invoiced_at=said["invoiced_at"],
            promised_at=said["promised_at"],
            affiliate=MARKETPLACE if market else "",
            marketplace_number=market or said["number"],
        )
        for each in self.plan["packages"]:
            by_hand = each.get("number_is_not_on_the_invoice", False)
            order.packages.append(
                Package(each["code"], order.order_id, each["invoice"], "story", [], order.promised_at, by_hand)
            )
        return order


def read(folder: Path) -> Story:
    title = (folder / "story.md").read_text(encoding="utf-8").splitlines()[0].removeprefix("# ")
    return Story(folder, title, _in_utc(tomllib.loads((folder / "steps.toml").read_text(encoding="utf-8"))))


def _in_utc(value: Any) -> Any:
    """Every instant of a plan in one zone, so that they also sort as texts."""
    match value:
        case datetime():
            return value.astimezone(UTC)
        case dict():
            return {name: _in_utc(each) for name, each in value.items()}
        case list():
            return [_in_utc(each) for each in value]
    return value


async def told(story: Story, url: str, secret_key: str) -> dict[str, str]:
    """Play a story on a migrated database; the files that it should have, by name."""
    steps = sorted(story.plan["steps"], key=lambda s: s["at"])
    clock = SimulatorClock(story.plan["starts"])
    async with AsyncExitStack() as stack:
        ground_truth = GroundTruth([story.order()], story.plan["starts"], story.plan["ends"])
        simulator = await stack.enter_async_context(serve(ground_truth, clock))
        for given, shown in zip(story.plan["packages"], _at_order_system(simulator, story), strict=True):
            shown["courier"] = given.get("courier", shown["courier"])
        numbers = count(1)
        made = await stack.enter_async_context(open_context(url, clock, secret_key))
        context = replace(made, new_token=lambda: f"page-of-the-customer-{next(numbers)}")
        await add_accounts(context, simulator.accounts(), CHANNELS)
        for step in steps:
            if "answer" in step:
                answer = (story.folder / step["answer"]).read_bytes()
                simulator.recorded.play(step.get("code", story.codes[0]), step["at"], answer)
        for step in steps:
            await _until(context, simulator, step["at"])
            if "does" in step:
                await _do(context, story, step)
        await _until(context, simulator, story.plan["ends"])
        assert simulator.breaches == []
        return dict([*await _timeline(context, story), _outbox(simulator), *_mails(simulator)])


def _at_order_system(simulator: Simulator, story: Story) -> list[dict[str, Any]]:
    packages: list[dict[str, Any]] = simulator.order_system.orders[story.plan["order"]["number"]]["packageAttachment"][
        "packages"
    ]
    return packages


async def _until(context: Context, simulator: Simulator, end: datetime) -> None:
    """Do whatever is due, whenever it is due, until an instant."""
    while True:
        # The post office limits tokens per real second, and days pass in less here.
        simulator.post.token_moments.clear()
        await drain(context)
        now = simulator.clock()
        if now >= end:
            return
        due = await _next_due(context) or end
        simulator.clock.set(min(max(due, now + _MINUTE), end))


async def _next_due(context: Context) -> datetime | None:
    """When the carrier is asked or something is told next; before anything is followed, when orders are looked for."""
    sql = """
        SELECT min(at) FROM (SELECT next_check AS at FROM shipment
            UNION ALL SELECT not_before FROM effect WHERE state IN ('pending', 'sending')
            UNION ALL SELECT open_at FROM account WHERE open_at > %(now)s) due"""
    async with context.pool.connection() as connection:
        row = await (await connection.execute(sql, {"now": context.now()})).fetchone()
        at: datetime | None = row[0] if row else None
        return at or await shipments.next_due(connection)


async def _do(context: Context, story: Story, step: dict[str, Any]) -> None:
    """What a person at the shop does."""
    package = next(p for p in story.plan["packages"] if p["code"] == step.get("code", story.codes[0]))
    async with context.pool.connection() as connection:
        store_id = next(s.id for s in (await stores.stores(connection)).values() if s.name == SIMULATED_STORE)
    match step["does"]:
        case "register":
            number = {"order_id": story.plan["order"]["number"], "invoice_number": package["invoice"]}
            body = registration(number | {"tracking_code": package["code"]})
            body["lenient"] = step.get("lenient", False)
            await register(context, store_id, ShipmentIn.model_validate(body).registration())
        case "reopen":
            found = await _kept(context, package["code"])
            await reopen(
                context,
                store_id,
                found.shipment.id,
                reason=step["because"],
                by=Actor("Carla", "page"),
            )
        case "confirm":
            found = await _kept(context, package["code"])
            at = step.get("delivered_at")
            await confirm_delivery(context, store_id, found.shipment.id, delivered_at=at, by=Actor("loja", "api"))
        case other:
            raise AssertionError(f"nobody can '{other}' in a story")
    await drain(context)


async def _kept(context: Context, code: str) -> ShipmentRow:
    async with context.pool.connection() as connection:
        row = await (
            await connection.execute("SELECT id, store_id FROM shipment WHERE tracking_code = %s", (code,))
        ).fetchone()
        assert row is not None, f"{code} is not followed"
        found = await shipments.shipment_row(connection, row[1], row[0])
    assert found is not None
    return found


async def _timeline(context: Context, story: Story) -> list[tuple[str, str]]:
    lines = [f"# {story.title}", ""]
    for code in story.codes:
        row = await _kept(context, code)
        async with context.pool.connection() as connection:
            shown = await events.event_lines(connection, row.shipment.id)
        lines += _package(row, shown)
    async with context.pool.connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute("SELECT number, delivered_at FROM orders")
        for order in await cursor.fetchall():
            at = order["delivered_at"]
            lines += [f"Order {order['number']}: {f'delivered {_wall(at)}' if at else 'not delivered as a whole'}.", ""]
        open_ones = await notices.notices(connection, row.shipment.store_id, open_only=False)
    lines += ["## What the operator is asked", ""]
    asked = [
        f"- {n.message}{f' (settled by {n.resolved_by})' if n.resolved_at else ''}"
        for n in sorted(open_ones, key=lambda n: n.id)
    ]
    lines += [*(asked or ["Nothing."]), ""]
    return [("timeline.md", "\n".join(lines))]


def _package(row: ShipmentRow, shown: list[EventLine]) -> list[str]:
    shipment, now = row.shipment, row.shipment.snapshot
    lines = [f"## {shipment.tracking_code} (invoice {shipment.invoice.number})", ""]
    lines += ["| when, in Brasília | where | what was said | what it means | known since |", "|---|---|---|---|---|"]
    lines += [_row(each) for each in shown]
    reason = f" ({now.reason})" if now.reason else ""
    ended = f", delivered {_wall(now.delivered_at)}" if now.delivered_at else ""
    where = f", {now.place.city or now.place.country}" if now.place.city or now.place.country else ""
    since = f" since {_wall(now.since)}" if now.since and not ended else ""
    return [*lines, "", f"At the end: **{now.status}**{reason}{since}{ended}{where}.", ""]


def _row(shown: EventLine) -> str:
    event = shown.event
    place = ", ".join(p for p in (event.place.city, event.place.state, event.place.country) if p)
    said = f"{event.code}: {event.description}".removesuffix(": ") + (f" - {event.detail}" if event.detail else "")
    reason = f" ({event.reason})" if event.reason else ""
    meaning = f"{event.status}{reason}" if event.status else "says nothing of the position"
    if event.withdraws:
        meaning = f"takes back the {event.withdraws} {'event' if event.withdraws == 'previous' else ''}".strip()
    if shown.withdrawn:
        said, meaning = f"~~{said}~~", f"~~{meaning}~~ taken back later"
    who = f" ({shown.actor})" if shown.actor else ""
    return f"| {_wall(event.occurred_at, ':%S')} | {place} | {said}{who} | {meaning} | {_wall(shown.recorded_at)} |"


def _outbox(simulator: Simulator) -> tuple[str, str]:
    """What the order system and the marketplace were told, in the order of time."""
    both = [("order system", t) for t in simulator.order_system.told]
    both += [("marketplace", t) for t in simulator.marketplace.told]
    both.sort(key=lambda pair: str(pair[1]["at"]))
    shown = [
        {"at": _wall(datetime.fromisoformat(t["at"])), "to": to, **{k: v for k, v in t.items() if k != "at"}}
        for to, t in both
    ]
    return "outbox.json", json.dumps(shown, ensure_ascii=False, indent=2) + "\n"


def _mails(simulator: Simulator) -> Iterator[tuple[str, str]]:
    for number, mail in enumerate(simulator.mail.mails, 1):
        status = str(mail.message["X-Paradeiro-Status"])
        yield f"mail/{number:02d}_{status}.txt", _mail(mail)


def _mail(mail: Mail) -> str:
    head = [f"At: {_wall(mail.at)}", f"To: {', '.join(mail.to)}", f"Subject: {mail.message['subject']}", ""]
    text = mail.part("plain").replace("\r\n", "\n").rstrip()
    return "\n".join([*head, text, ""])


def _wall(at: datetime | None, seconds: str = "") -> str:
    return f"{at.astimezone(BRASILIA):%Y-%m-%d %H:%M{seconds}}" if at else ""
