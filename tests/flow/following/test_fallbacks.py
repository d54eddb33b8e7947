"""Fallback accounts during an outage of the carrier's own account: nothing lost, nothing twice, and the return."""

from datetime import timedelta
from itertools import count

import pytest

from paradeiro.db.accounts import stores
from paradeiro.db.following import fallbacks, shipments
from paradeiro.db.pool import transaction
from paradeiro.db.screens.lists import shipment_lines
from paradeiro.domain.records import Order
from paradeiro.domain.words import NoticeKind, PartyKind, Status
from paradeiro.flow import record as recording
from paradeiro.flow.replay import replay
from tests.databases import START
from tests.flow.conftest import ANA, Shop
from tests.flow.test_main_line import DELIVERED, MOVED, OUT, POSTED

# The same as POSTED, MOVED, OUT and DELIVERED, as an aggregator says it: other codes, no seconds, shouted places.
A_POSTED = ("collected", POSTED[1][:17] + "00+00:00", "SANTOS")
A_MOVED = ("moving", MOVED[1][:17] + "00+00:00", "ITU - SP")
A_OUT = ("in the van", OUT[1][:17] + "00+00:00", "")
A_DELIVERED = ("done", DELIVERED[1][:17] + "00+00:00", "ITU/SP")


async def add_account(shop: Shop, name: str, *, store_id: int = 0, connector: str = "") -> int:
    async with transaction(shop.context.pool) as connection:
        return await stores.put_account(
            connection,
            store_id or shop.store_id,
            connector=connector or name,
            kind=PartyKind.CARRIER,
            name=name,
            settings={"party": name},
            secrets={},
            key=shop.context.secret_key,
            now=shop.context.now(),
        )


async def fallback(shop: Shop, name: str, rank: int = 1, *, connector: str = "") -> None:
    """From now on this account may stand in for Posta."""
    account_id = await add_account(shop, name, connector=connector)
    async with transaction(shop.context.pool) as connection:
        await fallbacks.put_fallback(connection, shop.store_id, carrier="posta", account_id=account_id, rank=rank)
    shop.accounts[name] = account_id


async def pass_time(shop: Shop, until: str, step: int = 15) -> None:
    """Minutes go by until an instant, and whatever is due is done."""
    while shop.clock() < START.fromisoformat(until):
        await shop.later(minutes=step)


async def codes(shop: Shop, shipment: int) -> list[str]:
    return [shown.event.code for shown in await shop.events(shipment)]


def mails(shop: Shop) -> list[str]:
    return [mail["status"] for mail in shop.outside.told("mail")]


async def test_an_outage_of_hours_costs_nothing_with_a_fallback(shop: Shop) -> None:
    await fallback(shop, "ajuda")
    shipment = await shop.register("AA1")
    await pass_time(shop, POSTED[1])
    shop.outside.say("AA1", POSTED)
    await shop.ask(shipment, hours=2)
    home_digest = (await shop.shipment_row(shipment)).digest
    shop.outside.fail("carrier", "retry")
    shop.outside.say("AA1", A_POSTED, A_MOVED, by="ajuda")
    await pass_time(shop, "2026-11-03T00:00:00+00:00")
    row = await shop.shipment_row(shipment)
    assert row.shipment.snapshot.status is Status.IN_TRANSIT, "known during the outage"
    assert row.digest == home_digest, "the carrier's own last answer is remembered as it was"
    assert mails(shop) == ["accepted", "in_transit"]
    assert await codes(shop, shipment) == ["PO", "ajuda:moving"], "what the carrier had said itself is not said again"
    await pass_time(shop, DELIVERED[1])
    shop.outside.say("AA1", A_POSTED, A_MOVED, A_OUT, A_DELIVERED, by="ajuda")
    await pass_time(shop, "2026-11-03T18:00:00+00:00")
    assert mails(shop)[-1] == "delivered"
    said = len(shop.outside.accepted())
    shop.outside.fail("carrier", "ok")
    shop.outside.say("AA1", POSTED, MOVED, OUT, DELIVERED)
    await pass_time(shop, "2026-11-03T19:00:00+00:00")
    assert await codes(shop, shipment) == ["PO", "RO", "OEC", "BDE"], "each happening once, in the carrier's words"
    assert len(shop.outside.accepted()) == said, "the carrier's own words for known happenings are no news"
    row = await shop.shipment_row(shipment)
    assert (row.shipment.snapshot.status, row.shipment.snapshot.events) == (Status.DELIVERED, 4)
    assert shop.outside.told("loja")[-1]["delivered"] is True
    assert len(mails(shop)) == len(set(mails(shop)))
    assert await shop.notices() == []


