"""In: Correios' answers of every age, whole and corrupt; out: events, or one typed outcome. `parse` never raises."""

import json
import random
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paradeiro.connectors.correios import CONNECTOR, is_correios
from paradeiro.connectors.correios.codes import meaning_of
from paradeiro.connectors.correios.parse import parse
from paradeiro.connectors.correios.text import clean
from paradeiro.connectors.correios.times import read_time
from paradeiro.domain.following.timeline import select_new_events
from paradeiro.domain.records import ParsedAnswer, TrackingEvent
from paradeiro.domain.words import Outcome, Reason, Status, Withdraws
from paradeiro.sdk.conformance.subject import EXPECTED, folder_of, shape_problem
from paradeiro.sdk.parse_output import timeline_of

SAMPLES = {
    path.stem: path.read_bytes()
    for path in sorted((folder_of(CONNECTOR) / "fixtures").glob("*"))
    if path.is_file() and not path.name.endswith(EXPECTED)
}
FOUND = {name: data for name, data in SAMPLES.items() if parse(data)[0].outcome is Outcome.FOUND}
CODE = "AA123456785BR"


def event(code: str = "RO/01", at: str = "2026-03-10T10:00:00", **more: object) -> dict[str, Any]:
    kind, number = code.split("/")
    unit = {"tipo": "Unidade de Tratamento", "endereco": {"cidade": "BAURU", "uf": "SP"}}
    return {"codigo": kind, "tipo": number, "dtHrCriado": at, "descricao": "Objeto", "unidade": unit, **more}


def answer(*events: object, **more: object) -> bytes:
    return json.dumps({"objetos": [{"codObjeto": CODE, "eventos": list(events), **more}]}).encode()


def parse_one(*events: object, **more: object) -> ParsedAnswer:
    (parsed,) = parse(answer(*events, **more))
    return parsed


def parse_event(**more: object) -> TrackingEvent:
    """The one event of an answer, with these fields otherwise."""
    parsed = parse_one(event(**more) if "code" in more or "at" in more else {**event(), **more})
    assert parsed.outcome is Outcome.FOUND, parsed.message
    (found,) = parsed.events
    return found


def status_of_codes(*codes: str) -> tuple[Status, Reason | None]:
    """What a timeline with these codes, an hour between, says."""
    at = datetime(2026, 3, 10, 8)
    events = [event(code, (at + timedelta(hours=n)).isoformat()) for n, code in enumerate(codes)]
    snapshot = timeline_of(parse_one(*events)).snapshot
    return snapshot.status, snapshot.reason


# What the codes do to a timeline


@pytest.mark.parametrize(
    "code", [f"{kind}/{n}" for kind in ("BDE", "BDI", "BDR") for n in ("00", "01", "67", "68", "70")]
)
def test_a_delivery(code: str) -> None:
    assert status_of_codes("PO/01", "OEC/01", code) == (Status.DELIVERED, None)


def test_a_return_and_the_way_back() -> None:
    assert status_of_codes("PO/01", "OEC/01", "BDE/26") == (Status.RETURNING, Reason.PICKUP_EXPIRED)
    assert [status_of_codes("PO/01", back)[0] for back in ("OEC/09", "LDE/00", "LDE/09")] == [Status.RETURNING] * 3
    assert [status_of_codes("PO/01", "OEC/09", back)[0] for back in ("BDE/23", "BDI/23", "BDR/23")] == [
        Status.RETURNED
    ] * 3


def test_a_reversal_withdraws_the_event_before_it() -> None:
    assert status_of_codes("PO/01", "OEC/01", "BDE/01", "EST/01")[0] is Status.OUT_FOR_DELIVERY
    assert status_of_codes("PO/01", "BDE/50", "EST/09")[0] is Status.ACCEPTED
    assert status_of_codes("PO/01", "OEC/01", "BDE/01", "EST/01", "BDE/01")[0] is Status.DELIVERED


def test_a_reversal_in_the_same_second_comes_after_what_it_withdraws() -> None:
    parsed = parse_one(event("EST/01"), event("BDE/01"), event("PO/01", "2026-03-09T10:00:00"))
    assert timeline_of(parsed).snapshot.status is Status.ACCEPTED


