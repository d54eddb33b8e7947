"""In: a tenant of ESL Cloud on loopback with every kind of answer; out: the session's and the parser's results."""

import csv
import json
from collections.abc import Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from paradeiro.connectors.esl_cloud import CONNECTOR, client, is_esl_cloud
from paradeiro.connectors.esl_cloud.client import tenant_of
from paradeiro.connectors.esl_cloud.codes import OCOREN, own_table
from paradeiro.connectors.esl_cloud.cursor import Cursor, after_page, cursor_of, of_day
from paradeiro.connectors.esl_cloud.parse import parse_with
from paradeiro.domain.following.timeline import fold
from paradeiro.domain.orders.identifiers import invoice, of_invoice_key
from paradeiro.domain.records import ParsedAnswer
from paradeiro.domain.words import NoticeKind, Outcome, Reason, Status
from paradeiro.sdk.contract import AccountRef, Answer
from tests.connectors.parties import Asked, Party, Reply, party

FOLDER = Path(__file__).parents[2] / "src" / "paradeiro" / "connectors" / "esl_cloud"
FEED, BY_KEY = "/api/customer/invoice_occurrences", "/api/invoice_occurrences"
A, B, LETTERS = (
    "35260399888777000100550010000010011000010015",
    "35260399888777000100550010000010021000010020",
    "35260312ABC34501DE35550010000010221000010222",
)
NOW = datetime(2026, 3, 20, 15, tzinfo=UTC)
HTML = b"<html><body>Service Unavailable</body></html>"


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "PAUSE_SECONDS", 0.0)


def occurrence(key: str, code: object, words: str = "", at: object = "2026-03-11T14:05:00-03:00", **more: Any) -> Any:
    said = {"code": code, "description": words}
    return {"occurrence": said, "occurrence_at": at, "invoice": {"key": key, "number": "1001"}, **more}


def page(*occurrences: Any, next_id: object = None) -> Reply:
    return Reply(body=json.dumps({"data": occurrences, "paging": {"next_id": next_id}}).encode())


@asynccontextmanager
async def session_at(host: Party, now: datetime = NOW, **settings: str) -> Any:
    given = {"base_url": host.url, "tenant": "acme", "token": "secret", "codes": "ocoren", **settings}
    session = CONNECTOR.open(AccountRef(1, 1, "esl_cloud", "ESL", given), lambda: now)
    try:
        yield session
    finally:
        await session.close()


async def fetch(host: Party, codes: Sequence[str]) -> list[Answer]:
    async with session_at(host) as session:
        found: list[Answer] = await session.fetch(codes)
        return found


def queries(host: Party) -> list[dict[str, str]]:
    return [asked.query for asked in host.asked]


async def test_a_sweep_is_read_page_by_page_and_the_next_one_begins_before_it() -> None:
    pages = {"": page(occurrence(A, 0), next_id=77), "77": page(occurrence(B, 0), next_id=None)}
    async with party(lambda asked: pages[asked.query.get("start", "")]) as host, session_at(host) as session:
        first = await session.read_feed("")
        second = await session.read_feed(first.cursor)
    assert [(p.outcome, p.more, p.bodies) for p in (first, second)] == [
        (Outcome.FOUND, True, (pages[""].body,)),
        (Outcome.FOUND, False, (pages["77"].body,)),
    ]
    since = "2026-03-15T12:00:00-03:00"
    assert queries(host) == [{"since": since}, {"since": since, "start": "77"}]
    assert {asked.path for asked in host.asked} == {FEED}
    asked = host.asked[0].headers
    assert (asked["authorization"], asked["tenant"]) == ("Bearer secret", "acme")
    assert cursor_of(second.cursor, NOW + timedelta(minutes=15)).asked_since == "2026-03-20T11:00:00-03:00"


