"""Every request that the connector makes and every answer that it reads matches VTEX's own OpenAPI file; the
simulator's too.

A recorder stands between the two: what passes it is checked, and each operation of the connector must have passed.
"""

import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl

import pytest
from starlette.types import Message, Receive, Scope, Send

from paradeiro.connectors import discover
from paradeiro.domain.words import EffectKind, Outcome
from paradeiro.sdk.contract import AccountRef
from paradeiro.sdk.hard_cases import hard_cases
from paradeiro.simulator.clock import SimulatorClock
from paradeiro.simulator.contract_check import breach, contract_of
from paradeiro.simulator.order_systems.vtex import CONTRACT
from paradeiro.simulator.parties import Simulator, make_simulator
from paradeiro.simulator.scenario.scenario import Scenario
from paradeiro.simulator.server import listening
from tests.simulator.conftest import DAYS, START

CONTRACTED = contract_of(CONTRACT)


def operation_of(method: str, path: str) -> str:
    """The operation that a path is one of."""
    for name in CONTRACTED["query"]:
        verb, template = name.split(" ")
        if verb == method and re.fullmatch(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(template)), path):
            return str(name)
    raise AssertionError(f"{method} {path} is no operation of the contract")


@dataclass
class Recorder:
    """An ASGI application in front of another that checks what passes."""

    app: Any
    seen: set[str] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body, answer, status = b"", b"", 0

        async def hear() -> Message:
            nonlocal body
            message = await receive()
            body += message.get("body", b"")
            return message

        async def say(message: Message) -> None:
            nonlocal answer, status
            status = message.get("status", status)
            answer += message.get("body", b"")
            await send(message)

        await self.app(scope, hear, say)
        name = operation_of(scope["method"], scope.get("raw_path", scope["path"].encode()).decode().split("?")[0])
        self.seen.add(name)
        self.problems += [f"{name}: {why}" for why in _asked(name, scope, body)]
        if status == 200 and name in CONTRACTED["answers"]:
            why = breach(CONTRACT, name, _without_nulls(json.loads(answer)), "answers")
            self.problems += [why] if why else []


def _asked(name: str, scope: Scope, body: bytes) -> list[str]:
    query = {key for key, _ in parse_qsl(scope["query_string"].decode(), keep_blank_values=True)}
    headers = {key.decode().lower() for key, _ in scope["headers"]}
    found = [f"unknown parameter {key}" for key in sorted(query - set(CONTRACTED["query"][name]))]
    found += [f"lacks {n}" for n in CONTRACTED["needed"][name] if n not in query and n.lower() not in headers]
    if name in CONTRACTED["bodies"]:
        why = breach(CONTRACT, name, json.loads(body))
        found += [why] if why else []
    return found


def _without_nulls(value: Any) -> Any:
    """The file knows hardly any null where VTEX's samples have many; what is there must be of its type."""
    if isinstance(value, dict):
        return {k: _without_nulls(v) for k, v in value.items() if v is not None or k in _REQUIRED}
    return [_without_nulls(v) for v in value] if isinstance(value, list) else value


def _required(schema: dict[str, Any]) -> set[str]:
    inner = [*schema.get("properties", {}).values(), *([schema["items"]] if "items" in schema else [])]
    return set(schema.get("required", [])).union(*(_required(each) for each in inner))


_REQUIRED = set().union(*(_required(schema) for schema in CONTRACTED["answers"].values()))


@pytest.fixture
async def recorded() -> AsyncIterator[tuple[Simulator, Recorder, str]]:
    simulator = make_simulator(Scenario(40, DAYS, 7, START).ground_truth(), SimulatorClock(START + timedelta(days=3)))
    recorder = Recorder(simulator.order_system.app(simulator.news.routes()))
    async with listening(recorder) as url:
        yield simulator, recorder, url


async def test_every_request_and_every_answer_keeps_the_official_file(
    recorded: tuple[Simulator, Recorder, str],
) -> None:
    simulator, recorder, url = recorded
    keys = {"app_key": simulator.order_system.app_key, "app_token": simulator.order_system.app_token}
    session = discover()["vtex"].open(AccountRef(1, 1, "vtex", "loja", {"base_url": url, **keys}), simulator.clock)
    render = discover()["vtex"].render
    assert render is not None
    package = next(
        p
        for o in simulator.ground_truth.orders
        for p in o.packages
        if o.invoiced_at <= simulator.clock() and not p.by_hand
    )
    try:
        assert all(right.granted for right in await session.permissions())
        page = await session.orders("", [package.order_id])
        assert page.problem is None
        assert len(page.orders) > 3
        for kind in (EffectKind.TRACKING_NUMBER, EffectKind.ORDER_OPENING, EffectKind.ORDER_UPDATE):
            for case, outgoing in hard_cases(kind):
                request = render(outgoing, {})
                path = f"/api/oms/pvt/orders/{package.order_id}/invoice/{package.invoice_number}"
                path += "/tracking" if request.method == "PUT" else ""
                sent = await session.send(replace(request, path=path), case)
                assert sent.outcome is Outcome.FOUND, (kind, case, sent.message)
        assert (await session.start_feed()).outcome is Outcome.FOUND
        assert (await session.start_feed()).outcome is Outcome.FOUND
        later = min(
            (o for o in simulator.ground_truth.orders if o.invoiced_at > simulator.clock()), key=lambda o: o.invoiced_at
        )
        simulator.clock.set(later.invoiced_at + timedelta(minutes=1))
        lot = await session.feed()
        assert lot.about == (later.order_id,)
        assert (await session.commit(lot.handles)).outcome is Outcome.FOUND
        assert (await session.feed()).about == ()
        assert (await session.end_feed()).outcome is Outcome.NOT_FOUND
        async with listening(_yes) as there:
            assert (await session.subscribe(f"{there}/hooks/vtex/x", "secret", "")).outcome is Outcome.FOUND
            assert (await session.subscription(f"{there}/hooks/vtex/x")).outcome is Outcome.FOUND
            assert (await session.unsubscribe(f"{there}/hooks/vtex/x")).outcome is Outcome.NOT_FOUND
    finally:
        await session.close()
    assert recorder.problems == []
    assert simulator.order_system.breaches == []
    ours = {name for name in CONTRACTED["query"] if not name.startswith("POST /api/oms")}
    assert recorder.seen == ours, "an operation of the connector was not tried, or is no operation"


async def _yes(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def test_the_recorder_sees_what_breaks_the_contract() -> None:
    scope = {"query_string": b"maxlots=10", "headers": [(b"accept", b"application/json")]}
    assert _asked("GET /api/orders/feed", scope, b"") == [
        "unknown parameter maxlots",
        "lacks maxlot",
        "lacks Content-Type",
    ]
    assert _asked("POST /api/orders/feed", scope, b'{"handle": []}')[-1].endswith("'handles' is a required property")
    assert breach(CONTRACT, "GET /api/orders/feed", [{"handle": 7}], "answers")
    assert operation_of("GET", "/api/oms/pvt/orders/v1-01").endswith("{orderId}")