def test_a_corrective_write_off_withdraws_the_delivery() -> None:
    assert status_of_codes("PO/01", "OEC/01", "BDE/01", "BDR/20") == (Status.ATTEMPT_FAILED, Reason.RECIPIENT_ABSENT)
    assert status_of_codes("PO/01", "OEC/01", "BDE/01", "BDR/01")[0] is Status.DELIVERED
    assert parse_event(code="BDR/20").withdraws is Withdraws.DELIVERY


def test_lost_and_stolen_are_not_final() -> None:
    for code in ("BDE/29", "BDE/50", "BDE/80", "IDC/01", "FC/51"):
        assert status_of_codes("PO/01", code)[0] is Status.EXCEPTION
        assert status_of_codes("PO/01", code, "OEC/01", "BDE/01")[0] is Status.DELIVERED


# Text


def test_a_write_off_that_names_the_sender_is_a_return() -> None:
    assert parse_event(code="BDE/01", descricao="Objeto entregue ao remetente").status is Status.RETURNED
    # Where only the detail says so, and as a corrective write-off: never a delivery.
    assert parse_event(code="BDI/01", detalhe="Objeto entregue ao remetente").status is Status.RETURNED
    assert parse_event(code="BDR/01", descricao="Objeto entregue ao remetente").withdraws is Withdraws.DELIVERY
    # A neighbour, "as the sender authorised", is still the customer's side.
    words = "Objeto entregue ao destinatário - em endereço vizinho, conforme autorizado pelo remetente"
    assert parse_event(code="BDE/67", descricao=words).status is Status.DELIVERED


@pytest.mark.parametrize(
    ("words", "status", "reason"),
    [
        ("Objeto entregue ao destinatário", Status.UNKNOWN, None),
        ("Entregue", Status.UNKNOWN, None),
        ("Objeto não entregue", Status.ATTEMPT_FAILED, Reason.OTHER),
        ("Objeto não entregue - carteiro não atendido", Status.ATTEMPT_FAILED, Reason.RECIPIENT_ABSENT),
        ("OBJETO NÃO ENTREGUE - ENDEREÇO INSUFICIENTE", Status.ATTEMPT_FAILED, Reason.ADDRESS_PROBLEM),
        ("Objeto não entregue - cliente desconhecido no local", Status.ATTEMPT_FAILED, Reason.RECIPIENT_UNKNOWN),
        ("Objeto não entregue - endereço desconhecido", Status.ATTEMPT_FAILED, Reason.ADDRESS_PROBLEM),
        ("Objeto não entregue - destinatário falecido", Status.ATTEMPT_FAILED, Reason.RECIPIENT_UNKNOWN),
        ("Objeto não entregue - ex-funcionário", Status.ATTEMPT_FAILED, Reason.RECIPIENT_UNKNOWN),
        ("Objeto não entregue - funcionário demitido", Status.ATTEMPT_FAILED, Reason.RECIPIENT_UNKNOWN),
        ("Objeto não entregue - cliente mudou-se do endereço", Status.ATTEMPT_FAILED, Reason.RECIPIENT_MOVED),
        ("Objeto não entregue - prazo de retirada encerrado", Status.ATTEMPT_FAILED, Reason.PICKUP_EXPIRED),
        ("Objeto não foi entregue ao remetente", Status.ATTEMPT_FAILED, Reason.OTHER),
        ("Objeto entregue ao remetente", Status.RETURNED, None),
        ("Objeto será entregue ao remetente", Status.RETURNING, None),
        ("Objeto saiu para entrega ao destinatário", Status.OUT_FOR_DELIVERY, None),
        ("Objeto ainda não saiu para entrega ao destinatário", Status.UNKNOWN, None),
        ("Objeto saiu para entrega ao remetente", Status.RETURNING, None),
        ("Objeto em transferência - por favor aguarde", Status.IN_TRANSIT, None),
        ("Objeto em correção de rota", Status.IN_TRANSIT, Reason.MISROUTED),
        ("Objeto encaminhado para retirada no endereço indicado", Status.AVAILABLE_FOR_PICKUP, None),
        ("Direcionado para entrega em unidade dos Correios a pedido do cliente", Status.IN_TRANSIT, None),
        ("Prazo de retirada pelo destinatário encerrado", Status.RETURNING, Reason.PICKUP_EXPIRED),
        ("Inconsistências no endereçamento do objeto", Status.EXCEPTION, Reason.ADDRESS_PROBLEM),
        ("Objeto roubado dos Correios", Status.EXCEPTION, Reason.STOLEN),
        ("Objeto não localizado no fluxo postal", Status.EXCEPTION, Reason.LOST),
        ("Etiqueta expirada", Status.CANCELLED, None),
        ("Baldeação em curso", Status.UNKNOWN, None),
        ("", Status.UNKNOWN, None),
    ],
)
def test_without_a_code_the_text_speaks_but_never_of_a_delivery(
    words: str, status: Status, reason: Reason | None
) -> None:
    told = {"descricao": words, "dtHrCriado": "2026-03-10T10:00:00", "unidade": None}
    (found,) = parse_one(told).events
    assert (found.status, found.reason) == (status, reason)
    assert found.code.startswith("TEXT/")


