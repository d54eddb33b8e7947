"""In: real answers of parties (the folders here); out: what `expected.json` says of each, by name."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from paradeiro.cli.connectors.parse import parse_command
from paradeiro.connectors.correios.parse import parse as parse_correios
from paradeiro.connectors.seventeen_track.codes import SUB_STATUSES, meaning_of
from paradeiro.connectors.seventeen_track.parse import parse as parse_seventeen_track
from paradeiro.connectors.vtex.parse import parse_order
from paradeiro.connectors.webhook.signature import signature_headers
from paradeiro.domain.days import day_of, end_of_estimate
from paradeiro.domain.records import Item, ParsedAnswer, Snapshot
from paradeiro.domain.words import Outcome, Reason, Status
from paradeiro.sdk.wording import catalogue_for
from paradeiro.sdk.wording.shipment_wording import lateness_sentence
from paradeiro.sdk.wording.times import zone_of

HERE = Path(__file__).parent
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
CODE = "QZ600000024BR"


def expected(topic: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = json.loads((HERE / topic / "expected.json").read_text(encoding="utf-8"))
    return found


CASES = [(t, name, right) for t in ("correios", "seventeen_track") for name, right in expected(t).items()]


@pytest.mark.parametrize(("topic", "name", "right"), CASES, ids=[f"{t}/{n}" for t, n, _ in CASES])
def test_parse_says_what_is_right(topic: str, name: str, right: list[str]) -> None:
    lines = [json.loads(line) for line in parse_command(topic, (HERE / topic / name).read_bytes(), NOW)]
    snapshot, events = lines[-1]["snapshot"], lines[:-1]
    said = {
        "/".join(filter(None, (snapshot["status"], snapshot["reason"]))),
        str(datetime.fromisoformat(events[-1]["occurred_at"]).isoformat()),
    }
    if "estimate" in snapshot:
        said.add(f"estimate {datetime.fromisoformat(snapshot['estimate'])}")
    assert said & set(right), (said, right)


def test_item_index_left_out() -> None:
    order = parse_order((HERE / "orders" / "item-index-left-out.json").read_bytes())
    assert order.invoices[0].items == (Item("501", 1, 2390, "Produto A"), Item("502", 1, 799, "Produto B"))


@pytest.mark.parametrize(
    ("indexes", "ids"),
    [
        (({}, {"itemIndex": 1}), ("501", "502")),
        (({"itemIndex": 1}, {}), ("502", "501")),
        (({}, {}), ("", "")),
        (({}, {"itemIndex": 0}), ("", "501")),
        (({"itemIndex": None}, {"itemIndex": 1}), ("", "502")),
        (({"itemIndex": 7}, {}), ("", "501")),
    ],
    ids=["first", "last", "two left out", "another has 0", "null is none", "beside a wrong one"],
)
def test_only_one_line_without_an_index_is_the_first(indexes: Any, ids: tuple[str, ...]) -> None:
    order = json.loads((HERE / "orders" / "item-index-left-out.json").read_bytes())
    order["packageAttachment"]["packages"][0]["items"] = [{"quantity": 1, "price": 1} | index for index in indexes]
    assert tuple(i.id for i in parse_order(json.dumps(order).encode()).invoices[0].items) == ids


def test_an_index_left_out_of_the_logistics_is_the_first_too() -> None:
    order = json.loads((HERE / "orders" / "item-index-left-out.json").read_bytes())
    order["shippingData"]["logisticsInfo"] = [{"deliveryChannel": "pickup-in-point"}, {"itemIndex": 1}]
    order["packageAttachment"]["packages"][0] |= {"items": [{"quantity": 1}], "courier": None, "trackingNumber": None}
    assert parse_order(json.dumps(order).encode()).invoices[0].fetched is True


def test_vector() -> None:
    vector = json.loads((HERE / "webhooks" / "vector.json").read_text(encoding="utf-8"))
    at = datetime.fromtimestamp(vector["timestamp"], UTC)
    headers = dict(signature_headers([vector["secret"]], vector["id"], at, vector["body"].encode()))
    assert headers["webhook-signature"] == vector["signature"]


# Correios' closed web service.

EVENT = {
    "tipo": "BDE",
    "status": "20",
    "data": "27/03/2019",
    "hora": "09:10",
    "descricao": "A entrega não pode ser efetuada - Carteiro não atendido",
    "local": "CDD EXEMPLO",
    "codigo": "12345678",
    "cidade": "SAO PAULO",
    "uf": "SP",
}
OBJECT = {"numero": CODE, "sigla": "QZ", "nome": "PAC", "categoria": "ENCOMENDA PAC", "evento": [EVENT]}


def xml_of(name: str, value: object) -> str:
    if isinstance(value, list):
        return "".join(xml_of(name, each) for each in value)
    inside = "".join(xml_of(n, v) for n, v in value.items()) if isinstance(value, dict) else str(value)
    return f"<{name}>{inside}</{name}>"


def envelope(answer: dict[str, Any], encoding: str = "UTF-8") -> bytes:
    body = xml_of("return", {"versao": "2.0", "qtd": "1", "objeto": [answer]})
    return (
        f'<?xml version="1.0" encoding="{encoding}"?>'
        '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>'
        '<ns2:buscaEventosResponse xmlns:ns2="http://resource.webservice.correios.com.br/">'
        f"{body}</ns2:buscaEventosResponse></soapenv:Body></soapenv:Envelope>"
    ).encode(encoding)


def lists_of_one(value: object) -> object:
    """What some libraries make of XML: every value is a list."""
    if isinstance(value, dict):
        return {name: each if isinstance(each, list) else [each] for name, each in value.items()} | {
            name: [lists_of_one(one) for one in each] for name, each in value.items() if isinstance(each, list)
        }
    return value


def as_json(value: object) -> bytes:
    return json.dumps(value).encode()


SAVED = {
    "xml": envelope(OBJECT),
    "xml in latin-1": envelope(OBJECT, "iso-8859-1"),
    "xml behind blanks": b"\r\n " + envelope(OBJECT),
    "sroxml": xml_of("sroxml", {"versao": "1.0", "objeto": OBJECT}).encode(),
    "return": as_json({"return": {"versao": "2.0", "qtd": "1", "objeto": [OBJECT]}}),
    "one of each": as_json({"return": {"objeto": OBJECT | {"evento": EVENT}}}),
    "envelope": as_json({"soap:Envelope": {"soap:Body": {"ns2:buscaEventosResponse": {"return": {"objeto": OBJECT}}}}}),
    "lists of one": as_json({"return": [{"objeto": [lists_of_one(OBJECT)]}]}),
    "numbers": as_json({"objeto": OBJECT | {"evento": EVENT | {"status": 20, "codigo": 12345678}}}),
    "an object alone": as_json(OBJECT),
    "saved with its headers": b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n" + envelope(OBJECT),
}


@pytest.mark.parametrize("body", SAVED.values(), ids=SAVED)
def test_the_web_services_answer_is_read_however_it_was_saved(body: bytes) -> None:
    (parsed,) = parse_correios(body)
    assert (parsed.outcome, parsed.tracking_code, parsed.unknown_codes) == (Outcome.FOUND, CODE, ())
    (event,) = parsed.events
    assert (event.code, event.status, event.reason) == ("BDE/20", Status.ATTEMPT_FAILED, Reason.RECIPIENT_ABSENT)
    assert event.occurred_at == datetime(2019, 3, 27, 12, 10, tzinfo=UTC)
    assert (event.place.city, event.place.state, event.place.unit) == ("SAO PAULO", "SP", "CDD EXEMPLO")


def test_where_the_web_service_sent_it_and_where_it_waits() -> None:
    sent = EVENT | {"tipo": "RO", "status": "01", "destino": [{"local": "CTE", "cidade": "BAURU", "uf": "SP"}]}
    waits = EVENT | {
        "tipo": "LDI",
        "status": "01",
        "hora": "10:10",
        "endereco": {"logradouro": "RUA A", "numero": "1", "localidade": "BAURU", "uf": "SP"},
    }
    (parsed,) = parse_correios(envelope(OBJECT | {"evento": [waits, sent]}))
    first, last = parsed.events
    assert first.destination is not None
    assert first.destination.city == "BAURU"
    assert (last.status, last.pickup_address) == (Status.AVAILABLE_FOR_PICKUP, "RUA A, 1 · BAURU/SP")


NOT_THERE = {"numero": CODE, "erro": "Objeto não encontrado na base de dados dos Correios."}
FAULT = {"Envelope": {"Body": {"Fault": {"faultcode": "soap:Server", "faultstring": "NullPointerException"}}}}
BOMB = b'<!DOCTYPE a [<!ENTITY b "x">]><sroxml><objeto><numero>&b;</numero></objeto></sroxml>'


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        (envelope(NOT_THERE), Outcome.NOT_FOUND),
        (as_json({"objeto": NOT_THERE}), Outcome.NOT_FOUND),
        (envelope({k: v for k, v in OBJECT.items() if k != "evento"}), Outcome.NOT_FOUND),
        (envelope({"numero": "Erro", "erro": "Usuário e/ou senha inválidos."}), Outcome.AUTH_FAILED),
        (xml_of("a", FAULT).encode(), Outcome.RETRY),
        (b"<html><body><p>502</p></body></html>", Outcome.MALFORMED),
        (b"<html><body><p>502<br></body></html>", Outcome.MALFORMED),
        (BOMB, Outcome.MALFORMED),
        (b"<a>" * 100_000, Outcome.MALFORMED),
        (envelope(OBJECT)[:-9], Outcome.MALFORMED),
    ],
    ids=["unknown", "unknown in JSON", "no events", "refused", "fault", "page", "odd page", "bomb", "deep", "cut"],
)
def test_what_the_web_service_says_instead_of_events(body: bytes, outcome: Outcome) -> None:
    assert [p.outcome for p in parse_correios(body)] == [outcome]


@pytest.mark.parametrize(
    ("code", "text", "status"),
    [
        ("BDI/79", "Objeto entregue ao contratante", Status.RETURNED),
        ("BDE/79", "Objeto entregue ao contratante", Status.RETURNED),
        ("BDE/01", "Objeto entregue ao contratante", Status.RETURNED),
        ("BDI/79", "POSTAGEM INEXISTENTE", Status.EXCEPTION),
        ("BDI/04", "Recusado; será entregue ao contratante", Status.RETURNING),
    ],
)
def test_what_the_contract_holder_has_ended(code: str, text: str, status: Status) -> None:
    assert correios(event=(code, text)).events[-1].status is status


def correios(*, event: tuple[str, str] = ("PO/01", "Objeto postado"), **more: object) -> ParsedAnswer:
    kind, number = event[0].split("/")
    told = {"codigo": kind, "tipo": number, "dtHrCriado": "2026-10-01T10:00:00", "descricao": event[1]}
    (parsed,) = parse_correios(as_json({"objetos": [{"codObjeto": CODE, "eventos": [told], **more}]}))
    return parsed


# A day that lasts to its end.


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("20/10/2026", "2026-10-20 23:59:59-03:00"),
        ("2026-10-20", "2026-10-20 23:59:59-03:00"),
        ("2026-10-20T00:00:00", "2026-10-20 23:59:59-03:00"),
        ("2026-10-20T20:58:00", "2026-10-20 20:58:00-03:00"),
        ("2026-10-20T23:59:59", "2026-10-20 23:59:59-03:00"),
        ("", "None"),
    ],
)
def test_correios_estimate_of_a_day_lasts_to_its_end(written: str, said: str) -> None:
    assert str(correios(dtPrevista=written).estimate) == said


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"source": "Official", "from": None, "to": "2026-10-05"}, "2026-10-05 23:59:59-03:00"),
        ({"from": "2026-10-04T00:00:00-03:00", "to": "2026-10-05T00:00:00-03:00"}, "2026-10-05 23:59:59-03:00"),
        ({"source": "Official", "from": "2026-10-05T08:00:00-04:00", "to": None}, "2026-10-05 08:00:00-04:00"),
        ({"source": "17TRACK", "from": None, "to": "2026-10-05T20:00:00-03:00"}, "None"),
        ({"source": "Official", "from": None, "to": None}, "None"),
        ({"source": "Official", "to": "soon"}, "None"),
        (None, "None"),
    ],
)
def test_seventeen_tracks_estimate_is_the_carriers_own(told: object, said: str) -> None:
    info = {"time_metrics": {"estimated_delivery_date": told}, "tracking": {"providers": [{"events": [happened()]}]}}
    (parsed,) = parse_seventeen_track(as_json({"number": CODE, "track_info": info}))
    assert str(parsed.estimate) == said


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("2026-11-20", "2026-11-20 23:59:59+00:00"),
        ("2026-11-20T00:00:00", "2026-11-20 23:59:59+00:00"),
        ("2026-11-20T22:07:50Z", "2026-11-20 22:07:50+00:00"),
        (
            "2026-11-20T00:00:00Z",
            "2026-11-20 00:00:00+00:00",
        ),  # nine in the evening, at which a delivery window may end
    ],
)
def test_vtexs_promise_of_a_day_lasts_to_its_end(written: str, said: str) -> None:
    order = {"orderId": "1", "shippingData": {"logisticsInfo": [{"itemIndex": 0, "shippingEstimateDate": written}]}}
    assert str(parse_order(as_json(order)).promised_at) == said


@pytest.mark.parametrize("zone", ["America/Sao_Paulo", "America/Manaus", "America/Noronha"])
def test_the_end_of_a_day_names_that_day_in_every_zone(zone: str) -> None:
    estimate = end_of_estimate(datetime.fromisoformat("2026-10-20T00:00:00-03:00"))
    assert day_of(estimate, zone_of(zone, "")).isoformat() == "2026-10-20"


@pytest.mark.parametrize(("hour", "late"), [("2026-10-20T23:00:00-03:00", False), ("2026-10-21T01:00:00-03:00", True)])
def test_late_only_after_the_end_of_the_day(hour: str, late: bool) -> None:
    promised = end_of_estimate(datetime.fromisoformat("2026-10-20T00:00:00-03:00"))
    for zone in ("America/Sao_Paulo", "America/Noronha"):
        snapshot = Snapshot(Status.IN_TRANSIT, estimate=promised)
        at = datetime.fromisoformat("2026-10-20T10:00:00-02:00")
        words = catalogue_for("pt-BR")
        assert lateness_sentence(at, snapshot, now=at, zone=zone_of(zone, ""), catalogue=words) == "", (
            "expected on its very day"
        )
    now = datetime.fromisoformat(hour)
    said = lateness_sentence(promised, snapshot, now=now, zone=zone_of("America/Sao_Paulo", ""), catalogue=words)
    assert bool(said) is late


# 17TRACK's words and hours.


def happened(**more: Any) -> dict[str, Any]:
    return {"time_iso": "2026-09-21T10:00:00-04:00", "description": "Objeto", "stage": "InTransit"} | more


@pytest.mark.parametrize(
    ("stage", "sub_status", "code", "meaning"),
    [
        ("InTransit", "", "InTransit", (Status.IN_TRANSIT, None)),
        ("DeliveryFailure", "", "DeliveryFailure", (Status.ATTEMPT_FAILED, Reason.OTHER)),
        ("Exception", "", "Exception", (Status.EXCEPTION, Reason.OTHER)),
        ("Expired", "", "Expired", (None, None)),
        ("NotFound", "", "NotFound", (None, None)),
        ("", "AvailableForPickup", "AvailableForPickup", (Status.AVAILABLE_FOR_PICKUP, None)),
        ("", "OutForDelivery", "OutForDelivery", (Status.OUT_FOR_DELIVERY, None)),
        ("InTransit_PickedUp", "", "InTransit_PickedUp", (Status.ACCEPTED, None)),
        ("in transit", "in_transit", "InTransit", (Status.IN_TRANSIT, None)),
        ("DELIVERED", "delivered_other", "Delivered_Other", (Status.DELIVERED, None)),
        ("Returning", "Exception", "Returning", (Status.RETURNING, None)),
        ("InTransit", "Exception_Lost", "Exception_Lost", (Status.EXCEPTION, Reason.LOST)),
        ("InTransit", "Delivered", "Delivered_but_InTransit", (Status.UNKNOWN, None)),
        ("Delivered", "InTransit", "InTransit_but_Delivered", (Status.UNKNOWN, None)),
        ("Undelivered", "", "Undelivered", (Status.UNKNOWN, None)),
        ("InTransit", "InTransit_Somewhere", "InTransit_Somewhere", (Status.UNKNOWN, None)),
    ],
)
def test_either_field_takes_any_of_their_words(stage: str, sub_status: str, code: str, meaning: object) -> None:
    assert meaning_of(stage, sub_status) == (code, meaning)


def test_a_sub_status_beside_its_own_main_word_says_what_it_says() -> None:
    for word, meaning in SUB_STATUSES.items():
        assert meaning_of(word.partition("_")[0], word) == (word, meaning)


@pytest.mark.parametrize(
    ("times", "at", "assumed"),
    [
        ({"time_iso": None, "time_utc": "2026-07-21 08:10:00"}, "2026-07-21T08:10:00+00:00", False),
        ({"time_iso": None, "time_utc": "2026-07-21T08:10:00"}, "2026-07-21T08:10:00+00:00", False),
        ({"time_iso": "2026-07-21T05:10:00", "time_utc": "2026-07-21T08:10:00"}, "2026-07-21T08:10:00+00:00", False),
        ({"time_iso": "2026-07-21T05:10:00", "time_utc": None}, "2026-07-21T08:10:00+00:00", True),
        ({"time_iso": None, "time_utc": "2026-07-21", "time_raw": {"date": "2026-07-21"}}, "2026-07-21T03:00+00", True),
        ({"time_iso": None, "time_utc": "2026-07-21"}, "2026-07-21T03:00:00+00:00", True),
    ],
)
def test_a_time_that_is_utc_by_its_name(times: dict[str, Any], at: str, assumed: bool) -> None:
    info = {"tracking": {"providers": [{"events": [happened(**times)]}]}}
    (parsed,) = parse_seventeen_track(as_json({"number": CODE, "track_info": info}))
    (event,) = parsed.events
    assert (event.occurred_at, event.zone_assumed) == (datetime.fromisoformat(at), assumed)


def test_what_they_push_is_an_answer_too() -> None:
    data = {"number": CODE, "track_info": {"tracking": {"providers": [{"events": [happened()]}]}}}
    (parsed,) = parse_seventeen_track(as_json({"event": "TRACKING_UPDATED", "data": data}))
    assert (parsed.tracking_code, [e.status for e in parsed.events]) == (CODE, [Status.IN_TRANSIT])
