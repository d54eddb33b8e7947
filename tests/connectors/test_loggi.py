"""In: a Loggi on loopback with every kind of answer; out: the session's, the push's and the parser's results."""

import base64
import csv
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from paradeiro.connectors.loggi import CONNECTOR, is_loggi
from paradeiro.connectors.loggi.codes import OFFICIAL, PAGE, meaning_of
from paradeiro.connectors.loggi.parse import parse
from paradeiro.connectors.loggi.push import read_push
from paradeiro.domain.following.timeline import fold
from paradeiro.domain.words import NoticeKind, Outcome, Status
from paradeiro.sdk.answer_shape import answer_shape
from paradeiro.sdk.contract import HOOK_SECRET, AccountRef, Answer, Push
from paradeiro.sdk.tokens import NoTokens, TokenRequest, Tokens
from tests.connectors.parties import Asked, Party, Reply, party

FOLDER = Path(__file__).parents[2] / "src" / "paradeiro" / "connectors" / "loggi"
A, B = "LGI0000001BR", "LGI0000002BR"
NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
LATER = datetime(2027, 1, 1, tzinfo=UTC)
SETTINGS = {"company_id": "12 3", "client_id": "id", "client_secret": "s3cret-of-loggi"}


def step(code: object, at: str = "2026-03-10T11:20:00Z", words: str = "", **more: Any) -> dict[str, Any]:
    return {"status": {"code": code, "description": words, "updatedTime": at, **more}, "location": {"city": "Osasco"}}


def package(*steps: dict[str, Any], code: str = A, key: str = "LK1", **more: Any) -> dict[str, Any]:
    return {"loggiKey": key, "trackingCode": code, "trackingHistory": list(steps), **more}


def body(*packages: dict[str, Any]) -> bytes:
    return json.dumps({"packages": packages}).encode()


def answering(
    told: Callable[[Asked], Reply | None], token: bytes = b'{"idToken": "tok-1", "expiresIn": "3600"}'
) -> Any:
    """A party whose token service answers `token`, and everything else what `told` says."""
    return party(lambda asked: Reply(body=token) if asked.path == "/v2/oauth2/token" else told(asked))


async def fetch(host: Party, codes: Sequence[str], keep: Any = None, **settings: str) -> list[Answer]:
    account = AccountRef(1, 1, "loggi", "Loggi", {"base_url": host.url, **SETTINGS, **settings}, keep=keep)
    session = CONNECTOR.open(account, lambda: NOW)
    assert "s3cret" not in f"{session!r}{account!r}"
    try:
        found: list[Answer] = await session.fetch(codes)
        return found
    finally:
        await session.close()


async def test_one_token_serves_all_codes_and_each_answer_is_kept_as_received() -> None:
    sent = body(package(step("11")))
    async with answering(lambda _: Reply(body=sent)) as host:
        answers = await fetch(host, [A, "lgi-0000001br"])
    assert [(a.tracking_code, a.outcome, a.body) for a in answers] == [
        (A, Outcome.FOUND, sent),
        ("lgi-0000001br", Outcome.FOUND, sent),
    ]
    token, first, second = host.asked
    assert (token.method, json.loads(token.body)) == ("POST", {"client_id": "id", "client_secret": "s3cret-of-loggi"})
    assert (first.path, first.headers["authorization"]) == (
        f"/v1/companies/12%203/packages/{A}/tracking",
        "Bearer tok-1",
    )
    assert second.path.endswith("/lgi-0000001br/tracking")


async def test_a_code_cannot_lead_to_another_address() -> None:
    async with answering(lambda _: Reply(404)) as host:
        await fetch(host, ["../x?y#z"])
    assert host.asked[-1].path == "/v1/companies/12%203/packages/..%2Fx%3Fy%23z/tracking"


async def test_a_refused_token_is_renewed_once_and_the_house_keeps_it() -> None:
    kept: list[str] = []

    async def keep(stale: str, ask: TokenRequest) -> Tokens | NoTokens:
        kept.append(stale)
        return await ask("") if stale else Tokens("old", "", NOW + timedelta(hours=1))

    def told(asked: Asked) -> Reply:
        return Reply(401) if asked.headers["authorization"] == "Bearer old" else Reply(body=body(package(step("11"))))

    async with answering(told) as host:
        assert (await fetch(host, [A, A], keep=keep))[1].outcome is Outcome.FOUND
    assert kept == ["", "old"], "the store is asked again only with the refused token"
    async with answering(lambda _: Reply(401)) as host:
        answer = (await fetch(host, [A]))[0]
    assert (answer.outcome, answer.http_status) == (Outcome.AUTH_FAILED, 401)
    assert len(host.asked) == 4, "two tokens, two questions"


async def test_a_token_near_its_end_is_not_used() -> None:
    async with answering(lambda _: Reply(404), b'{"access_token": "t", "expires_in": 1}') as host:
        session = CONNECTOR.open(
            AccountRef(1, 1, "loggi", "L", {"base_url": host.url, **SETTINGS}), lambda: next(clock)
        )
        clock = iter([NOW, NOW + timedelta(seconds=90), NOW + timedelta(seconds=90)])
        await session.fetch([A])
        await session.fetch([A])
        await session.close()
    assert [asked.method for asked in host.asked] == ["POST", "GET", "POST", "GET"]


