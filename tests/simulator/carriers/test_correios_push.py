"""In: subscriptions at Correios over real HTTP; out: signed posts when an event becomes visible, as the facts say."""

import base64
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from hashlib import sha256
from typing import Any

import httpx
import pytest

from paradeiro.simulator.carriers.correios_push import FLAVOURS, FORMS
from paradeiro.simulator.parties import Simulator
from paradeiro.simulator.scenario.ground_truth import GroundTruth
from paradeiro.simulator.server import serve
from tests.connectors.parties import Asked, Party, Reply, party
from tests.simulator.parties import a_package, api_key

SECRET = "segredo"
PATH = "/webhook/v1/servicos/wh-rastro/assinaturas"


def wanted(url: str, *kinds: str) -> dict[str, Any]:
    events = [{"tipo": kind} for kind in kinds or ("PO-1", "PO-9", "DO-1", "RO-1", "OEC-1", "BDE-1")]
    address = {"nome": "x", "url": url, "secret": SECRET, "tipoEventos": events}
    return {"descricao": "x", "email": "ti@example.com", "language": "PT", "enderecos": [address]}


async def ask(
    simulator: Simulator, http: httpx.AsyncClient, method: str, path: str = "", body: Any = None
) -> httpx.Response:
    return await http.request(
        method, f"{simulator.urls['correios']}{PATH}{path}", json=body, headers=api_key(simulator)
    )


async def subscribed(simulator: Simulator, http: httpx.AsyncClient, url: str, *kinds: str) -> str:
    made = await ask(simulator, http, "POST", body=wanted(url, *kinds))
    assert made.status_code == 201
    number = str(made.json()["id"])
    attached = await ask(simulator, http, "POST", f"/{number}/contratos", {"numero": simulator.post.contract.number})
    assert attached.status_code == 201
    return number


@asynccontextmanager
async def receiver(status: int = 200) -> AsyncIterator[Party]:
    def answer(_: Asked) -> Reply:
        return Reply(status)

    async with party(answer) as host:
        yield host


async def until(simulator: Simulator, **step: float) -> None:
    simulator.clock.set(simulator.clock() + timedelta(**step))
    await simulator.pushes.push_due()


async def test_without_the_apis_78_and_534_nothing_is_subscribed(simulator: Simulator, http: httpx.AsyncClient) -> None:
    simulator.post.contract.pushes = False
    for method, path in (("GET", ""), ("POST", ""), ("POST", "/1/contratos"), ("POST", "/1/teste")):
        answer = await ask(simulator, http, method, path, wanted("http://x"))
        assert (answer.status_code, "não liberada" in answer.text) == (403, True)
    stranger = await http.get(f"{simulator.urls['correios']}{PATH}", headers={"authorization": "Bearer x"})
    assert stranger.status_code == 401


@pytest.mark.parametrize(
    "broken",
    [
        {},
        wanted("http://x") | {"email": ""},
        wanted("http://x") | {"enderecos": [{"nome": "x"}]},
        wanted("http://x", "BDE-01"),
        wanted("http://x", "BDE/01"),
    ],
)
async def test_a_subscription_that_lacks_something_is_refused(
    simulator: Simulator, http: httpx.AsyncClient, broken: dict[str, Any]
) -> None:
    assert (await ask(simulator, http, "POST", body=broken)).status_code == 400


async def test_a_subscription_is_listed_without_its_secret_and_may_be_removed(
    simulator: Simulator, http: httpx.AsyncClient
) -> None:
    number = await subscribed(simulator, http, "http://x")
    listed = await ask(simulator, http, "GET")
    assert [str(each["id"]) for each in listed.json()] == [number]
    assert SECRET not in listed.text
    again = await ask(simulator, http, "POST", f"/{number}/contratos", {"numero": simulator.post.contract.number})
    assert again.status_code == 409
    assert (await ask(simulator, http, "POST", f"/{number}/contratos", {"numero": "1"})).status_code == 400
    simulator.pushes.removable = False
    assert (await ask(simulator, http, "DELETE", f"/{number}")).status_code == 405
    simulator.pushes.removable = True
    assert (await ask(simulator, http, "DELETE", f"/{number}")).status_code == 204
    assert (await ask(simulator, http, "DELETE", f"/{number}")).status_code == 404
    assert (await ask(simulator, http, "POST", f"/{number}/teste")).status_code == 404


