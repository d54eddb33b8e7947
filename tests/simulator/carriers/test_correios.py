"""In: requests to Correios over real HTTP; out: its answers, as facts/correios describes them."""

from datetime import datetime, timedelta

import httpx
import pytest

from paradeiro.simulator.parties import Simulator
from tests.simulator.parties import a_package, api_key, basic, token, track

SHOWN = {"T": "Todos os Eventos", "U": "Último Evento", "P": "Primeiro Evento"}


async def test_a_token_is_created_with_brazilian_wall_times(simulator: Simulator, http: httpx.AsyncClient) -> None:
    answer = await token(simulator, http)
    told = answer.json()
    assert answer.status_code == 201
    assert {"ambiente", "id", "perfil", "cnpj", "emissao", "expiraEm", "zoneOffset", "cartaoPostagem"} <= told.keys()
    assert told["cartaoPostagem"]["numero"] == simulator.post.contract.posting_card
    assert 87 in told["cartaoPostagem"]["api"]
    ends = datetime.fromisoformat(told["expiraEm"] + told["zoneOffset"])
    assert ends == simulator.clock() + timedelta(hours=24)
    assert told["token"].count(".") == 2


async def test_a_token_opens_tracking_until_it_is_24_hours_old(simulator: Simulator, http: httpx.AsyncClient) -> None:
    bearer = {"authorization": f"Bearer {(await token(simulator, http)).json()['token']}"}
    code = a_package(simulator).code
    assert (await track(simulator, http, code, **bearer)).status_code == 200
    simulator.clock.set(simulator.clock() + timedelta(hours=24))
    stale = await track(simulator, http, code, **bearer)
    assert stale.status_code == 401
    assert stale.json()["msgs"][0].startswith("GTW-008")


@pytest.mark.parametrize(("by", "status"), [("/contrato", 200), ("", 403)])
async def test_what_a_token_is_for(simulator: Simulator, http: httpx.AsyncClient, by: str, status: int) -> None:
    bearer = {"authorization": f"Bearer {(await token(simulator, http, by)).json()['token']}"}
    assert (await track(simulator, http, a_package(simulator).code, **bearer)).status_code == status


async def test_bad_credentials_get_no_token(simulator: Simulator, http: httpx.AsyncClient) -> None:
    url = f"{simulator.urls['correios']}/token/v1/autentica/cartaopostagem"
    for headers in ({}, basic(simulator, "wrong"), {"authorization": "Basic não"}):
        sent = {name: value.encode() for name, value in headers.items()}
        assert (await http.post(url, headers=sent, json={"numero": "0099999999"})).status_code == 401


async def test_another_card_gets_no_token(simulator: Simulator, http: httpx.AsyncClient) -> None:
    url = f"{simulator.urls['correios']}/token/v1/autentica/cartaopostagem"
    for body in (b'{"numero": "1"}', b"[]", b"no JSON"):
        assert (await http.post(url, headers=basic(simulator), content=body)).status_code == 400


async def test_a_fourth_token_in_a_second_is_too_many(simulator: Simulator, http: httpx.AsyncClient) -> None:
    assert [(await token(simulator, http)).status_code for _ in range(4)] == [201, 201, 201, 429]


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer eyJ.unknown.token"])
async def test_no_token_or_an_unknown_one(simulator: Simulator, http: httpx.AsyncClient, header: str) -> None:
    answer = await track(simulator, http, a_package(simulator).code, authorization=header)
    assert answer.status_code == 401
    assert answer.json().keys() == {"msgs", "date", "method", "path"}


async def test_an_api_that_is_not_in_the_contract(simulator: Simulator, http: httpx.AsyncClient) -> None:
    simulator.post.contract.tracks = False
    answer = await track(simulator, http, a_package(simulator).code)
    assert (answer.status_code, answer.json()["msgs"]) == (403, ["API não liberada para o contrato"])


