"""In: the shop; out: a client that calls it as if it were VTEX."""

from collections.abc import AsyncIterator

import httpx
import pytest

from paradeiro.app import real_clock
from paradeiro.db.accounts import stores
from paradeiro.db.pool import transaction
from tests.flow.conftest import Shop, shop
from tests.web.apps import create_app

__all__ = ["shop"]

BASE = "http://test"


async def add_key(shop: Shop, key: str, scopes: list[str], store: str = "Loja") -> None:
    async with transaction(shop.context.pool) as connection:
        store_id = await stores.add_store(connection, store, now=shop.clock())
        await stores.add_api_key(connection, store_id, name="erp", key=key, scopes=scopes, now=shop.clock())


def vtex_headers(token: str) -> dict[str, str]:
    return {"X-VTEX-API-AppKey": "vtexappkey-loja-ABCDEF", "X-VTEX-API-AppToken": token}


@pytest.fixture
async def vtex(shop: Shop) -> AsyncIterator[httpx.AsyncClient]:
    """An ERP with a key that may write."""
    await add_key(shop, "pk_erp", ["read", "write"])
    transport = httpx.ASGITransport(create_app(shop.context, real_clock))
    async with httpx.AsyncClient(transport=transport, base_url=BASE, headers=vtex_headers("pk_erp")) as client:
        yield client
