"""Every change, by API or on a page, leaves an entry in the audit log: every endpoint is tried."""

import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute

from paradeiro.app import real_clock
from paradeiro.cli.accounts.accounts import make_key
from paradeiro.db.accounts import stores
from paradeiro.db.customers import bounces
from paradeiro.db.pool import transaction
from paradeiro.domain.words import BounceKind, PartyKind
from paradeiro.flow.outbox import endpoints as endpoint
from tests.flow.conftest import Shop
from tests.flow.endpoints import receiver
from tests.flow.test_main_line import POSTED, SOLD_ELSEWHERE
from tests.web.apps import create_app
from tests.web.orders.test_pages import browser  # noqa: F401 - a fixture

_CHANGING = {"POST", "PUT", "PATCH", "DELETE"}
# Endpoints that change nothing of the store's, or whose audit entries another test checks.
EXEMPT = {
    "/sign-in": "tests/web/people/test_sessions.py",
    "/sign-in/code": "tests/web/people/test_sessions.py",
    "/sign-in/{link}": "tests/web/people/test_sessions.py",
    "/sign-out": "tests/web/people/test_sessions.py",
    "/people": "tests/web/people/test_people.py",
    "/people/{operator}/role": "tests/web/people/test_people.py",
    "/people/{operator}/reset": "tests/web/people/test_people.py",
    "/people/{operator}/end": "tests/web/people/test_people.py",
    "/keys": "tests/web/people/test_people.py",
    "/keys/{key}/rotate": "tests/web/people/test_people.py",
    "/keys/{key}/revoke": "tests/web/people/test_people.py",
    "/profile/password": "tests/web/people/test_people.py",
    "/profile/second-factor": "tests/web/people/test_people.py",
    "/profile/second-factor/end": "tests/web/people/test_people.py",
    "/profile/sessions/{number}/end": "tests/web/people/test_people.py",
    "/profile/store": "changes nothing of the store's",
    "/sign-in/passkey/options": "a challenge, stored nowhere",
    "/profile/passkeys/options": "a challenge, stored nowhere",
    "/sign-in/passkey": "tests/web/people/test_passkeys.py",
    "/profile/passkeys": "tests/web/people/test_passkeys.py",
    "/profile/passkeys/{passkey}/remove": "tests/web/people/test_passkeys.py",
    "/hooks/{connector}/{token}": "sent by a party, no actor",
    "/import/take": "tests/web/orders/test_table_import.py",
    "/notices/{notice}/move": "tests/web/accounts/test_wrong_carrier_page.py",
    "/t/": "only looks",
    "/t/{token}/address": "a customer's own choice",
    "/t/confirm/{code}": "a customer's own choice",
    "/t/{token}/data": "a customer's request is a notice",
    "/t/{token}/mails": "a customer's own choice",
    "/t/{token}/unsubscribe": "a customer's own choice",
    "/api/v1/webhooks/{webhook_id}/test": "is stored nowhere",
    "/import": "only looks",
    "/api/v1/shipments/bulk": "tests/web/orders/test_intake.py",
    "/notices/{notice}/resend": "tests/web/outbox/test_resend.py",
    "/api/v1/notices/{notice_id}/resend": "tests/web/outbox/test_resend.py",
    "/api/v1/orders/bulk": "tests/web/orders/test_intake.py",
    "/api/v1/accounts/{account_id}/files": "tests/web/orders/test_files.py",
    "/files": "tests/web/orders/test_files.py",
    "/api/v1/codes": "tests/flow/following/test_code_mappings.py",
}
TRIED = {
    "/api/v1/orders",
    "/api/v1/shipments",
    "/api/v1/shipments/{shipment_id}/events",
    "/api/v1/shipments/{shipment_id}/confirm-delivery",
    "/api/v1/shipments/{shipment_id}/reopen",
    "/api/v1/shipments/{shipment_id}/ask-now",
    "/api/v1/shipments/{shipment_id}/replace",
    "/api/v1/shipments/{shipment_id}/restore",
    "/api/v1/orders/{order_number}/invoices/{invoice_number}/events",
    "/api/v1/orders/{order_number}/invoices/{invoice_number}/confirm-delivery",
    "/api/v1/notices/{notice_id}/resolve",
    "/api/v1/accounts/{account_id}/resend",
    "/api/v1/accounts/{account_id}/pause",
    "/api/v1/accounts/{account_id}/resume",
    "/api/v1/mailing",
    "/api/v1/channels/{channel}",
    "/api/v1/accounts/{account_id}/carriers",
    "/api/v1/customers/export",
    "/api/v1/customers/erase",
    "/api/v1/webhooks",
    "/api/v1/webhooks/{webhook_id}",
    "/api/v1/webhooks/{webhook_id}/replay",
    "/api/v1/webhooks/{webhook_id}/enable",
    "/api/v1/webhooks/{webhook_id}/disable",
    "/api/v1/webhooks/{webhook_id}/rotate",
    "/notices/{notice}/resolve",
    "/accounts/{account}/ask-now",
    "/accounts/mailer",
    "/orders/{number}/packages/{shipment}/confirm-delivery",
    "/orders/{number}/packages/{shipment}/reopen",
    "/orders/{number}/packages/{shipment}/ask-now",
    "/orders/{number}/packages/{shipment}/replace",
    "/orders/{number}/packages/{shipment}/restore",
    "/orders/{number}/packages/{shipment}/move",
    "/couriers/set",
    "/codes/set",
    "/api/v1/couriers/{courier}",
    "/api/v1/shipments/{shipment_id}/move",
    "/orders/{number}/customer/export",
    "/orders/{number}/customer/erase",
    "/orders/{number}/mail-again",
    "/api/v1/suppressions/{address}",
    "/api/v1/keys/{key_id}",
    "/api/v1/keys",
    "/api/v1/keys/{key_id}/rotate",
}


