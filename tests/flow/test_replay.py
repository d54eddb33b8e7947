"""Replay after a fix: stored replies are parsed again, timelines corrected, orders updated, customers not mailed."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from paradeiro.db.following import replies, retention_holds
from paradeiro.db.operations import notices
from paradeiro.db.pool import transaction
from paradeiro.domain.records import ParsedAnswer
from paradeiro.domain.words import EffectKind, NoticeKind, Outcome, Status
from paradeiro.flow import replay as replaying
from paradeiro.flow.context import Sessions
from paradeiro.flow.errors import InvalidError
from paradeiro.flow.replay import ReplayResult, replay
from paradeiro.sdk.contract import Answer
from paradeiro.worker.maintenance import maintain
from tests.flow import parties
from tests.flow.conftest import Shop
from tests.flow.parties import CarrierParty
from tests.flow.test_main_line import MOVED, OUT, POSTED, SOLD_ELSEWHERE

UNKNOWN = ("XYZ", "2026-11-02T18:00:00+00:00", "Itu")
Parse = Callable[[bytes], list[ParsedAnswer]]


def fixed(shop: Shop, parse: Parse) -> Shop:
    """The same shop with a mended parser, and time for it to have been mended."""
    mended = {**shop.context.connectors, "posta": replace(shop.context.connectors["posta"], parse=parse)}
    shop.clock.forward(days=2)
    return replace(shop, context=replace(shop.context, connectors=mended, sessions=Sessions(mended, shop.clock)))


def maps_xyz(body: bytes) -> list[ParsedAnswer]:
    """As before, and XYZ is a delivery."""
    return [
        replace(
            parsed,
            events=tuple(replace(e, status=Status.DELIVERED) if e.code == "XYZ" else e for e in parsed.events),
            unknown_codes=tuple(code for code in parsed.unknown_codes if code != "XYZ"),
        )
        for parsed in parties.parse(body)
    ]


def reads_renamed(body: bytes) -> list[ParsedAnswer]:
    """As before, and the carrier's new names: `eventos` for `events`, and `packages` around a batch's objects."""
    try:
        told = json.loads(body)
    except ValueError:
        return parties.parse(body)
    objects = told.get("packages", [told])
    renamed = [{"events" if name == "eventos" else name: value for name, value in o.items()} for o in objects]
    return [parsed for o in renamed for parsed in parties.parse(json.dumps(o).encode())]


def renamed(code: str, *events: tuple[str, str, str]) -> dict[str, Any]:
    return {"object": code, "eventos": [{"code": c, "at": at, "city": city, "text": c} for c, at, city in events]}


@dataclass(frozen=True, slots=True)
class RenamedRoot(CarrierParty):
    """The carrier calls the list of a batch's objects something else: nothing can be cut out of it, for any code."""

    async def fetch(self, tracking_codes: Sequence[str]) -> list[Answer]:
        objects = [json.loads(self.outside.read(f"answer-{code}")) for code in tracking_codes]
        body = json.dumps({"packages": objects}).encode()
        return [Answer(code, Outcome.MALFORMED, body, "no objects in the answer") for code in tracking_codes]


def changed_root(shop: Shop) -> Shop:
    posta = replace(shop.context.connectors["posta"], open=lambda *_: RenamedRoot(shop.outside))
    changed = {**shop.context.connectors, "posta": posta}
    return replace(shop, context=replace(shop.context, connectors=changed, sessions=Sessions(changed, shop.clock)))


async def everything(shop: Shop) -> dict[str, list[Any]]:
    """All rows that a replay may touch."""
    tables = ("tracking_event", "shipment", "orders", "effect", "notice", "reply", "retention_hold", "pgqueuer")
    found = {}
    async with shop.context.pool.connection() as connection:
        for table in tables:
            rows = await connection.execute(f"SELECT to_jsonb(t) FROM {table} t")  # type: ignore[arg-type] # our tables
            found[table] = sorted([json.dumps(row[0], sort_keys=True) async for row in rows])
    return found


SINCE = datetime.fromisoformat("2026-11-01T00:00:00+00:00")


async def both(shop: Shop) -> ReplayResult:
    """A dry run that writes nothing, then the run, which does just what was said."""
    before = await everything(shop)
    said = await replay(shop.context, "posta", since=SINCE, dry_run=True)
    assert await everything(shop) == before, "a dry run writes nothing"
    done = await replay(shop.context, "posta", since=SINCE)
    assert done == said
    return done


