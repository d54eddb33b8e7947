"""In: a Correios on loopback with every kind of answer; out: the session's results: one outcome per code."""

import asyncio
import base64
import json
from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise

import pytest

from paradeiro.connectors.correios import token
from paradeiro.connectors.correios.parse import parse
from paradeiro.domain.words import Outcome
from paradeiro.sdk.contract import Answer
from tests.connectors.gateway import (
    ENVELOPE,
    GTW_008,
    HTML,
    NOW,
    SECRET,
    A,
    Asked,
    B,
    C,
    Correios,
    Reply,
    all_found,
    found_object,
    make_reply,
    open_to,
)


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(token, "_PAUSE_SECONDS", 0.0)


async def fetch_answers(host: Correios, codes: Sequence[str] = (A, B), **more: str) -> list[Answer]:
    """The answers about codes; none of them may show a secret."""
    async with open_to(host, **more) as session:
        answers: list[Answer] = await session.fetch(codes)
        assert SECRET not in f"{session!r}{answers!r}"
    assert [answer.tracking_code for answer in answers] == list(codes)
    return answers


def outcomes(answers: Sequence[Answer]) -> list[Outcome]:
    return [answer.outcome for answer in answers]


# The request


async def test_what_is_asked() -> None:
    host = Correios()
    assert outcomes(await fetch_answers(host, (A, B, C))) == [Outcome.FOUND] * 3
    (asked,) = host.questions
    assert asked.path == "/srorastro/v1/objetos"
    assert asked.query == [("codigosObjetos", A), ("codigosObjetos", B), ("codigosObjetos", C), ("resultado", "T")]
    assert asked.headers["accept-language"] == "pt-BR"
    assert asked.headers["accept"] == "application/json"
    assert asked.headers["authorization"] == "Bearer t1"


async def test_answers_come_in_the_order_asked_each_with_its_own_bytes() -> None:
    raw = [json.dumps(found_object(code), indent=3).encode() for code in (B, A)]
    host = Correios(lambda _: Reply(200, b'{"objetos": [' + b" , ".join(raw) + b"]}"))
    answers = await fetch_answers(host, (A, B, A))
    assert [answer.body for answer in answers] == [raw[1], raw[0], raw[1]]
    assert [parse(answer.body)[0].tracking_code for answer in answers] == [A, B, A]
    assert host.questions[0].codes == [A, B]


async def test_nothing_asked_is_nothing_answered() -> None:
    host = Correios()
    assert await fetch_answers(host, ()) == []
    assert host.asked == []


# The token


@pytest.mark.parametrize(
    ("more", "path", "body"),
    [
        ({}, "/token/v1/autentica/cartaopostagem", {"numero": "0099999999"}),
        ({"dr": "36"}, "/token/v1/autentica/cartaopostagem", {"numero": "0099999999", "dr": 36}),
        ({"dr": "²"}, "/token/v1/autentica/cartaopostagem", {"numero": "0099999999"}),
        ({"posting_card": "", "contract": "99"}, "/token/v1/autentica/contrato", {"numero": "99"}),
        ({"posting_card": ""}, "/token/v1/autentica", None),
    ],
)
async def test_how_a_token_is_asked_for(more: dict[str, str], path: str, body: object) -> None:
    host = Correios()
    await fetch_answers(host, **more)
    (login,) = host.logins
    assert login.path == path
    assert (json.loads(login.body) if login.body else None) == body
    assert base64.b64decode(login.headers["authorization"].removeprefix("Basic ")).decode() == f"loja:{SECRET}"


async def test_a_token_is_used_until_half_an_hour_before_its_end_in_its_own_zone() -> None:
    host = Correios()
    async with open_to(host) as session:
        for minutes, logins in [(0, 1), (60, 1), (23 * 60 + 29, 1), (23 * 60 + 31, 2), (23 * 60 + 40, 2)]:
            host.clock = NOW + timedelta(minutes=minutes)
            assert outcomes(await session.fetch((A,))) == [Outcome.FOUND]
            assert len(host.logins) == logins, minutes
    assert [asked.headers["authorization"] for asked in host.questions][-1] == "Bearer t2"


async def test_an_end_without_its_offset_is_brasilias() -> None:
    host = Correios(zone=None)
    async with open_to(host) as session:
        await session.fetch((A,))
        host.clock = NOW + timedelta(hours=23, minutes=29)
        await session.fetch((A,))
        assert len(host.logins) == 1
        host.clock = NOW + timedelta(hours=23, minutes=31)
        await session.fetch((A,))
        assert len(host.logins) == 2


@pytest.mark.parametrize("end", [None, "", "amanhã", "0001-01-01T00:00:00", "2026-03-11T12:00:00-03:00"])
async def test_an_end_that_cannot_be_read_makes_a_token_none_the_worse(end: str | None) -> None:
    host = Correios(token_answer=lambda _: make_reply(201, {"token": "t1", "expiraEm": end}))
    assert outcomes(await fetch_answers(host)) == [Outcome.FOUND] * 2


