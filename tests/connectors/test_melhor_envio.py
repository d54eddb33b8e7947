"""In: a Melhor Envio on loopback, its pushes; out: the session's and the parser's results."""

import base64
import csv
import hmac
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from paradeiro.connectors import melhor_envio
from paradeiro.connectors.melhor_envio import CONNECTOR, is_melhor_envio
from paradeiro.connectors.melhor_envio.client import label_id
from paradeiro.connectors.melhor_envio.codes import STATES, state_of
from paradeiro.connectors.melhor_envio.parse import parse
from paradeiro.connectors.melhor_envio.push import read_push
from paradeiro.domain.following.timeline import fold
from paradeiro.domain.records import NamedLeg
from paradeiro.domain.words import Outcome, Status
from paradeiro.sdk.answer_shape import answer_shape
from paradeiro.sdk.contract import HOOK_SECRET, AccountRef, Answer, Push
from paradeiro.sdk.tokens import NoTokens, TokenRequest, Tokens
from tests.connectors.parties import Asked, Party, Reply, party

FOLDER = Path(melhor_envio.__file__).parent
A, B = "9b1f33c4-0000-4000-8000-000000000001", "9b1f33c4-0000-4000-8000-000000000002"
ULID = "01JK6D99A7SVYXV03C3ZFS7CXA"
NOW = datetime(2026, 3, 12, 12, tzinfo=UTC)


def label(label_id: str, status: str = "posted", **more: Any) -> dict[str, Any]:
    given = {"id": label_id, "status": status, "tracking": "AA123456785BR", "created_at": "2026-03-08 01:02:20"}
    return {**given, "posted_at": "2026-03-09 14:10:00", "delivered_at": None, **more}


def orders(asked: Asked) -> list[str]:
    return list(json.loads(asked.body)["orders"])


def found_all(asked: Asked) -> Reply:
    return Reply(body=json.dumps({each: label(each) for each in orders(asked)}).encode())


def account(host: Party, **settings: str) -> AccountRef:
    given = {"base_url": host.url, "token": "k", "contact": "shop@example.com", **settings}
    return AccountRef(1, 1, "melhor_envio", "Melhor Envio", given)


async def fetch(host: Party, codes: Sequence[str], **settings: str) -> list[Answer]:
    session = CONNECTOR.open(account(host, **settings), lambda: NOW)
    try:
        found: list[Answer] = await session.fetch(codes)
        return found
    finally:
        await session.close()


async def test_labels_are_asked_by_their_ids() -> None:
    tidied = B.replace("-", "").upper()  # a label's id in an order's field for tracking codes
    async with party(found_all) as host:
        answers = await fetch(host, [f"number:{A}", tidied, "AA123456785BR", f"number:{A}"])
    assert [(a.tracking_code, a.outcome) for a in answers] == [
        (f"number:{A}", Outcome.FOUND),
        (tidied, Outcome.FOUND),
        ("AA123456785BR", Outcome.NOT_FOUND),
        (f"number:{A}", Outcome.FOUND),
    ]
    assert json.loads(answers[1].body)["id"] == B, "each in its own bytes"
    asked = host.asked[0]
    assert (len(host.asked), asked.path, orders(asked)) == (1, "/api/v2/me/shipment/tracking", [A, B])
    assert asked.headers["authorization"] == "Bearer k"
    assert asked.headers["user-agent"] == "Paradeiro (shop@example.com)"


async def test_nothing_is_asked_where_no_label_is_named() -> None:
    async with party(found_all) as host:
        assert [(a.outcome, a.unasked) for a in await fetch(host, ["AA123456785BR"])] == [(Outcome.NOT_FOUND, True)]
        assert host.asked == []


async def test_a_label_is_asked_about_once_an_hour() -> None:
    now = NOW
    async with party(found_all) as host:
        session = CONNECTOR.open(account(host), lambda: now)
        first = await session.fetch([f"number:{A}"])
        now += timedelta(minutes=59)
        assert await session.fetch([f"number:{A}"]) == [replace(first[0], unasked=True)]
        assert not first[0].unasked
        assert len(host.asked) == 1, "their own answer is cached for an hour"
        now += timedelta(minutes=2)
        await session.fetch([f"number:{A}", f"number:{B}"])
        assert [orders(a) for a in host.asked] == [[A], [A, B]]
        await session.close()


