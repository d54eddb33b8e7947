"""Single-use refresh tokens: renewed by one worker at a time, stored before use, a notice when lost."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from paradeiro.connectors import discover
from paradeiro.db.accounts import stores
from paradeiro.db.accounts.stores import Account
from paradeiro.db.pool import transaction
from paradeiro.domain.records import Order
from paradeiro.domain.words import NoticeKind, Outcome, PartyKind
from paradeiro.flow.accounts.token_store import TokenStore
from paradeiro.flow.context import Sessions
from paradeiro.sdk.tokens import NoTokens, Tokens
from paradeiro.simulator.clock import SimulatorClock
from paradeiro.simulator.faults import Fault, Faults, Faulty
from paradeiro.simulator.marketplaces.mercado_livre import MercadoLivre
from paradeiro.simulator.scenario.scenario import MERCADO_LIVRE, Scenario
from paradeiro.simulator.server import listening
from tests.databases import START, HandClock
from tests.flow.conftest import ANA, Shop
from tests.flow.test_main_line import DELIVERED, OUT, POSTED


@dataclass
class Giver:
    """A party that takes each refresh token once."""

    clock: HandClock
    good: str = "r0"
    asked: list[str] = field(default_factory=list)
    pause: float = 0.0
    dies: bool = False

    async def __call__(self, refresh: str) -> Tokens | NoTokens:
        self.asked.append(refresh)
        if refresh != self.good:
            return NoTokens(Outcome.AUTH_FAILED, "invalid_grant")
        self.good = f"r{len(self.asked)}"
        await asyncio.sleep(self.pause)
        if self.dies:
            raise KeyboardInterrupt
        return Tokens(f"a{len(self.asked)}", self.good, self.clock() + timedelta(hours=6))


def keeper(shop: Shop) -> TokenStore:
    return TokenStore(shop.context.pool, shop.context.secret_key, shop.clock)


async def seller(shop: Shop, refresh: str = "r0", name: str = "ML", **settings: str) -> Account:
    async with transaction(shop.context.pool) as connection:
        added = await stores.put_account(
            connection,
            shop.store_id,
            connector="mercado_livre",
            kind=PartyKind.MARKETPLACE,
            name=name,
            settings={k: v for k, v in settings.items() if k != "client_secret"},
            secrets={"refresh_token": refresh, "client_secret": settings.get("client_secret", "s")},
            key=shop.context.secret_key,
            now=shop.context.now(),
            channel=MERCADO_LIVRE,
        )
        return (await stores.accounts(connection, shop.context.secret_key, ids=[added]))[0]


def access(got: Tokens | NoTokens) -> str:
    assert isinstance(got, Tokens)
    return got.access


async def test_ten_workers_at_once_ask_once(shop: Shop) -> None:
    account, giver = await seller(shop), Giver(shop.clock, pause=0.2)
    got = await asyncio.gather(*(keeper(shop).current_tokens(account, "", giver) for _ in range(10)))
    assert {access(g) for g in got} == {"a1"}
    assert giver.asked == ["r0"]


async def test_what_is_over_or_refused_is_renewed_with_the_newest(shop: Shop) -> None:
    account, giver = await seller(shop), Giver(shop.clock)
    assert access(await keeper(shop).current_tokens(account, "", giver)) == "a1"
    assert access(await keeper(shop).current_tokens(account, "", giver)) == "a1"
    shop.clock.forward(hours=5, minutes=56)
    assert access(await keeper(shop).current_tokens(account, "", giver)) == "a2", "it shall not end on the way"
    stale = await asyncio.gather(*(keeper(shop).current_tokens(account, "a2", giver) for _ in range(3)))
    assert {access(g) for g in stale} == {"a3"}, "whoever comes late with a2 gets what the first one got"
    assert giver.asked == ["r0", "r1", "r2"]


async def test_a_worker_that_dies_loses_its_turn_and_a_person_is_reported(shop: Shop) -> None:
    account, giver = await seller(shop), Giver(shop.clock, dies=True)
    with pytest.raises(KeyboardInterrupt):
        await keeper(shop).current_tokens(account, "", giver)
    giver.dies = False
    shop.clock.forward(minutes=2)
    got = await keeper(shop).current_tokens(account, "", giver)
    assert got == NoTokens(Outcome.AUTH_FAILED, "invalid_grant")
    assert giver.asked == ["r0", "r0"]


async def test_a_new_authorisation_makes_the_old_tokens_void(shop: Shop) -> None:
    account, giver = await seller(shop), Giver(shop.clock)
    await keeper(shop).current_tokens(account, "", giver)
    giver.good = "typed"
    again = await seller(shop, "typed")
    assert access(await keeper(shop).current_tokens(again, "", giver)) == "a2"
    assert access(await keeper(shop).current_tokens(await seller(shop, "typed"), "", giver)) == "a2", (
        "the same typed again"
    )
    assert giver.asked == ["r0", "typed"]


async def test_a_party_that_cannot_answer_is_asked_again_with_the_same(shop: Shop) -> None:
    account = await seller(shop)

    async def nobody(_: str) -> NoTokens:
        return NoTokens(Outcome.RETRY, "could not connect")

    assert await keeper(shop).current_tokens(account, "", nobody) == NoTokens(Outcome.RETRY, "could not connect")
    giver = Giver(shop.clock)
    assert access(await keeper(shop).current_tokens(account, "", giver)) == "a1"


async def test_tokens_are_sealed_and_shown_nowhere(shop: Shop) -> None:
    account, giver = await seller(shop), Giver(shop.clock)
    got = await keeper(shop).current_tokens(account, "", giver)
    assert "a1" not in repr(got)
    assert shop.context.secret_key not in repr(keeper(shop))
    async with shop.context.pool.connection() as connection:
        rows = await (await connection.execute("SELECT * FROM account_token")).fetchall()
    # With its quotation marks: two letters are found in one of thirty sealed texts by chance.
    assert "'a1'" not in str(rows)
    assert '"a1"' not in str(rows)


@dataclass
class Sold:
    """A shop that sells on the simulator's Mercado Livre, whose answers come over real HTTP."""

    shop: Shop
    there: MercadoLivre
    faults: Faults
    number: str

    async def package(self) -> int:
        return await self.shop.register("AA1", Order("2001", ANA, MERCADO_LIVRE, self.number))

    @property
    def shown(self) -> tuple[str, str | None]:
        return self.there.shipments[self.number]["status"], self.there.shipments[self.number]["tracking_number"]

    def told(self) -> list[str]:
        return [t["body"].get("status", "number") for t in self.there.told]


