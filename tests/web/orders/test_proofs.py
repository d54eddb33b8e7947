"""Proofs of delivery on the order's page and in the API; shown safely, to their own store only."""

import re
from collections.abc import AsyncIterator

import httpx
import pytest

from paradeiro.app import real_clock
from paradeiro.db.accounts import stores
from paradeiro.db.pool import transaction
from paradeiro.domain.records import Order
from paradeiro.domain.words import ProofKind
from tests.flow.conftest import ANA, Shop
from tests.flow.following.test_proofs_of_delivery import BACK, DOOR, HOUSE, PAPER, delivered
from tests.flow.test_main_line import DELIVERED, POSTED
from tests.web.apps import create_app
from tests.web.signing_in import enter, sign_out

IMAGE, SIGNED = ProofKind.IMAGE, ProofKind.SIGNED
DRAWING = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.fixture
async def client(shop: Shop) -> AsyncIterator[httpx.AsyncClient]:
    """Signed in as an operator; with a key, a program."""
    async with transaction(shop.context.pool) as connection:
        now = shop.clock()
        await stores.add_api_key(connection, shop.store_id, name="Bia", key="pk_bia", scopes=["read", "write"], now=now)
        other = await stores.add_store(connection, "Outra", now=now)
        await stores.add_api_key(connection, other, name="erp", key="pk_other", scopes=["read"], now=now)
        await stores.add_api_key(connection, shop.store_id, name="w", key="pk_write", scopes=["write"], now=now)
    transport = httpx.ASGITransport(create_app(shop.context, real_clock))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as made:
        await enter(made, shop.context, shop.store_id)
        yield made


async def page(client: httpx.AsyncClient, language: str = "pt") -> str:
    answer = await client.get(f"/orders/1001?lang={language}", follow_redirects=True)
    assert answer.status_code == 200
    return answer.text


def links(html: str) -> list[str]:
    return re.findall(r'<a href="(/orders/1001/packages/\d+/proofs/\d+)"', html)


async def proven(shop: Shop, *contents: bytes, kind: ProofKind = IMAGE) -> int:
    shop.outside.show("AA1", kind, *contents)
    return await delivered(shop, kind)


# The order's page


async def test_pictures_are_on_the_orders_page(shop: Shop, client: httpx.AsyncClient) -> None:
    await proven(shop, HOUSE, DOOR)
    html = await page(client)
    assert "Comprovante de entrega" in html
    assert len(links(html)) == 2
    assert len(re.findall(r'<img src="/orders/1001/[^"]+" alt="Foto da entrega: RECEBEDOR"', html)) == 2
    pictures = [await client.get(link) for link in links(html)]
    assert {p.content for p in pictures} == {HOUSE, DOOR}
    assert {p.headers["content-type"] for p in pictures} == {"image/png", "image/jpeg"}


async def test_the_same_in_english(shop: Shop, client: httpx.AsyncClient) -> None:
    await proven(shop, HOUSE)
    html = await page(client, "en")
    assert "Proof of delivery" in html
    assert 'alt="Photo of the delivery: RECEBEDOR"' in html


async def test_without_proofs_nothing_is_said_of_them(shop: Shop, client: httpx.AsyncClient) -> None:
    await delivered(shop)
    assert "Comprovante" not in await page(client)


async def test_what_is_no_plain_picture_is_a_file_to_download(shop: Shop, client: httpx.AsyncClient) -> None:
    await proven(shop, PAPER, kind=SIGNED)
    html = await page(client)
    assert "<img" not in html
    assert "Aviso de recebimento assinado: baixar o arquivo (1 kB)" in html


async def test_one_that_is_looked_for_and_one_that_never_came(shop: Shop, client: httpx.AsyncClient) -> None:
    await delivered(shop, IMAGE)
    waiting = await page(client)
    assert "a transportadora ainda não tem" in waiting
    assert "1 tentativa" in waiting
    for hours in (1, 6, 24, 72):
        await shop.later(hours=hours)
    gone = await page(client)
    assert "não veio em 5 tentativas, não pedimos mais" in gone
    assert "ainda não tem" not in gone


async def test_a_picture_of_a_delivery_that_was_taken_back_says_so(shop: Shop, client: httpx.AsyncClient) -> None:
    shipment = await proven(shop, HOUSE)
    assert "de uma entrega que foi desfeita" not in await page(client)
    shop.outside.say("AA1", POSTED, DELIVERED, BACK, proofs=[IMAGE])
    await shop.ask(shipment, hours=6)
    assert "de uma entrega que foi desfeita" in await page(client)


