"""In: a J&T Express on loopback with every kind of answer; out: what the session, the push and the parser give."""

import csv
import json
from base64 import b64encode
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import md5
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote_plus

import pytest

from paradeiro.connectors.jt_express import CONNECTOR, is_jt_express
from paradeiro.connectors.jt_express.codes import CODES, meaning_of, plain
from paradeiro.connectors.jt_express.envelope import content_of
from paradeiro.connectors.jt_express.parse import parse
from paradeiro.connectors.jt_express.push import read_push
from paradeiro.domain.following.timeline import fold
from paradeiro.domain.words import NoticeKind, Outcome, Status
from paradeiro.sdk.answer_shape import answer_shape
from paradeiro.sdk.contract import HOOK_SECRET, AccountRef, Answer, Push
from tests.connectors.parties import Party, Reply, party

FOLDER = Path(__file__).parents[2] / "src" / "paradeiro" / "connectors" / "jt_express"
A, KEY = "888000000000011", "k3y+of/the=console"
NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
LATER = datetime(2027, 1, 1, tzinfo=UTC)
SIGNED = "Assinatura de encomenda"


def parcel(*scans: tuple[str, str], bill: str = A) -> dict[str, Any]:
    return {"billCode": bill, "details": [{"scanTypeName": words, "scanTime": at} for words, at in scans]}


def body(*parcels: dict[str, Any], code: object = "1") -> bytes:
    return json.dumps({"code": code, "msg": "success", "data": parcels}).encode()


DELIVERED = body(parcel((SIGNED, "2026-03-11 14:55:03")))


def digest(content: bytes, key: str = KEY) -> str:
    return b64encode(md5(content + key.encode(), usedforsecurity=False).digest()).decode()


async def fetch(host: Party, codes: Sequence[str], **settings: str) -> list[Answer]:
    given = {"base_url": host.url, "api_account": "640", "private_key": KEY, **settings}
    account = AccountRef(1, 1, "jt_express", "J&T", given)
    session = CONNECTOR.open(account, lambda: NOW)
    assert KEY not in f"{session!r}{account!r}"
    try:
        found: list[Answer] = await session.fetch(codes)
        return found
    finally:
        await session.close()


async def test_each_question_is_a_signed_form() -> None:
    async with party(lambda _: Reply(body=DELIVERED)) as host:
        answers = await fetch(host, [A, "888 & +é"], private_key=f" {KEY} ")
    assert [(a.tracking_code, a.outcome) for a in answers] == [(A, Outcome.FOUND), ("888 & +é", Outcome.MALFORMED)]
    assert answers[0].body == DELIVERED
    for asked, code in zip(host.asked, [A, "888 & +é"], strict=True):
        content = parse_qs(asked.body.decode(), strict_parsing=True)["bizContent"][0]
        assert json.loads(content) == {"billCodes": code}
        assert (asked.method, asked.path) == ("POST", "/webopenplatformapi/api/logistics/trace")
        assert asked.headers["content-type"] == "application/x-www-form-urlencoded"
        assert (asked.headers["apiaccount"], asked.headers["timestamp"]) == ("640", "1773144000000")
        assert asked.headers["digest"] == digest(content.encode())


@pytest.mark.parametrize("missing", [{"private_key": ""}, {"api_account": " "}, {"api_account": "a\nb"}])
async def test_a_missing_field_is_a_matter_of_credentials(missing: dict[str, str]) -> None:
    async with party(lambda _: Reply(body=DELIVERED)) as host:
        answer = (await fetch(host, [A], **missing))[0]
    assert (answer.outcome, host.asked) == (Outcome.AUTH_FAILED, [])


def error(code: object) -> Reply:
    return Reply(body=json.dumps({"code": code, "msg": "no"}).encode())


