"""In: an SSW on loopback with every kind of answer; out: the session's and the parser's results."""

import csv
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from paradeiro.connectors.ssw import CONNECTOR, is_ssw
from paradeiro.connectors.ssw.codes import CODES, own_table
from paradeiro.connectors.ssw.parse import parse_with
from paradeiro.domain.following.timeline import fold
from paradeiro.domain.words import NoticeKind, Outcome, Reason, Status, Withdraws
from paradeiro.sdk.contract import AccountRef, Answer
from tests.connectors.parties import Party, Reply, party

FOLDER = Path(__file__).parents[2] / "src" / "paradeiro" / "connectors" / "ssw"
KEY = "35260399888777000100550010000010011000010015"
LETTERS = "35260399ABC777000100550010000010011000010015"
INVOICE, ORDER = "99888777000100/1/1001", "order:v100200300-01"
LATER = datetime(2027, 1, 1, tzinfo=UTC)


def event(occurrence: str, **more: Any) -> dict[str, Any]:
    at = "2026-06-12T09:30:00"
    return {"data_hora": at, "data_hora_efetiva": at, "dominio": "FAV", "ocorrencia": occurrence, **more}


def document(*events: dict[str, Any], number: str = "1001") -> dict[str, Any]:
    return {"header": {"nro_nf": number, "pedido": ""}, "tracking": list(events)}


def body(*events: dict[str, Any], number: str = "1001") -> bytes:
    return json.dumps({"success": True, "documento": document(*events, number=number)}).encode()


DELIVERED = body(event("MERCADORIA ENTREGUE (01)"))


async def fetch(host: Party, codes: Sequence[str], **settings: str) -> list[Answer]:
    account = AccountRef(1, 1, "ssw", "SSW", {"base_url": host.url, **settings})
    session = CONNECTOR.open(account, lambda: datetime.now(UTC))
    try:
        found: list[Answer] = await session.fetch(codes)
        return found
    finally:
        await session.close()


def questions(host: Party) -> list[tuple[str, dict[str, Any]]]:
    return [(asked.path, json.loads(asked.body)) for asked in host.asked]


async def test_a_key_is_asked_about_without_credentials_whatever_it_is_made_of() -> None:
    async with party(lambda _: Reply(body=DELIVERED)) as host:
        answers = await fetch(host, [KEY, LETTERS], cnpj="11222333000181", password="secret")
    assert [(a.tracking_code, a.outcome) for a in answers] == [(KEY, Outcome.FOUND), (LETTERS, Outcome.FOUND)]
    assert answers[0].body == DELIVERED
    assert questions(host) == [("/api/trackingdanfe", {"chave_nfe": key}) for key in (KEY, LETTERS)]
    assert {asked.method for asked in host.asked} == {"POST"}


async def test_an_invoice_or_an_order_is_asked_about_as_whoever_pays() -> None:
    async with party(lambda _: Reply(body=DELIVERED)) as host:
        answers = await fetch(host, [INVOICE, ORDER], cnpj="1.222.333/0001-81", password="secret", company="FAV")
    assert {a.outcome for a in answers} == {Outcome.FOUND}
    who = {"cnpj": "01222333000181", "senha": "secret", "sigla_emp": "FAV"}
    assert questions(host) == [
        ("/api/trackingpag", {**who, "nro_nf": 1001}),
        ("/api/trackingpag", {**who, "pedido": "v100200300-01"}),
    ]


async def test_as_the_sender_the_invoice_says_who_asks() -> None:
    async with party(lambda _: Reply(body=DELIVERED)) as host:
        await fetch(host, ["12ABC34501DE35/1/1001", ORDER], cnpj="11222333000181", endpoint="Sender")
    assert questions(host) == [
        ("/api/tracking", {"cnpj": "12ABC34501DE35", "nro_nf": 1001}),
        ("/api/tracking", {"cnpj": "11222333000181", "pedido": "v100200300-01"}),
    ]


async def test_what_cannot_be_asked_is_refused_without_a_question() -> None:
    async with party(lambda _: Reply(body=DELIVERED)) as host:
        answers = await fetch(host, [INVOICE, ORDER, "AA123456785BR"])
    assert {a.outcome for a in answers} == {Outcome.REFUSED}
    assert "key" in answers[0].message
    assert not host.asked


