"""In: an Intelipost on loopback, its pushes; out: the session's and the parser's results."""

import base64
import csv
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from paradeiro.connectors import intelipost
from paradeiro.connectors.intelipost import CONNECTOR, is_intelipost
from paradeiro.connectors.intelipost.codes import CORRECTION, MACROS, MICROS, NOTHING, meaning_of
from paradeiro.connectors.intelipost.parse import parse
from paradeiro.connectors.intelipost.push import read_push
from paradeiro.domain.following.timeline import fold
from paradeiro.domain.words import Outcome, Reason, Status
from paradeiro.sdk.answer_shape import answer_shape
from paradeiro.sdk.contract import HOOK_SECRET, AccountRef, Answer, Push
from tests.connectors.parties import Party, Reply, party

FOLDER = Path(intelipost.__file__).parent
A, KEY = "order:PEDIDO/0004", "35260312345678000195550010001234561123456783"
NOW = datetime(2026, 12, 1, tzinfo=UTC)


def fixture(name: str) -> bytes:
    return (FOLDER / "fixtures" / name).read_bytes()


async def fetch(host: Party, codes: Sequence[str], **settings: str) -> list[Answer]:
    account = AccountRef(1, 1, "intelipost", "Intelipost", {"base_url": host.url, "api_key": "k", **settings})
    session = CONNECTOR.open(account, lambda: NOW)
    try:
        found: list[Answer] = await session.fetch(codes)
        return found
    finally:
        await session.close()


async def test_an_order_is_asked_by_its_number_or_its_invoice() -> None:
    async with party(lambda _: Reply(body=fixture("delivered.json"))) as host:
        answers = await fetch(host, [A, KEY, A])
        await fetch(host, [A], order_is="sales_order_number")
    assert [(a.tracking_code, a.outcome) for a in answers] == [(code, Outcome.FOUND) for code in (A, KEY, A)]
    assert [(a.path, a.headers["api-key"]) for a in host.asked] == [
        ("/api/v1/shipment_order/PEDIDO%2F0004", "k"),
        (f"/api/v1/shipment_order/invoice_key/{KEY}", "k"),
        ("/api/v1/shipment_order/sales_order_number/PEDIDO%2F0004", "k"),
    ]


ENVELOPES: dict[str, tuple[Callable[[], Reply], Outcome]] = {
    "not known": (lambda: Reply(404, fixture("not_found.json")), Outcome.NOT_FOUND),
    "not known, with 200": (lambda: Reply(200, fixture("not_found.json")), Outcome.NOT_FOUND),
    "refused": (lambda: Reply(400, b'{"status":"ERROR","messages":[{"text":"x"}]}'), Outcome.REFUSED),
    "404 as a page": (lambda: Reply(404, b"<html></html>"), Outcome.MALFORMED),
    "404 of another": (lambda: Reply(404, b'{"message":"no route"}'), Outcome.MALFORMED),
    "no events": (lambda: Reply(body=fixture("without_history.json")), Outcome.NOT_FOUND),
    "{}": (lambda: Reply(body=b"{}"), Outcome.MALFORMED),
    "a web page": (lambda: Reply(200, b"<html></html>"), Outcome.MALFORMED),
    "401": (lambda: Reply(401), Outcome.AUTH_FAILED),
    "403": (lambda: Reply(403), Outcome.AUTH_FAILED),
    "429": (lambda: Reply(429, headers={"Retry-After": "7"}), Outcome.RETRY),
    "503": (lambda: Reply(503), Outcome.RETRY),
}


@pytest.mark.parametrize(("reply", "outcome"), ENVELOPES.values(), ids=ENVELOPES)
async def test_whatever_else_they_say_is_an_outcome(reply: Callable[[], Reply], outcome: Outcome) -> None:
    async with party(lambda _: reply()) as host:
        found = (await fetch(host, [A]))[0]
    assert found.outcome is outcome
    assert found.retry_after == (7.0 if found.http_status == 429 else None)


def basic(text: str) -> dict[str, str]:
    return {"authorization": f"Basic {base64.b64encode(text.encode()).decode()}"}


