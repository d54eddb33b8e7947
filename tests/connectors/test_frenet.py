"""In: a Frenet on loopback with every kind of answer; out: the session's and the parser's results."""

import csv
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from paradeiro.connectors import frenet
from paradeiro.connectors.frenet import CONNECTOR, is_frenet
from paradeiro.connectors.frenet.codes import TYPES, code_of, meaning_of
from paradeiro.connectors.frenet.parse import COLLECTION, parse
from paradeiro.domain.following.timeline import fold
from paradeiro.domain.records import NamedLeg
from paradeiro.domain.words import Outcome, Reason, Status
from paradeiro.sdk.answer_shape import answer_shape
from paradeiro.sdk.contract import AccountRef, Answer
from tests.connectors.parties import Asked, Party, Reply, party

FOLDER = Path(frenet.__file__).parent
A, B = "AA123456785BR", "QQ850419295BR"
NOW = datetime(2026, 12, 1, tzinfo=UTC)


def fixture(name: str) -> bytes:
    return (FOLDER / "fixtures" / name).read_bytes()


def event(**more: Any) -> dict[str, Any]:
    given = {"EventDateTime": "08/03/2026 15:00", "EventDescription": "Objeto postado", "EventLocation": "RECIFE/PE"}
    return {**given, "EventType": "0", **more}


def item(number: str, **more: Any) -> dict[str, Any]:
    return {"TrackingNumber": number, "ServiceDescrition": "SEDEX", "Events": [event()], **more}


def question(asked: Asked) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(asked.body)
    return found


def answer_all(asked: Asked) -> Reply:
    told = question(asked)
    if "TrackingNumbers" in told:
        items = [item(number) for number in reversed(told["TrackingNumbers"])]
        return Reply(body=json.dumps({"TrackingResponseCollection": items}).encode())
    return Reply(body=json.dumps(item(told.get("TrackingNumber", A), TrackingEvents=[event()])).encode())


async def fetch(host: Party, codes: Sequence[str], **settings: str) -> list[Answer]:
    account = AccountRef(1, 1, "frenet", "Frenet", {"base_url": host.url, "token": "k", **settings})
    session = CONNECTOR.open(account, lambda: NOW)
    try:
        found: list[Answer] = await session.fetch(codes)
        return found
    finally:
        await session.close()


async def test_numbers_are_asked_together_each_gets_its_own_bytes() -> None:
    async with party(answer_all) as host:
        answers = await fetch(host, [A, B, A])
    assert [(a.tracking_code, a.outcome) for a in answers] == [(code, Outcome.FOUND) for code in (A, B, A)]
    assert json.loads(answers[1].body)["TrackingNumber"] == B
    assert [(a.path, a.headers["token"]) for a in host.asked] == [("/tracking/trackinginfo", "k")]
    assert question(host.asked[0]) == {"ShippingServiceCode": None, "TrackingNumbers": [A, B]}


async def test_an_invoice_and_an_order_are_asked_alone() -> None:
    async with party(answer_all) as host:
        answers = await fetch(host, ["12ABC34501DE35/1/42", "order:v1-01"])
    assert {a.outcome for a in answers} == {Outcome.FOUND}
    assert [question(a) for a in host.asked] == [
        {"InvoiceNumber": "42", "InvoiceSerie": "1", "ShippingServiceCode": None},
        {"OrderNumber": "v1-01", "ShippingServiceCode": None},
    ]


async def test_with_a_services_code_each_number_is_asked_alone() -> None:
    async with party(answer_all) as host:
        await fetch(host, [A, B], service_code="F_3")
    assert [question(a) for a in host.asked] == [
        {"TrackingNumber": A, "ShippingServiceCode": "F_3"},
        {"TrackingNumber": B, "ShippingServiceCode": "F_3"},
    ]


async def test_a_wrong_service_code_refuses_one_number_of_a_batch() -> None:
    items = [item(A), item(B, Events=[], ErrorMessage="Serviço não encontrado")]
    async with party(lambda _: Reply(body=json.dumps({"TrackingResponseCollection": items}).encode())) as host:
        answers = await fetch(host, [A, B])
    assert [a.outcome for a in answers] == [Outcome.FOUND, Outcome.REFUSED]
    assert answers[1].message == "Serviço não encontrado"