async def test_a_failure_is_not_remembered() -> None:
    replies = [Reply(503), Reply(body=json.dumps({A: label(A)}).encode())]
    async with party(lambda _: replies.pop(0)) as host:
        session = CONNECTOR.open(account(host), lambda: NOW)
        outcomes = [(await session.fetch([f"number:{A}"]))[0].outcome for _ in range(3)]
        await session.close()
    assert outcomes == [Outcome.RETRY, Outcome.FOUND, Outcome.FOUND]


async def test_a_bad_id_among_others_is_found_by_halves() -> None:
    def answer(asked: Asked) -> Reply:
        if "bad" in orders(asked):
            return Reply(422, b'{"message":"The selected orders.1 is invalid."}')
        return found_all(asked)

    async with party(answer) as host:
        answers = await fetch(host, [f"number:{A}", "number:bad", f"number:{B}"])
    assert [a.outcome for a in answers] == [Outcome.FOUND, Outcome.REFUSED, Outcome.FOUND]


async def test_a_label_that_is_not_in_the_answer_is_not_found() -> None:
    async with party(lambda _: Reply(body=json.dumps([label(A)]).encode())) as host:
        answers = await fetch(host, [f"number:{A}", f"number:{B}"])
    assert [a.outcome for a in answers] == [Outcome.FOUND, Outcome.NOT_FOUND]


ENVELOPES: dict[str, tuple[Callable[[], Reply], Outcome]] = {
    "{}": (lambda: Reply(body=b"{}"), Outcome.MALFORMED),
    "[]": (lambda: Reply(body=b"[]"), Outcome.MALFORMED),
    "of another": (lambda: Reply(body=json.dumps({B: label(B)}).encode()), Outcome.MALFORMED),
    "a web page": (lambda: Reply(200, b"<html></html>"), Outcome.MALFORMED),
    "404 as a page": (lambda: Reply(404, b"<html></html>"), Outcome.MALFORMED),
    "403": (lambda: Reply(403), Outcome.AUTH_FAILED),
    "401": (lambda: Reply(401, b'{"message":"Unauthenticated."}'), Outcome.AUTH_FAILED),
    "429": (lambda: Reply(429, headers={"Retry-After": "7"}), Outcome.RETRY),
    "503": (lambda: Reply(503), Outcome.RETRY),
}


@pytest.mark.parametrize(("reply", "outcome"), ENVELOPES.values(), ids=ENVELOPES)
async def test_whatever_else_they_say_is_an_outcome(reply: Callable[[], Reply], outcome: Outcome) -> None:
    async with party(lambda _: reply()) as host:
        found = (await fetch(host, [f"number:{A}"]))[0]
    assert found.outcome is outcome
    assert found.retry_after == (7.0 if found.http_status == 429 else None)


async def test_superfrete_is_asked_label_by_label() -> None:
    def answer(asked: Asked) -> Reply:
        if asked.path.endswith(ULID):
            return Reply(body=json.dumps(label(ULID)).encode())
        return Reply(404, b'{"message":"not found"}' if asked.path.endswith("gone") else b"<html></html>")

    async with party(answer) as host:
        codes = [f"number:{ULID}", ULID, "number:gone", "number:page"]
        answers = await fetch(host, codes, platform="superfrete")
    assert [a.outcome for a in answers] == [Outcome.FOUND, Outcome.FOUND, Outcome.NOT_FOUND, Outcome.MALFORMED]
    assert sorted(a.path for a in host.asked) == [f"/api/v0/order/info/{x}" for x in (ULID, "gone", "page")]
    assert {a.method for a in host.asked} == {"GET"}


class _Kept:
    """The house's token store: it keeps what is given, and asks once for what is stale."""

    def __init__(self) -> None:
        self.tokens: Tokens | None = None

    async def __call__(self, stale: str, ask: TokenRequest) -> Tokens | NoTokens:
        if self.tokens is None or self.tokens.access == stale:
            given = await ask(self.tokens.refresh if self.tokens else "first")
            if isinstance(given, NoTokens):
                return given
            self.tokens = given
        return self.tokens