async def test_a_page_that_was_not_stored_is_read_again() -> None:
    async with party(lambda _: page(occurrence(A, 0), next_id=77)) as host, session_at(host) as session:
        again = [await session.read_feed("") for _ in range(2)]
    assert again[0].bodies == again[1].bodies
    assert queries(host)[0] == queries(host)[1]


async def test_nothing_new_is_not_found_and_an_empty_page_in_between_is_read_over() -> None:
    async with party(lambda _: page()) as host, session_at(host) as session:
        nothing = await session.read_feed("")
    async with party(lambda _: page(next_id=5)) as host, session_at(host) as session:
        between = await session.read_feed("")
        stuck = await session.read_feed(between.cursor)
    assert (nothing.outcome, nothing.more, nothing.bodies) == (Outcome.NOT_FOUND, False, ())
    assert (between.outcome, between.more, between.bodies) == (Outcome.FOUND, True, ())
    assert (stuck.outcome, stuck.more) == (Outcome.NOT_FOUND, False), "a page that names itself as the next is the last"


FAILURES: dict[str, tuple[Reply | None, Outcome]] = {
    "401": (Reply(401), Outcome.AUTH_FAILED),
    "403": (Reply(403, b"{}"), Outcome.AUTH_FAILED),
    "404": (Reply(404, b'{"error":"Not Found"}'), Outcome.MALFORMED),
    "404 as a web page": (Reply(404, HTML), Outcome.RETRY),
    "422": (Reply(422, b'{"error":"since"}'), Outcome.MALFORMED),
    "429": (Reply(429), Outcome.RETRY),
    "429 with a time": (Reply(429, headers={"Retry-After": "30"}), Outcome.RETRY),
    "500": (Reply(500, HTML), Outcome.RETRY),
    "a web page": (Reply(body=HTML), Outcome.RETRY),
    "an empty object": (Reply(body=b"{}"), Outcome.MALFORMED),
    "no list": (Reply(body=b'{"data":{}}'), Outcome.MALFORMED),
    "half an answer": (Reply(body=b'{"data":[{"occ'), Outcome.MALFORMED),
    "a hang up": (None, Outcome.RETRY),
}


@pytest.mark.parametrize(("reply", "outcome"), FAILURES.values(), ids=FAILURES)
async def test_whatever_fails_is_an_outcome_and_the_cursor_stands(reply: Reply | None, outcome: Outcome) -> None:
    async with party(lambda _: reply) as host, session_at(host) as session:
        read = await session.read_feed("")
        answer = (await session.fetch([A]))[0]
    assert (read.outcome, read.cursor, read.more, answer.outcome) == (outcome, "", False, outcome)
    assert read.bodies == ((reply.body,) if reply and outcome is Outcome.MALFORMED else ())
    wait = {None: None, "30": 30.0}[(reply.headers if reply else {}).get("Retry-After")]
    wait = wait or (4.0 if reply and reply.status == 429 else None)
    assert (read.retry_after, answer.retry_after) == (wait, wait)


async def test_an_invoice_is_asked_about_by_its_key() -> None:
    async with party(lambda asked: page(occurrence(asked.query["invoice_key"], 1))) as host:
        answers = await fetch(host, [A, LETTERS])
    assert [(a.tracking_code, a.outcome) for a in answers] == [(A, Outcome.FOUND), (LETTERS, Outcome.FOUND)]
    assert answers[0].body == page(occurrence(A, 1)).body
    assert [(a.path, a.query) for a in host.asked] == [(BY_KEY, {"invoice_key": key}) for key in (A, LETTERS)]


async def test_all_pages_about_an_invoice_are_one_answer() -> None:
    pages = {"": page(occurrence(A, 0), next_id=7), "7": page(occurrence(A, 1))}
    async with party(lambda asked: pages[asked.query.get("start", "")]) as host:
        answer = (await fetch(host, [A]))[0]
    assert [event.code for event in parse_with(answer.body, {})[0].events] == ["00", "01"]
    async with party(lambda asked: page(occurrence(A, 0), next_id=int(asked.query.get("start", 0)) + 1)) as host:
        endless = (await fetch(host, [A]))[0]
    assert (endless.outcome, len(host.asked)) == (Outcome.RETRY, 5)


