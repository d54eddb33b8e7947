"""In: questions to Brudam as clients of the platform ask them; out: its tokens, occurrences by key, and errors."""

import base64
import json
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from paradeiro.simulator.carriers.brazil.brudam import ZONE, Brudam
from tests.simulator.carriers.carrier_stories import START, STEP, carrier, client, everything, key, package, true_words

# As one shop read the codes of several tenants.
PUBLISHED = {
    "125": "registered",
    "147": "accepted",
    "103": "in_transit",
    "111": "in_transit",
    "199": "returning",
    "25": "returned",
    "1": "delivered",
    "105": "unknown",
}
ACCOUNT = {"usuario": "loja-brudam", "senha": "senha-brudam"}


async def log_in(http: httpx.AsyncClient) -> dict[str, str]:
    told = (await http.post("/api/v1/acesso/auth/login", json=ACCOUNT)).json()
    return {"authorization": f"Bearer {told['data']['access_key']}"}


async def ask(http: httpx.AsyncClient, headers: dict[str, str], *keys: str) -> httpx.Response:
    query = {"chave": ",".join(keys), "comprovante": "1"}
    return await http.get("/api/v1/tracking/ocorrencias/nfe", params=query, headers=headers)


@pytest.mark.parametrize("number", [1, 2])
async def test_the_truth_can_be_read_by_the_codes_alone(number: int) -> None:
    told = package(Brudam, number, *everything(Brudam))
    simulated, now = carrier(Brudam, told)
    for step in range(len(told.happenings)):
        now.after(step)
        async with client(simulated) as http:
            answer = (await ask(http, await log_in(http), told.code)).json()
        (document,) = answer["data"]
        events = document["dados"]
        assert [PUBLISHED[each["status"].lstrip("0")] for each in events] == true_words(told, now())
        times = [datetime.fromisoformat(each["data"]).replace(tzinfo=ZONE) for each in events]
        assert times == [START + n * STEP for n in range(len(events))], "local, without an offset"
    assert {each["data"][10] for each in events} == {"T", " "}


async def test_the_shape() -> None:
    told = package(Brudam, 1, "registered", "delivered", "paper")
    simulated, now = carrier(Brudam, told)
    now.after(2)
    async with client(simulated) as http:
        answer = (await ask(http, await log_in(http), told.code)).json()
        simulated.packed, simulated.names = True, ("dados", "ocorrencias")
        packed = (await ask(http, await log_in(http), told.code)).json()
    assert (answer["status"], answer["data"][0]["documento"]) == (1, told.code)
    registered, delivered, paper = answer["data"][0]["dados"]
    assert (registered["status"], registered["descricao"]) == ("125", "CTE AUTORIZADO")
    assert (registered["nf_numero"], registered["cte_numero"], registered["prev_entrega"]) == (
        "1",
        told.own_number,
        "2026-03-13",
    )
    assert (delivered["entrega_nome"], delivered["status"]) == ("PESSOA EXEMPLO", "01")
    assert "comprovante" in paper
    unpacked: list[dict[str, Any]] = json.loads(base64.b64decode(packed["dados"]))
    assert unpacked[0]["ocorrencias"] == answer["data"][0]["dados"]


async def test_many_keys_a_call_and_the_unknown_are_left_out() -> None:
    packages = [package(Brudam, number, "registered") for number in range(1, 4)]
    simulated, now = carrier(Brudam, *packages)
    async with client(simulated) as http:
        token = await log_in(http)
        none = await ask(http, token, *(p.code for p in packages))
        assert (none.status_code, none.json()["status"]) == (404, 0), "nothing is visible yet"
        now.after(0)
        some = (await ask(http, token, packages[2].code, key(99), packages[0].code)).json()
        assert {each["documento"] for each in some["data"]} == {packages[0].code, packages[2].code}
        assert (await ask(http, token, key(99))).status_code == 404
        assert (await ask(http, token, *(key(n) for n in range(1, 51)))).status_code == 200
        assert (await ask(http, token, *(key(n) for n in range(1, 52)))).status_code == 400
        assert (await ask(http, token)).status_code == 400
    assert simulated.asked[1] == [p.code for p in packages]


async def test_tokens() -> None:
    told = package(Brudam, 1, "registered")
    simulated, now = carrier(Brudam, told)
    now.after(0)
    async with client(simulated) as http:
        refused = await http.post("/api/v1/acesso/auth/login", json=ACCOUNT | {"senha": "x"})
        assert (refused.status_code, refused.json()["status"]) == (200, 0)
        assert (await http.get("/api/v1/acesso/auth/login")).status_code == 405
        assert (await ask(http, {}, told.code)).status_code == 401
        token = await log_in(http)
        assert (await ask(http, token, told.code)).status_code == 200
        now.at += timedelta(hours=1)
        assert (await ask(http, token, told.code)).status_code == 401
        assert (await ask(http, await log_in(http), told.code)).status_code == 200
        simulated.down = True
        page = await ask(http, token, told.code)
        assert (page.status_code, "<html>" in page.text) == (404, True), "an outage looks like none found"
    assert simulated.settings("http://x") == {
        "base_url": "http://x",
        "user": "loja-brudam",
        "password": "senha-brudam",
    }
