"""In: a tenant of Brudam on loopback with every kind of answer; out: the session's and the parser's results."""

import base64
import csv
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from paradeiro.connectors.brudam import CONNECTOR, is_brudam
from paradeiro.connectors.brudam.codes import CODES, own_table, without_zeros
from paradeiro.connectors.brudam.parse import parse_with
from paradeiro.domain.following.timeline import fold
from paradeiro.domain.orders.identifiers import invoice, of_invoice_key
from paradeiro.domain.records import ParsedAnswer
from paradeiro.domain.words import NoticeKind, Outcome, Status
from paradeiro.sdk.contract import AccountRef, Answer
from paradeiro.sdk.tokens import NoTokens, TokenRequest, Tokens
from tests.connectors.parties import Asked, Party, Reply, party

FOLDER = Path(__file__).parents[2] / "src" / "paradeiro" / "connectors" / "brudam"
LOGIN, BY_KEY, BY_INVOICE = (
    "/api/v1/acesso/auth/login",
    "/api/v1/tracking/ocorrencias/nfe",
    "/api/v1/tracking/ocorrencias/cnpj/nf",
)
A, B, C = (
    "35260399888777000100550010000010011000010015",
    "35260399888777000100550010000010021000010020",
    "35260312ABC34501DE35550010000010191000010197",
)
INVOICE = "99888777000100/1/1001"
NOW = datetime(2026, 3, 20, tzinfo=UTC)
GIVEN = Reply(body=b'{"status":1,"data":{"access_key":"key-1"}}')
HTML = b"<html><body>502</body></html>"
Answering = Callable[[Asked], Reply | None]


def event(status: object, words: str = "", at: str = "2026-03-11 14:05:00", **more: Any) -> dict[str, Any]:
    return {"status": status, "descricao": words, "data": at, **more}


def document(key: str, *events: dict[str, Any]) -> dict[str, Any]:
    return {"documento": key, "dados": list(events or (event("1"),))}


def listed(*documents: dict[str, Any]) -> Reply:
    return Reply(body=json.dumps({"status": 1, "data": documents}).encode())


def tenant(answer: Answering, login: Answering = lambda _: GIVEN) -> Answering:
    return lambda asked: login(asked) if asked.path == LOGIN else answer(asked)


async def fetch(host: Party, codes: Sequence[str], keep: Any = None, **settings: str) -> list[Answer]:
    given = {"base_url": host.url, "user": "loja", "password": "secret", **settings}
    session = CONNECTOR.open(AccountRef(1, 1, "brudam", "Brudam", given, keep=keep), lambda: NOW)
    try:
        found: list[Answer] = await session.fetch(codes)
        return found
    finally:
        await session.close()


def paths(host: Party) -> list[str]:
    return [asked.path for asked in host.asked]


async def test_one_login_one_question_and_each_invoice_in_its_own_bytes() -> None:
    documents = (document(B), document(A, event("103")))
    async with party(tenant(lambda _: listed(*documents))) as host:
        answers = await fetch(host, [A, B, C, A])
    assert [(a.tracking_code, a.outcome) for a in answers] == [
        (A, Outcome.FOUND),
        (B, Outcome.FOUND),
        (C, Outcome.NOT_FOUND),
        (A, Outcome.FOUND),
    ]
    assert json.loads(answers[1].body) == documents[0]
    assert paths(host) == [LOGIN, BY_KEY]
    assert json.loads(host.asked[0].body) == {"usuario": "loja", "senha": "secret"}
    assert host.asked[1].query == {"chave": f"{A},{B},{C}", "comprovante": "0"}
    assert host.asked[1].headers["authorization"] == "Bearer key-1"


async def test_a_tenant_that_takes_forms_is_logged_in_to_by_form() -> None:
    def login(asked: Asked) -> Reply:
        is_form = asked.headers["content-type"].endswith("x-www-form-urlencoded")
        return Reply(body=b'{"token":"key-2"}') if is_form else Reply(body=b'{"status":0,"message":"usuario?"}')

    async with party(tenant(lambda _: listed(document(A)), login)) as host:
        answers = await fetch(host, [A])
    assert answers[0].outcome is Outcome.FOUND
    assert parse_qs(host.asked[1].body.decode()) == {"usuario": ["loja"], "senha": ["secret"]}
    assert host.asked[2].headers["authorization"] == "Bearer key-2"


