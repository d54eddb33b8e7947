"""In: a party on loopback that issues tokens; out: what is asked of it, and what its failures mean."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from paradeiro.domain.words import Outcome
from paradeiro.sdk.carriers.asking import TokenCall, TokenClient, encoded_form, failure_answers
from paradeiro.sdk.contract import AccountRef
from paradeiro.sdk.http import HttpAnswer, HttpFailure, new_client
from paradeiro.sdk.tokens import NoTokens, TokenRequest, Tokens
from tests.connectors.parties import Asked, Party, Reply, party

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
SECRET = "s3cret-of-the-shop"
CALL = TokenCall("/token", {"X-Key": SECRET}, encoded_form(grant_type="client_credentials", client_secret=SECRET))


def token(name: str = "t1", **more: object) -> Reply:
    return Reply(body=json.dumps({"access_token": name, "expires_in": "14399", **more}).encode())


def client_of(host: Party, keep: Callable[..., object] | None = None) -> TokenClient:
    account = AccountRef(1, 1, "x", "X", {}, keep=keep)  # type: ignore[arg-type] # a test's store
    return TokenClient(new_client(host.url), account, lambda: NOW, CALL)


async def test_one_token_serves_many_requests() -> None:
    async with party(lambda asked: token() if asked.path == "/token" else Reply(body=b"{}")) as host:
        client = client_of(host)
        for _ in range(3):
            assert isinstance(await client.ask("GET", "/x"), HttpAnswer)
        await client.close()
    assert [asked.path for asked in host.asked] == ["/token", "/x", "/x", "/x"]
    assert host.asked[0].body == b"grant_type=client_credentials&client_secret=s3cret-of-the-shop"
    assert host.asked[1].headers["authorization"] == "Bearer t1"


async def test_the_token_may_have_another_name() -> None:
    replies = {"/token": Reply(body=b'{"token": "t9", "expires": "2026-11-26 14:30:00"}')}
    async with party(lambda asked: replies.get(asked.path, Reply(body=b"{}"))) as host:
        client = TokenClient(
            new_client(host.url), AccountRef(1, 1, "x", "X", {}), lambda: NOW, replace(CALL, named="token")
        )
        await client.ask("GET", "/x")
        await client.close()
    assert host.asked[1].headers["authorization"] == "Bearer t9"


async def test_a_refused_token_is_renewed_once() -> None:
    given = iter(["t1", "t2"])

    def answer(asked: Asked) -> Reply:
        if asked.path == "/token":
            return token(next(given))
        return Reply(body=b"{}") if asked.headers["authorization"] == "Bearer t2" else Reply(401)

    async with party(answer) as host:
        client = client_of(host)
        told = await client.ask("GET", "/x")
        await client.close()
    assert isinstance(told, HttpAnswer)
    assert (told.status, len(host.asked)) == (200, 4)


async def test_a_token_refused_twice_is_the_partys_word() -> None:
    async with party(lambda asked: token() if asked.path == "/token" else Reply(401)) as host:
        client = client_of(host)
        told = await client.ask("GET", "/x")
        await client.close()
    answers = failure_answers(["A", "B"], told)
    assert answers is not None
    assert [(a.tracking_code, a.outcome) for a in answers] == [("A", Outcome.AUTH_FAILED), ("B", Outcome.AUTH_FAILED)]
    assert len(host.asked) == 4


async def test_the_houses_store_is_asked_with_the_stale_token() -> None:
    stales: list[str] = []

    async def keep(stale: str, ask: TokenRequest) -> Tokens | NoTokens:
        stales.append(stale)
        return await ask("") if stale else Tokens("old", "", NOW + timedelta(hours=1))

    def answer(asked: Asked) -> Reply:
        if asked.path == "/token":
            return token("new")
        return Reply(401) if asked.headers["authorization"] == "Bearer old" else Reply(body=b"{}")

    async with party(answer) as host:
        client = client_of(host, keep)
        told = await client.ask("GET", "/x")
        await client.close()
    assert isinstance(told, HttpAnswer)
    assert (told.status, stales) == (200, ["", "old"])


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (Reply(401, b'{"error": "invalid_client"}'), Outcome.AUTH_FAILED),
        (Reply(400, b'{"error": "invalid_client"}'), Outcome.AUTH_FAILED),
        (Reply(429), Outcome.RETRY),
        (Reply(503), Outcome.RETRY),
        (Reply(404), Outcome.RETRY),
        (Reply(body=b"<html>"), Outcome.RETRY),
        (Reply(body=b"{}"), Outcome.RETRY),
        (Reply(body='{"access_token": "é"}'.encode()), Outcome.RETRY),
        (None, Outcome.RETRY),
    ],
    ids=repr,
)
async def test_no_token_says_why(reply: Reply | None, outcome: Outcome) -> None:
    async with party(lambda _: reply) as host:
        client = client_of(host)
        told = await client.ask("GET", "/x")
        await client.close()
    assert isinstance(told, NoTokens)
    assert told.outcome is outcome
    assert SECRET not in f"{told!r} {CALL!r} {client!r}"


@pytest.mark.parametrize(
    ("expires_in", "seconds"), [("14399", 14399), (3599, 3599), (1, 60), (10**20, 3600), (None, 3600), ("soon", 3600)]
)
async def test_the_life_of_a_token(expires_in: object, seconds: int) -> None:
    lives: list[datetime] = []

    async def keep(_: str, ask: TokenRequest) -> Tokens | NoTokens:
        given = await ask("")
        assert isinstance(given, Tokens)
        lives.append(given.expires_at)
        return given

    async with party(lambda asked: token(expires_in=expires_in) if asked.path == "/token" else Reply()) as host:
        client = client_of(host, keep)
        await client.ask("GET", "/x")
        await client.close()
    assert lives == [NOW + timedelta(seconds=seconds)]


@pytest.mark.parametrize(
    ("told", "outcome"),
    [
        (HttpFailure("broke", in_doubt=True), Outcome.RETRY),
        (HttpAnswer(404, {}, b"{}"), Outcome.MALFORMED),
        (HttpAnswer(200, {}, b"<html>"), Outcome.MALFORMED),
        (HttpAnswer(302, {}, b""), Outcome.MALFORMED),
        (HttpAnswer(500, {}, b""), Outcome.RETRY),
        (HttpAnswer(403, {}, b""), Outcome.AUTH_FAILED),
    ],
    ids=repr,
)
def test_the_failure_of_a_whole_request(told: HttpAnswer | HttpFailure, outcome: Outcome) -> None:
    answers = failure_answers(["A"], told)
    assert answers is not None
    assert answers[0].outcome is outcome


def test_a_pause_that_the_party_names_is_kept() -> None:
    answers = failure_answers(["A"], HttpAnswer(429, {"retry-after": "7"}, b""))
    assert answers is not None
    assert answers[0].retry_after == 7.0
    assert failure_answers(["A"], HttpAnswer(200, {}, b"{}")) is None