async def sold(shop: Shop, stack: AsyncExitStack, mode: str = "me1") -> Sold:
    there = MercadoLivre(Scenario(200, 12, 7, START).ground_truth(), SimulatorClock(START))
    there.clock = shop.clock
    faults = Faults()
    url = await stack.enter_async_context(listening(Faulty(there.app(), "mercado_livre", faults), 0))
    settings = {"base_url": url, "client_id": there.client_id, "client_secret": there.client_secret}
    await seller(shop, there.first_refresh, **settings)
    connectors = {**shop.context.connectors, "mercado_livre": discover()["mercado_livre"]}
    sessions = Sessions(connectors, shop.clock, token_store=keeper(shop))
    stack.push_async_callback(sessions.close)
    shop = replace(shop, context=replace(shop.context, connectors=connectors, sessions=sessions))
    return Sold(shop, there, faults, next(n for n, s in there.shipments.items() if s["mode"] == mode))


async def test_from_the_carrier_to_mercado_livre(shop: Shop) -> None:
    async with AsyncExitStack() as stack:
        at = await sold(shop, stack)
        shipment = await at.package()
        await at.shop.run()
        assert at.shown == ("pending", None), "the number goes with the first status"
        at.shop.outside.say("AA1", POSTED, OUT)
        await at.shop.ask(shipment, days=1)
        at.shop.outside.say("AA1", POSTED, OUT, DELIVERED)
        await at.shop.ask(shipment, days=1)
        assert at.shown == ("delivered", "AA1")
        assert at.told() == ["shipped", "shipped", "delivered"]
        assert at.there.breaches == []
        assert "marketplace_invoice" not in {e.kind for e in await at.shop.effects(shipment)}
        assert await at.shop.notices() == []


async def test_envios_2_is_left_alone_and_the_order_says_why(shop: Shop) -> None:
    async with AsyncExitStack() as stack:
        at = await sold(shop, stack, "me2")
        shipment = await at.package()
        at.shop.outside.say("AA1", POSTED, OUT, DELIVERED)
        await at.shop.ask(shipment, days=2)
        assert at.there.told == []
        told = [e for e in await at.shop.effects(shipment) if e.connector == "mercado_livre"]
        assert told
        assert {e.state for e in told} == {"done"}
        assert all("follows this package itself (me2)" in e.receipt for e in told)


async def test_a_lost_token_stops_the_account_and_a_person_fixes_it(shop: Shop) -> None:
    async with AsyncExitStack() as stack:
        at = await sold(shop, stack)
        at.faults.order(Fault("mercado_livre", "accept_then_drop", 1, path="/oauth"))
        shipment = await at.package()
        await at.shop.later(minutes=10)
        await at.shop.later(minutes=10)
        notice = next(n for n in await at.shop.notices() if n.kind == NoticeKind.CREDENTIALS_REFUSED)
        assert "authorise the application again" in notice.message
        assert at.shown == ("pending", None)
        at.there.refresh = "TG-new"
        settings = {"base_url": (await _account(at)).settings["base_url"], "client_id": at.there.client_id}
        await seller(at.shop, "TG-new", client_secret=at.there.client_secret, **settings)
        await at.shop.later(hours=2)
        at.shop.outside.say("AA1", POSTED)
        await at.shop.ask(shipment, hours=2)
        assert at.shown == ("shipped", "AA1"), "nothing was lost meanwhile"
        assert await at.shop.notices() == [], "what was asked is over with the first answer"


async def _account(at: Sold) -> Account:
    async with at.shop.context.pool.connection() as connection:
        known = await stores.accounts(connection, at.shop.context.secret_key)
    return next(a for a in known if a.connector == "mercado_livre")


async def test_new_client_credentials_get_tokens_of_their_own(shop: Shop) -> None:
    """A token of the credentials before would be good for hours, at another account of the party."""

    async def issue(_: str) -> Tokens:
        issued.append("token")
        return Tokens(f"a{len(issued)}", "", shop.clock() + timedelta(hours=6))

    issued: list[str] = []
    account = await seller(shop, refresh="", client_id="one")
    assert [access(await keeper(shop).current_tokens(account, "", issue)) for _ in range(2)] == ["a1", "a1"]
    for change in ({"client_id": "two"}, {"client_id": "two", "client_secret": "another"}):
        account = await seller(shop, refresh="", **change)
        await keeper(shop).current_tokens(account, "", issue)
    assert len(issued) == 3
    assert access(await keeper(shop).current_tokens(account, "", issue)) == "a3"