LOGINS: dict[str, tuple[Reply | None, Outcome]] = {
    "refused": (Reply(body=b'{"status":0,"message":"Usuario ou senha invalidos"}'), Outcome.AUTH_FAILED),
    "refused although there is a key": (Reply(body=b'{"status":0,"data":{"access_key":"x"}}'), Outcome.AUTH_FAILED),
    "401": (Reply(401, b"{}"), Outcome.AUTH_FAILED),
    "400": (Reply(400, b'{"status":false}'), Outcome.AUTH_FAILED),
    "a key that cannot be sent": (Reply(body=b'{"status":1,"data":{"access_key":"a b"}}'), Outcome.AUTH_FAILED),
    "no key, no refusal": (Reply(body=b"{}"), Outcome.MALFORMED),
    "web page": (Reply(body=HTML), Outcome.RETRY),
    "500": (Reply(500, b"{}"), Outcome.RETRY),
    "429": (Reply(429), Outcome.RETRY),
    "hang up": (None, Outcome.RETRY),
}


@pytest.mark.parametrize(("reply", "outcome"), LOGINS.values(), ids=LOGINS)
async def test_a_login_that_fails_is_an_outcome_for_all(reply: Reply | None, outcome: Outcome) -> None:
    async with party(tenant(lambda _: listed(), lambda _: reply)) as host:
        answers = await fetch(host, [A, INVOICE])
    assert {a.outcome for a in answers} == {outcome}
    assert set(paths(host)) == {LOGIN}
    assert "secret" not in repr(answers)


async def test_a_wrong_password_is_not_tried_for_each_invoice() -> None:
    invoices = [f"99888777000100/1/{number}" for number in range(20)]
    async with party(tenant(lambda _: listed(), lambda _: Reply(401, b"{}"))) as host:
        answers = await fetch(host, invoices)
    assert {a.outcome for a in answers} == {Outcome.AUTH_FAILED}
    assert paths(host) == [LOGIN, LOGIN], "as JSON and as a form"
    async with party(tenant(lambda _: Reply(404, b'{"status":0}'))) as host:
        await fetch(host, invoices)
    assert paths(host).count(LOGIN) == 1


async def test_without_a_user_nobody_is_asked() -> None:
    async with party(tenant(lambda _: listed())) as host:
        assert (await fetch(host, [A], user=""))[0].outcome is Outcome.AUTH_FAILED
        assert not host.asked


async def test_an_old_key_is_renewed_once() -> None:
    keys = iter(("key-1", "key-2", "key-3"))

    def login(_: Asked) -> Reply:
        return Reply(body=json.dumps({"status": 1, "data": {"access_key": next(keys)}}).encode())

    def answer(asked: Asked) -> Reply:
        old = asked.headers["authorization"] == "Bearer key-1"
        return Reply(401, b"{}") if old else listed(document(A))

    async with party(tenant(answer, login)) as host:
        assert (await fetch(host, [A]))[0].outcome is Outcome.FOUND
    assert paths(host) == [LOGIN, BY_KEY, LOGIN, BY_KEY]

    async with party(tenant(lambda _: Reply(401, b"{}"))) as host:
        assert (await fetch(host, [A]))[0].outcome is Outcome.AUTH_FAILED
    assert paths(host) == [LOGIN, BY_KEY, LOGIN, BY_KEY], "and no third time"


async def test_a_key_that_expired_is_said_with_200_at_some() -> None:
    told = iter((Reply(body=b'{"status":0,"message":"Token invalido"}'), listed(document(A))))
    async with party(tenant(lambda _: next(told))) as host:
        assert (await fetch(host, [A]))[0].outcome is Outcome.FOUND


async def test_the_house_keeps_the_key_for_all_workers() -> None:
    kept: list[str] = []

    async def keep(stale: str, ask: TokenRequest) -> Tokens | NoTokens:
        kept.append(stale)
        return Tokens("kept", "", NOW + timedelta(minutes=30)) if not stale else await ask("")

    def answer(asked: Asked) -> Reply:
        return listed(document(A)) if asked.headers["authorization"] == "Bearer key-1" else Reply(401, b"{}")

    async with party(tenant(answer)) as host:
        assert (await fetch(host, [A], keep))[0].outcome is Outcome.FOUND
    assert kept == ["", "kept"]
    assert paths(host) == [BY_KEY, LOGIN, BY_KEY]


REPLIES: dict[str, tuple[Reply, Outcome]] = {
    "none of them": (Reply(404, b'{"status":0,"message":"Nenhum registro"}'), Outcome.NOT_FOUND),
    "404 as a web page": (Reply(404, HTML), Outcome.RETRY),
    "404 without words": (Reply(404), Outcome.RETRY),
    "an empty list": (listed(), Outcome.NOT_FOUND),
    "known, no events": (Reply(body=json.dumps({"data": [{"documento": A, "dados": []}]}).encode()), Outcome.NOT_FOUND),
    "an empty object": (Reply(body=b"{}"), Outcome.MALFORMED),
    "status 0": (Reply(body=b'{"status":0,"message":"Erro interno"}'), Outcome.MALFORMED),
    "a web page": (Reply(body=HTML), Outcome.RETRY),
    "other invoices": (listed(document(B)), Outcome.MALFORMED),
    "403": (Reply(403, b"{}"), Outcome.AUTH_FAILED),
    "422": (Reply(422, b'{"message":"chave"}'), Outcome.MALFORMED),
    "429": (Reply(429, headers={"Retry-After": "9"}), Outcome.RETRY),
    "503": (Reply(503, HTML), Outcome.RETRY),
    "a document that cannot be read": (listed({"documento": A, "dados": [event("1", at="soon")]}), Outcome.FOUND),
}


