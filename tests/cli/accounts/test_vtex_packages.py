"""The simulated VTEX shows orders as they are packed; for each invoice it is sent what is true of all its boxes."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from paradeiro.app import real_clock
from paradeiro.cli.accounts.hooks import choose_account
from paradeiro.cli.running.simulated_store import add_accounts
from paradeiro.simulator.clock import SimulatorClock
from paradeiro.simulator.scenario.ground_truth import SoldOrder
from paradeiro.simulator.scenario.scenario import CHANNELS, Scenario
from paradeiro.simulator.server import listening, serve
from tests.cli.accounts.test_vtex import RunningApp
from tests.databases import START, open_context
from tests.web.apps import create_app

_DAYS = 12


@pytest.fixture
async def server(database: str, secret_key: str) -> AsyncIterator[RunningApp]:
    clock = SimulatorClock(START)
    async with (
        serve(Scenario(40, _DAYS, 7, START).ground_truth(), clock) as simulator,
        open_context(database, clock, secret_key) as context,
    ):
        known = simulator.accounts()
        await add_accounts(context, {name: known[name] for name in ("correios", "vtex")}, CHANNELS)
        async with listening(create_app(context, real_clock)) as address:
            yield RunningApp(context, simulator, await choose_account(context, "vtex", store="", name=""), address)
        assert simulator.breaches == []


def in_two_boxes(server: RunningApp) -> SoldOrder:
    """An order whose two packages arrive at different times."""
    return next(
        order
        for order in server.simulator.ground_truth.orders
        if len(order.packages) == 2
        and not any(p.by_hand for p in order.packages)
        and all(arrives(server, order)[i] is not None for i in (0, 1))
        and arrives(server, order)[0] != arrives(server, order)[1]
    )


def arrives(server: RunningApp, order: SoldOrder) -> list[datetime | None]:
    """When each package's carrier shows its delivery."""
    end = START + timedelta(days=_DAYS)
    shown = [[h for h in p.visible(end) if h.says == "delivered"] for p in order.packages]
    undone = [any(h.undoes or h.says in {"returning", "returned"} for h in p.visible(end)) for p in order.packages]
    return [each[-1].visible_at if each and not gone else None for each, gone in zip(shown, undone, strict=True)]


def shown(server: RunningApp, order: SoldOrder) -> list[dict[str, Any]]:
    return list(server.simulator.order_system.orders[order.order_id]["packageAttachment"]["packages"])


async def days(server: RunningApp, order: SoldOrder) -> list[dict[str, Any]]:
    """The days pass; every history that VTEX took of the order, in their order."""
    for step in range(_DAYS * 3):
        server.simulator.clock.set(START + timedelta(hours=8 * (step + 1)))
        await server.sweep()
    return [t for t in server.simulator.order_system.told if t["order"] == order.order_id and t["what"] == "tracking"]


async def test_two_boxes_of_one_invoice_are_delivered_when_both_are(server: RunningApp) -> None:
    order = in_two_boxes(server)
    first, second = shown(server, order)
    first |= {"trackingNumber": f"{first['trackingNumber']}, {second['trackingNumber']}"}
    first["items"] += second["items"]
    server.simulator.order_system.orders[order.order_id]["packageAttachment"]["packages"] = [first]
    told = await days(server, order)
    assert {each["invoice"] for each in told} == {first["invoiceNumber"]}
    both = max(at for at in arrives(server, order) if at)
    said = [each["body"]["isDelivered"] for each in told]
    assert said[-1] is True
    assert said == sorted(said), "never not delivered after delivered"
    early = [each for each in told if each["body"]["isDelivered"] and datetime.fromisoformat(each["at"]) < both]
    assert not early, "never delivered before both are"
    lines = told[-1]["body"]["events"]
    for package in order.packages:
        assert any(line["description"].endswith(package.code) for line in lines)
    bodies = [str(each["body"]) for each in told]
    assert len(bodies) == len(set(bodies)), "nothing is said twice"


async def test_two_invoices_of_one_box_hear_the_same(server: RunningApp) -> None:
    order = in_two_boxes(server)
    first, second = shown(server, order)
    second |= {name: first[name] for name in ("trackingNumber", "trackingUrl")}
    told = await days(server, order)
    by_invoice = {
        number: [each["body"] for each in told if each["invoice"] == number]
        for number in (first["invoiceNumber"], second["invoiceNumber"])
    }
    one, two = by_invoice.values()
    assert one == two
    assert one[-1]["isDelivered"] is True
    sql = "SELECT count(*) FROM shipment s JOIN orders o ON o.id = s.order_id WHERE o.number = '%s'"
    rows = await server.rows(sql.replace("%s", order.order_id) + " AND s.package_id IS NULL")
    assert rows == [(1,)], "it is one package"