async def unknown_code(shop: Shop, *codes: str) -> list[int]:
    """Packages whose last event nobody has mapped."""
    for code in codes:
        shop.outside.say(code, POSTED, UNKNOWN)
    ids = [await shop.register(code, replace(SOLD_ELSEWHERE, number=f"n{code}"), code) for code in codes]
    await shop.later(hours=8)
    assert {(await shop.shipment_row(i)).shipment.snapshot.status for i in ids} == {Status.ACCEPTED}
    return ids


async def statuses(shop: Shop, ids: Sequence[int]) -> set[str]:
    return {(await shop.shipment_row(i)).shipment.snapshot.status for i in ids}


async def test_a_code_that_was_mapped_corrects_timelines_quietly(shop: Shop) -> None:
    ids = await unknown_code(shop, "AA1", "AA2")
    mails = len(shop.outside.told("mail"))
    mended = fixed(shop, maps_xyz)
    done = await both(mended)
    assert (done.replies, done.unreadable, done.events) == (2, 0, 0)
    assert done.remapped == {"XYZ": 2}
    assert done.moves == {(Status.ACCEPTED, Status.DELIVERED): 2}
    assert done.effects == {EffectKind.ORDER_UPDATE: 2, EffectKind.MARKETPLACE_UPDATE: 2}
    assert await statuses(shop, ids) == {Status.DELIVERED}
    await mended.run()
    assert [(t["delivered"], t["events"]) for t in shop.outside.told("loja")[-2:]] == [(True, ["PO", "XYZ"])] * 2
    assert [t["delivered"] for t in shop.outside.told("canal")[-2:]] == [True, True]
    assert len(shop.outside.told("mail")) == mails, "no customer is mailed old news"


async def test_what_it_understood_ends_its_notice(shop: Shop) -> None:
    await unknown_code(shop, "AA1", "AA2")
    assert [n.kind for n in await shop.notices()] == [NoticeKind.UNKNOWN_CODE]
    done = await both(fixed(shop, maps_xyz))
    assert (done.understood, done.resolved) == (2, 1)
    assert await shop.notices() == []
    async with shop.context.pool.connection() as connection:
        ended = await notices.notices(connection, shop.store_id, open_only=False)
    assert [n.resolved_by for n in ended] == ["replay"]


async def test_a_notice_stays_while_one_of_its_replies_is_not_understood(shop: Shop) -> None:
    """A replay from too late on: what came before it is still held, and the notice still says so."""
    await unknown_code(shop, "AA1")
    shop.clock.forward(days=1)
    await unknown_code(shop, "AA2")
    mended = fixed(shop, maps_xyz)
    part = await replay(mended.context, "posta", since=shop.clock() - timedelta(days=2, hours=12))
    assert (part.replies, part.understood, part.resolved) == (1, 1, 0)
    assert len(await shop.notices()) == 1
    rest = await both(mended)
    assert (rest.replies, rest.understood, rest.resolved) == (2, 1, 1)


async def test_one_code_of_two_that_was_mapped_ends_nothing(shop: Shop) -> None:
    shop.outside.say("AA1", POSTED, UNKNOWN, ("ZZZ", "2026-11-02T19:00:00+00:00", "Itu"))
    await shop.register("AA1")
    await shop.later(hours=9)
    done = await both(fixed(shop, maps_xyz))
    assert (done.remapped, done.understood, done.resolved) == ({"XYZ": 1}, 0, 0)
    assert [n.kind for n in await shop.notices()] == [NoticeKind.UNKNOWN_CODE]


async def test_what_could_be_read_all_along_is_for_a_person_to_end(shop: Shop) -> None:
    """The interface changed and its answers can still be read: whether anything is missing, no replay can know."""
    shop.outside.say("AA1", POSTED)
    shipment = await shop.register("AA1")
    await shop.ask(shipment, hours=2)
    reply_id = (await shop.events(shipment))[0].reply_id
    async with transaction(shop.context.pool) as connection:
        for variant in ("readable", "heals"):
            draft = notices.NoticeDraft(
                *(shop.store_id, NoticeKind.CONTRACT_DRIFT, variant, ""), reply_id=reply_id, facts={"variant": variant}
            )
            await notices.open_notices(connection, [draft], now=shop.clock())
    done = await both(fixed(shop, reads_renamed))
    assert (done.replies, done.understood, done.resolved) == (1, 0, 0)
    assert len(await shop.notices()) == 2


