"""Endpoints: every change its own message, in order, to each; nothing lost while one is away; one notice."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace

import pytest
from standardwebhooks.webhooks import Webhook

from paradeiro.connectors.webhook import CONNECTOR
from paradeiro.flow import endpoint
from paradeiro.flow.means import Sessions
from tests.flow.conftest import Shop
from tests.flow.endpoints import Receiver, receiver

INNER = frozenset({"127.0.0.1"})


@dataclass(frozen=True, slots=True)
class Told:
    """A shop with endpoints that listen."""

    shop: Shop
    stack: AsyncExitStack

    async def endpoint(self, name: str = "erp") -> tuple[Receiver, int, str]:
        there = await self.stack.enter_async_context(receiver())
        added = await endpoint.add(self.shop.means, self.shop.store_id, name=name, url=there.url)
        return there, added.account_id, added.secret

    async def news(self, shipment: int, *events: tuple[str, str, str], code: str = "AA1") -> None:
        self.shop.outside.say(code, *events)
        await self.shop.ask(shipment)


@pytest.fixture
async def told(shop: Shop) -> AsyncIterator[Told]:
    connectors = {**shop.means.connectors, "webhook": CONNECTOR}
    sessions = Sessions(connectors, shop.clock, INNER)
    means = replace(shop.means, connectors=connectors, sessions=sessions)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(sessions.close)
        yield Told(replace(shop, means=means), stack)


PO = ("PO", "2026-11-02T08:00:00-03:00", "BAURU")
RO = ("RO", "2026-11-02T08:30:00-03:00", "CAMPINAS")
OEC = ("OEC", "2026-11-02T08:40:00-03:00", "SANTOS")
BDE = ("BDE", "2026-11-02T08:50:00-03:00", "SANTOS")


async def test_a_change_is_told_signed(told: Told) -> None:
    there, _, secret = await told.endpoint()
    shipment = await told.shop.register("AA1")
    await told.news(shipment, PO)
    (got,) = there.got
    # The clock of the test is not the library's: it looks at its own, so only the signature is asked about.
    library = Webhook(secret)
    mark = library.sign(got.id, told.shop.clock().replace(microsecond=0), got.body.decode())
    assert got.headers["webhook-signature"] == mark
    assert got.target == "/news?x=1"
    said = got.said
    assert (said["specversion"], said["type"], said["id"]) == ("1.0", "shipment.accepted", got.id)
    assert said["data"]["order"]["number"] == "1001"
    assert said["data"]["shipment"]["tracking_code"] == "AA1"
    assert said["data"]["latest_event"]["code"] == "PO"
    assert b"ana@example.com" not in got.body
    assert b"Ana" not in got.body
    (effect,) = [e for e in await told.shop.effects(shipment) if e.kind == "webhook_event"]
    assert (effect.state, effect.receipt) == ("done", "HTTP 204")
