"""In: fields that had other names in 0.1; out: answers have both, with one value, the former one marked deprecated."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx
import pytest

from paradeiro.app import real_clock
from paradeiro.cli.accounts.accounts import make_key
from paradeiro.connectors import discover
from paradeiro.web.server import create_app
from tests.flow.conftest import Shop
from tests.flow.endpoints import receiver
from tests.flow.test_main_line import POSTED, SOLD_ELSEWHERE

# Shape: its former field names, each with today's.
FORMER: dict[str, dict[str, str]] = {
    "AuditOut": {"author": "actor", "door": "entry_point", "deed": "action"},
    "AccountOut": {
        "trouble": "problem",
        "trouble_since": "problem_since",
        "stands_in_for": "fallback_for",
        "stood_in_by": "fallback_accounts",
    },
    "WebhookOut": {"trouble": "problem", "trouble_since": "problem_since"},
    "EventOut": {"author": "actor"},
    "EffectOut": {"told_status": "sent_status"},
    "Rules": {"hears": "topics"},
}


@pytest.fixture
async def api(shop: Shop) -> AsyncIterator[httpx.AsyncClient]:
    _, key = await make_key(shop.context, "Loja", name="erp")
    transport = httpx.ASGITransport(create_app(shop.context, real_clock))
    headers = {"X-API-Key": key}
    async with httpx.AsyncClient(transport=transport, base_url="http://test/api/v1", headers=headers) as client:
        yield client


def check(shape: str, answer: Mapping[str, Any]) -> None:
    """Each former name is answered beside today's, with the same value."""
    for former, today in FORMER[shape].items():
        assert {former, today} <= set(answer), (shape, former)
        assert answer[former] == answer[today], (shape, former)


async def test_they_are_documented_as_deprecated(shop: Shop) -> None:
    document = create_app(shop.context, real_clock).openapi()["components"]["schemas"]
    # A shape that is taken too has a schema of each direction; only answers have the former names.
    shapes = {name.removesuffix("-Output"): shape for name, shape in document.items() if not name.endswith("-Input")}
    for name, former in FORMER.items():
        properties = shapes[name]["properties"]
        assert {field for field, shape in properties.items() if shape.get("deprecated")} == set(former), name
        assert {properties[field]["description"] for field in former} == {
            f"Former name of `{today}`." for today in former.values()
        }
    fields = {name: shape.get("properties", {}).values() for name, shape in shapes.items()}
    marked = {name for name, shapes_ in fields.items() if any(shape.get("deprecated") for shape in shapes_)}
    assert marked == set(FORMER)


async def test_events_effects_and_audit_entries_have_both_names(shop: Shop, api: httpx.AsyncClient) -> None:
    shipment = await shop.register("AA1", SOLD_ELSEWHERE)
    shop.outside.say("AA1", POSTED)
    await shop.ask(shipment, hours=2)
    assert (await api.post(f"/shipments/{shipment}/events", json={"status": "in_transit"})).is_success
    detail = (await api.get(f"/shipments/{shipment}")).json()
    for event in detail["events"]:
        check("EventOut", event)
    assert {event["author"] for event in detail["events"]} == {"", "erp"}
    for effect in detail["effects"]:
        check("EffectOut", effect)
    assert "accepted" in {effect["told_status"] for effect in detail["effects"]}
    entries = (await api.get("/audit")).json()["items"]
    for entry in entries:
        check("AuditOut", entry)
    assert ("erp", "api", "event") in {(entry["author"], entry["door"], entry["deed"]) for entry in entries}


async def test_accounts_have_both_names(api: httpx.AsyncClient) -> None:
    accounts = (await api.get("/accounts")).json()
    assert accounts
    for account in accounts:
        check("AccountOut", account)


async def test_webhooks_have_both_names(shop: Shop, api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shop.context.sessions, "_inner_hosts", frozenset({"127.0.0.1"}))
    connectors = shop.context.connectors | {"webhook": discover()["webhook"]}
    monkeypatch.setattr(shop.context.sessions, "_connectors", connectors)
    async with receiver() as there:
        made = (await api.post("/webhooks", json={"name": "erp", "url": there.url})).json()
        disabled = (await api.post(f"/webhooks/{made['id']}/disable")).json()
        check("WebhookOut", disabled)
        check("WebhookOut", (await api.get("/webhooks")).json()["items"][0])


async def test_a_channel_takes_topics_under_their_former_name(api: httpx.AsyncClient) -> None:
    stated = (await api.put("/channels/MGZ", json={"hears": ["number"]})).json()
    assert stated["topics"] == ["number"]
    check("Rules", stated)
    check("Rules", (await api.get("/channels")).json()["channels"]["MGZ"])
    both = (await api.put("/channels/MGZ", json={"hears": ["number"], "topics": ["delivery"]})).json()
    assert both["topics"] == both["hears"] == ["delivery"]
    # What was answered can be sent back as it is.
    again = await api.put("/channels/MGZ", json=both)
    assert again.json() == both