HTML = b"<html><body>Sistema em manutencao</body></html>"
REPLIES: dict[str, tuple[Reply, Outcome]] = {
    "not found": (Reply(body=b'{"success":false,"message":"Nenhum documento localizado"}'), Outcome.NOT_FOUND),
    "not found with 404": (
        Reply(404, b'{"success":false,"message":"Nenhum documento localizado"}'),
        Outcome.NOT_FOUND,
    ),
    "nothing yet": (Reply(body=body()), Outcome.NOT_FOUND),
    "another refusal": (Reply(body=b'{"success":false,"message":"Chave fora do padrao"}'), Outcome.MALFORMED),
    "empty object": (Reply(body=b"{}"), Outcome.MALFORMED),
    "web page": (Reply(body=HTML), Outcome.RETRY),
    "web page with 404": (Reply(404, HTML), Outcome.RETRY),
    "404": (Reply(404, b'{"error":"no route"}'), Outcome.MALFORMED),
    "401": (Reply(401), Outcome.AUTH_FAILED),
    "403": (Reply(403, HTML), Outcome.AUTH_FAILED),
    "429": (Reply(429, headers={"Retry-After": "9"}), Outcome.RETRY),
    "500": (Reply(500, b"{}"), Outcome.RETRY),
    "another invoice": (Reply(body=body(event("MERCADORIA ENTREGUE (01)"), number="1002")), Outcome.MALFORMED),
    "no number named": (Reply(body=body(event("MERCADORIA ENTREGUE (01)"), number="")), Outcome.FOUND),
    "password": (Reply(body=b'{"success":false,"message":"Senha invalida"}'), Outcome.MALFORMED),
}


@pytest.mark.parametrize(("reply", "outcome"), REPLIES.values(), ids=REPLIES)
async def test_whatever_they_answer_is_an_outcome(reply: Reply, outcome: Outcome) -> None:
    async with party(lambda _: reply) as host:
        answer = (await fetch(host, [KEY]))[0]
    assert (answer.outcome, answer.http_status) == (outcome, reply.status)
    assert answer.retry_after == (9.0 if reply.status == 429 else None)


async def test_a_refused_password_pauses_the_account_and_a_hang_up_does_not() -> None:
    async with party(lambda _: REPLIES["password"][0]) as host:
        refused = (await fetch(host, [INVOICE], cnpj="11222333000181", password="wrong"))[0]
    async with party(lambda _: None) as host:
        broken = (await fetch(host, [KEY]))[0]
    assert (refused.outcome, broken.outcome) == (Outcome.AUTH_FAILED, Outcome.RETRY)
    assert "wrong" not in repr(refused)


async def test_an_invoice_of_another_number_is_not_this_one() -> None:
    async with party(lambda _: Reply(body=body(event("MERCADORIA ENTREGUE (01)"), number="1002"))) as host:
        answers = await fetch(host, [INVOICE, ORDER], cnpj="11222333000181")
    assert [a.outcome for a in answers] == [Outcome.MALFORMED, Outcome.FOUND], "an order's invoice is not known here"


def read(occurrence: str, codes: str = "", **more: Any) -> Any:
    parsed = parse_with(body(event(occurrence, **more)), {"codes": codes})[0]
    assert parsed.outcome is Outcome.FOUND
    return parsed.events[0]


def test_the_table_is_the_published_one() -> None:
    rows = list(csv.DictReader((FOLDER / "codes.csv").read_text(encoding="utf-8").splitlines()))
    assert len(rows) == 71
    # The published proposal is older than the reason RECIPIENT_UNKNOWN.
    finer = {"09": Reason.RECIPIENT_UNKNOWN}
    for row in rows:
        meaning = CODES[row["code"]]
        status = None if row["status"] == "unknown" else Status(row["status"])
        reason = finer.get(row["code"]) or (Reason(row["reason"]) if row["reason"] else None)
        assert (meaning.words, meaning.status, meaning.reason) == (row["words"], status, reason), row["code"]
    assert set(CODES) == {row["code"] for row in rows}
    assert {code for code, m in CODES.items() if m.status is Status.DELIVERED} == {"01", "37"}
    assert {code for code, m in CODES.items() if m.withdraws is Withdraws.DELIVERY} == {"86"}


