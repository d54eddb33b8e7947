"""In: requests to the aggregator over real HTTP; out: what its documentation says, of what it saw when it looked."""

import json
from datetime import datetime, timedelta
from typing import Any

import httpx

from paradeiro.connectors.seventeen_track.parse import parse
from paradeiro.domain.timeline import fold
from paradeiro.domain.words import Outcome
from paradeiro.world.faults import Fault
from paradeiro.world.parties import World
from paradeiro.world.seventeen_track import ZONE
from paradeiro.world.truth import standing

from .parties import a_package


async def ask(world: World, http: httpx.AsyncClient, what: str, *numbers: str, token: str = "") -> httpx.Response:
    headers = {"17token": token or world.aggregator.token}
    body = [{"number": number, "carrier": 2151} for number in numbers]
    return await http.post(f"{world.urls['seventeen_track']}/track/v2.2/{what}", headers=headers, json=body)


async def told(world: World, http: httpx.AsyncClient, what: str, *numbers: str) -> dict[str, Any]:
    answer = (await ask(world, http, what, *numbers)).json()
    assert answer["code"] == 0
    data = answer["data"]
    return {part["number"]: part for part in [*data["accepted"], *data["rejected"]]}


async def test_a_number_is_registered_before_it_is_looked_up_and_costs_once(
    world: World, http: httpx.AsyncClient
) -> None:
    code = a_package(world, kind="delivered").code
    assert (await told(world, http, "gettrackinfo", code))[code]["error"]["code"] == -18019902
    assert "error" not in (await told(world, http, "register", code))[code]
    assert (await told(world, http, "register", code))[code]["error"]["code"] == -18019901
    assert (await told(world, http, "gettrackinfo", code))[code]["error"]["code"] == -18019909, "it has not looked yet"
    world.clock.set(world.clock() + timedelta(minutes=6))
    assert (await told(world, http, "gettrackinfo", code))[code]["track_info"]["tracking"]["providers"]
    quota = (await ask(world, http, "getquota")).json()["data"]
    assert (quota["quota_used"], world.aggregator.calls["register"]) == (1, 2)


async def test_it_knows_what_it_saw_when_it_looked(world: World, http: httpx.AsyncClient) -> None:
    """The journeys it tells are the truth's of that instant, in its own words; read by the product's own reader."""
    packages = [p for p in world.truth.packages if p.kind not in {"withdrawn", "corrected", "found_again"}][:40]
    await told(world, http, "register", *(p.code for p in packages))
    world.clock.set(world.truth.end)
    answer = await ask(world, http, "gettrackinfo", *(p.code for p in packages))
    parsed = {each.tracking_code: each for each in parse(answer.content)}
    known = 0
    for package in packages:
        looked = world.aggregator.looked_at(package.code)
        assert looked is not None
        assert world.clock() - looked < timedelta(hours=12)
        visible = package.visible(looked)
        assert (parsed[package.code].outcome is Outcome.FOUND) is bool(visible)
        assert not parsed[package.code].unknown_codes
        if visible and package.kind != "abroad":
            known += 1
            snapshot = fold(parsed[package.code].events, now=world.clock()).snapshot
            assert str(snapshot.status) == standing(package, looked).status
    assert known > 20


async def test_limits_keys_and_faults(world: World, http: httpx.AsyncClient) -> None:
    world.aggregator.quota = 1
    one, other = (f"QQ{n:08d}5BR" for n in (1, 2))
    parts = await told(world, http, "register", one, other)
    assert parts[other]["error"]["code"] == -18019908
    assert (await ask(world, http, "register", one, token="wrong")).status_code == 401
    many = (await ask(world, http, "gettrackinfo", *[one] * 41)).json()
    assert many["data"]["errors"][0]["code"] == -18010014
    world.aggregator.requests_per_second = 0
    assert (await ask(world, http, "gettrackinfo", one)).status_code == 429
    world.aggregator.requests_per_second = None
    world.faults.order(Fault("seventeen_track", "status", count=1, status=503))
    assert (await ask(world, http, "gettrackinfo", one)).status_code == 503
    calls = (await http.get(f"{world.urls['admin']}/calls")).json()
    assert calls["seventeen_track"]["gettrackinfo"] > 0


async def test_it_passes_on_the_hour_in_utc_and_what_the_carrier_expects(world: World, http: httpx.AsyncClient) -> None:
    """As the documented example has them; read by the product's own reader."""
    package = a_package(world, kind="delivered")
    await told(world, http, "register", package.code)
    world.clock.set(world.truth.end)
    part = (await told(world, http, "gettrackinfo", package.code))[package.code]
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


async def test_what_has_no_form_of_a_number_is_refused(world: World, http: httpx.AsyncClient) -> None:
    for number in ("1234", "ABCDEFG", "A" * 50 + "1", "AA 123456785BR"):
        part = (await told(world, http, "register", number))[number]
        assert part["error"]["code"] == -18010012
        assert [p.outcome for p in parse(json.dumps(part).encode())] == [Outcome.REFUSED]
