"""In: a UPS on loopback with every kind of answer; out: the session's and the parser's results."""

import csv
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from paradeiro.connectors import ups
from paradeiro.connectors.ups import CONNECTOR
from paradeiro.connectors.ups.codes import TABLE, meaning_of
from paradeiro.connectors.ups.parse import parse
from paradeiro.connectors.ups.times import instant_of
from paradeiro.domain.following.timeline import fold
from paradeiro.domain.records import TrackingEvent
from paradeiro.domain.words import NoticeKind, Outcome, Status
from paradeiro.sdk.contract import AccountRef, Answer
from tests.connectors.parties import Asked, Party, Reply, party

FOLDER = Path(ups.__file__).parent
CODE = "1Z5R89390357567127"
TOKEN, NOW = "/security/v1/oauth/token", datetime(2026, 12, 1, tzinfo=UTC)


def saved(name: str) -> bytes:
    return next(path for path in (FOLDER / "fixtures").glob(f"{name}.*") if ".expected" not in path.name).read_bytes()


def with_token(reply: Callable[[Asked], Reply]) -> Callable[[Asked], Reply]:
    token = Reply(body=b'{"access_token": "made-up", "expires_in": "14399"}')
    return lambda asked: token if asked.path == TOKEN else reply(asked)


async def fetch(host: Party, *codes: str) -> list[Answer]:
    settings = {"base_url": host.url, "client_id": "id", "client_secret": "secret"}
    session = CONNECTOR.open(AccountRef(1, 1, "ups", "UPS", settings), lambda: NOW)
    try:
        answers: list[Answer] = await session.fetch(codes or (CODE,))
    finally:
        await session.close()
    return answers


async def test_a_token_is_asked_once_and_each_number_by_itself() -> None:
    async with party(with_token(lambda _: Reply(body=saved("delivered")))) as host:
        answers = await fetch(host, CODE, "1Z 5/R")
    assert [(a.tracking_code, a.outcome) for a in answers] == [(CODE, Outcome.FOUND), ("1Z 5/R", Outcome.FOUND)]
    token, first, second = host.asked
    assert (token.method, token.path, token.body) == ("POST", TOKEN, b"grant_type=client_credentials")
    assert token.headers["authorization"] == "Basic aWQ6c2VjcmV0"
    assert (first.path, second.path) == (f"/api/track/v1/details/{CODE}", "/api/track/v1/details/1Z%205%2FR")
    assert first.headers["authorization"] == "Bearer made-up"
    assert first.headers["transactionsrc"] == "paradeiro"
    assert 0 < len(first.headers["transid"]) <= 32
    assert first.headers["transid"] != second.headers["transid"]
    assert first.query["returnSignature"] == "false"


REPLIES: dict[str, tuple[Callable[[], Reply], Outcome]] = {
    "not known, as a warning": (lambda: Reply(body=saved("not_found")), Outcome.NOT_FOUND),
    "not known, as an error": (lambda: Reply(404, saved("not_found_as_error")), Outcome.NOT_FOUND),
    "no activity yet": (lambda: Reply(body=saved("no_activity_yet")), Outcome.NOT_FOUND),
    "another 404": (lambda: Reply(404, saved("unknown_error")), Outcome.MALFORMED),
    "a web page with 404": (lambda: Reply(404, saved("web_page")), Outcome.MALFORMED),
    "a web page with 200": (lambda: Reply(body=saved("web_page")), Outcome.MALFORMED),
    "an invalid number": (lambda: Reply(400, saved("invalid_number")), Outcome.REFUSED),
    "another 400": (lambda: Reply(400, saved("unknown_error")), Outcome.MALFORMED),
    "blocked": (lambda: Reply(403), Outcome.AUTH_FAILED),
    "too many": (lambda: Reply(429, headers={"Retry-After": "9"}), Outcome.RETRY),
    "an empty object is kept and reported": (lambda: Reply(body=b"{}"), Outcome.FOUND),
}


@pytest.mark.parametrize(("reply", "outcome"), REPLIES.values(), ids=REPLIES)
async def test_what_else_it_says(reply: Callable[[], Reply], outcome: Outcome) -> None:
    async with party(with_token(lambda _: reply())) as host:
        answer = (await fetch(host))[0]
    assert answer.outcome is outcome
    assert answer.retry_after == (9.0 if answer.http_status == 429 else None)


async def test_refused_credentials_stop_the_account() -> None:
    async with party(lambda _: Reply(401, b'{"response": {"errors": [{"code": "10401"}]}}')) as host:
        assert (await fetch(host))[0].outcome is Outcome.AUTH_FAILED


def test_the_table_accounts_for_every_published_code() -> None:
    rows = list(csv.DictReader((FOLDER / "codes.csv").read_text(encoding="utf-8").splitlines()))
    assert len(rows) == len(TABLE) == 73
    assert [row["code"] for row in rows if row["code"].startswith("type:")] == [
        f"type:{kind}" for kind in ("M", "MV", "P", "I", "X", "U", "D")
    ]
    published = {f"{number:03}" for number in range(70)} - {"001", "002", "004", "008", "009", "015", "031"}
    assert {row["code"] for row in rows if row["code"].isdigit()} == published | {"071", "072", "092"}
    assert {code for code, (status, _) in TABLE.items() if status is Status.DELIVERED} == {"011", "026"}
    # What moves nothing says why, or is plainly no position.
    assert {row["code"] for row in rows if not row["status"] and not row["note"]} == {"type:U", "042", "063"}


