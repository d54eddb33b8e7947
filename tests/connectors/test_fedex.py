"""In: a FedEx on loopback with every kind of answer; out: the session's and the parser's results."""

import base64
import csv
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from paradeiro.connectors import fedex
from paradeiro.connectors.fedex import CONNECTOR
from paradeiro.connectors.fedex.codes import TABLE, meaning_of
from paradeiro.connectors.fedex.parse import parse
from paradeiro.connectors.fedex.push import read_push
from paradeiro.domain.following.timeline import fold
from paradeiro.domain.words import NoticeKind, Outcome, Reason, Status
from paradeiro.sdk.contract import HOOK_SECRET, AccountRef, Answer, Push, PushRead
from tests.connectors.parties import Asked, Party, Reply, party

FOLDER = Path(fedex.__file__).parent
CODE, ABSENT, OTHER = "776094337676", "02399989320920003663", "738488882438"
TOKEN, NOW = "/oauth/token", datetime(2026, 12, 1, tzinfo=UTC)


def saved(name: str) -> bytes:
    return next(path for path in (FOLDER / "fixtures").glob(f"{name}.*") if ".expected" not in path.name).read_bytes()


def with_token(reply: Callable[[Asked], Reply]) -> Callable[[Asked], Reply]:
    token = Reply(body=b'{"access_token": "made-up", "token_type": "bearer", "expires_in": 3599}')
    return lambda asked: token if asked.path == TOKEN else reply(asked)


async def fetch(host: Party, *codes: str) -> list[Answer]:
    settings = {"base_url": host.url, "client_id": "i d", "client_secret": "s&t"}
    session = CONNECTOR.open(AccountRef(1, 1, "fedex", "FedEx", settings), lambda: NOW)
    try:
        answers: list[Answer] = await session.fetch(codes or (CODE,))
    finally:
        await session.close()
    return answers


async def test_a_batch_is_asked_once_and_cut_into_each_numbers_own_bytes() -> None:
    whole = saved("three_numbers")
    async with party(with_token(lambda _: Reply(body=whole))) as host:
        answers = await fetch(host, OTHER, CODE, ABSENT, CODE, "123456789012")
    assert [(a.tracking_code, a.outcome) for a in answers] == [
        (OTHER, Outcome.FOUND),
        (CODE, Outcome.FOUND),
        (ABSENT, Outcome.NOT_FOUND),
        (CODE, Outcome.FOUND),
        ("123456789012", Outcome.MALFORMED),
    ]
    assert answers[1].body in whole
    assert json.loads(answers[1].body)["trackingNumber"] == CODE
    assert [p.tracking_code for p in parse(answers[0].body)] == [OTHER]
    token, asked = host.asked
    assert token.body == b"grant_type=client_credentials&client_id=i+d&client_secret=s%26t"
    assert (asked.method, asked.path) == ("POST", "/track/v1/trackingnumbers")
    assert (asked.headers["authorization"], asked.headers["x-locale"]) == ("Bearer made-up", "en_US")
    body = json.loads(asked.body)
    assert body["includeDetailedScans"] is True
    numbers = [each["trackingNumberInfo"]["trackingNumber"] for each in body["trackingInfo"]]
    assert numbers == [OTHER, CODE, ABSENT, "123456789012"], "each once"


REPLIES: dict[str, tuple[Callable[[], Reply], Outcome]] = {
    "no scan yet": (lambda: Reply(body=saved("no_scan_yet")), Outcome.NOT_FOUND),
    "errors of the whole": (lambda: Reply(body=saved("errors_of_the_whole")), Outcome.MALFORMED),
    "a strange error of the number": (lambda: Reply(body=saved("strange_error")), Outcome.FOUND),
    "a web page with 200": (lambda: Reply(body=saved("web_page")), Outcome.MALFORMED),
    "an empty object": (lambda: Reply(body=b"{}"), Outcome.MALFORMED),
    "404": (lambda: Reply(404, b'{"errors": [{"code": "NOT.FOUND.ERROR"}]}'), Outcome.MALFORMED),
    "keys refused": (lambda: Reply(401, saved("keys_refused")), Outcome.AUTH_FAILED),
    "forbidden": (lambda: Reply(403), Outcome.AUTH_FAILED),
    "too many": (lambda: Reply(429, headers={"Retry-After": "9"}), Outcome.RETRY),
    "their failure": (lambda: Reply(503), Outcome.RETRY),
}


@pytest.mark.parametrize(("reply", "outcome"), REPLIES.values(), ids=REPLIES)
async def test_what_else_it_says(reply: Callable[[], Reply], outcome: Outcome) -> None:
    async with party(with_token(lambda _: reply())) as host:
        answer = (await fetch(host))[0]
    assert answer.outcome is outcome
    assert answer.retry_after == (9.0 if answer.http_status == 429 else None)


async def test_an_invalid_number_is_refused_alone() -> None:
    async with party(with_token(lambda _: Reply(body=saved("invalid_number")))) as host:
        assert (await fetch(host, "X"))[0].outcome is Outcome.REFUSED


def test_the_table_accounts_for_the_published_codes() -> None:
    rows = list(csv.DictReader((FOLDER / "codes.csv").read_text(encoding="utf-8").splitlines()))
    published = (
        "PF AA PL AC PM AD PU AF PX AP RR AR RM AX RC CA RS CH RP DD LP DE RG DL RD DP SE DR SF DS SP DY TR EA ED CC "
        "EO CD EP CP FD HL IT IX LO OC OD OF OX PD"
    )
    observed = {"AE", "AO", "HA", "HP"}
    assert {row["code"] for row in rows} == set(TABLE) == set(published.split()) | observed
    assert [code for code, (status, _) in TABLE.items() if status is Status.DELIVERED] == ["DL"]
    assert all(row["status"] or row["note"] for row in rows), "what moves nothing says why"