@pytest.mark.parametrize(("language", "status"), [("pt-BR", 200), ("en", 200), ("es-ES", 200), ("*", 400), ("pt", 400)])
async def test_language(simulator: Simulator, http: httpx.AsyncClient, language: str, status: int) -> None:
    answer = await track(simulator, http, a_package(simulator).code, accept_language=language)
    assert answer.status_code == status
    if status == 400:
        assert answer.json()["msgs"][0].startswith("SRO-018")


async def test_no_language_at_all_is_fine(simulator: Simulator, http: httpx.AsyncClient) -> None:
    url = f"{simulator.urls['correios']}/srorastro/v1/objetos/{a_package(simulator).code}"
    assert (await http.get(url, headers=api_key(simulator))).status_code == 200


@pytest.mark.parametrize("resultado", ["T", "U", "P", None])
async def test_all_first_or_last_event_newest_first(
    simulator: Simulator, http: httpx.AsyncClient, resultado: str | None
) -> None:
    package = next(p for p in simulator.ground_truth.packages if len(p.visible(simulator.clock())) > 3)
    told = (await track(simulator, http, package.code, resultado=resultado)).json()
    assert told["tipoResultado"] == SHOWN[resultado or "U"]  # a batch shows the last event unless asked otherwise
    codes = [f"{e['codigo']}/{e['tipo']}" for e in told["objetos"][0]["eventos"]]
    ground_truth = [h.code for h in package.visible(simulator.clock())][::-1]
    assert codes == {"T": ground_truth, "U": ground_truth[:1], "P": ground_truth[-1:]}[resultado or "U"]


async def test_one_object_shows_all_its_events(simulator: Simulator, http: httpx.AsyncClient) -> None:
    package = next(p for p in simulator.ground_truth.packages if len(p.visible(simulator.clock())) > 3)
    url = f"{simulator.urls['correios']}/srorastro/v1/objetos/{package.code}"
    told = (await http.get(url, headers=api_key(simulator))).json()
    assert told.keys() == {"versao", "quantidade", "objetos", "tipoResultado"}
    assert len(told["objetos"][0]["eventos"]) == len(package.visible(simulator.clock()))


async def test_times_are_of_brasilia_without_an_offset(simulator: Simulator, http: httpx.AsyncClient) -> None:
    package = next(p for p in simulator.ground_truth.packages if p.visible(simulator.clock()))
    event = (await track(simulator, http, package.code)).json()["objetos"][0]["eventos"][0]
    newest = package.visible(simulator.clock())[-1]
    assert datetime.fromisoformat(event["dtHrCriado"] + "-03:00") == newest.happened_at


async def test_an_event_shows_only_when_it_is_visible(simulator: Simulator, http: httpx.AsyncClient) -> None:
    package = next(p for p in simulator.ground_truth.packages if p.kind == "delivered" and p.happenings)
    first = min(package.happenings, key=lambda h: h.visible_at)
    simulator.clock.set(first.visible_at - timedelta(seconds=1))
    assert "mensagem" in (await track(simulator, http, package.code)).json()["objetos"][0]
    simulator.clock.set(first.visible_at)
    assert len((await track(simulator, http, package.code)).json()["objetos"][0]["eventos"]) == 1


async def test_a_unit_that_delivers_has_a_street_and_a_pickup_a_last_day(
    simulator: Simulator, http: httpx.AsyncClient
) -> None:
    simulator.clock.set(simulator.ground_truth.end + timedelta(days=30))
    package = next(p for p in simulator.ground_truth.packages if p.kind == "pickup")
    events = (await track(simulator, http, package.code)).json()["objetos"][0]["eventos"]
    waits = next(e for e in events if e["codigo"] == "LDI")
    assert {"cep", "logradouro", "numero", "bairro", "cidade", "uf"} == waits["unidade"]["endereco"].keys()
    assert len(waits["dtLimiteRetirada"]) == 10
    moves = next(e for e in events if e["codigo"] == "RO")
    assert moves["unidadeDestino"]["endereco"].keys() == moves["unidade"]["endereco"].keys() == {"cidade", "uf"}


