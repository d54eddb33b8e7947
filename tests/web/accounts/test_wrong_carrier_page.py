"""A package that another carrier carries is moved there with one click on its notice; its history stays."""

import re
from collections.abc import AsyncIterator

import httpx
import pytest

from paradeiro.app import real_clock
from paradeiro.db.accounts import stores
from paradeiro.db.operations import audit
from paradeiro.db.pool import transaction
from paradeiro.domain.following.tracking_codes import s10_problem
from paradeiro.domain.orders.identifiers import IdentifierKind
from tests.flow.conftest import Shop
from tests.flow.following.test_ways_in import Place, open_place
from tests.web.apps import create_app
from tests.web.signing_in import enter

CODE = "AA123456785BR"


async def open_misled_place(shop: Shop) -> Place:
    """A carrier that finds all but one package, which has the form of another's codes."""
    kinds = (IdentifierKind.TRACKING_CODE, IdentifierKind.INVOICE)
    place = await open_place(shop, check_code=s10_problem, recognises_courier=lambda _: False, identifiers=kinds)
    for at in range(8):
        await place.shop.register(f"AA{at}")
        place.shop.outside.say(f"AA{at}", ("PO", place.at(-60), "SP"))
    await place.shop.register(CODE)
    for _ in range(4):
        await place.shop.later(days=1)
        await place.run()
    return place


@pytest.fixture
async def place(shop: Shop) -> Place:
    return await open_misled_place(shop)


@pytest.fixture
async def browser(place: Place) -> AsyncIterator[httpx.AsyncClient]:
    async with transaction(place.shop.context.pool) as connection:
        await stores.add_api_key(
            connection, place.shop.store_id, name="Bia", key="pk_bia", scopes=["read", "write"], now=place.shop.clock()
        )
    transport = httpx.ASGITransport(create_app(place.shop.context, real_clock))
    async with httpx.AsyncClient(transport=transport, base_url="http://test", follow_redirects=True) as made:
        await enter(made, place.shop.context, place.shop.store_id)
        yield made


async def _move(browser: httpx.AsyncClient, page: str, **more: str) -> httpx.Response:
    form, address = re.search(r'name="form" value="([^"]+)"', page), re.search(r'action="(/notices/\d+/move)"', page)
    assert form
    assert address
    return await browser.post(address[1], data={"form": form[1]} | more)


async def test_one_click_moves_it_there(place: Place, browser: httpx.AsyncClient) -> None:
    page = (await browser.get("/notices")).text
    assert "Passar para regional" in page
    answer = await _move(browser, page)
    assert "Passado: a outra transportadora" in answer.text
    (notice,) = [n for n in await place.shop.notices() if n.kind == "wrong_carrier"] or [None]
    assert notice is None
    async with place.shop.context.pool.connection() as connection:
        row = await (
            await connection.execute("SELECT carrier, account_id FROM shipment WHERE tracking_code = %s", (CODE,))
        ).fetchone()
        (line,) = [
            each for each in await audit.audit_lines(connection, place.shop.store_id) if each.action == "move_shipment"
        ]
    assert row == ("regional", place.account_id)
    assert (line.actor, line.said) == ("Bia", "posta → regional")
    await place.run()
    assert place.carrier.asked[-1] == CODE


async def test_what_is_not_ours_or_is_over_moves_nothing(place: Place, browser: httpx.AsyncClient) -> None:
    page = (await browser.get("/notices")).text
    stale = await _move(browser, page, form="old")
    assert stale.status_code == 422
    assert [n.kind for n in await place.shop.notices()] == ["wrong_carrier"]
    await _move(browser, page)
    again = await _move(browser, page)
    assert again.status_code == 422
    assert "Passar para" not in again.text


async def test_with_two_accounts_there_a_person_chooses_on_the_order(place: Place, browser: httpx.AsyncClient) -> None:
    context = place.shop.context
    (one,) = [each for each in [await place.account()] if each.connector == "regional"]
    async with transaction(context.pool) as connection:
        await stores.put_account(
            connection,
            place.shop.store_id,
            connector="regional",
            kind=one.kind,
            name="regional 2",
            settings={},
            secrets={},
            key=context.secret_key,
            now=context.now(),
        )
    await place.shop.later(days=1)
    await place.run()
    page = (await browser.get("/notices")).text
    assert "Parece ser de Regional" in page
    assert "Passar para" not in page
