"""One order at VTEX with a value that cannot be stored: it is cleaned or set aside, and the others are taken."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import httpx
import pytest

from paradeiro.cli.accounts.vtex import backfill
from paradeiro.db.accounts import stores
from paradeiro.db.operations import notices
from paradeiro.db.pool import as_owner, transaction
from paradeiro.flow.orders import orders_set_aside
from paradeiro.sdk.wording.notices import notice_sentence
from paradeiro.simulator.scenario.ground_truth import SoldOrder
from paradeiro.worker.drain import drain
from tests.cli.accounts.test_vtex import RunningApp, server
from tests.databases import START

__all__ = ["server"]
_LATER = START + timedelta(days=6)


def _spoil(server: RunningApp, change: Callable[[SoldOrder], SoldOrder]) -> str:
    """One order of those that a sweep finds, changed; its number."""
    sold = server.simulator.ground_truth.orders
    index = next(i for i, o in enumerate(sold) if START < o.invoiced_at < _LATER - timedelta(days=1))
    sold[index] = change(sold[index])
    return sold[index].order_id


def _named(**more: str) -> Callable[[SoldOrder], SoldOrder]:
    return lambda order: replace(order, customer=replace(order.customer, **more))


async def _forbid(server: RunningApp, number: str) -> None:
    """A database constraint that refuses this order."""
    async with transaction(server.context.pool) as connection, as_owner(connection):
        await connection.execute(f"ALTER TABLE orders ADD CONSTRAINT odd CHECK (number <> '{number}') NOT VALID")


async def _allow(server: RunningApp) -> None:
    async with transaction(server.context.pool) as connection, as_owner(connection):
        await connection.execute("ALTER TABLE orders DROP CONSTRAINT odd")


async def _state(server: RunningApp) -> tuple[str, datetime]:
    return (await server.rows(f"SELECT state, next_visit FROM account WHERE id = {server.account.id}"))[0]


def _there(server: RunningApp) -> set[str]:
    return {o.order_id for o in server.simulator.ground_truth.orders if o.invoiced_at <= server.context.now()}


async def _swept(server: RunningApp) -> None:
    server.simulator.clock.set(_LATER)
    await server.sweep()


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
    server: RunningApp, change: Callable[[SoldOrder], SoldOrder]
) -> None:
    _spoil(server, change)
    await _swept(server)
    assert len(_there(server)) > 10
    assert await server.orders() == _there(server)
    state, next_visit = await _state(server)
    assert (state, next_visit > server.context.now()) == ("ok", True)
    assert await server.notices() == []
    odd = (
        "promised_at NOT BETWEEN '1990-01-01' AND '2100-01-01' OR ordered_at < '1990-01-01' "
        "OR length(customer_name) > 200 OR customer_email LIKE '% %'"
    )
    assert await server.rows(f"SELECT number FROM orders WHERE {odd}") == []


async def test_what_cannot_be_taken_is_set_aside_alone_and_tried_again_when_its_notice_ends(server: RunningApp) -> None:
    number = _spoil(server, _named(first_name="Ana"))
    await _forbid(server, number)
    await _swept(server)
    assert await server.orders() == _there(server) - {number}
    state, next_visit = await _state(server)
    assert (state, next_visit > server.context.now()) == ("ok", True)
    [notice] = await _open(server)
    assert (notice.kind, number in notice.message) == ("order_set_aside", True)
    assert notice_sentence(notice.kind, notice.facts, "").startswith(f"O pedido {number} não pôde ser recebido")
    reads = server.reads()
    for _ in range(5):
        server.simulator.clock.set(server.context.now() + timedelta(minutes=1))
        await drain(server.context)
    assert server.reads() == reads, "VTEX is not asked for it again and again"
    await _allow(server)
    async with transaction(server.context.pool) as connection:
        ended = await notices.resolve_notice(connection, notice.store_id, notice.id, by="ana", now=server.context.now())
        assert ended is not None
        await orders_set_aside.follow_up_notice(connection, ended, now=server.context.now())
    await drain(server.context)
    assert await server.orders() >= _there(server)
    assert await _open(server) == []


@pytest.mark.parametrize("how", ["hook", "feed"])
async def test_named_by_hook_or_feed_it_is_set_aside_and_a_later_sight_takes_it(server: RunningApp, how: str) -> None:
    await server.connect(how)
    number = server.next_order().order_id
    await _forbid(server, number)
    await server.at(server.next_order(3).invoiced_at + timedelta(minutes=5))
    assert number not in await server.orders()
    assert len(await server.orders()) >= 3
    assert await server.rows("SELECT * FROM order_hint") == [], "it is not read for ever"
    assert await server.notices() == ["order_set_aside"]
    await _allow(server)
    await server.sweep()
    assert number in await server.orders()
    assert await server.notices() == [], "ended by itself"


async def test_a_backfill_goes_on_past_it(server: RunningApp) -> None:
    number = _spoil(server, _named(first_name="Ana"))
    await _forbid(server, number)
    server.simulator.clock.set(_LATER)
    await backfill(server.context, server.account, 30, lambda _, __: None)
    assert await server.orders() == _there(server) - {number}


async def test_a_button_of_the_api_has_it_read_again(server: RunningApp) -> None:
    number = _spoil(server, _named(first_name="Ana"))
    await _forbid(server, number)
    await _swept(server)
    async with transaction(server.context.pool) as connection:
        scopes = ["read", "write"]
        store = server.account.store_id
        await stores.add_api_key(connection, store, name="erp", key="pk", scopes=scopes, now=server.context.now())
    await _allow(server)
    async with httpx.AsyncClient(trust_env=False, base_url=server.address, headers={"X-API-Key": "pk"}) as http:
        [notice] = (await http.get("/api/v1/notices")).json()["items"]
        assert (await http.post(f"/api/v1/notices/{notice['id']}/resolve")).status_code == 200
    assert await server.rows("SELECT number FROM order_hint") == [(number,)]


async def _open(server: RunningApp) -> list[Any]:
    async with server.context.pool.connection() as connection:
        return list(await notices.notices(connection, server.account.store_id))