async def test_others_in_the_answer_are_cut_out() -> None:
    said = {"data": [occurrence(B, 1), occurrence(A, 6, "Endereço não localizado")]}
    for encoding in ("utf-8", "latin-1"):
        body = json.dumps(said, ensure_ascii=False).encode(encoding)
        async with party(lambda _, body=body: Reply(body=body)) as host:
            answer = (await fetch(host, [A]))[0]
        assert answer.outcome is Outcome.FOUND
        assert json.loads(answer.body) == {"data": said["data"][1:]}
    async with party(lambda _: page(occurrence(B, 1))) as host:
        assert (await fetch(host, [A]))[0].outcome is Outcome.MALFORMED
    async with party(lambda _: page()) as host:
        assert (await fetch(host, [A]))[0].outcome is Outcome.NOT_FOUND


async def test_a_token_for_the_customers_side_alone_is_used_there() -> None:
    def answer(asked: Asked) -> Reply:
        return page(occurrence(asked.query["invoice_key"], 1)) if asked.path == FEED else Reply(403, b"{}")

    async with party(answer) as host:
        answers = await fetch(host, [A, B])
    assert {a.outcome for a in answers} == {Outcome.FOUND}
    assert [a.path for a in host.asked] == [BY_KEY, FEED, FEED], "it is remembered"


async def test_only_keys_are_asked_about() -> None:
    async with party(lambda _: page()) as host:
        answers = await fetch(host, ["AA123456785BR", "99888777000100/1/1001"])
    assert {a.outcome for a in answers} == {Outcome.REFUSED}
    assert not host.asked


@pytest.mark.parametrize("settings", [{"token": "seçret"}, {"token": "a\nb"}, {"token": ""}, {"tenant": " é "}])
async def test_what_cannot_be_sent_pauses_the_account_unasked(settings: dict[str, str]) -> None:
    async with party(lambda _: page()) as host, session_at(host, **settings) as session:
        outcomes = ((await session.read_feed("")).outcome, (await session.fetch([A]))[0].outcome)
        assert "seçret" not in repr(session)
    assert outcomes == (Outcome.AUTH_FAILED, Outcome.AUTH_FAILED)
    assert not host.asked


async def test_a_token_is_taken_without_the_blanks_around_it() -> None:
    async with party(lambda _: page()) as host, session_at(host, token=" secret\n") as session:
        assert (await session.read_feed("")).outcome is Outcome.NOT_FOUND
    assert host.asked[0].headers["authorization"] == "Bearer secret"


@pytest.mark.parametrize("written", ["acme", " ACME ", "https://acme.eslcloud.com.br/", "acme.eslcloud.com.br"])
def test_a_tenant_may_be_given_as_its_address(written: str) -> None:
    assert tenant_of(written) == "acme"


def test_the_first_sweep_of_a_day_goes_back_for_days() -> None:
    ended = after_page(Cursor(NOW - timedelta(days=1), NOW), "")
    soon, next_day = NOW + timedelta(minutes=15), NOW + timedelta(hours=12, minutes=1)
    assert ended == Cursor(NOW - timedelta(hours=1), NOW)
    assert cursor_of(ended.text, soon) == Cursor(NOW - timedelta(hours=1), soon)
    assert cursor_of(ended.text, next_day) == Cursor(next_day - timedelta(days=3), next_day)
    inside = Cursor(NOW - timedelta(hours=1), NOW, "77")
    assert cursor_of(inside.text, next_day) == inside, "a sweep that began is read to its end"
    late = cursor_of(after_page(Cursor(NOW - timedelta(days=9), NOW - timedelta(days=8)), "").text, NOW)
    assert late.since == NOW - timedelta(days=8, hours=1), "nothing of the days without reading is left out"