@pytest.mark.parametrize(("reply", "outcome"), REPLIES.values(), ids=REPLIES)
async def test_whatever_they_answer_is_an_outcome(reply: Reply, outcome: Outcome) -> None:
    async with party(tenant(lambda _: reply)) as host:
        answer = (await fetch(host, [A]))[0]
    assert answer.outcome is outcome
    assert answer.retry_after == (9.0 if reply.status == 429 else None)


async def test_a_wrapped_answer_is_cut_as_well() -> None:
    inner = json.dumps([document(A), document(B, event("103"))]).encode()
    wrapped = json.dumps({"status": 1, "dados": base64.b64encode(inner).decode()}).encode()
    async with party(tenant(lambda _: Reply(body=wrapped))) as host:
        answers = await fetch(host, [A, B])
    statuses = [parse_with(a.body, {})[0].events[0].status for a in answers]
    assert statuses == [Status.DELIVERED, Status.IN_TRANSIT]


async def test_an_invoice_is_asked_about_by_its_number() -> None:
    others = (document("", event("1", nf_numero="1002")), document("", event("103", nf_numero="001001")))
    async with party(tenant(lambda _: listed(*others))) as host:
        answer = (await fetch(host, [INVOICE]))[0]
    assert (answer.outcome, json.loads(answer.body)) == (Outcome.FOUND, others[1])
    assert (host.asked[1].path, host.asked[1].query) == (BY_INVOICE, {"documento": "99888777000100", "numero": "1001"})


async def test_an_invoice_of_another_series_is_not_this_one() -> None:
    async with party(tenant(lambda _: listed(document(A), document(B)))) as host:
        first, second = await fetch(host, [INVOICE, "99888777000100/2/1001"])
    assert (first.outcome, second.outcome) == (Outcome.FOUND, Outcome.NOT_FOUND)
    async with party(tenant(lambda _: listed(document("", event("1")), document("", event("103"))))) as host:
        unclear = (await fetch(host, [INVOICE]))[0]
    assert unclear.outcome is Outcome.REFUSED
    assert "key" in unclear.message


async def test_a_tracking_code_is_refused_without_a_question() -> None:
    async with party(tenant(lambda _: listed())) as host:
        assert (await fetch(host, ["AA123456785BR", "order:7"]))[0].outcome is Outcome.REFUSED
        assert not host.asked


def parsed(*events: dict[str, Any], codes: str = "", key: str = A) -> ParsedAnswer:
    return parse_with(json.dumps(document(key, *events)).encode(), {"codes": codes})[0]


def test_the_table_is_the_published_one() -> None:
    rows = list(csv.DictReader((FOLDER / "codes.csv").read_text(encoding="utf-8").splitlines()))
    assert len(rows) == 13
    published = {
        without_zeros(row["code"]): None if row["status"] == "unknown" else Status(row["status"]) for row in rows
    }
    assert published == CODES
    assert {code for code, status in CODES.items() if status is Status.DELIVERED} == {"1"}


@pytest.mark.parametrize(
    ("status", "words", "code", "meaning"),
    [
        ("1", "ENTREGA REALIZADA NORMALMENTE", "1", Status.DELIVERED),
        (1, "", "1", Status.DELIVERED),
        ("01", "QUALQUER COISA", "1", Status.DELIVERED),
        ("1", "COLETA REALIZADA", "1", Status.UNKNOWN),
        ("1", "COMPROVANTE DE ENTREGA", "1", Status.UNKNOWN),
        ("02", "ENTREGA REALIZADA", "2", Status.UNKNOWN),
        ("105", "ENTREGA REALIZADA", "105", Status.UNKNOWN),
        ("105", "COMPROVANTE DE ENTREGA", "105", None),
        ("103", "Saída efetiva", "103", Status.IN_TRANSIT),
        (None, "ENTREGA REALIZADA", "none", None),
        ("", "ENTREGA REALIZADA", "none", None),
        (True, "ENTREGA REALIZADA", "?", Status.UNKNOWN),
        ("A1", "ENTREGA REALIZADA", "A1", Status.UNKNOWN),
    ],
)
def test_only_a_code_of_the_table_is_read(status: object, words: str, code: str, meaning: Status | None) -> None:
    answer = parsed(event(status, words))
    assert (answer.events[0].code, answer.events[0].status) == (code, meaning)
    assert answer.unknown_codes == ((code,) if meaning is Status.UNKNOWN else ())


