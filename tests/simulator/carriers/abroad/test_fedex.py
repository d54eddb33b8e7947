"""In: requests as FedEx documents them; out: results per number, and errors in its form."""

import base64
from datetime import datetime, timedelta
from typing import Any

import pytest

from paradeiro.simulator.carriers.abroad.fedex import FedEx
from paradeiro.simulator.scenario.carrier_journeys import HAPPENINGS
from tests.simulator.carriers.one_carrier import END, START, World, client, follow, moments

# The published list of status codes.
PUBLISHED = {
    "OC": "registered",
    "PU": "accepted",
    "DP": "in_transit",
    "AR": "in_transit",
    "TR": "in_transit",
    "OD": "out_for_delivery",
    "DE": "attempt_failed",
    "HP": "available_for_pickup",
    "RS": "returning",
    "DL": "delivered",
}
SCAN = {
    "date",
    "eventType",
    "eventDescription",
    "exceptionCode",
    "exceptionDescription",
    "scanLocation",
    "locationId",
    "locationType",
    "derivedStatusCode",
    "derivedStatus",
}


async def token(carrier: FedEx) -> str:
    form = {
        "grant_type": "client_credentials",
        "client_id": carrier.client_id,
        "client_secret": carrier.client_secret,
    }
    async with client(carrier) as http:
        return str((await http.post("/oauth/token", data=form)).json()["access_token"])


async def ask(carrier: FedEx, bearer: str, *numbers: str, detailed: bool = True) -> Any:
    info = [{"trackingNumberInfo": {"trackingNumber": number}} for number in numbers]
    async with client(carrier) as http:
        return await http.post(
            "/track/v1/trackingnumbers",
            json={"includeDetailedScans": detailed, "trackingInfo": info},
            headers={"authorization": f"Bearer {bearer}"},
        )


async def results(carrier: FedEx, *numbers: str, detailed: bool = True) -> list[list[dict[str, Any]]]:
    answer = await ask(carrier, await token(carrier), *numbers, detailed=detailed)
    assert answer.status_code == 200
    complete = answer.json()["output"]["completeTrackResults"]
    assert [each["trackingNumber"] for each in complete] == list(numbers)
    return [each["trackResults"] for each in complete]


async def test_an_answer_has_the_documented_shape_newest_first() -> None:
    world = World(FedEx)
    package, carrier = world.words("accepted", "out", "delivered"), world.carrier()
    (((result),),) = await results(carrier, package.code)
    assert {"trackingNumberInfo", "latestStatusDetail", "dateAndTimes", "scanEvents"} <= result.keys()
    assert result["trackingNumberInfo"].keys() == {"trackingNumber", "trackingNumberUniqueId", "carrierCode"}
    scans = result["scanEvents"]
    assert all(scan.keys() == SCAN for scan in scans)
    assert [scan["eventType"] for scan in scans] == ["DL", "OD", "PU"]
    assert scans[1]["derivedStatusCode"] == "IT", "the derived status is coarser than the type"
    assert scans[-1]["date"] == "2026-10-05T09:00:00-03:00"
    assert result["latestStatusDetail"]["code"] == "DL"
    assert {each["type"] for each in result["dateAndTimes"]} == {"SHIP", "ACTUAL_DELIVERY"}


async def test_a_token_is_given_for_credentials_and_ends() -> None:
    world = World(FedEx)
    package, carrier = world.words("accepted"), world.carrier()
    async with client(carrier) as http:
        wrong = await http.post("/oauth/token", data={"grant_type": "client_credentials", "client_id": "x"})
    assert (wrong.status_code, wrong.json()["errors"][0]["code"]) == (401, "NOT.AUTHORIZED.ERROR")
    bearer = await token(carrier)
    assert (await ask(carrier, bearer, package.code)).status_code == 200
    world.clock.set(END + timedelta(seconds=3599))
    refused = await ask(carrier, bearer, package.code)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (401, "NOT.AUTHORIZED.ERROR")


async def test_no_number_and_too_many_are_errors() -> None:
    carrier = World(FedEx).carrier()
    bearer = await token(carrier)
    empty = await ask(carrier, bearer)
    assert (empty.status_code, empty.json()["errors"]) == (
        400,
        [{"code": "TRACKING.TRACKINGNUMBER.EMPTY", "message": "Please provide tracking number."}],
    )
    assert (await ask(carrier, bearer, *["1"] * 30)).status_code == 200
    assert (await ask(carrier, bearer, *["1"] * 31)).status_code == 400