async def test_a_shipment_returns_the_moment_its_account_answers(shop: Shop) -> None:
    await fallback(shop, "ajuda")
    shipments_ = [await shop.register(f"AA{n}", Order(f"10{n}", ANA)) for n in range(1, 13)]
    for n in range(1, 13):
        shop.outside.say(f"AA{n}", A_POSTED, by="ajuda")
        shop.outside.say(f"AA{n}", POSTED)
    shop.outside.fail("carrier", "retry")
    await pass_time(shop, "2026-11-02T15:00:00+00:00")
    assert {c for batch in shop.outside.asked("ajuda") for c in batch} == {f"AA{n}" for n in range(1, 13)}
    probes = shop.outside.asked()
    assert {len(batch) for batch in probes[1:]} == {1}, "an account in trouble is tried with one"
    shop.outside.fail("carrier", "ok")
    helped = len(shop.outside.asked("ajuda"))
    await shop.later(minutes=16)
    assert (await shop.account("posta")).state == "ok"
    asked = {c for batch in shop.outside.asked()[len(probes) :] for c in batch}
    assert asked == {f"AA{n}" for n in range(1, 13)}, "all are asked at home at once"
    await shop.later(hours=3)
    assert len(shop.outside.asked("ajuda")) == helped, "and nobody else is asked any more"
    assert [await codes(shop, s) for s in shipments_] == [["PO"]] * 12
    assert mails(shop) == ["accepted"] * 12


async def test_a_hiccup_is_waited_out_and_a_refusal_is_not(shop: Shop) -> None:
    await fallback(shop, "ajuda")
    await shop.register("AA1")
    shop.outside.fail("carrier", "retry")
    await shop.later(minutes=1)
    await shop.later(minutes=8)
    assert shop.outside.asked("ajuda") == []
    await shop.later(minutes=3)
    assert shop.outside.asked("ajuda") == [["AA1"]]
    shop.outside.fail("carrier", "ok")
    await shop.later(minutes=20)
    # While the home account is tried again the fallback may be asked once more: nobody waits for the other.
    before = len(shop.outside.asked("ajuda"))
    shop.outside.fail("carrier", "auth")
    await shop.later(hours=2, minutes=30)
    await shop.later(minutes=1)
    assert (await shop.account("posta")).state == "paused"
    assert shop.outside.asked("ajuda")[before:] == [["AA1"]]
    notice = next(n for n in await shop.notices() if n.kind == NoticeKind.CREDENTIALS_REFUSED)
    assert notice.facts["stand_in"] == "ajuda"
    assert "Meanwhile ajuda is asked" in notice.message


async def test_an_interface_that_changed_is_an_outage_too(shop: Shop) -> None:
    await fallback(shop, "ajuda")
    shipment = await shop.register("AA1")
    shop.outside.say("AA1", A_POSTED, by="ajuda")
    shop.outside.fail("carrier", "html")
    await pass_time(shop, "2026-11-02T15:00:00+00:00")
    account = await shop.account("posta")
    assert account.state == "outage"
    assert "nothing that we understand" in account.problem
    assert await codes(shop, shipment) == ["ajuda:collected"]
    kinds = {n.kind for n in await shop.notices()}
    assert kinds == {NoticeKind.CONTRACT_DRIFT}
    shop.outside.fail("carrier", "ok")
    shop.outside.say("AA1", POSTED)
    await shop.later(minutes=20)
    assert (await shop.account("posta")).state == "ok"
    assert await codes(shop, shipment) == ["PO"]


async def test_one_unusable_code_does_not_keep_its_account_unhealthy(shop: Shop) -> None:
    spoilt = await shop.register("AA1")
    shop.outside.fail("carrier", "html-if-AA1")
    await pass_time(shop, "2026-11-02T14:00:00+00:00")
    assert (await shop.account("posta")).state == "outage", "all that was asked was not understood"
    good = [await shop.register(f"AA{n}", Order(f"10{n}", ANA)) for n in range(2, 5)]
    for n in range(2, 5):
        shop.outside.say(f"AA{n}", POSTED)
    await pass_time(shop, "2026-11-02T16:00:00+00:00")
    assert (await shop.account("posta")).state == "ok"
    assert [await codes(shop, each) for each in (spoilt, *good)] == [[], ["PO"], ["PO"], ["PO"]]


async def test_one_notice_that_says_the_fallback_and_nothing_is_said_to_wait(shop: Shop) -> None:
    await fallback(shop, "ajuda")
    await shop.register("AA1")
    shop.outside.say("AA1", A_POSTED, by="ajuda")
    shop.outside.fail("carrier", "retry")
    await pass_time(shop, "2026-11-02T14:30:00+00:00")
    notices = await shop.notices()
    assert [(n.kind, n.facts.get("variant"), n.facts.get("stand_in")) for n in notices] == [
        (NoticeKind.OUTAGE, "stood_in", "ajuda")
    ]
    async with shop.context.pool.connection() as connection:
        assert (await shipment_lines(connection, shop.store_id))[0].waits_for is None