@pytest.mark.parametrize(
    ("event", "derived", "exception", "stored", "status", "reason"),
    [
        ("DL", "DL", "", "DL", Status.DELIVERED, None),
        ("DL", "", "", "DL", Status.DELIVERED, None),
        ("DL", "DE", "", "DL_but_DE", Status.UNKNOWN, None),
        ("AF", "DL", "", "AF", Status.IN_TRANSIT, None),
        ("DE", "DE", "08", "DE", Status.ATTEMPT_FAILED, Reason.RECIPIENT_ABSENT),
        ("DE", "DE", "07", "DE", Status.ATTEMPT_FAILED, Reason.REFUSED),
        ("DE", "DE", "A47", "DE", Status.EXCEPTION, Reason.OTHER),
        ("DO", "DO", "", "DO", Status.UNKNOWN, None),
        ("AX", "IT", "", "AX", Status.IN_TRANSIT, None),
        ("", "DL", "", "none", None, None),
    ],
)
def test_the_event_type_decides(
    event: str, derived: str, exception: str, stored: str, status: Status | None, reason: Reason | None
) -> None:
    assert meaning_of(event, derived, exception) == (stored, (status, reason))


def test_shipments_of_one_number_never_mix() -> None:
    first, second = parse(saved("two_shipments_one_number"))
    assert (first.shipment, second.shipment) == ("2460425000~776094337676~FX", "2460426000~776094337676~FX")
    assert [each.tracking_code for each in (first, second)] == [CODE, CODE]
    assert (first.sent_at, second.sent_at) == (
        datetime(2024, 4, 24, 6, 0, tzinfo=UTC),
        datetime(2024, 4, 25, 6, 0, tzinfo=UTC),
    )
    assert fold(first.events, now=NOW).snapshot.status is Status.IN_TRANSIT
    assert fold(second.events, now=NOW).snapshot.status is Status.DELIVERED


def test_a_number_used_again_is_another_shipment() -> None:
    new, old = parse(saved("used_again_a_year_later"))
    assert new.sent_at is not None
    assert old.sent_at is not None
    assert (new.sent_at.year, old.sent_at.year) == (2026, 2024)
    assert not any(event.status is Status.DELIVERED for event in new.events)


def test_midnight_without_an_offset_is_a_day_at_its_place() -> None:
    picked_up = parse(saved("pickup_at_midnight_without_offset"))[0].events[0]
    assert (picked_up.occurred_at.isoformat(), picked_up.day_only) == ("2024-08-15T12:00:00-05:00", True)
    local = parse(saved("local_times"))[0].events
    assert [event.zone_assumed for event in local] == [True, True, False]
    assert local[2].occurred_at.isoformat() == "2024-04-26T09:26:00+02:00"


def test_a_return_that_says_delivered_is_none() -> None:
    parsed = parse(saved("refused_and_returned"))[0]
    assert parsed.unknown_codes == ("DL",)
    assert fold(parsed.events, now=NOW).snapshot.status is Status.RETURNING


def test_nobodys_name_is_shown() -> None:
    assert b"M.MARIA" in saved("delivered")
    assert "MARIA" not in repr(parse(saved("delivered")))


def test_a_delivery_before_its_order_does_not_count() -> None:
    events = parse(saved("delivered_31_seconds_after_the_order"))[0].events
    timeline = fold(events, now=NOW, made_at=datetime(2026, 11, 25, tzinfo=UTC))
    assert fold(events, now=NOW).snapshot.delivered
    assert not timeline.snapshot.delivered
    assert [doubt.kind for doubt in timeline.doubts] == [NoticeKind.IMPLAUSIBLE_EVENT]


def signed(body: bytes, secret: str = "token-of-the-shop") -> Push:
    mark = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    return Push({"fdx-signature": base64.b64encode(mark).decode()}, body)


def test_a_push_is_a_hint_when_its_signature_fits() -> None:
    settings = {HOOK_SECRET: "token-of-the-shop"}
    whole = saved("three_numbers")
    assert read_push(signed(whole), settings) == PushRead(Outcome.FOUND, (CODE, ABSENT, OTHER))
    assert read_push(signed(whole, "another"), settings).outcome is Outcome.AUTH_FAILED
    assert read_push(signed(whole), {}).outcome is Outcome.AUTH_FAILED
    changed = Push(signed(whole).headers, whole + b" ")
    assert read_push(changed, settings).outcome is Outcome.AUTH_FAILED
    assert read_push(signed(b"{}"), settings).outcome is Outcome.NOT_FOUND
    assert read_push(signed(b'{"trackingNumber": "../secrets"}'), settings).outcome is Outcome.NOT_FOUND


@pytest.mark.parametrize(
    ("code", "fits"), [("986578788855", True), ("996578788855", False), ("1Z5R89390357567127", False)]
)
def test_what_its_codes_look_like(code: str, *, fits: bool) -> None:
    assert CONNECTOR.check_code is not None
    problem = CONNECTOR.check_code(code)
    assert (problem is None) is fits
    assert fits or not problem.hard


@pytest.mark.parametrize(
    ("courier", "known"),
    [
        ("FedEx", True),
        ("FEDEX GROUND", True),
        ("Fed Ex International Priority", True),
        ("FedEx Brasil", True),
        ("FedEx Express 2Day", True),
        ("TNT", False),
        ("Kangu - FedEx", False),
        ("Melhor Envio", False),
        ("", False),
    ],
)
def test_the_names_that_shops_write(courier: str, *, known: bool) -> None:
    assert CONNECTOR.recognises_courier is not None
    assert CONNECTOR.recognises_courier(courier) is known
