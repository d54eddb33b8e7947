"""In: an Azul Cargo on loopback with every kind of answer; out: the session's and the parser's results."""

import csv
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from paradeiro.connectors import azul_cargo
from paradeiro.connectors.azul_cargo import CONNECTOR, is_azul_cargo
from paradeiro.connectors.azul_cargo.codes import CODES, code_of, meaning_of
from paradeiro.connectors.azul_cargo.parse import bare_awb, parse
from paradeiro.domain.following.timeline import fold
from paradeiro.domain.words import Outcome, Status
from paradeiro.sdk.answer_shape import answer_shape
from paradeiro.sdk.contract import AccountRef, Answer
from tests.connectors.parties import Asked, Party, Reply, party

FOLDER = Path(azul_cargo.__file__).parent
LOGIN, LOOK_UP = "/api/Autenticacao/AutenticarUsuario", "/api/Rastreio/Consultar"
KEY, LETTERS = "35260312345678000195550010001234561123456783", "35260712ABC34501DE35550010000000421000000017"
NOW = datetime(2026, 12, 1, tzinfo=UTC)


def fixture(name: str) -> bytes:
    return (FOLDER / "fixtures" / name).read_bytes()


def question(asked: Asked) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(asked.body)
    return found


def error(text: str) -> bytes:
    return json.dumps({"HasErrors": True, "ErrorText": text, "Value": None}).encode()


def token_reply(token: str = "t1") -> Reply:
    return Reply(body=json.dumps({"HasErrors": False, "ErrorText": "", "Value": token}).encode())


def with_login(look_up: Callable[[Asked], Reply]) -> Callable[[Asked], Reply]:
    return lambda asked: token_reply() if asked.path == LOGIN else look_up(asked)


async def fetch(host: Party, codes: Sequence[str], **settings: str) -> list[Answer]:
    given = {"base_url": host.url, "email": "shop@example.com", "password": "p", **settings}
    session = CONNECTOR.open(AccountRef(1, 1, "azul_cargo", "Azul", given), lambda: NOW)
    try:
        found: list[Answer] = await session.fetch(codes)
        return found
    finally:
        await session.close()


async def test_each_package_is_asked_by_what_it_is_known_by_with_one_login() -> None:
    codes = [KEY, LETTERS, "57710000001", "10000002", "order:v1-01"]
    async with party(with_login(lambda _: Reply(body=fixture("emitted.json")))) as host:
        answers = await fetch(host, [*codes, KEY])
    assert [(a.tracking_code, a.outcome) for a in answers] == [(code, Outcome.FOUND) for code in [*codes, KEY]]
    assert [a.path for a in host.asked] == [LOGIN] + [LOOK_UP] * 5
    assert question(host.asked[0]) == {"Email": "shop@example.com", "Senha": "p"}
    assert [question(a) for a in host.asked[1:]] == [
        {"Token": "t1", "ChaveNfe": KEY, "Awb": "", "Pedido": ""},
        {"Token": "t1", "ChaveNfe": LETTERS, "Awb": "", "Pedido": ""},
        {"Token": "t1", "ChaveNfe": "", "Awb": "10000001", "Pedido": ""},
        {"Token": "t1", "ChaveNfe": "", "Awb": "10000002", "Pedido": ""},
        {"Token": "t1", "ChaveNfe": "", "Awb": "", "Pedido": "v1-01"},
    ]


@pytest.mark.parametrize("refusal", [Reply(401), Reply(200, error("Token inválido ou expirado"))], ids=["401", "200"])
async def test_a_refused_token_is_renewed_once(refusal: Reply) -> None:
    tokens = ["t1", "t2", "t3"]

    def answer(asked: Asked) -> Reply:
        if asked.path == LOGIN:
            return token_reply(tokens.pop(0))
        return Reply(body=fixture("emitted.json")) if question(asked)["Token"] == "t2" else refusal

    async with party(answer) as host:
        assert [a.outcome for a in await fetch(host, [KEY])] == [Outcome.FOUND]
        assert [a.path for a in host.asked] == [LOGIN, LOOK_UP, LOGIN, LOOK_UP]
    async with party(lambda asked: token_reply() if asked.path == LOGIN else refusal) as host:
        assert [a.outcome for a in await fetch(host, [KEY])] == [Outcome.AUTH_FAILED]
        assert len(host.asked) == 4, "and not for ever"