async def test_tokens_are_renewed_through_the_house_and_a_refused_one_once() -> None:
    valid = {"a2"}

    def answer(asked: Asked) -> Reply:
        if asked.path == "/oauth/token":
            form = parse_qs(asked.body.decode())
            number = {"first": 1, "r1": 2}[form["refresh_token"][0]]
            assert (form["grant_type"], form["client_id"], form["client_secret"]) == (["refresh_token"], ["7"], ["s"])
            given = {"access_token": f"a{number}", "refresh_token": f"r{number}", "expires_in": 2592000}
            return Reply(body=json.dumps(given).encode())
        return found_all(asked) if asked.headers["authorization"][7:] in valid else Reply(401)

    async with party(answer) as host:
        given = {"base_url": host.url, "client_id": "7", "client_secret": "s", "refresh_token": "first"}
        kept = _Kept()
        session = CONNECTOR.open(AccountRef(1, 1, "melhor_envio", "x", given, keep=kept), lambda: NOW)
        assert (await session.fetch([f"number:{A}"]))[0].outcome is Outcome.FOUND
        assert kept.tokens is not None
        assert (kept.tokens.access, kept.tokens.refresh) == ("a2", "r2")
        assert kept.tokens.expires_at == NOW + timedelta(days=30)
        await session.fetch([f"number:{B}"])
        assert [a.path for a in host.asked].count("/oauth/token") == 2
        await session.close()


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (Reply(401, b'{"error":"invalid_grant"}'), Outcome.AUTH_FAILED),
        (Reply(400, b'{"error":"invalid_request"}'), Outcome.AUTH_FAILED),
        (Reply(503), Outcome.RETRY),
        (Reply(200, b"<html>"), Outcome.RETRY),
        (Reply(200, b'{"access_token":"a"}'), Outcome.RETRY),
    ],
)
async def test_without_new_tokens_nothing_is_asked(reply: Reply, outcome: Outcome) -> None:
    async with party(lambda _: reply) as host:
        answers = await fetch(host, [f"number:{A}"], token="", refresh_token="r")
    assert [a.outcome for a in answers] == [outcome]
    assert [a.path for a in host.asked] == ["/oauth/token"]


def pushed(body: bytes, signature: str, **settings: str) -> Any:
    return read_push(Push({"x-me-signature": signature}, body), {HOOK_SECRET: "s", **settings})


def mark(body: bytes, secret: str = "s") -> bytes:
    return hmac.new(secret.encode(), body, sha256).digest()


def test_a_push_is_proven_in_both_writings() -> None:
    body = json.dumps({"event": "order.posted", "data": label(A)}).encode()
    for signature in (base64.b64encode(mark(body)).decode(), mark(body).hex(), mark(body).hex().upper()):
        read = pushed(body, signature)
        assert (read.outcome, read.states_facts) == (Outcome.FOUND, True)
    for wrong in ("", mark(body, "other").hex(), mark(body + b" ").hex(), "é"):
        assert pushed(body, wrong).outcome is Outcome.AUTH_FAILED


def test_a_push_may_be_signed_with_the_secret_of_the_account() -> None:
    body = json.dumps({"event": "order.posted", "data": label(A)}).encode()
    assert pushed(body, mark(body, "app").hex(), client_secret="app").outcome is Outcome.FOUND
    assert pushed(body, mark(body, "").hex(), client_secret="", hook_secret="").outcome is Outcome.AUTH_FAILED


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"event":"order.created"}', b'{"data":{"id":null}}'])
def test_the_test_call_without_a_label_is_answered_200(body: bytes) -> None:
    assert pushed(body, mark(body).hex()).outcome is Outcome.NOT_FOUND


def test_the_states_are_the_published_ones() -> None:
    rows = list(csv.DictReader((FOLDER / "codes.csv").read_text(encoding="utf-8").splitlines()))
    assert len(rows) == 12
    for row in rows:
        (status, reason), _ = STATES[state_of(row["code"])]
        assert (str(status), str(reason or "")) == (row["status"], row["reason"])
    # Seen in answers, in no published list of pushes.
    assert set(STATES) - {state_of(row["code"]) for row in rows} == {"printed", "expired"}


