"""A table by page and by command line: looked at first, taken when confirmed, once."""

import io
import re
from collections.abc import AsyncIterator

import httpx
import pytest
from rich.console import Console

from paradeiro.app import real_clock
from paradeiro.cli.orders.table_import import import_table_file
from paradeiro.db.accounts import stores
from paradeiro.db.operations import audit
from paradeiro.db.pool import transaction
from paradeiro.worker.maintenance import maintain
from tests.flow.conftest import Shop
from tests.web.apps import create_app
from tests.web.signing_in import enter

GOOD = "pedido;transportadora;código;cliente\n1;posta;AA1;Ana\n2;posta;AA2;=cmd()\n"
MIXED = GOOD + "3;ninguém;AA3;<script>\n4;posta;;x\n"


@pytest.fixture
async def browser(shop: Shop) -> AsyncIterator[httpx.AsyncClient]:
    async with transaction(shop.context.pool) as connection:
        await stores.add_api_key(
            connection, shop.store_id, name="Bia", key="pk_bia", scopes=["read", "write"], now=shop.clock()
        )
    transport = httpx.ASGITransport(create_app(shop.context, real_clock))
    async with httpx.AsyncClient(transport=transport, base_url="http://test", follow_redirects=True) as client:
        await enter(client, shop.context, shop.store_id)
        yield client


def field(html: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]+)"', html)
    assert found is not None, name
    return found[1]


async def upload(browser: httpx.AsyncClient, content: str | bytes, lang: str = "pt") -> httpx.Response:
    form = field((await browser.get("/import", params={"lang": lang})).text, "form")
    return await browser.post("/import", data={"form": form}, files={"file": ("pedidos.csv", content, "text/csv")})


async def take(browser: httpx.AsyncClient, html: str) -> httpx.Response:
    return await browser.post("/import/take", data={"form": field(html, "form"), "table": field(html, "table")})


async def orders(browser: httpx.AsyncClient) -> list[str]:
    return [each["number"] for each in (await browser.get("/api/v1/orders")).json()["items"]]


async def test_a_table_is_looked_at_then_taken(browser: httpx.AsyncClient, shop: Shop) -> None:
    assert 'href="/import"' in (await browser.get("/")).text
    seen = await upload(browser, MIXED)
    assert seen.status_code == 200
    assert "2 linhas certas, 2 com erro" in seen.text
    assert "Transportadora “ninguém” desconhecida" in seen.text
    assert "Falta “código”" in seen.text
    assert "<script" not in seen.text
    assert ">&#39;=cmd()<" in seen.text, "no formula, even if somebody copies the table"
    assert await orders(browser) == [], "nothing is taken before it is confirmed"
    done = await take(browser, seen.text)
    assert "2 novas, 0 já conhecidas" in done.text
    assert await orders(browser) == ["2", "1"]
    again = await take(browser, seen.text)
    assert again.status_code == 422
    assert "já foi importada" in again.text
    assert "0 novas, 2 já conhecidas" in (await take(browser, (await upload(browser, GOOD)).text)).text
    page = (await browser.get("/orders/1")).text
    assert "Quem fez o quê" in page
    assert "pacote registrado" in page
    assert "por Bia" in page
    english = (await browser.get("/orders/1?lang=en")).text
    assert "package registered" in english


async def test_english_says_it_too(browser: httpx.AsyncClient) -> None:
    seen = await upload(browser, MIXED, lang="en")
    assert "2 lines are right, 2 have errors" in seen.text
    assert "“code” is missing" in seen.text


@pytest.mark.parametrize(("content", "words"), [("x;y\n1;2\n", "Falta a coluna “pedido”"), ("", "Escolha um arquivo")])
async def test_a_file_that_is_no_table_is_refused(browser: httpx.AsyncClient, content: str, words: str) -> None:
    seen = await upload(browser, content)
    assert words in seen.text
    assert 'name="table"' not in seen.text


async def test_a_form_of_another_site_takes_nothing(browser: httpx.AsyncClient) -> None:
    seen = await upload(browser, GOOD)
    answer = await browser.post("/import/take", data={"form": "x", "table": field(seen.text, "table")})
    assert answer.status_code == 422
    assert await orders(browser) == []
    answer = await browser.post("/import", data={"form": "x"}, files={"file": ("a.csv", GOOD, "text/csv")})
    assert answer.status_code == 422


async def test_another_stores_table_is_not_there(browser: httpx.AsyncClient, shop: Shop) -> None:
    seen = await upload(browser, GOOD)
    async with transaction(shop.context.pool) as connection:
        other = await stores.add_store(connection, "Outra", now=shop.clock())
        await stores.add_api_key(connection, other, name="o", key="pk_o", scopes=["read", "write"], now=shop.clock())
    await enter(browser, shop.context, other, "Olga")
    form = field((await browser.get("/import")).text, "form")
    answer = await browser.post("/import/take", data={"form": form, "table": field(seen.text, "table")})
    assert answer.status_code == 422
    assert await orders(browser) == []


async def test_an_unconfirmed_table_is_removed_after_a_day(browser: httpx.AsyncClient, shop: Shop) -> None:
    seen = await upload(browser, GOOD)
    shop.clock.forward(days=1, minutes=1)
    await maintain(shop.context)
    assert (await take(browser, seen.text)).status_code == 422


async def test_the_example_is_a_right_table(browser: httpx.AsyncClient) -> None:
    example = await browser.get("/import/example.csv")
    assert example.headers["content-disposition"].startswith("attachment")
    assert example.content.startswith(b"\xef\xbb\xbf")
    seen = await upload(browser, example.content.replace(b"correios", b"posta"))
    assert "1 linhas certas, 0 com erro" in seen.text


async def run(shop: Shop, content: str, *, dry_run: bool = False) -> tuple[int, str]:
    out = io.StringIO()
    console = Console(file=out, width=200)
    status = await import_table_file(
        shop.context, console, shop.store_id, content.encode(), actor="root", dry_run=dry_run
    )
    return status, out.getvalue()


async def test_the_command_says_what_is_wrong_and_takes_the_rest(shop: Shop) -> None:
    status, said = await run(shop, MIXED, dry_run=True)
    assert status == 1
    assert "No carrier “ninguém”. There are: " in said
    assert "“code” is missing" in said
    assert "Nothing was taken" in said
    status, said = await run(shop, MIXED)
    assert status == 1
    assert "2 are new, 0 were known, 2 lines were not taken" in said
    assert await run(shop, GOOD) == (0, "0 are new, 2 were known, 0 lines were not taken.\n")
    assert (await run(shop, GOOD, dry_run=True))[0] == 0
    assert (await run(shop, "x;y\n"))[0] == 2
    assert (await run(shop, "pedido;transportadora;codigo\n1;x;y\n"))[0] == 2
    async with shop.context.pool.connection() as connection:
        lines = await audit.audit_lines(connection, shop.store_id)
    assert {(line.actor, line.entry_point, line.origin) for line in lines} == {("root", "cli", "")}
    assert len(lines) == 4