async def test_many_questions_at_once_ask_for_one_token() -> None:
    host = Correios()
    async with open_to(host) as session:
        answers = await asyncio.gather(*(session.fetch((A,)) for _ in range(12)))
    assert [answer.outcome for (answer,) in answers] == [Outcome.FOUND] * 12
    assert (len(host.logins), len(host.questions)) == (1, 12)


async def test_wrong_credentials_are_tried_once_for_all_who_wait() -> None:
    host = Correios(token_answer=lambda _: make_reply(401, {"msgs": ["PSW-001"]}))
    async with open_to(host) as session:
        answers = await asyncio.gather(*(session.fetch((A,)) for _ in range(12)))
        assert {answer.outcome for (answer,) in answers} == {Outcome.AUTH_FAILED}
        assert len(host.logins) == 1
        await session.fetch((A,))
        assert len(host.logins) == 2
    assert host.questions == []


@pytest.mark.parametrize(
    "refusal",
    [
        make_reply(401, ENVELOPE),
        Reply(401),
        *(make_reply(status, {"msgs": [GTW_008]}) for status in (403, 400, 200, 500)),
    ],
    ids=["401", "401 empty", *(f"GTW-008 by {status}" for status in (403, 400, 200, 500))],
)
async def test_a_stale_token_is_renewed_once(refusal: Reply) -> None:
    host = Correios(refusal=refusal, stale={"t1"})
    assert outcomes(await fetch_answers(host)) == [Outcome.FOUND] * 2
    assert (len(host.logins), len(host.questions)) == (2, 2)

    host = Correios(refusal=refusal, stale={"t1", "t2", "t3"})
    answers = await fetch_answers(host)
    assert outcomes(answers) == [Outcome.AUTH_FAILED] * 2
    assert answers[0].http_status == refusal.status
    assert (len(host.logins), len(host.questions)) == (2, 2)


