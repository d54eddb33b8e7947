"""A disk that is nearly full: nothing new is taken in, all data can be read, pushes are answered 503."""

import httpx
import pytest

from paradeiro.app import real_clock
from paradeiro.db.accounts import stores
from paradeiro.db.pool import transaction
from paradeiro.web.disk_space import LEAST_BYTES
from tests.flow.conftest import Shop
from tests.web.apps import create_app

PACKAGE = {"carrier": "posta", "tracking_code": "AA1", "order": {"number": "1"}}


@pytest.mark.parametrize(("free", "taken"), [(LEAST_BYTES - 1, 507), (LEAST_BYTES, 201)])
async def test_nothing_is_taken_in_on_a_full_disk(shop: Shop, free: int, taken: int) -> None:
    async with transaction(shop.context.pool) as connection:
        await stores.add_api_key(
            connection, shop.store_id, name="erp", key="pk_erp", scopes=["read", "write"], now=shop.clock()
        )
    app = create_app(shop.context, real_clock)
    app.state.free_bytes = lambda: free
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://test", headers={"X-API-Key": "pk_erp"}
    ) as client:
        answer = await client.post("/api/v1/shipments", json=PACKAGE)
        assert answer.status_code == taken
        assert ("nearly full" in answer.text) is (taken == 507)
        assert (await client.get("/api/v1/shipments")).status_code == 200
        assert ("nearly full" in (await client.get("/health")).text) is (taken == 507)
        pushed = await client.post("/hooks/posta/nobody", content=b"{}")
        assert (pushed.status_code == 503) is (taken == 507)
        assert (await client.post("/sign-in", data={"key": "pk_wrong"})).status_code != 507
