"""`paradeiro vtex`: the world's VTEX tells of orders by hook and by feed, and the sweep finds what both missed."""

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
from paradeiro.cli.commands import app
from paradeiro.cli.hooks import choose, try_out
from paradeiro.cli.vtex import backfill, connect, disconnect
from paradeiro.cli.worlds import add_accounts
from paradeiro.db import notices, stores
from paradeiro.db.pool import transaction
from paradeiro.db.stores import Account
from paradeiro.flow import named
from paradeiro.flow.errors import ConflictError
from paradeiro.flow.means import Means
from paradeiro.web.server import create_app
from paradeiro.worker.drain import drain
from paradeiro.world.clock import WorldClock
from paradeiro.world.faults import Fault
from paradeiro.world.parties import World
from paradeiro.world.scenario import CHANNELS, Scenario
from paradeiro.world.server import listening, serve
from paradeiro.world.truth import SoldOrder
from paradeiro.world.vtex_news import OrderNews
from tests.databases import START, open_means


@dataclass(frozen=True, slots=True)
class House:
    """Paradeiro, listening, with accounts at the world's VTEX and post office."""

    means: Means
    world: World
    account: Account
    address: str

    async def connect(self, how: str) -> str:
        return await connect(self.means, self.account, hook=how == "hook", feed=how == "feed", public_url=self.address)

    async def rows(self, sql: str) -> list[tuple[Any, ...]]:
        async with self.means.pool.connection() as connection:
            return await (await connection.execute(sql)).fetchall()

    async def orders(self) -> set[str]:
        return {row[0] for row in await self.rows("SELECT number FROM orders")}

    async def followed(self) -> set[str]:
        return {row[0] for row in await self.rows("SELECT tracking_code FROM shipment")}

    async def at(self, when: datetime) -> None:
        """The clock moves; VTEX pushes what it has to; we do what is due."""
        self.world.clock.set(when)
        await self.world.news.push_due()
        await drain(self.means)

    async def no_sweep(self) -> None:
        """Keep the sweep away, so that what comes, comes by hook or feed."""
        async with transaction(self.means.pool) as connection:
            await connection.execute("UPDATE account SET next_visit = NULL")

    async def sweep(self) -> None:
        async with transaction(self.means.pool) as connection:
            await stores.visit_now(connection, self.account.id, now=self.means.now())
        await drain(self.means)

    def next_order(self, nth: int = 0) -> SoldOrder:
        later = sorted((o for o in self.world.truth.orders if o.invoiced_at > START), key=lambda o: o.invoiced_at)
        return later[nth]

    def reads(self) -> int:
        """How often an order was read, but for reading back what was told."""
        return self.world.order_system.calls.get("get", 0) - len(self.world.order_system.told)

    async def notices(self) -> list[str]:
        async with self.means.pool.connection() as connection:
            return [n.kind for n in await notices.notices(connection, self.account.store_id)]


@pytest.fixture
async def home(database: str, secret_key: str) -> AsyncIterator[House]:
    clock = WorldClock(START)
    async with (
        serve(Scenario(20, 8, 7, START).truth(), clock) as world,
        open_means(database, clock, secret_key) as means,
    ):
        known = world.accounts()
        await add_accounts(means, {name: known[name] for name in ("correios", "vtex")}, CHANNELS)
        async with listening(create_app(means, real_clock)) as address:
            home = House(means, world, await choose(means, "vtex", store="", name=""), address)
            await home.no_sweep()
            yield home
        assert world.breaches == []


@pytest.mark.parametrize("how", ["hook", "feed"])
async def test_an_order_is_followed_seconds_after_it_was_invoiced(home: House, how: str) -> None:
    said = await home.connect(how)
    assert "yes  Notify invoice" in said
    order = home.next_order()
    await home.at(order.invoiced_at + timedelta(seconds=4))
    assert await home.orders() == set(), "not told yet"
    await home.at(order.invoiced_at + timedelta(minutes=1, seconds=10))
    assert await home.orders() == {order.order_id}
    assert await home.followed() == {p.code for p in order.packages if not p.by_hand}
    assert home.world.order_system.calls.get("list", 0) == 1, "only the look at the key listed orders"
    assert await home.rows("SELECT * FROM order_hint") == []


