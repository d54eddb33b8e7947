"""One order at VTEX that has something nobody can keep: it is cleaned or set aside, and the others are taken."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import httpx
import pytest

from paradeiro.cli.vtex import backfill
from paradeiro.db import notices, stores
from paradeiro.db.pool import transaction
from paradeiro.flow import set_aside
from paradeiro.sdk.speech.notices import notice_sentence
from paradeiro.worker.drain import drain
from paradeiro.world.truth import SoldOrder
from tests.cli.test_vtex import House, home
from tests.databases import START

__all__ = ["home"]
_LATER = START + timedelta(days=6)


def _spoil(home: House, change: Callable[[SoldOrder], SoldOrder]) -> str:
    """One order of those that a sweep finds, changed; its number."""
    sold = home.world.truth.orders
    index = next(i for i, o in enumerate(sold) if START < o.invoiced_at < _LATER - timedelta(days=1))
    sold[index] = change(sold[index])
    return sold[index].order_id


def _named(**more: str) -> Callable[[SoldOrder], SoldOrder]:
    return lambda order: replace(order, customer=replace(order.customer, **more))


async def _forbid(home: House, number: str) -> None:
    """A reason of the database's own not to keep this order."""
    async with transaction(home.means.pool) as connection:
        await connection.execute(f"ALTER TABLE orders ADD CONSTRAINT odd CHECK (number <> '{number}') NOT VALID")


async def _allow(home: House) -> None:
    async with transaction(home.means.pool) as connection:
        await connection.execute("ALTER TABLE orders DROP CONSTRAINT odd")


async def _state(home: House) -> tuple[str, datetime]:
    return (await home.rows(f"SELECT state, next_visit FROM account WHERE id = {home.account.id}"))[0]


def _there(home: House) -> set[str]:
    return {o.order_id for o in home.world.truth.orders if o.invoiced_at <= home.means.now()}


async def _swept(home: House) -> None:
    home.world.clock.set(_LATER)
    await home.sweep()


@pytest.mark.parametrize(
    "change",
    [
        _named(first_name="Ana\x00"),
        _named(first_name="Ana\ud83d", last_name="S\x1b[0m"),
        _named(email="ana\x00@example.com"),
        _named(first_name="A" * 100_000),
        lambda order: replace(
            order, promised_at=datetime(9999, 12, 31, 23, 59, 59, tzinfo=timezone(timedelta(hours=-3)))
        ),
        lambda order: replace(order, created_at=datetime(1, 1, 1, tzinfo=UTC)),
    ],
    ids=["nul", "half", "nul-in-address", "long", "never", "year-1"],
)
async def test_an_odd_value_is_cleaned_or_none_and_every_order_taken(
    home: House, change: Callable[[SoldOrder], SoldOrder]
) -> None:
    _spoil(home, change)
    await _swept(home)
    assert len(_there(home)) > 10
    assert await home.orders() == _there(home)
    state, next_visit = await _state(home)
    assert (state, next_visit > home.means.now()) == ("ok", True)
    assert await home.notices() == []
    odd = (
        "promised_at NOT BETWEEN '1990-01-01' AND '2100-01-01' OR ordered_at < '1990-01-01' "
        "OR length(customer_name) > 200 OR customer_email LIKE '% %'"
    )
    assert await home.rows(f"SELECT number FROM orders WHERE {odd}") == []


async def test_what_cannot_be_taken_is_set_aside_alone_and_tried_again_when_its_notice_ends(home: House) -> None:
    number = _spoil(home, _named(first_name="Ana"))
    await _forbid(home, number)
    await _swept(home)
    assert await home.orders() == _there(home) - {number}
    state, next_visit = await _state(home)
    assert (state, next_visit > home.means.now()) == ("ok", True)
    [notice] = await _open(home)
    assert (notice.kind, number in notice.message) == ("order_set_aside", True)
    assert notice_sentence(notice.kind, notice.facts, "").startswith(f"O pedido {number} não pôde ser recebido")
    reads = home.reads()
    for _ in range(5):
        home.world.clock.set(home.means.now() + timedelta(minutes=1))
        await drain(home.means)
    assert home.reads() == reads, "VTEX is not asked for it again and again"
    await _allow(home)
    async with transaction(home.means.pool) as connection:
        ended = await notices.resolve(connection, notice.store_id, notice.id, by="ana", now=home.means.now())
        assert ended is not None
        await set_aside.after_notice(connection, ended, now=home.means.now())
    await drain(home.means)
    assert await home.orders() >= _there(home)
    assert await _open(home) == []


@pytest.mark.parametrize("how", ["hook", "feed"])
async def test_named_by_hook_or_feed_it_is_set_aside_and_a_later_sight_takes_it(home: House, how: str) -> None:
    await home.connect(how)
    number = home.next_order().order_id
    await _forbid(home, number)
    await home.at(home.next_order(3).invoiced_at + timedelta(minutes=5))
    assert number not in await home.orders()
    assert len(await home.orders()) >= 3
    assert await home.rows("SELECT * FROM order_hint") == [], "it is not read for ever"
    assert await home.notices() == ["order_set_aside"]
    await _allow(home)
    await home.sweep()
    assert number in await home.orders()
    assert await home.notices() == [], "ended by itself"


async def test_a_backfill_goes_on_past_it(home: House) -> None:
    number = _spoil(home, _named(first_name="Ana"))
    await _forbid(home, number)
    home.world.clock.set(_LATER)
    await backfill(home.means, home.account, 30, lambda _, __: None)
    assert await home.orders() == _there(home) - {number}


async def test_a_button_of_the_api_has_it_read_again(home: House) -> None:
    number = _spoil(home, _named(first_name="Ana"))
    await _forbid(home, number)
    await _swept(home)
    async with transaction(home.means.pool) as connection:
        scopes = ["read", "write"]
        store = home.account.store_id
        await stores.add_api_key(connection, store, name="erp", key="pk", scopes=scopes, now=home.means.now())
    await _allow(home)
    async with httpx.AsyncClient(trust_env=False, base_url=home.address, headers={"X-API-Key": "pk"}) as http:
        [notice] = (await http.get("/api/v1/notices")).json()["items"]
        assert (await http.post(f"/api/v1/notices/{notice['id']}/resolve")).status_code == 200
    assert await home.rows("SELECT number FROM order_hint") == [(number,)]


async def _open(home: House) -> list[Any]:
    async with home.means.pool.connection() as connection:
        return list(await notices.notices(connection, home.account.store_id))
