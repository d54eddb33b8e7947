"""In: saved answers of Correo Argentino and a party that speaks like it; out: what is asked, and what is read."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from paradeiro.connectors.correo_argentino import CONNECTOR
from paradeiro.connectors.correo_argentino.codes import TABLE, meaning_of
from paradeiro.connectors.correo_argentino.parse import parse
from paradeiro.domain.following.timeline import fold
from paradeiro.domain.words import NoticeKind, Outcome, Reason, Status
from paradeiro.sdk.conformance.subject import folder_of
from paradeiro.sdk.contract import AccountRef, Answer
from tests.connectors.parties import Asked, Party, Reply, party

FOLDER: Path = folder_of(CONNECTOR)
NOW = datetime(2026, 12, 1, tzinfo=UTC)
NUMBER = "000500000000000A001C501"
JSON = {"Content-Type": "application/json"}


def saved(name: str) -> bytes:
    return next(p for p in (FOLDER / "fixtures").glob(f"{name}.*") if ".expected" not in p.name).read_bytes()


def with_login(answer: Callable[[Asked], Reply]) -> Callable[[Asked], Reply]:
    """The login gives tok-1, tok-2 …"""
    given: list[str] = []

    def act(asked: Asked) -> Reply:
        if asked.path != "/token":
            return answer(asked)
        given.append(f"tok-{len(given) + 1}")
        return Reply(200, json.dumps({"token": given[-1], "expires": "2026-12-01 02:30:00"}).encode(), JSON)

    return act


async def fetch(host: Party, *codes: str) -> list[Answer]:
    account = AccountRef(1, 1, "correo_argentino", "x", {"user": "ana", "password": "s", "base_url": host.url})
    session = CONNECTOR.open(account, lambda: NOW)
    answers: list[Answer] = await session.fetch(codes or (NUMBER,))
    await session.close()
    return answers


async def test_it_is_asked_with_the_logins_token_and_the_number_in_the_body() -> None:
    async with party(with_login(lambda _: Reply(body=saved("delivered"), headers=JSON))) as host:
        answers = await fetch(host, NUMBER, 'a"b')
    assert [(a.tracking_code, a.outcome, a.body) for a in answers] == [
        (NUMBER, Outcome.FOUND, saved("delivered")),
        ('a"b', Outcome.FOUND, saved("delivered")),
    ]
    login, first, second = host.asked
    assert (login.method, login.headers["authorization"]) == ("POST", "Basic YW5hOnM=")
    assert {(a.method, a.path) for a in (first, second)} == {("GET", "/shipping/tracking")}
    assert [json.loads(a.body) for a in (first, second)] == [{"shippingId": NUMBER}, {"shippingId": 'a"b'}]
    assert {a.headers["authorization"] for a in (first, second)} == {"Bearer tok-1"}
    assert first.headers["content-type"] == "application/json"


async def test_a_refused_token_is_renewed_once() -> None:
    def answer(asked: Asked) -> Reply:
        new = asked.headers["authorization"] == "Bearer tok-2"
        return Reply(body=saved("delivered"), headers=JSON) if new else Reply(401)

    async with party(with_login(answer)) as host:
        assert (await fetch(host))[0].outcome is Outcome.FOUND
    async with party(with_login(lambda _: Reply(401))) as host:
        assert (await fetch(host))[0].outcome is Outcome.AUTH_FAILED
    assert [asked.path for asked in host.asked].count("/token") == 2


PAGE = {"Content-Type": "text/html"}
REPLIES: dict[str, tuple[Reply, Outcome]] = {
    "not known yet": (Reply(200, saved("not_found"), JSON), Outcome.NOT_FOUND),
    "no events yet": (Reply(200, saved("no_events"), JSON), Outcome.NOT_FOUND),
    "an empty list": (Reply(200, b"[]", JSON), Outcome.NOT_FOUND),
    "another error is kept and reported": (Reply(200, saved("other_error"), JSON), Outcome.FOUND),
    "an empty object is kept and reported": (Reply(200, b"{}", JSON), Outcome.FOUND),
    "a web page with 404": (Reply(404, b"<html></html>", PAGE), Outcome.MALFORMED),
    "a web page with 200": (Reply(200, b"<html></html>", PAGE), Outcome.MALFORMED),
    "no such address": (Reply(404, b'{"code": "404", "message": "Resource not found"}', JSON), Outcome.MALFORMED),
    "a failed request": (Reply(402, b'{"code": "402", "message": "Error..."}', JSON), Outcome.MALFORMED),
    "forbidden": (Reply(403), Outcome.AUTH_FAILED),
    "too many": (Reply(429, headers={"Retry-After": "900"}), Outcome.RETRY),
    "their failure": (Reply(503), Outcome.RETRY),
}


@pytest.mark.parametrize(("reply", "outcome"), REPLIES.values(), ids=REPLIES)
async def test_what_else_it_says(reply: Reply, outcome: Outcome) -> None:
    async with party(with_login(lambda _: reply)) as host:
        answer = (await fetch(host))[0]
    assert answer.outcome is outcome
    assert answer.retry_after == (900.0 if reply.status == 429 else None)


@pytest.mark.parametrize(
    ("login", "outcome"),
    [
        (Reply(401, b'{"code": "401", "message": "Unauthorized"}', JSON), Outcome.AUTH_FAILED),
        (Reply(503), Outcome.RETRY),
        (Reply(200, b"{}", JSON), Outcome.RETRY),
        (Reply(200, b'{"token": " "}', JSON), Outcome.RETRY),
    ],
)
async def test_a_login_that_gives_no_token(login: Reply, outcome: Outcome) -> None:
    async with party(lambda _: login) as host:
        assert (await fetch(host))[0].outcome is outcome
    assert {asked.path for asked in host.asked} == {"/token"}


def test_only_one_pair_of_words_delivers_and_nothing_ends_a_return() -> None:
    assert len(TABLE) == 16
    ends = [code for code, (status, _) in TABLE.items() if status is not None and status.final]
    assert ends == ["INTENTO DE ENTREGA/ENTREGADO"]


@pytest.mark.parametrize(
    ("event", "outcome", "status", "reason"),
    [
        ("INTENTO DE ENTREGA", "ENTREGADO", Status.DELIVERED, None),
        ("intento de  entrega", " Entregado", Status.DELIVERED, None),
        ("INTENTO DE ENTREGA", "ENTREGA EN SUCURSAL", Status.UNKNOWN, None),
        ("INTENTO DE ENTREGA", "NO ENTREGADO", Status.UNKNOWN, None),
        ("INTENTO DE ENTREGA", "", Status.UNKNOWN, None),
        ("ENTREGADO", "", Status.UNKNOWN, None),
        ("", "ENTREGADO", Status.UNKNOWN, None),
        ("EN PROCESO DE CLASIFICACIÓN", "ENTREGADO", Status.UNKNOWN, None),
        ("REPESAJE", "", None, None),
        ("CADUCA", "", Status.UNKNOWN, None),
        ("INTENTO DE ENTREGA", "DOMICILIO CERRADO/1 VISITA", Status.ATTEMPT_FAILED, Reason.RECIPIENT_ABSENT),
        ("", "", Status.UNKNOWN, None),
    ],
)
def test_the_whole_words_decide(event: str, outcome: str, status: Status | None, reason: Reason | None) -> None:
    assert meaning_of(event, outcome)[1] == (status, reason)


def test_nobodys_signature_is_read() -> None:
    assert b"FULANO" in saved("signed_by_somebody")
    assert "FULANO" not in repr(parse(saved("signed_by_somebody")))


def test_a_delivery_after_a_return_began_is_told_to_a_person() -> None:
    (answer,) = parse(saved("return_that_says_delivered"))
    assert "INTENTO DE ENTREGA/ENTREGADO" in answer.unknown_codes


def test_two_events_of_one_minute_are_sorted_by_progress() -> None:
    timeline = fold(parse(saved("waiting_at_a_branch"))[0].events, now=NOW)
    assert timeline.snapshot.status is Status.AVAILABLE_FOR_PICKUP


def test_the_delivery_of_an_earlier_use_of_the_number_does_not_count() -> None:
    made_at = datetime(2026, 4, 27, 12, 0, tzinfo=UTC)
    timeline = fold(parse(saved("number_used_again"))[0].events, now=NOW, made_at=made_at)
    assert not timeline.snapshot.delivered
    assert NoticeKind.IMPLAUSIBLE_EVENT in [doubt.kind for doubt in timeline.doubts]


@pytest.mark.parametrize(
    ("courier", "known"),
    [
        ("Correo Argentino", True),
        ("CORREO ARGENTINO - Envío a sucursal", True),
        ("Correo Argentino Clásico", True),
        ("MiCorreo", True),
        ("Paq.ar expreso", True),
        ("Correo Argentino via Zippin", False),
        ("Correo", False),
        ("Correo Andreani", False),
        ("", False),
    ],
)
def test_the_names_that_shops_write(courier: str, *, known: bool) -> None:
    assert CONNECTOR.recognises_courier is not None
    assert CONNECTOR.recognises_courier(courier) is known
