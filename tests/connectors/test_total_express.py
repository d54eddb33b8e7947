"""In: a Total Express on loopback with every kind of answer; out: what the session, the feed and the parser give."""

import csv
import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from paradeiro.connectors.total_express import CONNECTOR, is_total_express
from paradeiro.connectors.total_express.client import restored_awb
from paradeiro.connectors.total_express.codes import CODES, meaning_of
from paradeiro.connectors.total_express.parse import parse_with
from paradeiro.connectors.total_express.soap import NotXmlError, lots_of, read_xml
from paradeiro.domain.following.timeline import fold
from paradeiro.domain.words import NoticeKind, Outcome, Status
from paradeiro.sdk.contract import AccountRef, Answer
from paradeiro.sdk.ways_in import FeedAnswer
from tests.connectors.parties import Asked, Party, Reply, party

FIXTURES = Path(__file__).parents[2] / "src" / "paradeiro" / "connectors" / "total_express" / "fixtures"
AWB, ORDER = "TXAU100000003TX", "order:P-1"
# Half past eight in the morning in São Paulo.
NOW = datetime(2026, 3, 10, 11, 30, tzinfo=UTC)
LATER = datetime(2027, 1, 1, tzinfo=UTC)
TWO_LOTS, NOTHING = ((FIXTURES / f"feed_{name}.xml").read_bytes() for name in ("two_lots", "nothing_new"))
HTML = {"Content-Type": "text/html"}


def parcel(*statuses: tuple[object, str, str], awb: str = "TXAU100000003tx", order: str = "P-1") -> dict[str, Any]:
    listed = [{"statusid": code, "status": words, "data": at} for code, words, at in statuses]
    return {"pedido": order, "awb": awb, "nfiscal": "10012", "detalhes": {"statusDeEncomenda": listed}}


def read(*parcels: object, **settings: str) -> Any:
    return parse_with(json.dumps(parcels).encode(), settings)


def fixture(name: str) -> Any:
    return parse_with((FIXTURES / name).read_bytes(), {})


def session_of(host: Party, now: datetime = NOW, **settings: str) -> Any:
    given = {"base_url": host.url, "feed_url": host.url, "user": "us:er", "password": "s3cret", **settings}
    account = AccountRef(1, 1, "total_express", "Total", given)
    session = CONNECTOR.open(account, lambda: now)
    assert "s3cret" not in f"{session!r}{account!r}"
    return session


async def fetch(host: Party, codes: Sequence[str], **settings: str) -> list[Answer]:
    session = session_of(host, NOW, **settings)
    try:
        found: list[Answer] = await session.fetch(codes)
        return found
    finally:
        await session.close()


async def read_feed(host: Party, cursor: str, now: datetime = NOW) -> FeedAnswer:
    session = session_of(host, now)
    try:
        found: FeedAnswer = await session.read_feed(cursor)
        return found
    finally:
        await session.close()


def day_asked(asked: Asked) -> str:
    return read_xml(asked.body).inside[0].inside[0].inside[0].value("DataConsulta")


async def test_a_code_is_asked_about_as_it_is_written_there() -> None:
    told = json.dumps([parcel((83, "COLETA REALIZADA", "2026-03-09T15:43:18"))]).encode()
    async with party(lambda _: Reply(body=told)) as host:
        answers = await fetch(host, [AWB, "OTHER1"], sender_id="77")
        ordered = (await fetch(host, [ORDER], sender_id="77"))[0]
    assert [(a.tracking_code, a.outcome) for a in answers] == [(AWB, Outcome.FOUND), ("OTHER1", Outcome.MALFORMED)]
    assert (ordered.outcome, ordered.body) == (Outcome.FOUND, told)
    assert [json.loads(asked.body) for asked in host.asked] == [
        {"awbs": ["TXAU100000003tx"]},
        {"awbs": ["OTHER1"]},
        {"remetenteId": "77", "pedido": "P-1"},
    ]
    assert {asked.headers["authorization"] for asked in host.asked} == {"Basic dXM6ZXI6czNjcmV0"}


@pytest.mark.parametrize(
    ("code", "written"),
    [
        (AWB, "TXAU100000003tx"),
        ("TX1TX", "TX1TX"),
        ("AA123456785BR", "AA123456785BR"),
        ("TXAU1000003tx", "TXAU1000003tx"),
    ],
)
def test_only_their_own_form_is_restored(code: str, written: str) -> None:
    assert restored_awb(code) == written