TOKENS: dict[str, tuple[Reply | None, Outcome]] = {
    "refused": (Reply(401), Outcome.AUTH_FAILED),
    "wrong client": (Reply(400, b'{"error": "invalid_client"}'), Outcome.AUTH_FAILED),
    "moved": (Reply(404), Outcome.RETRY),
    "down": (Reply(503), Outcome.RETRY),
    "hung up": (None, Outcome.RETRY),
    "no token": (Reply(body=b"{}"), Outcome.RETRY),
    "a token that is no header": (Reply(body=b'{"idToken": "a\\nb"}'), Outcome.RETRY),
}


@pytest.mark.parametrize(("reply", "outcome"), TOKENS.values(), ids=TOKENS)
async def test_without_a_token_nothing_is_asked(reply: Reply | None, outcome: Outcome) -> None:
    async with party(lambda _: reply) as host:
        assert (await fetch(host, [A]))[0].outcome is outcome
    assert {asked.path for asked in host.asked} == {"/v2/oauth2/token"}


@pytest.mark.parametrize("missing", ["company_id", "client_id", "client_secret"])
async def test_a_missing_field_is_a_matter_of_credentials(missing: str) -> None:
    async with answering(lambda _: Reply()) as host:
        answer = (await fetch(host, [A], **{missing: ""}))[0]
    assert (answer.outcome, missing in answer.message, host.asked) == (Outcome.AUTH_FAILED, True, [])


_HTML = Reply(body=b"<html></html>", headers={"Content-Type": "text/html"})
ANSWERS: dict[str, tuple[Reply, Outcome]] = {
    "unknown yet": (Reply(404, b'{"code": 5, "message": "not found"}'), Outcome.NOT_FOUND),
    "no package": (Reply(body=body()), Outcome.NOT_FOUND),
    "known, no step": (Reply(body=body(package())), Outcome.NOT_FOUND),
    "404 without a word": (Reply(404), Outcome.MALFORMED),
    "404 as a page": (Reply(404, b"<html>", {"Content-Type": "text/html"}), Outcome.RETRY),
    "200 as a page": (_HTML, Outcome.RETRY),
    "forbidden": (Reply(403), Outcome.AUTH_FAILED),
    "no such code": (Reply(422, b'{"message": "invalid"}'), Outcome.REFUSED),
    "too many": (Reply(429, headers={"Retry-After": "9"}), Outcome.RETRY),
    "down": (Reply(503), Outcome.RETRY),
    "about another code": (Reply(body=body(package(step("5"), code=B))), Outcome.MALFORMED),
    "about several codes": (Reply(body=body(package(step("1")), package(step("5"), code=B))), Outcome.MALFORMED),
    "unreadable": (Reply(body=b"{}"), Outcome.FOUND),  # recording reports it with its bytes
}


@pytest.mark.parametrize(("reply", "outcome"), ANSWERS.values(), ids=ANSWERS)
async def test_whatever_else_they_say_is_an_outcome(reply: Reply, outcome: Outcome) -> None:
    async with answering(lambda _: reply) as host:
        answer = (await fetch(host, [A]))[0]
    assert answer.outcome is outcome
    assert answer.retry_after == (9.0 if reply.status == 429 else None)