async def entries(shop: Shop) -> list[str]:
    async with shop.context.pool.connection() as connection:
        rows = await (await connection.execute("SELECT action FROM audit ORDER BY id")).fetchall()
    return [row[0] for row in rows if row[0] not in {"use_key", "sign_in"}]


def walked(router: Any, prefix: str) -> Iterator[tuple[str, APIRoute]]:
    """All routes, those of included routers too."""
    for route in router.routes:
        if isinstance(route, APIRoute):
            yield f"{prefix}{route.path}".replace(":path", ""), route
        elif hasattr(route, "original_router"):
            yield from walked(route.original_router, f"{prefix}{route.include_context.prefix}")


async def test_every_endpoint_that_changes_something_is_known(shop: Shop) -> None:
    app: Any = create_app(shop.context, real_clock)
    found = {path for path, route in walked(app.router, "") if route.methods & _CHANGING}
    # What VTEX's callers state is looked at in tests/web/vtex.
    ours = {path for path in found if not path.startswith(("/api/oms", "/pvt/", "/pub/", "/shipping-network/"))}
    assert ours - TRIED - set(EXEMPT) == set(), "a new endpoint: let it leave an audit entry, and try it below"
    assert TRIED - ours == set()


@pytest.fixture
async def api(shop: Shop) -> AsyncIterator[httpx.AsyncClient]:
    _, key = await make_key(shop.context, "Loja", name="erp")
    transport = httpx.ASGITransport(create_app(shop.context, real_clock))
    headers = {"X-API-Key": key}
    async with httpx.AsyncClient(transport=transport, base_url="http://test/api/v1", headers=headers) as client:
        yield client


async def suppress(shop: Shop, address: str) -> None:
    async with transaction(shop.context.pool) as connection:
        await bounces.suppress_address(connection, shop.store_id, address, BounceKind.HARD, "none", now=shop.clock())


async def second_carrier(shop: Shop) -> int:
    """Another account at the carrier."""
    async with transaction(shop.context.pool) as connection:
        return await stores.put_account(
            connection,
            shop.store_id,
            connector="posta",
            kind=PartyKind.CARRIER,
            name="posta two",
            settings={},
            secrets={},
            key=shop.context.secret_key,
            now=shop.clock(),
        )


async def noticed(shop: Shop) -> int:
    """A shipment with an unknown event code, and a notice about it."""
    shipment = await shop.register("AA1", SOLD_ELSEWHERE)
    shop.outside.say("AA1", POSTED, ("XYZ", "2026-11-02T15:00:00+00:00", "Itu"))
    await shop.ask(shipment, days=1)
    return shipment