def test_a_code_beats_its_text() -> None:
    assert parse_event(code="ZZQ/01", descricao="Objeto entregue ao destinatário").status is Status.UNKNOWN
    assert parse_event(code="BDE/20", descricao="Objeto entregue ao destinatário").status is Status.ATTEMPT_FAILED
    assert parse_event(code="CO/08", descricao="Entregue").status is None


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("Aguarde envio de link\r\n", "Aguarde envio de link"),
        ('Para saber mais <a href="https://x.example/p?q=1">clique aqui</a>.', ""),
        ("Recebido por: vizinho. Avalie o nosso serviço: https://survey.example/x!", "Recebido por: vizinho."),
        ("Responda a pesquisa de satisfação", ""),
        ("a&nbsp;&lt;b&gt;c&lt;/b&gt; \u200bd", "a c d"),
        ("...", ""),
        ("\x00nul\ud800", "nul"),
        (None, ""),
        (17, ""),
    ],
)
def test_details_are_plain_words(told: object, kept: str) -> None:
    assert clean(told) == kept


def test_a_long_text_without_a_full_stop_takes_no_time() -> None:
    assert clean("a b " * 100_000) == ("a b " * 125)[:500]


# Dates


@pytest.mark.parametrize(
    "value",
    [
        "2026-03-10T10:20:30",
        "2026-03-10 10:20:30",
        "2026-03-10 10:20:30.123456",
        "10/03/2026 10:20:30",
        "2026-03-10T13:20:30Z",
        "2026-03-10T10:20:30-03:00",
        {"date": "2026-03-10 10:20:30.000000", "timezone_type": 3, "timezone": "America/Sao_Paulo"},
        {"date": "2026-03-10 13:20:30.000000", "timezone_type": 3, "timezone": "UTC"},
    ],
)
def test_one_instant_in_every_form(value: object) -> None:
    assert parse_event(dtHrCriado=value).occurred_at == datetime(2026, 3, 10, 13, 20, 30, tzinfo=UTC)


def test_the_forms_of_the_closed_interfaces() -> None:
    soap = {"tipo": "BDE", "status": "01", "data": "10/03/2015", "hora": "10:20", "descricao": "Entregue"}
    mobile = {"tipo": "BDE", "status": 1, "criacao": "10032015102000", "descricao": "Entregue"}
    for told in (soap, mobile):
        (parsed,) = parse(json.dumps({"versao": "3.0", "objeto": [{"numero": CODE, "evento": [told]}]}).encode())
        assert parsed.tracking_code == CODE
        assert [(e.code, e.occurred_at) for e in parsed.events] == [
            ("BDE/01", datetime(2015, 3, 10, 13, 20, tzinfo=UTC))
        ]


def test_a_single_item_where_others_send_a_list() -> None:
    (parsed,) = parse(json.dumps({"objeto": {"numero": CODE, "evento": event()}}).encode())
    assert (parsed.tracking_code, len(parsed.events)) == (CODE, 1)


def test_summer_time_until_2019() -> None:
    assert read_time("2018-01-10T10:00:00") == datetime(2018, 1, 10, 12, tzinfo=UTC)
    assert read_time("2020-01-10T10:00:00") == datetime(2020, 1, 10, 13, tzinfo=UTC)


