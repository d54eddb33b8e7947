"""The screens about people and keys: what each role sees and may do, invitations, the last administrator, sessions."""

import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pyotp
import pytest

from paradeiro.app import real_clock
from paradeiro.db.accounts import stores
from paradeiro.db.operations.audit import audit_lines
from paradeiro.db.pool import transaction
from paradeiro.domain.words import Role
from paradeiro.flow.accounts import api_keys
from paradeiro.flow.accounts.scopes import READ, WRITE, Area
from paradeiro.flow.people.roles import scopes_of
from paradeiro.web.areas import area_of
from paradeiro.web.auth import COOKIE
from tests.flow.conftest import Shop
from tests.flow.test_main_line import POSTED
from tests.web.apps import create_app
from tests.web.signing_in import PASSWORD, add_person, enter, sign_in, token_in
from tests.web.test_audit import walked

LINK = re.compile(r"http://test(/sign-in/[\w-]+)")


async def _browser(shop: Shop, name: str, role: Role) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_app(shop.context, real_clock))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        await enter(client, shop.context, shop.store_id, name, role)
        yield client


@pytest.fixture
async def head(shop: Shop) -> AsyncIterator[httpx.AsyncClient]:
    """An administrator's browser."""
    async for client in _browser(shop, "Ana", Role.ADMINISTRATOR):
        yield client


@pytest.fixture
async def clerk(shop: Shop) -> AsyncIterator[httpx.AsyncClient]:
    async for client in _browser(shop, "Bia", Role.OPERATOR):
        yield client


@pytest.fixture
async def guest(shop: Shop) -> AsyncIterator[httpx.AsyncClient]:
    async for client in _browser(shop, "Caio", Role.VIEWER):
        yield client


async def send(client: httpx.AsyncClient, path: str, page: str = "/profile", **data: Any) -> httpx.Response:
    """Send a form with this session's token."""
    token = token_in((await client.get(page)).text)
    return await client.post(path, data={"form": token} | data)


async def log(shop: Shop) -> list[tuple[str, str, str]]:
    async with shop.context.pool.connection() as connection:
        lines = await audit_lines(connection, shop.store_id)
    return [(line.action, line.actor, line.said) for line in reversed(lines)]


def _pages(methods: set[str]) -> list[str]:
    """The operators' pages, with made-up values in their addresses."""
    router = create_app(None, real_clock).router
    outside = ("/api/", "/pvt/", "/pub/", "/shipping-network/", "/hooks/", "/t/", "/sign-", "/static/")
    other = ("/health", "/metrics", "/openapi.json", "/docs", "/favicon")
    return sorted(
        re.sub(r"\{[^}]+\}", "1", path)
        for path, route in walked(router, "")
        if route.methods & methods and not path.startswith((*outside, *other))
    )


async def test_every_page_belongs_to_an_area_and_shows_itself_to_whose_role_has_it(
    head: httpx.AsyncClient, clerk: httpx.AsyncClient, guest: httpx.AsyncClient
) -> None:
    pages = _pages({"GET"})
    assert {"/", "/people", "/keys", "/audit", "/notices", "/profile"} <= set(pages)
    assert [path for path in pages if area_of(path) is None and path != "/profile"] == []
    for client, role in ((head, Role.ADMINISTRATOR), (clerk, Role.OPERATOR), (guest, Role.VIEWER)):
        for path in pages:
            answer = await client.get(path)
            area = area_of(path)
            allowed = path == "/profile" or READ in scopes_of(role) or f"{area}:{READ}" in scopes_of(role)
            assert (answer.status_code != 403) is allowed, (path, role)
            if not allowed:
                assert "O seu papel não permite isto" in answer.text


async def test_every_form_is_taken_from_whose_role_allows_it_alone(
    shop: Shop, head: httpx.AsyncClient, clerk: httpx.AsyncClient, guest: httpx.AsyncClient
) -> None:
    await shop.register("AA1")
    forms = [path for path in _pages({"POST"}) if not path.startswith("/profile/")]
    assert len(forms) > 20
    for client, role in ((guest, Role.VIEWER), (clerk, Role.OPERATOR), (head, Role.ADMINISTRATOR)):
        for path in forms:
            verb = READ if path.endswith("/customer/export") else WRITE
            allowed = verb in scopes_of(role) or f"{area_of(path)}:{verb}" in scopes_of(role)
            # A wrong token: nobody's form does anything here.
            answer = await client.post(path.replace("/orders/1", "/orders/1001"), data={"form": "x"})
            assert (answer.status_code == 403) is not allowed, (path, role, answer.status_code)


def test_roles_contain_each_other() -> None:
    viewer, operator, administrator = (set(scopes_of(role)) for role in Role)
    assert viewer < operator
    assert administrator == {READ, WRITE}
    for area in (Area.PEOPLE, Area.AUDIT, Area.ENDPOINTS, Area.CUSTOMERS):
        assert f"{area}:{WRITE}" not in operator, area