ENVELOPES: dict[str, tuple[Callable[[], Reply], Outcome]] = {
    "an error with 200": (lambda: Reply(body=fixture("wrong_service_code.json")), Outcome.REFUSED),
    "no events": (lambda: Reply(body=json.dumps({"TrackingResponseCollection": [item(A, Events=[])]}).encode()),
                  Outcome.NOT_FOUND),
    "of another": (lambda: Reply(body=json.dumps({"TrackingResponseCollection": [item(B)]}).encode()),
                   Outcome.MALFORMED),
    "an empty collection": (lambda: Reply(body=b'{"TrackingResponseCollection": []}'), Outcome.MALFORMED),
    "{}": (lambda: Reply(body=b"{}"), Outcome.MALFORMED),
    "a web page": (lambda: Reply(200, b"<html></html>"), Outcome.MALFORMED),
    "404": (lambda: Reply(404, b"<html></html>"), Outcome.MALFORMED),
    "401": (lambda: Reply(401), Outcome.AUTH_FAILED),
    "429": (lambda: Reply(429, headers={"Retry-After": "7"}), Outcome.RETRY),
    "503": (lambda: Reply(503), Outcome.RETRY),
}  # fmt: skip


@pytest.mark.parametrize(("reply", "outcome"), ENVELOPES.values(), ids=ENVELOPES)
async def test_whatever_else_they_say_is_an_outcome(reply: Callable[[], Reply], outcome: Outcome) -> None:
    async with party(lambda _: reply()) as host:
        found = (await fetch(host, [A]))[0]
    assert found.outcome is outcome
    assert found.retry_after == (7.0 if found.http_status == 429 else None)


def test_the_types_are_the_published_ones() -> None:
    rows = list(csv.DictReader((FOLDER / "codes.csv").read_text(encoding="utf-8").splitlines()))
    assert len(rows) == 8
    assert {row["code"]: (row["status"], row["reason"]) for row in rows} == {
        code: (str(status), str(reason or "")) for code, ((status, reason), _) in TYPES.items()
    }
    assert TYPES["3"][0] == (Status.RETURNING, None), "one word for on the way back and back: not the end"
    assert TYPES["2"][0] == (Status.IN_TRANSIT, Reason.DELAYED)


@pytest.mark.parametrize(
    ("code", "words", "status"),
    [
        ("9", "Objeto entregue ao destinatário", Status.DELIVERED),
        ("9", "qualquer coisa", Status.DELIVERED),
        ("9", "Objeto entregue ao remetente.", Status.UNKNOWN),
        ("9", "ENTREGUE À TRANSPORTADORA", Status.UNKNOWN),
        ("0", "Entregue", Status.UNKNOWN),
        ("1", "Objeto entregue ao destinatário", Status.UNKNOWN),
        ("1", "Será entregue ao destinatário hoje", Status.IN_TRANSIT),
        ("7", "Entregue", Status.UNKNOWN),
    ],
)
def test_words_only_contradict_and_only_as_a_whole(code: str, words: str, status: Status) -> None:
    assert meaning_of(code, words)[0] is status


@pytest.mark.parametrize(
    ("value", "code"), [("5", "5"), (5, "5"), ("05", "5"), ("0", "0"), ("", "NONE"), (None, "NONE")]
)
def test_types_come_as_numbers_and_as_texts(value: str | int | None, code: str) -> None:
    assert code_of(value) == code


def test_who_received_it_is_told_nowhere() -> None:
    assert "PESSOA" in fixture("delivered.json").decode()
    assert "PESSOA" not in repr(parse(fixture("delivered.json")))


def test_the_carrier_behind_is_a_leg() -> None:
    assert parse(fixture("jadlog_behind.json"))[0].legs == (NamedLeg("Jadlog Package", "08012345678901"),)
    assert parse(json.dumps(item(A, ServiceDescrition=None)).encode())[0].legs == ()


@pytest.mark.parametrize("name", ["number_used_again.json", "delivery_older_than_the_order.json"])
def test_a_delivery_of_before_the_order_does_not_count(name: str) -> None:
    parsed = parse(fixture(name))[0]
    ordered = datetime(2026, 3, 7, 12, tzinfo=UTC)
    timeline = fold(parsed.events, now=ordered + timedelta(days=30), made_at=ordered)
    assert any(event.status is Status.DELIVERED for event in parsed.events)
    assert timeline.snapshot.delivered_at is None
    assert timeline.doubts


@pytest.mark.parametrize(
    ("courier", "is_it"), [("Frenet", True), ("FRENET_SEDEX_03220", True), ("Frete Net", False), ("Sedex", False)]
)
def test_how_orders_write_its_name(courier: str, is_it: bool) -> None:
    assert is_frenet(courier) is is_it


def test_the_fields_of_what_is_stored_are_declared() -> None:
    """The contract watch knows them; persons' are not shown."""
    undeclared = set()
    for path in sorted((FOLDER / "fixtures").glob("*.json")):
        if not path.name.endswith(".expected.json"):
            shape = answer_shape(path.read_bytes()) or {}
            undeclared |= {name for name in shape if name not in CONNECTOR.fields and not name.startswith(COLLECTION)}
    assert undeclared == set()
    hidden = {"EventDescription", "TrackingUrl"}
    assert not [name for name, field in CONNECTOR.fields.items() if field.shown and name.rpartition(".")[2] in hidden]
