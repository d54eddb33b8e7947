"""In: a Correios on loopback that answers in every way; out: what the session makes of it: one outcome per code."""

import asyncio
import base64
import json
from collections.abc import Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from paradeiro.connectors.correios import CONNECTOR, token
from paradeiro.connectors.correios.parse import parse
from paradeiro.domain.words import Outcome
from paradeiro.sdk.contract import AccountRef, Answer

NOW = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)
A, B, C = "AA123456785BR", "QQ850419295BR", "DG049186226BR"
SECRET = "senha-Zx81+á/é"
HTML = b"<!DOCTYPE html><html><body><h1>502 Proxy Error</h1></body></html>"
GTW_008 = "GTW-008: Token não válido para este ambiente."
ENVELOPE = {"date": "2026-03-10T12:00:00", "path": "/srorastro/v1/objetos"}


@dataclass
class Asked:
    method: str
    path: str
    query: list[tuple[str, str]]
    headers: dict[str, str]
    body: bytes

    @property
    def is_login(self) -> bool:
        return self.path.startswith("/token/")

    @property
    def codes(self) -> list[str]:
        return [value for name, value in self.query if name == "codigosObjetos"]


@dataclass
class Reply:
    status: int
    body: bytes = b""
    headers: str = ""
    length: int | None = None  # said, if another than the body's


def said(status: int, body: object, headers: str = "") -> Reply:
    return Reply(status, json.dumps(body).encode(), headers)


def found(code: str) -> dict[str, Any]:
    event = {"codigo": "PO", "tipo": "01", "dtHrCriado": "2026-03-09T10:00:00", "descricao": "Objeto postado"}
    return {"codObjeto": code, "eventos": [{**event, "unidade": {"endereco": {"cidade": "BAURU", "uf": "SP"}}}]}


def all_found(asked: Asked) -> Reply:
    objects = [found(code) for code in asked.codes]
    return said(200, {"versao": "3.5.38", "quantidade": len(objects), "objetos": objects})


@dataclass
class Correios:
    """A gateway. Tokens are t1, t2, …; `answer` answers about codes, `stale` names the tokens it refuses."""

    answer: Callable[[Asked], Reply | None] = all_found
    token_answer: Callable[[Asked], Reply | None] | None = None
    refusal: Reply = field(default_factory=lambda: said(401, ENVELOPE))
    stale: set[str] = field(default_factory=set)
    clock: datetime = NOW
    zone: str | None = "-03:00"
    hours: float = 24
    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    slow: float = 0
    at_once: int = 0
    most_at_once: int = 0

    @property
    def questions(self) -> list[Asked]:
        return [asked for asked in self.asked if not asked.is_login]

    @property
    def logins(self) -> list[Asked]:
        return [asked for asked in self.asked if asked.is_login]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
                method, target, _ = head[0].split(" ")
                headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in head[1:] if line)}
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                parts = urlsplit(target)
                asked = Asked(method, parts.path, parse_qsl(parts.query, keep_blank_values=True), headers, body)
                self.asked.append(asked)
                reply = self._login(asked) if asked.is_login else self._tracking(asked)
                await self._think()
                if reply is None:
                    return
                length = len(reply.body) if reply.length is None else reply.length
                top = f"HTTP/1.1 {reply.status} X\r\nContent-Length: {length}\r\n{reply.headers}\r\n"
                writer.write(top.encode() + reply.body)
                await writer.drain()
                if reply.length is not None:
                    return
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass  # the client left, or the test is over
        finally:
            writer.close()

    async def _think(self) -> None:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(self.slow)
        self.at_once -= 1

    def _login(self, asked: Asked) -> Reply | None:
        if self.token_answer is not None:
            return self.token_answer(asked)
        ends = (self.clock + timedelta(hours=self.hours)).astimezone(UTC) - timedelta(hours=3)
        body = {"token": f"t{len(self.logins)}", "expiraEm": f"{ends:%Y-%m-%dT%H:%M:%S}", "zoneOffset": self.zone}
        return said(201, {"ambiente": "PRODUCAO", **body})

    def _tracking(self, asked: Asked) -> Reply | None:
        bearer = asked.headers.get("authorization", "").removeprefix("Bearer ")
        return self.refusal if bearer in self.stale else self.answer(asked)


@asynccontextmanager
async def open_to(host: Correios, **more: str) -> Any:
    """The gateway and a session with it. Settings that are empty are left out."""
    server = await asyncio.start_server(host.serve, "127.0.0.1", 0)
    host.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    usual = {"base_url": host.url, "user": "loja", "access_code": SECRET, "posting_card": "0099999999"}
    settings = {name: value for name, value in {**usual, **more}.items() if value}
    session = CONNECTOR.open(AccountRef(1, 1, "correios", "main", settings), lambda: host.clock)
    try:
        yield session
    finally:
        await session.close()
        server.close()


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(token, "_PAUSE_SECONDS", 0.0)


