"""Pictures of a delivery on the customer's page: what the store shows, of deliveries that stand, to this link only."""

import re
from collections.abc import AsyncIterator

import httpx
import pytest

from paradeiro.app import real_clock
from paradeiro.domain.records import Customer, Order
from paradeiro.domain.words import ProofKind
from paradeiro.flow.customers import personal_data
from paradeiro.flow.customers.personal_data import CustomerQuery
from paradeiro.flow.errors import InvalidError
from tests.flow.conftest import Shop
from tests.flow.customers.test_bounces import HERE
from tests.flow.following.test_proofs_of_delivery import BACK, DOOR, HOUSE, delivered
from tests.flow.test_main_line import DELIVERED, POSTED
from tests.web.apps import create_app

IMAGE, SIGNED = ProofKind.IMAGE, ProofKind.SIGNED
BACKSIDE = b"\xff\xd8\xff\xe0signed"


@pytest.fixture
async def client(shop: Shop) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_app(shop.context, real_clock))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as made:
        yield made


async def link(shop: Shop, shipment: int) -> str:
    return f"/t/{(await shop.shipment_row(shipment)).shipment.tracking_token}"


async def pictures(client: httpx.AsyncClient, page: str) -> list[str]:
    return re.findall(r'<img src="(/t/[^"]+/proof/\d+)"', (await client.get(page)).text)


async def test_photos_are_shown_and_signatures_only_if_the_store_says_so(shop: Shop, client: httpx.AsyncClient) -> None:
    shop.outside.show("AA1", IMAGE, HOUSE, DOOR)
    shop.outside.show("AA1", SIGNED, BACKSIDE)
    shipment = await delivered(shop, IMAGE, SIGNED)
    page = await link(shop, shipment)
    found = await pictures(client, page)
    assert len(found) == 2
    assert 'loading="lazy"' in (await client.get(page)).text
    answers = [await client.get(each) for each in found]
    assert {each.content for each in answers} == {HOUSE, DOOR}
    picture = answers[0]
    assert "sandbox" in picture.headers["content-security-policy"]
    await personal_data.set_shown_proofs(shop.context, shop.store_id, {"signed"}, HERE)
    [signature] = await pictures(client, page)
    assert (await client.get(signature)).content == BACKSIDE
    assert (await client.get(found[0])).status_code == 404, "what is not shown cannot be guessed either"
    await personal_data.set_shown_proofs(shop.context, shop.store_id, set(), HERE)
    assert await pictures(client, page) == []
    assert (await client.get(signature)).status_code == 404
    with pytest.raises(InvalidError, match="selfie"):
        await personal_data.set_shown_proofs(shop.context, shop.store_id, {"selfie"}, HERE)


async def test_no_other_link_and_no_erased_order_shows_them(shop: Shop, client: httpx.AsyncClient) -> None:
    shop.outside.show("AA1", IMAGE, HOUSE)
    shipment = await delivered(shop, IMAGE)
    [picture] = await pictures(client, await link(shop, shipment))
    other = await shop.register("BB1", Order("1002", Customer("Bia", "bia@example.com")), "NF-2")
    number = picture.rpartition("/")[2]
    assert (await client.get(f"{await link(shop, other)}/proof/{number}")).status_code == 404
    assert (await client.get(f"/t/nowhere/proof/{number}")).status_code == 404
    await personal_data.erase_customer(shop.context, shop.store_id, CustomerQuery(order="1001"), HERE)
    assert (await client.get(picture)).status_code == 404
    assert await pictures(client, await link(shop, shipment)) == []


async def test_an_undone_delivery_shows_none(shop: Shop, client: httpx.AsyncClient) -> None:
    shop.outside.show("AA1", IMAGE, HOUSE)
    shipment = await delivered(shop, IMAGE)
    [picture] = await pictures(client, await link(shop, shipment))
    shop.outside.say("AA1", POSTED, DELIVERED, BACK, proofs=[IMAGE])
    await shop.ask(shipment, hours=6)
    assert (await client.get(picture)).status_code == 404
    assert await pictures(client, await link(shop, shipment)) == []
