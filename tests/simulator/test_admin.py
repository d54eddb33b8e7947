"""In: requests to the simulator's admin pages; out: the parties' data and accepted updates; clock and faults."""

from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from paradeiro.simulator.parties import Simulator

from .parties import a_package, order_keys, orders_url, track, tracking
from .test_mail import send


async def tell_delivered(simulator: Simulator, http: httpx.AsyncClient) -> tuple[str, str]:
    package = a_package(simulator, by_hand=False)
    url = orders_url(simulator, f"/{package.order_id}/invoice/{package.invoice_number}/tracking")
    body = tracking(delivered=True, when="2026-10-07 14:20")
    assert (await http.put(url, headers=order_keys(simulator), json=body)).status_code == 200
    return package.order_id, package.invoice_number


async def test_the_clock_is_read_and_moved(simulator: Simulator, http: httpx.AsyncClient) -> None:
    url = f"{simulator.urls['admin']}/clock"
    later = simulator.clock() + timedelta(hours=5)
    assert (await http.post(url, json={"now": later.isoformat()})).status_code == 200
    told = (await http.get(url)).json()
    assert told["now"] == later.isoformat() == simulator.clock().isoformat()
    assert {"epoch", "began", "speed"} <= told.keys()


@pytest.mark.parametrize("body", [{}, {"now": "noon"}, {"now": "2026-10-05T10:00:00"}, []])
async def test_a_clock_that_cannot_be_read(simulator: Simulator, http: httpx.AsyncClient, body: object) -> None:
    before = simulator.clock()
    assert (await http.post(f"{simulator.urls['admin']}/clock", json=body)).status_code == 400
    assert simulator.clock() == before


async def test_the_truth_of_now(simulator: Simulator, http: httpx.AsyncClient) -> None:
    told = {p["tracking_code"]: p for p in (await http.get(f"{simulator.urls['admin']}/truth")).json()}
    assert set(told) == {p.code for p in simulator.ground_truth.packages}
    shown = next(p for p in simulator.ground_truth.packages if p.visible(simulator.clock()))
    assert len(told[shown.code]["events"]) == len(shown.visible(simulator.clock()))


async def test_faults_are_ordered_and_lifted(simulator: Simulator, http: httpx.AsyncClient) -> None:
    url = f"{simulator.urls['admin']}/faults"
    until = (simulator.clock() + timedelta(hours=1)).isoformat()
    ordered = await http.post(url, json={"party": "correios", "kind": "status", "status": 503, "until": until})
    assert [(f["kind"], f["until"]) for f in ordered.json()] == [("status", until)]
    assert (await track(simulator, http, a_package(simulator).code)).status_code == 503
    assert (await http.delete(url)).json() == []
    assert (await track(simulator, http, a_package(simulator).code)).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {"party": "moon", "kind": "status"},
        {"party": "vtex", "kind": "no"},
        {"kind": "status"},
        {"party": "vtex", "kind": "status", "until": "2026-10-05T10:00:00"},
        [],
    ],
)
async def test_a_fault_that_cannot_be_read(simulator: Simulator, http: httpx.AsyncClient, body: object) -> None:
    assert (await http.post(f"{simulator.urls['admin']}/faults", json=body)).status_code == 400
    assert simulator.faults.active == []


async def test_calls_and_breaches_are_counted(simulator: Simulator, http: httpx.AsyncClient) -> None:
    await track(simulator, http, a_package(simulator).code)
    await http.get(orders_url(simulator), headers=order_keys(simulator), params={"page": 99})
    calls = (await http.get(f"{simulator.urls['admin']}/calls")).json()
    assert (calls["correios"], calls["vtex"]) == ({"srorastro": 1}, {"list": 1})
    assert len((await http.get(f"{simulator.urls['admin']}/breaches")).json()) == 1


async def test_orders_as_both_sides_have_them(simulator: Simulator, http: httpx.AsyncClient) -> None:
    order_id, invoice = await tell_delivered(simulator, http)
    told = {o["order_id"]: o for o in (await http.get(f"{simulator.urls['admin']}/orders.json")).json()}
    invoiced = [o for o in simulator.ground_truth.orders if o.invoiced_at <= simulator.clock()]
    assert set(told) == {o.order_id for o in invoiced}
    package = next(p for p in told[order_id]["packages"] if p["invoiceNumber"] == invoice)
    assert package["courierStatus"]["finished"]
    assert {o.order_id for o in invoiced if o.affiliate} == {i for i, o in told.items() if o["marketplace"]}


async def test_pages_for_people(simulator: Simulator, http: httpx.AsyncClient) -> None:
    order_id, _ = await tell_delivered(simulator, http)
    await send(simulator)
    admin = simulator.urls["admin"]
    home = (await http.get(f"{admin}/")).text
    assert "ana@example.com" in home
    assert "Saiu para entrega — João" in home
    assert order_id in (await http.get(f"{admin}/orders")).text
    one = (await http.get(f"{admin}/orders/{order_id}")).text
    assert "delivered 2026-10-07T14:20:00.0000000+00:00" in one
    assert "Objeto postado" in one
    mail = (await http.get(f"{admin}/mails/0")).text
    assert "<iframe sandbox srcdoc=" in mail
    assert "&lt;b&gt;hoje&lt;/b&gt;" in mail  # the mail's own HTML never reaches the page itself
    assert "Saiu para entrega hoje em Campinas." in mail
    for missing in ("/mails/9", "/orders/nothing"):
        assert (await http.get(f"{admin}{missing}")).status_code == 404


async def test_every_order_page_opens(simulator: Simulator, http: httpx.AsyncClient) -> None:
    for order in [o for o in simulator.ground_truth.orders if o.invoiced_at <= simulator.clock()][:20]:
        assert (await http.get(f"{simulator.urls['admin']}/orders/{order.order_id}")).status_code == 200


def test_pages_load_nothing_from_elsewhere() -> None:
    pages = Path(__file__).parent.parent.parent / "src" / "paradeiro" / "simulator" / "pages"
    assert all("src=" not in p.read_text() and "http" not in p.read_text() for p in pages.glob("*.html"))