async def test_a_remark_of_the_carrier_is_text(shop: Shop, client: httpx.AsyncClient) -> None:
    await proven(shop, HOUSE)
    async with transaction(shop.context.pool) as connection:
        await connection.execute("UPDATE proof SET comment = %s", ('"><script>x</script>',))
    html = await page(client)
    assert "<script>x" not in html
    assert "&#34;&gt;&lt;script&gt;x" in html


# One picture


@pytest.mark.parametrize(
    ("content", "kind", "how"),
    [
        (HOUSE, "image/png", "inline"),
        (DOOR, "image/jpeg", "inline"),
        (PAPER, "application/octet-stream", "attachment"),
        (DRAWING, "application/octet-stream", "attachment"),
        (b"<html>", "application/octet-stream", "attachment"),
    ],
    ids=["png", "jpeg", "pdf", "svg", "html"],
)
async def test_a_picture_does_nothing_else_in_a_browser(
    shop: Shop, client: httpx.AsyncClient, content: bytes, kind: str, how: str
) -> None:
    shipment = await proven(shop, content)
    ((proof_id,),) = await _rows(shop, "SELECT id FROM proof")
    for address in (f"/orders/1001/packages/{shipment}/proofs/{proof_id}", _api(shipment, proof_id)):
        answer = await client.get(address, headers={"X-API-Key": "pk_bia"})
        assert answer.content == content
        assert answer.headers["content-type"] == kind
        assert answer.headers["content-disposition"].startswith(f"{how}; filename=")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"] == "private, no-cache"
        again = await client.get(address, headers={"X-API-Key": "pk_bia", "If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


async def _rows(shop: Shop, sql: str) -> list[tuple[int, ...]]:
    async with shop.context.pool.connection() as connection:
        return await (await connection.execute(sql)).fetchall()


def _api(shipment: int, proof_id: int) -> str:
    return f"/api/v1/shipments/{shipment}/proofs/{proof_id}"


async def test_other_stores_do_not_see_it(shop: Shop, client: httpx.AsyncClient) -> None:
    shipment = await proven(shop, HOUSE)
    another = await shop.register("AA2", Order("1002", ANA), invoice="NF-2")
    ((proof_id,),) = await _rows(shop, "SELECT id FROM proof")
    for address in (
        f"/orders/1002/packages/{shipment}/proofs/{proof_id}",
        f"/orders/1002/packages/{another}/proofs/{proof_id}",
        f"/orders/1001/packages/{shipment}/proofs/{proof_id + 1}",
    ):
        assert (await client.get(address)).status_code == 404, address
    ours = _api(shipment, proof_id)
    for key, status in (("pk_other", 404), ("pk_write", 403), ("pk_nobody", 401)):
        answer = await client.get(ours, headers={"X-API-Key": key})
        assert (answer.status_code, HOUSE in answer.content) == (status, False), key
    assert (await client.get(_api(another, proof_id), headers={"X-API-Key": "pk_bia"})).status_code == 404
    await sign_out(client)
    gone = await client.get(f"/orders/1001/packages/{shipment}/proofs/{proof_id}")
    assert (gone.status_code, gone.headers["location"]) == (303, "/sign-in")


# The API


async def test_a_shipment_names_its_proofs_and_searches(shop: Shop, client: httpx.AsyncClient) -> None:
    shop.outside.show("AA1", IMAGE, HOUSE)
    shipment = await delivered(shop, IMAGE, SIGNED)
    told = (await client.get(f"/api/v1/shipments/{shipment}", headers={"X-API-Key": "pk_bia"})).json()
    (proof,) = told["proofs"]
    assert (proof["kind"], proof["content_type"], proof["size"]) == ("image", "image/png", len(HOUSE))
    assert proof["withdrawn"] is False
    assert (await client.get(proof["link"], headers={"X-API-Key": "pk_bia"})).content == HOUSE
    searches = {each["kind"]: each for each in told["proof_searches"]}
    assert searches["image"]["state"] == "kept"
    assert (searches["signed"]["state"], searches["signed"]["tries"]) == ("wanted", 1)
    assert searches["signed"]["next_try"]