@pytest.mark.parametrize("wall", ["2018-02-17T23:30:00", "2018-11-04T00:30:00"])
def test_an_hour_that_summer_time_repeats_or_skips_is_one_instant(wall: str) -> None:
    found = read_time(wall)
    assert found is not None
    assert found == found.astimezone(UTC)  # with a zone instead of an offset these are never equal (PEP 495)
    (first,) = parse_one(event(at=wall)).events
    stored = TrackingEvent(first.occurred_at.astimezone(UTC), first.code, first.status, place=first.place)
    assert select_new_events((stored,), (first,)) == ()


@pytest.mark.parametrize(
    "value",
    [None, "", "ontem", "2026-13-45T99:99", "0001-01-01T00:00:00", "9999-12-31T23:59:59", 17, [], {}, {"date": 5}],
)
def test_an_event_without_an_instant_is_none(value: object) -> None:
    parsed = parse_one({**event(), "dtHrCriado": value}, event("PO/01"))
    assert (parsed.outcome, parsed.events) == (Outcome.MALFORMED, ())
    assert parsed.tracking_code == CODE
    assert "date" in parsed.message


def test_estimate_and_deadline() -> None:
    parsed = parse_one(event("LDI/01", dtLimiteRetirada="2026-03-17"), dtPrevista="2026-03-12T23:59:59")
    assert parsed.estimate == datetime(2026, 3, 13, 2, 59, 59, tzinfo=UTC)
    assert parsed.events[0].pickup_deadline == date(2026, 3, 17)
    assert parse_one(event(dtLimiteRetirada="breve"), dtPrevista="logo").events[0].pickup_deadline is None


# Places and numbers


@pytest.mark.parametrize("unit", [None, {}, "BAURU", [], 0, {"endereco": {}}, {"endereco": None}, {"endereco": []}])
def test_an_event_without_a_place_is_still_news(unit: object) -> None:
    found = parse_event(unidade=unit)
    assert (found.status, found.place.city, found.place.state) == (Status.IN_TRANSIT, None, None)


def test_an_event_whose_unit_is_missing_altogether() -> None:
    told = event()
    del told["unidade"]
    assert parse_one(told).events[0].status is Status.IN_TRANSIT


def test_a_place_without_its_city() -> None:
    found = parse_event(unidade={"tipo": "Unidade de Tratamento", "endereco": {"uf": "SP"}})
    assert (found.place.city, found.place.state, found.place.country) == (None, "SP", "BR")


def test_a_unit_abroad() -> None:
    first, last = parse(SAMPLES["from_abroad"])[0].events
    assert (first.place.country, first.place.city, first.place.unit) == ("HK", None, "HONG KONG")
    assert first.zone_assumed
    assert last.destination is not None
    assert (last.destination.country, last.destination.unit) == ("BR", "Unidade de Tratamento Internacional")
    by_name = parse_event(unidade={"tipo": "País", "nome": "CHINA", "endereco": {}})
    assert by_name.place.country == "CN"
    assert parse_event(unidade={"tipo": "País", "nome": "ATLANTIDA"}).place.country is None


@pytest.mark.parametrize(
    ("unit", "country"),
    [
        ({"codSro": "00752000", "nome": "X"}, "SE"),
        ({"nome": "SUECIA"}, "SE"),  # Correios leaves accents out in capitals
        ({"nome": "HONG KONG"}, "HK"),
        # No country's number, but a unit's own: 500 would be Montserrat, 020 Andorra.
        ({"codSro": "00500001", "nome": "Unidade de Tratamento Internacional"}, None),
        ({"codSro": "24020972", "nome": "CHINA"}, "CN"),
        ({"codSro": 344000}, None),
    ],
)
@pytest.mark.parametrize("kind", ["País", "PAIS", "Pai\u0301s"])
def test_the_country_of_a_unit_abroad(kind: str, unit: dict[str, object], country: str | None) -> None:
    found = parse_event(unidade={"tipo": kind, "endereco": {}, **unit})
    assert (found.place.country, found.zone_assumed) == (country, True)