async def test_what_cannot_be_asked_is_refused_without_a_question() -> None:
    async with party(lambda _: Reply()) as host:
        answers = await fetch(host, [ORDER, "number:9", "11222333000181/1/10"])
    assert [a.outcome for a in answers] == [Outcome.REFUSED] * 3
    assert host.asked == []


ANSWERS: dict[str, tuple[Reply, Outcome]] = {
    "unknown": (Reply(404, b'{"message": "AWB nao encontrada"}'), Outcome.NOT_FOUND),
    "404 of nobody": (Reply(404), Outcome.MALFORMED),
    "404 as a page": (Reply(404, b"<html>", HTML), Outcome.RETRY),
    "a page": (Reply(body=b"<html>", headers=HTML), Outcome.RETRY),
    "no parcel": (Reply(body=b"[]"), Outcome.NOT_FOUND),
    "announced": (Reply(body=json.dumps([parcel()]).encode()), Outcome.FOUND),
    "bad credentials": (Reply(body=b'{"code": 0, "message": "x"}'), Outcome.AUTH_FAILED),
    "bad credentials with 400": (Reply(400, b'{"code": "0"}'), Outcome.AUTH_FAILED),
    "argument or system": (Reply(body=b'{"code": 400}'), Outcome.MALFORMED),
    "argument or system with 400": (Reply(400, b'{"code": 400}'), Outcome.MALFORMED),
    "nothing": (Reply(body=b"{}"), Outcome.MALFORMED),
    "401": (Reply(401), Outcome.AUTH_FAILED),
    "too many": (Reply(429, headers={"Retry-After": "9"}), Outcome.RETRY),
    "down": (Reply(500), Outcome.RETRY),
}


@pytest.mark.parametrize(("reply", "outcome"), ANSWERS.values(), ids=ANSWERS)
async def test_whatever_else_they_say_is_an_outcome(reply: Reply, outcome: Outcome) -> None:
    async with party(lambda _: reply) as host:
        answer = (await fetch(host, [AWB]))[0]
    assert answer.outcome is outcome
    assert answer.retry_after == (9.0 if reply.status == 429 else None)


async def test_a_day_is_read_again_until_it_is_over() -> None:
    async with party(lambda _: Reply(body=TWO_LOTS)) as host:
        first = await read_feed(host, "")
        assert (first.outcome, first.cursor, first.more) == (Outcome.FOUND, "2026-03-10", False)
        second = await read_feed(host, first.cursor)
        day, _, state = second.cursor.partition(" ")
        assert (second.outcome, day, len(second.bodies)) == (Outcome.FOUND, "2026-03-10", 2)
        third = await read_feed(host, second.cursor)
        assert (third.outcome, third.bodies, third.cursor) == (Outcome.NOT_FOUND, (), second.cursor)
        not_stored = await read_feed(host, "2026-03-10 another")
        assert not_stored.bodies == second.bodies, "what we failed to store comes again"
        night = await read_feed(host, second.cursor, datetime(2026, 3, 11, 3, 14, tzinfo=UTC))
        assert night.cursor == second.cursor, "its last lot may not be visible yet"
        over = await read_feed(host, f"2026-03-10 {state}", datetime(2026, 3, 11, 3, 15, tzinfo=UTC))
        assert over.cursor == "2026-03-11"
    assert [day_asked(asked) for asked in host.asked] == ["2026-03-09", *["2026-03-10"] * 5]
    assert {(a.path, a.headers["soapaction"]) for a in host.asked} == {
        ("/webservice24.php", '"urn:ObterTracking#ObterTracking"')
    }


async def test_an_empty_day_goes_on_and_a_later_day_is_not_asked_for() -> None:
    async with party(lambda _: Reply(body=NOTHING)) as host:
        past = await read_feed(host, "2026-02-01")
        future = await read_feed(host, "2026-05-01")
        odd = await read_feed(host, "nonsense")
    assert (past.outcome, past.cursor) == (Outcome.NOT_FOUND, "2026-02-02")
    assert future.cursor.startswith("2026-03-10 ")
    assert odd.cursor == "2026-03-10"
    assert [day_asked(asked) for asked in host.asked] == ["2026-02-01", "2026-03-10", "2026-03-09"]


async def test_a_day_can_be_read_again() -> None:
    async with party(lambda _: Reply(body=NOTHING)) as host:
        session = session_of(host)
        assert session.feed_cursor(date(2026, 3, 1)) == "2026-03-01"
        await session.close()


