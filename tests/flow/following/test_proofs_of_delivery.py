"""In: deliveries with proofs; out: pictures stored once, or a search that ends."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from structlog.testing import capture_logs

from paradeiro.db.following import proofs
from paradeiro.db.following.proofs import ProofLine, SearchLine
from paradeiro.db.measuring import bench_rows
from paradeiro.db.operations.audit import Actor
from paradeiro.db.pool import transaction
from paradeiro.db.secrets import new_key
from paradeiro.domain.words import NoticeKind, ProofKind
from paradeiro.flow.following.proofs_of_delivery import fetch_proofs
from paradeiro.flow.orders.statements import confirm_delivery, reopen
from paradeiro.flow.replay import replay
from tests.flow.conftest import Shop
from tests.flow.parties import CarrierParty
from tests.flow.test_main_line import DELIVERED, POSTED

IMAGE, SIGNED = ProofKind.IMAGE, ProofKind.SIGNED
HOUSE, DOOR, PAPER = b"\x89PNG\r\n\x1a\nhouse", b"\xff\xd8\xff\xe0door", b"%PDF-paper"
BACK = ("EST", "2026-11-03T16:00:00+00:00", "Itu")
AGAIN = ("BDE", "2026-11-04T14:00:00+00:00", "Itu")


class DiedError(Exception):
    """A worker's end."""


async def delivered(shop: Shop, *kinds: ProofKind, code: str = "AA1") -> int:
    """A package that was delivered an hour ago, by a service that leaves these proofs."""
    shipment = await shop.register(code, invoice=f"NF-{code}")
    shop.outside.say(code, POSTED, DELIVERED, proofs=kinds)
    await shop.ask(shipment, hours=27)
    return shipment


async def stored_proofs(shop: Shop, shipment: int) -> list[ProofLine]:
    async with shop.context.pool.connection() as connection:
        return await proofs.proof_lines(connection, [shipment])


async def search(shop: Shop, shipment: int) -> SearchLine:
    async with shop.context.pool.connection() as connection:
        (found,) = await proofs.search_lines(connection, [shipment])
    return found


async def test_pictures_of_a_delivery_are_fetched_once(shop: Shop) -> None:
    shop.outside.show("AA1", IMAGE, HOUSE, DOOR)
    shop.outside.show("AA1", SIGNED, PAPER)
    shipment = await delivered(shop, IMAGE, SIGNED)
    found = await stored_proofs(shop, shipment)
    assert sorted((p.kind, p.content_type, p.size, p.comment) for p in found) == [
        ("image", "image/jpeg", len(DOOR), "RECEBEDOR"),
        ("image", "image/png", len(HOUSE), "RECEBEDOR"),
        ("signed", "application/pdf", len(PAPER), "RECEBEDOR"),
    ]
    async with shop.context.pool.connection() as connection:
        key, which = shop.context.secret_key, found[0].id
        image = await proofs.proof_image(connection, shop.store_id, shipment, which, key=key)
        assert await proofs.proof_image(connection, shop.store_id + 1, shipment, which, key=key) is None, (
            "another store's"
        )
        lost = await proofs.proof_image(connection, shop.store_id, shipment, which, key=new_key())
        kept = await (await connection.execute("SELECT image FROM proof")).fetchall()
    assert lost is None, "the key is lost"
    assert not [row for row in kept if any(each in row[0] for each in (HOUSE, DOOR, PAPER))], "stored encrypted"
    assert image is not None
    assert image.content in {HOUSE, DOOR, PAPER}
    asked = shop.outside.asked("-proofs")
    assert sorted(asked) == [["image", "AA1", ""], ["signed", "AA1", ""]]
    shop.outside.say("AA1", POSTED, DELIVERED, words="said anew: ", proofs=[IMAGE, SIGNED])
    await shop.ask(shipment, days=1)
    await shop.later(days=5)
    assert shop.outside.asked("-proofs") == asked, "nothing is asked twice"
    assert await shop.notices() == []


async def test_what_the_service_does_not_have_is_not_asked_for(shop: Shop) -> None:
    shipment = await delivered(shop)
    await shop.later(days=5)
    assert shop.outside.asked("-proofs") == []
    assert await stored_proofs(shop, shipment) == []


async def test_before_the_delivery_nothing_is_asked_for(shop: Shop) -> None:
    shipment = await shop.register("AA1")
    shop.outside.say("AA1", POSTED, proofs=[IMAGE])
    await shop.ask(shipment, hours=2)
    assert shop.outside.asked("-proofs") == []
    shop.outside.say("AA1", POSTED, DELIVERED, proofs=[IMAGE])
    await shop.ask(shipment, days=1)
    assert len(shop.outside.asked("-proofs")) == 1


