"""In: faults set from Python; out: parties that fail that way over real HTTP, as often and as long as configured."""

import json
import time
from datetime import timedelta

import httpx
import pytest

from paradeiro.simulator.faults import Fault
from paradeiro.simulator.parties import Simulator

from .parties import a_package, market_keys, order_keys, orders_url, track, tracking


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
async def test_a_status_for_one_request(simulator: Simulator, http: httpx.AsyncClient, status: int) -> None:
    simulator.faults.order(Fault("correios", "status", count=1, status=status))
    answer = await track(simulator, http, a_package(simulator).code)
    assert (answer.status_code, answer.content) == (status, b"")
    assert ("x-ratelimit-replenish-rate" in answer.headers) == (status == 429)
    assert (await track(simulator, http, a_package(simulator).code)).status_code == 200


@pytest.mark.parametrize(("kind", "status"), [("html", 200), ("html_502", 502), ("redirect", 302)])
async def test_a_web_page_instead_of_an_answer(
    simulator: Simulator, http: httpx.AsyncClient, kind: str, status: int
) -> None:
    simulator.faults.order(Fault("correios", kind, count=1))
    answer = await track(simulator, http, a_package(simulator).code)
    assert answer.status_code == status
    assert answer.text.startswith("<!DOCTYPE html>")
    assert answer.headers["content-type"].startswith("text/html")


async def test_an_answer_that_is_empty_or_cut_short(simulator: Simulator, http: httpx.AsyncClient) -> None:
    simulator.faults.order(Fault("correios", "empty", count=1))
    assert (await track(simulator, http, a_package(simulator).code)).content == b""
    simulator.faults.order(Fault("correios", "truncated", count=1))
    cut = await track(simulator, http, a_package(simulator).code)
    assert cut.content.startswith(b'{"versao"')
    with pytest.raises(json.JSONDecodeError):
        cut.json()


async def test_a_slow_answer_is_the_right_one(simulator: Simulator, http: httpx.AsyncClient) -> None:
    simulator.faults.order(Fault("correios", "slow", count=1, seconds=0.2))
    began = time.monotonic()
    assert (await track(simulator, http, a_package(simulator).code)).status_code == 200
    assert time.monotonic() - began >= 0.2


async def test_a_reset_connection_did_nothing(simulator: Simulator, http: httpx.AsyncClient) -> None:
    package = a_package(simulator, by_hand=False)
    simulator.faults.order(Fault("vtex", "reset", count=1))
    url = orders_url(simulator, f"/{package.order_id}/invoice/{package.invoice_number}/tracking")
    with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
        await http.put(url, headers=order_keys(simulator), json=tracking())
    assert simulator.order_system.told == []
    assert (await http.put(url, headers=order_keys(simulator), json=tracking())).status_code == 200


async def test_a_broken_answer_whose_work_was_done(simulator: Simulator, http: httpx.AsyncClient) -> None:
    package = a_package(simulator, by_hand=False)
    simulator.faults.order(Fault("vtex", "accept_then_drop", count=1))
    url = orders_url(simulator, f"/{package.order_id}/invoice/{package.invoice_number}/tracking")
    with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
        await http.put(url, headers=order_keys(simulator), json=tracking())
    assert len(simulator.order_system.told) == 1


async def test_a_fault_is_of_one_party_and_one_path(simulator: Simulator, http: httpx.AsyncClient) -> None:
    simulator.faults.order(Fault("vtex", "status", path="/tracking"))
    assert (await http.get(orders_url(simulator), headers=order_keys(simulator))).status_code == 200
    assert (await track(simulator, http, a_package(simulator).code)).status_code == 200
    url = f"{simulator.urls['marketplace']}/pvt/orders/1/invoice/1/tracking"
    assert (await http.post(url, headers=market_keys(simulator), json={"isDelivered": False})).status_code == 404
    package = a_package(simulator, by_hand=False)
    url = orders_url(simulator, f"/{package.order_id}/invoice/{package.invoice_number}/tracking")
    assert (await http.put(url, headers=order_keys(simulator), json=tracking())).status_code == 500


async def test_a_fault_of_some_hours(simulator: Simulator, http: httpx.AsyncClient) -> None:
    now = simulator.clock()
    simulator.faults.order(Fault("correios", "status", since=now + timedelta(hours=1), until=now + timedelta(hours=2)))
    seen = []
    for minutes in (0, 60, 119, 120):
        simulator.clock.set(now + timedelta(minutes=minutes))
        seen.append((await track(simulator, http, a_package(simulator).code)).status_code)
    assert seen == [200, 500, 500, 200]


@pytest.mark.parametrize(
    ("kind", "newest"),
    [("unknown_code", "ZZZ/99"), ("withdrawn", "EST/01"), ("reworded", None), ("renamed_field", None)],
)
async def test_an_answer_that_says_something_else(
    simulator: Simulator, http: httpx.AsyncClient, kind: str, newest: str | None
) -> None:
    package = next(p for p in simulator.ground_truth.packages if p.visible(simulator.clock()))
    right = (await track(simulator, http, package.code)).json()["objetos"][0]["eventos"]
    simulator.faults.order(Fault("correios", kind, count=1))
    told = (await track(simulator, http, package.code)).json()["objetos"][0]["eventos"]
    assert told != right
    if newest:
        assert f"{told[0]['codigo']}/{told[0]['tipo']}" == newest
        assert told[0]["dtHrCriado"] > right[0]["dtHrCriado"]
        assert told[1:] == right
    elif kind == "reworded":
        names = ("codigo", "tipo", "dtHrCriado", "unidade")
        assert [[e[n] for n in names] for e in told] == [[e[n] for n in names] for e in right]
    else:
        assert all("dtHrCriado" not in event for event in told)


@pytest.mark.parametrize("fault", [Fault("correios", "sulking"), Fault("moon", "status"), Fault("mail", "html")])
def test_a_fault_that_there_is_not(simulator: Simulator, fault: Fault) -> None:
    with pytest.raises(ValueError, match="there are:"):
        simulator.faults.order(fault)


async def test_all_is_well_again(simulator: Simulator, http: httpx.AsyncClient) -> None:
    simulator.faults.order(Fault("correios", "status"))
    simulator.faults.order(Fault("vtex", "status"))
    simulator.faults.clear("correios")
    assert (await track(simulator, http, a_package(simulator).code)).status_code == 200
    assert len(simulator.faults.active) == 1
    simulator.faults.clear()
    assert simulator.faults.active == []
