"""Pushes: verified, stored, used as hints to ask the party; their content is never recorded as such."""

import asyncio
import hmac
import json
import traceback
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256
from typing import Any

import httpx
import psycopg
import pytest
from structlog.testing import capture_logs

from paradeiro.app import real_clock
from paradeiro.connectors import discover
from paradeiro.db.accounts import hooks, stores
from paradeiro.db.following import shipments
from paradeiro.db.pool import transaction
from paradeiro.domain.records import Invoice, Order
from paradeiro.domain.words import PartyKind
from paradeiro.flow.collect import collect
from paradeiro.flow.context import Context
from paradeiro.flow.orders.intake import register
from paradeiro.flow.orders.package_registration import Registration
from paradeiro.web.hooks import LARGEST_PUSH
from paradeiro.worker import maintenance as upkeep_module
from paradeiro.worker.maintenance import maintain
from tests.flow.conftest import Shop
from tests.flow.parties import CarrierParty
from tests.flow.test_main_line import DELIVERED, POSTED
from tests.web.apps import create_app

CODE, OTHER, STRANGER = "AA123456785BR", "QQ850419295BR", "DG049186226BR"
TOKEN, SECRET = "the-doors-token", "the-doors-secret"


def push_of(code: str, **more: object) -> bytes:
    return json.dumps({"codigoObjeto": code, "tipoEvento": "BDE-1", **more}).encode()


def signed(body: bytes, secret: str = SECRET) -> dict[str, str]:
    return {"x-correios-signature": hmac.new(secret.encode(), body, sha256).hexdigest()}


@dataclass(frozen=True, slots=True)
class Door:
    """The shop with a push address at its carrier, and a client."""

    shop: Shop
    client: httpx.AsyncClient

    async def push(self, body: bytes, headers: dict[str, str] | None = None, token: str = TOKEN) -> int:
        heads = signed(body) if headers is None else headers
        return (await self.client.post(f"/hooks/posta/{token}", content=body, headers=heads)).status_code

    async def rows(self, sql: str) -> list[tuple[Any, ...]]:
        async with self.shop.context.pool.connection() as connection:
            return await (await connection.execute(sql)).fetchall()

    def asked(self, code: str = CODE) -> int:
        return sum(code in batch for batch in self.shop.outside.asked())