async def test_a_delivery_that_only_a_person_stated_has_none(shop: Shop) -> None:
    shipment = await shop.register("AA1")
    shop.outside.say("AA1", POSTED, proofs=[IMAGE])
    await shop.ask(shipment, hours=2)
    await confirm_delivery(shop.context, shop.store_id, shipment, delivered_at=None, by=Actor("Bia", "page"))
    shop.outside.say("AA1", POSTED, ("RO", "2026-11-02T13:30:00+00:00", "Itu"), proofs=[IMAGE])
    await shop.ask(shipment, hours=2)
    assert len(await shop.events(shipment)) == 3
    assert shop.outside.asked("-proofs") == []


async def test_not_there_for_days_then_given_up(shop: Shop) -> None:
    shipment = await delivered(shop, IMAGE)
    began = shop.clock()
    first = await search(shop, shipment)
    assert (first.state, first.tries, first.message) == ("wanted", 1, "not there yet")
    for _ in range(150):
        await shop.later(hours=1)
    waited = [at - began for at in await _tried_at(shop, began)]
    assert [asked[2] for asked in shop.outside.asked("-proofs")] == ["", *["ticket-AA1"] * 4]
    assert waited == [timedelta(hours=h) for h in (0, 1, 7, 31, 103)]
    last = await search(shop, shipment)
    assert (last.state, last.tries, last.next_try, last.message) == ("given_up", 5, None, "not there yet")
    assert last.ended_at == began + timedelta(hours=103)
    assert await shop.notices() == [], "that a picture does not come asks nothing of anybody"


async def _tried_at(shop: Shop, began: datetime) -> list[datetime]:
    """When each question was asked, by playing the pauses again."""
    at, found = began, [began]
    for hours in (1, 6, 24, 72):
        at += timedelta(hours=hours)
        found.append(at)
    assert len(shop.outside.asked("-proofs")) == len(found)
    return found


async def test_it_comes_late(shop: Shop) -> None:
    shipment = await delivered(shop, IMAGE)
    shop.outside.show("AA1", IMAGE, HOUSE)
    await shop.later(minutes=59)
    assert await stored_proofs(shop, shipment) == []
    await shop.later(minutes=1)
    assert [p.size for p in await stored_proofs(shop, shipment)] == [len(HOUSE)]
    found = await search(shop, shipment)
    assert (found.state, found.tries, found.message) == ("kept", 1, "")


async def test_half_of_the_pictures_are_stored_and_the_rest_asked_for_again(shop: Shop) -> None:
    shop.outside.show("AA1", IMAGE, HOUSE, DOOR)
    shop.outside.fail("proofs", "half")
    shipment = await delivered(shop, IMAGE)
    assert [p.size for p in await stored_proofs(shop, shipment)] == [len(HOUSE)]
    assert (await search(shop, shipment)).message == "1 of 2 pictures could not be read"
    shop.outside.fail("proofs", "ok")
    await shop.later(hours=1)
    assert sorted(p.size for p in await stored_proofs(shop, shipment)) == sorted([len(HOUSE), len(DOOR)])


async def test_unexpected_answers_are_reported_once_and_the_notice_ends_by_itself(shop: Shop) -> None:
    shop.outside.fail("proofs", "html")
    shipment = await delivered(shop, IMAGE)
    assert await shop.notices() == [], "one odd answer is none"
    await shop.later(hours=1)
    (notice,) = await shop.notices()
    assert notice.kind == NoticeKind.PROOF_UNREADABLE
    assert notice.facts == {"account": "posta", "why": "the carrier is 'html'"}
    assert (await shop.account("posta")).state == "ok", "packages are followed all the same"
    shop.outside.fail("proofs", "ok")
    shop.outside.show("AA1", IMAGE, HOUSE)
    await shop.later(hours=6)
    assert await shop.notices() == []
    assert (await search(shop, shipment)).state == "kept"


async def test_an_outage_of_pictures_is_no_outage_of_the_account(shop: Shop) -> None:
    shop.outside.fail("proofs", "retry")
    shipment = await delivered(shop, IMAGE)
    assert (await search(shop, shipment)).tries == 1
    assert (await shop.account("posta")).state == "ok"


