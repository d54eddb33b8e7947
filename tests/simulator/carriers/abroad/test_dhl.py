"""In: requests as DHL documents them; out: shipments with their events, and problem documents."""

from datetime import datetime
from typing import Any

import pytest

from paradeiro.simulator.carriers.abroad.dhl import Dhl
from paradeiro.simulator.scenario.carrier_journeys import HAPPENINGS
from tests.simulator.carriers.one_carrier import BRASILIA, START, World, client, follow, moments

# The status code decides; "transit" is no more than on its way.
PUBLISHED = {"pre-transit": "registered", "transit": "in_transit", "delivered": "delivered", "failure": "exception"}


async def ask(carrier: Dhl, number: str, key: str | None = None) -> Any:
    async with client(carrier) as http:
        headers = {"DHL-API-Key": carrier.api_key if key is None else key}
        return await http.get("/track/shipments", params={"trackingNumber": number}, headers=headers)


async def events(carrier: Dhl, number: str) -> list[dict[str, Any]]:
    answer = await ask(carrier, number)
    if answer.status_code == 404:
        return []
    found: list[dict[str, Any]] = answer.json()["shipments"][0]["events"]
    return found


async def test_an_answer_has_the_documented_shape_newest_first() -> None:
    world = World(Dhl)
    package, carrier = world.words("registered", "moved", "arrived"), world.carrier()
    told = (await ask(carrier, package.code)).json()
    assert {"url", "firstUrl", "lastUrl", "shipments", "possibleAdditionalShipmentsUrl"} == told.keys()
    (shipment,) = told["shipments"]
    assert {"id", "service", "origin", "destination", "status", "details", "events"} <= shipment.keys()
    assert (shipment["id"], shipment["estimatedTimeOfDelivery"]) == (package.code, "2026-10-14T09:00:00")
    assert shipment["status"] == shipment["events"][0]
    assert [event["statusCode"] for event in shipment["events"]] == ["transit", "transit", "pre-transit"]
    assert shipment["events"][-1]["timestamp"] == "2026-10-05T09:00:00", "local, without an offset"
    address = shipment["events"][-1]["location"]["address"]
    assert address == {"countryCode": "BR", "addressLocality": "CURITIBA, PR"}


async def test_a_wrong_key_a_missing_number_and_an_unknown_one_are_problems() -> None:
    world = World(Dhl)
    package, carrier = world.words("registered"), world.carrier()
    for key in ("other", ""):
        assert (await ask(carrier, package.code, key)).status_code == 401
    assert (await ask(carrier, "")).status_code == 400
    missing = await ask(carrier, "8264715546")
    assert missing.headers["content-type"] == "application/problem+json"
    assert (missing.status_code, missing.json()) == (
        404,
        {
            "title": "No result found",
            "detail": "No shipment with given tracking number found.",
            "status": 404,
            "instance": "/shipment/8264715546",
        },
    )
    world.clock.set(START)
    assert (await ask(carrier, package.code)).status_code == 404, "nothing is visible yet"


async def test_a_limit_can_be_set() -> None:
    world = World(Dhl)
    package, carrier = world.words("registered"), world.carrier(requests_per_second=1)
    assert [(await ask(carrier, package.code)).status_code for _ in range(2)] == [200, 429]


def test_a_code_has_twenty_digits_and_its_check_digit() -> None:
    code = World(Dhl).words("registered").code
    assert len(code) == 20
    assert sum(int(d) * (3 if place % 2 else 1) for place, d in enumerate(reversed(code))) % 10 == 0


@pytest.mark.parametrize("word", sorted(Dhl.sayable))
async def test_each_status_code_has_its_status_whatever_the_words_are(word: str) -> None:
    world = World(Dhl)
    (event,) = await events(world.carrier(), world.words(word).code)
    assert PUBLISHED[event["statusCode"]] == HAPPENINGS[word]
    if word == "handed_on":
        assert "DELIVERED" in event["status"]


async def test_the_truth_can_be_read_with_the_status_codes() -> None:
    world = World(Dhl)
    packages, carrier = world.journeys(40), world.carrier()
    for moment in moments(packages):
        world.clock.set(moment)
        for package in packages:
            told = (await events(carrier, package.code))[::-1]
            at = [datetime.fromisoformat(event["timestamp"]).replace(tzinfo=BRASILIA) for event in told]
            assert at == [h.happened_at for h in package.visible(moment)]
            seen = zip((PUBLISHED[event["statusCode"]] for event in told), at, strict=True)
            assert follow(seen) == world.true_now(package)