@pytest.mark.parametrize(
    ("headers", "outcome"),
    [
        ({"api-key": "s"}, Outcome.FOUND),
        (basic("s:"), Outcome.FOUND),
        (basic("s:anything"), Outcome.FOUND),
        (basic("other:s"), Outcome.AUTH_FAILED),
        ({"api-key": "S"}, Outcome.AUTH_FAILED),
        ({"api-key": ""}, Outcome.AUTH_FAILED),
        ({"authorization": "Basic s"}, Outcome.AUTH_FAILED),
        ({"authorization": "Bearer s"}, Outcome.AUTH_FAILED),
        ({}, Outcome.AUTH_FAILED),
    ],
)
def test_a_push_is_proven_by_the_key_that_it_sends(headers: dict[str, str], outcome: Outcome) -> None:
    push = Push(headers, fixture("push_in_transit.json"))
    for settings in ({HOOK_SECRET: "s"}, {"push_key": "s"}, {HOOK_SECRET: "x", "push_key": "s"}):
        read = read_push(push, settings)
        assert (read.outcome, read.states_facts) == (outcome, outcome is Outcome.FOUND)
    assert read_push(push, {}).outcome is Outcome.AUTH_FAILED


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"history":{}}', b'{"order_number":"1"}'])
def test_a_call_that_names_nothing_is_answered_200(body: bytes) -> None:
    assert read_push(Push({"api-key": "s"}, body), {HOOK_SECRET: "s"}).outcome is Outcome.NOT_FOUND


def test_the_tables_are_the_published_ones() -> None:
    rows = list(csv.DictReader((FOLDER / "codes.csv").read_text(encoding="utf-8").splitlines()))
    micros = [row for row in rows if row["code"].startswith("micro:")]
    assert (len(micros), len(rows) - len(micros)) == (145, 17)
    assert len(MICROS) == 145, "no two names are one without accents"
    assert {row["code"] for row in rows} - {row["code"] for row in micros} == set(MACROS)
    assert sorted(name for name, meaning in MICROS.items() if meaning.status is Status.DELIVERED) == [
        "entregue",
        "entregue fora do destino",
        "entregue no destino",
        "objeto entregue na caixa de correios inteligente",
    ]
    assert [name for name, meaning in MACROS.items() if meaning.status is Status.DELIVERED] == ["DELIVERED"]


@pytest.mark.parametrize(
    ("macro", "micro", "status", "reason"),
    [
        ("DELIVERED", "ENTREGUE", Status.DELIVERED, None),
        ("DELIVERED", "", Status.DELIVERED, None),
        ("DELIVERED", "ENTREGA EFETUADA ERRADA", Status.EXCEPTION, Reason.MISROUTED),
        ("DELIVERED", "ENTREGUE NO LOCAL DE RETIRADA", Status.AVAILABLE_FOR_PICKUP, None),
        ("DELIVERED", "Entrega na filial destino", Status.UNKNOWN, None),
        ("DELIVERED", "RETIRADO", Status.UNKNOWN, None),
        ("DELIVERED", "CARGA REDESPACHADA", Status.IN_TRANSIT, None),
        ("DELIVERED", "ENTREGUE AO PORTEIRO", Status.UNKNOWN, None),
        ("IN_TRANSIT", "ENTREGUE", Status.UNKNOWN, None),
        ("IN_TRANSIT", "EM DEVOLUÇÃO", Status.RETURNING, None),
        ("IN_TRANSIT", "PRONTO PARA RETIRADA", Status.AVAILABLE_FOR_PICKUP, None),
        ("IN_TRANSIT", "RECALCULO DE PRAZO", None, None),
        ("DELIVERY_FAILED", "ROUBO", Status.EXCEPTION, Reason.STOLEN),
        ("DELIVERY_FAILED", "Mercadoria devolvida", Status.RETURNED, None),
        ("DELIVERY_FAILED", "DESTINATARIO DEMITIDO", Status.EXCEPTION, Reason.RECIPIENT_UNKNOWN),
        ("CLARIFY_DELIVERY_FAIL", "DESTINATÁRIO DESCONHECIDO", Status.ATTEMPT_FAILED, Reason.RECIPIENT_UNKNOWN),
        ("CLARIFY_DELIVERY_FAIL", "SAIDA FILIAL", Status.ATTEMPT_FAILED, Reason.OTHER),
        ("CANCELLED", "CANCELADO", Status.CANCELLED, None),
        ("CANCELLED", "EM ROTA DE ENTREGA", Status.UNKNOWN, None),
        ("SHIPPED", "DESPACHADO", Status.REGISTERED, None),
        ("", "ENTREGUE", Status.UNKNOWN, None),
    ],
)
def test_the_macro_decides_the_direction_and_the_micro_the_reason(
    macro: str, micro: str, status: Status | None, reason: Reason | None
) -> None:
    meaning = meaning_of(macro, micro)
    assert (meaning.status, meaning.reason) == (status, reason)