async def test_each_lot_is_stored_as_its_own_bytes_and_read_alone() -> None:
    latin = TWO_LOTS.decode().replace("COLETA REALIZADA", "COLETA REALIZADA NA PRAÇA").encode("latin-1")
    async with party(lambda _: Reply(body=latin)) as host:
        bodies = (await read_feed(host, "2026-03-10")).bodies
    declaration = b'<?xml version="1.0" encoding="ISO-8859-1"?>'
    assert [body.startswith(declaration + b"<item ") for body in bodies] == [True, True]
    assert all(body.removeprefix(declaration) in latin for body in bodies)
    read_alone = [event for body in bodies for each in parse_with(body, {}) for event in each.events]
    read_whole = [event for each in parse_with(latin, {}) for event in each.events]
    assert sorted(map(repr, read_alone)) == sorted(map(repr, read_whole))
    assert "COLETA REALIZADA NA PRAÇA" in {event.description for event in read_alone}


def processed(code: str) -> bytes:
    return NOTHING.replace(b">1</CodigoProc>", f">{code}</CodigoProc>".encode())


PAGES: dict[str, tuple[Reply, Outcome, float | None]] = {
    "not authorised": (Reply(body=processed("0")), Outcome.AUTH_FAILED, None),
    "unavailable": (Reply(body=processed("2")), Outcome.RETRY, 300.0),
    "our XML": (Reply(body=processed("3")), Outcome.MALFORMED, None),
    "their fault": (Reply(body=processed("4")), Outcome.RETRY, 300.0),
    "asked too soon": (Reply(body=processed("5")), Outcome.RETRY, 300.0),
    "a number nobody knows": (Reply(body=processed("9")), Outcome.MALFORMED, None),
    "no number": (Reply(body=processed("")), Outcome.MALFORMED, None),
    "a fault": (Reply(500, (FIXTURES / "feed_fault.xml").read_bytes()), Outcome.RETRY, None),
    "a page": (Reply(body=b"<html><body>x</body></html>"), Outcome.RETRY, None),
    "a page with a document type": (Reply(body=b"<!DOCTYPE html><html>"), Outcome.RETRY, None),
    "half of it": (Reply(body=TWO_LOTS[:-20]), Outcome.MALFORMED, None),
    "a document type": (Reply(body=(FIXTURES / "feed_document_type.xml").read_bytes()), Outcome.MALFORMED, None),
    "401": (Reply(401), Outcome.AUTH_FAILED, None),
    "404": (Reply(404), Outcome.MALFORMED, None),
    "JSON": (Reply(body=b"{}"), Outcome.MALFORMED, None),
}


@pytest.mark.parametrize(("reply", "outcome", "wait"), PAGES.values(), ids=PAGES)
async def test_a_page_that_is_none_is_an_outcome(reply: Reply, outcome: Outcome, wait: float | None) -> None:
    async with party(lambda _: reply) as host:
        answer = await read_feed(host, "2026-03-10")
    assert (answer.outcome, answer.retry_after) == (outcome, wait)
    assert answer.message
    assert answer.bodies == ((reply.body,) if outcome is Outcome.MALFORMED else ()), "what cannot be read is kept"


def test_entities_are_not_expanded_and_depth_is_bounded() -> None:
    bomb = b'<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]><a>&c;</a>'
    outside = b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>'
    for refused in (bomb, outside, b"<a>" * 50 + b"</a>" * 50, b'<?xml version="1.0" encoding="none"?><a/>', b"\xff"):
        with pytest.raises(NotXmlError):
            read_xml(refused)
    assert lots_of(b"<a/>", read_xml(b"<a/>")) == []


def test_every_published_code_is_accounted_for() -> None:
    with (FIXTURES.parent / "codes.csv").open(encoding="utf-8", newline="") as file:
        published = {r["code"]: (r["words"], r["status"] or None, r["reason"] or None) for r in csv.DictReader(file)}
    assert len(published) == 82
    assert {code: (m.words, m.status, m.reason) for code, m in CODES.items()} == published
    assert [code for code, m in CODES.items() if m.status is Status.DELIVERED] == ["1"]
    assert [code for code, m in CODES.items() if m.status is Status.RETURNED] == ["61"]
    assert [code for code, m in CODES.items() if m.status is None] == ["58", "60", "62", "70"]


