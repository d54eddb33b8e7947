"""In: a USPS on loopback with every kind of answer; out: the session's and the parser's results."""

import csv
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from paradeiro.connectors import usps
from paradeiro.connectors.usps import CONNECTOR
from paradeiro.connectors.usps.codes import TABLE, meaning_of
from paradeiro.connectors.usps.parse import parse
from paradeiro.domain.following.timeline import fold
from paradeiro.domain.words import NoticeKind, Outcome, Reason, Status
from paradeiro.sdk.contract import AccountRef, Answer
from tests.connectors.parties import Asked, Party, Reply, party

FOLDER = Path(usps.__file__).parent
CODE = "9400109104250532908587"
TOKEN, NOW = "/oauth2/v3/token", datetime(2026, 12, 1, tzinfo=UTC)


def saved(name: str) -> bytes:
    return next(path for path in (FOLDER / "fixtures").glob(f"{name}.*") if ".expected" not in path.name).read_bytes()


def with_token(reply: Callable[[Asked], Reply]) -> Callable[[Asked], Reply]:
    token = Reply(body=b'{"access_token": "made-up", "expires_in": 28799}')
    return lambda asked: token if asked.path == TOKEN else reply(asked)


async def fetch(host: Party, *codes: str) -> list[Answer]:
    settings = {"base_url": host.url, "client_id": "key", "client_secret": "secret"}
    session = CONNECTOR.open(AccountRef(1, 1, "usps", "USPS", settings), lambda: NOW)
    try:
        answers: list[Answer] = await session.fetch(codes or (CODE,))
    finally:
        await session.close()
    return answers


async def test_a_token_is_asked_once_and_each_number_by_itself() -> None:
    async with party(with_token(lambda _: Reply(body=saved("delivered")))) as host:
        answers = await fetch(host, CODE, "LZ123456785US")
    assert [(a.tracking_code, a.outcome) for a in answers] == [(CODE, Outcome.FOUND), ("LZ123456785US", Outcome.FOUND)]
    token, first, second = host.asked
    assert json.loads(token.body) == {
        "client_id": "key",
        "client_secret": "secret",
        "grant_type": "client_credentials",
    }
    assert (first.path, second.path) == (f"/tracking/v3/tracking/{CODE}", "/tracking/v3/tracking/LZ123456785US")
    assert (first.query, first.headers["authorization"]) == ({"expand": "DETAIL"}, "Bearer made-up")


REPLIES: dict[str, tuple[Callable[[], Reply], Outcome]] = {
    "not known, with 404": (lambda: Reply(404, saved("not_found")), Outcome.NOT_FOUND),
    "not known, with 400": (lambda: Reply(400, saved("not_found")), Outcome.NOT_FOUND),
    "another error document with 404": (lambda: Reply(404, saved("another_error")), Outcome.NOT_FOUND),
    "another error document with 400": (lambda: Reply(400, saved("another_error")), Outcome.MALFORMED),
    "a 404 of the gateway": (lambda: Reply(404, b'{"fault": {"faultstring": "no route"}}'), Outcome.MALFORMED),
    "a web page with 404": (lambda: Reply(404, saved("web_page")), Outcome.MALFORMED),
    "a web page with 200": (lambda: Reply(body=saved("web_page")), Outcome.MALFORMED),
    "no events yet": (lambda: Reply(body=saved("success_without_events")), Outcome.NOT_FOUND),
    "an empty object is kept and reported": (lambda: Reply(body=b"{}"), Outcome.FOUND),
    "forbidden": (lambda: Reply(403), Outcome.AUTH_FAILED),
    "too many": (lambda: Reply(429, headers={"Retry-After": "900"}), Outcome.RETRY),
    "their failure": (lambda: Reply(503), Outcome.RETRY),
}


@pytest.mark.parametrize(("reply", "outcome"), REPLIES.values(), ids=REPLIES)
async def test_what_else_it_says(reply: Callable[[], Reply], outcome: Outcome) -> None:
    async with party(with_token(lambda _: reply())) as host:
        answer = (await fetch(host))[0]
    assert answer.outcome is outcome
    assert answer.retry_after == (900.0 if answer.http_status == 429 else None)


async def test_refused_credentials_stop_the_account() -> None:
    async with party(lambda _: Reply(400, saved("client_refused"))) as host:
        assert (await fetch(host))[0].outcome is Outcome.AUTH_FAILED


def test_the_table_accounts_for_every_code_of_its_sources() -> None:
    rows = list(csv.DictReader((FOLDER / "codes.csv").read_text(encoding="utf-8").splitlines()))
    listed = (
        "01 02 03 04 05 06 07 08 09 10 11 14 15 16 17 19 21 22 23 24 25 26 27 28 29 31 41 42 43 44 51 52 53 54 55 56 "
        "80 81 82 DX EF MA OF PA PC SF TM"
    )
    recorded = {"A1", "EX", "GX", "OA", "T1", "TL"}
    assert {row["code"] for row in rows} == set(TABLE) == set(listed.split()) | recorded
    assert [code for code, (status, _) in TABLE.items() if status is Status.DELIVERED] == ["01"]
    assert [code for code, (status, _) in TABLE.items() if status is Status.UNKNOWN] == ["17", "43"]
    assert [code for code, (status, _) in TABLE.items() if status is None] == ["DX"]


