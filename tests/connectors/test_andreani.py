"""In: saved answers of Andreani and a party that speaks like it; out: what is asked, and what is read."""

import csv
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from paradeiro.connectors.andreani import CONNECTOR
from paradeiro.connectors.andreani.codes import TABLE, meaning_of
from paradeiro.connectors.andreani.parse import parse
from paradeiro.domain.following.timeline import fold
from paradeiro.domain.words import NoticeKind, Outcome, Reason, Status
from paradeiro.sdk.conformance.subject import folder_of
from paradeiro.sdk.contract import AccountRef, Answer
from tests.connectors.parties import Asked, Party, Reply, party

FOLDER: Path = folder_of(CONNECTOR)
NOW = datetime(2026, 12, 1, tzinfo=UTC)
NUMBER = "360000102000579"
JSON = {"Content-Type": "application/json"}


def saved(name: str) -> bytes:
    return next(p for p in (FOLDER / "fixtures").glob(f"{name}.*") if ".expected" not in p.name).read_bytes()


def with_login(answer: Callable[[Asked], Reply], *, in_body: bool = False) -> Callable[[Asked], Reply]:
    """The login gives tok-1, tok-2 …; in the header, or in the body."""
    given: list[str] = []

    def act(asked: Asked) -> Reply:
        if asked.path != "/login":
            return answer(asked)
        given.append(f"tok-{len(given) + 1}")
        return Reply(
            body=f'{{"token": "{given[-1]}"}}'.encode() if in_body else b"", headers=_header(given[-1], in_body)
        )

    return act


def _header(token: str, in_body: bool) -> dict[str, str]:
    return JSON if in_body else {"X-Authorization-Token": token}


async def fetch(host: Party, *codes: str) -> list[Answer]:
    account = AccountRef(1, 1, "andreani", "x", {"user": "ana", "password": "s", "base_url": host.url})
    session = CONNECTOR.open(account, lambda: NOW)
    answers: list[Answer] = await session.fetch(codes or (NUMBER,))
    await session.close()
    return answers


@pytest.mark.parametrize("in_body", [False, True])
async def test_it_is_asked_with_the_logins_token(in_body: bool) -> None:
    traces = with_login(lambda _: Reply(body=saved("delivered"), headers=JSON), in_body=in_body)
    async with party(traces) as host:
        answers = await fetch(host, NUMBER, "a/b")
    assert [(a.tracking_code, a.outcome, a.body) for a in answers] == [
        (NUMBER, Outcome.FOUND, saved("delivered")),
        ("a/b", Outcome.FOUND, saved("delivered")),
    ]
    login, first, second = host.asked
    assert login.headers["authorization"] == "Basic YW5hOnM="
    assert (first.path, second.path) == (f"/v2/envios/{NUMBER}/trazas", "/v2/envios/a%2Fb/trazas")
    assert {first.headers["x-authorization-token"], second.headers["x-authorization-token"]} == {"tok-1"}


async def test_a_refused_token_is_renewed_once() -> None:
    def answer(asked: Asked) -> Reply:
        new = asked.headers["x-authorization-token"] == "tok-2"
        return Reply(body=saved("delivered"), headers=JSON) if new else Reply(401)

    async with party(with_login(answer)) as host:
        assert (await fetch(host))[0].outcome is Outcome.FOUND
    async with party(with_login(lambda _: Reply(401))) as host:
        assert (await fetch(host))[0].outcome is Outcome.AUTH_FAILED
    assert [asked.path for asked in host.asked].count("/login") == 2