async def test_abroad_is_a_country_without_an_address(simulator: Simulator, http: httpx.AsyncClient) -> None:
    simulator.clock.set(simulator.ground_truth.end + timedelta(days=30))
    package = next(p for p in simulator.ground_truth.packages if p.kind == "abroad")
    posted = (await track(simulator, http, package.code, resultado="P")).json()["objetos"][0]["eventos"][0]
    assert (posted["unidade"]["tipo"], posted["unidade"]["nome"]) == ("País", "HONG KONG")
    assert posted["unidade"]["endereco"] == {}


async def test_what_is_wrong_with_a_code_is_said_per_object(simulator: Simulator, http: httpx.AsyncClient) -> None:
    good, foreign = (p.code for p in [p for p in simulator.ground_truth.packages if p.visible(simulator.clock())][:2])
    simulator.post.foreign_codes.add(foreign)
    told = (await track(simulator, http, good, "AAAA", "AA123456785BR", foreign)).json()
    assert told["quantidade"] == 4
    assert "eventos" in told["objetos"][0]
    assert [o["mensagem"][:7] for o in told["objetos"][1:]] == ["SRO-019", "SRO-020", "SRO-009"]


async def test_one_bad_code_may_spoil_a_batch(simulator: Simulator, http: httpx.AsyncClient) -> None:
    simulator.post.bad_code_spoils_batch = True
    assert (await track(simulator, http, a_package(simulator).code, "AAAA")).status_code == 400


async def test_fifty_codes_and_not_one_more(simulator: Simulator, http: httpx.AsyncClient) -> None:
    code = a_package(simulator).code
    assert (await track(simulator, http, *[code] * 50)).json()["quantidade"] == 50
    assert (await track(simulator, http, *[code] * 51)).status_code == 400
    assert (await track(simulator, http)).status_code == 400
    assert (await track(simulator, http, code, resultado="X")).status_code == 400


async def test_a_comma_list_is_two_codes_or_one_bad_code(simulator: Simulator, http: httpx.AsyncClient) -> None:
    both = ",".join(p.code for p in simulator.ground_truth.packages[:2])
    assert (await track(simulator, http, both)).json()["quantidade"] == 2
    simulator.post.strict_batch = True
    assert (await track(simulator, http, both)).json()["objetos"][0]["mensagem"].startswith("SRO-019")


async def test_the_root_as_it_was_until_2023(simulator: Simulator, http: httpx.AsyncClient) -> None:
    simulator.post.old_root = True
    told = (await track(simulator, http, a_package(simulator).code)).json()
    assert told["resultado"] == "Todos os Eventos"
    assert "tipoResultado" not in told


async def test_too_many_requests_get_an_empty_body_and_the_rate(simulator: Simulator, http: httpx.AsyncClient) -> None:
    simulator.post.requests_per_second = 2
    answers = [await track(simulator, http, a_package(simulator).code) for _ in range(3)]
    assert [a.status_code for a in answers] == [200, 200, 429]
    assert answers[2].content == b""
    assert answers[2].headers["x-ratelimit-replenish-rate"] == "50"
    assert answers[2].headers["x-ratelimit-burst-capacity"] == "55"


async def test_the_expected_hour_is_one_of_those_that_were_recorded(
    simulator: Simulator, http: httpx.AsyncClient
) -> None:
    codes = [package.code for package in simulator.ground_truth.packages]
    told = [(await track(simulator, http, *codes[n : n + 50])).json()["objetos"] for n in range(0, len(codes), 50)]
    seen = {each["dtPrevista"][10:] for page in told for each in page if "dtPrevista" in each}
    assert seen == {"T23:59:59", "T20:58:00", "T20:59:59"}