async def test_a_ready_made_token_needs_no_login() -> None:
    async with party(lambda _: Reply(body=fixture("emitted.json"))) as host:
        assert [a.outcome for a in await fetch(host, [KEY], token="own", email="")] == [Outcome.FOUND]
        assert [(a.path, question(a)["Token"]) for a in host.asked] == [(LOOK_UP, "own")]
    async with party(lambda _: Reply(401)) as host:
        assert [a.outcome for a in await fetch(host, [KEY], token="own", email="")] == [Outcome.AUTH_FAILED]
        assert [a.path for a in host.asked] == [LOOK_UP]


async def test_a_token_ends_after_some_hours() -> None:
    now = NOW
    async with party(with_login(lambda _: Reply(body=fixture("emitted.json")))) as host:
        given = {"base_url": host.url, "email": "shop@example.com", "password": "p"}
        session = CONNECTOR.open(AccountRef(1, 1, "azul_cargo", "Azul", given), lambda: now)
        for hours in (0, 6, 8):
            now = NOW + timedelta(hours=hours)
            await session.fetch([KEY])
        await session.close()
    assert [a.path for a in host.asked] == [LOGIN, LOOK_UP, LOOK_UP, LOGIN, LOOK_UP]


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (Reply(200, error("Usuário ou senha inválidos")), Outcome.AUTH_FAILED),
        (Reply(401), Outcome.AUTH_FAILED),
        (Reply(400, error("Senha")), Outcome.AUTH_FAILED),
        (Reply(404, b"<html></html>"), Outcome.MALFORMED),
        (Reply(200, b"<html></html>"), Outcome.MALFORMED),
        (Reply(200, b"{}"), Outcome.MALFORMED),
        (Reply(503), Outcome.RETRY),
    ],
)
async def test_without_a_token_nothing_is_asked(reply: Reply, outcome: Outcome) -> None:
    async with party(lambda _: reply) as host:
        answers = await fetch(host, [KEY])
    assert [a.outcome for a in answers] == [outcome]
    assert {a.path for a in host.asked} == {LOGIN}


ENVELOPES: dict[str, tuple[Callable[[], Reply], Outcome]] = {
    "not received yet": (lambda: Reply(body=error("AWB não encontrada!")), Outcome.NOT_FOUND),
    "not received yet, with 404": (lambda: Reply(404, error("AWB não encontrada!")), Outcome.NOT_FOUND),
    "201": (lambda: Reply(201), Outcome.NOT_FOUND),
    "203": (lambda: Reply(203), Outcome.NOT_FOUND),
    "204": (lambda: Reply(204), Outcome.NOT_FOUND),
    "no value": (lambda: Reply(body=fixture("value_null.json")), Outcome.NOT_FOUND),
    "no occurrences": (lambda: Reply(body=fixture("without_occurrences.json")), Outcome.NOT_FOUND),
    "of another tax number": (lambda: Reply(body=fixture("of_another_tax_number.json")), Outcome.REFUSED),
    "another error": (lambda: Reply(400, fixture("another_error.json")), Outcome.REFUSED),
    "no permission": (lambda: Reply(401, fixture("no_permission.json")), Outcome.AUTH_FAILED),
    "403": (lambda: Reply(403), Outcome.AUTH_FAILED),
    "404 as a page": (lambda: Reply(404, b"<html></html>"), Outcome.MALFORMED),
    "{}": (lambda: Reply(body=b"{}"), Outcome.MALFORMED),
    "a web page": (lambda: Reply(200, b"<html></html>"), Outcome.MALFORMED),
    "429": (lambda: Reply(429, headers={"Retry-After": "7"}), Outcome.RETRY),
    "503": (lambda: Reply(503), Outcome.RETRY),
}


@pytest.mark.parametrize(("reply", "outcome"), ENVELOPES.values(), ids=ENVELOPES)
async def test_whatever_else_they_say_is_an_outcome(reply: Callable[[], Reply], outcome: Outcome) -> None:
    async with party(with_login(lambda _: reply())) as host:
        found = (await fetch(host, [KEY]))[0]
    assert found.outcome is outcome
    assert found.retry_after == (7.0 if found.http_status == 429 else None)
    assert [a.path for a in host.asked] == [LOGIN, LOOK_UP], "none of these is a matter of the token"


async def test_a_shipment_of_another_tax_number_is_asked_in_vain() -> None:
    async with party(with_login(lambda _: Reply(body=fixture("of_another_tax_number.json")))) as host:
        assert [a.in_vain for a in await fetch(host, [KEY])] == [True]
    async with party(with_login(lambda _: Reply(body=fixture("another_error.json")))) as host:
        assert [a.in_vain for a in await fetch(host, [KEY])] == [False]


