"""A changed carrier interface opens one notice with an example; no answer is lost."""

import json

import pytest

from paradeiro.db.operations.notices import resolve_notice
from paradeiro.db.pool import transaction
from paradeiro.domain.records import Order
from paradeiro.domain.words import NoticeKind, Status
from paradeiro.sdk.wording.notices import notice_sentence
from tests.flow.conftest import ANA, Shop
from tests.flow.test_main_line import MOVED, OUT, POSTED

CODES = [f"AA{n}" for n in range(1, 41)]


async def _stocked(shop: Shop) -> None:
    """Forty packages, asked often enough for their carrier's answers to be a habit."""
    for code in CODES:
        await shop.register(code, Order(f"order-{code}", ANA))
        shop.outside.say(code, POSTED)
    await shop.later(hours=3)
    for hour in range(3):
        for code in CODES:
            shop.outside.say(code, POSTED, MOVED, words="x" * hour)
        await shop.later(hours=3)
    assert await shop.notices() == []


async def _say_all(shop: Shop, text: str) -> None:
    """Every package's answer from now on; CODE stands for its code."""
    for code in CODES:
        shop.outside.say_raw(code, text.replace("CODE", code))
    await shop.later(hours=3)


async def _one_notice(shop: Shop) -> dict[str, str]:
    await shop.later(minutes=10)
    notices = await shop.notices()
    assert [n.kind for n in notices] == [NoticeKind.CONTRACT_DRIFT], [n.message for n in notices]
    return notices[0].facts | {"message": notices[0].message, "reply": str(notices[0].reply_id)}


async def _resolve(shop: Shop) -> None:
    async with transaction(shop.context.pool) as connection:
        for notice in await shop.notices():
            await resolve_notice(connection, shop.store_id, notice.id, by="Bia", now=shop.clock())


async def test_a_renamed_list_is_one_notice_with_before_and_after_and_moves_nothing(shop: Shop) -> None:
    await _stocked(shop)
    event = {"code": "OEC", "at": OUT[1], "city": "Itu", "text": "to Maria"}
    await _say_all(shop, json.dumps({"object": "CODE", "happenings": [event]}))
    facts = await _one_notice(shop)
    assert facts["oddities"].splitlines() == [
        "unreadable unreadable: KeyError",
        "field_gone events",
        "field_new happenings",
    ]
    assert facts["shipments"] == "40"
    assert '"events"' in facts["before"]
    assert '"happenings"' in facts["after"]
    assert "Maria" not in facts["after"]
    assert facts["reply"] != "None", "the raw answer is one click away"
    assert facts["message"].startswith("posta answers differently since 03/11/2026 00:00")
    assert "paradeiro replay posta --since 2026-11-02" in facts["message"]
    pt = notice_sentence("contract_drift", facts, "")
    assert "respostas que não conseguimos ler" in pt
    assert "há um campo novo, “happenings”" in pt
    shop.outside.say("AA1", POSTED, MOVED, OUT)
    row = [k.shipment.snapshot.status for k in [await shop.shipment_row(1), await shop.shipment_row(40)]]
    assert row == [Status.IN_TRANSIT] * 2


async def test_when_answers_can_be_read_again_the_notice_says_so_and_stays_for_a_person(shop: Shop) -> None:
    await _stocked(shop)
    await _say_all(shop, "<html>")
    for code in CODES:
        shop.outside.say(code, POSTED, MOVED, OUT)
    for _ in range(6):
        await shop.later(hours=3)
    facts = await _one_notice(shop)
    assert "can be read again" in facts["message"]
    assert "Agora as respostas se leem" in notice_sentence("contract_drift", facts, "")
    await _resolve(shop)
    await shop.later(hours=3)
    assert await shop.notices() == []


async def test_a_new_field_in_answers_that_can_be_read_asks_a_person_to_look_once(shop: Shop) -> None:
    await _stocked(shop)
    event = {"code": "RO", "at": MOVED[1], "city": "Campinas", "text": "x"}
    await _say_all(shop, json.dumps({"object": "CODE", "events": [event], "locker": "12"}))
    facts = await _one_notice(shop)
    assert facts["oddities"] == "field_new locker"
    assert "They can still be read" in facts["message"]
    await _resolve(shop)
    await _say_all(shop, json.dumps({"object": "CODE", "events": [event], "locker": "13"}))
    assert await shop.notices() == [], "it is known now"


