"""In: a world; out: how its parties are asked, as their documents say."""

import base64
from typing import Any

import httpx

from paradeiro.world.parties import World
from paradeiro.world.truth import Package

JSON = {"accept": "application/json", "content-type": "application/json"}


def basic(world: World, code: str | None = None) -> dict[str, str]:
    contract = world.post.contract
    text = f"{contract.user}:{contract.access_code if code is None else code}"
    return {"authorization": "Basic " + base64.b64encode(text.encode()).decode()}


async def token(world: World, http: httpx.AsyncClient, by: str = "/cartaopostagem") -> httpx.Response:
    numbers = {"/cartaopostagem": world.post.contract.posting_card, "/contrato": world.post.contract.number}
    body = {"numero": numbers[by]} if by else None
    return await http.post(f"{world.urls['correios']}/token/v1/autentica{by}", headers=basic(world), json=body)


def api_key(world: World) -> dict[str, str]:
    return {"authorization": f"Bearer {world.post.contract.api_key}"}


async def track(
    world: World, http: httpx.AsyncClient, *codes: str, resultado: str | None = "T", **headers: str
) -> httpx.Response:
    params = [("codigosObjetos", code) for code in codes] + ([("resultado", resultado)] if resultado else [])
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await http.get(
        f"{world.urls['correios']}/srorastro/v1/objetos", params=params, headers=api_key(world) | named
    )


def order_keys(world: World) -> dict[str, str]:
    return {
        "x-vtex-api-appkey": world.order_system.app_key,
        "x-vtex-api-apptoken": world.order_system.app_token,
        **JSON,
    }


def market_keys(world: World) -> dict[str, str]:
    return {"x-vtex-api-appkey": world.marketplace.app_key, "x-vtex-api-apptoken": world.marketplace.app_token, **JSON}


def orders_url(world: World, rest: str = "") -> str:
    return f"{world.urls['vtex']}/api/oms/pvt/orders{rest}"


def a_package(world: World, **wanted: Any) -> Package:
    """The first package of an order that is invoiced by now, with these attributes."""
    invoiced = {o.order_id for o in world.truth.orders if o.invoiced_at <= world.clock()}
    return next(
        p
        for p in world.truth.packages
        if p.order_id in invoiced and all(getattr(p, name) == value for name, value in wanted.items())
    )


def tracking(*, delivered: bool = False, events: int = 1, when: str | None = None) -> dict[str, Any]:
    event = {"city": "Campinas", "state": "SP", "description": "Objeto postado", "date": "2026-10-06"}
    return {"isDelivered": delivered, "deliveredDate": when, "events": [event] * events}