def test_the_codes_are_the_known_ones() -> None:
    rows = list(csv.DictReader((FOLDER / "codes.csv").read_text(encoding="utf-8").splitlines()))
    assert len(rows) == 7
    for row in rows:
        status, reason = CODES[row["code"]][0]
        # In the list `unknown` says that it is known and moves nothing.
        assert (row["status"], row["reason"]) == ("unknown" if status is None else str(status), str(reason or ""))
    assert set(CODES) == {row["code"] for row in rows}


@pytest.mark.parametrize(
    ("value", "code"),
    [("102", "102"), ("102.0", "102"), (102, "102"), (102.0, "102"), (" bkd ", "BKD"), ("01", "1"), ("1.5", "1.5"),
     ("", "NONE"), (None, "NONE"), ("0", "0"), ("²", "²")],
)  # fmt: skip
def test_codes_are_brought_into_one_form(value: Any, code: str) -> None:
    assert code_of(value) == code


@pytest.mark.parametrize(
    ("code", "words", "status"),
    [
        ("1", "", Status.DELIVERED),
        ("1", "ENTREGA REALIZADA NORMALMENTE", Status.DELIVERED),
        ("1", "Devolvido ao remetente", Status.UNKNOWN),
        ("24", "Entrega não realizada", Status.UNKNOWN),
        ("102", "ENTREGUE", Status.UNKNOWN),
        ("777", "ENTREGUE", Status.UNKNOWN),
        ("BKD", "", None),
    ],
)
def test_words_only_contradict(code: str, words: str, status: Status | None) -> None:
    assert meaning_of(code, words)[0] is status


@pytest.mark.parametrize(
    ("text", "awb"),
    [("577-10000001", "10000001"), ("57710000001", "10000001"), ("10000001", "10000001"), ("57710000", "57710000")],
)
def test_the_airlines_number_is_not_sent(text: str, awb: str) -> None:
    assert bare_awb(text) == awb


def test_several_awbs_of_one_invoice_are_volumes() -> None:
    one, both = (parse(fixture(name))[0] for name in ("two_awbs.json", "two_awbs_delivered.json"))
    assert {event.volume for event in one.events} == {"10000001", "10000002"}
    assert one.carrier_code == "", "neither is the shipment's number"
    assert fold(one.events, now=NOW).snapshot.status is Status.REGISTERED
    assert fold(both.events, now=NOW).snapshot.status is Status.DELIVERED


def test_an_occurrence_that_is_repeated_is_one_event() -> None:
    events = parse(fixture("repeated_and_unordered.json"))[0].events
    assert [(event.code, event.occurred_at.hour) for event in events] == [("102", 10), ("BKD", 20), ("1", 15)]


def test_who_received_it_is_told_nowhere() -> None:
    assert "PESSOA" in fixture("delivered.json").decode()
    assert "PESSOA" not in repr(parse(fixture("delivered.json")))


@pytest.mark.parametrize("name", ["number_used_again.json", "delivery_older_than_the_order.json"])
def test_a_delivery_of_before_the_order_does_not_count(name: str) -> None:
    parsed = parse(fixture(name))[0]
    ordered = datetime(2026, 3, 8, 12, tzinfo=UTC)
    timeline = fold(parsed.events, now=ordered + timedelta(days=30), made_at=ordered)
    assert any(event.status is Status.DELIVERED for event in parsed.events)
    assert timeline.snapshot.delivered_at is None
    assert timeline.doubts


@pytest.mark.parametrize(
    ("courier", "is_it"),
    [
        ("AZUL CARGO", True),
        ("Azul Cargo Express - Standard", True),
        ("azul", True),
        ("Azul Logística", True),
        ("Caixa azul", False),
        ("Melhor Envio Azul Cargo Express", False),
        ("Latam Cargo", False),
    ],
)
def test_how_orders_write_its_name(courier: str, is_it: bool) -> None:
    assert is_azul_cargo(courier) is is_it


def test_the_fields_of_what_is_stored_are_declared() -> None:
    """The contract watch knows them; persons' are not shown."""
    undeclared = set()
    for path in sorted((FOLDER / "fixtures").glob("*.json")):
        if not path.name.endswith(".expected.json"):
            shape = answer_shape(path.read_bytes()) or {}
            undeclared |= {name for name in shape if name not in CONNECTOR.fields}
    assert undeclared == set()
    hidden = {"Comentario", "ResponsavelRecebimentoNome", "Latitude", "UrlPOD"}
    assert not [name for name, field in CONNECTOR.fields.items() if field.shown and name.rpartition(".")[2] in hidden]