async def test_tokens_are_asked_for_with_a_pause_between(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(token, "_PAUSE_SECONDS", 0.05)
    loop = asyncio.get_running_loop()
    times: list[float] = []

    def refuse(_: Asked) -> Reply:
        times.append(loop.time())
        return Reply(503)

    async with open_to(Correios(token_answer=refuse)) as session:
        for _ in range(4):
            await session.fetch((A,))
    # Counted where they arrive: a slow first connection must not bring two of them closer together.
    assert all(later - sooner >= 0.05 for sooner, later in pairwise(times))
    assert len(times) == 4


async def test_many_refusals_of_one_token_renew_it_once() -> None:
    host = Correios(stale={"t1"})
    async with open_to(host) as session:
        answers = await asyncio.gather(*(session.fetch((A,)) for _ in range(8)))
    assert {answer.outcome for (answer,) in answers} == {Outcome.FOUND}
    assert len(host.logins) == 2


async def test_an_api_that_the_contract_lacks_is_no_matter_of_tokens() -> None:
    host = Correios(lambda _: make_reply(403, {"msgs": ["API não liberada para o contrato"]}))
    answers = await fetch_answers(host)
    assert outcomes(answers) == [Outcome.AUTH_FAILED] * 2
    assert "API não liberada" in answers[0].message
    assert (len(host.logins), len(host.questions)) == (1, 1)


async def test_a_ready_made_key_needs_no_token() -> None:
    key = "cws-ch1" + "_abc"
    host = Correios()
    assert outcomes(await fetch_answers(host, api_key=key)) == [Outcome.FOUND] * 2
    assert (len(host.logins), host.questions[0].headers["authorization"]) == (0, f"Bearer {key}")

    host = Correios(stale={key})
    answers = await fetch_answers(host, api_key=key)
    assert outcomes(answers) == [Outcome.AUTH_FAILED] * 2
    assert key not in repr(answers)
    assert (len(host.logins), len(host.questions)) == (0, 1)


@pytest.mark.parametrize("key", ["abc\u200b", "abc\n", "a b", "chavé"])
async def test_a_key_pasted_with_more_than_the_key_is_said_so(key: str) -> None:
    host = Correios()
    answers = await fetch_answers(host, api_key=key)
    assert outcomes(answers) == [Outcome.AUTH_FAILED] * 2
    assert key not in repr(answers)
    assert host.asked == []


@pytest.mark.parametrize(
    ("reply", "outcome", "retry"),
    [
        (make_reply(400, {"msgs": ["CAR-002"]}), Outcome.AUTH_FAILED, None),
        (make_reply(401, {}), Outcome.AUTH_FAILED, None),
        (Reply(403), Outcome.AUTH_FAILED, None),
        (Reply(302, HTML, "Location: http://127.0.0.1:9/\r\n"), Outcome.MALFORMED, None),
        (Reply(404, HTML), Outcome.MALFORMED, None),
        (Reply(429, headers="Retry-After: 7\r\n"), Outcome.RETRY, 7.0),
        (Reply(503, HTML), Outcome.RETRY, None),
        (Reply(200, HTML), Outcome.RETRY, None),
        (Reply(201), Outcome.RETRY, None),
        (make_reply(201, {"token": None}), Outcome.RETRY, None),
        (make_reply(201, {"token": ""}), Outcome.RETRY, None),
        (make_reply(201, {"token": "não\n"}), Outcome.RETRY, None),
        (make_reply(201, []), Outcome.RETRY, None),
        (Reply(201, b"\xff\xfe"), Outcome.RETRY, None),
        (None, Outcome.RETRY, None),
    ],
)
async def test_no_token_is_an_outcome_for_every_code(
    reply: Reply | None, outcome: Outcome, retry: float | None
) -> None:
    host = Correios(token_answer=lambda _: reply)
    answers = await fetch_answers(host)
    assert outcomes(answers) == [outcome] * 2
    assert {answer.retry_after for answer in answers} == {retry}
    assert all("token" in answer.message for answer in answers)
    if reply is not None and outcome is Outcome.MALFORMED:
        assert {(answer.http_status, answer.body) for answer in answers} == {(reply.status, reply.body)}
    assert host.questions == []


@pytest.mark.parametrize("missing", ["user", "access_code"])
async def test_an_account_without_credentials_asks_nothing(missing: str) -> None:
    host = Correios()
    answers = await fetch_answers(host, **{missing: ""})
    assert outcomes(answers) == [Outcome.AUTH_FAILED] * 2
    assert "access code" in answers[0].message
    assert host.asked == []


# Batches that are refused


async def test_a_refused_batch_is_halved_until_the_bad_code_stands_alone() -> None:
    codes = [f"AA{number:09}BR" for number in range(50)]
    bad = codes[37]

    def answer(asked: Asked) -> Reply:
        return make_reply(400, {"msgs": ["SRO-019: Objeto inválido"]}) if bad in asked.codes else all_found(asked)

    host = Correios(answer)
    answers = {a.tracking_code: a for a in await fetch_answers(host, codes)}
    assert [code for code, a in answers.items() if a.outcome is not Outcome.FOUND] == [bad]
    assert (answers[bad].outcome, answers[bad].http_status) == (Outcome.REFUSED, 400)
    assert "SRO-019" in answers[bad].message
    assert len(host.questions) <= 13


async def test_a_batch_of_which_every_code_is_refused_blames_the_interface() -> None:
    host = Correios(lambda _: make_reply(400, {"msgs": ["SRO-777: parâmetro desconhecido"]}))
    answers = await fetch_answers(host, (A, B, C))
    assert outcomes(answers) == [Outcome.MALFORMED] * 3
    assert "SRO-777" in answers[0].message
    assert outcomes(await fetch_answers(host, (A,))) == [Outcome.REFUSED]

    host = Correios(lambda _: make_reply(400, {"msgs": ["SRO-019: Objeto inválido"]}))
    assert outcomes(await fetch_answers(host, (A, B))) == [Outcome.REFUSED] * 2


async def test_the_language_is_no_fault_of_a_code() -> None:
    host = Correios(lambda _: make_reply(400, {"msgs": ["SRO-018: Permitido apenas os valores pt-BR"]}))
    answers = await fetch_answers(host)
    assert len(host.questions) == 1
    assert outcomes(answers) == [Outcome.MALFORMED] * 2
    assert "SRO-018" in answers[0].message


async def test_a_fault_while_halving_concerns_only_its_half() -> None:
    def answer(asked: Asked) -> Reply:
        if len(asked.codes) > 1:
            return Reply(400)
        return Reply(429) if asked.codes == [B] else all_found(asked)

    assert outcomes(await fetch_answers(Correios(answer))) == [Outcome.FOUND, Outcome.RETRY]


async def test_a_rate_limit_while_halving_makes_no_code_a_wrong_one() -> None:
    def answer(asked: Asked) -> Reply:
        return Reply(429) if asked.codes == [B] else make_reply(400, {"msgs": ["SRO-777: parâmetro desconhecido"]})

    assert outcomes(await fetch_answers(Correios(answer), (A, B, C))) == [
        Outcome.MALFORMED,
        Outcome.RETRY,
        Outcome.MALFORMED,
    ]


async def test_halving_stays_below_the_gateways_burst() -> None:
    codes = [f"AA{number:09}BR" for number in range(50)]
    host = Correios(lambda _: make_reply(400, {"msgs": ["SRO-777: parâmetro desconhecido"]}), slow=0.02)
    assert set(outcomes(await fetch_answers(host, codes))) == {Outcome.MALFORMED}
    assert len(host.questions) < 2 * len(codes)
    assert host.most_at_once <= 8


# Failures


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (Reply(429, headers="x-ratelimit-replenish-rate: 50\r\n"), Outcome.RETRY),
        (make_reply(500, {}), Outcome.RETRY),
        (Reply(502, HTML), Outcome.RETRY),
        (Reply(503), Outcome.RETRY),
        (Reply(504, HTML), Outcome.RETRY),
        (None, Outcome.RETRY),
        (Reply(200, b'{"objetos": [', length=900), Outcome.RETRY),
        (Reply(200, HTML), Outcome.MALFORMED),
        (Reply(302, HTML, "Location: http://127.0.0.1:9/\r\n"), Outcome.MALFORMED),
        (Reply(404, HTML), Outcome.MALFORMED),
        (Reply(200), Outcome.MALFORMED),
        (Reply(200, b'{"objetos": [{"codObjeto": "AA1234'), Outcome.MALFORMED),
        (Reply(200, b'{"objetos": [{"codObjeto": "\xff"}]}'), Outcome.MALFORMED),
        (make_reply(200, {"objetos": []}), Outcome.MALFORMED),
        (make_reply(200, {"msgs": ["Forbidden"]}), Outcome.MALFORMED),
        (make_reply(200, []), Outcome.MALFORMED),
        (make_reply(200, {"objetos": "nenhum"}), Outcome.MALFORMED),
    ],
)
async def test_trouble_is_an_outcome_for_every_code(reply: Reply | None, outcome: Outcome) -> None:
    answers = await fetch_answers(Correios(lambda _: reply))
    assert outcomes(answers) == [outcome] * 2
    assert all(answer.message for answer in answers)
    if reply is not None and reply.length is None:
        assert {(answer.http_status, answer.body) for answer in answers} == {(reply.status, reply.body)}


