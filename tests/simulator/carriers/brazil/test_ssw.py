"""In: questions to SSW as its help pages describe them; out: its answers, each trap of its codes included."""

import re
import xml.etree.ElementTree as ET
from datetime import timedelta
from typing import Any

import httpx

from paradeiro.simulator.carriers.brazil.ssw import Ssw
from paradeiro.simulator.carriers.simulated_carrier import SimulatedCarrier
from tests.simulator.carriers.carrier_stories import STEP, carrier, client, everything, key, package, true_words

# Of the platform's canonical table.
CANONICAL = {
    "01": ("MERCADORIA ENTREGUE", "delivered"),
    "03": ("MERCADORIA DEVOLVIDA AO REMETENTE", "returned"),
    "04": ("DESTINATARIO RETIRA", "available_for_pickup"),
    "08": ("", ""),  # not in the canonical table
    "11": ("LOCAL DE ENTREGA FECHADO/AUSENTE", "attempt_failed"),
    "18": ("MERCAD REPASSADA P/ PROX TRANSPORTADORA", "in_transit"),
    "19": ("ANEXADO COMPROVANTE COMPLEMENTAR", "unknown"),
    "27": ("DEVOLUCAO AUTORIZADA", "returning"),
    "38": ("CLIENTE RECUSA/NAO PODE RECEBER MERCAD", "attempt_failed"),
    "50": ("FALTA DE MERCADORIA", "exception"),
    "53": ("MERCADORIA AVARIADA", "exception"),
    "67": ("", ""),
    "70": ("PESAGEM / CUBAGEM", "unknown"),
    "80": ("MERCADORIA RECEBIDA PARA TRANSPORTE", "registered"),
    "82": ("SAIDA DE UNIDADE", "in_transit"),
    "84": ("CHEGADA NA UNIDADE", "in_transit"),
    "85": ("SAIDA PARA ENTREGA", "out_for_delivery"),
    "86": ("ESTORNO DE BAIXA/ENTREGA ANTERIOR", "unknown"),
}


def reading(event: dict[str, Any]) -> str:
    """The safe order: the canonical code; else the brackets where the words are the canonical ones; else unknown."""
    if "codigo_ssw" in event:
        return CANONICAL[event["codigo_ssw"].zfill(2)][1]
    bracketed = re.fullmatch(r"(.+) \((\d+)\)", event["ocorrencia"])
    if bracketed and CANONICAL[bracketed[2].zfill(2)][0] == bracketed[1]:
        return CANONICAL[bracketed[2].zfill(2)][1]
    return "unknown"


async def by_key(simulated: SimulatedCarrier, asked: str) -> dict[str, Any]:
    async with client(simulated) as http:
        answer = await http.post("/api/trackingdanfe", json={"chave_nfe": asked})
    assert answer.status_code == 200
    told: dict[str, Any] = answer.json()
    return told


def account(**asked: Any) -> dict[str, Any]:
    return {"cnpj": "99888777000100", "senha": "senha-ssw", **asked}


async def test_the_truth_can_be_read_by_the_canonical_table_alone() -> None:
    told = package(Ssw, 1, *everything(Ssw))
    simulated, now = carrier(Ssw, told)
    for step in range(len(told.happenings)):
        now.after(step)
        document = (await by_key(simulated, told.code))["documento"]
        # A delivery that was withdrawn is no event any more: it is read as a text.
        expected = true_words(told, now())
        if any(each.code == "taken_back" for each in told.visible(now())):
            expected[[each.code for each in told.happenings].index("delivered")] = "unknown"
        assert [reading(event) for event in document["tracking"]] == expected
    assert set(everything(Ssw)) >= {"returned", "delivered", "paper", "taken_back", "handed_on"}


async def test_the_shape_is_that_of_real_answers() -> None:
    told = package(Ssw, 100001, "registered", "out", "delivered", "paper")
    simulated, now = carrier(Ssw, told, paper_linked=False)
    now.after(9)
    answer = await by_key(simulated, told.code)
    assert (answer["success"], answer["message"]) == (True, "Documento localizado com sucesso")
    assert answer["documento"]["header"] == {
        "remetente": "LOJA EXEMPLO LTDA",
        "destinatario": "CLIENTE EXEMPLO",
        "nro_nf": "100001",
        "pedido": "P-100001",
    }
    first, out, delivered, paper = answer["documento"]["tracking"]
    assert first["ocorrencia"] == "DOCUMENTO DE TRANSPORTE EMITIDO (67)", "the carrier's own number"
    assert (first["codigo_ssw"], first["descricao"]) == ("80", "Previsao de entrega: 13/03/26.")
    assert "data_hora_efetiva" not in first
    assert out["data_hora_efetiva"] == "2026-03-09T16:00:00"
    assert out["data_hora"] > out["data_hora_efetiva"], "typed later, in local time without an offset"
    assert (delivered["tipo"], delivered["codigo_ssw"]) == ("Entrega", "01")
    assert delivered["nome_recebedor"] == "PESSOA EXEMPLO"
    assert ("70)" in paper["ocorrencia"], "codigo_ssw" in paper) == (True, False), "not linked, and not a weighing"