async def fetched(host: Correios, codes: Sequence[str] = (A, B), **more: str) -> list[Answer]:
    """The answers about codes; none of them may show a secret."""
    async with open_to(host, **more) as session:
        answers: list[Answer] = await session.fetch(codes)
        assert SECRET not in f"{session!r}{answers!r}"
    assert [answer.tracking_code for answer in answers] == list(codes)
    return answers


def outcomes(answers: Sequence[Answer]) -> list[Outcome]:
    return [answer.outcome for answer in answers]


# The question


async def test_what_is_asked() -> None:
    host = Correios()
    assert outcomes(await fetched(host, (A, B, C))) == [Outcome.FOUND] * 3
    (asked,) = host.questions
    assert asked.path == "/srorastro/v1/objetos"
    assert asked.query == [("codigosObjetos", A), ("codigosObjetos", B), ("codigosObjetos", C), ("resultado", "T")]
    assert asked.headers["accept-language"] == "pt-BR"
    assert asked.headers["accept"] == "application/json"
    assert asked.headers["authorization"] == "Bearer t1"


async def test_answers_come_in_the_order_asked_each_with_its_own_bytes() -> None:
    raw = [json.dumps(found(code), indent=3).encode() for code in (B, A)]
    host = Correios(lambda _: Reply(200, b'{"objetos": [' + b" , ".join(raw) + b"]}"))
    answers = await fetched(host, (A, B, A))
    assert [answer.body for answer in answers] == [raw[1], raw[0], raw[1]]
    assert [parse(answer.body)[0].tracking_code for answer in answers] == [A, B, A]
    assert host.questions[0].codes == [A, B]


async def test_nothing_asked_is_nothing_answered() -> None:
    host = Correios()
    assert await fetched(host, ()) == []
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
    await fetched(host, **more)
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
    host = Correios(token_answer=lambda _: said(201, {"token": "t1", "expiraEm": end}))
    assert outcomes(await fetched(host)) == [Outcome.FOUND] * 2


async def test_many_questions_at_once_ask_for_one_token() -> None:
    host = Correios()
    async with open_to(host) as session:
        answers = await asyncio.gather(*(session.fetch((A,)) for _ in range(12)))
    assert [answer.outcome for (answer,) in answers] == [Outcome.FOUND] * 12
    assert (len(host.logins), len(host.questions)) == (1, 12)


async def test_wrong_credentials_are_tried_once_for_all_who_wait() -> None:
    host = Correios(token_answer=lambda _: said(401, {"msgs": ["PSW-001"]}))
    async with open_to(host) as session:
        answers = await asyncio.gather(*(session.fetch((A,)) for _ in range(12)))
        assert {answer.outcome for (answer,) in answers} == {Outcome.AUTH_FAILED}
        assert len(host.logins) == 1
        await session.fetch((A,))
        assert len(host.logins) == 2
    assert host.questions == []


@pytest.mark.parametrize(
    "refusal",
    [said(401, ENVELOPE), Reply(401), *(said(status, {"msgs": [GTW_008]}) for status in (403, 400, 200, 500))],
    ids=["401", "401 empty", *(f"GTW-008 by {status}" for status in (403, 400, 200, 500))],
)
async def test_a_stale_token_is_renewed_once(refusal: Reply) -> None:
    host = Correios(refusal=refusal, stale={"t1"})
    assert outcomes(await fetched(host)) == [Outcome.FOUND] * 2
    assert (len(host.logins), len(host.questions)) == (2, 2)

    host = Correios(refusal=refusal, stale={"t1", "t2", "t3"})
    answers = await fetched(host)
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
    host = Correios(lambda _: said(403, {"msgs": ["API não liberada para o contrato"]}))
    answers = await fetched(host)
    assert outcomes(answers) == [Outcome.AUTH_FAILED] * 2
    assert "API não liberada" in answers[0].message
    assert (len(host.logins), len(host.questions)) == (1, 1)


async def test_a_ready_made_key_needs_no_token() -> None:
    key = "cws-ch1" + "_abc"
    host = Correios()
    assert outcomes(await fetched(host, api_key=key)) == [Outcome.FOUND] * 2
    assert (len(host.logins), host.questions[0].headers["authorization"]) == (0, f"Bearer {key}")

    host = Correios(stale={key})
    answers = await fetched(host, api_key=key)
    assert outcomes(answers) == [Outcome.AUTH_FAILED] * 2
    assert key not in repr(answers)
    assert (len(host.logins), len(host.questions)) == (0, 1)