async def test_the_next_one_is_asked_while_the_first_fallback_is_unhealthy_too(shop: Shop) -> None:
    await fallback(shop, "ajuda", 1)
    await fallback(shop, "vizinha", 2)
    shipment = await shop.register("AA1")
    shop.outside.say("AA1", A_POSTED, by="vizinha")
    shop.outside.say("AA1", A_POSTED, A_MOVED, by="ajuda")
    for party in ("carrier", "ajuda"):
        shop.outside.fail(party, "retry")
    await pass_time(shop, "2026-11-02T14:00:00+00:00")
    assert await codes(shop, shipment) == ["vizinha:collected"]
    shop.outside.fail("ajuda", "ok")
    await pass_time(shop, "2026-11-02T22:00:00+00:00")
    helped = len(shop.outside.asked("vizinha"))
    assert await codes(shop, shipment) == ["ajuda:collected", "ajuda:moving"], "the two aggregators agree: once each"
    await pass_time(shop, "2026-11-03T03:00:00+00:00")
    assert len(shop.outside.asked("vizinha")) == helped, "who comes first and answers is asked alone"
    assert mails(shop) == ["accepted", "in_transit"]


async def test_all_down_waits_as_ever(shop: Shop) -> None:
    await fallback(shop, "ajuda")
    shipment = await shop.register("AA1")
    shop.outside.say("AA1", POSTED)
    for party in ("carrier", "ajuda"):
        shop.outside.fail(party, "retry")
    await pass_time(shop, "2026-11-02T20:00:00+00:00")
    assert await codes(shop, shipment) == []
    async with shop.context.pool.connection() as connection:
        assert (await shipment_lines(connection, shop.store_id))[0].waits_for == "posta: the carrier is 'retry'"
    for party in ("carrier", "ajuda"):
        shop.outside.fail(party, "ok")
    await shop.later(minutes=20)
    assert await codes(shop, shipment) == ["PO"]
    assert len(shop.outside.asked("ajuda")) < 40, "an unhealthy fallback is not hammered either"


async def test_an_account_that_is_no_fallback_is_not_asked(shop: Shop) -> None:
    await add_account(shop, "ajuda")
    await shop.register("AA1")
    shop.outside.fail("carrier", "retry")
    await pass_time(shop, "2026-11-02T15:00:00+00:00")
    assert shop.outside.asked("ajuda") == []


async def test_another_stores_fallback_is_not_asked(shop: Shop) -> None:
    """Two stores, both unhealthy: the one has a fallback, the other has not."""
    await fallback(shop, "ajuda")
    async with transaction(shop.context.pool) as connection:
        other = await stores.add_store(connection, "Outra", now=shop.clock())
    await add_account(shop, "", store_id=other, connector="posta")
    theirs = Shop(shop.context, shop.outside, shop.clock, other, {})
    mine_id, theirs_id = await shop.register("AA1"), await theirs.register("BB1")
    for code in ("AA1", "BB1"):
        shop.outside.say(code, A_POSTED, by="ajuda")
    shop.outside.fail("carrier", "retry")
    await pass_time(shop, "2026-11-02T15:00:00+00:00")
    assert {c for batch in shop.outside.asked("ajuda") for c in batch} == {"AA1"}
    assert await codes(shop, mine_id) == ["ajuda:collected"]
    assert await codes(theirs, theirs_id) == []


async def test_not_found_at_a_fallback_changes_nothing_and_delays_no_return_to_the_own_account(shop: Shop) -> None:
    await fallback(shop, "ajuda")
    shipment = await shop.register("AA1")
    shop.outside.say("AA1", POSTED)
    await shop.ask(shipment, hours=2)
    before = (await shop.shipment_row(shipment)).shipment.snapshot
    shop.outside.fail("carrier", "retry")
    await shop.ask(shipment, hours=2)
    await shop.later(minutes=11)
    assert len(shop.outside.asked("ajuda")) == 1
    await shop.later(minutes=11)
    assert len(shop.outside.asked("ajuda")) == 2, "who hears of it for the first time is asked again soon"
    await shop.later(minutes=30)
    assert len(shop.outside.asked("ajuda")) == 2, "then at the usual pace"
    row = await shop.shipment_row(shipment)
    assert (row.shipment.snapshot, row.outcome) == (before, "retry")
    assert mails(shop) == ["accepted"]