@pytest.fixture
async def door(shop: Shop) -> AsyncIterator[Door]:
    posta = replace(shop.context.connectors["posta"], read_push=discover()["correios"].read_push, check_code=None)
    context = replace(shop.context, connectors={**shop.context.connectors, "posta": posta, "outra": posta})
    shop = replace(shop, context=context)
    async with transaction(context.pool) as connection:
        await hooks.put_hook(
            connection,
            shop.store_id,
            shop.accounts["posta"],
            token=TOKEN,
            secret=SECRET,
            key=context.secret_key,
            now=shop.clock(),
        )
    transport = httpx.ASGITransport(create_app(context, real_clock), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield Door(shop, client)


async def quiet(shop: Shop, code: str = CODE) -> int:
    """A shipment that was checked and whose next check is at least an hour away."""
    shipment = await shop.register(code)
    await shop.run()
    await shop.later(minutes=1)
    return shipment


async def test_a_push_makes_its_package_be_asked_for_at_once(door: Door) -> None:
    shipment = await quiet(door.shop)
    before = door.asked()
    door.shop.outside.say(CODE, POSTED)
    assert await door.push(push_of(CODE)) == 200
    assert door.asked() == before, "the answer waits for no carrier"
    await door.shop.run()
    assert door.asked() == before + 1
    assert [e.event.code for e in await door.shop.events(shipment)] == ["PO"]


async def test_without_a_push_it_is_not_asked_for_yet(door: Door) -> None:
    await quiet(door.shop)
    before = door.asked()
    await door.shop.run()
    assert door.asked() == before


async def test_a_push_alone_never_marks_delivered(door: Door) -> None:
    shipment = await quiet(door.shop)
    door.shop.outside.say(CODE, POSTED)
    await door.shop.ask(shipment)
    effects = await door.shop.effects(shipment)
    said = {"descricao": "Objeto entregue ao destinatário", "eventos": [{"codigo": "BDE", "tipo": "01"}]}
    assert await door.push(push_of(CODE, dtEvento="2026-11-02T09:30:00", **said)) == 200
    await door.shop.later(minutes=1)
    row = await door.shop.shipment_row(shipment)
    assert (row.shipment.snapshot.status, row.shipment.snapshot.delivered) == ("accepted", False)
    assert [e.event.code for e in await door.shop.events(shipment)] == ["PO"]
    assert await door.shop.effects(shipment) == effects, "nobody was told anything"
    door.shop.outside.say(CODE, POSTED, DELIVERED)
    await door.shop.ask(shipment, days=2)
    assert (await door.shop.shipment_row(shipment)).shipment.snapshot.delivered, "the carrier's own answer does"


async def test_a_push_about_a_package_of_a_carrier_that_is_silent_changes_nothing(door: Door) -> None:
    shipment = await quiet(door.shop)
    assert await door.push(push_of(CODE)) == 200
    await door.shop.run()
    assert (await door.shop.shipment_row(shipment)).shipment.snapshot.status == "registered"
    assert await door.shop.notices() == []


async def test_the_same_push_twice_is_one_row_and_asked_once(door: Door) -> None:
    await quiet(door.shop)
    before = door.asked()
    assert [await door.push(push_of(CODE)) for _ in range(2)] == [200, 200]
    await door.shop.run()
    assert await door.push(push_of(CODE)) == 200
    await door.shop.later(seconds=29)
    assert door.asked() == before + 1
    assert await door.rows("SELECT seen, about, outcome FROM push") == [(3, [CODE], "found")]
    await door.shop.later(seconds=11)
    assert door.asked() == before + 1, "the repeats left nothing behind"
    # A payload without a time of its own may come again about something new.
    assert await door.push(push_of(CODE)) == 200
    await door.shop.run()
    assert door.asked() == before + 2
    assert await door.rows("SELECT seen FROM push") == [(4,)]


async def test_another_push_within_the_pause_is_heeded_after_it(door: Door) -> None:
    await quiet(door.shop)
    await door.push(push_of(CODE, n=1))
    await door.shop.run()
    asked = door.asked()
    door.shop.clock.forward(seconds=5)
    await door.push(push_of(CODE, n=2))
    await door.shop.later(seconds=20)
    assert door.asked() == asked
    await door.shop.later(seconds=6)
    assert door.asked() == asked + 1


async def test_a_hint_while_the_question_is_under_way_is_not_lost(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    shipment = await quiet(door.shop)
    fetch = CarrierParty.fetch
    pushes = [push_of(CODE, n=1)]

    async def then_news(self: CarrierParty, codes: list[str]) -> Any:
        answers = await fetch(self, codes)
        if pushes:
            # Between the carrier's answer and our writing it down, something happens.
            door.shop.outside.say(CODE, POSTED)
            assert await door.push(pushes.pop()) == 200
        return answers

    monkeypatch.setattr(CarrierParty, "fetch", then_news)
    await door.shop.ask(shipment)
    assert [e.event.code for e in await door.shop.events(shipment)] == ["PO"]


async def test_a_hint_between_an_answer_and_its_recording_is_not_lost(door: Door) -> None:
    shipment = await quiet(door.shop)
    door.shop.outside.say(CODE, POSTED)
    async with transaction(door.shop.context.pool) as connection:
        await shipments.make_due(connection, door.shop.store_id, shipment, now=door.shop.clock())
    await collect(door.shop.context, door.shop.accounts["posta"])
    asked = door.asked()
    await door.push(push_of(CODE))
    await door.shop.run()
    assert door.asked() == asked, "not within the pause"
    await door.shop.later(seconds=31)
    assert door.asked() == asked + 1, "recording left it due"


async def test_a_package_that_rests_is_asked_for_again(door: Door) -> None:
    shipment = await quiet(door.shop)
    async with transaction(door.shop.context.pool) as connection:
        await connection.execute("UPDATE shipment SET next_check = NULL WHERE id = %s", (shipment,))
    before = door.asked()
    await door.push(push_of(CODE))
    await door.shop.run()
    assert door.asked() == before + 1


async def test_polling_goes_on_as_before(door: Door) -> None:
    await quiet(door.shop)
    untouched = (await door.rows("SELECT next_check FROM shipment"))[0][0]
    await door.push(push_of(CODE))
    await door.shop.run()
    again = (await door.rows("SELECT next_check FROM shipment"))[0][0]
    assert timedelta(0) <= again - untouched <= timedelta(minutes=2), "counted from the question, not slower"


async def test_a_push_about_another_stores_package_has_no_effect(door: Door) -> None:
    await quiet(door.shop)
    asked = door.shop.outside.asked()
    assert await door.push(push_of(STRANGER)) == 200
    await door.shop.run()
    assert door.shop.outside.asked() == asked
    assert await door.rows("SELECT about FROM push") == [([STRANGER],)]
    assert await door.shop.notices() == []


async def test_a_push_counts_for_its_own_account_only(door: Door) -> None:
    shipment = await quiet(door.shop)
    context, now = door.shop.context, door.shop.clock()
    async with transaction(context.pool) as connection:
        other = await stores.add_store(connection, "Outra", now=now)
        kind = PartyKind.CARRIER
        given: dict[str, Any] = {"settings": {}, "secrets": {}, "key": context.secret_key, "now": now}
        await stores.put_account(connection, other, connector="outra", kind=kind, name="outra", **given)
    await register(context, other, Registration(Order("1"), "outra", CODE, Invoice("NF-1")))
    await door.push(push_of(CODE))
    assert await door.rows("SELECT id FROM shipment WHERE hinted_at IS NOT NULL") == [(shipment,)]


async def test_one_push_may_name_many(door: Door) -> None:
    await quiet(door.shop)
    await quiet(door.shop, OTHER)
    before = (door.asked(), door.asked(OTHER))
    await door.push(json.dumps([{"objeto": CODE}, {"objeto": OTHER}, {"objeto": STRANGER}]).encode())
    await door.shop.run()
    assert (door.asked(), door.asked(OTHER)) == (before[0] + 1, before[1] + 1)


async def test_a_burst_asks_a_few_times_with_one_job(door: Door) -> None:
    await quiet(door.shop)
    await quiet(door.shop, OTHER)
    before = door.asked()
    turns = asyncio.Semaphore(50)

    async def one(number: int) -> int:
        async with turns:
            return await door.push(push_of(CODE if number % 2 else OTHER, n=number))

    assert set(await asyncio.gather(*(one(n) for n in range(1000)))) == {200}
    assert await door.rows("SELECT count(*) FROM pgqueuer WHERE entrypoint = 'collect'") == [(1,)]
    assert await door.rows("SELECT count(*) FROM push") == [(1000,)]
    await door.shop.run()
    assert door.asked() == before + 1


WRONG: dict[str, Callable[[bytes], dict[str, str]]] = {
    "none": lambda _: {},
    "empty": lambda _: {"x-correios-signature": ""},
    "another secret": lambda body: signed(body, "another"),
    "another body": lambda body: signed(body + b" "),
}


@pytest.mark.parametrize("headers", WRONG.values(), ids=WRONG)
async def test_a_wrong_signature_is_refused_and_nothing_is_kept(
    door: Door, headers: Callable[[bytes], dict[str, str]]
) -> None:
    await quiet(door.shop)
    asked = door.shop.outside.asked()
    assert await door.push(push_of(CODE), headers(push_of(CODE))) == 401
    await door.shop.run()
    assert door.shop.outside.asked() == asked
    assert await door.rows("SELECT * FROM push") == []
    assert await door.rows("SELECT refused FROM hook") == [(1,)]
    assert await door.shop.notices() == []


async def test_many_wrong_signatures_open_one_notice_that_a_right_one_ends(door: Door) -> None:
    for _ in range(4):
        await door.push(push_of(CODE), {})
    assert await door.shop.notices() == []
    for _ in range(4):
        await door.push(push_of(CODE), signed(push_of(CODE), "another"))
    (notice,) = await door.shop.notices()
    assert (notice.kind, notice.account_id) == ("push_refused", door.shop.accounts["posta"])
    assert notice.facts["count"] == "8"
    assert SECRET not in notice.message
    assert await door.push(push_of(CODE)) == 200
    assert await door.shop.notices() == []
    for _ in range(4):
        await door.push(push_of(CODE), {})
    assert await door.shop.notices() == [], "they are counted anew"


async def test_a_push_that_cannot_be_read_is_kept_and_a_person_is_asked(door: Door) -> None:
    await quiet(door.shop)
    body = b"<evento>\x00" + CODE.encode() + b"</evento>"
    assert await door.push(body) == 200, "sending it again would not make it readable"
    assert await door.rows("SELECT body, outcome FROM push") == [(body, "malformed")]
    (notice,) = await door.shop.notices()
    assert (notice.kind, notice.facts["variant"]) == ("push_refused", "unreadable")
    assert await door.push(push_of(CODE)) == 200
    assert await door.shop.notices() == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x00",
        b"[" * 60_000,
        b'{"codObjeto":"\\u0000\\ud800AA123456785BR"}',
        "é".encode("latin-1"),
        b'{"a":' * 9000,
    ],
)
async def test_signed_rubbish_does_no_harm(door: Door, body: bytes) -> None:
    assert await door.push(body) == 200
    assert await door.push(body) == 200
    assert await door.rows("SELECT body, seen FROM push") == [(body, 2)]