@pytest.mark.parametrize(
    ("kind", "status_code", "code", "stored", "status"),
    [
        ("D", "011", "FS", "D:011", Status.DELIVERED),
        ("d", "011", "", "D:011", Status.DELIVERED),
        ("D", "", "F4", "D", Status.DELIVERED),
        ("D", "", "KB", "D_KB", Status.UNKNOWN),
        ("D", "", "", "D_none", Status.UNKNOWN),
        ("D", "021", "FS", "D_021", Status.OUT_FOR_DELIVERY),
        ("D", "040", "", "D_040", Status.AVAILABLE_FOR_PICKUP),
        ("D", "299", "FS", "D_299", Status.UNKNOWN),
        ("I", "011", "FS", "I_but_011", Status.UNKNOWN),
        ("I", "005", "", "I:005", Status.IN_TRANSIT),
        ("I", "999", "", "I", Status.IN_TRANSIT),
        ("X", "999", "", "X", Status.EXCEPTION),
        ("X", "064", "", "X:064", Status.ATTEMPT_FAILED),
        ("U", "021", "", "U:021", None),
        ("W", "005", "", "W:005", Status.UNKNOWN),
        ("W", "199", "", "W", Status.UNKNOWN),
        ("", "011", "FS", "none_011", Status.UNKNOWN),
        ("", "005", "", "none_005", Status.IN_TRANSIT),
        ("", "", "FS", "none", None),
    ],
)
def test_only_type_d_delivers_and_not_alone(
    kind: str, status_code: str, code: str, stored: str, status: Status | None
) -> None:
    found, (meaning, _) = meaning_of(kind, status_code, code)
    assert (found, meaning) == (stored, status)


def read(**more: Any) -> TrackingEvent:
    body = json.loads(saved("delivered"))
    activity = body["trackResponse"]["shipment"][0]["package"][0]["activity"]
    activity[0] |= more
    del activity[1:]
    return parse(json.dumps(body).encode())[0].events[0]


def test_gmt_is_preferred_and_shown_with_its_offset() -> None:
    assert read().occurred_at.isoformat() == "2024-02-02T12:04:35-08:00"
    assert read(time="235959").occurred_at == read().occurred_at
    local = read(gmtDate="", gmtTime="", gmtOffset="")
    assert (local.occurred_at, local.zone_assumed) == (read().occurred_at, False)
    day = read(gmtDate=None, gmtTime=None, time=None)
    assert (day.occurred_at.isoformat(), day.day_only) == ("2024-02-02T12:00:00-08:00", True)


@pytest.mark.parametrize(
    ("offset", "hours"), [("-05:00", -5.0), ("-04.00", -4.0), ("+0530", 5.5), ("", 0.0), ("+99:00", 0.0), (None, 0.0)]
)
def test_offsets(offset: object, hours: float) -> None:
    found = instant_of("20240202", "74700", offset)
    assert found is not None
    assert found.instant == datetime(2024, 2, 2, 7, 47, tzinfo=UTC)
    assert found.instant.utcoffset() == timedelta(hours=hours)


def test_nobodys_name_is_shown() -> None:
    assert b"MARIA" in saved("delivered")
    assert "MARIA" not in repr(parse(saved("delivered")))


def test_another_package_of_the_shipment_is_not_ours() -> None:
    ours = parse(saved("another_package_of_the_shipment_delivered"))[0]
    assert fold(ours.events, now=NOW).snapshot.status is Status.OUT_FOR_DELIVERY
    assert parse(saved("two_other_packages"))[0].outcome is Outcome.MALFORMED


def test_a_post_offices_number_names_a_package_of_ups() -> None:
    parsed = parse(saved("post_office"))[0]
    assert (parsed.tracking_code, parsed.carrier_code) == ("92419900000033499522966220", CODE)
    assert fold(parsed.events, now=NOW).snapshot.delivered


def test_a_return_that_says_delivered_is_none() -> None:
    parsed = parse(saved("returned_and_delivered_to_the_sender"))[0]
    assert parsed.unknown_codes == ("D:011",)
    assert fold(parsed.events, now=NOW).snapshot.status is Status.RETURNING


def test_a_delivery_before_its_order_does_not_count() -> None:
    events = parse(saved("delivered_31_seconds_after_the_order"))[0].events
    timeline = fold(events, now=NOW, made_at=datetime(2026, 11, 25, tzinfo=UTC))
    assert fold(events, now=NOW).snapshot.delivered
    assert [doubt.kind for doubt in timeline.doubts] == [NoticeKind.IMPLAUSIBLE_EVENT]
    again = parse(saved("used_again_a_year_later"))[0].events
    assert fold(again, now=NOW, made_at=datetime(2026, 11, 18, tzinfo=UTC)).snapshot.status is Status.IN_TRANSIT


@pytest.mark.parametrize(
    ("code", "fits"), [(CODE, True), ("1Z5R89390357567126", False), ("986578788855", False), ("AA123456785BR", False)]
)
def test_what_its_codes_look_like(code: str, *, fits: bool) -> None:
    assert CONNECTOR.check_code is not None
    problem = CONNECTOR.check_code(code)
    assert (problem is None) is fits
    assert fits or not problem.hard


@pytest.mark.parametrize(
    ("courier", "known"),
    [
        ("UPS", True),
        ("UPS Ground", True),
        ("ups worldwide express saver", True),
        ("United Parcel Service", True),
        ("UPS® 2nd Day Air", True),
        ("USPS", False),
        ("Pickups", False),
        ("Frenet UPS", False),
        ("SSW", False),
        ("", False),
    ],
)
def test_the_names_that_shops_write(courier: str, *, known: bool) -> None:
    assert CONNECTOR.recognises_courier is not None
    assert CONNECTOR.recognises_courier(courier) is known
