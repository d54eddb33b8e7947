"""Endpoints: one message per change, in order, to each; none lost during an outage; one notice."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks.webhooks import Webhook

from paradeiro.connectors.webhook import CONNECTOR
from paradeiro.connectors.webhook.schedule import PAUSES
from paradeiro.db.accounts import stores
from paradeiro.db.pool import transaction
from paradeiro.domain.records import Order
from paradeiro.domain.words import Outcome
from paradeiro.flow.context import Sessions
from paradeiro.flow.errors import ConflictError, InvalidError, MissingError
from paradeiro.flow.outbox import endpoints as endpoint
from paradeiro.sdk.wording.notices import notice_sentence
from tests.flow.conftest import ANA, Shop
from tests.flow.endpoints import OK, Got, Receiver, receiver, status

INNER = frozenset({"127.0.0.1"})


@dataclass(frozen=True, slots=True)
class Told:
    """A shop with endpoints that listen."""

    shop: Shop
    stack: AsyncExitStack

    async def endpoint(self, name: str = "erp") -> tuple[Receiver, int, str]:
        there = await self.stack.enter_async_context(receiver())
        added = await endpoint.add(self.shop.context, self.shop.store_id, name=name, url=there.url)
        return there, added.account_id, added.secret

    async def news(self, shipment: int, *events: tuple[str, str, str], code: str = "AA1") -> None:
        self.shop.outside.say(code, *events)
        await self.shop.ask(shipment)


@pytest.fixture
async def told(shop: Shop) -> AsyncIterator[Told]:
    connectors = {**shop.context.connectors, "webhook": CONNECTOR}
    sessions = Sessions(connectors, shop.clock, inner_hosts=INNER)
    context = replace(shop.context, connectors=connectors, sessions=sessions)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(sessions.close)
        yield Told(replace(shop, context=context), stack)


PO = ("PO", "2026-11-02T08:00:00-03:00", "BAURU")
RO = ("RO", "2026-11-02T08:30:00-03:00", "CAMPINAS")
OEC = ("OEC", "2026-11-02T08:40:00-03:00", "SANTOS")
BDE = ("BDE", "2026-11-02T08:50:00-03:00", "SANTOS")


async def test_a_change_is_reported_signed(told: Told) -> None:
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


async def test_every_change_is_a_message_of_its_own_sent_as_it_was(told: Told) -> None:
    """Three changes while the endpoint is away are three messages, in order, each with the timeline of its moment."""
    there, _, _ = await told.endpoint()
    shipment = await told.shop.register("AA1")
    there.answer = status("500 No")
    await told.news(shipment, PO)
    tried = there.got[0]
    async with transaction(told.shop.context.pool) as connection:
        await connection.execute("UPDATE orders SET promised_at = now()")
    await told.news(shipment, PO, RO)
    await told.news(shipment, PO, RO, OEC, BDE)
    assert {got.id for got in there.got} == {tried.id}, "what comes later waits for the first"
    there.answer, there.got = OK, []
    await told.shop.later(hours=8)
    assert there.types == ["shipment.accepted", "shipment.moved", "shipment.delivered"]
    assert [len(got.said["data"]["timeline"]) for got in there.got] == [1, 2, 4]
    assert (there.got[0].id, there.got[0].body) == (tried.id, tried.body), "the very same message"
    assert there.got[0].headers["webhook-timestamp"] > tried.headers["webhook-timestamp"]
    await told.shop.later(hours=48)
    assert len(there.got) == 3


async def test_every_endpoint_gets_it_whatever_another_does(told: Told) -> None:
    one, _, first = await told.endpoint("erp")
    two, _, second = await told.endpoint("chat")
    one.answer = None
    shipment = await told.shop.register("AA1")
    await told.news(shipment, PO)
    assert first != second
    assert two.types == ["shipment.accepted"]
    assert one.got[0].id != two.got[0].id
    assert len(told.shop.outside.told("loja")) > 0, "the order system hears it too"


async def test_an_answer_that_never_came_brings_the_same_message_again(told: Told) -> None:
    """Accepted there, but the connection broke: the same id and bytes again, so that they can see that it is one."""
    there, _, _ = await told.endpoint()
    shipment = await told.shop.register("AA1")
    there.answer = None
    await told.news(shipment, PO)
    there.answer = OK
    await told.shop.later(seconds=6)
    first, again = there.got
    assert (first.id, first.body) == (again.id, again.body)
    (effect,) = [e for e in await told.shop.effects(shipment) if e.kind == "webhook_event"]
    assert (effect.state, effect.attempts, effect.doubts) == ("done", 2, 1)


async def test_retry_after_is_waited_for(told: Told) -> None:
    there, _, _ = await told.endpoint()
    shipment = await told.shop.register("AA1")
    there.answer = status("429 Too Many", "Retry-After: 3600\r\n")
    await told.news(shipment, PO)
    there.answer = OK
    await told.shop.later(minutes=59)
    assert len(there.got) == 1
    await told.shop.later(minutes=2)
    assert len(there.got) == 2


async def _disabled(told: Told, line: str) -> tuple[Receiver, int, int]:
    """An endpoint that was away for three days, with two messages of one package that wait."""
    there, account_id, _ = await told.endpoint()
    shipment = await told.shop.register("AA1")
    there.answer = status(line)
    await told.news(shipment, PO)
    await told.news(shipment, PO, RO)
    tries = [told.shop.clock()]
    for _ in range(4 * 24 * 2):
        known = len(there.got)
        await told.shop.later(minutes=30)
        if len(there.got) > known:
            tries.append(told.shop.clock())
    assert timedelta(days=3) <= tries[-1] - tries[0] <= timedelta(days=3, hours=8)
    return there, account_id, shipment


@pytest.mark.parametrize("line", ["503 No", "429 Too Many Requests"])
async def test_after_three_days_it_is_disabled_with_one_notice_and_enabling_loses_nothing(
    told: Told, line: str
) -> None:
    there, account_id, shipment = await _disabled(told, line)
    assert len(there.got) == len(PAUSES) + 1
    (notice,) = await told.shop.notices()
    assert (notice.kind, notice.account_id, notice.seen) == ("endpoint_disabled", account_id, 1)
    assert "127.0.0.1" in notice_sentence(notice.kind, notice.facts, "")
    assert "não foi aceita" in notice_sentence(notice.kind, notice.facts, "")
    (shown,) = await endpoint.endpoints_of_store(told.shop.context, told.shop.store_id)
    assert (shown.state, shown.waiting, shown.problem) == ("disabled", 2, f"HTTP {line[:3]}")
    there.answer, there.got = OK, []
    await told.news(shipment, PO, RO, OEC)
    await told.shop.later(days=2)
    assert there.got == [], "a disabled endpoint is told nothing"
    account = await endpoint.find(told.shop.context, told.shop.store_id, account_id)
    assert await endpoint.enable(told.shop.context, account) == 3
    await told.shop.run()
    assert there.types == ["shipment.accepted", "shipment.moved", "shipment.sent_out"]
    assert await told.shop.notices() == []


async def test_a_message_that_is_never_taken_disables_it_although_others_get_through(told: Told) -> None:
    there, account_id, _ = await told.endpoint()
    there.decide = lambda got: status("422 No") if b"AA1" in got.body else OK
    one, two = await told.shop.register("AA1"), await told.shop.register("AA2", Order("1002", ANA), "NF-2")
    await told.news(one, PO)
    await told.news(two, PO, code="AA2")
    assert [got.said["data"]["shipment"]["tracking_code"] for got in there.got].count("AA2") == 1
    for _ in range(4 * 24):
        await told.shop.later(hours=1)
    (notice,) = await told.shop.notices()
    assert notice.facts["why"] == "HTTP 422"
    # Another worker's answer that comes in late does not enable it again.
    async with transaction(told.shop.context.pool) as connection:
        now = told.shop.clock()
        await stores.mark_healthy(connection, account_id)
        await stores.mark_unhealthy(connection, account_id, state="outage", problem="late", open_at=now, now=now)
    assert [line.state for line in await endpoint.endpoints_of_store(told.shop.context, told.shop.store_id)] == [
        "disabled"
    ]


async def test_410_disables_at_once(told: Told) -> None:
    there, _, _ = await told.endpoint()
    shipment = await told.shop.register("AA1")
    there.answer = status("410 Gone")
    await told.news(shipment, PO)
    (notice,) = await told.shop.notices()
    assert notice.facts["variant"] == "gone"
    assert "não existe mais" in notice_sentence(notice.kind, notice.facts, "")
    await told.shop.later(days=5)
    assert len(there.got) == 1
    assert [line.waiting for line in await endpoint.endpoints_of_store(told.shop.context, told.shop.store_id)] == [1]


async def test_rotation_signs_with_both_for_a_day(told: Told) -> None:
    there, account_id, old = await told.endpoint()
    shipment = await told.shop.register("AA1")
    account = await endpoint.find(told.shop.context, told.shop.store_id, account_id)
    new, until = await endpoint.rotate_secret(told.shop.context, account)
    assert until - told.shop.clock() == timedelta(hours=24)
    await told.news(shipment, PO)
    assert _signers(there.got[-1], old, new) == {old, new}
    told.shop.clock.forward(hours=24)
    await told.news(shipment, PO, RO)
    assert _signers(there.got[-1], old, new) == {new}


async def test_the_former_secret_ends_by_command_and_secrets_lie_encrypted(told: Told) -> None:
    there, account_id, old = await told.endpoint()
    context, store_id = told.shop.context, told.shop.store_id
    new, _ = await endpoint.rotate_secret(context, await endpoint.find(context, store_id, account_id))
    async with context.pool.connection() as connection:
        rows = await (await connection.execute("SELECT settings::text, secrets FROM account")).fetchall()
    assert all(secret not in row[0] and secret.encode() not in bytes(row[1]) for row in rows for secret in (old, new))
    await endpoint.end_former_secret(context, await endpoint.find(context, store_id, account_id))
    shipment = await told.shop.register("AA1")
    await told.news(shipment, PO)
    assert _signers(there.got[-1], old, new) == {new}


def _signers(got: Got, *secrets: str) -> set[str]:
    at = datetime.fromtimestamp(int(got.headers["webhook-timestamp"]), UTC)
    marks = got.headers["webhook-signature"].split(" ")
    return {s for s in secrets if Webhook(s).sign(got.id, at, got.body.decode()) in marks}


async def test_replay_sends_again_under_the_same_ids(told: Told) -> None:
    there, account_id, _ = await told.endpoint()
    shipment = await told.shop.register("AA1")
    await told.news(shipment, PO)
    between = told.shop.clock.forward(minutes=1)
    await told.news(shipment, PO, RO)
    await told.news(shipment, PO, RO, OEC)
    first = list(there.got)
    account = await endpoint.find(told.shop.context, told.shop.store_id, account_id)
    assert await endpoint.replay(told.shop.context, account, since=between) == 2
    await told.shop.run()
    assert [(g.id, g.body) for g in there.got[3:]] == [(g.id, g.body) for g in first[1:]]
    assert await endpoint.replay(told.shop.context, account, message=first[0].id) == 1
    await told.shop.run()
    assert (there.got[5].id, there.got[5].body) == (first[0].id, first[0].body)
    assert len(there.got) == 6
    with pytest.raises(MissingError):
        await endpoint.replay(told.shop.context, account, message="another")


async def test_a_removed_endpoint_gets_nothing_and_its_name_is_free(told: Told) -> None:
    there, account_id, _ = await told.endpoint()
    shipment = await told.shop.register("AA1")
    there.answer = None
    await told.news(shipment, PO)
    account = await endpoint.find(told.shop.context, told.shop.store_id, account_id)
    assert await endpoint.remove(told.shop.context, account) == 1
    await told.news(shipment, PO, RO)
    await told.shop.later(days=1)
    assert len(there.got) == 1
    again, other_id, _ = await told.endpoint()
    assert other_id != account_id
    await told.news(shipment, PO, RO, OEC)
    assert again.types == ["shipment.sent_out"]


async def test_a_test_message_comes_signed_and_is_stored_nowhere(told: Told) -> None:
    there, account_id, secret = await told.endpoint()
    account = await endpoint.find(told.shop.context, told.shop.store_id, account_id)
    assert (await endpoint.send_test_message(told.shop.context, account)).outcome is Outcome.FOUND
    assert there.types == ["webhook.tested"]
    assert _signers(there.got[0], secret) == {secret}


async def test_an_address_that_leads_inward_is_not_registered(shop: Shop) -> None:
    connectors = {**shop.context.connectors, "webhook": CONNECTOR}
    context = replace(shop.context, connectors=connectors, sessions=Sessions(connectors, shop.clock))
    for url in ("https://127.0.0.1/", "https://169.254.169.254/latest/meta-data", "http://example.com/", "x"):
        with pytest.raises(InvalidError, match="PARADEIRO_WEBHOOK_HOSTS"):
            await endpoint.add(context, shop.store_id, name="erp", url=url)
    assert await endpoint.endpoints_of_store(context, shop.store_id) == []


async def test_a_name_is_used_once(told: Told) -> None:
    await told.endpoint("erp")
    with pytest.raises(ConflictError):
        await told.endpoint("erp")