async def test_connecting_twice_changes_nothing_and_disconnecting_ends_it(home: House) -> None:
    await home.connect("hook")
    config = home.world.news.hook_config
    await home.connect("hook")
    assert home.world.news.hook_config == config
    assert config is not None
    assert config["filter"] == {"type": "FromWorkflow", "status": ["invoiced"]}
    token = config["hook"]["url"].rsplit("/", 1)[1]
    said = await disconnect(home.means, home.account)
    assert "has ended" in said
    assert home.world.news.hook_config is None
    async with httpx.AsyncClient(trust_env=False) as http:
        assert (await http.post(f"{home.address}/hooks/vtex/{token}", content=b"{}")).status_code == 404
    assert "neither hook nor feed" in await disconnect(home.means, home.account)


async def test_the_feed_takes_the_place_of_the_hook_and_the_other_way_round(home: House) -> None:
    await home.connect("hook")
    await home.connect("feed")
    assert (home.world.news.hook_config, home.world.news.feed_config is not None) == (None, True)
    await home.connect("hook")
    assert (home.world.news.hook_config is not None, home.world.news.feed_config) == (True, None)
    assert await home.rows("SELECT * FROM feed") == []


@pytest.mark.parametrize("right", ["List Orders", "View order", "Notify invoice", "Feed v3 and Hook Admin"])
async def test_a_missing_right_is_named_and_nothing_is_changed(home: House, right: str) -> None:
    home.world.order_system.lacks.add(right)
    with pytest.raises(ConflictError) as caught:
        await home.connect("hook")
    assert f"NO   {right}: Admin, Account settings" in caught.value.message
    assert caught.value.message.count("NO ") == 1
    assert home.world.news.hook_config is None
    assert await home.rows("SELECT * FROM hook") == []


async def test_a_wrong_token_is_told_alone(home: House) -> None:
    home.world.order_system.app_token = "another"
    with pytest.raises(ConflictError, match="key and token"):
        await home.connect("")


async def test_a_key_whose_feed_or_hook_is_somebody_elses_is_left_alone(home: House) -> None:
    theirs = {"filter": {"type": "FromWorkflow", "status": ["handling"]}}
    home.world.news.hook_config = theirs | {"hook": {"url": "https://erp.example.com/", "headers": {}}}
    home.world.news.feed_config = theirs | {"queue": {}}
    for how in ("hook", "feed"):
        with pytest.raises(ConflictError, match="key of its own"):
            await home.connect(how)
    assert home.world.news.hook_config["hook"]["url"] == "https://erp.example.com/"
    assert home.world.news.feed_config["filter"] == theirs["filter"]


async def test_a_ping_is_answered_whether_or_not_it_brings_our_secret(home: House) -> None:
    await home.connect("hook")
    assert "A push came" in await try_out(home.means, home.account)
    assert await home.rows("SELECT outcome, about FROM push") == [("not_found", [])]


async def test_a_push_without_the_secret_is_refused_and_not_kept(home: House) -> None:
    await home.connect("hook")
    assert home.world.news.hook_config is not None
    url = home.world.news.hook_config["hook"]["url"]
    body = json.dumps({"OrderId": home.next_order().order_id, "State": "invoiced", "LastChange": "x"}).encode()
    async with httpx.AsyncClient(trust_env=False) as http:
        assert (await http.post(url, content=body)).status_code == 401
        assert (await http.post(url, content=body, headers={"key": "guess"})).status_code == 401
    assert await home.rows("SELECT * FROM order_hint") == []