def test_a_tenants_own_codes_are_what_the_account_says() -> None:
    late = event("02", "ENTREGA FORA DA DATA")
    assert parsed(late).events[0].status is Status.UNKNOWN
    assert parsed(late, codes="2=1").events[0].status is Status.DELIVERED
    assert parsed(late, codes="7=199, 02=01").events[0].status is Status.DELIVERED
    assert parsed(event("1"), codes="1=103").events[0].status is Status.IN_TRANSIT
    assert own_table("2=1;x=1 5, 9=77 =1") == {"2": "1", "X": "1"}


def test_an_answer_is_named_by_its_key_and_what_is_in_it() -> None:
    assert parsed().identifiers == of_invoice_key(A)
    assert invoice("12ABC34501DE35", "1", "1019") in parsed(key=C).identifiers
    assert parsed(key="15127").identifiers == ()


def test_an_earlier_package_under_the_number_is_not_this_one() -> None:
    told = fold(parsed(event("1")).events, now=NOW, made_at=NOW + timedelta(days=400))
    assert not told.snapshot.delivered
    assert [doubt.kind for doubt in told.doubts] == [NoticeKind.IMPLAUSIBLE_EVENT]


def test_a_delivery_half_a_minute_after_the_order_is_dated_before_it() -> None:
    made_at = NOW - timedelta(seconds=31)
    assert fold(parsed(event("1")).events, now=NOW).snapshot.delivered
    assert not fold(parsed(event("1")).events, now=NOW, made_at=made_at).snapshot.delivered


def test_a_delivery_before_the_pick_up_is_not_believed() -> None:
    events = parsed(event("147", at="2026-03-12 08:00:00"), event("1")).events
    assert not fold(events, now=NOW).snapshot.delivered


def test_the_proof_that_comes_later_is_not_when_it_was_delivered() -> None:
    events = parsed(event("1"), event("105", at="2026-03-14 09:00:00")).events
    at = fold(events, now=NOW).snapshot.delivered_at
    assert (at and at.isoformat()) == "2026-03-11T14:05:00-03:00"


@pytest.mark.parametrize(
    ("written", "at", "zone_assumed", "day_only"),
    [
        ("2026-03-11 14:05:00", "2026-03-11T14:05:00-03:00", True, False),
        ("2026-03-11T14:05:00", "2026-03-11T14:05:00-03:00", True, False),
        ("11/03/2026 14:05", "2026-03-11T14:05:00-03:00", True, False),
        ("2026-03-11T14:05:00.123Z", "2026-03-11T14:05:00+00:00", False, False),
        ("2026-03-11", "2026-03-11T12:00:00-03:00", True, True),
    ],
)
def test_times(written: str, at: str, zone_assumed: bool, day_only: bool) -> None:
    found = parsed(event("103", at=written)).events[0]
    assert (found.occurred_at.isoformat(), found.zone_assumed, found.day_only) == (at, zone_assumed, day_only)


@pytest.mark.parametrize("written", ["", "em breve", "31/02/2026 10:00", "9999-12-31 00:00:00"])
def test_a_time_that_is_none_spoils_its_invoice_only(written: str) -> None:
    documents = [document(A, event("103", at=written)), document(B)]
    answers = parse_with(json.dumps(documents).encode(), {})
    assert [a.outcome for a in answers] == [Outcome.MALFORMED, Outcome.FOUND]
    assert answers[0].identifiers == of_invoice_key(A)


def test_the_estimate_is_the_newest_one() -> None:
    said = [
        event("125", at="2026-03-09 10:00:00", prev_entrega="2026-03-12"),
        event("103", at="2026-03-10 10:00:00", prev_entrega="14/03/2026"),
    ]
    assert str(parsed(*said).estimate) == "2026-03-14 23:59:59-03:00"


def test_no_name_of_a_person_gets_through() -> None:
    personal = {"entrega_nome": "PESSOA EXEMPLO", "entrega_rg": "000000000", "obs": "com PESSOA EXEMPLO"}
    assert "PESSOA" not in repr(parsed(event("1", **personal)))
    assert not CONNECTOR.fields["dados[].entrega_nome"].shown


def test_only_the_platforms_own_name_is_recognised() -> None:
    names = ["Brudam", "BRUDAM - Loggica", "brix.brudam.com.br", "Brudamar", "SSW", "Loggi", ""]
    assert [name for name in names if is_brudam(name)] == names[:3]