async def test_by_api(shop: Shop, api: httpx.AsyncClient) -> None:
    shipment = await noticed(shop)
    notice = (await api.get("/notices")).json()["items"][0]["id"]
    of_invoice = "/orders/2001/invoices/NF-1"
    await suppress(shop, "ana@example.com")
    leaked, _ = await make_key(shop.context, "Loja", name="leaked")
    calls: list[tuple[str, str, object, str]] = [
        ("POST", "/orders", {"number": "7"}, "order"),
        ("POST", "/shipments", {"carrier": "posta", "tracking_code": "AA9", "order": {"number": "8"}}, "register"),
        ("POST", f"/shipments/{shipment}/events", {"status": "in_transit"}, "event"),
        ("POST", f"{of_invoice}/events", {"status": "out_for_delivery"}, "event"),
        ("POST", f"/shipments/{shipment}/confirm-delivery", {}, "confirm_delivery"),
        ("POST", f"/shipments/{shipment}/reopen", {"reason": "it was not"}, "reopen"),
        ("POST", f"{of_invoice}/confirm-delivery", {}, "confirm_delivery"),
        ("POST", f"/shipments/{shipment}/ask-now", None, "ask_now"),
        ("POST", f"/shipments/{shipment + 1}/replace", {"tracking_code": "AA8"}, "replace"),
        ("POST", f"/shipments/{shipment + 1}/restore", None, "restore"),
        ("POST", f"/shipments/{shipment + 1}/move", {"account_id": await second_carrier(shop)}, "move_shipment"),
        ("PUT", "/couriers/Transp. Rápida", {"account_id": None}, "set_courier"),
        ("DELETE", "/couriers/transp rapida", None, "set_courier"),
        ("POST", f"/notices/{notice}/resolve", None, "resolve_notice"),
        ("POST", f"/accounts/{shop.accounts['loja']}/resend", {"since": "2026-11-02T00:00:00Z"}, "resend"),
        ("POST", f"/accounts/{shop.accounts['loja']}/pause", None, "pause_account"),
        ("POST", f"/accounts/{shop.accounts['loja']}/resume", None, "resume_account"),
        ("PUT", "/mailing", {"mailer": "order_system"}, "set_mailer"),
        ("PUT", "/channels/MGZ", {"topics": ["number"]}, "set_channel"),
        ("PUT", f"/accounts/{shop.accounts['canal']}/carriers", {"other": {"code": "Other"}}, "set_carriers"),
        ("DELETE", "/suppressions/ana@example.com", None, "lift_suppression"),
        ("POST", "/keys", {"name": "bi", "scopes": ["orders:read"]}, "make_key"),
        ("POST", f"/keys/{leaked}/rotate", {}, "make_key"),
        ("DELETE", f"/keys/{leaked}", None, "revoke_key"),
        ("POST", "/customers/export", {"order": "2001"}, "export_customer"),
        ("POST", "/customers/erase", {"order": "2001"}, "erase_customer"),
    ]
    for method, path, body, action in calls:
        before = await entries(shop)
        answer = await api.request(method, path, json=body)
        assert answer.is_success, (path, answer.text)
        assert action in (await entries(shop))[len(before) :], path
        shop.clock.forward(minutes=1)
    async with shop.context.pool.connection() as connection:
        rows = await (await connection.execute("SELECT DISTINCT actor, entry_point FROM audit")).fetchall()
    assert rows == [("erp", "api")]