HTML = {"Content-Type": "text/html"}
ANSWERS: dict[str, tuple[Reply, Outcome]] = {
    "success as a number": (Reply(body=body(parcel((SIGNED, "2026-03-11 14:55:03")), code=1)), Outcome.FOUND),
    "no parcel": (Reply(body=body()), Outcome.NOT_FOUND),
    "no scan": (Reply(body=body(parcel())), Outcome.NOT_FOUND),
    "no data": (Reply(body=b'{"code":"1","data":null}'), Outcome.NOT_FOUND),
    "success without data": (Reply(body=b'{"code":"1"}'), Outcome.MALFORMED),
    "not known": (error("999001030"), Outcome.NOT_FOUND),
    "digest refused": (error("145003030"), Outcome.AUTH_FAILED),
    "no permission": (error(145003012), Outcome.AUTH_FAILED),
    "their system": (error("145005000"), Outcome.RETRY),
    "no such number": (error("145003050"), Outcome.REFUSED),
    "failed without a reason": (error("0"), Outcome.MALFORMED),
    "success that is a flag": (error(True), Outcome.MALFORMED),
    "nothing": (Reply(body=b"{}"), Outcome.MALFORMED),
    "another number": (Reply(body=body(parcel((SIGNED, "2026-03-11 14:55:03"), bill="888"))), Outcome.MALFORMED),
    "a page": (Reply(body=b"<html>", headers=HTML), Outcome.RETRY),
    "404 as a page": (Reply(404, b"<html>", HTML), Outcome.RETRY),
    "404": (Reply(404, b"{}"), Outcome.MALFORMED),
    "403": (Reply(403), Outcome.AUTH_FAILED),
    "too many": (Reply(429, headers={"Retry-After": "9"}), Outcome.RETRY),
    "down": (Reply(502), Outcome.RETRY),
}


@pytest.mark.parametrize(("reply", "outcome"), ANSWERS.values(), ids=ANSWERS)
async def test_whatever_they_say_is_an_outcome(reply: Reply, outcome: Outcome) -> None:
    async with party(lambda _: reply) as host:
        answer = (await fetch(host, [A]))[0]
    assert answer.outcome is outcome
    assert answer.retry_after == (9.0 if reply.status == 429 else None)


def test_every_published_word_is_accounted_for() -> None:
    with (FOLDER / "codes.csv").open(encoding="utf-8", newline="") as file:
        published = {r["code"]: (r["words"], r["status"], r["reason"] or None) for r in csv.DictReader(file)}
    assert len(published) == 15
    assert {code: (m.words, m.status, m.reason) for code, m in CODES.items()} == published
    assert all(plain(m.words) == code for code, m in CODES.items())
    assert [code for code, m in CODES.items() if m.status is Status.DELIVERED] == ["assinatura de encomenda"]


@pytest.mark.parametrize(
    ("written", "status"),
    [
        ((SIGNED, ""), Status.DELIVERED),
        (("", "ASSINATURA DE ENCOMENDA."), Status.DELIVERED),
        (("assinatura.de.encomenda", "100"), Status.DELIVERED),
        ((SIGNED, "assinatura de  encomenda"), Status.DELIVERED),
        ((SIGNED, "Bipe de recebimento"), Status.UNKNOWN),
        ((SIGNED, "Bipe de devolução"), Status.UNKNOWN),
        (("Chegadas ao centro", "Digitalização de descarga"), Status.IN_TRANSIT),
        (("Assinatura de encomenda pelo remetente", ""), Status.UNKNOWN),
        (("退回件/Assinatura de encomenda", ""), Status.UNKNOWN),
        (("Bipe de recebimento", ""), Status.IN_TRANSIT),
        (("Entregue", ""), Status.UNKNOWN),
        (("100", ""), Status.UNKNOWN),
        (("", ""), Status.UNKNOWN),
    ],
)
def test_only_exact_words_count(written: tuple[str, str], status: Status) -> None:
    code, meaning = meaning_of(*written)
    assert meaning.status is status
    assert code


def test_a_number_alone_is_named_in_the_notice() -> None:
    scan = {"scanType": 100, "scanTime": "2026-03-11 14:55:03"}
    parsed = parse(body({"billCode": A, "details": [scan]}))[0]
    assert parsed.unknown_codes == ("100",)


def test_nothing_of_the_free_texts_is_read() -> None:
    parsed = parse((FOLDER / "fixtures" / "delivered.json").read_bytes())[0]
    assert "Fulana" not in repr(parsed)
    assert "Beltrano" not in repr(parsed)


def test_a_time_is_local() -> None:
    event = parse(DELIVERED)[0].events[0]
    assert (event.occurred_at, event.zone_assumed) == (datetime(2026, 3, 11, 17, 55, 3, tzinfo=UTC), True)
    day = parse(body(parcel((SIGNED, "2026-03-11"))))[0].events[0]
    assert (day.occurred_at, day.day_only) == (datetime(2026, 3, 11, 15, tzinfo=UTC), True)
    for odd in ("", "11/03/2026 14:55", "0000-00-00 00:00:00", "9999-12-31 00:00:00"):
        assert parse(body(parcel((SIGNED, odd))))[0].outcome is Outcome.MALFORMED