def test_a_day_can_be_read_again() -> None:
    day = date(2026, 2, 3)
    read = cursor_of(of_day(day).text, NOW)
    assert (read.asked_since, read.start) == ("2026-02-03T00:00:00-03:00", "")


@pytest.mark.parametrize("stored", ["", "x", "a|b|c", "2026-03-01|2026-03-01|", "2026-03-01T00:00:00|x|1|2"])
def test_a_cursor_that_is_none_is_a_beginning(stored: str) -> None:
    assert cursor_of(stored, NOW) == Cursor(NOW - timedelta(days=5), NOW)


def parsed(*occurrences: Any, codes: str = "ocoren") -> ParsedAnswer:
    return parse_with(json.dumps({"data": occurrences}).encode(), {"codes": codes})[0]


def test_the_table_is_the_published_one() -> None:
    rows = list(csv.DictReader((FOLDER / "codes.csv").read_text(encoding="utf-8").splitlines()))
    assert [row["code"] for row in rows] == [f"{number:02d}" for number in range(100)] == list(OCOREN)
    # A reason newer than the published proposal, and two codes that carriers do not agree on.
    finer, undecided = {"77": Reason.RECIPIENT_MOVED}, {"02", "31"}
    for row in rows:
        status = None if row["status"] == "unknown" else Status(row["status"])
        status = Status.UNKNOWN if row["code"] in undecided else status
        reason = finer.get(row["code"]) or (Reason(row["reason"]) if row["reason"] else None)
        words = row["words"].replace('"', "'")
        assert tuple(OCOREN[row["code"]]) == (words, status, reason), row["code"]
    assert {code for code, meaning in OCOREN.items() if meaning.status is Status.DELIVERED} == {"01", "24"}


@pytest.mark.parametrize("code", OCOREN)
def test_every_code_of_the_list_is_read_with_its_own_words_and_without_any(code: str) -> None:
    words, status, reason = OCOREN[code]
    for said in (words.upper(), ""):
        answer = parsed(occurrence(A, int(code), said))
        assert (answer.events[0].code, answer.events[0].status, answer.events[0].reason) == (code, status, reason)
        assert answer.unknown_codes == ((code,) if status is Status.UNKNOWN else ())


@pytest.mark.parametrize(
    ("codes", "code", "words", "status"),
    [
        ("", 1, "Entrega Realizada Normalmente", Status.UNKNOWN),
        ("none", 1, "Entrega Realizada Normalmente", Status.UNKNOWN),
        ("OCOREN", "1", "", Status.DELIVERED),
        ("ocoren", 132, "Entrega Realizada Normalmente", Status.UNKNOWN),
        ("ocoren", 2, "Entrega Fora da Data Programada", Status.UNKNOWN),
        ("ocoren, 2=1", 2, "Entrega Fora da Data Programada", Status.DELIVERED),
        ("901=01", 901, "Finalizada", Status.DELIVERED),
        ("901=01", 1, "Entrega Realizada Normalmente", Status.UNKNOWN),
        ("ocoren 1=98", 1, "Chegada na base", Status.IN_TRANSIT),
        ("ocoren", 1, "Entrega/Coleta Realizada Normalmente", Status.DELIVERED),
        ("ocoren", 1, "COLETA REALIZADA", Status.UNKNOWN),
        ("ocoren", 1, "Mercadoria Devolvida ao Cliente de Origem", Status.UNKNOWN),
        ("ocoren", 98, "Entrega realizada normalmente", Status.UNKNOWN),
        ("ocoren", None, "Entrega Realizada Normalmente", None),
        ("ocoren", True, "Entrega Realizada Normalmente", Status.UNKNOWN),
    ],
)
def test_a_code_is_read_by_the_accounts_table_only(codes: str, code: object, words: str, status: Status | None) -> None:
    assert parsed(occurrence(A, code, words), codes=codes).events[0].status is status