async def test_how_long_to_wait_is_handed_on() -> None:
    answers = await fetch_answers(Correios(lambda _: Reply(503, headers="Retry-After: 30\r\n")))
    assert [answer.retry_after for answer in answers] == [30.0, 30.0]


async def test_a_code_that_is_not_in_the_answer_is_no_code_not_found() -> None:
    answers = await fetch_answers(Correios(lambda _: make_reply(200, {"objetos": [found_object(B)]})))
    assert outcomes(answers) == [Outcome.MALFORMED, Outcome.FOUND]
    assert "not in the answer" in answers[0].message


@pytest.mark.parametrize("turned", [False, True])
async def test_of_an_object_listed_twice_the_fuller_one_counts(turned: bool) -> None:
    longer = found_object(A)
    longer["eventos"] *= 2
    told = [longer, found_object(A), {"codObjeto": A, "mensagem": "SRO-020: " + "Objeto não encontrado " * 40}]
    answers = await fetch_answers(
        Correios(lambda _: make_reply(200, {"objetos": told[::-1] if turned else told})), (A,)
    )
    assert outcomes(answers) == [Outcome.FOUND]
    assert json.loads(answers[0].body) == longer


async def test_each_object_has_its_own_outcome() -> None:
    told = {A: "SRO-020: Objeto não encontrado", B: "SRO-009: Objeto não pertence ao contrato"}
    objects: list[object] = [{"codObjeto": code, "mensagem": words} for code, words in told.items()]
    answers = await fetch_answers(
        Correios(lambda _: make_reply(200, {"objetos": [*objects, found_object(C)]})), (A, B, C)
    )
    assert outcomes(answers) == [Outcome.NOT_FOUND, Outcome.REFUSED, Outcome.FOUND]
    assert "SRO-009" in answers[1].message


@pytest.mark.parametrize("odd", [None, 17, "texto", [], {}, {"codObjeto": 5}, {"codObjeto": A, "eventos": 5}])
async def test_an_odd_object_spoils_no_other(odd: object) -> None:
    answers = await fetch_answers(Correios(lambda _: make_reply(200, {"objetos": [odd, found_object(B)]})))
    assert outcomes(answers) == [Outcome.MALFORMED, Outcome.FOUND]


async def test_a_single_event_where_a_list_should_be_is_read() -> None:
    single = {**found_object(A), "eventos": found_object(A)["eventos"][0]}
    answers = await fetch_answers(Correios(lambda _: make_reply(200, {"objetos": [single]})), (A,))
    assert outcomes(answers) == [Outcome.FOUND]


@pytest.mark.parametrize("address", ["http://127.0.0.1:9", "sem-endereco", "ftp://127.0.0.1"])
async def test_a_refused_connection(address: str) -> None:
    for more in ({}, {"api_key": "k"}):
        assert outcomes(await fetch_answers(Correios(), base_url=address, **more)) == [Outcome.RETRY] * 2
