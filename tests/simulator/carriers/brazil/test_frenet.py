"""In: requests as Frenet's library makes them; out: answers of its shapes, one or many, and pushes."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from paradeiro.simulator.carriers.brazil.frenet import Frenet
from paradeiro.simulator.scenario.carrier_journeys import HAPPENINGS
from tests.simulator.carriers.one_carrier import BRASILIA, END, START, World, client, follow, moments

PUBLISHED = {
    "0": "accepted",
    "1": "in_transit",
    "2": "in_transit",
    "3": "returning",
    "4": "exception",
    "5": "out_for_delivery",
    "9": "delivered",
    "18": "registered",
}
SHAPE = {"TrackingNumber", "TrackingUrl", "ServiceDescrition", "ExpectedDate", "ErrorMessage", "TrackingEvents"}
FAILURE = SHAPE - {"ExpectedDate"}


async def ask(carrier: Frenet, body: dict[str, Any], token: str | None = None) -> Any:
    headers = {"token": carrier.token if token is None else token}
    async with client(carrier) as http:
        return await http.post("/tracking/trackinginfo", json=body, headers=headers)


async def test_an_answer_has_the_documented_shape_newest_first() -> None:
    world = World(Frenet)
    package, carrier = world.words("accepted", "moved", "out"), world.carrier()
    told = (await ask(carrier, {"TrackingNumber": package.code, "ShippingServiceCode": carrier.service_code})).json()
    assert told.keys() == SHAPE
    assert (told["TrackingNumber"], told["ErrorMessage"], told["ExpectedDate"]) == (package.code, None, "14/10/2026")
    assert [event["EventType"] for event in told["TrackingEvents"]] == ["5", "1", "0"]
    assert told["TrackingEvents"][-1] == {
        "EventDateTime": "05/10/2026 09:00",
        "EventDescription": "Objeto postado",
        "EventLocation": "CURITIBA/PR",
        "EventType": "0",
    }


async def test_a_wrong_token_is_refused_and_a_wrong_service_is_an_error_in_words() -> None:
    world = World(Frenet)
    package, carrier = world.words("accepted"), world.carrier()
    assert (await ask(carrier, {"TrackingNumber": package.code}, token="other")).status_code == 401
    wrong = await ask(carrier, {"TrackingNumber": package.code, "ShippingServiceCode": "F_3"})
    assert (wrong.status_code, wrong.json().keys()) == (200, FAILURE)
    assert (wrong.json()["ErrorMessage"], wrong.json()["TrackingEvents"]) == ("Serviço não encontrado", [])
    missing = await ask(carrier, {"TrackingNumber": "61000000000000"})
    assert (missing.status_code, missing.json()["TrackingEvents"]) == (200, [])
    assert missing.json()["ErrorMessage"]
    async with client(carrier) as http:
        assert (await http.get("/tracking/trackinginfo")).status_code == 405


async def test_it_is_asked_by_order_or_invoice_too() -> None:
    world = World(Frenet)
    package, carrier = world.words("accepted"), world.carrier()
    invoice = {"InvoiceNumber": package.invoice_number.zfill(9), "InvoiceSerie": "1"}
    for question in ({"OrderNumber": package.order_id}, invoice):
        assert (await ask(carrier, question)).json()["TrackingNumber"] == package.code
    assert (await ask(carrier, {**invoice, "InvoiceSerie": "2"})).json()["ErrorMessage"]


async def test_many_are_answered_in_a_collection_with_another_name_for_events() -> None:
    world = World(Frenet)
    packages, carrier = [world.words("accepted") for _ in range(10)], world.carrier()
    numbers = [*(package.code for package in packages[:9]), "61000000000000"]
    told = (await ask(carrier, {"ShippingServiceCode": None, "TrackingNumbers": numbers})).json()
    each = told["TrackingResponseCollection"]
    assert [one["TrackingNumber"] for one in each] == numbers
    assert [len(one["Events"]) for one in each] == [1] * 9 + [0]
    assert all("TrackingEvents" not in one for one in each)
    more = [*numbers, packages[9].code]
    assert (await ask(carrier, {"ShippingServiceCode": None, "TrackingNumbers": more})).status_code == 400


@pytest.mark.parametrize("word", sorted(Frenet.sayable))
async def test_each_type_is_of_the_published_table_with_its_status(word: str) -> None:
    world = World(Frenet)
    (event,) = (await ask(world.carrier(), {"TrackingNumber": world.words(word).code})).json()["TrackingEvents"]
    assert PUBLISHED[event["EventType"]] == HAPPENINGS[word]


async def test_words_say_delivered_of_what_is_not() -> None:
    world = World(Frenet)
    package = world.words("registered", "handed_on")
    told = (await ask(world.carrier(), {"TrackingNumber": package.code})).json()["TrackingEvents"]
    assert all("entregue" in event["EventDescription"] for event in told)
    assert "delivered" not in {PUBLISHED[event["EventType"]] for event in told}


def test_pushes_have_the_same_shape_and_tell_nothing_of_later() -> None:
    world = World(Frenet)
    package, carrier = world.words("accepted", "out", "delivered"), world.carrier()
    bodies = list({push.body: None for push in carrier.pushes(START, END, "segredo")})
    told = [json.loads(body) for body in bodies]
    assert [each.keys() for each in told] == [SHAPE | {"OrderId", "ShipmentId"}] * 3
    assert [len(each["TrackingEvents"]) for each in told] == [1, 2, 3]
    assert all(each["OrderId"] == package.order_id for each in told)
    early = carrier.pushes(START, START + timedelta(minutes=31), "segredo")
    assert {push.body for push in early} == {bodies[0]}
    assert all(push.headers["token"] == "segredo" for push in early)


async def test_the_truth_can_be_read_with_the_published_types() -> None:
    world = World(Frenet)
    packages, carrier = world.journeys(50), world.carrier()
    assert {"handed_on", "lost"} <= {package.kind for package in packages}
    for moment in moments(packages):
        world.clock.set(moment)
        for package in packages:
            events = (await ask(carrier, {"TrackingNumber": package.code})).json()["TrackingEvents"][::-1]
            at = [datetime.strptime(e["EventDateTime"], "%d/%m/%Y %H:%M").replace(tzinfo=BRASILIA) for e in events]
            true = [h.happened_at.replace(second=0) for h in package.visible(moment)]
            assert at == true
            seen = follow(zip((PUBLISHED[event["EventType"]] for event in events), at, strict=True))
            truth = world.true_now(package)
            assert (seen.status, seen.delivered_at) == (
                truth.status,
                truth.delivered_at and truth.delivered_at.replace(second=0),
            )
