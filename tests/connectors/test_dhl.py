"""In: a DHL on loopback with every kind of answer; out: the session's and the parser's results."""

import csv
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from paradeiro.connectors import dhl
from paradeiro.connectors.dhl import CONNECTOR
from paradeiro.connectors.dhl.codes import TABLE, meaning_of
from paradeiro.connectors.dhl.parse import parse
from paradeiro.connectors.dhl.place import place_of
from paradeiro.domain.following.timeline import fold
from paradeiro.domain.words import NoticeKind, Outcome, Status
from paradeiro.sdk.contract import AccountRef, Answer
from tests.connectors.parties import Asked, Party, Reply, party

FOLDER = Path(dhl.__file__).parent
CODE = "470800204932"
NOW = datetime(2026, 12, 1, tzinfo=UTC)


def saved(name: str) -> bytes:
    return next(path for path in (FOLDER / "fixtures").glob(f"{name}.*") if ".expected" not in path.name).read_bytes()


async def fetch(host: Party, code: str = CODE, **settings: str) -> Answer:
    account = AccountRef(1, 1, "dhl", "DHL", {"base_url": host.url, "api_key": "made-up-key", **settings})
    session = CONNECTOR.open(account, lambda: NOW)
    try:
        answers: list[Answer] = await session.fetch([code])
    finally:
        await session.close()
    assert [answer.tracking_code for answer in answers] == [code]
    return answers[0]


async def test_a_number_is_asked_with_the_key_and_its_business() -> None:
    async with party(lambda _: Reply(body=saved("delivered"))) as host:
        answer = await fetch(host, service="Parcel-DE")
    asked: Asked = host.asked[0]
    assert (answer.outcome, answer.body) == (Outcome.FOUND, saved("delivered"))
    assert (asked.path, asked.headers["dhl-api-key"]) == ("/track/shipments", "made-up-key")
    assert asked.query == {"trackingNumber": CODE, "language": "en", "service": "parcel-de"}


REPLIES: dict[str, tuple[Callable[[], Reply], Outcome]] = {
    "not known yet": (lambda: Reply(404, saved("not_found")), Outcome.NOT_FOUND),
    "another 404": (lambda: Reply(404, saved("another_404")), Outcome.MALFORMED),
    "a web page with 404": (lambda: Reply(404, saved("web_page")), Outcome.MALFORMED),
    "a web page with 200": (lambda: Reply(body=saved("web_page")), Outcome.MALFORMED),
    "no events yet": (
        lambda: Reply(body=saved("success_without_events").replace(b"470800204938", CODE.encode())),
        Outcome.NOT_FOUND,
    ),
    "another number": (lambda: Reply(body=saved("with_offsets")), Outcome.MALFORMED),
    "key refused": (lambda: Reply(401, saved("key_refused")), Outcome.AUTH_FAILED),
    "too many": (lambda: Reply(429, headers={"Retry-After": "60"}), Outcome.RETRY),
    "an empty object is kept and reported": (lambda: Reply(body=b"{}"), Outcome.FOUND),
}


@pytest.mark.parametrize(("reply", "outcome"), REPLIES.values(), ids=REPLIES)
async def test_what_else_it_says(reply: Callable[[], Reply], outcome: Outcome) -> None:
    async with party(lambda _: reply()) as host:
        answer = await fetch(host)
    assert answer.outcome is outcome
    assert answer.retry_after == (60.0 if answer.http_status == 429 else None)


async def test_a_piece_names_its_shipment() -> None:
    async with party(lambda _: Reply(body=saved("both_pieces_delivered"))) as host:
        assert (await fetch(host, "JJD014600006281230704")).outcome is Outcome.FOUND


@pytest.mark.parametrize("key", ["", " ", "ké"])
async def test_a_key_that_is_none_is_reported_unsent(key: str) -> None:
    async with party(lambda _: Reply()) as host:
        assert (await fetch(host, api_key=key)).outcome is Outcome.AUTH_FAILED
    assert host.asked == []


def test_the_table_is_the_published_list() -> None:
    rows = list(csv.DictReader((FOLDER / "codes.csv").read_text(encoding="utf-8").splitlines()))
    assert [row["code"] for row in rows] == ["pre-transit", "transit", "delivered", "failure", "unknown"]
    assert [code for code, (status, _) in TABLE.items() if status is Status.DELIVERED] == ["delivered"]
    assert [code for code, (status, _) in TABLE.items() if status is None] == ["unknown"]