async def test_pages_show_only_what_the_role_may_do(
    shop: Shop, head: httpx.AsyncClient, clerk: httpx.AsyncClient, guest: httpx.AsyncClient
) -> None:
    shipment = await shop.register("AA1")
    shop.outside.say("AA1", POSTED, ("XYZ", "2026-11-02T13:30:00+00:00", "Itu"))
    await shop.ask(shipment, days=1, hours=1)
    shown = {}
    for name, client in (("head", head), ("clerk", clerk), ("guest", guest)):
        shown[name] = {path: (await client.get(path)).text for path in ("/", "/orders/1001", "/notices", "/accounts")}
    for words, path, seen_by in (
        ("Baixar os dados", "/orders/1001", {"head", "clerk"}),
        ("Apagar os dados", "/orders/1001", {"head"}),
        ("Confirmar a entrega", "/orders/1001", {"head", "clerk"}),
        ("Importar planilha", "/", {"head", "clerk"}),
        ('href="/people"', "/", {"head"}),
        (">Resolvido<", "/notices", {"head", "clerk"}),
    ):
        assert {name for name, pages in shown.items() if words in pages[path]} == seen_by, words


async def test_a_session_reads_the_api_as_far_as_its_role(head: httpx.AsyncClient, guest: httpx.AsyncClient) -> None:
    assert (await guest.get("/api/v1/orders")).status_code == 200
    assert (await guest.get("/api/v1/keys")).status_code == 403
    assert (await guest.get("/docs")).status_code == 200
    assert (await head.get("/api/v1/keys")).status_code == 200
    assert (await head.post("/api/v1/keys", json={"name": "x", "scopes": ["read"]})).status_code == 401


async def test_a_person_is_invited_chooses_a_password_and_works(shop: Shop, head: httpx.AsyncClient) -> None:
    invited = await send(head, "/people", email=" Duda@Loja.example.com", name="Duda", role="operator")
    link = LINK.search(invited.text)
    assert link is not None
    assert "Entregue este link a Duda" in invited.text
    assert link[1] not in (await head.get("/people")).text, "shown once"
    assert "ainda não aceitou" in (await head.get("/people")).text
    transport = httpx.ASGITransport(create_app(shop.context, real_clock))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as duda:
        page = await duda.get(link[1])
        assert (await duda.post(link[1], data={"password": PASSWORD, "form": token_in(page.text)})).status_code == 303
        assert (await duda.get("/")).status_code == 200
        assert (await duda.get("/people")).status_code == 403
    again = await send(head, "/people", email="duda@loja.example.com", name="Duda", role="viewer")
    assert (again.status_code, "já está na lista" in again.text) == (422, True)
    assert 'value="Duda"' in again.text, "what was typed stays"
    entries = await log(shop)
    assert ("add_operator", "Ana", "duda@loja.example.com: operator") in entries
    assert ("sign_in", "Duda", "password") in entries


@pytest.mark.parametrize(
    ("email", "name", "role"),
    [("duda", "Duda", "operator"), ("d@x.example", "", "operator"), ("d@x.example", "Duda", "owner"), ("", "", "")],
)
async def test_who_is_no_person_is_not_invited(
    shop: Shop, head: httpx.AsyncClient, email: str, name: str, role: str
) -> None:
    refused = await send(head, "/people", email=email, name=name, role=role)
    assert refused.status_code == 422
    assert 'role="alert"' in refused.text
    assert not any(action == "add_operator" for action, _, _ in await log(shop))


async def test_a_role_counts_at_once(shop: Shop, head: httpx.AsyncClient, guest: httpx.AsyncClient) -> None:
    caio = await add_person(shop.context, shop.store_id, "Caio", Role.VIEWER)
    assert (await guest.get("/audit")).status_code == 403
    assert (await send(head, f"/people/{caio}/role", role="administrator")).status_code == 303
    assert (await guest.get("/audit")).status_code == 200
    assert ("set_role", "Ana", "caio@loja.example.com: administrator") in await log(shop)


async def test_the_last_administrator_stays(shop: Shop, head: httpx.AsyncClient) -> None:
    ana = await add_person(shop.context, shop.store_id, "Ana")
    for path, data in ((f"/people/{ana}/role", {"role": "viewer"}), (f"/people/{ana}/end", {})):
        refused = await send(head, path, **data)
        assert "É a única pessoa da administração" in refused.text
    assert (await head.get("/people")).status_code == 200


