"""In: requests as clients of MiCorreo make them; out: a token, events, and errors."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from paradeiro.simulator.carriers.correo_argentino import BUENOS_AIRES, FORM, CorreoArgentino
from paradeiro.simulator.scenario.carrier_journeys import HAPPENINGS
from paradeiro.simulator.scenario.ground_truth import TrueStatus
from tests.simulator.carriers.one_carrier import START, World, client, follow, moments

PUBLISHED: dict[tuple[str, str], str | None] = {
    ("PREIMPOSICION", ""): "registered",
    ("INGRESO AL CORREO", ""): "accepted",
    ("EN PROCESO DE CLASIFICACIÓN", ""): "in_transit",
    ("LLEGADA AL CENTRO DE PROCESAMIENTO", ""): "in_transit",
    ("EN PODER DEL DISTRIBUIDOR", ""): "out_for_delivery",
    ("INTENTO DE ENTREGA", "DOMICILIO CERRADO/1 VISITA"): "attempt_failed",
    ("INTENTO DE ENTREGA", "RECHAZADO"): "attempt_failed",
    ("INTENTO DE ENTREGA", "RETORNANDO"): "returning",
    ("INTENTO DE ENTREGA", "ENTREGADO"): "delivered",
}


async def ask(carrier: CorreoArgentino, body: Any, password: str = "") -> Any:
    async with client(carrier) as http:
        login = await http.post("/token", auth=(carrier.user, password or carrier.password))
        headers = {"Authorization": f"Bearer {login.json().get('token')}"}
        return await http.request("GET", "/shipping/tracking", headers=headers, json=body)


async def events(carrier: CorreoArgentino, number: str) -> list[dict[str, Any]]:
    """Oldest first."""
    told = (await ask(carrier, {"shippingId": number})).json()
    return told[0]["events"][::-1] if isinstance(told, list) else []


@pytest.mark.parametrize("null", [False, True])
async def test_events_have_the_documented_shape_newest_first(null: bool) -> None:
    world = World(CorreoArgentino)
    package, carrier = world.words("registered", "accepted", "delivered"), world.carrier(null_outcomes=null)
    (shipment,) = (await ask(carrier, {"shippingId": package.code})).json()
    assert set(shipment) == {"id", "productId", "trackingNumber", "events"}
    assert shipment["trackingNumber"] == package.code
    delivered, _, registered = shipment["events"]
    assert set(delivered) == {"event", "date", "branch", "status", "sign"}
    assert (delivered["event"], delivered["status"]) == ("INTENTO DE ENTREGA", "ENTREGADO")
    assert registered["date"] == "05-10-2026 09:00", "local, without an offset"
    assert registered["status"] == (None if null else "")


async def test_what_is_not_there_comes_with_status_200() -> None:
    world = World(CorreoArgentino)
    package, carrier = world.words("registered"), world.carrier()
    unknown = await ask(carrier, {"shippingId": "000599999999999A000C501"})
    assert (unknown.status_code, unknown.json()["error"]) == (200, "No existe el cliente o pedido")
    world.clock.set(START)
    early = await ask(carrier, {"shippingId": package.code})
    assert (early.status_code, early.json()["events"]) == (200, [])


async def test_wrong_credentials_and_wrong_requests_are_refused() -> None:
    world = World(CorreoArgentino)
    package, carrier = world.words("registered"), world.carrier()
    refused = await ask(carrier, {"shippingId": package.code}, "other")
    assert (refused.status_code, refused.json()["code"]) == (401, "401")
    assert (await ask(carrier, [package.code])).status_code == 400


def test_a_code_has_twenty_three_letters_and_digits() -> None:
    code = World(CorreoArgentino).words("registered").code
    assert len(code) == 23
    assert code.isalnum()


@pytest.mark.parametrize("word", sorted(CorreoArgentino.sayable))
async def test_each_word_has_its_status(word: str) -> None:
    world = World(CorreoArgentino)
    (event,) = await events(world.carrier(), world.words(word).code)
    assert PUBLISHED[event["event"], event["status"]] == HAPPENINGS[word]


async def test_the_truth_can_be_read_with_the_words() -> None:
    world = World(CorreoArgentino)
    packages, carrier = world.journeys(30), world.carrier()
    for moment in moments(packages):
        world.clock.set(moment)
        for package in packages:
            told = await events(carrier, package.code)
            at = [datetime.strptime(each["date"], FORM).replace(tzinfo=BUENOS_AIRES) for each in told]
            assert at == [h.happened_at.replace(second=0, microsecond=0) for h in package.visible(moment)]
            seen = zip((PUBLISHED[each["event"], each["status"]] for each in told), at, strict=True)
            true = world.true_now(package)
            delivered_at = true.delivered_at and true.delivered_at - timedelta(
                seconds=true.delivered_at.second, microseconds=true.delivered_at.microsecond
            )
            assert follow(seen) == TrueStatus(true.status, delivered_at)