async def test_a_delivery_that_the_carrier_does_not_know_of_asks_a_person(shop: Shop) -> None:
    await fallback(shop, "ajuda")
    shipment = await shop.register("AA1")
    shop.outside.fail("carrier", "retry")
    await pass_time(shop, DELIVERED[1])
    shop.outside.say("AA1", A_POSTED, A_DELIVERED, by="ajuda")
    await pass_time(shop, "2026-11-03T16:00:00+00:00")
    assert mails(shop)[-1] == "delivered"
    shop.outside.fail("carrier", "ok")
    shop.outside.say("AA1", POSTED, ("RO", "2026-11-03T17:00:00+00:00", "Itu"))
    await pass_time(shop, "2026-11-03T18:00:00+00:00")
    assert [n.kind for n in await shop.notices()] == [NoticeKind.CONTRADICTED_DELIVERY]
    assert (await shop.shipment_row(shipment)).shipment.snapshot.status is Status.DELIVERED, "a person decides"


async def test_a_worker_that_dies_between_the_answer_and_its_recording_loses_nothing(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fallback(shop, "ajuda")
    shipment = await shop.register("AA1")
    shop.outside.fail("carrier", "retry")
    shop.outside.say("AA1", A_POSTED, by="ajuda")
    await shop.later(minutes=1)
    deaths = count()

    async def die(*_: object, **__: object) -> None:
        next(deaths)
        raise ConnectionError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(recording, "record", die)
        with pytest.raises(ConnectionError):
            await shop.later(minutes=11)
    assert next(deaths) > 0
    assert await codes(shop, shipment) == []
    await shop.later(minutes=2)
    assert await codes(shop, shipment) == ["ajuda:collected"]
    assert mails(shop) == ["accepted"]


async def test_a_lease_that_a_dead_fallback_left_ends(shop: Shop) -> None:
    await fallback(shop, "ajuda")
    shipment = await shop.register("AA1")
    shop.outside.fail("carrier", "retry")
    shop.outside.say("AA1", A_POSTED, by="ajuda")
    await shop.later(minutes=1)
    async with transaction(shop.context.pool) as connection:
        claimed = await fallbacks.claim_shipments(
            connection,
            shop.accounts["ajuda"],
            now=shop.clock() + timedelta(minutes=11),
            patience=timedelta(minutes=10),
            lease=shop.clock() + timedelta(minutes=14),
            limit=9,
        )
    assert [k.shipment.id for k in claimed.rows] == [shipment]
    await shop.later(minutes=11)
    assert shop.outside.asked("ajuda") == [], "leased: left to whoever has it"
    await shop.later(minutes=4)
    assert shop.outside.asked("ajuda") == [["AA1"]]


async def test_a_second_account_of_the_same_connector_states_the_same_events(shop: Shop) -> None:
    await fallback(shop, "reserva", connector="posta")
    shipment = await shop.register("AA1")
    shop.outside.fail("carrier", "auth")
    shop.outside.say("AA1", POSTED, MOVED, by="reserva")
    await pass_time(shop, "2026-11-02T21:00:00+00:00")
    assert await codes(shop, shipment) == ["PO", "RO"]
    shop.outside.fail("carrier", "ok")
    shop.outside.say("AA1", POSTED, MOVED, OUT)
    await pass_time(shop, OUT[1].replace("T1", "T2"))
    assert await codes(shop, shipment) == ["PO", "RO", "OEC"]


async def test_replaying_a_fallbacks_answers_changes_nothing(shop: Shop) -> None:
    await fallback(shop, "ajuda")
    shipment = await shop.register("AA1")
    shop.outside.fail("carrier", "retry")
    shop.outside.say("AA1", A_POSTED, A_MOVED, by="ajuda")
    await pass_time(shop, "2026-11-02T21:00:00+00:00")
    shop.outside.fail("carrier", "ok")
    shop.outside.say("AA1", POSTED, MOVED)
    await pass_time(shop, "2026-11-02T23:00:00+00:00")
    said = shop.outside.accepted()
    for connector in ("ajuda", "posta"):
        done = await replay(shop.context, connector, since=START)
        assert (done.events, done.moves.total(), done.effects.total()) == (0, 0, 0)
    await shop.run()
    assert await codes(shop, shipment) == ["PO", "RO"]
    assert shop.outside.accepted() == said


async def test_nothing_is_due_at_a_fallback_before_its_time(shop: Shop) -> None:
    """`next_due` names the instant at which somebody will be asked, for clocks that are moved by hand."""
    await fallback(shop, "ajuda")
    await shop.register("AA1")
    shop.outside.fail("carrier", "retry")
    await shop.later(minutes=1)
    began = shop.clock()
    for _ in range(8):
        async with shop.context.pool.connection() as connection:
            due = await shipments.next_due(connection, patience=timedelta(minutes=10))
        assert due is not None
        shop.clock.at = max(due, shop.clock())
        await shop.run()
        if shop.outside.asked("ajuda"):
            break
    assert shop.clock() - began == timedelta(minutes=10)
