"""In: the feed's SOAP questions and REST look-ups of Total Express; out: lots that are read once, and its errors."""

import xml.etree.ElementTree as ET
from datetime import timedelta
from typing import Any

import httpx
import pytest

from paradeiro.simulator.carriers.brazil.total_express import TotalExpress
from tests.simulator.carriers.carrier_stories import STEP, carrier, client, everything, package, true_words

# Of the published table.
PUBLISHED = {
    0: "registered",
    83: "accepted",
    102: "in_transit",
    101: "in_transit",
    106: "in_transit",
    104: "out_for_delivery",
    21: "attempt_failed",
    9: "attempt_failed",
    29: "available_for_pickup",
    14: "exception",
    142: "exception",
    26: "returning",
    61: "returned",
    1: "delivered",
    70: "unknown",
}
AUTH = ("loja-total", "senha-total")
NEWER, OLDER = "/ics-tracking-encomenda-lv/v1/tracking", "/previsao_entrega_atualizada.php"


def question(day: str = "") -> str:
    asked = f'<DataConsulta xsi:type="xsd:date">{day}</DataConsulta>' if day else ""
    return (
        '<?xml version="1.0" encoding="ISO-8859-1"?><soapenv:Envelope '
        'xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
        ' xmlns:urn="urn:ObterTracking"><soapenv:Body><urn:ObterTracking>'
        f"<ObterTrackingRequest>{asked}</ObterTrackingRequest></urn:ObterTracking></soapenv:Body></soapenv:Envelope>"
    )


async def fetch(http: httpx.AsyncClient, day: str = "", body: str = "", **auth: Any) -> ET.Element:
    answer = await http.post("/webservice24.php", content=body or question(day), auth=AUTH, **auth)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/xml; charset=ISO-8859-1")
    return ET.fromstring(answer.content)


def proc(answer: ET.Element) -> str | None:
    return answer.findtext(".//CodigoProc")


def statuses(answer: ET.Element, awb: str) -> list[int]:
    parcels = [p for p in answer.iterfind(".//ArrayEncomendaRetorno/item") if p.findtext("Awb") == awb]
    return [int(s.findtext("CodStatus", "")) for p in parcels for s in p.iterfind("ArrayStatusTotal/item")]


async def test_the_truth_can_be_read_from_the_lots_each_of_which_comes_once() -> None:
    told = package(TotalExpress, 1, *everything(TotalExpress))
    simulated, now = carrier(TotalExpress, told, package(TotalExpress, 2, "accepted"))
    read: list[int] = []
    async with client(simulated) as http:
        for step in range(0, len(told.happenings) + 1, 2):
            now.after(step + 0.1)
            read += statuses(await fetch(http), told.code)
            assert [PUBLISHED[number] for number in read] == true_words(told, now())
        now.at += timedelta(hours=1)
        assert (await fetch(http)).find(".//ArrayLoteRetorno/item") is None, "read"
    assert {70, 106, 26} <= set(read), "words of delivery and of return that are neither"


async def test_the_shape_of_the_real_answer() -> None:
    simulated, now = carrier(TotalExpress, package(TotalExpress, 7, "arrived", "handed_on", step=timedelta(0)))
    now.at += timedelta(hours=1)
    async with client(simulated) as http:
        answer = await http.post("/webservice24.php", content=question(), auth=AUTH)
    text = answer.content.decode("latin-1")
    assert text.startswith('<?xml version="1.0" encoding="ISO-8859-1"?><SOAP-ENV:Envelope SOAP-ENV:encodingStyle=')
    for part in (
        '<CodigoProc xsi:type="xsd:nonNegativeInteger">1</CodigoProc>',
        '<ArrayLoteRetorno xsi:type="SOAP-ENC:Array" SOAP-ENC:arrayType="tns:LoteRetorno[1]"><item xsi:type="tns:LoteR',
        '<DataGeracao xsi:type="xsd:date">2026-03-09</DataGeracao>',
        '<Awb xsi:type="xsd:string">TXAU100000007tx</Awb><Pedido xsi:type="xsd:string">P-7</Pedido>',
        '<NotaFiscal xsi:type="xsd:nonNegativeInteger">7</NotaFiscal>',
        'SOAP-ENC:arrayType="tns:StatusTotal[2]"><item xsi:type="tns:StatusTotal"><CodStatus xsi',
        '<DataStatus xsi:type="xsd:dateTime">2026-03-09T10:00:00</DataStatus>',
    ):
        assert part in text
    assert text.count("2026-03-09T10:00:00") == 2, "two codes of one instant"