async def test_duplicates_in_any_order_are_read_once(home: House) -> None:
    home.world.news.copies, home.world.news.shuffled = 4, True
    await home.connect("hook")
    before = home.reads()
    first, second = home.next_order(0), home.next_order(1)
    await home.at(second.invoiced_at + timedelta(minutes=1))
    assert await home.orders() == {first.order_id, second.order_id}
    assert home.reads() == before + 2
    assert {tuple(p.statuses) for p in home.world.news.posts} == {(200,)}
    # The same again days later, byte for byte or not, is the same news.
    for each in home.world.news.posts:
        each.over, each.due = False, home.world.clock()
    await home.at(home.world.clock() + timedelta(days=1))
    sql = f"SELECT seen, received_at < '{home.world.clock()}' FROM push WHERE about[1] = '{{}}'"
    kept = [row for o in (first, second) for row in await home.rows(sql.format(o.order_id))]
    assert kept == [(8, True), (8, True)], "the first time alone counted"


async def test_what_hook_and_feed_lost_the_sweep_finds_and_nothing_comes_twice(home: House) -> None:
    await home.connect("hook")
    lost, told = home.next_order(0), home.next_order(1)
    home.world.news.lost.add(lost.order_id)
    await home.at(told.invoiced_at + timedelta(minutes=1))
    assert await home.orders() == {told.order_id}
    home.world.clock.set(told.invoiced_at + timedelta(minutes=6))
    await home.sweep()
    assert await home.orders() == {lost.order_id, told.order_id}
    codes = [row[0] for row in await home.rows("SELECT tracking_code FROM shipment")]
    assert len(codes) == len(set(codes))


async def test_a_hook_is_answered_at_once_however_slow_vtex_is(home: House) -> None:
    await home.connect("hook")
    assert home.world.news.hook_config is not None
    hook = home.world.news.hook_config["hook"]
    home.world.faults.order(Fault("vtex", "slow", seconds=8))

    async def push(number: int) -> float:
        body = json.dumps({"OrderId": f"v{number}-01", "State": "invoiced", "LastChange": "x"}).encode()
        began = time.monotonic()
        assert (await http.post(hook["url"], content=body, headers=hook["headers"])).status_code == 200
        return time.monotonic() - began

    async with httpx.AsyncClient(trust_env=False, timeout=30) as http:
        took = await asyncio.gather(*(push(number) for number in range(100)))
    assert max(took) < 5, "VTEX waits for five seconds"
    assert await home.rows("SELECT count(*) FROM order_hint") == [(100,)]


async def test_a_hook_that_finds_us_away_comes_again(home: House) -> None:
    await home.connect("hook")
    assert home.world.news.hook_config is not None
    right = home.world.news.hook_config["hook"]["url"]
    home.world.news.hook_config["hook"]["url"] = "http://127.0.0.1:9/"
    order = home.next_order()
    await home.at(order.invoiced_at + timedelta(seconds=10))
    assert await home.orders() == set()
    home.world.news.hook_config["hook"]["url"] = right
    await home.at(order.invoiced_at + timedelta(minutes=2))
    assert await home.orders() == {order.order_id}
    assert [p.statuses for p in home.world.news.posts] == [[None, 200]]


@pytest.mark.parametrize("how", ["hook", "feed"])
async def test_in_the_end_everything_is_there_once(home: House, how: str) -> None:
    """Pushes doubled, in any order, half of them lost; VTEX fails every few requests; the sweep looks now and then."""
    await home.connect(how)
    news, later = home.world.news, [home.next_order(n) for n in range(8)]
    news.copies, news.shuffled, news.lost = 3, True, {o.order_id for o in later[::2]}
    for number, kind in enumerate(("status", "reset", "accept_then_drop", "truncated", "html")):
        home.world.faults.order(Fault("vtex", kind, every=5 + number))
    for number, order in enumerate(later):
        await home.at(order.invoiced_at + timedelta(minutes=2))
        if number % 3 == 2:
            await home.sweep()
    home.world.faults.clear()
    await home.at(home.world.clock() + timedelta(hours=2))
    await home.sweep()
    await home.at(home.world.clock() + timedelta(hours=2))
    await home.sweep()
    known = {o.order_id for o in home.world.truth.orders if o.invoiced_at <= home.world.clock() - timedelta(hours=1)}
    assert known <= await home.orders()
    codes = [row[0] for row in await home.rows("SELECT tracking_code FROM shipment")]
    due = {p.code for o in home.world.truth.orders if o.order_id in known for p in o.packages if not p.by_hand}
    assert due <= set(codes)
    assert len(codes) == len(set(codes))
    assert await home.rows("SELECT number FROM order_hint") == []
    assert await home.rows("SELECT kind FROM effect WHERE state IN ('pending', 'sending', 'refused')") == []


