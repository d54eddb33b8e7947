"""In: requests as USPS documents them; out: a mail piece's events, and errors in its form."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from paradeiro.simulator.carriers.abroad.usps import Usps
from paradeiro.simulator.scenario.carrier_journeys import HAPPENINGS
from tests.simulator.carriers.one_carrier import BRASILIA, END, START, World, client, follow, moments

PUBLISHED = {
    "GX": "registered",
    "03": "accepted",
    "T1": "in_transit",
    "07": "in_transit",
    "OF": "out_for_delivery",
    "02": "attempt_failed",
    "04": "attempt_failed",
    "16": "available_for_pickup",
    "09": "returning",
    "01": "delivered",
}
EVENT = {
    "eventType",
    "eventTimestamp",
    "GMTTimestamp",
    "GMTOffset",
    "eventCountry",
    "eventCity",
    "eventState",
    "eventZIP",
    "firm",
    "name",
    "authorizedAgent",
    "eventCode",
    "additionalProp",
}


def credentials(carrier: Usps) -> dict[str, str]:
    return {
        "grant_type": "client_credentials",
        "client_id": carrier.client_id,
        "client_secret": carrier.client_secret,
    }


async def token(carrier: Usps) -> str:
    async with client(carrier) as http:
        return str((await http.post("/oauth2/v3/token", data=credentials(carrier))).json()["access_token"])


async def ask(carrier: Usps, number: str, bearer: str, expand: str | None = "DETAIL") -> Any:
    async with client(carrier) as http:
        return await http.get(
            f"/tracking/v3/tracking/{number}",
            params={"expand": expand} if expand else None,
            headers={"authorization": f"Bearer {bearer}"},
        )


async def events(carrier: Usps, number: str, bearer: str = "") -> list[dict[str, Any]]:
    answer = await ask(carrier, number, bearer or await token(carrier))
    found: list[dict[str, Any]] = answer.json().get("trackingEvents", [])
    return found


async def test_an_answer_has_the_recorded_shape_newest_first() -> None:
    world = World(Usps)
    package, carrier = world.words("registered", "arrived", "out"), world.carrier()
    told = (await ask(carrier, package.code, await token(carrier))).json()
    assert {"status", "statusCategory", "statusSummary", "mailClass", "uniqueMailPieceID"} <= told.keys()
    assert (told["trackingNumber"], told["statusCategory"]) == (package.code, "Out for Delivery")
    assert all(event.keys() == EVENT for event in told["trackingEvents"])
    assert [event["eventCode"] for event in told["trackingEvents"]] == ["OF", "07", "GX"]
    oldest = told["trackingEvents"][-1]
    assert (oldest["eventTimestamp"], oldest["GMTTimestamp"]) == ("2026-10-05T09:00:00", "2026-10-05T12:00:00Z")
    assert oldest["GMTOffset"] == "-03:00"


async def test_only_the_time_at_greenwich_has_seconds() -> None:
    world = World(Usps)
    (package,), carrier = world.journeys(1), world.carrier()
    for event in await events(carrier, package.code):
        local = datetime.fromisoformat(event["eventTimestamp"]).replace(tzinfo=BRASILIA)
        assert local == datetime.fromisoformat(event["GMTTimestamp"]).replace(second=0)


async def test_without_detail_there_are_words_only() -> None:
    world = World(Usps)
    package, carrier = world.words("registered", "out"), world.carrier()
    told = (await ask(carrier, package.code, await token(carrier), None)).json()
    assert told.keys() == {"trackingNumber", "eventSummaries"}
    assert told["eventSummaries"][0].startswith("Out for Delivery, October 05, 2026")


async def test_a_token_is_given_by_form_or_json_and_ends() -> None:
    world = World(Usps)
    package, carrier = world.words("registered"), world.carrier()
    async with client(carrier) as http:
        wrong = await http.post("/oauth2/v3/token", data={**credentials(carrier), "client_secret": "x"})
        bearer = (await http.post("/oauth2/v3/token", json=credentials(carrier))).json()["access_token"]
    assert (wrong.status_code, wrong.json()["error"]) == (401, "invalid_client")
    assert (await ask(carrier, package.code, bearer)).status_code == 200
    world.clock.set(END + timedelta(seconds=14399))
    refused = await ask(carrier, package.code, bearer)
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "401")


async def test_what_is_not_known_is_an_error_with_its_parts() -> None:
    world = World(Usps)
    package, carrier = world.words("registered"), world.carrier(requests_an_hour=2)
    world.clock.set(START)
    bearer = await token(carrier)
    for number in (package.code, "9400109104250532908587"):
        missing = await ask(carrier, number, bearer)
        assert (missing.status_code, missing.json()["apiVersion"]) == (404, "/tracking/v3")
        assert missing.json()["error"]["errors"][0]["source"] == {"parameter": "trackingNumber"}
    limited = await ask(carrier, package.code, bearer)
    assert (limited.status_code, limited.headers["retry-after"]) == (429, "30")


def test_a_code_has_twenty_two_digits_and_its_check_digit() -> None:
    code = World(Usps).words("registered").code
    assert len(code) == 22
    assert sum(int(d) * (3 if place % 2 else 1) for place, d in enumerate(reversed(code))) % 10 == 0


@pytest.mark.parametrize("word", sorted(Usps.sayable - {"returned"}))
async def test_each_code_is_of_the_published_list_with_its_status(word: str) -> None:
    world = World(Usps)
    (event,) = await events(world.carrier(), world.words(word).code)
    assert PUBLISHED[event["eventCode"]] == HAPPENINGS[word]


async def test_what_came_back_to_its_sender_has_the_code_of_a_delivery() -> None:
    world = World(Usps)
    package = world.words("refused", "returning", "returned")
    newest, *_ = await events(world.carrier(), package.code)
    assert (newest["eventCode"], newest["eventType"]) == ("01", "Delivered, To Original Sender")


async def test_the_truth_can_be_read_with_codes_and_that_one_name() -> None:
    world = World(Usps)
    packages, carrier = world.journeys(50), world.carrier()
    assert "sent_back" in {package.kind for package in packages}
    for moment in moments(packages):
        world.clock.set(moment)
        bearer = await token(carrier)
        for package in packages:
            told = (await events(carrier, package.code, bearer))[::-1]
            at = [datetime.fromisoformat(event["GMTTimestamp"]) for event in told]
            assert at == [h.happened_at for h in package.visible(moment)]
            assert follow(zip(map(_status, told), at, strict=True)) == world.true_now(package)


def _status(event: dict[str, Any]) -> str:
    back = event["eventType"] == "Delivered, To Original Sender"
    return "returned" if back else PUBLISHED[event["eventCode"]]
