"""A carrier that pushes facts: its address and key are shown to a person, its own answer is given, the facts count."""

from datetime import timedelta

import httpx
import pytest

from paradeiro.app import real_clock
from paradeiro.cli.accounts.hooks import end_hook, register_hook
from paradeiro.domain.words import Status, Way
from paradeiro.flow.accounts import hooks
from paradeiro.flow.accounts.hooks import open_hook
from paradeiro.flow.errors import InvalidError
from tests.flow.conftest import Shop
from tests.flow.following.regional import KEY, body, said
from tests.flow.following.test_ways_in import open_place
from tests.web.apps import create_app

PUBLIC = "https://loja.example.com"


async def test_what_it_pushes_with_its_key_is_recorded_and_answered_as_it_wants(shop: Shop) -> None:
    place = await open_place(shop, ways=frozenset({Way.ASKED, Way.PUSH}), push_reply=b'{"code":"1"}')
    context, account = place.shop.context, await place.account()
    shipment_id = await place.register()
    hook = await open_hook(context, account, public_url=PUBLIC)
    assert hook.url.startswith(f"{PUBLIC}/hooks/regional/")
    assert hook.secret not in repr(hook), "neither address nor key is in a log"
    transport = httpx.ASGITransport(create_app(context, real_clock))
    pushed = body(said(("delivered", (shop.clock() - timedelta(minutes=5)).isoformat()), ids=[KEY]))
    async with httpx.AsyncClient(transport=transport, base_url=PUBLIC) as client:
        refused = await client.post(hook.url, content=pushed)
        assert refused.status_code == 401
        taken = await client.post(hook.url, content=pushed, headers={"signature": "right"})
    assert (taken.status_code, taken.content) == (200, b'{"code":"1"}')
    await place.shop.run()
    assert await place.status(shipment_id) is Status.DELIVERED


async def test_a_person_enters_the_address_where_no_program_can(shop: Shop) -> None:
    place = await open_place(shop, ways=frozenset({Way.PUSH}))
    context, account = place.shop.context, await place.account()
    told = await register_hook(context, account, PUBLIC, "")
    hook = await open_hook(context, account, public_url=PUBLIC)
    assert hook.url in told
    assert hook.secret in told
    with pytest.raises(InvalidError, match="no registration by program"):
        await hooks.test_hook(context, account)
    assert "closed" in await end_hook(context, account)
    transport = httpx.ASGITransport(create_app(context, real_clock))
    async with httpx.AsyncClient(transport=transport, base_url=PUBLIC) as client:
        assert (await client.post(hook.url, content=b"{}", headers={"signature": "right"})).status_code == 404