def test_the_system_is_no_state() -> None:
    found = parse_event(unidade={"tipo": "INTERFACE DO SISTEMA", "endereco": {"uf": "BR"}})
    assert (found.place.state, found.place.country) == (None, "BR")


def test_where_to_fetch_a_package() -> None:
    (found,) = parse(SAMPLES["pickup"])[0].events
    assert found.pickup_address == (
        "RUA PASCHOAL GIANFRANCESCO, 165 · JARDIM DAS PALMEIRAS · VARZEA PAULISTA/SP · CEP 13224-971"
    )
    assert found.pickup_deadline == date(2026, 9, 21)
    box = {"tipo": "Agência dos Correios", "endereco": {"logradouro": "RUA DIREITA", "numero": "1", "cidade": "BAURU"}}
    assert parse_event(code="BDI/24", unidade=box).pickup_address == "RUA DIREITA, 1 · BAURU"
    assert parse_event(code="RO/01", unidade=box).pickup_address is None


@pytest.mark.parametrize("number", ["01", "1", 1, 1.0, " 01 "])
def test_a_number_however_it_is_written(number: object) -> None:
    assert parse_event(codigo="bde ", tipo=number).code == "BDE/01"


def test_the_number_23_as_an_integer_is_a_return() -> None:
    assert parse_event(codigo="BDE", tipo=23).status is Status.RETURNED


@pytest.mark.parametrize("number", [None, "", True, [], {}, 1e300, "\x00", "\ud800", -1, "001"])
def test_an_odd_number_is_an_unknown_code(number: object) -> None:
    parsed = parse_one({**event("BDE/01"), "tipo": number})
    assert [e.status for e in parsed.events] == [Status.UNKNOWN]
    assert parsed.unknown_codes == (parsed.events[0].code,)


# Order


def test_oldest_first_and_newest_first_are_the_same() -> None:
    data = json.loads(SAMPLES["delivered"])
    data["objetos"][0]["eventos"].reverse()
    assert parse(json.dumps(data).encode()) == parse(SAMPLES["delivered"])


def test_equal_instants_go_by_how_far_along_they_are() -> None:
    told = [event("BDE/01"), event("PO/01"), event("OEC/01"), event("RO/01")]
    for _ in range(3):
        random.Random(1).shuffle(told)
        assert [e.code for e in parse_one(*told).events] == ["PO/01", "RO/01", "OEC/01", "BDE/01"]


def test_an_event_listed_twice_counts_once() -> None:
    assert len(parse_one(event(), event(), event(descricao="em outras palavras")).events) == 1


# Messages and envelopes


@pytest.mark.parametrize(
    ("words", "outcome"),
    [
        ("SRO-009: Objeto não pertence ao contrato", Outcome.REFUSED),
        ("SRO-999: Objeto encantado", Outcome.MALFORMED),
        ("", Outcome.NOT_FOUND),
    ],
)
def test_an_empty_list_of_events_hides_no_message(words: str, outcome: Outcome) -> None:
    parsed = parse_one(mensagem=words)
    assert (parsed.tracking_code, parsed.outcome) == (CODE, outcome)
    assert words in parsed.message


def test_an_object_by_itself_that_does_not_say_its_code() -> None:
    (parsed,) = parse(json.dumps({"descricao": "Carta", "eventos": [event()]}).encode())
    assert (parsed.tracking_code, parsed.outcome, len(parsed.events)) == ("", Outcome.FOUND, 1)


