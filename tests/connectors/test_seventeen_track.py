"""In: a 17TRACK on loopback with every kind of answer; out: the session's and the parser's results."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from paradeiro.connectors.seventeen_track import CONNECTOR
from paradeiro.connectors.seventeen_track.codes import STAGES, SUB_STATUSES, meaning_of
from paradeiro.connectors.seventeen_track.parse import parse
from paradeiro.domain.words import Outcome, Status
from paradeiro.sdk.contract import AccountRef, Answer
from tests.connectors.parties import Asked, Party, Reply, party

A, B, C = "AA123456785BR", "QQ850419295BR", "DG049186226BR"
LOOK_UP, REGISTER = "/track/v2.2/gettrackinfo", "/track/v2.2/register"


def event(**more: Any) -> dict[str, Any]:
    said = {"time_iso": "2026-10-05T10:12:00-03:00", "stage": "PickedUp", "sub_status": "InTransit_PickedUp"}
    return {**said, "description": "Objeto postado", "location": "SAO PAULO - SP", "address": None, **more}


def accepted_part(number: str, *events: dict[str, Any]) -> dict[str, Any]:
    tracking = {"providers": [{"events": list(events or (event(),))}]}
    return {"number": number, "carrier": 2151, "track_info": {"latest_status": {}, "tracking": tracking}}


def rejected_part(number: str, code: int) -> dict[str, Any]:
    return {"number": number, "carrier": 2151, "error": {"code": code, "message": "no"}}


def parts_reply(*parts: dict[str, Any]) -> Reply:
    data = {"accepted": [p for p in parts if "error" not in p], "rejected": [p for p in parts if "error" in p]}
    return Reply(body=json.dumps({"code": 0, "data": data}).encode())


def numbers(asked: Asked) -> list[str]:
    return [each["number"] for each in json.loads(asked.body)]


async def fetch(host: Party, codes: Sequence[str], **settings: str) -> list[Answer]:
    account = AccountRef(1, 1, "seventeen_track", "17TRACK", {"base_url": host.url, "token": "k", **settings})
    session = CONNECTOR.open(account, lambda: datetime.now(UTC))
    try:
        found: list[Answer] = await session.fetch(codes)
        return found
    finally:
        await session.close()


async def test_one_answer_per_number_in_its_own_bytes_and_in_order() -> None:
    async with party(lambda asked: parts_reply(*(accepted_part(n) for n in reversed(numbers(asked))))) as host:
        answers = await fetch(host, [A, B, A])
    assert [(a.tracking_code, a.outcome) for a in answers] == [(n, Outcome.FOUND) for n in (A, B, A)]
    assert json.loads(answers[1].body)["number"] == B
    assert [(a.path, a.headers["17token"]) for a in host.asked] == [(LOOK_UP, "k")]
    assert json.loads(host.asked[0].body) == [{"number": n, "carrier": 2151} for n in (A, B)]


async def test_the_carriers_number_may_be_another() -> None:
    async with party(lambda asked: parts_reply(*(accepted_part(n) for n in numbers(asked)))) as host:
        await fetch(host, [A], carrier="3011")
        await fetch(host, [A], carrier="nonsense")
    assert [json.loads(a.body)[0]["carrier"] for a in host.asked] == [3011, 2151]


async def test_new_numbers_are_registered_once_and_looked_up_again() -> None:
    registered = {A}

    def answer(asked: Asked) -> Reply:
        if asked.path == REGISTER:
            registered.update(numbers(asked))
            return parts_reply(rejected_part(B, -18019901), {"number": C, "carrier": 2151, "origin": 1})
        return parts_reply(
            *(accepted_part(n) if n in registered else rejected_part(n, -18019902) for n in numbers(asked))
        )

    async with party(answer) as host:
        answers = await fetch(host, [A, B, C])
        assert {a.outcome for a in answers} == {Outcome.FOUND}
        assert [(a.path, numbers(a)) for a in host.asked] == [
            (LOOK_UP, [A, B, C]),
            (REGISTER, [B, C]),
            (LOOK_UP, [B, C]),
        ]
        await fetch(host, [A, B, C])
        assert host.asked[-1].path == LOOK_UP
        assert len(host.asked) == 4, "nothing is registered twice"


async def test_what_they_have_not_seen_yet_is_not_found() -> None:
    parts = {A: rejected_part(A, -18019909), B: {"number": B, "track_info": None}, C: accepted_part(C)}
    parts[C]["track_info"]["tracking"]["providers"][0]["events"] = []
    async with party(lambda _: parts_reply(*parts.values())) as host:
        assert {a.outcome for a in await fetch(host, list(parts))} == {Outcome.NOT_FOUND}


async def test_a_quota_that_is_used_up_stops_the_new_numbers_only() -> None:
    def answer(asked: Asked) -> Reply:
        if asked.path == REGISTER:
            return parts_reply(*(rejected_part(n, -18019908) for n in numbers(asked)))
        return parts_reply(*(accepted_part(n) if n == A else rejected_part(n, -18019902) for n in numbers(asked)))

    async with party(answer) as host:
        assert [a.outcome for a in await fetch(host, [A, B])] == [Outcome.FOUND, Outcome.REFUSED]
        alone = (await fetch(host, [B]))[0]
    assert (alone.outcome, alone.retry_after) == (Outcome.RETRY, 3600.0), "with nothing else to answer it is in trouble"


ENVELOPES: dict[str, tuple[Callable[[], Reply], Outcome]] = {
    "key refused with 200": (lambda: Reply(body=b'{"code": -18010002, "message": "no"}'), Outcome.AUTH_FAILED),
    "their failure": (lambda: Reply(body=b'{"code": -18010003}'), Outcome.RETRY),
    "a code nobody knows": (lambda: Reply(body=b'{"code": -1}'), Outcome.MALFORMED),
    "errors beside code 0": (
        lambda: Reply(body=b'{"code": 0, "data": {"errors": [{"code": -18010005}]}}'),
        Outcome.AUTH_FAILED,
    ),
    "about nothing": (parts_reply, Outcome.MALFORMED),
    "of other numbers": (lambda: parts_reply(accepted_part(B)), Outcome.MALFORMED),
    "a refusal nobody knows": (lambda: parts_reply(rejected_part(A, -18019999)), Outcome.MALFORMED),
    "no carrier fits": (lambda: parts_reply(rejected_part(A, -18019903)), Outcome.REFUSED),
    "404": (lambda: Reply(404), Outcome.MALFORMED),
    "429": (lambda: Reply(429, headers={"Retry-After": "7"}), Outcome.RETRY),
    "401": (lambda: Reply(401), Outcome.AUTH_FAILED),
}


@pytest.mark.parametrize(("reply", "outcome"), ENVELOPES.values(), ids=ENVELOPES)
async def test_whatever_else_they_say_is_an_outcome(reply: Callable[[], Reply], outcome: Outcome) -> None:
    async with party(lambda _: reply()) as host:
        answer = (await fetch(host, [A]))[0]
    assert answer.outcome is outcome
    assert answer.retry_after == (7.0 if answer.http_status == 429 else None)


def read(**more: Any) -> Any:
    parsed = parse(parts_reply(accepted_part(A, event(**more))).body)[0]
    assert parsed.outcome is Outcome.FOUND
    return parsed.events[0]


def test_the_table_accounts_for_all_thirty_words() -> None:
    assert len(SUB_STATUSES) == 30
    assert {word for word, (status, _) in (SUB_STATUSES | STAGES).items() if status is Status.DELIVERED} == {
        "Delivered_Other",
        "Delivered",
    }
    assert all(status is not Status.UNKNOWN for status, _ in SUB_STATUSES.values())


@pytest.mark.parametrize(
    ("stage", "sub_status", "status"),
    [
        ("Delivered", "Delivered_Other", Status.DELIVERED),
        ("Delivered", "", Status.DELIVERED),
        ("", "Delivered_Other", Status.DELIVERED),
        ("Delivered", "Exception_Returned", Status.UNKNOWN),
        ("OutForDelivery", "Delivered_Other", Status.UNKNOWN),
        ("Delivered", "Delivered_Signed", Status.UNKNOWN),
        ("", "", None),
        ("Sorting", "InTransit_Other", Status.IN_TRANSIT),
        ("Sorting", "", Status.UNKNOWN),
    ],
)
def test_a_delivery_needs_their_word_and_no_word_against_it(stage: str, sub_status: str, status: Status | None) -> None:
    assert meaning_of(stage, sub_status)[1][0] is status
    words = read(stage=stage, sub_status=sub_status, description="Objeto entregue ao destinatário")
    assert words.status is status, "the text decides nothing"


def test_times_with_and_without_a_zone() -> None:
    assert read().occurred_at.utcoffset() == timedelta(hours=-3)
    assert read().zone_assumed is False
    utc = read(time_iso=None, time_utc="2026-10-05T13:12:00Z")
    assert (utc.occurred_at, utc.zone_assumed) == (read().occurred_at, False)
    raw = {"date": "2026-10-05", "time": "10:12:00", "timezone": None}
    bare = read(time_iso=None, time_raw=raw)
    assert (bare.occurred_at, bare.zone_assumed) == (read().occurred_at, True)
    zoned = read(time_iso=None, time_raw=raw | {"timezone": "-03:00"})
    assert (zoned.occurred_at, zoned.zone_assumed) == (read().occurred_at, False)
    spoilt = parse(parts_reply(accepted_part(A, event(time_iso="soon"))).body)[0]
    assert (spoilt.outcome, spoilt.tracking_code) == (Outcome.MALFORMED, A)


@pytest.mark.parametrize(
    ("location", "address", "place"),
    [
        ("CURITIBA - PR", None, ("CURITIBA", "PR", "BR", None)),
        ("Santos/SP", {"city": None}, ("Santos", "SP", "BR", None)),
        ("x", {"city": "Recife", "state": "PE", "country": "BR"}, ("Recife", "PE", "BR", None)),
        ("HONG KONG", {"country": "HK"}, (None, None, "HK", "HONG KONG")),
        ("", None, (None, None, None, None)),
    ],
)
def test_places(location: str, address: object, place: tuple[str | None, ...]) -> None:
    found = read(location=location, address=address).place
    assert (found.city, found.state, found.country, found.unit) == place