def test_one_unreadable_parcel_does_not_spoil_the_others() -> None:
    parsed = parse(body(parcel((SIGNED, "soon")), parcel((SIGNED, "2026-03-11 14:55:03"), bill="888000000000022")))
    assert [each.outcome for each in parsed] == [Outcome.MALFORMED, Outcome.FOUND]


def test_scans_of_one_second_are_both_kept_and_repetitions_are_not() -> None:
    events = parse((FOLDER / "fixtures" / "two_scans_of_one_second.json").read_bytes())[0].events
    instants = [e.occurred_at for e in events]
    assert (len(events), len(set(instants))) == (7, 6)


def test_a_delivery_long_before_the_order_does_not_count() -> None:
    for name, made_at, status in (
        ("delivered_within_a_minute", datetime(2026, 6, 1, tzinfo=UTC), Status.UNKNOWN),
        ("number_used_again", datetime(2026, 3, 9, tzinfo=UTC), Status.IN_TRANSIT),
    ):
        events = parse((FOLDER / "fixtures" / f"{name}.json").read_bytes())[0].events
        timeline = fold(events, now=LATER, made_at=made_at)
        assert timeline.snapshot.status is status
        assert {doubt.kind for doubt in timeline.doubts} == {NoticeKind.IMPLAUSIBLE_EVENT}


def test_the_declared_fields_are_those_of_the_answers() -> None:
    shape = answer_shape((FOLDER / "fixtures" / "cities.json").read_bytes()) or {}
    assert shape
    assert set(shape) <= set(CONNECTOR.fields)


def push(content: bytes, key: str = KEY, **headers: str) -> Push:
    form = b"other=1&bizContent=" + quote_plus(content).encode()
    return Push({"digest": digest(content, key), **headers}, form)


FACTS = json.dumps(parcel((SIGNED, "2026-03-11 14:55:03")), ensure_ascii=False).encode()


def test_a_push_states_facts_only_if_its_digest_fits_the_key() -> None:
    settings = {"private_key": KEY, HOOK_SECRET: "ours"}
    assert read_push(push(FACTS), settings).states_facts
    assert read_push(push(FACTS, "ours"), settings).states_facts
    refused = [push(FACTS, "another"), push(FACTS, ""), push(FACTS, digest=""), push(FACTS, digest="é\udcff")]
    changed = Push({"digest": digest(FACTS)}, push(FACTS.replace(b"14:55", b"15:55")).body)
    for each in (*refused, changed):
        found = read_push(each, settings)
        assert (found.outcome, found.states_facts) == (Outcome.AUTH_FAILED, False)
    for no_key in ({}, {"private_key": ""}, {"private_key": "", HOOK_SECRET: ""}):
        assert read_push(push(FACTS, ""), no_key).outcome is Outcome.AUTH_FAILED


@pytest.mark.parametrize(
    ("content", "outcome"),
    [
        (b"{}", Outcome.NOT_FOUND),
        (b"", Outcome.NOT_FOUND),
        (json.dumps(parcel()).encode(), Outcome.NOT_FOUND),
        (b"not JSON", Outcome.MALFORMED),
        (b'{"code":"145003030"}', Outcome.MALFORMED),
        (json.dumps({"details": [{"scanTime": "2026-03-11 14:55:03"}]}).encode(), Outcome.MALFORMED),
    ],
)
def test_a_push_that_states_nothing(content: bytes, outcome: Outcome) -> None:
    assert read_push(push(content), {"private_key": KEY}).outcome is outcome


def test_the_content_is_taken_byte_for_byte() -> None:
    content = 'ção + & = % "\n'.encode("latin-1")
    assert content_of(b"a=b&bizContent=" + quote_plus(content).encode() + b"&c=d") == content
    assert content_of(FACTS) == FACTS
    assert json.loads(CONNECTOR.push_reply) == {"code": "1", "msg": "success"}


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("J&T Express", True),
        ("J & T EXPRESS BRAZIL LTDA", True),
        ("JT EXPRESS - STANDARD", True),
        ("Transp. J&T Express", True),
        ("JTExpress", True),
        ("J&T", True),
        ("jt", True),
        ("JT Transportes", False),
        ("Adjt Express", False),
        ("Jet Express", False),
        ("Frenet", False),
    ],
)
def test_names(name: str, known: bool) -> None:
    assert is_jt_express(name) is known