@pytest.mark.parametrize("key", ["abc\u200b", "abc\n", "a b", "chavé"])
async def test_a_key_pasted_with_more_than_the_key_is_said_so(key: str) -> None:
    host = Correios()
    answers = await fetched(host, api_key=key)
    assert outcomes(answers) == [Outcome.AUTH_FAILED] * 2
    assert key not in repr(answers)
    assert host.asked == []


@pytest.mark.parametrize(
    ("reply", "outcome", "retry"),
    [
        (said(400, {"msgs": ["CAR-002"]}), Outcome.AUTH_FAILED, None),
        (said(401, {}), Outcome.AUTH_FAILED, None),
        (Reply(403), Outcome.AUTH_FAILED, None),
        (Reply(302, HTML, "Location: http://127.0.0.1:9/\r\n"), Outcome.MALFORMED, None),
        (Reply(404, HTML), Outcome.MALFORMED, None),
        (Reply(429, headers="Retry-After: 7\r\n"), Outcome.RETRY, 7.0),
        (Reply(503, HTML), Outcome.RETRY, None),
        (Reply(200, HTML), Outcome.RETRY, None),
        (Reply(201), Outcome.RETRY, None),
        (said(201, {"token": None}), Outcome.RETRY, None),
        (said(201, {"token": ""}), Outcome.RETRY, None),
        (said(201, {"token": "não\n"}), Outcome.RETRY, None),
        (said(201, []), Outcome.RETRY, None),
        (Reply(201, b"\xff\xfe"), Outcome.RETRY, None),
        (None, Outcome.RETRY, None),
    ],
)
async def test_no_token_is_an_outcome_for_every_code(
    reply: Reply | None, outcome: Outcome, retry: float | None
) -> None:
    host = Correios(token_answer=lambda _: reply)
    answers = await fetched(host)
    assert outcomes(answers) == [outcome] * 2
    assert {answer.retry_after for answer in answers} == {retry}
    assert all("token" in answer.message for answer in answers)
    if reply is not None and outcome is Outcome.MALFORMED:
        assert {(answer.http_status, answer.body) for answer in answers} == {(reply.status, reply.body)}
    assert host.questions == []


@pytest.mark.parametrize("missing", ["user", "access_code"])
async def test_an_account_without_credentials_asks_nothing(missing: str) -> None:
    host = Correios()
    answers = await fetched(host, **{missing: ""})
    assert outcomes(answers) == [Outcome.AUTH_FAILED] * 2
    assert "access code" in answers[0].message
    assert host.asked == []


# Batches that are refused


async def test_a_refused_batch_is_halved_until_the_bad_code_stands_alone() -> None:
    codes = [f"AA{number:09}BR" for number in range(50)]
    bad = codes[37]

    def answer(asked: Asked) -> Reply:
        return said(400, {"msgs": ["SRO-019: Objeto inválido"]}) if bad in asked.codes else all_found(asked)

    host = Correios(answer)
    answers = {a.tracking_code: a for a in await fetched(host, codes)}
    assert [code for code, a in answers.items() if a.outcome is not Outcome.FOUND] == [bad]
    assert (answers[bad].outcome, answers[bad].http_status) == (Outcome.REFUSED, 400)
    assert "SRO-019" in answers[bad].message
    assert len(host.questions) <= 13


async def test_a_batch_of_which_every_code_is_refused_blames_the_interface() -> None:
    host = Correios(lambda _: said(400, {"msgs": ["SRO-777: parâmetro desconhecido"]}))
    answers = await fetched(host, (A, B, C))
    assert outcomes(answers) == [Outcome.MALFORMED] * 3
    assert "SRO-777" in answers[0].message
    assert outcomes(await fetched(host, (A,))) == [Outcome.REFUSED]

    host = Correios(lambda _: said(400, {"msgs": ["SRO-019: Objeto inválido"]}))
    assert outcomes(await fetched(host, (A, B))) == [Outcome.REFUSED] * 2


async def test_the_language_is_no_fault_of_a_code() -> None:
    host = Correios(lambda _: said(400, {"msgs": ["SRO-018: Permitido apenas os valores pt-BR"]}))
    answers = await fetched(host)
    assert len(host.questions) == 1
    assert outcomes(answers) == [Outcome.MALFORMED] * 2
    assert "SRO-018" in answers[0].message


async def test_a_fault_while_halving_concerns_only_its_half() -> None:
    def answer(asked: Asked) -> Reply:
        if len(asked.codes) > 1:
            return Reply(400)
        return Reply(429) if asked.codes == [B] else all_found(asked)

    assert outcomes(await fetched(Correios(answer))) == [Outcome.FOUND, Outcome.RETRY]


