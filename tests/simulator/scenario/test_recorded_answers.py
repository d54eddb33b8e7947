"""In: recorded answers; out: Correios serves them, each from its instant on."""

import json
from datetime import timedelta

import httpx

from paradeiro.simulator.parties import Simulator
from tests.simulator.parties import track

CODE = "QN242960622BR"


def answer(*codes: str) -> bytes:
    events = [{"codigo": c, "tipo": "01", "dtHrCriado": "2025-10-28T13:51:43", "descricao": c} for c in codes]
    return json.dumps({"versao": "3.4.25", "objetos": [{"codObjeto": CODE, "eventos": events}]}).encode()


async def test_each_answer_holds_from_its_instant_on(simulator: Simulator, http: httpx.AsyncClient) -> None:
    now = simulator.clock()
    simulator.recorded.play(CODE, now + timedelta(hours=1), answer("PO"))
    simulator.recorded.play(CODE, now + timedelta(hours=2), answer("BDE", "PO"))
    seen = []
    for hours in (0, 1, 2):
        simulator.clock.set(now + timedelta(hours=hours))
        (told,) = (await track(simulator, http, CODE)).json()["objetos"]
        seen.append([e["codigo"] for e in told.get("eventos", [])])
    assert seen == [[], ["PO"], ["BDE", "PO"]]


async def test_a_recorded_object_stands_beside_made_up_ones(simulator: Simulator, http: httpx.AsyncClient) -> None:
    simulator.recorded.play(CODE, simulator.clock(), answer("PO"))
    other = next(p for p in simulator.ground_truth.packages if p.visible(simulator.clock())).code
    told = (await track(simulator, http, other, CODE)).json()
    assert [o["codObjeto"] for o in told["objetos"]] == [other, CODE]


async def test_what_is_no_object_is_served_whole_until_a_right_answer(
    simulator: Simulator, http: httpx.AsyncClient
) -> None:
    now = simulator.clock()
    simulator.recorded.play(CODE, now, b"<html>manuten\xe7\xe3o</html>")
    simulator.recorded.play(CODE, now + timedelta(hours=1), answer("PO")[:40])
    simulator.recorded.play(CODE, now + timedelta(hours=2), answer("PO"))
    assert (await track(simulator, http, "AA123456785BR", CODE)).content == b"<html>manuten\xe7\xe3o</html>"
    simulator.clock.set(now + timedelta(hours=1))
    assert (await track(simulator, http, CODE)).content == answer("PO")[:40]
    simulator.clock.set(now + timedelta(hours=2))
    assert (await track(simulator, http, CODE)).json()["objetos"][0]["eventos"]