@pytest.mark.parametrize(
    ("code", "words", "status", "reason"),
    [
        ("01", "Delivered, Parcel Locker", Status.DELIVERED, None),
        ("01", "Delivered to Agent, Front Desk", Status.DELIVERED, None),
        ("01", "DELIVERED,  To Original Sender", Status.RETURNED, None),
        ("10", "Delivered, To Original Sender", Status.IN_TRANSIT, None),
        ("42", "Delivered", Status.IN_TRANSIT, None),
        ("of", "", Status.OUT_FOR_DELIVERY, None),
        ("23", "Moved, Left no Address", Status.RETURNING, Reason.RECIPIENT_MOVED),
        ("Q9", "Delivered", Status.UNKNOWN, None),
        ("1", "Delivered", Status.UNKNOWN, None),
        ("", "Delivered", None, None),
    ],
)
def test_the_code_decides(code: str, words: str, status: Status | None, reason: Reason | None) -> None:
    assert meaning_of(code, words)[1] == (status, reason)


def test_gmt_is_preferred_and_shown_with_its_offset() -> None:
    delivered = parse(saved("delivered"))[0].events[-1]
    assert (delivered.occurred_at.isoformat(), delivered.zone_assumed) == ("2024-11-22T13:58:40-05:00", False)
    assert parse(saved("offset_without_its_zero"))[0].events[0].occurred_at.isoformat(timespec="seconds") == (
        "2024-04-04T07:03:12-07:00"
    )
    local = parse(saved("local_times"))[0].events
    assert [(event.occurred_at.isoformat()[-6:], event.zone_assumed) for event in local] == [
        ("-05:00", True),
        ("-06:00", False),
        ("-05:00", True),
        ("-07:00", False),
    ]
    day = parse(saved("days_only"))[0].events[0]
    assert (day.occurred_at.isoformat(), day.day_only) == ("2026-08-01T12:00:00-04:00", True)


def test_pieces_of_one_number_are_told_apart() -> None:
    parsed = parse(saved("used_again_a_year_later"))[0]
    assert (parsed.shipment, parsed.sent_at) == ("501503904", datetime(2026, 11, 19, 6, 12, 39, tzinfo=UTC))
    timeline = fold(parsed.events, now=NOW, made_at=datetime(2026, 11, 18, tzinfo=UTC))
    assert timeline.snapshot.status is Status.IN_TRANSIT


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("return_that_says_delivered", Status.RETURNING),
        ("delivered_to_original_sender", Status.RETURNED),
        ("sent_out_again_after_a_return_began", Status.DELIVERED),
    ],
)
def test_the_end_of_a_return(name: str, status: Status) -> None:
    assert fold(parse(saved(name))[0].events, now=NOW).snapshot.status is status


def test_nobodys_name_is_shown() -> None:
    assert b"MARIA" in saved("delivered")
    assert "MARIA" not in repr(parse(saved("delivered")))


def test_a_delivery_before_its_order_does_not_count() -> None:
    events = parse(saved("delivered_31_seconds_after_the_order"))[0].events
    timeline = fold(events, now=NOW, made_at=datetime(2026, 11, 25, tzinfo=UTC))
    assert fold(events, now=NOW).snapshot.delivered
    assert not timeline.snapshot.delivered
    assert [doubt.kind for doubt in timeline.doubts] == [NoticeKind.IMPLAUSIBLE_EVENT]


@pytest.mark.parametrize(
    ("code", "fits"),
    [
        ("9400111206206406260787", True),
        ("RB123456785US", True),
        ("9400111206206406260786", False),
        ("AA123456785BR", False),
    ],
)
def test_what_its_codes_look_like(code: str, *, fits: bool) -> None:
    assert CONNECTOR.check_code is not None
    problem = CONNECTOR.check_code(code)
    assert (problem is None) is fits
    assert fits or not problem.hard


@pytest.mark.parametrize(
    ("courier", "known"),
    [
        ("USPS", True),
        ("USPS Ground Advantage", True),
        ("usps priority mail express", True),
        ("United States Postal Service", True),
        ("UPS", False),
        ("Priority Mail", False),
        ("USPS via Frenet", False),
        ("Correios", False),
        ("", False),
    ],
)
def test_the_names_that_shops_write(courier: str, *, known: bool) -> None:
    assert CONNECTOR.recognises_courier is not None
    assert CONNECTOR.recognises_courier(courier) is known
