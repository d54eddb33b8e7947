"""In: requests to the aggregator over real HTTP; out: what its documentation says, of what it saw when it looked."""

import json
from datetime import datetime, timedelta
from typing import Any

import httpx

from paradeiro.connectors.seventeen_track.parse import parse
from paradeiro.domain.following.timeline import fold
from paradeiro.domain.words import Outcome
from paradeiro.simulator.carriers.seventeen_track import ZONE
from paradeiro.simulator.faults import Fault
from paradeiro.simulator.parties import Simulator
from paradeiro.simulator.scenario.ground_truth import true_status
from tests.simulator.parties import a_package


async def ask(
    simulator: Simulator, http: httpx.AsyncClient, what: str, *numbers: str, token: str = ""
) -> httpx.Response:
    headers = {"17token": token or simulator.aggregator.token}
    body = [{"number": number, "carrier": 2151} for number in numbers]
    return await http.post(f"{simulator.urls['seventeen_track']}/track/v2.2/{what}", headers=headers, json=body)


async def told(simulator: Simulator, http: httpx.AsyncClient, what: str, *numbers: str) -> dict[str, Any]:
    answer = (await ask(simulator, http, what, *numbers)).json()
    assert answer["code"] == 0
    data = answer["data"]
    return {part["number"]: part for part in [*data["accepted"], *data["rejected"]]}


async def test_a_number_is_registered_before_it_is_looked_up_and_costs_once(
    simulator: Simulator, http: httpx.AsyncClient
) -> None:
    code = a_package(simulator, kind="delivered").code
    assert (await told(simulator, http, "gettrackinfo", code))[code]["error"]["code"] == -18019902
    assert "error" not in (await told(simulator, http, "register", code))[code]
    assert (await told(simulator, http, "register", code))[code]["error"]["code"] == -18019901
    assert (await told(simulator, http, "gettrackinfo", code))[code]["error"]["code"] == -18019909, (
        "it has not looked yet"
    )
    simulator.clock.set(simulator.clock() + timedelta(minutes=6))
    assert (await told(simulator, http, "gettrackinfo", code))[code]["track_info"]["tracking"]["providers"]
    quota = (await ask(simulator, http, "getquota")).json()["data"]
    assert (quota["quota_used"], simulator.aggregator.calls["register"]) == (1, 2)


async def test_it_knows_what_it_saw_when_it_looked(simulator: Simulator, http: httpx.AsyncClient) -> None:
    """Its journeys are those of the ground truth at that instant, in its own codes; parsed by the product's own
    parser.
    """
    packages = [p for p in simulator.ground_truth.packages if p.kind not in {"withdrawn", "corrected", "found_again"}][
        :40
    ]
    await told(simulator, http, "register", *(p.code for p in packages))
    simulator.clock.set(simulator.ground_truth.end)
    answer = await ask(simulator, http, "gettrackinfo", *(p.code for p in packages))
    parsed = {each.tracking_code: each for each in parse(answer.content)}
    known = 0
    for package in packages:
        looked = simulator.aggregator.last_look_at(package.code)
        assert looked is not None
        assert simulator.clock() - looked < timedelta(hours=12)
        visible = package.visible(looked)
        assert (parsed[package.code].outcome is Outcome.FOUND) is bool(visible)
        assert not parsed[package.code].unknown_codes
        if visible and package.kind != "abroad":
            known += 1
            snapshot = fold(parsed[package.code].events, now=simulator.clock()).snapshot
            assert str(snapshot.status) == true_status(package, looked).status
    assert known > 20


async def test_limits_keys_and_faults(simulator: Simulator, http: httpx.AsyncClient) -> None:
    simulator.aggregator.quota = 1
    one, other = (f"QQ{n:08d}5BR" for n in (1, 2))
    parts = await told(simulator, http, "register", one, other)
    assert parts[other]["error"]["code"] == -18019908
    assert (await ask(simulator, http, "register", one, token="wrong")).status_code == 401
    many = (await ask(simulator, http, "gettrackinfo", *[one] * 41)).json()
    assert many["data"]["errors"][0]["code"] == -18010014
    simulator.aggregator.requests_per_second = 0
    assert (await ask(simulator, http, "gettrackinfo", one)).status_code == 429
    simulator.aggregator.requests_per_second = None
    simulator.faults.order(Fault("seventeen_track", "status", count=1, status=503))
    assert (await ask(simulator, http, "gettrackinfo", one)).status_code == 503
    calls = (await http.get(f"{simulator.urls['admin']}/calls")).json()
    assert calls["seventeen_track"]["gettrackinfo"] > 0


async def test_it_passes_on_the_hour_in_utc_and_what_the_carrier_expects(
    simulator: Simulator, http: httpx.AsyncClient
) -> None:
    """As the documented example has them; read by the product's own reader."""
    package = a_package(simulator, kind="delivered")
    await told(simulator, http, "register", package.code)
    simulator.clock.set(simulator.ground_truth.end)
    part = (await told(simulator, http, "gettrackinfo", package.code))[package.code]
    events = part["track_info"]["tracking"]["providers"][0]["events"]
    zoned = [e for e in events if e["time_iso"]]
    assert zoned
    assert all(e["time_utc"].endswith("Z") for e in zoned)
    assert [datetime.fromisoformat(e["time_iso"]) for e in zoned] == [
        datetime.fromisoformat(e["time_utc"]) for e in zoned
    ]
    assert [e["time_utc"] for e in events if e["stage"] == "Delivered"] == [None], "of a delivery it keeps no zone"
    (parsed,) = parse(json.dumps(part).encode())
    assert parsed.estimate is not None
    assert parsed.estimate.date() == package.promised_at.astimezone(ZONE).date()


async def test_what_has_no_form_of_a_number_is_refused(simulator: Simulator, http: httpx.AsyncClient) -> None:
    for number in ("1234", "ABCDEFG", "A" * 50 + "1", "AA 123456785BR"):
        part = (await told(simulator, http, "register", number))[number]
        assert part["error"]["code"] == -18010012
        assert [p.outcome for p in parse(json.dumps(part).encode())] == [Outcome.REFUSED]