@pytest.mark.parametrize(
    "token", ["unknown", TOKEN.upper(), TOKEN[:-1], TOKEN + "x", "%00", "%F0%9F%9A%9A", "x" * 5000]
)
async def test_an_unknown_address_is_nothing_and_counts_nothing(door: Door, token: str) -> None:
    assert await door.push(push_of(CODE), token=token) == 404
    assert await door.rows("SELECT refused FROM hook") == [(0,)]


async def test_an_address_belongs_to_its_connector(door: Door) -> None:
    for connector in ("outra", "loja", "nobody", "%00"):
        answer = await door.client.post(
            f"/hooks/{connector}/{TOKEN}", content=push_of(CODE), headers=signed(push_of(CODE))
        )
        assert answer.status_code == 404
    assert (await door.client.get(f"/hooks/posta/{TOKEN}")).status_code == 405


async def test_the_body_is_bounded_whether_its_length_is_named_or_not(door: Door) -> None:
    largest = b'"' + b"a" * (LARGEST_PUSH - 2) + b'"'
    assert await door.push(largest) == 200
    assert await door.push(largest + b" ") == 413

    async def parts() -> AsyncIterator[bytes]:
        for _ in range(LARGEST_PUSH // 1024 + 16):
            yield b"a" * 1024

    chunked = signed(b"") | {"transfer-encoding": "chunked"}
    answer = await door.client.post(f"/hooks/posta/{TOKEN}", content=parts(), headers=chunked)
    assert answer.status_code == 413
    assert await door.rows("SELECT refused FROM hook") == [(0,)]


async def test_a_sender_that_names_no_length_is_heard(door: Door) -> None:
    await quiet(door.shop)
    before = door.asked()

    async def parts() -> AsyncIterator[bytes]:
        for byte in push_of(CODE):
            yield bytes([byte])

    answer = await door.client.post(f"/hooks/posta/{TOKEN}", content=parts(), headers=signed(push_of(CODE)))
    assert answer.status_code == 200
    await door.shop.run()
    assert door.asked() == before + 1


async def test_the_address_and_its_secret_are_not_revealed(door: Door) -> None:
    stored = str(await door.rows("SELECT hook::text FROM hook"))
    assert TOKEN not in stored
    assert SECRET not in stored
    async with door.shop.context.pool.connection() as connection:
        hook = await hooks.hook_of_account(connection, door.shop.accounts["posta"], door.shop.context.secret_key)
    assert hook is not None
    assert (hook.token, hook.secret) == (TOKEN, SECRET)
    assert TOKEN not in repr(hook)
    assert SECRET not in repr(hook)


async def test_a_fault_is_answered_as_one_and_its_log_line_names_no_address(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> bool:
        raise RuntimeError("the database is gone")

    monkeypatch.setattr(hooks, "put_push", broken)
    with capture_logs() as lines:
        assert await door.push(push_of(CODE)) == 500, "so that the sender tries again"
    (line,) = lines
    assert (line["event"], line["path"]) == ("a request failed", "/hooks/{connector}/{token}")
    assert TOKEN not in str(line) + "".join(traceback.format_exception(line["exc_info"]))


async def test_what_was_kept_before_the_answer_was_lost_is_not_kept_twice(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process dies after the commit and before the answer: the sender repeats, and the job is there already."""
    await quiet(door.shop)
    before = door.asked()
    from paradeiro.web import hooks as room

    take = room.take_push

    async def then_die(*given: Any) -> Any:
        await take(*given)
        raise ConnectionResetError

    monkeypatch.setattr(room, "take_push", then_die)
    assert await door.push(push_of(CODE)) == 500
    monkeypatch.setattr(room, "take_push", take)
    assert await door.push(push_of(CODE)) == 200
    await door.shop.run()
    assert door.asked() == before + 1
    assert await door.rows("SELECT seen FROM push") == [(2,)]


async def test_what_was_not_committed_leaves_neither_row_nor_hint(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    await quiet(door.shop)
    from paradeiro.flow.answers import push_intake as flow

    async def broken(*_: object, **__: object) -> int:
        raise RuntimeError("died")

    with monkeypatch.context() as patched:
        patched.setattr(flow.jobs, "enqueue", broken)
        assert await door.push(push_of(CODE)) == 500
    assert await door.rows("SELECT * FROM push") == []
    assert await door.rows("SELECT hinted_at FROM shipment") == [(None,)]


async def _key(context: Context, shop: Shop) -> dict[str, str]:
    async with transaction(context.pool) as connection:
        await stores.add_api_key(connection, shop.store_id, name="x", key="pk_x", scopes=["read"], now=shop.clock())
    return {"X-API-Key": "pk_x"}


async def test_an_account_says_when_it_last_pushed(door: Door) -> None:
    key = await _key(door.shop.context, door.shop)

    async def posta() -> dict[str, Any]:
        lines = (await door.client.get("/api/v1/accounts", headers=key)).json()
        return next(line for line in lines if line["connector"] == "posta")

    assert (await posta())["pushed_at"] is None
    assert (await posta())["hook_since"] == "2026-11-02T12:00:00Z"
    door.shop.clock.forward(hours=1)
    await door.push(push_of(CODE))
    await door.push(push_of(CODE), {})
    line = await posta()
    assert (line["pushed_at"], line["pushes_refused"]) == ("2026-11-02T13:00:00Z", 1)
    others = (await door.client.get("/api/v1/accounts", headers=key)).json()
    assert all(line["hook_since"] is None for line in others if line["connector"] != "posta")


async def test_the_accounts_page_says_the_same(door: Door) -> None:
    from tests.web.signing_in import enter

    async with transaction(door.shop.context.pool) as connection:
        await stores.add_api_key(
            connection, door.shop.store_id, name="Bia", key="pk_bia", scopes=["read"], now=door.shop.clock()
        )
    await enter(door.client, door.shop.context, door.shop.store_id)
    assert "nenhuma notificação desde hoje, 09:00" in (await door.client.get("/accounts")).text
    door.shop.clock.forward(hours=2)
    await door.push(push_of(CODE))
    await door.push(push_of(CODE), {})
    page = (await door.client.get("/accounts")).text
    assert "última notificação hoje, 11:00" in page
    assert "1 sem a assinatura certa" in page
    for _ in range(5):
        await door.push(push_of(CODE), {})
    notices = (await door.client.get("/notices")).text
    assert "Chegaram 6 notificações seguidas em nome de posta sem a assinatura certa" in notices
    await door.push(b"<html>")
    assert "mandou uma notificação assinada que não entendemos" in (await door.client.get("/notices")).text


async def test_a_push_goes_after_its_days_and_is_a_new_hint_when_it_comes_again(door: Door) -> None:
    await door.shop.register(CODE)
    assert await door.push(push_of(CODE)) == 200
    door.shop.clock.forward(days=30)
    assert await maintain(door.shop.context)
    assert await door.rows("SELECT count(*) FROM push") == [(1,)], "thirty whole days"
    door.shop.clock.forward(days=1)
    assert await maintain(door.shop.context)
    assert await door.rows("SELECT count(*) FROM push") == [(0,)]
    assert await door.push(push_of(CODE)) == 200
    assert await door.rows("SELECT seen FROM push") == [(1,)]


async def test_many_old_pushes_go_and_fresh_ones_stay(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep_module, "_AT_ONCE", 2)
    for number in range(5):
        assert await door.push(push_of(CODE, number=number)) == 200
    door.shop.clock.forward(days=31)
    assert await door.push(push_of(CODE, number="new")) == 200
    assert await maintain(door.shop.context)
    assert await door.rows("SELECT count(*) FROM push") == [(1,)]


async def test_what_a_push_does_is_done_as_one_store(door: Door, database: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("REVOKE INSERT ON push FROM paradeiro_store")
    assert await door.push(push_of(CODE)) == 500