async def test_objects_whose_field_was_renamed_are_read_after_the_fix(shop: Shop) -> None:
    ids = [await shop.register(code, invoice=code) for code in ("AA1", "AA2")]
    shop.outside.say_raw("AA1", json.dumps(renamed("AA1", POSTED, MOVED)))
    shop.outside.say_raw("AA2", json.dumps(renamed("AA2", POSTED)))
    await shop.later(hours=8)
    assert await statuses(shop, ids) == {Status.REGISTERED}
    assert [n.kind for n in await shop.notices()] == [NoticeKind.CONTRACT_DRIFT]
    nothing = await both(shop)
    assert (nothing.unreadable, nothing.understood, nothing.moves) == (2, 0, {}), "before the fix it changes nothing"
    mended = fixed(shop, reads_renamed)
    done = await both(mended)
    assert (done.unreadable, done.events, done.understood, done.resolved) == (0, 3, 2, 1)
    assert done.moves == {(Status.REGISTERED, Status.IN_TRANSIT): 1, (Status.REGISTERED, Status.ACCEPTED): 1}
    assert [e.event.code for e in await shop.events(ids[0])] == ["PO", "RO"]
    await mended.run()
    assert shop.outside.told("mail") == []


async def test_whole_batches_that_nobody_could_read_are_read_after_the_fix(shop: Shop) -> None:
    """Answers that belonged to no single code: the codes are inside, and the events reach the right packages."""
    broken = changed_root(shop)
    codes = [f"AA{n}" for n in range(7)]  # three batches
    ids = {}
    for number, code in enumerate(codes):
        ids[code] = await shop.register(code, replace(SOLD_ELSEWHERE, number=f"n{code}"), code)
        events = (POSTED, MOVED, OUT)[: number % 3 + 1]
        shop.outside.say_raw(code, json.dumps(renamed(code, *events)))
    shop.clock.forward(hours=8)
    await broken.run()
    async with shop.context.pool.connection() as connection:
        row = await connection.execute("SELECT tracking_code, outcome FROM reply")
        assert {(row[0], row[1]) async for row in row} == {("", "malformed"), ("AA6", "malformed")}
    assert await statuses(shop, list(ids.values())) == {Status.REGISTERED}
    done = await both(fixed(shop, reads_renamed))
    assert (done.replies, done.unreadable, done.understood, done.resolved) == (3, 0, 3, 1)
    assert sum(done.moves.values()) == 7
    for number, code in enumerate(codes):
        said = ["PO", "RO", "OEC"][: number % 3 + 1]
        assert [e.event.code for e in await shop.events(ids[code])] == said
        assert all(e.reply_id is not None for e in await shop.events(ids[code]))
    assert await shop.notices() == []


async def test_a_web_page_stays_a_web_page(shop: Shop) -> None:
    await shop.register("AA1")
    shop.outside.fail("carrier", "html")
    await shop.later(hours=1)
    done = await both(fixed(shop, reads_renamed))
    assert done.unreadable >= 1
    assert (done.understood, done.resolved) == (0, 0)
    assert [n.kind for n in await shop.notices()] == [NoticeKind.CONTRACT_DRIFT]


async def test_an_answer_without_the_code_it_was_asked_for_is_not_understood_by_reading_the_rest(shop: Shop) -> None:
    """The rest was cut out of it and kept by itself when it came."""
    await shop.register("AA1")
    shop.outside.say("AA2", MOVED)
    await shop.register("AA2")
    await shop.later(hours=5)
    async with transaction(shop.context.pool) as connection:
        reply_id = await replies.put_reply(
            connection,
            store_id=shop.store_id,
            account_id=shop.accounts["posta"],
            tracking_code="AA1",
            outcome=Outcome.MALFORMED,
            body=json.dumps({"packages": [renamed("AA2", POSTED)]}).encode(),
            now=shop.clock(),
            to_record=False,
        )
        draft = notices.NoticeDraft(shop.store_id, NoticeKind.CONTRACT_DRIFT, "account 1", "", reply_id=reply_id)
        await notices.open_notices(connection, [draft], now=shop.clock())
    done = await both(fixed(shop, reads_renamed))
    assert (done.understood, done.resolved, done.events) == (0, 0, 0)


async def test_held_replies_are_replayed_months_later(shop: Shop) -> None:
    """Kept until somebody resolves the notice: so that the fix may come late."""
    ids = await unknown_code(shop, "AA1")
    for _ in range(90):
        shop.clock.forward(days=1)
        await maintain(shop.context)
    done = await both(fixed(shop, maps_xyz))
    assert (done.replies, done.understood, done.resolved) == (1, 1, 1)
    assert await statuses(shop, ids) == {Status.DELIVERED}


