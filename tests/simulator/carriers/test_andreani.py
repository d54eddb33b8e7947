"""In: requests as Andreani's clients make them; out: a token, traces, and problems."""

from datetime import datetime
from typing import Any

import pytest

from paradeiro.simulator.carriers.andreani import BUENOS_AIRES, Andreani
from paradeiro.simulator.scenario.carrier_journeys import HAPPENINGS
from tests.simulator.carriers.one_carrier import START, World, client, follow, moments

PUBLISHED: dict[str, str | None] = {
    "Pendiente de ingreso": "registered",
    "Ingreso al circuito operativo": "accepted",
    "En viaje": "in_transit",
    "En distribución": "out_for_delivery",
    "Visita": "attempt_failed",
    "Listo para retirar": "available_for_pickup",
    "Siniestrado": "exception",
    "Devuelto": "returned",
    "Entregado": "delivered",
    "Rendición": None,
}


async def ask(carrier: Andreani, number: str, password: str = "") -> Any:
    async with client(carrier) as http:
        login = await http.get("/login", auth=(carrier.user, password or carrier.password))
        token = login.headers.get("x-authorization-token") or (login.json().get("token") if login.content else "")
        headers = {"x-authorization-token": token or ""}
        return await http.get(f"/v2/envios/{number}/trazas", headers=headers)


async def traces(carrier: Andreani, number: str) -> list[dict[str, Any]]:
    answer = await ask(carrier, number)
    found: list[dict[str, Any]] = answer.json()["eventos"] if answer.status_code == 200 else []
    return found


@pytest.mark.parametrize("token_in_body", [False, True])
async def test_traces_have_the_documented_shape_oldest_first(token_in_body: bool) -> None:
    world = World(Andreani)
    package, carrier = world.words("registered", "accepted", "absent"), world.carrier(token_in_body=token_in_body)
    told = await traces(carrier, package.code)
    assert [trace["EstadoId"] for trace in told] == [1, 5, 11]
    assert told[0]["Fecha"] == "2026-10-05T09:00:00", "local, without an offset"
    assert (told[2]["Motivo"], told[2]["MotivoId"]) == ("No se encuentra el titular", 36)
    assert {"Sucursal", "SucursalId", "Ciclo"} <= told[0].keys()


async def test_wrong_credentials_and_an_unknown_number_are_problems() -> None:
    world = World(Andreani)
    package, carrier = world.words("registered"), world.carrier()
    assert (await ask(carrier, package.code, "other")).status_code == 401
    assert (await ask(carrier, "360000000000000")).json()["status"] == 404
    world.clock.set(START)
    assert (await ask(carrier, package.code)).status_code == 404, "nothing is visible yet"


async def test_deliveries_can_be_left_out() -> None:
    world = World(Andreani)
    package, carrier = world.words("out", "delivered", "paper"), world.carrier(without_deliveries=True)
    assert [trace["Estado"] for trace in await traces(carrier, package.code)] == ["En distribución", "Rendición"]


def test_a_code_has_fifteen_digits() -> None:
    code = World(Andreani).words("registered").code
    assert len(code) == 15
    assert code.isdigit()


@pytest.mark.parametrize("word", sorted(Andreani.sayable))
async def test_each_word_has_its_status(word: str) -> None:
    world = World(Andreani)
    (trace,) = await traces(world.carrier(), world.words(word).code)
    assert PUBLISHED[trace["Estado"]] == HAPPENINGS[word]


async def test_the_truth_can_be_read_with_the_words() -> None:
    world = World(Andreani)
    packages, carrier = world.journeys(30), world.carrier()
    for moment in moments(packages):
        world.clock.set(moment)
        for package in packages:
            told = await traces(carrier, package.code)
            at = [datetime.fromisoformat(trace["Fecha"]).replace(tzinfo=BUENOS_AIRES) for trace in told]
            assert at == [h.happened_at for h in package.visible(moment)]
            seen = zip((PUBLISHED[trace["Estado"]] for trace in told), at, strict=True)
            assert follow(seen) == world.true_now(package)
