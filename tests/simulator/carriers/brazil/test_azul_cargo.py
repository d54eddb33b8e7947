"""In: requests as Azul Cargo's clients make them; out: answers as they recorded them."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from paradeiro.simulator.carriers.brazil.azul_cargo import AzulCargo
from paradeiro.simulator.scenario.carrier_journeys import HAPPENINGS
from tests.simulator.carriers.one_carrier import (
    BRASILIA,
    END,
    SENDER,
    START,
    World,
    client,
    follow,
    happening,
    invoice_key,
    moments,
)

LOG_IN, LOOK_UP = "/toolkit/api/Autenticacao/AutenticarUsuario", "/toolkit/api/Rastreio/Consultar"
PUBLISHED = {
    "1": "delivered",
    "24": "delivered",
    "25": "returned",
    "102": "registered",
    "107": "cancelled",
    "601": "cancelled",
    "BKD": None,
}
SHAPE = {
    "Awb",
    "NumeroOperacional",
    "DataEntregaPrevisao",
    "DataHoraEmissao",
    "DataHoraEntrega",
    "OrigemCidade",
    "OrigemUnidade",
    "DestinoCidade",
    "DestinoUnidade",
    "Volumes",
    "PesoReal",
    "ResponsavelRecebimentoNome",
    "ResponsavelRecebimentoDocumentoIdentidade",
    "Ocorrencias",
}
EVENT = {
    "Codigo",
    "Descricao",
    "Comentario",
    "DataHora",
    "Unidade",
    "UnidadeMunicipio",
    "UnidadeUf",
    "Volumes",
    "Latitude",
    "Longitude",
    "UrlPOD",
    "UrlAssinatura",
    "UrlInsucesso",
}
NOT_FOUND = {"HasErrors": True, "ErrorText": "AWB não encontrada!", "Value": None}


async def post(carrier: AzulCargo, path: str, body: dict[str, Any]) -> Any:
    async with client(carrier) as http:
        return await http.post(path, json=body)


async def log_in(carrier: AzulCargo, password: str = "") -> Any:
    return (await post(carrier, LOG_IN, {"Email": carrier.email, "Senha": password or carrier.password})).json()


async def ask(carrier: AzulCargo, token: str, **what: str) -> Any:
    return await post(carrier, LOOK_UP, {"Token": token, "ChaveNfe": "", "Awb": "", "Pedido": "", **what})


async def test_an_answer_has_the_recorded_shape() -> None:
    world = World(AzulCargo)
    package, carrier = world.words("registered", "delivered"), world.carrier()
    told = (await ask(carrier, (await log_in(carrier))["Value"], ChaveNfe=package.code)).json()
    assert (told["HasErrors"], told["ErrorText"], len(told["Value"])) == (False, "", 1)
    (waybill,) = told["Value"]
    assert waybill.keys() >= SHAPE
    assert (waybill["Awb"], waybill["NumeroOperacional"]) == (f"577-{package.own_number}", package.own_number)
    assert (waybill["DataHoraEmissao"], waybill["DataHoraEntrega"]) == ("2026-10-05T09:00:00", "2026-10-05T15:00:00")
    assert all(event.keys() == EVENT for event in waybill["Ocorrencias"])


async def test_a_token_is_given_for_credentials_and_ends() -> None:
    world = World(AzulCargo)
    package, carrier = world.words("registered"), world.carrier(fixed_token="portal")
    wrong = await log_in(carrier, "other")
    assert (wrong["HasErrors"], wrong["Value"]) == (True, None)
    token = (await log_in(carrier))["Value"]
    for good in (token, "portal"):
        assert (await ask(carrier, good, ChaveNfe=package.code)).status_code == 200
    for bad in ("other", ""):
        assert (await ask(carrier, bad, ChaveNfe=package.code)).status_code == 401
    world.clock.set(END + timedelta(hours=8))
    assert (await ask(carrier, token, ChaveNfe=package.code)).status_code == 401


async def test_permissions_that_are_missing_are_said_in_words() -> None:
    world = World(AzulCargo)
    package = world.words("registered")
    carrier = world.carrier(released=False)
    refused = await ask(carrier, (await log_in(carrier))["Value"], ChaveNfe=package.code)
    assert (refused.status_code, "não possui acesso a funcionalidade" in refused.json()["ErrorText"]) == (401, True)
    carrier = world.carrier(other_senders=frozenset({SENDER}))
    refused = await ask(carrier, (await log_in(carrier))["Value"], ChaveNfe=package.code)
    assert (refused.status_code, "não tem permissão para acessar" in refused.json()["ErrorText"]) == (200, True)


async def test_it_is_asked_by_key_waybill_without_prefix_or_order() -> None:
    world = World(AzulCargo)
    package, carrier = world.words("registered"), world.carrier()
    token = (await log_in(carrier))["Value"]
    for what in ({"ChaveNfe": package.code}, {"Awb": package.own_number}, {"Pedido": package.order_id}):
        told = (await ask(carrier, token, **what)).json()
        assert told["Value"][0]["NumeroOperacional"] == package.own_number
    assert (await ask(carrier, token, Awb=f"577-{package.own_number}")).json() == NOT_FOUND
    assert (await ask(carrier, token, ChaveNfe=invoice_key(9))).json() == NOT_FOUND
    assert (await ask(carrier, token)).json()["HasErrors"] is True


async def test_one_invoice_may_have_several_waybills() -> None:
    world = World(AzulCargo)
    first = world.words("registered", "delivered")
    world.add([happening("registered", 1)], invoice_key=first.code)
    carrier = world.carrier()
    told = (await ask(carrier, (await log_in(carrier))["Value"], ChaveNfe=first.code)).json()
    assert len({waybill["Awb"] for waybill in told["Value"]}) == 2


async def test_before_anything_is_visible_it_says_so_in_three_ways() -> None:
    world = World(AzulCargo)
    packages, carrier = [world.words("registered", "delivered") for _ in range(30)], world.carrier()
    world.clock.set(START)
    token = (await log_in(carrier))["Value"]
    said = set()
    for package in packages:
        answer = await ask(carrier, token, ChaveNfe=package.code)
        said.add((answer.status_code, answer.text))
    assert {status for status, _ in said} == {200, 201, 204}
    assert not any("Ocorrencias" in text for _, text in said)


@pytest.mark.parametrize("word", sorted(AzulCargo.sayable))
async def test_each_code_is_of_the_published_table_with_its_status(word: str) -> None:
    world = World(AzulCargo)
    carrier = world.carrier()
    token = (await log_in(carrier))["Value"]
    for _ in range(10):
        told = (await ask(carrier, token, ChaveNfe=world.words(word).code)).json()["Value"][0]["Ocorrencias"]
        assert {PUBLISHED[_code(event)] for event in told} - {None} == {HAPPENINGS[word]}


async def test_events_repeat_without_order_and_codes_are_typed_in_more_than_one_way() -> None:
    world = World(AzulCargo)
    packages, carrier = [world.words("registered", "delivered") for _ in range(40)], world.carrier()
    token = (await log_in(carrier))["Value"]
    codes, ordered, repeated = set(), set(), set()
    for package in packages:
        events = (await ask(carrier, token, ChaveNfe=package.code)).json()["Value"][0]["Ocorrencias"]
        codes |= {event["Codigo"] for event in events}
        at = [(_at(event), _code(event)) for event in events]
        ordered.add(at == sorted(at))
        repeated.add(len(at) > len(set(at)))
    assert {"102", "102.0", "bkd", "BKD", "1", "24"} <= codes
    assert ordered == repeated == {True, False}


async def test_the_truth_can_be_read_with_the_published_codes() -> None:
    world = World(AzulCargo)
    packages, carrier = world.journeys(50), world.carrier(fixed_token="portal")
    for moment in moments(packages):
        world.clock.set(moment)
        for package in packages:
            answer = await ask(carrier, "portal", ChaveNfe=package.code)
            values = (answer.json()["Value"] or []) if answer.status_code == 200 else []
            events = values[0]["Ocorrencias"] if values else []
            told = sorted({(_at(event), PUBLISHED[_code(event)] or "") for event in events})
            seen = [(status, at) for at, status in told if status]
            assert [at for _, at in seen] == [h.happened_at for h in package.visible(moment)]
            assert follow(seen) == world.true_now(package)


def _code(event: dict[str, Any]) -> str:
    return str(event["Codigo"]).upper().removesuffix(".0")


def _at(event: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(event["DataHora"]).replace(tzinfo=BRASILIA)