async def test_the_same_bytes_on_two_days_say_nothing_twice(shop: Shop) -> None:
    shipment = await shop.register("AA1")
    for answer in ((POSTED,), (POSTED, MOVED), (POSTED,), (POSTED, MOVED)):
        shop.outside.say("AA1", *answer)
        await shop.ask(shipment, days=1)
    assert [e.event.code for e in await shop.events(shipment)] == ["PO", "RO"]
    told = len(shop.outside.accepted("loja")), len(shop.outside.accepted("mail"))
    done = await both(shop)
    assert (done.replies, done.events, done.moves, done.effects) == (4, 0, {}, {})
    await shop.run()
    assert (len(shop.outside.accepted("loja")), len(shop.outside.accepted("mail"))) == told


@pytest.mark.parametrize("dies_at", [1, 2, 3, 4])
async def test_killed_in_the_middle_and_run_again_it_ends_the_same(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, dies_at: int
) -> None:
    """A package per transaction; whichever is the last before the end, a second replay completes the first."""
    ids = await unknown_code(shop, "AA1", "AA2", "AA3")
    mended = fixed(shop, maps_xyz)
    monkeypatch.setattr(replaying, "_PAGE", 1)
    steps = 0

    def step(real: Callable[..., Any]) -> Callable[..., Any]:
        async def dying(*given: Any, **named: Any) -> Any:
            nonlocal steps
            steps += 1
            if steps == dies_at:
                raise KeyboardInterrupt
            return await real(*given, **named)

        return dying

    with monkeypatch.context() as patched:
        patched.setattr(replaying, "_record_again", step(replaying._record_again))
        patched.setattr(retention_holds, "resolve_understood", step(retention_holds.resolve_understood))
        with pytest.raises(KeyboardInterrupt):
            await replay(mended.context, "posta", since=SINCE)
    assert len(await shop.notices()) == 1
    first = 3 if dies_at == 4 else dies_at - 1
    again = await both(mended)
    assert sum(again.moves.values()) == 3 - first
    assert await statuses(shop, ids) == {Status.DELIVERED}
    await mended.run()
    assert len([t for t in shop.outside.told("loja") if t["delivered"]]) == 3


async def test_killed_after_the_marks_the_notice_ends_at_the_next_replay(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await unknown_code(shop, "AA1")
    mended = fixed(shop, maps_xyz)

    async def die(*_: Any, **__: Any) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(retention_holds, "resolve_understood", die)
        with pytest.raises(KeyboardInterrupt):
            await replay(mended.context, "posta", since=SINCE)
    assert len(await shop.notices()) == 1
    assert (await both(mended)).resolved == 1
    assert await shop.notices() == []


async def test_pages_of_any_size_give_the_same(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    await unknown_code(shop, *(f"AA{n}" for n in range(7)))
    mended = fixed(shop, maps_xyz)
    whole = await replay(mended.context, "posta", since=SINCE, dry_run=True)
    for size, codes in ((1, 1), (2, 2), (2, 4), (3, 7)):
        monkeypatch.setattr(replaying, "_PAGE", size)
        monkeypatch.setattr(replaying, "_CODES_AT_ONCE", codes)
        assert await replay(mended.context, "posta", since=SINCE, dry_run=True) == whole
    assert (whole.replies, whole.understood, whole.resolved) == (7, 7, 1)


async def test_only_carriers_can_be_replayed(shop: Shop) -> None:
    for name in ("loja", "nobody"):
        with pytest.raises(InvalidError):
            await replay(shop.context, name, since=SINCE)


async def test_an_understood_reply_is_needed_again_if_it_comes_again_and_is_not(shop: Shop) -> None:
    """The same answer, read by a parser that went back: the notice that it opens holds it anew."""
    shipment = (await unknown_code(shop, "AA1"))[0]
    await both(fixed(shop, maps_xyz))
    shop.outside.say("AA1", POSTED)
    await shop.ask(shipment, minutes=1)
    shop.outside.say("AA1", POSTED, UNKNOWN)
    await shop.ask(shipment, minutes=1)
    assert [n.kind for n in await shop.notices()] == [NoticeKind.UNKNOWN_CODE]
    async with shop.context.pool.connection() as connection:
        assert len(await retention_holds.unread_holds(connection, [shop.store_id], after_reply=0, limit=9)) == 1
