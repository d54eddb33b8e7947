"""`paradeiro hook`: a subscription at the world's post office, end to end: its event, its push, our question."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from paradeiro.app import real_clock
from paradeiro.cli.hooks import check_public, choose, end, hook_command, register, try_out
from paradeiro.cli.worlds import WORLD_STORE, add_accounts, registration
from paradeiro.db import hooks, notices, stores
from paradeiro.db.pool import transaction
from paradeiro.db.stores import Account
from paradeiro.flow.errors import ConflictError, InvalidError, MissingError
from paradeiro.flow.hook import shut_door
from paradeiro.flow.intake import register as follow
from paradeiro.flow.means import Means
from paradeiro.settings import Settings
from paradeiro.web.api.shapes import ShipmentIn
from paradeiro.web.server import create_app
from paradeiro.worker.drain import drain
from paradeiro.world.clock import WorldClock
from paradeiro.world.correios_push import FLAVOURS, FORMS
from paradeiro.world.faults import Fault
from paradeiro.world.parties import World
from paradeiro.world.scenario import CHANNELS, Scenario
from paradeiro.world.server import listening, serve
from paradeiro.world.truth import Package
from tests.databases import START, open_means

MAIL = "ti@example.com"


@dataclass(frozen=True, slots=True)
class House:
    """Paradeiro, listening, with an account at the world's post office."""

    means: Means
    world: World
    account: Account
    address: str

    async def register(self, contact: str = MAIL) -> str:
        return await register(self.means, self.account, self.address, contact)

    async def hook(self) -> hooks.Hook | None:
        async with self.means.pool.connection() as connection:
            return await hooks.of_account(connection, self.account.id, self.means.secret_key)

    async def rows(self, sql: str) -> list[tuple[Any, ...]]:
        async with self.means.pool.connection() as connection:
            return await (await connection.execute(sql)).fetchall()

    async def follow(self, package: Package) -> int:
        each = {
            "order_id": package.order_id,
            "invoice_number": package.invoice_number,
            "tracking_code": package.code,
        }
        stated = ShipmentIn.model_validate(registration(each)).registration()
        return (await follow(self.means, self.account.store_id, stated)).shipment_id


@pytest.fixture
async def home(database: str, secret_key: str) -> AsyncIterator[House]:
    clock = WorldClock(START)
    async with (
        serve(Scenario(20, 8, 7, START).truth(), clock) as world,
        open_means(database, clock, secret_key) as means,
    ):
        await add_accounts(means, {"correios": world.accounts()["correios"]}, CHANNELS)
        async with listening(create_app(means, real_clock)) as address:
            yield House(means, world, await choose(means, "correios", store="", name=""), address)


async def test_registering_twice_keeps_one_subscription_address_and_secret(home: House) -> None:
    said = await home.register()
    assert "subscription 1001" in said
    first = await home.hook()
    assert first is not None
    assert first.token not in said
    assert first.secret not in said
    again = await home.register()
    assert "Contrato já vinculado" in again, "what the party says is handed on"
    assert await home.hook() == first
    (kept,) = home.world.pushes.subscriptions.values()
    assert kept.contracts == [home.world.post.contract.number]
    (address,) = kept.body["enderecos"]
    assert address["url"] == f"{home.address}/hooks/correios/{first.token}" == first.url
    assert address["secret"] == first.secret
    assert {"tipo": "BDE-1"} in address["tipoEventos"]
    assert kept.body["email"] == MAIL


async def test_new_credentials_leave_the_door_as_it_is(home: House) -> None:
    await home.register()
    first = await home.hook()
    await add_accounts(home.means, {"correios": home.world.accounts()["correios"]}, CHANNELS)
    assert await home.hook() == first


@pytest.mark.parametrize("flavour", FLAVOURS)
async def test_an_event_is_recorded_as_soon_as_it_is_pushed(home: House, flavour: str) -> None:
    home.world.pushes.flavour = flavour
    await home.register()
    package = next(p for p in home.world.truth.packages if p.kind == "delivered" and len(p.happenings) > 2)
    shipment = await home.follow(package)
    shows = package.happenings[0].visible_at
    home.world.clock.set(shows - timedelta(minutes=1))
    await drain(home.means)
    home.world.clock.set(shows + home.world.pushes.delay)
    await home.world.pushes.push_due()
    await drain(home.means)
    sql = f"SELECT code, recorded_at FROM tracking_event WHERE shipment_id = {shipment}"
    assert await home.rows(sql) == [(package.happenings[0].code, home.world.clock())]
    assert {push.status for push in home.world.pushes.sent} == {200}