@pytest.mark.parametrize(
    ("words", "outcome"),
    [
        ("SRO-020: Objeto não encontrado na base de dados dos Correios.", Outcome.NOT_FOUND),
        ("SRO-031", Outcome.NOT_FOUND),
        ("SRO-019: Objeto inválido", Outcome.REFUSED),
        ("SRO-009: Objeto não pertence ao contrato", Outcome.REFUSED),
        ("SRO-999: Objeto encantado", Outcome.MALFORMED),
        ("", Outcome.MALFORMED),
        (None, Outcome.MALFORMED),
        (["SRO-020"], Outcome.MALFORMED),
    ],
)
def test_a_message_in_place_of_events(words: object, outcome: Outcome) -> None:
    (parsed,) = parse(json.dumps({"objetos": [{"codObjeto": CODE, "mensagem": words}]}).encode())
    assert (parsed.tracking_code, parsed.outcome, parsed.events) == (CODE, outcome, ())


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        ({"msgs": ["GTW-008: Token não válido para este ambiente."]}, Outcome.AUTH_FAILED),
        ({"msgs": ["API não liberada para o contrato"]}, Outcome.AUTH_FAILED),
        ({"msgs": ["Forbidden"], "causa": "Forbidden"}, Outcome.AUTH_FAILED),
        ({"msgs": ["SRO-018: Permitido apenas os valores pt-BR"]}, Outcome.REFUSED),
        ({"erro": True, "mensagem": "CAPTCHA inválido"}, Outcome.MALFORMED),
        ({"msgs": [None, {"a": 1}]}, Outcome.MALFORMED),
        ({}, Outcome.MALFORMED),
        ({"objetos": []}, Outcome.MALFORMED),
        ({"objetos": None}, Outcome.MALFORMED),
        ({"objetos": "nenhum"}, Outcome.MALFORMED),
        ({"objetos": [None]}, Outcome.MALFORMED),
        ({"objetos": [{"codObjeto": CODE, "eventos": "muitos"}]}, Outcome.MALFORMED),
        ({"objetos": [{"codObjeto": CODE, "eventos": [None]}]}, Outcome.MALFORMED),
        ({"objetos": [{"codObjeto": CODE, "eventos": []}]}, Outcome.NOT_FOUND),
        ({"objeto": [{"numero": CODE, "categoria": "ERRO: Objeto não encontrado"}]}, Outcome.NOT_FOUND),
        ([], Outcome.MALFORMED),
        (None, Outcome.MALFORMED),
    ],
)
def test_an_envelope(body: object, outcome: Outcome) -> None:
    (parsed,) = parse(json.dumps(body).encode())
    assert (parsed.outcome, parsed.events) == (outcome, ())


def test_an_answer_saved_with_its_headers() -> None:
    head = b"HTTP/1.1 %d X\r\nContent-Type: application/json\r\n\r\n"
    assert parse(head % 200 + SAMPLES["delivered"]) == parse(SAMPLES["delivered"])
    outcomes = {status: parse(head % status)[0].outcome for status in (200, 401, 403, 404, 429, 502)}
    assert outcomes == {
        200: Outcome.MALFORMED,
        401: Outcome.AUTH_FAILED,
        403: Outcome.AUTH_FAILED,
        404: Outcome.MALFORMED,
        429: Outcome.RETRY,
        502: Outcome.RETRY,
    }


def test_a_saved_answer_in_a_saved_answer_and_so_on_is_no_answer() -> None:
    (parsed,) = parse(b"HTTP/1.1 200 OK\n\n" * 20_000)
    assert parsed.outcome is Outcome.MALFORMED


def test_a_code_copied_with_its_blanks() -> None:
    (parsed,) = parse(json.dumps({"codObjeto": " aa 123.456.785 br\u200b\x00", "eventos": [event()]}).encode())
    assert parsed.tracking_code == CODE


def test_nothing_that_a_database_cannot_hold_comes_out() -> None:
    odd = "x\x00\ud800"
    bodies = [
        answer({**event(), "codigo": odd, "tipo": odd, "descricao": odd, "detalhe": odd, "unidade": {"nome": odd}}),
        json.dumps({odd: 1}).encode(),
        json.dumps({"codObjeto": odd, odd: 1}).encode(),
        json.dumps({"msgs": [odd]}).encode(),
        answer({**event(), "dtHrCriado": odd}),
    ]
    for body in bodies:
        shown = repr(parse(body))
        assert "\\x00" not in shown.replace("\\\\x00", "")
        assert "\\ud800" not in shown.replace("\\\\ud800", "")


# Who carries


@pytest.mark.parametrize(
    "courier",
    ["Correios", "CORREIOS PAC", "Sedex 10", "SEDEX12", "SEDEX/PAC", "Correios (PAC)", "pac", "e-Sedex", "eSedex"],
)
def test_correios_by_any_name(courier: str) -> None:
    assert is_correios(courier)


@pytest.mark.parametrize("courier", ["", "Jadlog", "Pacman Express", "Total Express", "Impacto"])
def test_somebody_else(courier: str) -> None:
    assert not is_correios(courier)