async def test_a_day_can_be_asked_for_again_and_does_not_count_as_read() -> None:
    told = package(TotalExpress, 1, "accepted", "moved", "arrived", "out")
    simulated, now = carrier(TotalExpress, told)
    now.after(3.1)
    async with client(simulated) as http:
        assert statuses(await fetch(http, "2026-03-09"), told.code) == [83, 102, 101]
        assert statuses(await fetch(http, "2026-03-10"), told.code) == [104]
        assert statuses(await fetch(http, "2026-03-08"), told.code) == []
        assert statuses(await fetch(http), told.code) == [83, 102, 101, 104]
        now.at += timedelta(minutes=6)
        assert statuses(await fetch(http, "2026-03-09"), told.code) == [83, 102, 101]
        assert statuses(await fetch(http), told.code) == []


async def test_how_the_feed_refuses() -> None:
    told = package(TotalExpress, 1, "accepted")
    simulated, now = carrier(TotalExpress, told)
    now.after(0.2)
    async with client(simulated) as http:
        stranger = await http.post("/webservice24.php", content=question(), auth=("loja-total", "x"))
        assert (stranger.status_code, proc(ET.fromstring(stranger.content))) == (200, "0")
        for broken in ("<x/>", question("09/03/2026")):
            assert proc(await fetch(http, body=broken)) == "3"
        simulated.out_of_order = 2
        assert proc(await fetch(http)) == "2"
        simulated.out_of_order = None
        assert statuses(await fetch(http), told.code) == [83]
        again = await fetch(http)
        assert (proc(again), again.find(".//ArrayLoteRetorno/item")) == ("5", None)
        now.at += timedelta(minutes=5)
        assert proc(await fetch(http)) == "1"
        assert (await http.get("/webservice24.php")).status_code == 405


async def look_up(http: httpx.AsyncClient, path: str, body: Any, auth: tuple[str, str] = AUTH) -> Any:
    answer = await http.post(path, json=body, auth=auth)
    return answer.json()


async def test_the_truth_can_be_read_by_rest_in_both_shapes() -> None:
    told = package(TotalExpress, 1, *everything(TotalExpress))
    simulated, now = carrier(TotalExpress, told, package(TotalExpress, 2, "accepted"))
    async with client(simulated) as http:
        for step in range(len(told.happenings)):
            now.after(step)
            (newer,) = (await look_up(http, NEWER, {"awbs": [told.code]}))["data"]
            older = await look_up(http, OLDER, {"remetenteId": "1234", "awb": told.code})
            for found, number in ((newer, "statusId"), (older, "statusid")):
                listed = found["detalhes"]["statusDeEncomenda"]
                assert [PUBLISHED[each[number]] for each in listed] == true_words(told, now())
        assert set(older) == {"pedido", "id_cliente", "awb", "nfiscal", "detalhes"}
        assert older["detalhes"]["dataPrev"]["PrevEntrega"] == "2026-03-13"
        assert older["detalhes"]["statusDeEncomenda"][0] == {
            "statusid": 0,
            "status": "ARQUIVO RECEBIDO",
            "data": "2026-03-09T10:00:00",
        }
        (by_order,) = await look_up(http, OLDER, {"remetenteId": 1234, "pedido": "P-2"})
        assert by_order["awb"] == "TXAU100000002tx"
        dates = {"remetenteId": "1234", "data_inicial": "2026-03-09", "data_final": "2026-03-09"}
        assert len((await look_up(http, NEWER, dates))["data"]) == 2
        assert (await look_up(http, NEWER, dates | {"data_inicial": "2026-03-10", "data_final": "2026-03-11"}))[
            "data"
        ] == []


@pytest.mark.parametrize("path", [NEWER, OLDER])
async def test_how_rest_refuses(path: str) -> None:
    told = package(TotalExpress, 1, "registered")
    simulated, now = carrier(TotalExpress, told)
    async with client(simulated) as http:
        now.at -= STEP
        asked = {"awbs": [told.code]}
        early = await http.post(path, json=asked, auth=AUTH)
        assert early.status_code == 404
        now.at += STEP
        (found,) = (await look_up(http, NEWER, asked))["data"]
        assert found["detalhes"]["statusDeEncomenda"] == [], "its file is there, and nothing more"
        lower = await http.post(path, json={"awbs": [told.code.upper()]}, auth=AUTH)
        assert lower.status_code == 404, "capitals matter"
        assert (await look_up(http, path, asked, ("loja-total", "x")))["code"] == 0
        many = {"awbs": [f"TXAU{n}tx" for n in range(51)]}
        for wrong in ({}, {"remetenteId": "1234"}, {"remetenteId": "9", "pedido": "P-1"}, many):
            assert (await look_up(http, path, wrong))["code"] == 400
    assert simulated.asked[0] == [told.code]
