"""In: VTEX's official OpenAPI files, cut down to what we answer; out: no call that they allow breaks an endpoint.

`VTEX_EXAMPLES` sets how many calls of each kind an operation gets: few by default, so that the tests stay quick.
"""

import asyncio
import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance

from paradeiro.app import real_clock
from tests.databases import HandClock
from tests.flow.conftest import Shop, furnish, open_shop
from tests.flow.parties import Outside
from tests.web.apps import create_app
from tests.web.vtex.conftest import add_key, vtex_headers

CONTRACTS = Path(__file__).parents[2] / "connectors" / "contracts"
EXAMPLES = int(os.environ.get("VTEX_EXAMPLES", "15"))
KNOWN = {"orderId": "1001", "marketplaceOrderId": "1001", "invoiceNumber": "NF-1"}
KNOWN |= {"app_name": "carrier", "app_version": "1", "account": "loja", "workspace": "master"}
DISPATCH = {
    "email": "e",
    "dispatchOrder": {
        "id": "d-1",
        "packages": [
            {
                "id": "p-1",
                "orderId": "1001",
                "items": [{"id": "1", "name": "Kit", "quantity": 1}],
                "invoiceData": {"number": "NF-1", "value": 6909.0},
                "trackingData": {"number": "AA1"},
                "shippingData": {"carrierName": "Posta"},
            }
        ],
        "packageIds": ["p-1"],
    },
}
HISTORY = {
    "isDelivered": False,
    "deliveredDate": None,
    "events": [{"city": "Itu", "state": "SP", "description": "Em trânsito", "date": "2026-11-02"}],
}
ORDERS = "/api/oms/pvt/orders"
# The prefix of each contract's paths here.
BELOW = {
    "vtex_orders_openapi": "",
    "vtex_external_seller_openapi": "",
    "vtex_shipping_network_openapi": "/shipping-network",
}


def _operations() -> list[Any]:
    found = []
    for name in BELOW:
        contract = json.loads((CONTRACTS / f"{name}.json").read_text(encoding="utf-8"))
        for path, methods in contract["paths"].items():
            found += [pytest.param(name, path, method, id=f"{method} {path}") for method in methods]
    return found


@pytest.fixture
def server_address(database: str, clock: HandClock, secret_key: str, tmp_path: Path) -> Iterator[str]:
    """The application on loopback in a thread of its own, with an order that has a package; its address."""
    server = uvicorn.Server(uvicorn.Config(create_app(None, real_clock), port=0, log_level="error", lifespan="off"))

    async def run() -> None:
        async with open_shop(database, clock, secret_key, tmp_path) as context:
            store_id, accounts = await furnish(context)
            await add_key(Shop(context, Outside(tmp_path), clock, store_id, accounts), "pk_erp", ["read", "write"])
            server.config.app.state.context = context  # type: ignore[union-attr] # it is the application, not its name
            await server.serve()

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    while not server.started:
        thread.join(0.05)
        assert thread.is_alive(), "the house did not open"
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


@pytest.mark.parametrize(("name", "path", "method"), _operations())
def test_no_call_that_the_contract_allows_breaks_an_endpoint(
    server_address: str, name: str, path: str, method: str
) -> None:
    contract = json.loads((CONTRACTS / f"{name}.json").read_text(encoding="utf-8"))
    operation = schemathesis.openapi.from_dict(contract)[path][method.upper()]
    base, headers = server_address + BELOW[name], vtex_headers("pk_erp")
    taken = set[int]()
    invoice = {
        name: _plausible(name, "") for name in ("type", "issuanceDate", "invoiceNumber", "invoiceValue", "items")
    }
    invoice |= {"courier": "Posta", "trackingNumber": "AA1"}
    if "{" in path:
        assert httpx.post(f"{server_address}{ORDERS}/1001/invoice", json=invoice, headers=headers).status_code == 200
    # Few made-up invoices, histories and dispatch orders are right by chance: one that is, is asked too.
    label = {"courier": "Posta", "trackingNumber": "AA1", "trackingUrl": "https://posta.example/AA1"}
    sure = {
        "{orderId}/invoice": invoice,
        "/invoice/{invoiceNumber}": label | {"dispatchedDate": "2026-11-02"},
        "{invoiceNumber}/tracking": HISTORY,
        "/notify": DISPATCH,
    }
    for said in (body for ending, body in sure.items() if path.endswith(ending)):
        answer = httpx.request(method.upper(), base + path.format(**KNOWN), json=said, headers=headers)
        operation.validate_response(answer)
        taken.add(answer.status_code)

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=EXAMPLES < 100,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(
        case=st.one_of(operation.as_strategy(), operation.as_strategy(GenerationMode.NEGATIVE)),
        sensible=st.booleans(),
    )
    def ask(case: Case, sensible: bool) -> None:
        if sensible and case.path_parameters:
            case.path_parameters = {name: KNOWN.get(name, value) for name, value in case.path_parameters.items()}
        if sensible and isinstance(case.body, dict):
            case.body = {k: _plausible(k, v) for k, v in case.body.items()}
        answer = case.call(base_url=base, headers=headers)
        if not str(answer.request.url).startswith(base + path.partition("{")[0]):
            return  # a made-up "..": the client folds it away, and the result is no path of VTEX's
        taken.add(answer.status_code)
        case.validate_response(answer, checks=[not_a_server_error, response_schema_conformance])
        if answer.status_code >= 400:
            said = answer.json()["error"]
            assert set(said) == {"code", "message", "exception"}
            assert said["message"]

    ask()
    assert 200 in taken, f"nothing was ever taken: {taken}"


def _plausible(name: str, value: object) -> object:
    """What a contract calls a text, and a caller fills with sense."""
    days = {"issuanceDate": "2026-11-02", "deliveredDate": "2026-11-02 08:00", "dispatchedDate": "2026-11-02"}
    if name == "events" and isinstance(value, list):
        return [e | {"date": "2026-11-02"} if isinstance(e, dict) else e for e in value]
    item = {"id": "1", "price": 2499, "quantity": 1}
    bill = {
        "type": "Output",
        "courier": "Posta",
        "trackingNumber": "AA1",
        "invoiceValue": "2499",
        "invoiceNumber": "NF-1",
        "items": [item],
    }
    return {**days, **bill}.get(name, value)
