"""In: requests to Loggi as its documentation describes them; out: tokens, packages, errors, pushes with HTTP Basic."""

import base64
import json
from datetime import timedelta
from typing import Any

import httpx
import pytest

from paradeiro.simulator.carriers.brazil.loggi import Loggi
from tests.simulator.carriers.carrier_stories import START, STEP, carrier, client, everything, package, true_words

# Of the published table.
PUBLISHED = {
    "1": "registered",
    "14": "accepted",
    "16": "in_transit",
    "17": "in_transit",
    "30": "in_transit",
    "11": "out_for_delivery",
    "18": "attempt_failed",
    "6": "attempt_failed",
    "10": "available_for_pickup",
    "19": "exception",
    "9": "exception",
    "7": "returning",
    "8": "returned",
    "5": "delivered",
}
ACCOUNT = {"client_id": "loja-loggi", "client_secret": "segredo-loggi"}


async def log_in(http: httpx.AsyncClient) -> dict[str, str]:
    told = (await http.post("/v2/oauth2/token", json=ACCOUNT)).json()
    assert int(told["expiresIn"]) == 3600
    return {"authorization": f"Bearer {told['idToken']}"}


async def ask(http: httpx.AsyncClient, code: str, headers: dict[str, str], company: str = "4711") -> httpx.Response:
    return await http.get(f"/v1/companies/{company}/packages/{code}/tracking", headers=headers)


async def test_the_truth_can_be_read_by_the_published_table_alone() -> None:
    told = package(Loggi, 1, *everything(Loggi))
    simulated, now = carrier(Loggi, told)
    for step in range(len(told.happenings)):
        now.after(step)
        async with client(simulated) as http:
            (found,) = (await ask(http, told.code, await log_in(http))).json()["packages"]
        codes = [each["status"]["code"] for each in found["trackingHistory"]]
        assert [PUBLISHED[code] for code in codes] == true_words(told, now())
        assert found["status"]["code"] == codes[-1]
    words = {each["status"]["description"] for each in found["trackingHistory"]}
    assert "Entregue a transportadora" in words, "begins like a delivery"


async def test_the_shape_is_that_of_the_schema() -> None:
    told = package(Loggi, 1, "registered", "accepted", "out")
    simulated, now = carrier(Loggi, told, volumes=2)
    now.after(2)
    async with client(simulated) as http:
        answer = await ask(http, told.code, await log_in(http))
    first, second = answer.json()["packages"]
    assert (first["loggiKey"], first["trackingCode"]) == ("LGI0000001BR-1", "LGI0000001BR")
    assert second["loggiKey"] != first["loggiKey"]
    assert first["status"] == {
        "code": "11",
        "highLevelStatus": "",
        "description": "Em rota",
        "actionRequired": None,
        "updatedTime": "2026-03-10T01:00:00Z",
    }
    assert first["location"] == {"city": "Sao Paulo", "state": "SP"}
    assert (first["promisedDate"], first["requestTime"]) == ("2026-03-13", "2026-03-10T01:20:00Z")
    assert set(first["trackingHistory"][0]) == {"status", "location"}
    assert set(first["trackingHistory"][0]["status"]) == {"code", "description", "updatedTime"}
    simulated.misspelt = True
    async with client(simulated) as http:
        answer = await ask(http, told.code, await log_in(http))
    assert "locatiion" in answer.json()["packages"][0]["trackingHistory"][0]


async def test_errors() -> None:
    told = package(Loggi, 1, "registered")
    simulated, now = carrier(Loggi, told)
    async with client(simulated) as http:
        refused = await http.post("/v2/oauth2/token", json=ACCOUNT | {"client_secret": "x"})
        assert (refused.status_code, set(refused.json())) == (401, {"code", "message", "details"})
        assert (await http.post("/v2/oauth2/token", content=b"x")).status_code == 401
        token = await log_in(http)
        assert (await ask(http, told.code, token)).status_code == 404, "nothing is visible yet"
        now.after(0)
        assert (await ask(http, told.code, {})).status_code == 401
        assert (await ask(http, told.code, token, "1")).status_code == 403
        assert (await ask(http, "LGI9999999BR", token)).status_code == 404
        assert (await ask(http, told.code, token)).status_code == 200
        assert (await http.post(f"/v1/companies/4711/packages/{told.code}/tracking")).status_code == 405
        now.at += timedelta(hours=1)
        assert (await ask(http, told.code, token)).status_code == 401, "a token lives an hour"
        assert (await ask(http, told.code, await log_in(http))).status_code == 200
    assert simulated.calls["token"] == 4


def content(push: Any) -> Any:
    return json.loads(push.body)["packages"][0]


@pytest.mark.parametrize("piece", [timedelta(days=30), timedelta(hours=1)])
def test_pushes_prove_themselves_by_basic_in_the_order_of_time_some_twice(piece: timedelta) -> None:
    packages = [package(Loggi, number, *everything(Loggi)) for number in range(1, 9)]
    simulated, _ = carrier(Loggi, *packages)
    end = START + timedelta(days=6)
    starts = [START + n * piece for n in range(int((end - START) / piece) + 1)]
    sent = [push for since in starts for push in simulated.pushes(since, since + piece, "senha")]
    assert [push.at for push in sent] == sorted(push.at for push in sent)
    assert len({push.body for push in sent}) == 8 * len(everything(Loggi)) < len(sent)
    for push in sent:
        proof = base64.b64decode(push.headers["authorization"].removeprefix("Basic ")).decode()
        assert proof == "loggi:senha"
        shown = next(p for p in packages if p.code == content(push)["trackingCode"]).visible(push.at)
        told = [PUBLISHED[each["status"]["code"]] for each in content(push)["trackingHistory"]]
        assert told == [each.says for each in shown][: len(told)], "nothing that is not visible"
    assert simulated.pushes(START - STEP, START, "x") == []


def test_the_settings_of_an_account() -> None:
    simulated, _ = carrier(Loggi)
    assert simulated.settings("http://x") == {"base_url": "http://x", **ACCOUNT, "company_id": "4711"}
