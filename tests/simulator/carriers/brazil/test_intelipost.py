"""In: requests and pushes as Intelipost's modules expect them; out: shipment orders, and pushes of one event each."""

import base64
import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from paradeiro.simulator.carriers.brazil.intelipost import Intelipost
from paradeiro.simulator.scenario.carrier_journeys import HAPPENINGS
from paradeiro.simulator.scenario.ground_truth import Package
from tests.simulator.carriers.one_carrier import END, START, World, client, follow, happening, moments

# Of codes.csv: the micro state decides; these mean the same whatever the macro state is.
PUBLISHED = {
    "ETIQUETA CRIADA": "registered",
    "COLETA REALIZADA": "accepted",
    "SAIDA FILIAL": "in_transit",
    "ENTRADA FILIAL DESTINO": "in_transit",
    "CARGA REDESPACHADA": "in_transit",
    "SAIU PARA ENTREGA": "out_for_delivery",
    "DESTINATÁRIO AUSENTE": "attempt_failed",
    "CARGA RECUSADA PELO DESTINATARIO": "attempt_failed",
    "ENTREGUE NO LOCAL DE RETIRADA": "available_for_pickup",
    "AVARIA CONFIRMADA": "exception",
    "EXTRAVIO CONFIRMADO": "exception",
    "EM DEVOLUÇÃO": "returning",
    "DEVOLVIDO ORIGEM": "returned",
    "ENTREGUE": "delivered",
    "MANTER STATUS ANTERIOR": None,
    "CORRECAO INFORMACAO DE EVENTO": None,
}
HISTORY = {
    "shipment_order_volume_id",
    "shipment_order_volume_state",
    "tracking_state",
    "created",
    "created_iso",
    "provider_message",
    "provider_state",
    "shipper_provider_state",
    "esprinter_message",
    "shipment_volume_micro_state",
    "attachments",
    "shipment_order_volume_state_localized",
    "shipment_order_volume_state_history",
    "event_date",
    "event_date_iso",
}
MICRO = {
    "id",
    "code",
    "default_name",
    "i18n_name",
    "description",
    "shipment_order_volume_state_id",
    "shipment_volume_state_source_id",
    "name",
}


async def ask(carrier: Intelipost, order: str, key: str | None = None) -> Any:
    async with client(carrier) as http:
        headers = {"api-key": carrier.api_key if key is None else key}
        return await http.get(f"/api/v1/shipment_order/{order}", headers=headers)


async def volumes(carrier: Intelipost, package: Package) -> list[dict[str, Any]]:
    told = (await ask(carrier, package.order_id)).json()
    assert (told["status"], told["messages"]) == ("OK", [])
    found: list[dict[str, Any]] = told["content"]["shipment_order_volume_array"]
    return found


async def test_an_order_has_the_documented_shape_newest_first() -> None:
    world = World(Intelipost)
    package, carrier = world.words("registered", "accepted", "arrived"), world.carrier()
    (volume,) = await volumes(carrier, package)
    history = volume["shipment_order_volume_state_history_array"]
    assert all(each.keys() == HISTORY for each in history)
    assert all(each["shipment_volume_micro_state"].keys() == MICRO for each in history)
    assert [each["event_date_iso"] for each in history] == [
        "2026-10-05T21:00:00.000-03:00",
        "2026-10-05T15:00:00.000-03:00",
        "2026-10-05T09:00:00.000-03:00",
    ]
    micro = history[0]["shipment_volume_micro_state"]
    assert (micro["id"], micro["code"]) == (125, "1")
    assert history[0]["created"] - history[0]["event_date"] == 30 * 60 * 1000, "heard half an hour later"
    assert volume["tracking_code"] == package.code
    assert volume["shipment_order_volume_invoice"]["invoice_key"] == package.invoice_key


async def test_a_wrong_key_an_unknown_order_and_one_without_events_are_errors() -> None:
    world = World(Intelipost)
    package, carrier = world.words("registered"), world.carrier()
    for key in ("other", ""):
        assert (await ask(carrier, package.order_id, key)).status_code == 401
    assert (await ask(carrier, "unknown")).status_code == 404
    world.clock.set(START)
    missing = await ask(carrier, package.order_id)
    assert (missing.status_code, missing.json()["status"], missing.json()["content"]) == (404, "ERROR", None)


async def test_an_invoice_finds_a_list_of_orders_and_none_is_no_error() -> None:
    world = World(Intelipost)
    package, carrier = world.words("registered"), world.carrier()
    told = (await ask(carrier, f"invoice/{package.invoice_number}")).json()
    assert [order["order_number"] for order in told["content"]] == [package.order_id]
    missing = await ask(carrier, "invoice/999")
    assert (missing.status_code, missing.json()["status"], missing.json()["content"]) == (200, "OK", [])
    assert (await ask(carrier, "invoice/999", "other")).status_code == 401


