"""In: signed questions to J&T Express as its platform describes them; out: scans in words, its errors, pushes."""

import base64
import hashlib
import json
import unicodedata
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from paradeiro.simulator.carriers.brazil.jt_express import JtExpress
from paradeiro.simulator.carriers.simulated_carrier import SentPush
from tests.simulator.carriers.carrier_stories import START, carrier, client, everything, package, true_words

# The published words, in lower case without accents.
PUBLISHED = {
    "coleta de encomenda": "accepted",
    "digitalizacao de carregamento": "in_transit",
    "bipe de expedicao": "in_transit",
    "digitalizacao de descarga": "in_transit",
    "bipe de recebimento": "in_transit",
    "bipe de saida para entrega": "out_for_delivery",
    "bipe de pacote problematico": "exception",
    "assinatura de encomenda": "delivered",
}
ACCOUNT, KEY = "100000000000000017", "chave-da-loja"
PATH = "/webopenplatformapi/api/logistics/trace"


def signed(content: str, key: str = KEY) -> str:
    return base64.b64encode(hashlib.md5((content + key).encode()).digest()).decode()


def plain(words: str) -> str:
    letters = unicodedata.normalize("NFD", words.lower().rstrip("."))
    return "".join(c for c in letters if not unicodedata.combining(c))


async def ask(http: httpx.AsyncClient, content: str, **changed: str) -> dict[str, Any]:
    headers = {"apiAccount": ACCOUNT, "digest": signed(content), "timestamp": "1772000000000"} | changed
    answer = await http.post(PATH, data={"bizContent": content}, headers={n: v for n, v in headers.items() if v})
    assert answer.status_code == 200
    told: dict[str, Any] = answer.json()
    return told


def question(*codes: str) -> str:
    return json.dumps({"billCodes": ",".join(codes)})


def read(details: list[dict[str, Any]]) -> list[str]:
    """The statuses, oldest first; scans of one second with one status are one."""
    found = dict.fromkeys((each["scanTime"], PUBLISHED[plain(each["scanType"])]) for each in reversed(details))
    return [status for _, status in found]


@pytest.mark.parametrize("number", range(1, 9))
async def test_the_truth_can_be_read_by_the_words(number: int) -> None:
    told = package(JtExpress, number, *everything(JtExpress))
    simulated, now = carrier(JtExpress, told)
    for step in range(len(told.happenings)):
        now.after(step)
        async with client(simulated) as http:
            answer = await ask(http, question(told.code))
        assert (answer["code"], answer["msg"]) == ("1", "success")
        (found,) = answer["data"]
        assert found["billCode"] == told.code
        assert read(found["details"]) == true_words(told, now())


async def test_the_shape_and_the_two_scans_of_a_second() -> None:
    told = package(JtExpress, 1, "accepted", "arrived", "lost")
    simulated, now = carrier(JtExpress, told, double_scans=True)
    now.after(2)
    async with client(simulated) as http:
        details = (await ask(http, question(told.code)))["data"][0]["details"]
        assert [each["scanTime"] for each in details] == sorted((e["scanTime"] for e in details), reverse=True)
        lost, received, unloaded, *_, accepted = details
        assert set(accepted) == {"scanTime", "scanTypeName", "scanType", "desc", "scanNetworkName"}
        assert accepted["scanTime"] == "2026-03-09T10:00:00".replace("T", " ")
        assert received["scanTime"] == unloaded["scanTime"]
        assert "entregue" in received["desc"], "words of delivery at a depot"
        assert lost["problemType"] == "Encomenda não localizada"
        simulated.double_scans = simulated.newest_first = False
        details = (await ask(http, question(told.code)))["data"][0]["details"]
    kinds = ["coleta de encomenda", "bipe de recebimento", "bipe de pacote problematico"]
    assert [plain(each["scanTypeName"]) for each in details] == kinds