REPLIES: dict[str, tuple[Reply, Outcome]] = {
    "not admitted yet": (Reply(404, b'{"title": "Not Found", "status": 404}', JSON), Outcome.NOT_FOUND),
    "no traces yet": (Reply(200, b'{"eventos": []}', JSON), Outcome.NOT_FOUND),
    "a web page with 404": (Reply(404, b"<html></html>", {"Content-Type": "text/html"}), Outcome.MALFORMED),
    "a web page with 200": (Reply(200, b"<html></html>", {"Content-Type": "text/html"}), Outcome.MALFORMED),
    "an empty object is kept and reported": (Reply(200, b"{}", JSON), Outcome.FOUND),
    "a bad request": (Reply(400, b'{"status": 400, "detail": "no"}', JSON), Outcome.MALFORMED),
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
    [(Reply(401), Outcome.AUTH_FAILED), (Reply(503), Outcome.RETRY), (Reply(200, b"{}", JSON), Outcome.RETRY)],
)
async def test_a_login_that_gives_no_token(login: Reply, outcome: Outcome) -> None:
    async with party(lambda _: login) as host:
        assert (await fetch(host))[0].outcome is outcome
    assert {asked.path for asked in host.asked} == {"/login"}


def test_only_one_word_delivers() -> None:
    rows = {row["code"] for row in csv.DictReader((FOLDER / "codes.csv").read_text(encoding="utf-8").splitlines())}
    assert rows == set(TABLE)
    assert len(rows) == 14
    assert [code for code, (status, _) in TABLE.items() if status is Status.DELIVERED] == ["ENTREGADO"]
    assert [code for code, (status, _) in TABLE.items() if status is None] == ["RENDICION", "INDEFINIDO"]


@pytest.mark.parametrize(
    ("trace", "status", "reason"),
    [
        (("Entregado", "", "", ""), Status.DELIVERED, None),
        (("ENTREGADO", "9", "", "distribution"), Status.DELIVERED, None),
        (("Entregado", "6", "", ""), Status.UNKNOWN, None),
        (("Entregado", "", "", "Reverse"), Status.UNKNOWN, None),
        (("Entregado a otra sucursal", "", "", ""), Status.UNKNOWN, None),
        (("No entregado", "", "", ""), Status.ATTEMPT_FAILED, None),
        (("Rendición", "", "", ""), None, None),
        (("En distribución", "6", "", ""), Status.OUT_FOR_DELIVERY, None),
        (("Visita", "11", "36", ""), Status.ATTEMPT_FAILED, Reason.RECIPIENT_ABSENT),
        (("Visita", "11", "", ""), Status.UNKNOWN, None),
        (("", "", "", ""), Status.UNKNOWN, None),
    ],
)
def test_the_whole_words_decide(trace: tuple[str, str, str, str], status: Status | None, reason: Reason | None) -> None:
    assert meaning_of(*trace)[1] == (status, reason)


def test_the_paper_that_goes_back_does_not_move_the_delivery() -> None:
    timeline = fold(parse(saved("paper_days_after_the_delivery"))[0].events, now=NOW)
    assert timeline.snapshot.delivered_at == datetime(2026, 3, 12, 17, 2, 31, tzinfo=UTC)


def test_nobodys_name_is_read() -> None:
    assert b"FULANO" in saved("agreed_day_with_a_comment")
    assert "FULANO" not in repr(parse(saved("agreed_day_with_a_comment")))


@pytest.mark.parametrize(
    ("name", "made_at"),
    [
        ("delivered_31_seconds_after_the_order", datetime(2026, 3, 20, tzinfo=UTC)),
        ("number_used_again", datetime(2026, 3, 9, 12, 0, tzinfo=UTC)),
    ],
)
def test_a_delivery_of_another_shipment_does_not_count(name: str, made_at: datetime) -> None:
    timeline = fold(parse(saved(name))[0].events, now=NOW, made_at=made_at)
    assert not timeline.snapshot.delivered
    assert NoticeKind.IMPLAUSIBLE_EVENT in [doubt.kind for doubt in timeline.doubts]


@pytest.mark.parametrize(
    ("courier", "known"),
    [
        ("Andreani", True),
        ("ANDREANI - Envío a domicilio", True),
        ("Correo Andreani", True),
        ("Andreani via Zippin", False),
        ("Correo Argentino", False),
        ("", False),
    ],
)
def test_the_names_that_shops_write(courier: str, *, known: bool) -> None:
    assert CONNECTOR.recognises_courier is not None
    assert CONNECTOR.recognises_courier(courier) is known