async def test_a_push_of_a_delivery_that_the_interface_does_not_show_delivers_nothing(home: House) -> None:
    await home.register()
    package = next(p for p in home.world.truth.packages if p.kind == "delivered")
    shipment = await home.follow(package)
    delivery = next(h for h in package.happenings if h.says == "delivered")
    home.world.clock.set(delivery.visible_at + home.world.pushes.delay)
    home.world.post.packages[package.code].happenings.clear()
    await home.world.pushes.push_due()
    await drain(home.means)
    pushed = [push.event for push in home.world.pushes.sent if push.code == package.code]
    assert pushed[-1].startswith("BD")
    assert package.code in home.world.post.asked[-1], "it was asked for"
    assert await home.rows(f"SELECT status FROM shipment WHERE id = {shipment}") == [("registered",)]
    assert await home.rows("SELECT * FROM tracking_event") == []
    assert await home.rows("SELECT delivered_at FROM orders") == [(None,)]


@pytest.mark.parametrize("form", FORMS)
async def test_a_test_is_sent_and_seen(home: House, form: str) -> None:
    home.world.pushes.form = form
    await home.register()
    assert await try_out(home.means, home.account) == "A push came and was signed right."
    assert await try_out(home.means, home.account) == "A push came and was signed right.", "the same bytes again"
    home.world.pushes.spoilt = True
    assert "signature was not right" in await try_out(home.means, home.account)


async def test_a_test_that_does_not_come_is_said(home: House) -> None:
    await home.register()
    for subscription in home.world.pushes.subscriptions.values():
        subscription.body["enderecos"][0]["tipoEventos"] = []
    said = await try_out(home.means, home.account, patience=timedelta(seconds=0.2))
    assert "nothing came within" in said


async def test_many_wrong_signatures_are_noticed_until_the_secret_is_right(home: House) -> None:
    await home.register()
    home.world.pushes.copies, home.world.pushes.spoilt = 5, True
    await try_out(home.means, home.account)
    async with home.means.pool.connection() as connection:
        assert [n.kind for n in await notices.notices(connection, home.account.store_id)] == ["push_refused"]
    home.world.pushes.spoilt = False
    await try_out(home.means, home.account)
    async with home.means.pool.connection() as connection:
        assert await notices.notices(connection, home.account.store_id) == []


async def test_what_is_missing_is_said_in_words(home: House) -> None:
    with pytest.raises(ConflictError, match="give --email"):
        await home.register(contact="")
    home.world.post.contract.pushes = False
    with pytest.raises(ConflictError, match="APIs 78 \\(Webhook\\) and 534"):
        await home.register()
    home.world.post.contract.pushes = True
    home.world.post.contract.access_code = "another"
    home.world.post.tokens.clear()
    with pytest.raises(ConflictError, match="HTTP 401"):
        await home.register()
    assert home.world.pushes.subscriptions == {}


async def test_a_ready_made_key_needs_the_contracts_number(home: House) -> None:
    values = {"base_url": home.world.urls["correios"], "api_key": home.world.post.contract.api_key}
    await add_accounts(home.means, {"correios": values}, CHANNELS)
    account = await choose(home.means, "correios", store="", name="")
    with pytest.raises(ConflictError, match="--set contract="):
        await register(home.means, account, home.address, MAIL)
    assert home.world.pushes.subscriptions == {}
    await add_accounts(home.means, {"correios": values | {"contract": home.world.post.contract.number}}, CHANNELS)
    account = await choose(home.means, "correios", store="", name="")
    assert "subscription" in await register(home.means, account, home.address, MAIL)