def test_every_published_number_is_accounted_for() -> None:
    with (FOLDER / "codes.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for key, table in (("code", OFFICIAL), ("statusCode", PAGE)):
        published = {r["code"]: (r["words"], r["status"], r["reason"] or None) for r in rows if r["key"] == key}
        assert {code: (m.words, m.status, m.reason) for code, m in table.items()} == published
    assert [c for c, m in OFFICIAL.items() if m.status is Status.DELIVERED] == ["5"]
    assert [c for c, m in PAGE.items() if m.status is Status.DELIVERED] == ["2"]


@pytest.mark.parametrize(
    ("official", "page", "words", "status"),
    [
        ("5", "", "Entregue", Status.DELIVERED),
        ("5", "", "", Status.DELIVERED),
        ("5", "", "Pacote entregue na portaria", Status.DELIVERED),
        ("5", "", "ENDEREÇO ERRADO.", Status.UNKNOWN),
        ("2", "", "entregue", Status.UNKNOWN),
        ("2", "", "Cancelado", Status.CANCELLED),
        ("", "2", "Entregue", Status.DELIVERED),
        ("", "2", "Cancelado", Status.UNKNOWN),
        ("", "3", "Retirado", Status.OUT_FOR_DELIVERY),
        ("", "5", "Entregue", Status.UNKNOWN),
        ("30", "", "Entregue a transportadora", Status.IN_TRANSIT),
        ("10", "", "Entregue", Status.UNKNOWN),
        ("5", "2", "Entregue", Status.UNKNOWN),
        ("", "", "Entregue", Status.UNKNOWN),
    ],
)
def test_a_delivery_needs_its_number_and_no_word_against_it(
    official: str, page: str, words: str, status: Status
) -> None:
    assert meaning_of(official, page, words)[1].status is status


@pytest.mark.parametrize("code", ["05", 5, 5.0, " 5 "])
def test_a_number_may_be_a_text(code: object) -> None:
    assert parse(body(package(step(code))))[0].events[0].code == "5"


@pytest.mark.parametrize("code", [None, True, 5.5, [], {}])
def test_what_is_no_number_is_unknown(code: object) -> None:
    parsed = parse(body(package(step(code))))[0]
    assert parsed.events[0].status is Status.UNKNOWN
    assert parsed.unknown_codes


def test_volumes_are_delivered_together() -> None:
    one, two = package(step("5")), package(step("11"), key="LK2")
    known = parse(body(one))[0].events
    parsed = parse(body(one, two))[0]
    assert {event.volume for event in parsed.events} == {"LK1", "LK2"}
    assert set(known) <= set(parsed.events), "a volume named later changes no event"
    assert fold(known, now=LATER).snapshot.delivered
    assert not fold(parsed.events, now=LATER).snapshot.delivered


def test_a_delivery_long_before_the_order_does_not_count() -> None:
    events = parse((FOLDER / "fixtures" / "delivered_within_a_minute.json").read_bytes())[0].events
    timeline = fold(events, now=LATER, made_at=datetime(2026, 6, 1, tzinfo=UTC))
    assert not timeline.snapshot.delivered
    assert {doubt.kind for doubt in timeline.doubts} == {NoticeKind.IMPLAUSIBLE_EVENT}


def test_a_code_used_again_a_year_later_is_read_anew() -> None:
    events = parse((FOLDER / "fixtures" / "code_used_again.json").read_bytes())[0].events
    timeline = fold(events, now=LATER, made_at=datetime(2026, 3, 8, tzinfo=UTC))
    assert timeline.snapshot.status is Status.ACCEPTED
    assert len(timeline.doubts) == 2


def test_times() -> None:
    def read(at: object) -> Any:
        return parse(body(package(step("11", at))))[0]  # type: ignore[arg-type] # odd times are the test

    assert read("2026-03-10T11:20:00Z").events[0].zone_assumed is False
    local = read("2026-03-10T08:20:00").events[0]
    assert (local.occurred_at, local.zone_assumed) == (datetime(2026, 3, 10, 11, 20, tzinfo=UTC), True)
    day = read("2026-03-10").events[0]
    assert (day.occurred_at, day.day_only) == (datetime(2026, 3, 10, 15, tzinfo=UTC), True)
    assert {read(at).outcome for at in ("", None, 17, "31/12/9999", "0001-01-01T00:00:00Z")} == {Outcome.MALFORMED}


def test_the_promise_lasts_until_the_end_of_its_day() -> None:
    parsed = parse(body(package(step("11"), promisedDate="2026-03-12")))[0]
    assert parsed.estimate == datetime(2026, 3, 13, 2, 59, 59, tzinfo=UTC)
    assert parse(body(package(step("11"), promisedDate="soon")))[0].estimate is None


def test_nothing_personal_is_read() -> None:
    for name in ("personal_data", "public_page_delivered"):
        assert "Fulana" not in repr(parse((FOLDER / "fixtures" / f"{name}.json").read_bytes()))


def test_the_declared_fields_are_those_of_the_sample() -> None:
    shape = answer_shape((FOLDER / "fixtures" / "under_way.json").read_bytes()) or {}
    assert shape
    assert set(shape) <= set(CONNECTOR.fields)


def push(password: str = "p:w", data: bytes = b"", scheme: str = "Basic") -> Push:
    given = base64.b64encode(f"anyone:{password}".encode()).decode()
    return Push({"authorization": f"{scheme} {given}"}, data or body(package(step("5"))))


def test_a_push_is_proven_by_its_password_alone() -> None:
    settings = {HOOK_SECRET: "p:w"}
    assert read_push(push(), settings).states_facts
    assert read_push(push(scheme="BASIC"), settings).states_facts
    for wrong in (push("p"), push("p:w "), push(scheme="Bearer"), Push({"authorization": "Basic é"}, b"{}")):
        assert read_push(wrong, settings).outcome is Outcome.AUTH_FAILED
    assert read_push(push(""), {HOOK_SECRET: ""}).outcome is Outcome.AUTH_FAILED
    assert read_push(push(data=b"{}"), settings).outcome is Outcome.NOT_FOUND
    nobody = body({"status": {"code": "5", "updatedTime": "2026-03-10T11:20:00Z"}})
    assert read_push(push(data=nobody), settings).outcome is Outcome.MALFORMED


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("Loggi Expresso", True),
        ("LOGGI - coleta", True),
        ("lóggi", True),
        ("Loggistica Sul", False),
        ("SSW", False),
        ("Melhor Envio", False),
        ("", False),
    ],
)
def test_names(name: str, known: bool) -> None:
    assert is_loggi(name) is known