@pytest.mark.parametrize("code", CODES)
def test_words_of_the_table_with_their_own_number_are_read_and_with_another_are_not(code: str) -> None:
    words, status, reason, withdraws = CODES[code]
    same, other = read(f"{words.lower()} ({int(code)})"), read(f"{words} (91)" if code != "91" else f"{words} (92)")
    assert (same.code, same.status, same.reason, same.withdraws) == (code, status, reason, withdraws)
    assert (other.status, other.withdraws) == (Status.UNKNOWN, None)


@pytest.mark.parametrize(
    ("occurrence", "more", "code", "status"),
    [
        ("MERCADORIA ENTREGUE (01)", {}, "01", Status.DELIVERED),
        ("ENTREGA REALIZADA (1)", {}, "01", Status.DELIVERED),
        ("ENTREGA REALIZADA", {"codigo_ssw": 1}, "01", Status.DELIVERED),
        ("QUALQUER COISA (67)", {"codigo_ssw": "01"}, "01", Status.DELIVERED),
        ("MERCADORIA ENTREGUE", {"tipo": "Entrega"}, "note", None),
        ("MERCADORIA ENTREGUE (67)", {"tipo": "Entrega"}, "FAV:67", Status.UNKNOWN),
        ("MERCADORIA NAO ENTREGUE (01)", {"tipo": "Entrega"}, "FAV:01", Status.UNKNOWN),
        ("MERCADORIA ENTREGUE (01)", {"codigo_ssw": "85"}, "85", Status.UNKNOWN),
        ("MERCADORIA ENTREGUE (01)", {"codigo_ssw": "97"}, "97", Status.UNKNOWN),
        ("SAIDA PARA ENTREGA (85)", {"codigo_ssw": "01"}, "01", Status.UNKNOWN),
        ("SAIDA PARA ENTREGA (85)", {"codigo_ssw": [1]}, "?", Status.UNKNOWN),
        ("SAIDA PARA ENTREGA (85)", {"codigo_ssw": "  "}, "85", Status.OUT_FOR_DELIVERY),
        ("ANEXADO COMPROVANTE (70)", {"tipo": "Entrega"}, "FAV:70", Status.UNKNOWN),
        ("DOCUMENTO DE TRANSPORTE EMITIDO (80)", {}, "80", Status.REGISTERED),
        ("MERCADORIA PRE-ENTREGUE (MOBILE) (02)", {"tipo": "Pré-entrega"}, "02", Status.OUT_FOR_DELIVERY),
    ],
)
def test_only_a_certain_number_is_read(occurrence: str, more: dict[str, Any], code: str, status: Status | None) -> None:
    found = read(occurrence, **more)
    assert (found.code, found.status) == (code, status)


def test_a_carriers_own_numbers_are_read_by_the_accounts_table() -> None:
    assert read("BASE (67)", "FAV:67=80").status is Status.REGISTERED
    assert read("BASE (67)", "fav:67=80; 70=19").status is Status.REGISTERED
    assert read("BASE (7)", "07=82").status is Status.IN_TRANSIT
    assert read("BASE (67)", "XYZ:67=80").status is Status.UNKNOWN, "another carrier's number"
    assert read("BASE (67)", "XYZ:67=01 67=82").status is Status.IN_TRANSIT
    assert read("MERCADORIA DEVOLVIDA AO REMETENTE (67)", "67=01").status is Status.UNKNOWN, "its words contradict"
    assert read("BASE (67)", "67=80", codigo_ssw="82").status is Status.IN_TRANSIT, "the link counts first"
    assert own_table("67=80,x, 5, FAV:7=98 1=1=1") == {("", "67"): "80"}


def test_a_delivery_has_the_time_at_which_it_happened() -> None:
    found = read("MERCADORIA ENTREGUE (01)", data_hora="2026-06-13T18:00:00")
    assert (found.occurred_at.isoformat(), found.zone_assumed) == ("2026-06-12T09:30:00-03:00", True)
    planned = read("ENTREGA AGENDADA PELO CLIENTE (15)", data_hora="2026-06-11T08:00:00")
    assert planned.occurred_at.isoformat() == "2026-06-11T08:00:00-03:00", "a date that was agreed has not happened"
    spoilt = parse_with(body(event("SAIDA PARA ENTREGA (85)", data_hora="soon", data_hora_efetiva="")), {})[0]
    assert spoilt.outcome is Outcome.MALFORMED