def test_spellings_vary_and_some_scans_are_repeated() -> None:
    packages = [package(JtExpress, number, *everything(JtExpress)) for number in range(1, 30)]
    simulated, _ = carrier(JtExpress, *packages, double_scans=True)
    sent = simulated.pushes(START, START + timedelta(days=9), KEY)
    told = [scan for push in sent for scan in content(push)["details"]]
    spellings = {each["scanType"] for each in told if plain(each["scanType"]) == "bipe de expedicao"}
    assert len(spellings) == 4
    assert any(len(content(push)["details"]) == 3 for push in sent), "a hand scanned again"


def content(push: SentPush) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(parse_qs(push.body.decode())["bizContent"][0])
    return told


async def test_many_a_call_the_unknown_is_left_out_and_the_known_may_be_empty() -> None:
    packages = [package(JtExpress, number, "accepted") for number in (1, 2)]
    simulated, now = carrier(JtExpress, *packages)
    async with client(simulated) as http:
        asked = question(packages[0].code, "888999999999999", packages[1].code)
        empty = await ask(http, asked)
        assert [each["details"] for each in empty["data"]] == [[], []], "found, and nothing told yet"
        now.at -= timedelta(minutes=1)
        assert (await ask(http, asked))["data"] == []
        now.after(0)
        assert [each["billCode"] for each in (await ask(http, asked))["data"]] == [p.code for p in packages]
        assert (await ask(http, question(*(str(n) for n in range(30)))))["code"] == "1"
        assert (await ask(http, question(*(str(n) for n in range(31)))))["code"] == "145003050"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"apiAccount": ""}, "145003051"),
        ({"digest": ""}, "145003052"),
        ({"timestamp": ""}, "145003053"),
        ({"apiAccount": "1"}, "145003010"),
        ({"digest": signed(question("1"), "x")}, "145003030"),
        ({"digest": hashlib.md5((question("1") + KEY).encode()).hexdigest()}, "145003030"),
        ({"timestamp": "1772000000"}, "145003050"),
    ],
)
async def test_errors_of_the_headers(changed: dict[str, str], code: str) -> None:
    simulated, _ = carrier(JtExpress)
    async with client(simulated) as http:
        told = await ask(http, question("1"), **changed)
    assert (told["code"], told["data"]) == (code, None)


async def test_errors_of_the_body() -> None:
    simulated, _ = carrier(JtExpress)
    async with client(simulated) as http:
        for broken in ("x", "{}", "[]", '{"billCodes": ""}'):
            assert (await ask(http, broken))["code"] == "145003050"
        assert (await http.get(PATH)).status_code == 405


def test_pushes_are_signed_in_the_order_of_time_and_some_come_twice() -> None:
    packages = [package(JtExpress, number, *everything(JtExpress)) for number in range(1, 9)]
    simulated, _ = carrier(JtExpress, *packages)
    sent = simulated.pushes(START, START + timedelta(days=9), "chave")
    assert [push.at for push in sent] == sorted(push.at for push in sent)
    assert len({push.body for push in sent}) == 8 * len(everything(JtExpress)) < len(sent)
    for push in sent:
        body = parse_qs(push.body.decode())["bizContent"][0]
        assert push.headers["digest"] == signed(body, "chave")
        assert (push.headers["apiAccount"], len(push.headers["timestamp"])) == (ACCOUNT, 13)
        told = next(p for p in packages if p.code == content(push)["billCode"])
        (status,) = set(read(content(push)["details"]))
        assert status in [each.says for each in told.visible(push.at)]
    halves = [
        push
        for first in (START, START + timedelta(days=1))
        for push in simulated.pushes(first, first + timedelta(days=1), "chave")
    ]
    assert halves == simulated.pushes(START, START + timedelta(days=2), "chave")


def test_the_settings_of_an_account() -> None:
    simulated, _ = carrier(JtExpress)
    assert simulated.settings("http://x") == {
        "base_url": "http://x",
        "api_account": ACCOUNT,
        "private_key": KEY,
    }