async def test_the_kind_of_a_delivery_is_also_given_to_a_return_and_to_the_next_carrier() -> None:
    told = package(Ssw, 1, "handed_on", "returned", "delivered")
    simulated, now = carrier(Ssw, told)
    now.after(9)
    events = (await by_key(simulated, told.code))["documento"]["tracking"]
    assert [each["tipo"] for each in events] == ["Entrega"] * 3
    assert [each["codigo_ssw"] for each in events] == ["18", "03", "01"]


async def test_a_withdrawn_delivery_keeps_its_words_and_loses_its_code() -> None:
    told = package(Ssw, 1, "out", "delivered", "taken_back", "delivered")
    simulated, now = carrier(Ssw, told)
    now.after(1)
    assert (await by_key(simulated, told.code))["documento"]["tracking"][1]["codigo_ssw"] == "01"
    now.after(3)
    _, first, back, again = (await by_key(simulated, told.code))["documento"]["tracking"]
    assert (first["ocorrencia"], "codigo_ssw" in first) == ("MERCADORIA ENTREGUE", False)
    assert (back["codigo_ssw"], again["codigo_ssw"]) == ("86", "01")


async def test_not_found_is_an_answer_without_a_document() -> None:
    told = package(Ssw, 1, "registered")
    simulated, now = carrier(Ssw, told, package(Ssw, 2))
    nothing = {"success": False, "message": "Nenhum documento localizado"}
    now.at -= timedelta(minutes=1)
    assert await by_key(simulated, told.code) == nothing, "not yet at the carrier"
    now.at += timedelta(minutes=2)
    found = await by_key(simulated, told.code)
    assert (found["success"], found["documento"]["tracking"]) == (True, []), "found, and nothing told yet"
    for asked in (key(2), key(3), "1", ""):
        assert await by_key(simulated, asked) == nothing
    async with client(simulated) as http:
        assert (await http.get("/api/trackingdanfe")).status_code == 405
        broken = await http.post("/api/trackingdanfe", content=b"{", headers={"content-type": "application/json"})
    assert broken.json() == nothing
    assert simulated.calls == {"trackingdanfe": 7}
    assert simulated.asked[0] == [told.code]


async def test_an_account_asks_by_exactly_one_number() -> None:
    told = package(Ssw, 17, "registered", "out")
    simulated, now = carrier(Ssw, told)
    now.after(1)

    async def ask(http: httpx.AsyncClient, body: dict[str, Any], path: str = "tracking") -> dict[str, Any]:
        answer = await http.post(f"/api/{path}", json=body)
        assert answer.status_code == 200
        return dict(answer.json())

    async with client(simulated) as http:
        for asked in (
            {"nro_nf": 17},
            {"nro_nf": "0000017"},
            {"pedido": "P-17"},
            {"chave_nfe": told.code},
            {"nro_coleta": told.own_number},
        ):
            for path in ("tracking", "trackingdest", "trackingpag"):
                assert (await ask(http, account(**asked), path))["documento"]["header"]["nro_nf"] == "17"
        masked = account(nro_nf=17) | {"cnpj": "99.888.777/0001-00"}
        assert (await ask(http, masked))["success"]
        for wrong in (
            account(),
            account(nro_nf=17, pedido="P-17"),
            account(nro_nf=18),
            account(nro_nf=17) | {"senha": "x"},
            account(nro_nf=17) | {"cnpj": "1"},
        ):
            refused = await ask(http, wrong)
            assert (refused["success"], "documento" in refused) == (False, False)
    assert simulated.settings("http://x") == {
        "base_url": "http://x",
        "cnpj": "99888777000100",
        "password": "senha-ssw",
    }


async def test_a_form_is_answered_in_xml() -> None:
    told = package(Ssw, 1, "registered", "out", "delivered")
    simulated, now = carrier(Ssw, told)
    now.after(2)
    async with client(simulated) as http:
        answer = await http.post("/api/trackingdanfe", data={"chave_nfe": told.code})
        nothing = await http.post("/api/trackingdanfe", data={"chave_nfe": key(9)})
    root = ET.fromstring(answer.text)
    assert root.findtext("success") == "true"
    assert root.findtext("header/nro_nf") == "1"
    assert [item.findtext("codigo_ssw") for item in root.findall("items/item")] == ["80", "85", "01"]
    assert ET.fromstring(nothing.text).findtext("message") == "Nenhum documento localizado"


async def test_three_events_in_one_second_stay_in_order() -> None:
    told = package(Ssw, 1, "arrived", "out", "delivered", step=timedelta(0))
    simulated, now = carrier(Ssw, told)
    now.at += STEP
    events = (await by_key(simulated, told.code))["documento"]["tracking"]
    assert len({each["data_hora_efetiva"] for each in events}) == 1
    assert [each["codigo_ssw"] for each in events] == ["84", "85", "01"]
