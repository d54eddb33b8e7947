"""In: a simulator; out: requests to its parties, as their documents describe them."""

import base64
from typing import Any

import httpx

from paradeiro.simulator.parties import Simulator
from paradeiro.simulator.scenario.ground_truth import Package

JSON = {"accept": "application/json", "content-type": "application/json"}


def basic(simulator: Simulator, code: str | None = None) -> dict[str, str]:
    contract = simulator.post.contract
    text = f"{contract.user}:{contract.access_code if code is None else code}"
    return {"authorization": "Basic " + base64.b64encode(text.encode()).decode()}


async def token(simulator: Simulator, http: httpx.AsyncClient, by: str = "/cartaopostagem") -> httpx.Response:
    numbers = {"/cartaopostagem": simulator.post.contract.posting_card, "/contrato": simulator.post.contract.number}
    body = {"numero": numbers[by]} if by else None
    return await http.post(f"{simulator.urls['correios']}/token/v1/autentica{by}", headers=basic(simulator), json=body)


def api_key(simulator: Simulator) -> dict[str, str]:
    return {"authorization": f"Bearer {simulator.post.contract.api_key}"}


async def track(
    simulator: Simulator, http: httpx.AsyncClient, *codes: str, resultado: str | None = "T", **headers: str
) -> httpx.Response:
    params = [("codigosObjetos", code) for code in codes] + ([("resultado", resultado)] if resultado else [])
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await http.get(
        f"{simulator.urls['correios']}/srorastro/v1/objetos", params=params, headers=api_key(simulator) | named
    )


def order_keys(simulator: Simulator) -> dict[str, str]:
    return {
        "x-vtex-api-appkey": simulator.order_system.app_key,
        "x-vtex-api-apptoken": simulator.order_system.app_token,
        **JSON,
    }


def market_keys(simulator: Simulator) -> dict[str, str]:
    return {
        "x-vtex-api-appkey": simulator.marketplace.app_key,
        "x-vtex-api-apptoken": simulator.marketplace.app_token,
        **JSON,
    }


def orders_url(simulator: Simulator, rest: str = "") -> str:
    return f"{simulator.urls['vtex']}/api/oms/pvt/orders{rest}"


def a_package(simulator: Simulator, **wanted: Any) -> Package:
    """The first package of an order that is invoiced by now, with these attributes."""
    invoiced = {o.order_id for o in simulator.ground_truth.orders if o.invoiced_at <= simulator.clock()}
    return next(
        p
        for p in simulator.ground_truth.packages
        if p.order_id in invoiced and all(getattr(p, name) == value for name, value in wanted.items())
    )


def tracking(*, delivered: bool = False, events: int = 1, when: str | None = None) -> dict[str, Any]:
    event = {"city": "Campinas", "state": "SP", "description": "Objeto postado", "date": "2026-10-06"}
    return {"isDelivered": delivered, "deliveredDate": when, "events": [event] * events}