@pytest.mark.parametrize(
    ("code", "words", "status"),
    [
        ("1", "ENTREGA REALIZADA", Status.DELIVERED),
        ("1", "Entrega realizada na portaria", Status.DELIVERED),
        ("1", "EXTRAVIO", Status.UNKNOWN),
        ("61", "entrega realizada", Status.UNKNOWN),
        ("70", "AVISO ENTREGA / EXECUÇÃO SERVIÇO", None),
        ("70", "ENTREGA REALIZADA", Status.UNKNOWN),
        ("106", "REDESPACHO TRANSPORTADORA", Status.IN_TRANSIT),
        ("500", "ENTREGA REALIZADA", Status.UNKNOWN),
    ],
)
def test_a_delivery_needs_its_code_and_no_word_against_it(code: str, words: str, status: Status | None) -> None:
    assert meaning_of(code, words).status is status


@pytest.mark.parametrize("code", ["01", 1, 1.0, "1"])
def test_a_code_may_be_a_number_or_a_text(code: object) -> None:
    assert read(parcel((code, "", "2026-03-11T14:22:41")))[0].events[0].code == "1"


def test_a_parcel_is_named_by_all_that_it_says() -> None:
    lot = (FIXTURES / "feed_transfer.xml").read_bytes()
    named = parse_with(lot, {"cnpj": "12.ABC.345/01DE-35"})[0]
    assert [each.text for each in named.identifiers] == [
        "TXAU100000001TX",
        "12ABC34501DE35/1/10010",
        "order:pedido-59",
    ]
    assert (named.tracking_code, named.carrier_code) == ("", "TXAU100000001tx")
    assert len(parse_with(lot, {})[0].identifiers) == 2, "an invoice is nobody's without its sender"


def test_the_volumes_of_an_order_are_delivered_together() -> None:
    done, on_its_way = (1, "", "2026-03-11T14:22:41"), (104, "", "2026-03-11T08:00:00")
    other = "TXAU100000004tx"

    def delivered(*parcels: dict[str, Any]) -> bool:
        return fold([e for each in read(*parcels) for e in each.events], now=LATER).snapshot.delivered

    assert delivered(parcel(done))
    assert delivered(parcel(done), parcel(done, awb=other))
    assert not delivered(parcel(done), parcel(on_its_way, awb=other))
    assert not delivered(parcel(done), parcel(awb=other)), "the other one is only announced"
    assert delivered(parcel(done), parcel(awb=other, order="P-2")), "another order"


def test_one_unreadable_parcel_does_not_spoil_its_lot() -> None:
    good = parcel((1, "", "2026-03-11T14:22:41"))
    parsed = read(good, parcel((1, "", "soon"), awb="TXAU100000004tx", order="P-2"))
    assert [each.outcome for each in parsed] == [Outcome.FOUND, Outcome.MALFORMED]
    assert parsed[1].identifiers


def test_times_and_the_estimate() -> None:
    local = read(parcel((1, "", "2026-03-11T14:22:41")))[0].events[0]
    assert (local.occurred_at, local.zone_assumed) == (datetime(2026, 3, 11, 17, 22, 41, tzinfo=UTC), True)
    day = fixture("day_only.json")[0].events[-1]
    assert (day.occurred_at, day.day_only) == (datetime(2026, 3, 11, 15, tzinfo=UTC), True)
    assert fixture("with_an_offset.json")[0].events[-1].zone_assumed is False
    assert fixture("delivered.json")[0].estimate == datetime(2026, 3, 14, 2, 59, 59, tzinfo=UTC)


def test_a_delivery_long_before_the_order_does_not_count() -> None:
    timeline = fold(
        fixture("delivered_within_a_minute.json")[0].events, now=LATER, made_at=datetime(2026, 6, 1, tzinfo=UTC)
    )
    assert not timeline.snapshot.delivered
    assert {doubt.kind for doubt in timeline.doubts} == {NoticeKind.IMPLAUSIBLE_EVENT}
    again = fold(fixture("number_used_again.json")[0].events, now=LATER, made_at=datetime(2026, 3, 9, tzinfo=UTC))
    assert again.snapshot.status is Status.ACCEPTED


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("TOTAL EXPRESS", True),
        ("Total-Express (rodoviário)", True),
        ("TotalExpress", True),
        ("TEX COURIER S.A.", True),
        ("Total", False),
        ("Total Log Express", False),
        ("Frenet", False),
    ],
)
def test_names(name: str, known: bool) -> None:
    assert is_total_express(name) is known