def test_a_delivery_needs_a_tracking_code_an_instant_and_no_word_against_it() -> None:
    def statuses(**more: Any) -> list[Status | None]:
        given = label(A, **({"status": "delivered", "delivered_at": "2026-03-12 16:00:00"} | more))
        return [event.status for event in parse(json.dumps(given).encode())[0].events]

    assert Status.DELIVERED in statuses()
    assert Status.DELIVERED not in statuses(tracking=None)
    assert Status.DELIVERED not in statuses(tracking="")
    assert Status.DELIVERED not in statuses(status="undelivered")
    assert Status.DELIVERED not in statuses(status="anything")
    assert Status.DELIVERED not in statuses(delivered_at=None)


def test_a_doubted_delivery_is_another_event_than_a_believed_one() -> None:
    """So that the believed one is news when it comes."""
    given = label(A, "delivered", delivered_at="2026-03-12 16:00:00", tracking=None)
    doubted = parse(json.dumps(given).encode())[0]
    believed = parse(json.dumps(given | {"tracking": "AA123456785BR"}).encode())[0]
    assert doubted.unknown_codes == ("delivered_without_tracking",)
    assert {e.identity for e in doubted.events} & {
        e.identity for e in believed.events if e.code == "delivered"
    } == set()


@pytest.mark.parametrize(
    ("more", "legs"),
    [
        ({}, (NamedLeg("", "AA123456785BR"),)),
        ({"tracking": None}, ()),
        ({"melhorenvio_tracking": "AA123456785BR"}, ()),
        ({"service": {"company": {"name": "Jadlog"}}}, (NamedLeg("Jadlog", "AA123456785BR"),)),
        ({"service": "x", "carrier": "Correios"}, (NamedLeg("Correios", "AA123456785BR"),)),
    ],
)
def test_the_carrier_behind_is_a_leg(more: dict[str, Any], legs: tuple[NamedLeg, ...]) -> None:
    assert parse(json.dumps(label(A, **more)).encode())[0].legs == legs


def test_a_delivery_of_before_the_order_does_not_count() -> None:
    parsed = parse((FOLDER / "fixtures" / "delivery_older_than_the_order.json").read_bytes())[0]
    ordered = datetime(2026, 3, 9, 12, tzinfo=UTC)
    timeline = fold(parsed.events, now=ordered + timedelta(seconds=31), made_at=ordered)
    assert any(event.status is Status.DELIVERED for event in parsed.events)
    assert (timeline.snapshot.status, timeline.snapshot.delivered_at) == (Status.UNKNOWN, None)


@pytest.mark.parametrize(
    ("text", "found"),
    [(f"number:{A}", A), (A.replace("-", "").upper(), A), (ULID, ULID), ("AA123456785BR", ""), ("order:1", "")],
)
def test_what_a_labels_id_looks_like(text: str, found: str) -> None:
    assert label_id(text) == found


@pytest.mark.parametrize(
    ("courier", "is_it"),
    [
        ("Melhor Envio", True),
        ("MELHORENVIO - Jadlog", True),
        ("SuperFrete PAC", True),
        ("Melhor Transporte", False),
        ("Jadlog", False),
        ("envio melhor", False),
    ],
)
def test_how_orders_write_its_name(courier: str, is_it: bool) -> None:
    assert is_melhor_envio(courier) is is_it


def test_the_fields_of_what_is_stored_are_declared() -> None:
    """The contract watch knows them; persons' are not shown."""
    undeclared = set()
    for path in sorted((FOLDER / "fixtures").glob("*.json")):
        # A list is read, but each of its labels is stored alone.
        if not path.name.endswith(".expected.json") and not path.read_bytes().startswith(b"["):
            shape = answer_shape(path.read_bytes()) or {}
            undeclared |= {name for name in shape if name not in CONNECTOR.fields and not name.startswith(A[:8])}
    assert undeclared == set()
    hidden = {"tags", "tag", "url"}
    assert not [name for name, field in CONNECTOR.fields.items() if field.shown and name.rpartition(".")[2] in hidden]