async def test_an_account_unhealthy_is_not_asked(shop: Shop) -> None:
    shipment = await delivered(shop, IMAGE)
    shop.outside.fail("carrier", "auth")
    await shop.ask(shipment, minutes=1)
    assert (await shop.account("posta")).state == "paused"
    before = len(shop.outside.asked("-proofs"))
    shop.clock.forward(minutes=59)
    assert await fetch_proofs(shop.context, shop.accounts["posta"]) == 0
    async with shop.context.pool.connection() as connection:
        assert await proofs.due_accounts(connection, now=shop.clock()) == []
    assert len(shop.outside.asked("-proofs")) == before


async def test_two_workers_fetch_it_once(shop: Shop) -> None:
    shop.outside.fail("proofs", "retry")
    shipment = await delivered(shop, IMAGE)
    shop.outside.fail("proofs", "ok")
    shop.outside.show("AA1", IMAGE, HOUSE)
    shop.clock.forward(hours=1)
    asked = await asyncio.gather(*(fetch_proofs(shop.context, shop.accounts["posta"]) for _ in range(4)))
    assert sorted(asked) == [0, 0, 0, 1]
    assert len(await stored_proofs(shop, shipment)) == 1


async def test_a_worker_that_died_gives_the_search_back_and_twice_is_once(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pictures came, and were stored; the process died before anybody heard of it. Then all of it again."""
    shop.outside.show("AA1", IMAGE, HOUSE, DOOR)
    original = CarrierParty.fetch_proofs

    async def die(self: CarrierParty, *args: object) -> object:
        await original(self, *args)  # type: ignore[arg-type]
        raise DiedError

    with monkeypatch.context() as patch:
        patch.setattr(CarrierParty, "fetch_proofs", die)
        with pytest.raises(DiedError):
            await delivered(shop, IMAGE)
    assert await fetch_proofs(shop.context, shop.accounts["posta"]) == 0, "it is still the dead one's"
    shop.clock.forward(minutes=6)
    assert await fetch_proofs(shop.context, shop.accounts["posta"]) == 1
    async with transaction(shop.context.pool) as connection:
        await connection.execute("UPDATE proof_search SET state = 'wanted', next_try = %s", (shop.clock(),))
    assert await fetch_proofs(shop.context, shop.accounts["posta"]) == 1
    async with shop.context.pool.connection() as connection:
        row = await (await connection.execute("SELECT count(*) FROM proof")).fetchone()
    assert row == (2,)


async def test_a_delivery_taken_back_before_the_picture_came(shop: Shop) -> None:
    shipment = await delivered(shop, IMAGE)
    shop.outside.say("AA1", POSTED, DELIVERED, BACK, proofs=[IMAGE])
    await shop.ask(shipment, hours=2)
    shop.outside.show("AA1", IMAGE, HOUSE)
    before = len(shop.outside.asked("-proofs"))
    await shop.later(days=1)
    assert len(shop.outside.asked("-proofs")) == before
    assert (await search(shop, shipment)).state == "withdrawn"
    assert await stored_proofs(shop, shipment) == []


async def test_pictures_of_a_delivery_taken_back_are_marked_and_those_of_the_next_are_fetched(shop: Shop) -> None:
    shop.outside.show("AA1", IMAGE, HOUSE)
    shipment = await delivered(shop, IMAGE)
    shop.outside.say("AA1", POSTED, DELIVERED, BACK, proofs=[IMAGE])
    await shop.ask(shipment, hours=2)
    (first,) = await stored_proofs(shop, shipment)
    assert first.withdrawn_at == shop.clock()
    shop.outside.show("AA1", IMAGE, DOOR)
    shop.outside.say("AA1", POSTED, DELIVERED, BACK, AGAIN, proofs=[IMAGE])
    await shop.ask(shipment, days=1)
    assert [(p.size, p.withdrawn_at is None) for p in await stored_proofs(shop, shipment)] == [
        (len(HOUSE), False),
        (len(DOOR), True),
    ]


async def test_taken_back_and_delivered_again_between_two_looks(shop: Shop) -> None:
    shop.outside.show("AA1", IMAGE, HOUSE)
    shipment = await delivered(shop, IMAGE)
    shop.outside.show("AA1", IMAGE, DOOR)
    shop.outside.say("AA1", POSTED, DELIVERED, BACK, AGAIN, proofs=[IMAGE])
    await shop.ask(shipment, days=1)
    assert [(p.size, p.withdrawn_at is None) for p in await stored_proofs(shop, shipment)] == [
        (len(HOUSE), False),
        (len(DOOR), True),
    ]


async def test_the_same_picture_shown_again_after_the_next_delivery_counts(shop: Shop) -> None:
    shop.outside.show("AA1", IMAGE, HOUSE)
    shipment = await delivered(shop, IMAGE)
    shop.outside.say("AA1", POSTED, DELIVERED, BACK, AGAIN, proofs=[IMAGE])
    await shop.ask(shipment, days=1)
    assert [(p.size, p.withdrawn_at) for p in await stored_proofs(shop, shipment)] == [(len(HOUSE), None)]


async def test_reopened_by_hand(shop: Shop) -> None:
    shop.outside.show("AA1", IMAGE, HOUSE)
    shipment = await delivered(shop, IMAGE)
    await reopen(shop.context, shop.store_id, shipment, reason="vizinho errado", by=Actor("Bia", "page"))
    (picture,) = await stored_proofs(shop, shipment)
    assert picture.withdrawn_at is not None
    assert (await search(shop, shipment)).state == "withdrawn"


async def test_taken_back_while_the_picture_is_fetched(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.outside.show("AA1", IMAGE, HOUSE)
    original = CarrierParty.fetch_proofs

    async def meanwhile(self: CarrierParty, *args: object) -> object:
        await reopen(shop.context, shop.store_id, 1, reason="não foi", by=Actor("Bia", "page"))
        return await original(self, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(CarrierParty, "fetch_proofs", meanwhile)
    shipment = await delivered(shop, IMAGE)
    assert shipment == 1
    (picture,) = await stored_proofs(shop, shipment)
    assert picture.withdrawn_at is not None, "kept, and marked"
    assert (await search(shop, shipment)).state == "withdrawn"


async def test_a_backfill_asks_for_no_old_pictures(shop: Shop) -> None:
    old = ("BDE", "2026-08-01T14:00:00+00:00", "Itu")
    shipment = await shop.register("AA1")
    shop.outside.say("AA1", ("PO", "2026-07-28T14:00:00+00:00", "Itu"), old, proofs=[IMAGE])
    await shop.ask(shipment)
    assert (await shop.shipment_row(shipment)).shipment.snapshot.delivered
    assert shop.outside.asked("-proofs") == []


async def test_a_replay_finds_the_proofs_of_deliveries_recorded_before(shop: Shop) -> None:
    shop.outside.show("AA1", IMAGE, HOUSE)
    shipment = await delivered(shop, IMAGE)
    async with transaction(shop.context.pool) as connection:
        await connection.execute("DELETE FROM proof_search")
        await connection.execute("DELETE FROM proof")
    await replay(shop.context, "posta", since=shop.clock() - timedelta(days=3), dry_run=True)
    await shop.run()
    assert await stored_proofs(shop, shipment) == []
    await replay(shop.context, "posta", since=shop.clock() - timedelta(days=3))
    await shop.run()
    assert len(await stored_proofs(shop, shipment)) == 1


async def test_a_carrier_that_has_no_pictures_is_not_asked_for_any(shop: Shop) -> None:
    posta = replace(shop.context.connectors["posta"], proofs=frozenset({SIGNED}))
    context = replace(shop.context, connectors={**shop.context.connectors, "posta": posta})
    shipment = await delivered(replace(shop, context=context), IMAGE)
    assert shop.outside.asked("-proofs") == []
    async with shop.context.pool.connection() as connection:
        assert await proofs.search_lines(connection, [shipment]) == []


async def test_no_log_line_shows_what_is_in_a_picture(shop: Shop) -> None:
    with capture_logs() as lines:
        shop.outside.fail("proofs", "html")
        await delivered(shop, IMAGE)
        shop.outside.fail("proofs", "ok")
        shop.outside.show("AA1", IMAGE, HOUSE)
        await shop.later(hours=1)
    assert "house" not in str(lines)
    assert "RECEBEDOR" not in str(lines)
    async with shop.context.pool.connection() as connection:
        shown = await proofs.proof_lines(connection, [1])
        image = await proofs.proof_image(connection, shop.store_id, 1, shown[0].id, key=shop.context.secret_key)
    assert "RECEBEDOR" not in repr(shown)
    assert "house" not in repr(image)


async def test_a_backlog_is_worked_off_in_one_go(shop: Shop) -> None:
    codes = [f"AB{number}" for number in range(7)]
    async with transaction(shop.context.pool) as connection:
        await bench_rows.add_packages(connection, shop.accounts["posta"], codes, now=shop.clock())
    for code in codes:
        shop.outside.say(code, POSTED, DELIVERED, proofs=[SIGNED])
        shop.outside.show(code, SIGNED, PAPER)
    shop.clock.forward(hours=27)
    await shop.run()
    assert [len(asked) // 3 for asked in shop.outside.asked("-proofs")] == [2, 2, 2, 1], "two at once are taken"