# Properties


FIELDS = [
    "objetos",
    "objeto",
    "eventos",
    "evento",
    "codObjeto",
    "codigo",
    "tipo",
    "status",
    "dtHrCriado",
    "date",
    "data",
    "hora",
    "criacao",
    "unidade",
    "endereco",
    "uf",
    "codSro",
    "mensagem",
    "msgs",
    "categoria",
    "numero",
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda deeper: (
        st.lists(deeper, max_size=4)
        | st.dictionaries(
            st.sampled_from(FIELDS),
            deeper,
            max_size=5,
        )
    ),
    max_leaves=25,
)
MAPPED = ["PO/01", "RO/01", "DO/01", "OEC/01", "BDE/20", "BDE/01", "BDE/50", "EST/01", "BDR/20", "BDE/23", "LDI/01"]
STEPS = st.lists(st.tuples(st.sampled_from(MAPPED), st.integers(0, 40)), min_size=1, max_size=8)


def _at(minute: int) -> str:
    return (datetime(2026, 3, 10, 8) + timedelta(minutes=minute)).isoformat()


@given(st.binary(max_size=300))
def test_no_bytes_make_it_raise(data: bytes) -> None:
    assert shape_problem(parse(data)) == ""


@given(JSON)
def test_no_json_makes_it_raise(document: object) -> None:
    assert shape_problem(parse(json.dumps(document).encode())) == ""


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_cut_at_any_byte_is_no_half_answer(name: str) -> None:
    data = SAMPLES[name].rstrip()
    for end in range(len(data)):
        parsed = parse(data[:end])
        assert shape_problem(parsed) == ""
        if name in FOUND:
            assert {p.outcome for p in parsed} == {Outcome.MALFORMED}, end


@given(st.sampled_from(sorted(FOUND)), st.data())
def test_a_sample_with_other_bytes_in_it_never_raises(name: str, data: st.DataObject) -> None:
    whole = FOUND[name]
    start = data.draw(st.integers(0, len(whole)))
    length = data.draw(st.integers(0, 30))
    assert shape_problem(parse(whole[:start] + data.draw(st.binary(max_size=30)) + whole[start + length :])) == ""


@given(STEPS, st.randoms(use_true_random=False))
def test_shuffled_it_says_the_same(steps: list[tuple[str, int]], chance: random.Random) -> None:
    told = [event(code, _at(minute)) for code, minute in steps]
    before = parse_one(*told)
    chance.shuffle(told)
    assert parse_one(*told) == before


@given(STEPS, st.text(max_size=30))
def test_other_words_make_no_new_event(steps: list[tuple[str, int]], words: str) -> None:
    known = parse_one(*(event(code, _at(minute)) for code, minute in steps))
    reworded = parse_one(*(event(code, _at(minute), descricao=words, detalhe=words) for code, minute in steps))
    assert select_new_events(known.events, reworded.events) == ()


@given(STEPS, st.from_regex(r"[A-Z]{2,3}", fullmatch=True), st.integers(0, 99), st.integers(0, 40))
def test_an_invented_code_is_unknown_and_moves_nothing(
    steps: list[tuple[str, int]], kind: str, number: int, minute: int
) -> None:
    invented = f"{kind}/{number:02}"
    # A reversal after it would take it back instead of what it took back before: so none here.
    told = [event(code, _at(m)) for code, m in steps if code != "EST/01"]
    if meaning_of(kind, f"{number:02}") is not None or not told:
        return
    without, spoilt = (
        parse_one(*told),
        parse_one(*told, event(invented, _at(minute), descricao="Objeto entregue ao destinatário")),
    )
    assert spoilt.unknown_codes == (invented,)
    assert len(spoilt.events) == len(without.events) + 1
    was, now = timeline_of(without).snapshot, timeline_of(spoilt).snapshot
    assert (was.status, was.reason, was.delivered_at) == (now.status, now.reason, now.delivered_at)


def test_every_sample_has_its_expected_file() -> None:
    folder = Path(folder_of(CONNECTOR)) / "fixtures"
    assert {p.name.removesuffix(EXPECTED) for p in folder.glob(f"*{EXPECTED}")} == set(SAMPLES)
