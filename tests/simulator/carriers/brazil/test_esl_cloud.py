"""In: questions to ESL Cloud as its clients ask them; out: a feed that is read by time and cursor, and by key."""

from datetime import datetime, timedelta
from typing import Any

import httpx

from paradeiro.simulator.carriers.brazil.esl_cloud import EslCloud
from tests.simulator.carriers.carrier_stories import START, STEP, carrier, client, everything, key, package, true_words

# Of the base table of OCOREN.
BASE = {
    0: "accepted",
    91: "in_transit",
    98: "in_transit",
    52: "in_transit",
    46: "attempt_failed",
    9: "attempt_failed",
    29: "available_for_pickup",
    14: "exception",
    23: "exception",
    25: "returned",
    1: "delivered",
    67: "unknown",
}
HEADERS = {"authorization": "Bearer token-esl", "tenant": "transportadora"}
FEED, BY_KEY = "/api/customer/invoice_occurrences", "/api/invoice_occurrences"


async def ask(
    http: httpx.AsyncClient, path: str, headers: dict[str, str] | None = None, **query: Any
) -> httpx.Response:
    return await http.get(path, params=query, headers=HEADERS if headers is None else headers)


async def read(http: httpx.AsyncClient, since: datetime, path: str = FEED, **query: Any) -> list[dict[str, Any]]:
    """Every page of the feed since a time."""
    found: list[dict[str, Any]] = []
    start: dict[str, Any] = {}
    while True:
        page = (await ask(http, path, since=since.isoformat(), **start, **query)).json()
        found += page["data"]
        if page["paging"]["next_id"] is None:
            return found
        start = {"start": page["paging"]["next_id"]}


async def test_the_truth_can_be_read_by_key_with_the_base_table() -> None:
    told = package(EslCloud, 1, *everything(EslCloud))
    simulated, now = carrier(EslCloud, told, package(EslCloud, 2, "accepted"))
    for step in range(len(told.happenings)):
        now.after(step)
        async with client(simulated) as http:
            page = (await ask(http, BY_KEY, invoice_key=told.code)).json()
        assert [BASE[each["occurrence"]["code"]] for each in page["data"]] == true_words(told, now())
    words = [each["occurrence"]["description"] for each in page["data"]]
    assert "Mercadoria Redespachada (Entregue para Redespacho)" in words


async def test_the_feed_is_read_page_by_page_and_nothing_is_missed() -> None:
    packages = [package(EslCloud, number, *everything(EslCloud)) for number in range(1, 13)]
    simulated, now = carrier(EslCloud, *packages)
    seen: dict[int, dict[str, Any]] = {}
    async with client(simulated) as http:
        since = START
        for step in range(0, len(everything(EslCloud)) + 1, 3):
            now.after(step)
            for each in await read(http, since):
                assert seen.setdefault(each["id"], each) == each, "a number never changes"
            since = now() - timedelta(hours=1)
        assert len(seen) == 12 * len(everything(EslCloud))
        for told in packages:
            found = sorted(
                (e for e in seen.values() if e["invoice"]["key"] == told.code), key=lambda e: e["occurrence_at"]
            )
            assert [BASE[each["occurrence"]["code"]] for each in found] == true_words(told, now())
        assert await read(http, now()) == []
        page = (await ask(http, FEED, since=START.isoformat())).json()
        assert (len(page["data"]), page["paging"]["next_id"]) == (25, page["data"][-1]["id"] + 1)
        most = (await ask(http, FEED, since=START.isoformat(), per=1000)).json()
        assert len(most["data"]) == 100
        assert [each["id"] for each in most["data"]] == sorted(each["id"] for each in most["data"])


async def test_the_shape() -> None:
    told = package(EslCloud, 1001, "delivered", "paper")
    simulated, now = carrier(EslCloud, told)
    now.after(1)
    async with client(simulated) as http:
        first = (await read(http, START))[0]
        receipts = await read(http, START, "/api/customer/freight_invoice_delivery_receipts")
        by_key = (await ask(http, "/api/freight_invoice_delivery_receipts", invoice_key=told.code)).json()["data"]
    assert first == {
        "id": 1001,
        "occurrence": {"code": 1, "description": "Entrega Realizada Normalmente"},
        "occurrence_at": "2026-03-09T10:00:00.000-03:00",
        "created_at": "2026-03-09T10:10:00.000-03:00",
        "invoice": {"key": told.code, "number": "1001"},
        "freight": {"cte_number": told.own_number, "corporation": {"document": "11222333000181"}},
        "receiver": "PESSOA EXEMPLO",
        "document_number": "000000000",
    }
    assert [each["image_url"][:8] for each in receipts] == ["https://"]
    assert by_key == receipts


async def test_nothing_yet_and_errors() -> None:
    told = package(EslCloud, 1, "accepted")
    simulated, now = carrier(EslCloud, told)
    empty = {"data": [], "paging": {"next_id": None}}
    async with client(simulated) as http:
        assert (await ask(http, BY_KEY, invoice_key=told.code)).json() == empty, "nothing is visible yet"
        assert await read(http, START - STEP) == []
        now.after(0)
        assert len(await read(http, START - STEP)) == 1
        local = (await ask(http, FEED, since="2026-03-09T10:05:00")).json()
        assert len(local["data"]) == 1, "without an offset it is Brasília's"
        assert (await ask(http, BY_KEY, invoice_key=key(7))).json() == empty
        assert (await ask(http, FEED)).status_code == 400
        assert (await ask(http, FEED, since="ontem")).status_code == 400
        for headers in ({}, HEADERS | {"authorization": "Bearer x"}, HEADERS | {"tenant": "outra"}):
            assert (await ask(http, FEED, headers, since=START.isoformat())).status_code == 401
        assert (await http.post(FEED, headers=HEADERS)).status_code == 405
        simulated.seconds_between = 2
        assert (await ask(http, FEED, since=START.isoformat())).status_code == 429
        now.at += timedelta(seconds=2)
        assert (await ask(http, FEED, since=START.isoformat())).status_code == 200
    assert simulated.settings("http://x") == {
        "base_url": "http://x",
        "token": "token-esl",
        "tenant": "transportadora",
        "codes": "ocoren",
    }