@pytest.mark.parametrize(
    ("code", "words", "stored", "status"),
    [
        ("delivered", "DELIVERED", "delivered", Status.DELIVERED),
        ("delivered", "Die Sendung wurde zugestellt.", "delivered", Status.DELIVERED),
        ("pre-transit", "DELIVERED", "pre-transit_but_delivered", Status.UNKNOWN),
        ("delivered", "exception", "delivered_but_failure", Status.UNKNOWN),
        ("failure", "exception", "failure", Status.EXCEPTION),
        ("transit", "The shipment was delivered to a shop", "transit", Status.IN_TRANSIT),
        ("", "delivered", "none", None),
        ("TRANSIT", "", "transit", Status.IN_TRANSIT),
        ("returned", "", "returned", Status.UNKNOWN),
    ],
)
def test_the_code_decides_and_a_contradiction_is_unknown(
    code: str, words: str, stored: str, status: Status | None
) -> None:
    found, (meaning, _) = meaning_of(code, words)
    assert (found, meaning) == (stored, status)


def test_nobodys_name_is_shown() -> None:
    body = json.loads(saved("delivered"))
    body["shipments"][0]["events"][0] |= {"status": "DELIVERED - SIGNED FOR BY: MARIA", "description": "MARIA"}
    parsed = parse(json.dumps(body).encode())[0]
    assert parsed.events[-1].status is Status.DELIVERED
    assert parsed.events[-1].description == "DELIVERED"
    assert "MARIA" not in repr(parsed)


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ({"addressLocality": "NEW YORK, NY - USA"}, ("NEW YORK", "NY", "US")),
        ({"addressLocality": "KARACHI - OSWEGO - PAKISTAN"}, ("KARACHI", None, "PK")),
        ({"addressLocality": "SAO PAULO - BRAZIL"}, ("SAO PAULO", None, "BR")),
        ({"addressLocality": "LONDON - UK"}, ("LONDON", None, "GB")),
        ({"addressLocality": "Deutschland"}, (None, None, "DE")),
        ({"addressLocality": "BERGEN - NORWAY", "countryCode": "NO"}, ("BERGEN", None, "NO")),
        ({"addressLocality": "EAST ELMHURST"}, ("EAST ELMHURST", None, None)),
        ({"addressLocality": "A - B"}, ("A - B", None, None)),
        ({"countryCode": "nl"}, (None, None, "NL")),
        (None, (None, None, None)),
    ],
)
def test_places(address: object, place: tuple[str | None, ...]) -> None:
    found = place_of({"address": address})
    assert (found.city, found.state, found.country) == place


def test_a_delivery_before_its_order_does_not_count() -> None:
    events = parse(saved("delivered_31_seconds_after_the_order"))[0].events
    ordered = datetime(2026, 11, 25, tzinfo=UTC)
    assert fold(events, now=NOW).snapshot.delivered
    timeline = fold(events, now=NOW, made_at=ordered)
    assert not timeline.snapshot.delivered
    assert [doubt.kind for doubt in timeline.doubts] == [NoticeKind.IMPLAUSIBLE_EVENT]


def test_a_number_used_again_starts_anew() -> None:
    events = parse(saved("used_again_a_year_later"))[0].events
    timeline = fold(events, now=NOW, made_at=datetime(2026, 11, 18, tzinfo=UTC))
    assert timeline.snapshot.status is Status.IN_TRANSIT


def test_shipments_of_one_number_never_mix() -> None:
    express, freight = parse(saved("two_businesses_one_number"))
    assert (express.shipment, freight.shipment) == ("express:3318810025", "freight:3318810025")
    assert freight.sent_at == datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
    assert not any(event.status is Status.DELIVERED for event in freight.events)


def test_a_shipment_is_delivered_with_its_last_piece() -> None:
    one = fold(parse(saved("one_piece_of_two_delivered"))[0].events, now=NOW).snapshot
    both = fold(parse(saved("both_pieces_delivered"))[0].events, now=NOW).snapshot
    assert (one.status, both.status) == (Status.IN_TRANSIT, Status.DELIVERED)
    assert both.delivered_at is not None
    assert both.delivered_at.utcoffset() == timedelta(hours=1)


@pytest.mark.parametrize(
    ("courier", "known"),
    [
        ("DHL", True),
        ("dhl express", True),
        ("DHL Express (Brasil)", True),
        ("DHL - Paket", True),
        ("Melhor Envio", False),
        ("Jadlog", False),
        ("DHL via Frenet", False),
        ("ADHL", False),
        ("", False),
    ],
)
def test_the_names_that_shops_write(courier: str, *, known: bool) -> None:
    assert CONNECTOR.recognises_courier is not None
    assert CONNECTOR.recognises_courier(courier) is known
