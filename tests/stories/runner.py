"""In: a story's folder; out: what the product made of it, as the texts of the files that a person can read.

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

from paradeiro.cli.worlds import WORLD_STORE, add_accounts, registration
from paradeiro.db import events, notices, shipments, stores
from paradeiro.db.events import ShownEvent
from paradeiro.db.shipments import Kept
from paradeiro.domain.words import Source
from paradeiro.flow.intake import register
from paradeiro.flow.means import Means
from paradeiro.flow.statements import confirm_delivery, reopen
from paradeiro.web.api.shapes import ShipmentIn
from paradeiro.worker.drain import drain
from paradeiro.world.clock import WorldClock
from paradeiro.world.mail import Mail
from paradeiro.world.parties import World
from paradeiro.world.scenario import CHANNELS, MARKETPLACE
from paradeiro.world.server import serve
from paradeiro.world.truth import Customer, Package, SoldOrder, Truth
from tests.databases import open_means

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
    clock = WorldClock(story.plan["starts"])
    async with AsyncExitStack() as stack:
        truth = Truth([story.order()], story.plan["starts"], story.plan["ends"])
        world = await stack.enter_async_context(serve(truth, clock))
        for given, shown in zip(story.plan["packages"], _at_order_system(world, story), strict=True):
            shown["courier"] = given.get("courier", shown["courier"])
        numbers = count(1)
        made = await stack.enter_async_context(open_means(url, clock, secret_key))
        means = replace(made, new_token=lambda: f"page-of-the-customer-{next(numbers)}")
        await add_accounts(means, world.accounts(), CHANNELS)
        for step in steps:
            if "answer" in step:
                answer = (story.folder / step["answer"]).read_bytes()
                world.recorded.play(step.get("code", story.codes[0]), step["at"], answer)
        for step in steps:
            await _until(means, world, step["at"])
            if "does" in step:
                await _do(means, story, step)
        await _until(means, world, story.plan["ends"])
        assert world.breaches == []
        return dict([*await _timeline(means, story), _outbox(world), *_mails(world)])


def _at_order_system(world: World, story: Story) -> list[dict[str, Any]]:
    packages: list[dict[str, Any]] = world.order_system.orders[story.plan["order"]["number"]]["packageAttachment"][
        "packages"
    ]
    return packages


async def _until(means: Means, world: World, end: datetime) -> None:
    """Do whatever is due, whenever it is due, until an instant."""
    while True:
        # The post office limits tokens per real second, and days pass in less here.
        world.post.token_moments.clear()
        await drain(means)
        now = world.clock()
        if now >= end:
            return
        due = await _next_due(means) or end
        world.clock.set(min(max(due, now + _MINUTE), end))


async def _next_due(means: Means) -> datetime | None:
    """When the carrier is asked or something is told next; before anything is followed, when orders are looked for."""
    sql = """
        SELECT min(at) FROM (SELECT next_check AS at FROM shipment
            UNION ALL SELECT not_before FROM effect WHERE state IN ('pending', 'sending')
            UNION ALL SELECT open_at FROM account WHERE open_at > %(now)s) due"""
    async with means.pool.connection() as connection:
        row = await (await connection.execute(sql, {"now": means.now()})).fetchone()
        at: datetime | None = row[0] if row else None
        return at or await shipments.next_due(connection)


async def _do(means: Means, story: Story, step: dict[str, Any]) -> None:
    """What a person at the shop does."""
    package = next(p for p in story.plan["packages"] if p["code"] == step.get("code", story.codes[0]))
    async with means.pool.connection() as connection:
        store_id = next(s.id for s in (await stores.stores(connection)).values() if s.name == WORLD_STORE)
    match step["does"]:
        case "register":
            number = {"order_id": story.plan["order"]["number"], "invoice_number": package["invoice"]}
            body = registration(number | {"tracking_code": package["code"]})
            body["lenient"] = step.get("lenient", False)
            await register(means, store_id, ShipmentIn.model_validate(body).registration())
        case "reopen":
            found = await _kept(means, package["code"])
            await reopen(
                means, store_id, found.shipment.id, why=step["because"], source=Source.OPERATOR, author="Carla"
            )
        case "confirm":
            found = await _kept(means, package["code"])
            at = step.get("delivered_at")
            who: dict[str, Any] = {"source": Source.API, "author": "loja"}
            await confirm_delivery(means, store_id, found.shipment.id, delivered_at=at, **who)
        case other:
            raise AssertionError(f"nobody can '{other}' in a story")
    await drain(means)


async def _kept(means: Means, code: str) -> Kept:
    async with means.pool.connection() as connection:
        row = await (
            await connection.execute("SELECT id, store_id FROM shipment WHERE tracking_code = %s", (code,))
        ).fetchone()
        assert row is not None, f"{code} is not followed"
        found = await shipments.kept(connection, row[1], row[0])
    assert found is not None
    return found


async def _timeline(means: Means, story: Story) -> list[tuple[str, str]]:
    lines = [f"# {story.title}", ""]
    for code in story.codes:
        kept = await _kept(means, code)
        async with means.pool.connection() as connection:
            shown = await events.shown(connection, kept.shipment.id)
        lines += _package(kept, shown)
    async with means.pool.connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute("SELECT number, delivered_at FROM orders")
        for order in await cursor.fetchall():
            at = order["delivered_at"]
            lines += [f"Order {order['number']}: {f'delivered {_wall(at)}' if at else 'not delivered as a whole'}.", ""]
        open_ones = await notices.notices(connection, kept.shipment.store_id, open_only=False)
    lines += ["## What the operator is asked", ""]
    asked = [
        f"- {n.message}{f' (settled by {n.resolved_by})' if n.resolved_at else ''}"
        for n in sorted(open_ones, key=lambda n: n.id)
    ]
    lines += [*(asked or ["Nothing."]), ""]
    return [("timeline.md", "\n".join(lines))]


def _package(kept: Kept, shown: list[ShownEvent]) -> list[str]:
    shipment, now = kept.shipment, kept.shipment.snapshot
    lines = [f"## {shipment.tracking_code} (invoice {shipment.invoice.number})", ""]
    lines += ["| when, in Brasília | where | what was said | what it means | known since |", "|---|---|---|---|---|"]
    lines += [_row(each) for each in shown]
    reason = f" ({now.reason})" if now.reason else ""
    ended = f", delivered {_wall(now.delivered_at)}" if now.delivered_at else ""
    where = f", {now.place.city or now.place.country}" if now.place.city or now.place.country else ""
    since = f" since {_wall(now.since)}" if now.since and not ended else ""
    return [*lines, "", f"At the end: **{now.status}**{reason}{since}{ended}{where}.", ""]


def _row(shown: ShownEvent) -> str:
    event = shown.event
    place = ", ".join(p for p in (event.place.city, event.place.state, event.place.country) if p)
    said = f"{event.code}: {event.description}".removesuffix(": ") + (f" - {event.detail}" if event.detail else "")
    reason = f" ({event.reason})" if event.reason else ""
    meaning = f"{event.status}{reason}" if event.status else "says nothing of the position"
    if event.withdraws:
        meaning = f"takes back the {event.withdraws} {'event' if event.withdraws == 'previous' else ''}".strip()
    if shown.withdrawn:
        said, meaning = f"~~{said}~~", f"~~{meaning}~~ taken back later"
    who = f" ({shown.author})" if shown.author else ""
    return f"| {_wall(event.occurred_at, ':%S')} | {place} | {said}{who} | {meaning} | {_wall(shown.recorded_at)} |"


def _outbox(world: World) -> tuple[str, str]:
    """What the order system and the marketplace were told, in the order of time."""
    both = [("order system", t) for t in world.order_system.told]
    both += [("marketplace", t) for t in world.marketplace.told]
    both.sort(key=lambda pair: str(pair[1]["at"]))
    shown = [
        {"at": _wall(datetime.fromisoformat(t["at"])), "to": to, **{k: v for k, v in t.items() if k != "at"}}
        for to, t in both
    ]
    return "outbox.json", json.dumps(shown, ensure_ascii=False, indent=2) + "\n"


def _mails(world: World) -> Iterator[tuple[str, str]]:
    for number, mail in enumerate(world.mail.mails, 1):
        status = str(mail.message["X-Paradeiro-Status"])
        yield f"mail/{number:02d}_{status}.txt", _mail(mail)


def _mail(mail: Mail) -> str:
    head = [f"At: {_wall(mail.at)}", f"To: {', '.join(mail.to)}", f"Subject: {mail.message['subject']}", ""]
    text = mail.part("plain").replace("\r\n", "\n").rstrip()
    return "\n".join([*head, text, ""])


def _wall(at: datetime | None, seconds: str = "") -> str:
    return f"{at.astimezone(BRASILIA):%Y-%m-%d %H:%M{seconds}}" if at else ""