async def test_endpoints_by_api(shop: Shop, api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shop.context.sessions, "_inner_hosts", frozenset({"127.0.0.1"}))
    real = dict(shop.context.connectors)
    from paradeiro.connectors import discover

    real["webhook"] = discover()["webhook"]
    monkeypatch.setattr(shop.context.sessions, "_connectors", real)
    async with receiver() as there:
        made = (await api.post("/webhooks", json={"name": "erp", "url": there.url})).json()
        again = await api.post("/webhooks", json={"name": "erp", "url": there.url})
        assert (again.status_code, again.json()["error"]["code"]) == (409, "name_taken")
        mine = f"/webhooks/{made['id']}"
        assert (await api.post(f"{mine}/disable")).json()["state"] == "disabled"
        assert (await api.post(f"{mine}/enable")).json()["state"] == "ok"
        turned = (await api.post(f"{mine}/rotate")).json()
        assert turned["secret"].startswith("whsec_")
        assert turned["secret"] != made["secret"]
        account = await endpoint.find(shop.context, shop.store_id, made["id"])
        assert account.settings["former_secret"] == made["secret"]
        assert (await api.post(f"{mine}/replay", json={"since": "2026-11-02T00:00:00Z"})).json() == {"messages": 0}
        assert (await api.delete(mine)).json() == {"dropped": 0}
        assert (await api.delete(mine)).status_code == 404
        assert (await api.get("/webhooks")).json() == {"items": []}
        for path in ("enable", "disable", "rotate"):
            assert (await api.post(f"/webhooks/999/{path}")).status_code == 404
    assert await entries(shop) == [
        "add_webhook",
        "change_webhook",
        "change_webhook",
        "change_webhook",
        "change_webhook",
        "remove_webhook",
    ]


async def test_on_the_pages(browser: httpx.AsyncClient, shop: Shop) -> None:  # noqa: F811 - the fixture
    shipment = await noticed(shop)
    form = re.search(r'name="form" value="([^"]+)"', (await browser.get("/orders/2001")).text)
    assert form
    notice = (await shop.notices())[0].id
    package = f"/orders/2001/packages/{shipment}"
    await suppress(shop, "ana@example.com")
    calls = [
        (f"{package}/confirm-delivery", {}, "confirm_delivery"),
        (f"{package}/reopen", {"reason": "no"}, "reopen"),
        (f"{package}/ask-now", {}, "ask_now"),
        (f"{package}/replace", {"code": "AA8"}, "register replace"),
        (f"{package}/restore", {}, "restore"),
        (f"{package}/move", {"account": str(await second_carrier(shop))}, "move_shipment"),
        ("/couriers/set", {"courier": "Rápida", "account": "nobody"}, "set_courier"),
        ("/couriers/set", {"courier": "Rápida", "account": "none"}, "set_courier"),
        (f"/notices/{notice}/resolve", {}, "resolve_notice"),
        ("/codes/set", {"connector": "posta", "code": "XYZ", "meaning": "exception/lost"}, "map_code"),
        ("/codes/set", {"connector": "posta", "code": "XYZ", "meaning": "unknown"}, "map_code"),
        (f"/accounts/{shop.accounts['posta']}/ask-now", {}, "ask_now"),
        ("/accounts/mailer", {"mailer": "order_system"}, "set_mailer"),
        ("/orders/2001/mail-again", {}, "lift_suppression"),
        ("/orders/2001/customer/export", {}, "export_customer"),
        ("/orders/2001/customer/erase", {"sure": "yes"}, "erase_customer"),
    ]
    for path, data, action in calls:
        before = await entries(shop)
        answer = await browser.post(path, data={"form": form[1]} | data)
        assert answer.is_success, (path, answer.status_code)
        assert (await entries(shop))[len(before) :] == action.split(), path


@pytest.mark.parametrize(
    "cursor",
    [
        "12",
        "MTI",
        "x" * 101,
        "%00",
        "é",
        "MTpvcmRlcnM6MQ",
        "MTpzaGlwbWVudHM6LTE",
        "MTpzaGlwbWVudHM6OTk5OTk5OTk5OTk5OTk5OTk5OTk",
    ],
)
async def test_what_is_no_cursor_is_refused_in_a_sentence(api: httpx.AsyncClient, cursor: str) -> None:
    answer = await api.get("/shipments", params={"cursor": cursor})
    assert answer.status_code == 422
    assert answer.json()["error"]["message"]


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
async def test_walking_gives_each_row_once_also_while_rows_are_added(
    shop: Shop, api: httpx.AsyncClient, limit: int
) -> None:
    for at in range(7):
        await shop.register(f"AA{at}", invoice=f"NF-{at}")
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = (await api.get("/shipments", params={"limit": limit, "cursor": cursor})).json()
        seen += [each["tracking_code"] for each in page["items"]]
        cursor = page["next"]
        await shop.register(f"NEW{len(seen)}", invoice=f"NN-{len(seen)}")
    assert seen == [f"AA{at}" for at in reversed(range(7))]