async def test_volumes_of_one_order_have_their_own_history() -> None:
    world = World(Intelipost)
    first = world.words("registered", "delivered")
    world.add([happening("registered", 1)], order_id=first.order_id)
    told = await volumes(world.carrier(), first)
    assert [(v["shipment_order_volume_number"], v["shipment_order_volume_state"]) for v in told] == [
        ("1", "DELIVERED"),
        ("2", "NEW"),
    ]


def test_a_push_has_the_recorded_shape_and_proof() -> None:
    world = World(Intelipost)
    package = world.words("registered")
    push = world.carrier().pushes(START, END, "chave")[0]
    assert push.headers["authorization"] == "Basic " + base64.b64encode(b"chave:").decode()
    assert world.carrier(key_in_header=True).pushes(START, END, "chave")[0].headers["api-key"] == "chave"
    told = json.loads(push.body)
    assert told["history"].keys() == HISTORY
    assert told["history"]["shipment_volume_micro_state"].keys() == MICRO
    assert told["invoice"] == {
        "invoice_series": "1",
        "invoice_number": package.invoice_number,
        "invoice_key": package.invoice_key,
    }
    assert (told["order_number"], told["tracking_code"], told["volume_number"]) == (package.order_id, package.code, "1")
    assert told["estimated_delivery_date"]["client"].keys() == {"current", "current_iso", "original", "original_iso"}


def test_pushes_are_one_per_event_in_order_some_twice_none_early() -> None:
    world = World(Intelipost)
    packages, carrier = world.journeys(40), world.carrier()
    middle = START + timedelta(days=3)
    sent = carrier.pushes(START, middle, "s") + carrier.pushes(middle, END, "s")
    assert len({push.body for push in sent}) == sum(len(package.happenings) for package in packages) < len(sent)
    for push in sent:
        heard = datetime.fromisoformat(json.loads(push.body)["history"]["created_iso"])
        assert heard.replace(microsecond=0) < push.at < heard + timedelta(minutes=5)
    assert [push.at for push in carrier.pushes(START, END, "s")] == sorted(push.at for push in sent)


@pytest.mark.parametrize("word", sorted(Intelipost.sayable))
async def test_each_word_is_one_of_the_published_table_with_its_status(word: str) -> None:
    world = World(Intelipost)
    (volume,) = await volumes(world.carrier(), world.words(word))
    (event,) = volume["shipment_order_volume_state_history_array"]
    assert PUBLISHED[event["shipment_volume_micro_state"]["name"]] == HAPPENINGS[word]


async def test_the_macro_state_and_the_words_mislead() -> None:
    world = World(Intelipost)
    package = world.words("handed_on", "counter", "returning", "returned")
    (volume,) = await volumes(world.carrier(), package)
    history = volume["shipment_order_volume_state_history_array"]
    assert [each["shipment_order_volume_state"] for each in history] == [
        "DELIVERY_FAILED",
        "IN_TRANSIT",
        "IN_TRANSIT",
        "IN_TRANSIT",
    ]
    assert sum("ENTREGUE" in each["provider_message"] for each in history) == 3
    assert all(PUBLISHED[each["shipment_volume_micro_state"]["name"]] != "delivered" for each in history)


async def test_the_truth_can_be_read_with_the_published_table() -> None:
    world = World(Intelipost)
    packages, carrier = world.journeys(40), world.carrier()
    world.clock.set(END)
    assert {package.kind for package in packages} > {"paper_later", "handed_on"}
    for moment in moments(packages):
        world.clock.set(moment)
        for package in packages:
            answer = await ask(carrier, package.order_id)
            told = answer.json()["content"]["shipment_order_volume_array"][0] if answer.status_code == 200 else {}
            history = told.get("shipment_order_volume_state_history_array", [])[::-1]
            assert len(history) == len(package.visible(moment))
            assert follow(_read(history)) == world.true_now(package)


def _read(history: list[dict[str, Any]]) -> list[tuple[str | None, datetime]]:
    """A correction says that the event before it was wrong."""
    read: list[tuple[str | None, datetime]] = []
    for each in history:
        micro = each["shipment_volume_micro_state"]["name"]
        if micro == "CORRECAO INFORMACAO DE EVENTO":
            read.pop()
        read.append((PUBLISHED[micro], datetime.fromisoformat(each["event_date_iso"])))
    return read