def test_what_is_no_pair_of_the_table_is_left_out() -> None:
    assert own_table("901=01;x=77, 5 9=100 =1 7=x") == {"901": OCOREN["01"], "X": OCOREN["77"]}


def test_a_page_is_one_answer_for_each_invoice() -> None:
    body = json.dumps({"data": [occurrence(A, 0), occurrence(LETTERS, 1), occurrence(A, 1)]}).encode()
    answers = parse_with(body, {"codes": "ocoren"})
    assert [[event.code for event in answer.events] for answer in answers] == [["00", "01"], ["01"]]
    assert answers[0].identifiers == of_invoice_key(A)
    assert invoice("12ABC34501DE35", "1", "1022") in answers[1].identifiers
    assert not any(answer.tracking_code for answer in answers)


@pytest.mark.parametrize("spoilt", [occurrence(A, 1, at="ontem"), None, 7, occurrence(A, 1, at=None)])
def test_one_spoilt_occurrence_costs_no_other(spoilt: Any) -> None:
    body = json.dumps({"data": [occurrence(A, 0), spoilt, occurrence(B, 0)]}).encode()
    answers = parse_with(body, {"codes": "ocoren"})
    assert [answer.outcome for answer in answers] == [Outcome.FOUND, Outcome.FOUND, Outcome.MALFORMED]


def at_of(answers: Iterable[Any]) -> list[str]:
    return [event.occurred_at.isoformat() for event in answers]


def test_times() -> None:
    events = parsed(
        occurrence(A, 0, at="2026-03-09T10:00:00"),
        occurrence(A, 98, at="2026-03-10T22:00:00.123Z"),
    ).events
    assert at_of(events) == ["2026-03-09T10:00:00-03:00", "2026-03-10T22:00:00+00:00"]
    assert [event.zone_assumed for event in events] == [True, False]


def test_the_estimate_is_the_newest_one() -> None:
    told = parsed(
        occurrence(A, 53, at="2026-03-10T10:00:00-03:00", freight={"delivery_prediction_at": "2026-03-14"}),
        occurrence(A, 0, at="2026-03-09T10:00:00-03:00", freight={"delivery_prediction_at": "2026-03-12"}),
    )
    assert str(told.estimate) == "2026-03-14 23:59:59-03:00"


def test_a_delivery_half_a_minute_after_the_order_is_dated_before_it() -> None:
    events = parsed(occurrence(A, 1)).events
    assert fold(events, now=NOW).snapshot.delivered
    told = fold(events, now=NOW, made_at=NOW - timedelta(seconds=31))
    assert not told.snapshot.delivered
    assert [doubt.kind for doubt in told.doubts] == [NoticeKind.IMPLAUSIBLE_EVENT]


def test_a_delivery_typed_before_the_transport_began_is_not_believed() -> None:
    events = parsed(occurrence(A, 0, at="2026-03-12T10:00:00-03:00"), occurrence(A, 1)).events
    assert not fold(events, now=NOW).snapshot.delivered


def test_no_name_of_a_person_gets_through() -> None:
    personal = {"receiver": "PESSOA EXEMPLO", "document_number": "000", "comments": "com PESSOA EXEMPLO"}
    assert "PESSOA" not in repr(parsed(occurrence(A, 1, **personal)))
    assert not CONNECTOR.fields["data[].receiver"].shown


def recognised(names: Sequence[str], recognises: Callable[[str], bool]) -> list[str]:
    return [name for name in names if recognises(name)]


def test_only_the_platforms_own_name_is_recognised() -> None:
    own = ["ESL Cloud", "eslcloud", "acme.eslcloud.com.br", "ESL-CLOUD"]
    assert recognised([*own, "ESL", "Wesl Cloud", "SSW", "Diesel Cloudy", "Rodogarcia", ""], is_esl_cloud) == own