def test_an_earlier_package_under_the_number_is_not_this_one() -> None:
    parsed = parse_with(DELIVERED, {})[0]
    assert fold(parsed.events, now=LATER).snapshot.delivered
    a_year_later = fold(parsed.events, now=LATER, made_at=datetime(2027, 6, 1, tzinfo=UTC))
    assert not a_year_later.snapshot.delivered
    assert [doubt.kind for doubt in a_year_later.doubts] == [NoticeKind.IMPLAUSIBLE_EVENT]


def test_a_delivery_half_a_minute_after_the_order_is_dated_before_it() -> None:
    """What was told 31 seconds after an order was paid had happened to another shipment, weeks before."""
    made_at = datetime(2026, 7, 1, tzinfo=UTC)
    told = fold(parse_with(DELIVERED, {})[0].events, now=made_at + timedelta(seconds=31), made_at=made_at)
    assert not told.snapshot.delivered


def test_a_withdrawn_delivery_is_none_and_the_next_one_is() -> None:
    def at(hour: int) -> dict[str, str]:
        return {"data_hora": f"2026-06-13T{hour:02d}:00:00", "data_hora_efetiva": f"2026-06-13T{hour:02d}:00:00"}

    events = [event("MERCADORIA ENTREGUE (01)"), event("ESTORNO DE BAIXA/ENTREGA ANTERIOR (86)", **at(8))]
    assert not fold(parse_with(body(*events), {})[0].events, now=LATER).snapshot.delivered
    events.append(event("MERCADORIA ENTREGUE (01)", **at(10)))
    again = fold(parse_with(body(*events), {})[0].events, now=LATER).snapshot
    assert (again.delivered_at and again.delivered_at.isoformat()) == "2026-06-13T10:00:00-03:00"


def test_of_two_documents_the_last_delivery_counts() -> None:
    first, second = document(event("MERCADORIA ENTREGUE (01)")), document(event("CHEGADA NA UNIDADE (84)"))

    def delivered_at(*documents: dict[str, Any]) -> str | None:
        parsed = parse_with(json.dumps({"success": True, "documento": documents}).encode(), {})[0]
        at = fold(parsed.events, now=LATER).snapshot.delivered_at
        return at.isoformat() if at else None

    assert delivered_at(first, second) is None
    later = document(event("MERCADORIA ENTREGUE (01)", data_hora_efetiva="", data_hora="2026-06-14T09:00:00"))
    assert delivered_at(first, later) == "2026-06-14T09:00:00-03:00"


def test_no_name_of_a_person_gets_through() -> None:
    words = {"descricao": "Recebido por PESSOA EXEMPLO", "nome_recebedor": "PESSOA EXEMPLO"}
    found = repr(parse_with(body(event("MERCADORIA ENTREGUE (01)", **words), event("DEIXAR COM PESSOA EXEMPLO")), {}))
    assert "PESSOA" not in found


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("Previsao de entrega: 12/06/26.", "2026-06-12"),
        ("CT-e emitido. Previsão de entrega: 12/06/2026", "2026-06-12"),
        ("Previsao de entrega: 31/02/26", None),
        ("Previsao de entrega: a combinar", None),
        ("Nao ha previsao de entrega", None),
    ],
)
def test_the_estimate_is_the_day_in_words(words: str, day: str | None) -> None:
    parsed = parse_with(body(event("DOCUMENTO DE TRANSPORTE EMITIDO (80)", descricao=words)), {})[0]
    assert parsed.estimate is None if day is None else str(parsed.estimate).startswith(day)


def recognised(names: Sequence[str], recognises: Callable[[str], bool]) -> list[str]:
    return [name for name in names if recognises(name)]


def test_only_the_platforms_own_name_is_recognised() -> None:
    own = ["SSW", "ssw.inf.br", "Transportadora SSW", "SSW - Sistema"]
    others = ["SSWX", "MISSW", "Jadlog", "Correios", "Transportes Brudam", "OCOREN", ""]
    assert recognised(own + others, is_ssw) == own


def test_personal_fields_are_not_shown() -> None:
    expected = CONNECTOR.fields
    assert expected["success"].always
    assert not expected["documento.tracking[].nome_recebedor"].shown
    assert not expected["documento.tracking[].descricao"].shown
