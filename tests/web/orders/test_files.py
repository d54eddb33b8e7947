"""A carrier's file by API, by page and by command line."""

import io
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from paradeiro.app import real_clock
from paradeiro.cli.orders import file_commands
from paradeiro.db.accounts import stores
from paradeiro.db.operations import audit
from paradeiro.db.pool import transaction
from paradeiro.domain.words import AuditAction, Status
from paradeiro.flow.answers import file_intake
from paradeiro.web import bounds
from tests.flow.conftest import Shop
from tests.flow.following.test_file_intake import Desk, open_desk
from tests.web.apps import create_app
from tests.web.signing_in import enter, token_in

KEY = {"X-API-Key": "pk_bia"}


@pytest.fixture
async def desk(shop: Shop) -> Desk:
    return await open_desk(shop)


async def add_key(desk: Desk, key: str, scopes: list[str], store_id: int | None = None) -> int:
    shop = desk.shop
    async with transaction(shop.context.pool) as connection:
        return await stores.add_api_key(
            connection, store_id or shop.store_id, name="Bia", key=key, scopes=scopes, now=shop.clock()
        )


@pytest.fixture
async def client(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    await add_key(desk, "pk_bia", ["read", "write"])
    transport = httpx.ASGITransport(create_app(desk.shop.context, real_clock))
    async with httpx.AsyncClient(transport=transport, base_url="http://test", follow_redirects=True) as made:
        await enter(made, desk.shop.context, desk.shop.store_id)
        yield made


async def audited(desk: Desk) -> list[tuple[str, str, str]]:
    async with desk.shop.context.pool.connection() as connection:
        lines = await audit.audit_lines(connection, desk.shop.store_id)
    return [(line.action, line.entry_point, line.said) for line in lines if line.action == AuditAction.TAKE_FILE]


async def test_a_file_is_posted_once(client: httpx.AsyncClient, desk: Desk) -> None:
    shipment_id = await desk.register("AA1")
    at = f"/api/v1/accounts/{desk.account_id}/files"
    content = "!cut\n\n" + desk.line("AA1", "ENT")
    first = await client.post(at, content=content, params={"name": "OCOREN.TXT"}, headers=KEY)
    assert first.status_code == 201, first.text
    told = first.json()
    assert (told["name"], told["source"], told["parts"], told["known"]) == ("OCOREN.TXT", "upload", 2, False)
    assert [(p["line"], p["text"]) for p in told["problems"]] == [(1, "cut")]
    again = await client.post(at, content=content, headers=KEY)
    assert (again.status_code, again.json()["known"], again.json()["id"]) == (200, True, told["id"])
    assert await audited(desk) == [("take_file", "api", "filed: OCOREN.TXT")]
    await desk.shop.run()
    assert await desk.status(shipment_id) is Status.DELIVERED
    await client.post(at, content=desk.line("AA1", "MOV"), headers=KEY)
    page = (await client.get(at, params={"limit": 1}, headers=KEY)).json()
    rest = (await client.get(at, params={"limit": 1, "cursor": page["next"]}, headers=KEY)).json()
    assert [len(page["items"]), len(rest["items"]), rest["next"]] == [1, 1, None]
    assert rest["items"][0]["id"] == told["id"]


async def test_who_may_not_and_what_may_not(
    client: httpx.AsyncClient, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = f"/api/v1/accounts/{desk.account_id}/files"
    client.cookies.clear()
    assert (await client.post(at, content="x")).status_code == 401
    await add_key(desk, "pk_reads", ["read"])
    assert (await client.post(at, content="x", headers={"X-API-Key": "pk_reads"})).status_code == 403
    async with transaction(desk.shop.context.pool) as connection:
        other = await stores.add_store(connection, "Outra", now=desk.shop.clock())
    await add_key(desk, "pk_other", ["read", "write"], other)
    for headers in ({"X-API-Key": "pk_other"},):
        assert (await client.post(at, content="x", headers=headers)).status_code == 404
        assert (await client.get(at, headers=headers)).status_code == 404
    posta = f"/api/v1/accounts/{desk.shop.accounts['posta']}/files"
    assert (await client.post(posta, content="x", headers=KEY)).status_code == 404
    assert (await client.post(at, content="", headers=KEY)).status_code == 422
    monkeypatch.setattr(file_intake, "LARGEST_FILE", 100)
    large = await client.post(at, content="x" * 101, headers=KEY)
    assert (large.status_code, large.json()["error"]["code"]) == (422, "file_too_large")
    monkeypatch.setattr(bounds, "LARGEST_FILE", 100)
    large = await client.post(at, content="x" * (200 + 64 * 1024), headers=KEY)
    assert large.status_code == 413
    assert await desk.stored() == 0


async def test_a_file_larger_than_other_bodies_is_taken(client: httpx.AsyncClient, desk: Desk) -> None:
    content = ("x" * 1000 + "\n") * 5000
    assert len(content) > bounds.LARGEST_BODY
    at = f"/api/v1/accounts/{desk.account_id}/files"

    async def streamed() -> AsyncIterator[bytes]:
        raw = content.encode()
        for start in range(0, len(raw), 1_000_000):
            yield raw[start : start + 1_000_000]

    assert (await client.post(at, content=streamed(), headers=KEY)).status_code == 201


async def test_a_file_by_page(client: httpx.AsyncClient, desk: Desk) -> None:
    assert 'href="/files"' in (await client.get("/accounts")).text
    form = token_in((await client.get("/files", params={"lang": "pt"})).text)
    data = {"form": form, "account": str(desk.account_id)}
    content = "!<script>\n\n" + desk.line("AA1", "MOV")
    seen = await client.post("/files", data=data, files={"file": ("ocor.txt", content)})
    assert seen.status_code == 200
    assert "ocor.txt foi lido: 2 partes guardadas, 1 que não se leem." in seen.text
    assert "linha 1: &lt;script&gt;" in seen.text
    again = await client.post("/files", data=data, files={"file": ("outro.txt", content)})
    assert "ocor.txt já tinha chegado; nada foi feito." in again.text
    assert await audited(desk) == [("take_file", "page", "filed: ocor.txt")]
    assert "Escolha um arquivo" in (await client.post("/files", data=data)).text
    wrong = await client.post("/files", data=data | {"account": "1"}, files={"file": ("a", "x")})
    assert (wrong.status_code, "Esta conta não existe mais" in wrong.text) == (422, True)
    stale = await client.post("/files", data=data | {"form": "x"}, files={"file": ("a", "x")})
    assert stale.status_code == 422
    assert "had come before" not in (await client.get("/files", params={"lang": "en"})).text
    assert "How it came" in (await client.get("/files", params={"lang": "en"})).text


async def test_a_file_by_command_line(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    todo: list[Any] = []
    monkeypatch.setattr(file_commands, "run_for_store", lambda store, act: todo.append(act) or "done")
    path = tmp_path / "ocor.txt"
    path.write_text("!cut\n\n" + desk.line("AA1", "MOV"))

    async def run(**given: Any) -> str:
        file_commands.file("filed", "Loja", **given)
        return str(await todo.pop()(desk.shop.context, desk.shop.store_id))

    assert await run(paths=[path]) == "ocor.txt: 2 parts taken, 1 cannot be read.\n  line 1: cut"
    assert await run(paths=[path]) == "It had been taken before, as ocor.txt; nothing was done."
    assert "ocor.txt: 2 parts taken" in await run()
    mail = b'Content-Type: text/plain; name="a.txt"\r\nContent-Disposition: attachment; filename="a.txt"\r\n\r\n'
    mail += desk.line("AA2", "MOV").encode()
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(mail)))
    assert await run(mail=True) == "a.txt: 1 parts taken, 0 cannot be read."