async def test_a_rate_limit_while_halving_makes_no_code_a_wrong_one() -> None:
    def answer(asked: Asked) -> Reply:
        return Reply(429) if asked.codes == [B] else said(400, {"msgs": ["SRO-777: parâmetro desconhecido"]})

    assert outcomes(await fetched(Correios(answer), (A, B, C))) == [
        Outcome.MALFORMED,
        Outcome.RETRY,
        Outcome.MALFORMED,
    ]


async def test_halving_stays_below_the_gateways_burst() -> None:
    codes = [f"AA{number:09}BR" for number in range(50)]
    host = Correios(lambda _: said(400, {"msgs": ["SRO-777: parâmetro desconhecido"]}), slow=0.02)
    assert set(outcomes(await fetched(host, codes))) == {Outcome.MALFORMED}
    assert len(host.questions) < 2 * len(codes)
    assert host.most_at_once <= 8


# Trouble


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (Reply(429, headers="x-ratelimit-replenish-rate: 50\r\n"), Outcome.RETRY),
        (said(500, {}), Outcome.RETRY),
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
        (said(200, {"objetos": []}), Outcome.MALFORMED),
        (said(200, {"msgs": ["Forbidden"]}), Outcome.MALFORMED),
        (said(200, []), Outcome.MALFORMED),
        (said(200, {"objetos": "nenhum"}), Outcome.MALFORMED),
    ],
)
async def test_trouble_is_an_outcome_for_every_code(reply: Reply | None, outcome: Outcome) -> None:
    answers = await fetched(Correios(lambda _: reply))
    assert outcomes(answers) == [outcome] * 2
    assert all(answer.message for answer in answers)
    if reply is not None and reply.length is None:
        assert {(answer.http_status, answer.body) for answer in answers} == {(reply.status, reply.body)}


async def test_how_long_to_wait_is_handed_on() -> None:
    answers = await fetched(Correios(lambda _: Reply(503, headers="Retry-After: 30\r\n")))
    assert [answer.retry_after for answer in answers] == [30.0, 30.0]


async def test_a_code_that_is_not_in_the_answer_is_no_code_not_found() -> None:
    answers = await fetched(Correios(lambda _: said(200, {"objetos": [found(B)]})))
    assert outcomes(answers) == [Outcome.MALFORMED, Outcome.FOUND]
    assert "not in the answer" in answers[0].message


@pytest.mark.parametrize("turned", [False, True])
async def test_of_an_object_told_twice_the_fuller_one_counts(turned: bool) -> None:
    longer = found(A)
    longer["eventos"] *= 2
    told = [longer, found(A), {"codObjeto": A, "mensagem": "SRO-020: " + "Objeto não encontrado " * 40}]
    answers = await fetched(Correios(lambda _: said(200, {"objetos": told[::-1] if turned else told})), (A,))
    assert outcomes(answers) == [Outcome.FOUND]
    assert json.loads(answers[0].body) == longer


async def test_each_object_has_its_own_outcome() -> None:
    told = {A: "SRO-020: Objeto não encontrado", B: "SRO-009: Objeto não pertence ao contrato"}
    objects: list[object] = [{"codObjeto": code, "mensagem": words} for code, words in told.items()]
    answers = await fetched(Correios(lambda _: said(200, {"objetos": [*objects, found(C)]})), (A, B, C))
    assert outcomes(answers) == [Outcome.NOT_FOUND, Outcome.REFUSED, Outcome.FOUND]
    assert "SRO-009" in answers[1].message


@pytest.mark.parametrize("odd", [None, 17, "texto", [], {}, {"codObjeto": 5}, {"codObjeto": A, "eventos": 5}])
async def test_an_odd_object_spoils_no_other(odd: object) -> None:
    answers = await fetched(Correios(lambda _: said(200, {"objetos": [odd, found(B)]})))
    assert outcomes(answers) == [Outcome.MALFORMED, Outcome.FOUND]


async def test_a_single_event_where_a_list_should_be_is_read() -> None:
    single = {**found(A), "eventos": found(A)["eventos"][0]}
    answers = await fetched(Correios(lambda _: said(200, {"objetos": [single]})), (A,))
    assert outcomes(answers) == [Outcome.FOUND]


@pytest.mark.parametrize("address", ["http://127.0.0.1:9", "sem-endereco", "ftp://127.0.0.1"])
async def test_nobody_there(address: str) -> None:
    for more in ({}, {"api_key": "k"}):
        assert outcomes(await fetched(Correios(), base_url=address, **more)) == [Outcome.RETRY] * 2
