"""Channel rules by API: read, set, refused in a sentence."""

import httpx

from paradeiro.app import real_clock
from paradeiro.cli.accounts.accounts import make_key
from paradeiro.domain.outbox.channel_rules import DEFAULT_RULES
from paradeiro.flow.outbox.channel_rules import rules_of_store
from tests.flow.conftest import Shop
from tests.web.apps import create_app


async def test_by_api(shop: Shop) -> None:
    _, write = await make_key(shop.context, "Loja", name="erp")
    _, read = await make_key(shop.context, "Loja", name="bi", scopes=["read"])
    transport = httpx.ASGITransport(create_app(shop.context, real_clock))
    async with httpx.AsyncClient(transport=transport, base_url="http://test/api/v1") as client:
        mine, theirs = {"X-API-Key": write}, {"X-API-Key": read}
        assert (await client.get("/channels", headers=theirs)).json() == {"channels": {}}
        wanted = {"topics": ["delivery", "number"], "shipped_first": True}
        assert (await client.put("/channels/MGZ", headers=theirs, json=wanted)).status_code == 403
        told = (await client.put("/channels/MGZ", headers=mine, json=wanted)).json()
        assert told == wanted | {
            "hears": wanted["topics"],
            "delivered_after_dispatch": False,
            "needs_invoice_key": False,
            "mails": True,
            "number_hours": 0,
            "number_after": "ordered",
            "delivery_hours": 0,
        }
        late = {"number_hours": 24, "number_after": "invoiced", "delivery_hours": 8}
        assert (await client.put("/channels/AMZ", headers=mine, json=late)).json().items() >= late.items()
        assert (await client.put("/channels/AMZ", headers=mine, json={})).is_success
        assert (await client.put("/channels/AMZ", headers=mine, json={"number_hours": -1})).status_code == 422
        deaf = {"number_hours": 24, "topics": ["delivery"]}
        assert (await client.put("/channels/AMZ", headers=mine, json=deaf)).status_code == 422
        assert (await client.get("/channels", headers=theirs)).json() == {"channels": {"MGZ": told}}
        assert (await client.put("/channels/MGZ", headers=mine, json={"topics": ["sms"]})).status_code == 422
        assert (await client.put("/channels/%20", headers=mine, json=wanted)).status_code == 422
        assert set(await rules_of_store(shop.context, shop.store_id)) == {"MGZ"}
        assert (await client.put("/channels/MGZ", headers=mine, json={})).json()["topics"] == sorted(
            DEFAULT_RULES.topics
        )
    assert await rules_of_store(shop.context, shop.store_id) == {}
