"""In: requests as UPS documents them; out: activity of a package, and errors in its form."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from paradeiro.simulator.carriers.abroad.ups import Ups
from paradeiro.simulator.scenario.carrier_journeys import HAPPENINGS
from tests.simulator.carriers.one_carrier import BRASILIA, END, START, World, client, follow, moments

FORM = {"grant_type": "client_credentials"}
TYPES = {"M": "registered", "P": "accepted", "D": "delivered"}
# What the published list of status codes adds to the types for "in progress" and "exception".
STATUS_CODES = {
    "005": "in_transit",
    "074": "in_transit",
    "021": "out_for_delivery",
    "040": "available_for_pickup",
    "022": "attempt_failed",
    "064": "attempt_failed",
    "059": "exception",
    "068": "exception",
    "035": "returning",
}
ACTIVITY = {"location", "status", "date", "time", "gmtDate", "gmtOffset", "gmtTime"}
STATUS = {"type", "description", "code", "statusCode", "simplifiedTextDescription"}


async def token(carrier: Ups) -> str:
    async with client(carrier) as http:
        answer = await http.post("/security/v1/oauth/token", data=FORM, auth=(carrier.client_id, carrier.client_secret))
    return str(answer.json()["access_token"])


async def ask(carrier: Ups, number: str, bearer: str, **headers: str) -> Any:
    sent = {"authorization": f"Bearer {bearer}", "transId": "1", "transactionSrc": "loja", **headers}
    async with client(carrier) as http:
        return await http.get(f"/api/track/v1/details/{number}", headers=sent)


async def activity(carrier: Ups, number: str, bearer: str = "") -> list[dict[str, Any]]:
    answer = await ask(carrier, number, bearer or await token(carrier))
    assert answer.status_code == 200
    found: list[dict[str, Any]] = (
        answer.json()["trackResponse"]["shipment"][0].get("package", [{}])[0].get("activity", [])
    )
    return found


async def test_an_answer_has_the_documented_shape_newest_first() -> None:
    world = World(Ups)
    package, carrier = world.words("registered", "moved", "delivered"), world.carrier()
    answer = (await ask(carrier, package.code.lower(), await token(carrier))).json()
    (shipment,) = answer["trackResponse"]["shipment"]
    (told,) = shipment["package"]
    assert (shipment["inquiryNumber"], told["trackingNumber"]) == (package.code, package.code)
    assert all(each.keys() == ACTIVITY and each["status"].keys() == STATUS for each in told["activity"])
    assert [each["status"]["type"] for each in told["activity"]] == ["D", "I", "M"]
    oldest = told["activity"][-1]
    assert (oldest["date"], oldest["time"]) == ("20261005", "090000")
    assert (oldest["gmtDate"], oldest["gmtTime"], oldest["gmtOffset"]) == ("20261005", "12:00:00", "-03:00")
    assert told["currentStatus"]["statusCode"] == "011"
    assert told["deliveryDate"] == [{"type": "DEL", "date": "20261005"}]


async def test_a_token_is_given_for_credentials_and_ends() -> None:
    world = World(Ups)
    package, carrier = world.words("registered"), world.carrier()
    async with client(carrier) as http:
        wrong = await http.post("/security/v1/oauth/token", data=FORM, auth=("x", "y"))
        formless = await http.post("/security/v1/oauth/token", auth=(carrier.client_id, carrier.client_secret))
    assert (wrong.status_code, wrong.json()["response"]["errors"][0]["code"]) == (401, "10401")
    assert formless.status_code == 400
    bearer = await token(carrier)
    assert (await ask(carrier, package.code, bearer)).status_code == 200
    refused = await ask(carrier, package.code, "other")
    assert (refused.status_code, refused.json()["response"]["errors"][0]["code"]) == (401, "250002")
    world.clock.set(END + timedelta(seconds=14399))
    assert (await ask(carrier, package.code, bearer)).status_code == 401


async def test_headers_and_the_numbers_form_are_checked() -> None:
    world = World(Ups)
    package, carrier = world.words("registered"), world.carrier()
    bearer = await token(carrier)
    assert (await ask(carrier, package.code, bearer, transId="")).status_code == 400
    wrong = await ask(carrier, "1Z", bearer)
    assert (wrong.status_code, wrong.json()) == (
        400,
        {"response": {"errors": [{"code": "TV1002", "message": "Invalid inquiry number"}]}},
    )


async def test_what_is_not_known_is_a_warning_or_an_error() -> None:
    world = World(Ups)
    package, carrier = world.words("registered"), world.carrier()
    world.clock.set(START)
    for number in (package.code, "1ZA82D672031716786"):
        answer = await ask(carrier, number, await token(carrier))
        assert answer.status_code == 200
        (shipment,) = answer.json()["trackResponse"]["shipment"]
        assert shipment["warnings"] == [{"code": "TW0001", "message": "Tracking Information Not Found"}]
        assert "package" not in shipment
    strict = world.carrier(missing_is_error=True)
    assert (await ask(strict, package.code, await token(strict))).status_code == 404


def test_a_code_has_its_check_digit() -> None:
    code = World(Ups).words("registered").code
    assert len(code) == 18
    values = [int(c) if c.isdigit() else (ord(c) - 63) % 10 for c in code[2:]]
    assert (sum(values[:-1:2]) + 2 * sum(values[1:-1:2]) + values[-1]) % 10 == 0


@pytest.mark.parametrize("word", sorted(Ups.sayable))
async def test_each_type_and_status_code_has_its_status(word: str) -> None:
    world = World(Ups)
    (each,) = await activity(world.carrier(), world.words(word).code)
    assert _status(each) == HAPPENINGS[word]
    assert (each["status"]["type"] == "D") is (word == "delivered"), "whatever the words are"


async def test_words_say_delivered_of_what_is_not() -> None:
    world = World(Ups)
    told = await activity(world.carrier(), world.words("handed_on", "counter").code)
    assert all("delivered" in each["status"]["description"].lower() for each in told)
    assert "D" not in {each["status"]["type"] for each in told}


async def test_the_truth_can_be_read_with_types_and_status_codes() -> None:
    world = World(Ups)
    packages, carrier = world.journeys(50), world.carrier()
    for moment in moments(packages):
        world.clock.set(moment)
        bearer = await token(carrier)
        for package in packages:
            told = (await activity(carrier, package.code, bearer))[::-1]
            local = [datetime.strptime(e["date"] + e["time"], "%Y%m%d%H%M%S").replace(tzinfo=BRASILIA) for e in told]
            at = [datetime.strptime(e["gmtDate"] + e["gmtTime"], "%Y%m%d%H:%M:%S").replace(tzinfo=UTC) for e in told]
            assert at == local == [h.happened_at for h in package.visible(moment)]
            assert follow(zip(map(_status, told), at, strict=True)) == world.true_now(package)


def _status(each: dict[str, Any]) -> str:
    status = each["status"]
    return TYPES.get(status["type"]) or STATUS_CODES[status["statusCode"]]


async def test_signature_and_letter_come_with_a_delivery_and_only_if_asked_for() -> None:
    world = World(Ups)
    made = [world.words("accepted", "out", "delivered") for _ in range(12)]
    moving, carrier = world.words("accepted", "out"), world.carrier()
    bearer = await token(carrier)
    signed = [package for package in made if carrier.pictures(package, END)]
    assert 0 < len(signed) < len(made)

    async def proofs(number: str, query: str) -> dict[str, Any]:
        told = (await ask(carrier, f"{number}{query}", bearer)).json()["trackResponse"]["shipment"][0]["package"][0]
        found = told.get("deliveryInformation", {})
        return {name: found[name] for name in ("signature", "pod") if name in found}

    both = "?returnSignature=true&returnPOD=true"
    for package in signed:
        assert await proofs(package.code, "") == {}
        assert (await proofs(package.code, "?returnSignature=true")).keys() == {"signature"}
        told = await proofs(package.code, both)
        assert base64.b64decode(told["signature"]["image"]) != base64.b64decode(told["pod"]["content"])
    assert await proofs(moving.code, both) == {}
    unsigned = next(package for package in made if package not in signed)
    assert await proofs(unsigned.code, both) == {}