def test_a_correction_withdraws_the_event_before_and_keeping_moves_nothing() -> None:
    assert meaning_of("IN_TRANSIT", "CORREÇÃO INFORMAÇÃO DE EVENTO") is CORRECTION
    assert meaning_of("DELIVERED", "CORRECAO INFORMACAO DE EVENTO") is CORRECTION
    assert meaning_of("KEEP_PREVIOUS", "MANTER STATUS ANTERIOR") is NOTHING
    corrected = parse(fixture("delivered_then_corrected.json"))[0]
    timeline = fold(corrected.events, now=NOW)
    assert timeline.snapshot.status is Status.OUT_FOR_DELIVERY
    assert [code for _, code, _ in timeline.withdrawn] == ["DELIVERED:ENTREGUE"]


def test_a_shipment_of_two_volumes_is_delivered_when_both_are() -> None:
    one, both = (parse(fixture(name))[0] for name in ("two_volumes.json", "two_volumes_delivered.json"))
    assert {event.volume for event in one.events} == {"1", "2"}
    assert fold(one.events, now=NOW).snapshot.status is Status.OUT_FOR_DELIVERY
    assert fold(both.events, now=NOW).snapshot.status is Status.DELIVERED


def test_a_push_and_an_answer_about_one_event_are_one() -> None:
    pushed = parse(fixture("push_delivered.json"))[0].events[0]
    asked = parse(fixture("delivered.json"))[0].events[-1]
    assert pushed.identity == asked.identity


def test_the_prose_decides_nothing() -> None:
    told: dict[str, Any] = json.loads(fixture("push_in_transit.json"))
    told["history"]["provider_message"] = "ENTREGUE AO DESTINATARIO PESSOA DE EXEMPLO"
    told["history"]["esprinter_message"] = "OBJETO DEVOLVIDO"
    event = parse(json.dumps(told).encode())[0].events[0]
    assert event.status is Status.IN_TRANSIT
    assert "PESSOA" not in repr(event)
    assert "PESSOA" not in repr(parse(fixture("delivered.json")))


def test_a_delivery_of_before_the_order_does_not_count() -> None:
    parsed = parse(fixture("delivery_older_than_the_order.json"))[0]
    ordered = datetime(2026, 3, 9, 12, tzinfo=UTC)
    timeline = fold(parsed.events, now=ordered + timedelta(seconds=31), made_at=ordered)
    assert parsed.events[0].status is Status.DELIVERED
    assert (timeline.snapshot.status, timeline.snapshot.delivered_at) == (Status.UNKNOWN, None)


@pytest.mark.parametrize(
    ("courier", "is_it"), [("Intelipost", True), ("INTELIPOST - Jadlog", True), ("Jadlog", False), ("Post", False)]
)
def test_how_orders_write_its_name(courier: str, is_it: bool) -> None:
    assert is_intelipost(courier) is is_it


def test_the_fields_of_what_is_stored_are_declared() -> None:
    """The contract watch knows them; persons' are not shown."""
    undeclared = set()
    for path in sorted((FOLDER / "fixtures").glob("*.json")):
        if not path.name.endswith(".expected.json"):
            shape = answer_shape(path.read_bytes()) or {}
            undeclared |= {name for name in shape if name not in CONNECTOR.fields}
    # Persons and places: their inner fields are not declared, so no value of them is shown.
    undeclared = {name for name in undeclared if ".attachments" not in name and ".location" not in name}
    assert undeclared == set()
    hidden = {"first_name", "last_name", "invoice_key", "provider_message", "description"}
    assert not [name for name, field in CONNECTOR.fields.items() if field.shown and name.rpartition(".")[2] in hidden]