async def test_who_is_taken_out_is_signed_out_at_once(
    shop: Shop, head: httpx.AsyncClient, clerk: httpx.AsyncClient
) -> None:
    bia = await add_person(shop.context, shop.store_id, "Bia", Role.OPERATOR)
    assert (await send(head, f"/people/{bia}/end")).status_code == 303
    assert (await clerk.get("/")).headers["location"] == "/sign-in"
    assert "Bia" not in (await head.get("/people")).text
    assert ("end_operator", "Ana", "bia@loja.example.com") in await log(shop)


async def test_a_reset_takes_a_lost_phone_away(shop: Shop, head: httpx.AsyncClient) -> None:
    await add_person(shop.context, shop.store_id, "Bia", Role.OPERATOR, password=PASSWORD)
    transport = httpx.ASGITransport(create_app(shop.context, real_clock))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as bia:
        await sign_in(bia, "bia@loja.example.com")
        page = (await bia.get("/profile")).text
        secret, sealed = _offer(page)
        wrong = await send(bia, "/profile/second-factor", sealed=sealed, code="000000")
        assert wrong.status_code == 422
        assert secret in wrong.text, "the secret stays while its code is typed wrong"
        right = await send(bia, "/profile/second-factor", sealed=sealed, code=pyotp.TOTP(secret).now())
        assert right.status_code == 303
        assert "Depois da senha pedimos" in (await bia.get("/profile")).text
        person = await add_person(shop.context, shop.store_id, "Bia", Role.OPERATOR)
        link = LINK.search((await send(head, f"/people/{person}/reset", second_factor="yes")).text)
        assert link is not None
        assert (await bia.get("/")).headers["location"] == "/sign-in"
        assert (await sign_in(bia, "bia@loja.example.com")).status_code == 303, "the password is valid until it is used"
    entries = await log(shop)
    assert ("set_second_factor", "Bia", "on") in entries
    assert ("reset_operator", "Ana", "bia@loja.example.com, second factor too") in entries


def _offer(page: str) -> tuple[str, str]:
    secret, sealed = re.search(r">([A-Z2-7]{32})<", page), re.search(r'name="sealed" value="([^"]+)"', page)
    assert secret is not None
    assert sealed is not None
    return secret[1], sealed[1]


async def test_ones_own_page_changes_the_password_and_ends_other_browsers(shop: Shop) -> None:
    await add_person(shop.context, shop.store_id, "Bia", Role.VIEWER, password=PASSWORD)
    transport = httpx.ASGITransport(create_app(shop.context, real_clock))
    async with (
        httpx.AsyncClient(transport=transport, base_url="http://test") as here,
        httpx.AsyncClient(transport=transport, base_url="http://test") as there,
    ):
        agent = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0"}
        there.headers.update(agent)
        for client in (here, there):
            await sign_in(client, "bia@loja.example.com")
        page = (await here.get("/profile")).text
        assert "Firefox, Linux" in page
        number = re.search(r"/profile/sessions/(\d+)/end", page)
        assert number is not None
        assert (await send(here, f"/profile/sessions/{number[1]}/end")).status_code == 303
        assert (await there.get("/")).headers["location"] == "/sign-in"
        await sign_in(there, "bia@loja.example.com")
        wrong = await send(here, "/profile/password", current="x", password="cinco outras palavras")
        assert "A senha atual não está certa" in wrong.text
        short = await send(here, "/profile/password", current=PASSWORD, password="curta")
        assert "12 a 200" in short.text
        assert (await there.get("/")).status_code == 200
        new = await send(here, "/profile/password", current=PASSWORD, password="cinco outras palavras")
        assert new.status_code == 303
        assert (await here.get("/")).status_code == 200
        assert (await there.get("/")).headers["location"] == "/sign-in"
        assert (await sign_in(there, "bia@loja.example.com")).status_code == 401
        assert (await here.post("/profile/password", data={"form": "x"})).status_code == 422


async def test_nobody_ends_anothers_session_or_shows_a_store_that_is_not_theirs(
    shop: Shop, guest: httpx.AsyncClient, clerk: httpx.AsyncClient
) -> None:
    async with transaction(shop.context.pool) as connection:
        other = await stores.add_store(connection, "Outra", now=shop.clock())
        row = await (
            await connection.execute(
                "SELECT number FROM operator_session w JOIN operator o ON o.id = w.operator_id WHERE o.name = 'Bia'"
            )
        ).fetchone()
    assert row is not None
    await send(guest, f"/profile/sessions/{row[0]}/end")
    assert (await clerk.get("/")).status_code == 200
    refused = await send(guest, "/profile/store", store=str(other))
    assert "não é sua" in refused.text
    await add_person(shop.context, other, "Caio", Role.ADMINISTRATOR)
    assert "Outra" in (await guest.get("/profile")).text
    assert (await guest.get("/people")).status_code == 403, "a role counts in its store alone"
    assert (await send(guest, "/profile/store", store=str(other))).status_code == 303
    assert (await guest.get("/people")).status_code == 200
    guest.cookies.delete(COOKIE)
    await enter(guest, shop.context, other, "Caio", Role.ADMINISTRATOR)
    assert "Outra" in (await guest.get("/")).text, "the store that was on the screen last"


