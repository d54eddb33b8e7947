"""In: requests as Jadlog's contract describes them; out: answers of the shapes that clients have recorded."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from paradeiro.simulator.carriers.brazil.jadlog import Jadlog
from tests.simulator.carriers.one_carrier import BRASILIA, SENDER, START, World, client, follow, moments

FULL, SHORT = "/embarcador/api/tracking/consultar", "/embarcador/api/tracking/simples/consultar"
# The words of codes.csv, and their status.
PUBLISHED = {
    "SOLICITADO": "registered",
    "COLETA SOLICITADA": "registered",
    "EMISSAO": "registered",
    "ENTRADA": "in_transit",
    "TRANSFERENCIA": "in_transit",
    "EM ROTA": "out_for_delivery",
    "ENTREGUE": "delivered",
}


async def ask(carrier: Jadlog, *questions: Any, path: str = FULL, token: str | None = None) -> Any:
    headers = {"authorization": f"Bearer {carrier.token if token is None else token}"}
    async with client(carrier) as http:
        return await http.post(path, json={"consulta": list(questions)}, headers=headers)


async def items(carrier: Jadlog, *questions: Any, path: str = FULL) -> list[dict[str, Any]]:
    answer = await ask(carrier, *questions, path=path)
    assert answer.status_code == 200
    found: list[dict[str, Any]] = answer.json()["consulta"]
    return found


async def test_an_answer_has_the_recorded_shape() -> None:
    world = World(Jadlog)
    package = world.words("registered", "moved", "arrived", "out", "delivered")
    carrier = world.carrier()
    (item,) = await items(carrier, {"shipmentId": package.code})
    assert (item["shipmentId"], item["previsaoEntrega"]) == (package.code, "2026-10-14")
    tracking = item["tracking"]
    assert {"codigo", "shipmentId", "dacte", "dtEmissao", "status", "valor", "peso", "volumes"} <= tracking.keys()
    assert tracking["dtEmissao"] == "05/10/2026"
    assert tracking["eventos"][0] == {"data": "2026-10-05 09:00:00", "status": "EMISSAO", "unidade": "PA CURITIBA 02"}
    assert [event["status"] for event in tracking["eventos"]][-2:] == ["EM ROTA", "ENTREGUE"], "oldest first"
    assert tracking["status"] == "ENTREGUE"


async def test_a_wrong_token_a_wrong_method_and_a_wrong_body_are_refused() -> None:
    carrier = World(Jadlog).carrier()
    refused = await ask(carrier, {"codigo": "1"}, token="other")
    assert (refused.status_code, refused.json()) == (401, {"descricao": "TOKEN INVALIDO", "id": 1})
    assert (await ask(carrier)).status_code == 400
    async with client(carrier) as http:
        assert (await http.get(FULL)).status_code == 405


@pytest.mark.parametrize(("path", "most"), [(FULL, 100), (SHORT, 500)])
async def test_each_form_takes_so_many(path: str, most: int) -> None:
    carrier = World(Jadlog).carrier()
    assert (await ask(carrier, *[{"codigo": "1"}] * most, path=path)).status_code == 200
    assert (await ask(carrier, *[{"codigo": "1"}] * (most + 1), path=path)).status_code == 400


async def test_it_is_asked_by_each_kind_of_key_and_repeats_it() -> None:
    world = World(Jadlog)
    package, carrier = world.words("registered", "delivered"), world.carrier()
    (told,) = await items(carrier, {"codigo": package.code})
    invoice = {"nf": package.invoice_number, "serie": "1", "cnpjRemetente": SENDER, "tpDocumento": 1}
    key = {"danfe": package.invoice_key, "cnpjRemetente": SENDER, "tpDocumento": 2}
    questions = [
        {"shipmentId": package.code},
        {"cte": told["tracking"]["dacte"]},
        {"pedido": package.order_id},
        {"df": invoice},
        {"df": {**invoice, "nf": package.invoice_number.zfill(9), "serie": "001"}},
        {"df": key},
    ]
    found = await items(carrier, *questions)
    assert all(item["tracking"]["codigo"] == package.code for item in found)
    assert all(question.items() <= item.items() for question, item in zip(questions, found, strict=True))


async def test_what_is_not_found_is_said_per_item() -> None:
    world = World(Jadlog)
    package, carrier = world.words("registered"), world.carrier()
    other = {"df": {"danfe": package.invoice_key, "cnpjRemetente": "99999999000199", "tpDocumento": 2}}
    by_document, by_shipment, wrong = await items(carrier, {"cte": package.code}, {"shipmentId": package.code}, other)
    assert by_document == {"cte": package.code, "erro": {"id": 1, "descricao": "Não localizado"}}
    assert "tracking" in by_shipment
    assert "erro" in wrong
    old = await items(world.carrier(in_old_form=True), {"codigo": "00000000000000"})
    assert old == [{"codigo": "00000000000000", "error": {"id": -1, "descricao": "Nao localizado."}}]
    empty = await ask(world.carrier(empty_for_nothing=True), {"codigo": "0"})
    assert (empty.status_code, empty.json()) == (200, {})


async def test_before_anything_is_visible_it_finds_nothing_or_no_events() -> None:
    world = World(Jadlog)
    packages = [world.words("registered", "delivered") for _ in range(20)]
    carrier = world.carrier()
    world.clock.set(START + timedelta(minutes=29))
    found = await items(carrier, *({"codigo": package.code} for package in packages))
    assert all("erro" in item or item["tracking"]["eventos"] == [] for item in found)
    assert {"erro" in item for item in found} == {True, False}


async def test_the_short_form_tells_the_last_status_only() -> None:
    world = World(Jadlog)
    package, carrier = world.words("registered", "out"), world.carrier()
    (item,) = await items(carrier, {"codigo": package.code}, path=SHORT)
    assert item["tracking"]["status"] == "EM ROTA"
    assert "eventos" not in item["tracking"]


async def test_a_key_may_also_find_an_older_delivery() -> None:
    world = World(Jadlog)
    package, carrier = world.words("registered"), world.carrier(older_under_same_key=True)
    question = {"df": {"danfe": package.invoice_key, "cnpjRemetente": SENDER, "tpDocumento": 2}}
    (item,) = await items(carrier, question)
    first, second = item["tracking"]["eventos"]
    assert (first["status"], second["status"]) == ("ENTREGUE", "EMISSAO")
    assert first["data"] < second["data"]


async def test_the_truth_can_be_read_with_the_published_words_and_nothing_more() -> None:
    world = World(Jadlog)
    packages, carrier = world.journeys(60), world.carrier()
    for moment in moments(packages):
        world.clock.set(moment)
        for package, item in zip(packages, await items(carrier, *({"codigo": p.code} for p in packages)), strict=True):
            told = item.get("tracking", {}).get("eventos", [])
            at = [datetime.fromisoformat(event["data"]).replace(tzinfo=BRASILIA) for event in told]
            assert at == [h.happened_at for h in package.visible(moment)]
            statuses = zip((PUBLISHED[event["status"]] for event in told), at, strict=True)
            assert follow(statuses) == world.true_now(package)
