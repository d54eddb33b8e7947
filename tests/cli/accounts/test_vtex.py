"""`paradeiro vtex`: the simulated VTEX sends orders by hook and by feed, and the sweep finds what both missed."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response
from typer.testing import CliRunner

from paradeiro.app import real_clock
from paradeiro.cli.accounts.hooks import choose_account, try_pushes
from paradeiro.cli.accounts.vtex import backfill, connect, disconnect
from paradeiro.cli.commands import app
from paradeiro.cli.running.simulated_store import add_accounts
from paradeiro.db.accounts import stores
from paradeiro.db.accounts.stores import Account
from paradeiro.db.operations import notices
from paradeiro.db.pool import transaction
from paradeiro.flow.context import Context
from paradeiro.flow.errors import ConflictError
from paradeiro.flow.orders import order_hints
from paradeiro.simulator.clock import SimulatorClock
from paradeiro.simulator.faults import Fault
from paradeiro.simulator.order_systems.vtex_news import OrderNews
from paradeiro.simulator.parties import Simulator
from paradeiro.simulator.scenario.ground_truth import SoldOrder
from paradeiro.simulator.scenario.scenario import CHANNELS, Scenario
from paradeiro.simulator.server import listening, serve
from paradeiro.worker.drain import drain
from tests.databases import START, open_context
from tests.web.apps import create_app


@dataclass(frozen=True, slots=True)
class RunningApp:
    """Paradeiro, listening, with accounts at the simulated VTEX and post office."""

    context: Context
    simulator: Simulator
    account: Account
    address: str

    async def connect(self, how: str) -> str:
        return await connect(
            self.context, self.account, hook=how == "hook", feed=how == "feed", public_url=self.address
        )

    async def rows(self, sql: str) -> list[tuple[Any, ...]]:
        async with self.context.pool.connection() as connection:
            return await (await connection.execute(sql)).fetchall()

    async def orders(self) -> set[str]:
        return {row[0] for row in await self.rows("SELECT number FROM orders")}

    async def followed(self) -> set[str]:
        return {row[0] for row in await self.rows("SELECT tracking_code FROM shipment")}

    async def at(self, when: datetime) -> None:
        """The clock moves; VTEX pushes what it has to; we do what is due."""
        self.simulator.clock.set(when)
        await self.simulator.news.push_due()
        await drain(self.context)

    async def no_sweep(self) -> None:
        """Disable the sweep, so that orders come by hook or feed only."""
        async with transaction(self.context.pool) as connection:
            await connection.execute("UPDATE account SET next_visit = NULL")

    async def sweep(self) -> None:
        async with transaction(self.context.pool) as connection:
            await stores.make_account_due(connection, self.account.id, now=self.context.now())
        await drain(self.context)

    def next_order(self, nth: int = 0) -> SoldOrder:
        later = sorted(
            (o for o in self.simulator.ground_truth.orders if o.invoiced_at > START), key=lambda o: o.invoiced_at
        )
        return later[nth]

    def reads(self) -> int:
        """How often an order was read, not counting read-backs of sent messages."""
        return self.simulator.order_system.calls.get("get", 0) - len(self.simulator.order_system.told)

    async def notices(self) -> list[str]:
        async with self.context.pool.connection() as connection:
            return [n.kind for n in await notices.notices(connection, self.account.store_id)]


@pytest.fixture
async def server(database: str, secret_key: str) -> AsyncIterator[RunningApp]:
    clock = SimulatorClock(START)
    async with (
        serve(Scenario(20, 8, 7, START).ground_truth(), clock) as simulator,
        open_context(database, clock, secret_key) as context,
    ):
        known = simulator.accounts()
        await add_accounts(context, {name: known[name] for name in ("correios", "vtex")}, CHANNELS)
        async with listening(create_app(context, real_clock)) as address:
            server = RunningApp(context, simulator, await choose_account(context, "vtex", store="", name=""), address)
            await server.no_sweep()
            yield server
        assert simulator.breaches == []


@pytest.mark.parametrize("how", ["hook", "feed"])
async def test_an_order_is_followed_seconds_after_it_was_invoiced(server: RunningApp, how: str) -> None:
    said = await server.connect(how)
    assert "yes  Notify invoice" in said
    order = server.next_order()
    await server.at(order.invoiced_at + timedelta(seconds=4))
    assert await server.orders() == set(), "not told yet"
    await server.at(order.invoiced_at + timedelta(minutes=1, seconds=10))
    assert await server.orders() == {order.order_id}
    assert await server.followed() == {p.code for p in order.packages if not p.by_hand}
    assert server.simulator.order_system.calls.get("list", 0) == 1, "only the look at the key listed orders"
    assert await server.rows("SELECT * FROM order_hint") == []


async def test_connecting_twice_changes_nothing_and_disconnecting_ends_it(server: RunningApp) -> None:
    await server.connect("hook")
    config = server.simulator.news.hook_config
    await server.connect("hook")
    assert server.simulator.news.hook_config == config
    assert config is not None
    assert config["filter"] == {"type": "FromWorkflow", "status": ["invoiced"]}
    token = config["hook"]["url"].rsplit("/", 1)[1]
    said = await disconnect(server.context, server.account)
    assert "has ended" in said
    assert server.simulator.news.hook_config is None
    async with httpx.AsyncClient(trust_env=False) as http:
        assert (await http.post(f"{server.address}/hooks/vtex/{token}", content=b"{}")).status_code == 404
    assert "neither hook nor feed" in await disconnect(server.context, server.account)


async def test_the_feed_takes_the_place_of_the_hook_and_the_other_way_round(server: RunningApp) -> None:
    await server.connect("hook")
    await server.connect("feed")
    assert (server.simulator.news.hook_config, server.simulator.news.feed_config is not None) == (None, True)
    await server.connect("hook")
    assert (server.simulator.news.hook_config is not None, server.simulator.news.feed_config) == (True, None)
    assert await server.rows("SELECT * FROM feed") == []


@pytest.mark.parametrize("right", ["List Orders", "View order", "Notify invoice", "Feed v3 and Hook Admin"])
async def test_a_missing_right_is_named_and_nothing_is_changed(server: RunningApp, right: str) -> None:
    server.simulator.order_system.lacks.add(right)
    with pytest.raises(ConflictError) as caught:
        await server.connect("hook")
    assert f"NO   {right}: Admin, Account settings" in caught.value.message
    assert caught.value.message.count("NO ") == 1
    assert server.simulator.news.hook_config is None
    assert await server.rows("SELECT * FROM hook") == []


async def test_a_wrong_token_is_told_alone(server: RunningApp) -> None:
    server.simulator.order_system.app_token = "another"
    with pytest.raises(ConflictError, match="key and token"):
        await server.connect("")


async def test_a_feed_or_hook_of_another_system_is_left_alone(server: RunningApp) -> None:
    theirs = {"filter": {"type": "FromWorkflow", "status": ["handling"]}}
    server.simulator.news.hook_config = theirs | {"hook": {"url": "https://erp.example.com/", "headers": {}}}
    server.simulator.news.feed_config = theirs | {"queue": {}}
    for how in ("hook", "feed"):
        with pytest.raises(ConflictError, match="key of its own"):
            await server.connect(how)
    assert server.simulator.news.hook_config["hook"]["url"] == "https://erp.example.com/"
    assert server.simulator.news.feed_config["filter"] == theirs["filter"]


async def test_a_ping_is_answered_whether_or_not_it_brings_our_secret(server: RunningApp) -> None:
    await server.connect("hook")
    assert "A push came" in await try_pushes(server.context, server.account)
    assert await server.rows("SELECT outcome, about FROM push") == [("not_found", [])]


async def test_a_push_without_the_secret_is_refused_and_not_kept(server: RunningApp) -> None:
    await server.connect("hook")
    assert server.simulator.news.hook_config is not None
    url = server.simulator.news.hook_config["hook"]["url"]
    body = json.dumps({"OrderId": server.next_order().order_id, "State": "invoiced", "LastChange": "x"}).encode()
    async with httpx.AsyncClient(trust_env=False) as http:
        assert (await http.post(url, content=body)).status_code == 401
        assert (await http.post(url, content=body, headers={"key": "guess"})).status_code == 401
    assert await server.rows("SELECT * FROM order_hint") == []


async def test_duplicates_in_any_order_are_read_once(server: RunningApp) -> None:
    server.simulator.news.copies, server.simulator.news.shuffled = 4, True
    await server.connect("hook")
    before = server.reads()
    first, second = server.next_order(0), server.next_order(1)
    await server.at(second.invoiced_at + timedelta(minutes=1))
    assert await server.orders() == {first.order_id, second.order_id}
    assert server.reads() == before + 2
    assert {tuple(p.statuses) for p in server.simulator.news.posts} == {(200,)}
    # The same again days later, byte for byte or not, is the same news.
    for each in server.simulator.news.posts:
        each.over, each.due = False, server.simulator.clock()
    await server.at(server.simulator.clock() + timedelta(days=1))
    sql = f"SELECT seen, received_at < '{server.simulator.clock()}' FROM push WHERE about[1] = '{{}}'"
    row = [row for o in (first, second) for row in await server.rows(sql.format(o.order_id))]
    assert row == [(8, True), (8, True)], "the first time alone counted"


async def test_what_hook_and_feed_lost_the_sweep_finds_and_nothing_comes_twice(server: RunningApp) -> None:
    await server.connect("hook")
    lost, told = server.next_order(0), server.next_order(1)
    server.simulator.news.lost.add(lost.order_id)
    await server.at(told.invoiced_at + timedelta(minutes=1))
    assert await server.orders() == {told.order_id}
    server.simulator.clock.set(told.invoiced_at + timedelta(minutes=6))
    await server.sweep()
    assert await server.orders() == {lost.order_id, told.order_id}
    codes = [row[0] for row in await server.rows("SELECT tracking_code FROM shipment")]
    assert len(codes) == len(set(codes))


async def test_a_hook_is_answered_at_once_however_slow_vtex_is(server: RunningApp) -> None:
    await server.connect("hook")
    assert server.simulator.news.hook_config is not None
    hook = server.simulator.news.hook_config["hook"]
    server.simulator.faults.order(Fault("vtex", "slow", seconds=8))

    async def push(number: int) -> float:
        body = json.dumps({"OrderId": f"v{number}-01", "State": "invoiced", "LastChange": "x"}).encode()
        began = time.monotonic()
        assert (await http.post(hook["url"], content=body, headers=hook["headers"])).status_code == 200
        return time.monotonic() - began

    async with httpx.AsyncClient(trust_env=False, timeout=30) as http:
        took = await asyncio.gather(*(push(number) for number in range(100)))
    assert max(took) < 5, "VTEX waits for five seconds"
    assert await server.rows("SELECT count(*) FROM order_hint") == [(100,)]


async def test_a_hook_that_finds_us_away_comes_again(server: RunningApp) -> None:
    await server.connect("hook")
    assert server.simulator.news.hook_config is not None
    right = server.simulator.news.hook_config["hook"]["url"]
    server.simulator.news.hook_config["hook"]["url"] = "http://127.0.0.1:9/"
    order = server.next_order()
    await server.at(order.invoiced_at + timedelta(seconds=10))
    assert await server.orders() == set()
    server.simulator.news.hook_config["hook"]["url"] = right
    await server.at(order.invoiced_at + timedelta(minutes=2))
    assert await server.orders() == {order.order_id}
    assert [p.statuses for p in server.simulator.news.posts] == [[None, 200]]


@pytest.mark.parametrize("how", ["hook", "feed"])
async def test_in_the_end_everything_is_there_once(server: RunningApp, how: str) -> None:
    """Pushes doubled, in any order, half of them lost; VTEX fails every few requests; the sweep looks now and then."""
    await server.connect(how)
    news, later = server.simulator.news, [server.next_order(n) for n in range(8)]
    news.copies, news.shuffled, news.lost = 3, True, {o.order_id for o in later[::2]}
    for number, kind in enumerate(("status", "reset", "accept_then_drop", "truncated", "html")):
        server.simulator.faults.order(Fault("vtex", kind, every=5 + number))
    for number, order in enumerate(later):
        await server.at(order.invoiced_at + timedelta(minutes=2))
        if number % 3 == 2:
            await server.sweep()
    server.simulator.faults.clear()
    await server.at(server.simulator.clock() + timedelta(hours=2))
    await server.sweep()
    await server.at(server.simulator.clock() + timedelta(hours=2))
    await server.sweep()
    known = {
        o.order_id
        for o in server.simulator.ground_truth.orders
        if o.invoiced_at <= server.simulator.clock() - timedelta(hours=1)
    }
    assert known <= await server.orders()
    codes = [row[0] for row in await server.rows("SELECT tracking_code FROM shipment")]
    due = {
        p.code for o in server.simulator.ground_truth.orders if o.order_id in known for p in o.packages if not p.by_hand
    }
    assert due <= set(codes)
    assert len(codes) == len(set(codes))
    assert await server.rows("SELECT number FROM order_hint") == []
    assert await server.rows("SELECT kind FROM effect WHERE state IN ('pending', 'sending', 'refused')") == []


FAULTS = {
    "429": Fault("vtex", "status", status=429, count=1, path="/pvt/orders/"),
    "500": Fault("vtex", "status", status=500, count=1, path="/pvt/orders/"),
    "reset": Fault("vtex", "reset", count=1, path="/pvt/orders/"),
    "html": Fault("vtex", "html", count=1, path="/pvt/orders/"),
    "half": Fault("vtex", "truncated", count=1, path="/pvt/orders/"),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
@pytest.mark.parametrize("how", ["hook", "feed"])
async def test_a_hint_outlives_what_goes_wrong_at_reading_its_order(server: RunningApp, how: str, fault: Fault) -> None:
    await server.connect(how)
    order = server.next_order()
    server.simulator.faults.order(Fault(fault.party, fault.kind, count=1, status=fault.status, path=fault.path))
    await server.at(order.invoiced_at + timedelta(minutes=1, seconds=10))
    assert await server.orders() == set()
    assert await server.rows("SELECT number FROM order_hint") == [(order.order_id,)]
    await server.at(server.simulator.clock() + timedelta(minutes=3))
    assert await server.orders() == {order.order_id}
    assert await server.rows("SELECT number FROM order_hint") == []


async def test_after_a_429_the_account_rests_for_a_minute(server: RunningApp) -> None:
    await server.connect("hook")
    order = server.next_order()
    server.simulator.faults.order(Fault("vtex", "status", status=429, count=1))
    await server.at(order.invoiced_at + timedelta(seconds=10))
    before = server.reads()
    await server.at(server.simulator.clock() + timedelta(seconds=50))
    assert server.reads() == before
    await server.at(server.simulator.clock() + timedelta(seconds=11))
    assert server.reads() == before + 1
    assert await server.orders() == {order.order_id}


async def test_an_order_that_is_not_there_is_looked_for_a_while_and_then_let_go(server: RunningApp) -> None:
    await server.connect("hook")
    assert server.simulator.news.hook_config is not None
    hook = server.simulator.news.hook_config["hook"]
    body = json.dumps({"OrderId": "another-accounts-01", "State": "invoiced", "LastChange": "x"}).encode()
    async with httpx.AsyncClient(trust_env=False) as http:
        assert (await http.post(hook["url"], content=body, headers=hook["headers"])).status_code == 200
    before = server.reads()
    for _ in range(40):
        await server.at(server.simulator.clock() + timedelta(minutes=30))
    mine = [row for row in await server.rows("SELECT number FROM order_hint") if row[0] == "another-accounts-01"]
    assert mine == []
    assert server.reads() - before >= order_hints._GIVEN_UP_AFTER


async def test_feed_items_that_were_not_committed_come_again_and_change_nothing(server: RunningApp) -> None:
    await server.connect("feed")
    order = server.next_order()
    server.simulator.faults.order(Fault("vtex", "accept_then_drop", count=1, path="/orders/feed"))
    await server.at(order.invoiced_at + timedelta(minutes=1, seconds=10))
    assert await server.orders() == set(), "the lot was given out, and its answer lost"
    await server.at(server.simulator.clock() + timedelta(minutes=10))
    assert await server.orders() == {order.order_id}
    assert all(n.over for n in server.simulator.news.queue if n.order_id == order.order_id)


async def test_a_commit_that_did_not_get_through_is_made_up_for(
    server: RunningApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    await server.connect("feed")
    order = server.next_order()
    original = OrderNews._commit
    failed: list[int] = []

    async def failing(self: OrderNews, request: Request) -> Response:
        if failed:
            return await original(self, request)
        failed.append(1)
        return Response(status_code=503)

    monkeypatch.setattr(OrderNews, "_commit", failing)
    await server.at(order.invoiced_at + timedelta(minutes=1, seconds=10))
    assert failed
    assert not any(n.over for n in server.simulator.news.queue)
    await server.at(server.simulator.clock() + timedelta(minutes=10))
    assert order.order_id in await server.orders()
    assert all(n.over for n in server.simulator.news.queue if n.order_id == order.order_id)


async def test_a_feed_that_vtex_ended_is_begun_anew(server: RunningApp) -> None:
    await server.connect("feed")
    server.simulator.news.feed_config = None
    await server.at(START + timedelta(minutes=2))
    assert server.simulator.news.feed_config is not None
    assert await server.notices() == []


async def test_a_feed_that_may_not_be_read_is_a_notice_and_pauses_nothing(server: RunningApp) -> None:
    await server.connect("feed")
    server.simulator.order_system.lacks.add("Feed v3 and Hook Admin")
    await server.at(START + timedelta(minutes=2))
    assert await server.notices() == ["push_refused"]
    assert await server.rows("SELECT state FROM account WHERE connector = 'vtex'") == [("ok",)]
    order = server.next_order()
    server.simulator.clock.set(order.invoiced_at + timedelta(minutes=5))
    await server.sweep()
    assert order.order_id in await server.orders(), "the sweep goes on"
    server.simulator.order_system.lacks.clear()
    await server.at(server.simulator.clock() + timedelta(minutes=2))
    assert await server.notices() == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["connect", "--hook", "--feed"], "Either --hook or --feed"),
        (["connect", "--hook", "--public-url", "http://localhost"], "give --public-url"),
        (["backfill", "--days", "0"], "--days"),
        (["mails", "both", "--store", "Loja"], "both"),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_is(words: list[str], said: str) -> None:
    result = CliRunner().invoke(app, ["vtex", *words])
    assert result.exit_code == 2
    assert said in result.output


async def test_a_hook_that_vtex_ended_is_registered_again(server: RunningApp) -> None:
    await server.connect("hook")
    config = server.simulator.news.hook_config
    server.simulator.news.hook_config = None
    await server.sweep()
    assert server.simulator.news.hook_config == config
    assert await server.notices() == []


async def test_a_hook_that_cannot_be_registered_again_asks_for_a_person_until_it_can(server: RunningApp) -> None:
    await server.connect("hook")
    server.simulator.news.hook_config = None
    server.simulator.order_system.lacks.add("Feed v3 and Hook Admin")
    await server.sweep()
    assert await server.notices() == ["push_refused"]
    server.simulator.order_system.lacks.clear()
    server.simulator.clock.set(server.simulator.clock() + timedelta(hours=7))
    await server.sweep()
    assert await server.notices() == []
    assert server.simulator.news.hook_config is not None


async def test_a_backfill_takes_in_what_was_invoiced_before(server: RunningApp) -> None:
    server.simulator.clock.set(START + timedelta(days=6))
    reports: list[tuple[int, int]] = []
    said = await backfill(server.context, server.account, 60, lambda n, of: reports.append((n, of)))
    by_now = {
        o.order_id
        for o in server.simulator.ground_truth.orders
        if o.invoiced_at < server.simulator.clock() - timedelta(minutes=4)
    }
    assert await server.orders() == by_now
    assert reports[-1] == (len(by_now), len(by_now))
    assert f"{len(by_now)} orders" in said
    again = await server.followed()
    await backfill(server.context, server.account, 60, lambda n, of: None)
    assert await server.followed() == again


async def test_a_backfill_that_cannot_go_on_says_so(server: RunningApp) -> None:
    server.simulator.order_system.lacks.add("List Orders")
    with pytest.raises(ConflictError, match="0 orders were taken in"):
        await backfill(server.context, server.account, 60, lambda n, of: None)


async def test_new_credentials_leave_hook_and_feed_as_they_are(server: RunningApp) -> None:
    await server.connect("feed")
    await add_accounts(server.context, {"vtex": server.simulator.accounts()["vtex"]}, CHANNELS)
    assert len(await server.rows("SELECT * FROM feed")) == 1


async def test_the_sweep_looks_again_at_an_order_until_it_has_its_number(server: RunningApp) -> None:
    order = next(
        o for o in server.simulator.ground_truth.orders if o.invoiced_at > START and any(p.by_hand for p in o.packages)
    )
    server.simulator.clock.set(order.invoiced_at + timedelta(minutes=5))
    await server.sweep()
    late = next(p for p in order.packages if p.by_hand)
    assert late.code not in await server.followed()
    shown = server.simulator.order_system.orders[order.order_id]["packageAttachment"]["packages"]
    package = next(p for p in shown if p["invoiceNumber"] == late.invoice_number)
    package |= {"trackingNumber": late.code, "courier": "PAC Correios"}
    server.simulator.clock.set(server.simulator.clock() + timedelta(days=2))
    await server.sweep()
    assert late.code in await server.followed()
