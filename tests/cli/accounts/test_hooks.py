"""`paradeiro hook`: a subscription at the simulated post office, end to end: its event, its push, our request."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from paradeiro.app import real_clock
from paradeiro.cli.accounts.hooks import (
    check_public_url,
    choose_account,
    end_hook,
    hook_command,
    register_hook,
    try_pushes,
)
from paradeiro.cli.running.simulated_store import SIMULATED_STORE, add_accounts, registration
from paradeiro.db.accounts import hooks, stores
from paradeiro.db.accounts.stores import Account
from paradeiro.db.operations import notices
from paradeiro.db.pool import transaction
from paradeiro.flow.accounts.hooks import close_hook
from paradeiro.flow.context import Context
from paradeiro.flow.errors import ConflictError, InvalidError, MissingError
from paradeiro.flow.orders.intake import register as follow
from paradeiro.settings import Settings
from paradeiro.simulator.carriers.correios_push import FLAVOURS, FORMS
from paradeiro.simulator.clock import SimulatorClock
from paradeiro.simulator.faults import Fault
from paradeiro.simulator.parties import Simulator
from paradeiro.simulator.scenario.ground_truth import Package
from paradeiro.simulator.scenario.scenario import CHANNELS, Scenario
from paradeiro.simulator.server import listening, serve
from paradeiro.web.api.shapes import ShipmentIn
from paradeiro.worker.drain import drain
from tests.databases import START, open_context
from tests.web.apps import create_app

MAIL = "ti@example.com"


@dataclass(frozen=True, slots=True)
class RunningApp:
    """Paradeiro, listening, with an account at the simulated post office."""

    context: Context
    simulator: Simulator
    account: Account
    address: str

    async def register_hook(self, contact: str = MAIL) -> str:
        return await register_hook(self.context, self.account, self.address, contact)

    async def hook(self) -> hooks.Hook | None:
        async with self.context.pool.connection() as connection:
            return await hooks.hook_of_account(connection, self.account.id, self.context.secret_key)

    async def rows(self, sql: str) -> list[tuple[Any, ...]]:
        async with self.context.pool.connection() as connection:
            return await (await connection.execute(sql)).fetchall()

    async def follow(self, package: Package) -> int:
        each = {
            "order_id": package.order_id,
            "invoice_number": package.invoice_number,
            "tracking_code": package.code,
        }
        stated = ShipmentIn.model_validate(registration(each)).registration()
        return (await follow(self.context, self.account.store_id, stated)).shipment_id


@pytest.fixture
async def server(database: str, secret_key: str) -> AsyncIterator[RunningApp]:
    clock = SimulatorClock(START)
    async with (
        serve(Scenario(20, 8, 7, START).ground_truth(), clock) as simulator,
        open_context(database, clock, secret_key) as context,
    ):
        await add_accounts(context, {"correios": simulator.accounts()["correios"]}, CHANNELS)
        async with listening(create_app(context, real_clock)) as address:
            yield RunningApp(context, simulator, await choose_account(context, "correios", store="", name=""), address)


async def test_registering_twice_keeps_one_subscription_address_and_secret(server: RunningApp) -> None:
    said = await server.register_hook()
    assert "subscription 1001" in said
    first = await server.hook()
    assert first is not None
    assert first.token not in said
    assert first.secret not in said
    again = await server.register_hook()
    assert "Contrato já vinculado" in again, "what the party says is handed on"
    assert await server.hook() == first
    (row,) = server.simulator.pushes.subscriptions.values()
    assert row.contracts == [server.simulator.post.contract.number]
    (address,) = row.body["enderecos"]
    assert address["url"] == f"{server.address}/hooks/correios/{first.token}" == first.url
    assert address["secret"] == first.secret
    assert {"tipo": "BDE-1"} in address["tipoEventos"]
    assert row.body["email"] == MAIL


async def test_new_credentials_leave_the_address_as_it_is(server: RunningApp) -> None:
    await server.register_hook()
    first = await server.hook()
    await add_accounts(server.context, {"correios": server.simulator.accounts()["correios"]}, CHANNELS)
    assert await server.hook() == first


@pytest.mark.parametrize("flavour", FLAVOURS)
async def test_an_event_is_recorded_as_soon_as_it_is_pushed(server: RunningApp, flavour: str) -> None:
    server.simulator.pushes.flavour = flavour
    await server.register_hook()
    package = next(p for p in server.simulator.ground_truth.packages if p.kind == "delivered" and len(p.happenings) > 2)
    shipment = await server.follow(package)
    shows = package.happenings[0].visible_at
    server.simulator.clock.set(shows - timedelta(minutes=1))
    await drain(server.context)
    server.simulator.clock.set(shows + server.simulator.pushes.delay)
    await server.simulator.pushes.push_due()
    await drain(server.context)
    sql = f"SELECT code, recorded_at FROM tracking_event WHERE shipment_id = {shipment}"
    assert await server.rows(sql) == [(package.happenings[0].code, server.simulator.clock())]
    assert {push.status for push in server.simulator.pushes.sent} == {200}


async def test_a_push_of_a_delivery_that_the_interface_does_not_show_delivers_nothing(server: RunningApp) -> None:
    await server.register_hook()
    package = next(p for p in server.simulator.ground_truth.packages if p.kind == "delivered")
    shipment = await server.follow(package)
    delivery = next(h for h in package.happenings if h.says == "delivered")
    server.simulator.clock.set(delivery.visible_at + server.simulator.pushes.delay)
    server.simulator.post.packages[package.code].happenings.clear()
    await server.simulator.pushes.push_due()
    await drain(server.context)
    pushed = [push.event for push in server.simulator.pushes.sent if push.code == package.code]
    assert pushed[-1].startswith("BD")
    assert package.code in server.simulator.post.asked[-1], "it was asked for"
    assert await server.rows(f"SELECT status FROM shipment WHERE id = {shipment}") == [("registered",)]
    assert await server.rows("SELECT * FROM tracking_event") == []
    assert await server.rows("SELECT delivered_at FROM orders") == [(None,)]


@pytest.mark.parametrize("form", FORMS)
async def test_a_test_is_sent_and_seen(server: RunningApp, form: str) -> None:
    server.simulator.pushes.form = form
    await server.register_hook()
    assert await try_pushes(server.context, server.account) == "A push came and was signed right."
    assert await try_pushes(server.context, server.account) == "A push came and was signed right.", (
        "the same bytes again"
    )
    server.simulator.pushes.bad_signatures = True
    assert "signature was not right" in await try_pushes(server.context, server.account)


async def test_a_test_that_does_not_come_is_said(server: RunningApp) -> None:
    await server.register_hook()
    for subscription in server.simulator.pushes.subscriptions.values():
        subscription.body["enderecos"][0]["tipoEventos"] = []
    said = await try_pushes(server.context, server.account, patience=timedelta(seconds=0.2))
    assert "nothing came within" in said


async def test_many_wrong_signatures_are_noticed_until_the_secret_is_right(server: RunningApp) -> None:
    await server.register_hook()
    server.simulator.pushes.copies, server.simulator.pushes.bad_signatures = 5, True
    await try_pushes(server.context, server.account)
    async with server.context.pool.connection() as connection:
        assert [n.kind for n in await notices.notices(connection, server.account.store_id)] == ["push_refused"]
    server.simulator.pushes.bad_signatures = False
    await try_pushes(server.context, server.account)
    async with server.context.pool.connection() as connection:
        assert await notices.notices(connection, server.account.store_id) == []


async def test_what_is_missing_is_said_in_words(server: RunningApp) -> None:
    with pytest.raises(ConflictError, match="give --email"):
        await server.register_hook(contact="")
    server.simulator.post.contract.pushes = False
    with pytest.raises(ConflictError, match="APIs 78 \\(Webhook\\) and 534"):
        await server.register_hook()
    server.simulator.post.contract.pushes = True
    server.simulator.post.contract.access_code = "another"
    server.simulator.post.tokens.clear()
    with pytest.raises(ConflictError, match="HTTP 401"):
        await server.register_hook()
    assert server.simulator.pushes.subscriptions == {}


async def test_a_ready_made_key_needs_the_contracts_number(server: RunningApp) -> None:
    values = {"base_url": server.simulator.urls["correios"], "api_key": server.simulator.post.contract.api_key}
    await add_accounts(server.context, {"correios": values}, CHANNELS)
    account = await choose_account(server.context, "correios", store="", name="")
    with pytest.raises(ConflictError, match="--set contract="):
        await register_hook(server.context, account, server.address, MAIL)
    assert server.simulator.pushes.subscriptions == {}
    await add_accounts(
        server.context, {"correios": values | {"contract": server.simulator.post.contract.number}}, CHANNELS
    )
    account = await choose_account(server.context, "correios", store="", name="")
    assert "subscription" in await register_hook(server.context, account, server.address, MAIL)


@pytest.mark.parametrize("kind", ["accept_then_drop", "reset", "html", "status", "truncated"])
async def test_a_registration_that_was_interrupted_can_be_repeated(server: RunningApp, kind: str) -> None:
    """After any failure at any step the next attempt leaves exactly one subscription."""
    for step in range(4):
        server.simulator.faults.order(Fault("correios", kind, count=1, status=500, path="/webhook/"))
        for _ in range(step):
            # The fault befalls a later question: earlier ones are let through by well ones in front of it.
            server.simulator.faults.active.insert(0, Fault("correios", "slow", count=1, seconds=0, path="/webhook/"))
        try:
            await server.register_hook()
        except ConflictError:
            server.simulator.faults.clear()
            await server.register_hook()
        server.simulator.faults.clear()
        assert len(server.simulator.pushes.subscriptions) == 1, f"{kind} at question {step}"
        (row,) = server.simulator.pushes.subscriptions.values()
        assert row.contracts == [server.simulator.post.contract.number]
        await end_hook(server.context, server.account)


async def test_ending_it_closes_the_address_even_if_the_party_refuses(server: RunningApp) -> None:
    await server.register_hook()
    first = await server.hook()
    server.simulator.pushes.removable = False
    said = await end_hook(server.context, server.account)
    assert "1001 be removed (HTTP 405" in said
    assert "by hand" in said
    assert await server.hook() is None
    server.simulator.pushes.subscriptions["1001"].body["enderecos"][0]["tipoEventos"] = [{"tipo": "BDE-1"}]
    server.simulator.clock.set(server.simulator.ground_truth.end)
    await server.simulator.pushes.push_due()
    assert {push.status for push in server.simulator.pushes.sent} == {404}
    await server.register_hook()
    second = await server.hook()
    assert first is not None
    assert second is not None
    assert (second.token, second.secret) != (first.token, first.secret)


async def test_ending_it_ends_it_there(server: RunningApp) -> None:
    await server.register_hook()
    assert "has ended" in await end_hook(server.context, server.account)
    assert server.simulator.pushes.subscriptions == {}
    with pytest.raises(MissingError, match="does not push"):
        await end_hook(server.context, server.account)
    with pytest.raises(MissingError, match="does not push"):
        await try_pushes(server.context, server.account)


async def test_another_public_address_moves_the_registration(server: RunningApp) -> None:
    await server.register_hook()
    await register_hook(server.context, server.account, "https://novo.example.com/", MAIL)
    (row,) = server.simulator.pushes.subscriptions.values()
    assert row.body["enderecos"][0]["url"].startswith("https://novo.example.com/hooks/correios/")
    server.simulator.pushes.removable = False
    said = await register_hook(server.context, server.account, "https://outro.example.com", MAIL)
    assert "former address stays registered" in said


async def test_a_party_without_pushes_says_so(server: RunningApp) -> None:
    await add_accounts(server.context, {"email": server.simulator.accounts()["email"]}, CHANNELS)
    account = await choose_account(server.context, "email", store="", name="")
    with pytest.raises(InvalidError, match="asked instead"):
        await register_hook(server.context, account, "https://loja.example.com", MAIL)
    with pytest.raises(InvalidError, match="asked instead"):
        await close_hook(server.context, account)


async def test_the_account_that_is_meant(server: RunningApp) -> None:
    assert (
        await choose_account(server.context, "correios", store=SIMULATED_STORE, name="Correios")
    ).id == server.account.id
    for given in ({"store": "x", "name": ""}, {"store": "", "name": "x"}):
        with pytest.raises(MissingError, match="--store 'Loja do Mundo' --account 'Correios'"):
            await choose_account(server.context, "correios", **given)
    with pytest.raises(MissingError, match="none yet"):
        await choose_account(server.context, "nobody", store="", name="")
    async with transaction(server.context.pool) as connection:
        other = await stores.add_store(connection, "Outra", now=server.context.now())
        await stores.put_account(
            connection,
            other,
            connector="correios",
            kind=server.account.kind,
            name="Correios",
            settings={},
            secrets={},
            key=server.context.secret_key,
            now=server.context.now(),
        )
    with pytest.raises(MissingError, match="More than one"):
        await choose_account(server.context, "correios", store="", name="Correios")


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
async def test_an_unreachable_address_is_refused(url: str) -> None:
    with pytest.raises(InvalidError, match="--public-url https"):
        check_public_url(url)


def test_a_public_address_is_taken() -> None:
    check_public_url("https://rastreio.loja.com.br/paradeiro")


async def test_the_command_says_at_once_that_an_address_is_missing() -> None:
    with pytest.raises(InvalidError, match="--public-url https"):
        await hook_command(
            Settings(), "correios", store="", account="", public_url="", contact="", off=False, test=False
        )