async def test_an_event_is_pushed_when_it_shows_once_and_signed(simulator: Simulator, http: httpx.AsyncClient) -> None:
    async with receiver() as host:
        await subscribed(simulator, http, host.url)
        before = simulator.clock()
        await until(simulator, days=1)
        shown = [
            h.code
            for p in simulator.ground_truth.packages
            for h in p.happenings
            if before < h.visible_at <= simulator.clock() - simulator.pushes.delay
        ]
        keys = {each["tipo"] for each in wanted("x")["enderecos"][0]["tipoEventos"]}
        expected = [c for c in shown if f"{c.split('/')[0]}-{int(c.split('/')[1])}" in keys]
        assert len(host.asked) == len(expected) > 10
        await simulator.pushes.push_due()
        assert len(host.asked) == len(expected)
        for asked in host.asked:
            mark = hmac.new(SECRET.encode(), asked.body, sha256).hexdigest()
            assert asked.headers["x-correios-signature"] == mark
            assert asked.headers["x-correios-hook-event"] in keys


async def test_nothing_is_pushed_before_it_shows_nor_without_a_contract(
    simulator: Simulator, http: httpx.AsyncClient
) -> None:
    async with receiver() as host:
        assert simulator.pushes.next_at() is None
        await ask(simulator, http, "POST", body=wanted(host.url))
        due = simulator.pushes.next_at()
        assert due is not None
        simulator.clock.set(due - timedelta(seconds=1))
        await simulator.pushes.push_due()
        assert simulator.pushes.next_at() == due
        await until(simulator, days=1)
        assert host.asked == []


@pytest.mark.parametrize("flavour", FLAVOURS)
async def test_each_flavour_names_the_code(simulator: Simulator, http: httpx.AsyncClient, flavour: str) -> None:
    simulator.pushes.flavour = flavour
    async with receiver() as host:
        number = await subscribed(simulator, http, host.url, "BDE-1")
        await ask(simulator, http, "POST", f"/{number}/teste")
        assert b"AA123456785BR" in host.asked[0].body
        told = await ask(simulator, http, "GET", f"/{number}/eventos")
        assert json.loads(told.json()[0]["payload"]) == json.loads(host.asked[0].body)


@pytest.mark.parametrize("form", FORMS)
async def test_each_form_of_the_signature(simulator: Simulator, http: httpx.AsyncClient, form: str) -> None:
    simulator.pushes.form = form
    async with receiver() as host:
        await ask(simulator, http, "POST", f"/{await subscribed(simulator, http, host.url)}/teste")
        said = host.asked[0].headers["x-correios-signature"]
        mark = hmac.new(SECRET.encode(), host.asked[0].body, sha256).digest()
        plain = base64.b64encode(mark).decode() if "base64" in form else mark.hex()
        assert said == ("sha256=" if "=" in form else "") + plain


async def test_faults_twice_wrongly_signed_and_tried_again(simulator: Simulator, http: httpx.AsyncClient) -> None:
    simulator.pushes.copies, simulator.pushes.bad_signatures = 2, True
    async with receiver(503) as host:
        await ask(simulator, http, "POST", f"/{await subscribed(simulator, http, host.url)}/teste")
        assert len(host.asked) == 2
        assert host.asked[0].body == host.asked[1].body
        mark = hmac.new(SECRET.encode(), host.asked[0].body, sha256).hexdigest()
        assert host.asked[0].headers["x-correios-signature"] != mark
        for _ in range(4):
            await simulator.pushes.push_due()
        assert len(host.asked) == 6, "three tries each"
        assert [push.status for push in simulator.pushes.sent] == [503, 503]


async def test_a_running_simulator_pushes_by_itself(simulator: Simulator, http: httpx.AsyncClient) -> None:
    from paradeiro.simulator.clock import SimulatorClock

    package = a_package(simulator)
    order = next(o for o in simulator.ground_truth.orders if o.order_id == package.order_id)
    shows = package.happenings[0].visible_at
    ground_truth = GroundTruth([order], shows, shows + timedelta(days=9))
    async with receiver() as host, serve(ground_truth, SimulatorClock(shows - timedelta(hours=1), 36_000)) as running:
        kinds = [f"{h.code.split('/')[0]}-{int(h.code.split('/')[1])}" for h in package.happenings]
        await subscribed(running, http, host.url, *kinds)
        import asyncio

        async with asyncio.timeout(20):
            while not host.asked:
                await asyncio.sleep(0.05)