@pytest.mark.parametrize("kind", ["accept_then_drop", "reset", "html", "status", "truncated"])
async def test_a_registration_that_was_interrupted_can_be_repeated(home: House, kind: str) -> None:
    """Whatever broke, and wherever: the next try keeps one subscription."""
    for step in range(4):
        home.world.faults.order(Fault("correios", kind, count=1, status=500, path="/webhook/"))
        for _ in range(step):
            # The fault befalls a later question: earlier ones are let through by well ones in front of it.
            home.world.faults.active.insert(0, Fault("correios", "slow", count=1, seconds=0, path="/webhook/"))
        try:
            await home.register()
        except ConflictError:
            home.world.faults.clear()
            await home.register()
        home.world.faults.clear()
        assert len(home.world.pushes.subscriptions) == 1, f"{kind} at question {step}"
        (kept,) = home.world.pushes.subscriptions.values()
        assert kept.contracts == [home.world.post.contract.number]
        await end(home.means, home.account)


async def test_ending_it_shuts_the_door_even_if_the_party_will_not(home: House) -> None:
    await home.register()
    first = await home.hook()
    home.world.pushes.removable = False
    said = await end(home.means, home.account)
    assert "1001 be removed (HTTP 405" in said
    assert "by hand" in said
    assert await home.hook() is None
    home.world.pushes.subscriptions["1001"].body["enderecos"][0]["tipoEventos"] = [{"tipo": "BDE-1"}]
    home.world.clock.set(home.world.truth.end)
    await home.world.pushes.push_due()
    assert {push.status for push in home.world.pushes.sent} == {404}
    await home.register()
    second = await home.hook()
    assert first is not None
    assert second is not None
    assert (second.token, second.secret) != (first.token, first.secret)


async def test_ending_it_ends_it_there(home: House) -> None:
    await home.register()
    assert "has ended" in await end(home.means, home.account)
    assert home.world.pushes.subscriptions == {}
    with pytest.raises(MissingError, match="does not push"):
        await end(home.means, home.account)
    with pytest.raises(MissingError, match="does not push"):
        await try_out(home.means, home.account)


async def test_another_public_address_moves_the_registration(home: House) -> None:
    await home.register()
    await register(home.means, home.account, "https://novo.example.com/", MAIL)
    (kept,) = home.world.pushes.subscriptions.values()
    assert kept.body["enderecos"][0]["url"].startswith("https://novo.example.com/hooks/correios/")
    home.world.pushes.removable = False
    said = await register(home.means, home.account, "https://outro.example.com", MAIL)
    assert "former address stays registered" in said


async def test_a_party_without_pushes_says_so(home: House) -> None:
    await add_accounts(home.means, {"email": home.world.accounts()["email"]}, CHANNELS)
    account = await choose(home.means, "email", store="", name="")
    with pytest.raises(InvalidError, match="asked instead"):
        await register(home.means, account, "https://loja.example.com", MAIL)
    with pytest.raises(InvalidError, match="asked instead"):
        await shut_door(home.means, account)


async def test_the_account_that_is_meant(home: House) -> None:
    assert (await choose(home.means, "correios", store=WORLD_STORE, name="Correios")).id == home.account.id
    for given in ({"store": "x", "name": ""}, {"store": "", "name": "x"}):
        with pytest.raises(MissingError, match="--store 'Loja do Mundo' --account 'Correios'"):
            await choose(home.means, "correios", **given)
    with pytest.raises(MissingError, match="none yet"):
        await choose(home.means, "nobody", store="", name="")
    async with transaction(home.means.pool) as connection:
        other = await stores.add_store(connection, "Outra", now=home.means.now())
        await stores.put_account(
            connection,
            other,
            connector="correios",
            kind=home.account.kind,
            name="Correios",
            settings={},
            secrets={},
            key=home.means.secret_key,
            now=home.means.now(),
        )
    with pytest.raises(MissingError, match="More than one"):
        await choose(home.means, "correios", store="", name="Correios")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://loja.example.com",
        "https://localhost",
        "https://127.0.0.1",
        "https://10.0.0.7:8443",
        "https://pc.local",
    ],
)
async def test_an_address_that_nobody_reaches_is_refused(url: str) -> None:
    with pytest.raises(InvalidError, match="--public-url https"):
        check_public(url)


def test_a_public_address_is_taken() -> None:
    check_public("https://rastreio.loja.com.br/paradeiro")


async def test_the_command_says_at_once_that_an_address_is_missing() -> None:
    with pytest.raises(InvalidError, match="--public-url https"):
        await hook_command(
            Settings(), "correios", store="", account="", public_url="", contact="", off=False, test=False
        )