async def test_keys_are_made_rotated_and_revoked_on_their_page(shop: Shop, head: httpx.AsyncClient) -> None:
    nothing = await send(head, "/keys", name="erp")
    assert "Marque o que a chave pode" in nothing.text
    made = await send(head, "/keys", name="erp", scope=["shipments:read", "orders:read"], ends="2099-01-31")
    key = re.search(r"pk_[\w-]+", made.text)
    assert key is not None
    page = (await head.get("/keys")).text
    assert key[0] not in page, "shown once"
    assert "shipments:read, orders:read" in page
    (line,) = await api_keys.list_keys(shop.context, shop.store_id)
    assert line.ends_at is not None
    assert (await head.get("/api/v1/orders", headers={"X-API-Key": key[0]})).status_code == 200
    assert "127.0.0.1" in (await head.get("/keys")).text
    newer = re.search(r"pk_[\w-]+", (await send(head, f"/keys/{line.id}/rotate")).text)
    assert newer is not None
    for each in (key[0], newer[0]):
        assert (await head.get("/api/v1/orders", headers={"X-API-Key": each})).status_code == 200, "for a week yet"
    assert (await send(head, f"/keys/{line.id}/revoke")).status_code == 303
    assert (await head.get("/api/v1/orders", headers={"X-API-Key": key[0]})).status_code == 401
    wrong = await send(head, "/keys", name="erp", scope=["read"], ends="31/01/2099")
    assert wrong.status_code == 422
    assert [action for action, actor, _ in await log(shop) if actor == "Ana" and action.endswith("_key")] == [
        "make_key",
        "make_key",
        "revoke_key",
    ]


async def test_the_audit_log_names_persons_and_keys_and_is_turned_over_page_by_page(
    shop: Shop, head: httpx.AsyncClient, clerk: httpx.AsyncClient
) -> None:
    shipment = await shop.register("AA1")
    made = await api_keys.make_key(shop.context, shop.store_id, name="erp", scopes=["read", "write"], by=None)
    key = {"X-API-Key": made.text}
    await send(clerk, f"/orders/1001/packages/{shipment}/ask-now")
    await head.post(f"/api/v1/shipments/{shipment}/ask-now", headers=key)
    entries = (await head.get("/api/v1/audit")).json()["items"]
    asked = [each for each in entries if each["action"] == "ask_now"]
    assert [(each["actor"], bool(each["operator_id"]), bool(each["api_key_id"])) for each in asked] == [
        ("erp", False, True),
        ("Bia", True, False),
    ]
    page = (await head.get("/audit")).text
    assert "pergunta pedida" in page
    assert "chave usada" in page
    assert 'href="/orders/1001"' in page
    for _ in range(60):
        await head.post(f"/api/v1/shipments/{shipment}/ask-now", headers=key)
    older = re.search(r'href="(/audit\?before=\d+)"', (await head.get("/audit")).text)
    assert older is not None
    assert "entrou" in (await head.get(older[1])).text


async def test_key_use_is_told_once_a_day_for_each_place_and_what_was_refused(shop: Shop) -> None:
    made = await api_keys.make_key(shop.context, shop.store_id, name="erp", scopes=["read"], by=None)
    for place in ("192.0.2.1", "192.0.2.1", "192.0.2.2"):
        transport = httpx.ASGITransport(create_app(shop.context, real_clock), client=(place, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            for _ in range(3):
                shop.clock.forward(minutes=2)
                await client.get("/api/v1/orders", headers={"X-API-Key": made.text})
            await client.get("/api/v1/orders", headers={"X-API-Key": "pk_never"})
    async with shop.context.pool.connection() as connection:
        lines = await audit_lines(connection, shop.store_id)
    assert [(line.action, line.origin) for line in reversed(lines)] == [
        ("use_key", "192.0.2.1"),
        ("use_key", "192.0.2.2"),
    ]
    await api_keys.revoke_keys(shop.context, str(made.id), api_keys.Actor("root", "cli"), shop.store_id)
    transport = httpx.ASGITransport(create_app(shop.context, real_clock), client=("198.51.100.9", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        for _ in range(2):
            refused = await client.get("/api/v1/orders", headers={"X-API-Key": made.text})
            assert refused.status_code == 401
    shop.clock.forward(days=1, minutes=1)
    async with shop.context.pool.connection() as connection:
        lines = await audit_lines(connection, shop.store_id)
    assert [(line.action, line.actor, line.origin) for line in lines if line.action == "refuse_key"] == [
        ("refuse_key", "erp", "198.51.100.9")
    ]