async def test_packages_that_had_events_and_are_unknown_now_are_reported_and_it_ends_by_itself(shop: Shop) -> None:
    await _stocked(shop)
    shop.outside.fail("carrier", "unknown")
    await shop.later(hours=3)
    facts = await _one_notice(shop)
    assert facts["oddities"] == "events_gone"
    assert facts["shipments"] == "40"
    shop.outside.fail("carrier", "ok")
    for _ in range(3):
        await shop.later(hours=3)
    assert await shop.notices() == []


async def test_codes_that_worked_and_are_all_refused_now_are_one_notice_not_forty(shop: Shop) -> None:
    await _stocked(shop)
    shop.outside.fail("carrier", "refused")
    await shop.later(hours=3)
    assert (await _one_notice(shop))["oddities"] == "events_gone"


async def test_a_party_that_fails_and_answers_by_turns_is_reported_though_it_never_stays_down(shop: Shop) -> None:
    await _stocked(shop)
    shop.outside.fail("carrier", "by turns")
    for _ in range(100):
        await shop.later(minutes=2)
    assert (await _one_notice(shop))["oddities"] == "unsteady"
    shop.outside.fail("carrier", "ok")
    for _ in range(4):
        await shop.later(hours=3)
    assert await shop.notices() == []


async def test_an_outage_is_no_drift(shop: Shop) -> None:
    await _stocked(shop)
    shop.outside.fail("carrier", "retry")
    for _ in range(20):
        await shop.later(minutes=15)
    assert [n.kind for n in await shop.notices()] == [NoticeKind.OUTAGE]


async def test_new_codes_of_an_account_are_one_notice_that_names_them_all(shop: Shop) -> None:
    await _stocked(shop)
    for index, code in enumerate(CODES):
        shop.outside.say(code, POSTED, MOVED, (f"NEW{index % 3}", "2026-11-03T01:00:00+00:00", "Itu"))
    await shop.later(hours=3)
    notices = await shop.notices()
    assert [n.kind for n in notices] == [NoticeKind.UNKNOWN_CODE]
    assert notices[0].facts["event"] == "NEW0, NEW1, NEW2"
    assert notices[0].facts["shipments"] == "40"
    assert "NEW0, NEW1, NEW2 (em 40 pacotes" in notice_sentence("unknown_code", notices[0].facts, "")


@pytest.mark.parametrize(("how", "asked_again"), [("refused", True), ("in vain", False)])
async def test_a_code_that_is_never_reported_is_a_notice_and_one_of_another_contract_is_not_asked_again(
    shop: Shop, how: str, asked_again: bool
) -> None:
    shop.outside.fail("carrier", how)
    await shop.register("AA1")
    await shop.run()
    assert [n.kind for n in await shop.notices()] == [NoticeKind.WRONG_CODE]
    asked = len(shop.outside.asked())
    for _ in range(5):
        await shop.later(days=1, hours=1)
    assert (len(shop.outside.asked()) > asked) is asked_again


async def test_a_code_that_is_reported_after_all_is_no_longer_wrong(shop: Shop) -> None:
    shop.outside.fail("carrier", "refused")
    await shop.register("AA1")
    await shop.run()
    assert [n.kind for n in await shop.notices()] == [NoticeKind.WRONG_CODE]
    shop.outside.fail("carrier", "")
    shop.outside.say("AA1", POSTED, MOVED)
    await shop.later(days=1, hours=1)
    assert await shop.notices() == []


@pytest.mark.parametrize("odd", ["a\\u0000b", "\\ud83d", "\\u001f"])
async def test_names_and_texts_that_no_database_takes_stop_no_recording(shop: Shop, odd: str) -> None:
    shipment = await shop.register("AA1")
    shop.outside.say("AA1", POSTED)
    await shop.ask(shipment)
    known = shop.outside.read("answer-AA1")
    for spoilt in (known.replace("{", f'{{"{odd}": "{odd}", ', 1), "<html>\0 \x1f</html>"):
        shop.outside.say_raw("AA1", spoilt)
        await shop.ask(shipment)
    shop.outside.say("AA1", POSTED, MOVED)
    await shop.ask(shipment)
    assert (await shop.shipment_row(shipment)).shipment.snapshot.events == 2
    assert NoticeKind.SET_ASIDE not in [n.kind for n in await shop.notices()]


async def test_two_stores_watch_their_accounts_apart(shop: Shop) -> None:
    await _stocked(shop)
    await _say_all(shop, "<html>")
    async with shop.context.pool.connection() as connection:
        rows = await (await connection.execute("SELECT store_id, account_id FROM contract_watch ORDER BY 2")).fetchall()
    assert rows == [(shop.store_id, shop.accounts["posta"])]