FAULTS = {
    "429": Fault("vtex", "status", status=429, count=1, path="/pvt/orders/"),
    "500": Fault("vtex", "status", status=500, count=1, path="/pvt/orders/"),
    "reset": Fault("vtex", "reset", count=1, path="/pvt/orders/"),
    "html": Fault("vtex", "html", count=1, path="/pvt/orders/"),
    "half": Fault("vtex", "truncated", count=1, path="/pvt/orders/"),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
@pytest.mark.parametrize("how", ["hook", "feed"])
async def test_a_hint_outlives_what_goes_wrong_at_reading_its_order(home: House, how: str, fault: Fault) -> None:
    await home.connect(how)
    order = home.next_order()
    home.world.faults.order(Fault(fault.party, fault.kind, count=1, status=fault.status, path=fault.path))
    await home.at(order.invoiced_at + timedelta(minutes=1, seconds=10))
    assert await home.orders() == set()
    assert await home.rows("SELECT number FROM order_hint") == [(order.order_id,)]
    await home.at(home.world.clock() + timedelta(minutes=3))
    assert await home.orders() == {order.order_id}
    assert await home.rows("SELECT number FROM order_hint") == []


async def test_after_a_429_the_account_rests_for_a_minute(home: House) -> None:
    await home.connect("hook")
    order = home.next_order()
    home.world.faults.order(Fault("vtex", "status", status=429, count=1))
    await home.at(order.invoiced_at + timedelta(seconds=10))
    before = home.reads()
    await home.at(home.world.clock() + timedelta(seconds=50))
    assert home.reads() == before
    await home.at(home.world.clock() + timedelta(seconds=11))
    assert home.reads() == before + 1
    assert await home.orders() == {order.order_id}


async def test_an_order_that_is_not_there_is_looked_for_a_while_and_then_let_go(home: House) -> None:
    await home.connect("hook")
    assert home.world.news.hook_config is not None
    hook = home.world.news.hook_config["hook"]
    body = json.dumps({"OrderId": "another-accounts-01", "State": "invoiced", "LastChange": "x"}).encode()
    async with httpx.AsyncClient(trust_env=False) as http:
        assert (await http.post(hook["url"], content=body, headers=hook["headers"])).status_code == 200
    before = home.reads()
    for _ in range(40):
        await home.at(home.world.clock() + timedelta(minutes=30))
    mine = [row for row in await home.rows("SELECT number FROM order_hint") if row[0] == "another-accounts-01"]
    assert mine == []
    assert home.reads() - before >= named._GIVEN_UP_AFTER


async def test_feed_items_that_were_not_committed_come_again_and_change_nothing(home: House) -> None:
    await home.connect("feed")
    order = home.next_order()
    home.world.faults.order(Fault("vtex", "accept_then_drop", count=1, path="/orders/feed"))
    await home.at(order.invoiced_at + timedelta(minutes=1, seconds=10))
    assert await home.orders() == set(), "the lot was given out, and its answer lost"
    await home.at(home.world.clock() + timedelta(minutes=10))
    assert await home.orders() == {order.order_id}
    assert all(n.over for n in home.world.news.queue if n.order_id == order.order_id)


async def test_a_commit_that_did_not_get_through_is_made_up_for(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    await home.connect("feed")
    order = home.next_order()
    original = OrderNews._commit
    failed: list[int] = []

    async def failing(self: OrderNews, request: Request) -> Response:
        if failed:
            return await original(self, request)
        failed.append(1)
        return Response(status_code=503)

    monkeypatch.setattr(OrderNews, "_commit", failing)
    await home.at(order.invoiced_at + timedelta(minutes=1, seconds=10))
    assert failed
    assert not any(n.over for n in home.world.news.queue)
    await home.at(home.world.clock() + timedelta(minutes=10))
    assert order.order_id in await home.orders()
    assert all(n.over for n in home.world.news.queue if n.order_id == order.order_id)


async def test_a_feed_that_vtex_ended_is_begun_anew(home: House) -> None:
    await home.connect("feed")
    home.world.news.feed_config = None
    await home.at(START + timedelta(minutes=2))
    assert home.world.news.feed_config is not None
    assert await home.notices() == []


async def test_a_feed_that_may_not_be_read_is_a_notice_and_pauses_nothing(home: House) -> None:
    await home.connect("feed")
    home.world.order_system.lacks.add("Feed v3 and Hook Admin")
    await home.at(START + timedelta(minutes=2))
    assert await home.notices() == ["push_refused"]
    assert await home.rows("SELECT state FROM account WHERE connector = 'vtex'") == [("ok",)]
    order = home.next_order()
    home.world.clock.set(order.invoiced_at + timedelta(minutes=5))
    await home.sweep()
    assert order.order_id in await home.orders(), "the sweep goes on"
    home.world.order_system.lacks.clear()
    await home.at(home.world.clock() + timedelta(minutes=2))
    assert await home.notices() == []


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


async def test_a_hook_that_vtex_ended_is_registered_again(home: House) -> None:
    await home.connect("hook")
    config = home.world.news.hook_config
    home.world.news.hook_config = None
    await home.sweep()
    assert home.world.news.hook_config == config
    assert await home.notices() == []


async def test_a_hook_that_cannot_be_registered_again_asks_for_a_person_until_it_can(home: House) -> None:
    await home.connect("hook")
    home.world.news.hook_config = None
    home.world.order_system.lacks.add("Feed v3 and Hook Admin")
    await home.sweep()
    assert await home.notices() == ["push_refused"]
    home.world.order_system.lacks.clear()
    home.world.clock.set(home.world.clock() + timedelta(hours=7))
    await home.sweep()
    assert await home.notices() == []
    assert home.world.news.hook_config is not None


async def test_a_backfill_takes_in_what_was_invoiced_before(home: House) -> None:
    home.world.clock.set(START + timedelta(days=6))
    heard: list[tuple[int, int]] = []
    said = await backfill(home.means, home.account, 60, lambda n, of: heard.append((n, of)))
    by_now = {o.order_id for o in home.world.truth.orders if o.invoiced_at < home.world.clock() - timedelta(minutes=4)}
    assert await home.orders() == by_now
    assert heard[-1] == (len(by_now), len(by_now))
    assert f"{len(by_now)} orders" in said
    again = await home.followed()
    await backfill(home.means, home.account, 60, lambda n, of: None)
    assert await home.followed() == again


async def test_a_backfill_that_cannot_go_on_says_so(home: House) -> None:
    home.world.order_system.lacks.add("List Orders")
    with pytest.raises(ConflictError, match="0 orders were taken in"):
        await backfill(home.means, home.account, 60, lambda n, of: None)


async def test_new_credentials_leave_hook_and_feed_as_they_are(home: House) -> None:
    await home.connect("feed")
    await add_accounts(home.means, {"vtex": home.world.accounts()["vtex"]}, CHANNELS)
    assert len(await home.rows("SELECT * FROM feed")) == 1


async def test_the_sweep_looks_again_at_an_order_until_it_has_its_number(home: House) -> None:
    order = next(o for o in home.world.truth.orders if o.invoiced_at > START and any(p.by_hand for p in o.packages))
    home.world.clock.set(order.invoiced_at + timedelta(minutes=5))
    await home.sweep()
    late = next(p for p in order.packages if p.by_hand)
    assert late.code not in await home.followed()
    shown = home.world.order_system.orders[order.order_id]["packageAttachment"]["packages"]
    package = next(p for p in shown if p["invoiceNumber"] == late.invoice_number)
    package |= {"trackingNumber": late.code, "courier": "PAC Correios"}
    home.world.clock.set(home.world.clock() + timedelta(days=2))
    await home.sweep()
    assert late.code in await home.followed()
