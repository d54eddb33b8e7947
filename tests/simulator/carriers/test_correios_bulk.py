"""In: the simulator's `rastro-async` over real HTTP; out: the product's own session with it, with and without
faults.
"""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from paradeiro.connectors.correios import CONNECTOR, bulk
from paradeiro.connectors.correios.client import CorreiosSession
from paradeiro.domain.words import Outcome
from paradeiro.sdk.contract import AccountRef
from paradeiro.simulator.parties import Simulator
from tests.simulator.parties import api_key


@pytest.fixture
async def session(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[CorreiosSession]:
    monkeypatch.setattr(bulk, "_PAUSES", (0.0, 0.0, 0.0))
    made = CONNECTOR.open(AccountRef(1, 1, "correios", "main", simulator.accounts()["correios"]), simulator.clock)
    assert isinstance(made, CorreiosSession)
    yield made
    await made.close()


def codes_of(simulator: Simulator) -> list[str]:
    return [package.code for package in simulator.ground_truth.packages]


async def test_it_tells_the_same_as_the_ordinary_way(simulator: Simulator, session: CorreiosSession) -> None:
    codes = codes_of(simulator)
    many = await session.fetch_many(codes)
    assert [each.tracking_code for each in many] == codes
    few = [answer for at in range(0, len(codes), 50) for answer in await session.fetch(codes[at : at + 50])]
    assert [(a.tracking_code, a.outcome) for a in many] == [(a.tracking_code, a.outcome) for a in few]
    assert [json.loads(a.body) for a in many] == [json.loads(a.body) for a in few]
    assert {a.outcome for a in many} >= {Outcome.FOUND, Outcome.NOT_FOUND}
    assert simulator.post.calls["async"] == 1
    assert simulator.post.calls["async_receipt"] == 2, "the first look is too early"


async def test_a_contract_without_it(simulator: Simulator, session: CorreiosSession) -> None:
    simulator.post.contract.bulk = False
    assert await session.fetch_many(codes_of(simulator)) == []
    assert "async" not in simulator.post.calls, "the token says so"


@pytest.mark.parametrize("status", [202, 404, 500])
async def test_not_ready_may_be_said_in_many_ways(simulator: Simulator, session: CorreiosSession, status: int) -> None:
    simulator.bulk.not_ready = status
    simulator.bulk.counter.looks = 2
    assert len(await session.fetch_many(codes_of(simulator))) == len(codes_of(simulator))


async def test_what_it_leaves_out_is_not_answered(simulator: Simulator, session: CorreiosSession) -> None:
    codes = codes_of(simulator)
    simulator.bulk.left_out = set(codes[:7])
    assert [each.tracking_code for each in await session.fetch_many(codes)] == codes[7:]


async def test_a_smaller_limit_is_found_out(simulator: Simulator, session: CorreiosSession) -> None:
    simulator.bulk.most = 500
    codes = [*codes_of(simulator), *(f"AA{number:08}0BR" for number in range(500))]
    assert [each.tracking_code for each in await session.fetch_many(codes)] == codes


async def order(simulator: Simulator, http: httpx.AsyncClient, body: Any, shown: str = "T") -> httpx.Response:
    address = f"{simulator.urls['correios']}/rastro-async/v1/objetos/async"
    return await http.post(address, params={"resultado": shown}, json=body, headers=api_key(simulator))


async def look(simulator: Simulator, http: httpx.AsyncClient, number: str) -> httpx.Response:
    return await http.get(f"{simulator.urls['correios']}/rastro-async/v1/recibo/{number}", headers=api_key(simulator))


@pytest.mark.parametrize(
    ("body", "shown"), [([], "T"), (["A"] * 1001, "T"), ("A", "T"), ([1], "T"), ({"objetos": []}, "T"), (["A"], "X")]
)
async def test_an_order_that_is_none(simulator: Simulator, http: httpx.AsyncClient, body: object, shown: str) -> None:
    assert (await order(simulator, http, body, shown)).status_code == 400


async def test_a_receipt_is_early_then_there_then_over(simulator: Simulator, http: httpx.AsyncClient) -> None:
    simulator.bulk.counter.delay = timedelta(minutes=1)
    simulator.bulk.counter.looks = 0
    receipt = (await order(simulator, http, codes_of(simulator)[:3])).json()
    assert (receipt["qtdObjetos"], receipt["resultado"]) == (3, "T")
    assert (await look(simulator, http, receipt["numero"])).status_code == 404
    simulator.clock.set(simulator.clock() + timedelta(minutes=1))
    there = await look(simulator, http, receipt["numero"])
    assert [each["codObjeto"] for each in there.json()["objetos"]] == codes_of(simulator)[:3]
    simulator.clock.set(simulator.clock() + timedelta(days=1))
    assert (await look(simulator, http, receipt["numero"])).status_code == 404
    assert (await look(simulator, http, "nobody")).status_code == 404


async def test_nobody_else_may(simulator: Simulator, http: httpx.AsyncClient) -> None:
    address = f"{simulator.urls['correios']}/rastro-async/v1/objetos/async"
    assert (await http.post(address, params={"resultado": "T"}, json=["A"])).status_code == 401
    simulator.post.contract.bulk = False
    assert (await order(simulator, http, ["A"])).status_code == 403