async def test_what_is_not_known_is_an_error_of_its_number() -> None:
    world = World(FedEx)
    package, other = world.words("accepted"), world.add([])
    known, (missing,), (empty,) = await results(world.carrier(), package.code, "39936862321", other.code)
    assert "scanEvents" in known[0]
    assert missing["error"]["code"] == empty["error"]["code"] == "TRACKING.TRACKINGNUMBER.NOTFOUND"
    world.clock.set(START)
    ((early,),) = await results(world.carrier(), package.code)
    assert "scanEvents" not in early


async def test_without_details_only_the_newest_scan_is_told() -> None:
    world = World(FedEx)
    ((result,),) = await results(world.carrier(), world.words("accepted", "out").code, detailed=False)
    assert [scan["eventType"] for scan in result["scanEvents"]] == ["OD"]


async def test_one_number_may_carry_two_shipments() -> None:
    world = World(FedEx)
    package = world.words("accepted", "out")
    ((ours, older),) = await results(world.carrier(older_under_same_number=True), package.code)
    unique = [each["trackingNumberInfo"]["trackingNumberUniqueId"] for each in (ours, older)]
    assert len(set(unique)) == 2
    assert older["latestStatusDetail"]["code"] == "DL"
    assert older["scanEvents"][0]["date"] < "2025"
    assert ours["additionalTrackingInfo"]["packageIdentifiers"][0]["values"] == [package.order_id]


async def test_a_pickup_may_have_no_time() -> None:
    world = World(FedEx)
    ((result,),) = await results(world.carrier(pickup_by_day=True), world.words("accepted").code)
    assert result["scanEvents"][0]["date"] == "2026-10-05T00:00:00"


@pytest.mark.parametrize("word", sorted(FedEx.sayable))
async def test_each_type_is_of_the_published_list_with_its_status(word: str) -> None:
    world = World(FedEx)
    ((result,),) = await results(world.carrier(), world.words(word).code)
    (scan,) = result["scanEvents"]
    assert PUBLISHED[scan["eventType"]] == HAPPENINGS[word]
    assert (scan["eventType"] == "DL") is (word == "delivered")


async def test_the_truth_can_be_read_with_the_published_types() -> None:
    world = World(FedEx)
    packages, carrier = world.journeys(30), world.carrier()
    for moment in moments(packages):
        world.clock.set(moment)
        for package, (result,) in zip(packages, await results(carrier, *(p.code for p in packages)), strict=True):
            scans = result.get("scanEvents", [])[::-1]
            at = [datetime.fromisoformat(scan["date"]) for scan in scans]
            assert at == [h.happened_at for h in package.visible(moment)]
            seen = zip((PUBLISHED[scan["eventType"]] for scan in scans), at, strict=True)
            assert follow(seen) == world.true_now(package)


async def document(carrier: FedEx, number: str, kind: str = "SIGNATURE_PROOF_OF_DELIVERY", bearer: str = "") -> Any:
    asked = {
        "trackDocumentDetail": {"documentType": kind, "documentFormat": "PNG"},
        "trackDocumentSpecification": [{"trackingNumberInfo": {"trackingNumber": number}}],
    }
    headers = {"authorization": f"Bearer {bearer or await token(carrier)}"}
    async with client(carrier) as http:
        return await http.post("/track/v1/trackingdocuments", json=asked, headers=headers)


async def test_a_signed_delivery_has_a_document_and_says_so() -> None:
    world = World(FedEx)
    made = [world.words("accepted", "out", "delivered") for _ in range(12)]
    moving, carrier = world.words("accepted", "out"), world.carrier()
    signed = [package for package in made if carrier.pictures(package, END)]
    assert 0 < len(signed) < len(made)
    for package in (*made, moving):
        ((result,),) = await results(carrier, package.code)
        told = (await document(carrier, package.code)).json()["output"]
        if package in signed:
            assert [each["type"] for each in result["availableImages"]] == ["SIGNATURE_PROOF_OF_DELIVERY"]
            assert [base64.b64decode(each)[:4] for each in told["document"]] == [b"\x89PNG"]
        else:
            assert (result["availableImages"], told["document"]) == ([], [])
            assert told["alerts"][0]["code"] == "TRACKING.DATA.NOTFOUND"


async def test_documents_need_a_token_and_a_known_type() -> None:
    world = World(FedEx)
    package, carrier = world.words("accepted", "delivered"), world.carrier()
    assert (await document(carrier, package.code, bearer="old")).status_code == 401
    assert (await document(carrier, package.code, kind="PICTURE")).status_code == 400
