"""In: a gateway with or without `rastro-async`; out: the session's answers, or the fallback to the ordinary
interface.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paradeiro.connectors.correios import bulk, token
from paradeiro.connectors.correios.slices import slice_answer
from paradeiro.domain.words import Outcome
from paradeiro.sdk.contract import Answer
from tests.connectors.gateway import (
    GTW_008,
    HTML,
    NOW,
    A,
    Asked,
    B,
    C,
    Correios,
    Reply,
    found_object,
    make_reply,
    open_to,
)

NUMBER = "0123456789abcdef0123456789abcdef"
ORDERS, RECEIPT = "/rastro-async/v1/objetos/async", f"/rastro-async/v1/recibo/{NUMBER}"


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(token, "_PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(bulk, "_PAUSES", (0.0, 0.0, 0.0, 0.0))


@dataclass
class Many:
    """The bulk interface. Each request for the receipt is answered by the next of `looks`, the last one for ever."""

    looks: list[Reply | None] = field(default_factory=list)
    order: Callable[[Asked], Reply | None] | None = None

    def __call__(self, asked: Asked) -> Reply | None:
        if asked.path == ORDERS:
            return self.order(asked) if self.order else make_reply(202, {"numero": NUMBER, "qtdObjetos": 1})
        assert asked.path == RECEIPT
        return self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]


def objects_reply(*objects: dict[str, Any]) -> Reply:
    return make_reply(200, {"objetos": list(objects)})


async def fetch_bulk(host: Correios, codes: tuple[str, ...] = (A, B), **more: str) -> list[Answer]:
    async with open_to(host, **{"async": "yes", **more}) as session:
        answers: list[Answer] = await session.fetch_many(codes)
    return answers


def paths(host: Correios) -> list[str]:
    return [asked.path for asked in host.questions]


# What is asked, and taken


async def test_what_is_asked() -> None:
    host = Correios(Many([objects_reply(found_object(A), found_object(B))]))
    answers = await fetch_bulk(host, (A, B, A))
    assert [(a.tracking_code, a.outcome) for a in answers] == [(A, Outcome.FOUND), (B, Outcome.FOUND)]
    assert json.loads(answers[0].body)["codObjeto"] == A
    order, receipt = host.questions
    assert (order.method, order.path, order.query) == ("POST", ORDERS, [("resultado", "T")])
    assert json.loads(order.body) == [A, B]
    assert order.headers["content-type"] == "application/json"
    assert (receipt.method, receipt.path) == ("GET", RECEIPT)
    for asked in host.questions:
        assert asked.headers["authorization"] == "Bearer t1"
        assert asked.headers["accept-language"] == "pt-BR"


async def test_nothing_asked_is_nothing_answered() -> None:
    host = Correios(Many([]))
    assert await fetch_bulk(host, ()) == []
    assert host.asked == []


@pytest.mark.parametrize(
    "not_yet",
    [
        Reply(404),
        Reply(202),
        Reply(204),
        Reply(425),
        Reply(429),
        Reply(500),
        make_reply(503, {"msgs": ["depois"]}),
        Reply(200, HTML),
        Reply(200, b'{"objetos": [{"codObjeto": "AA'),
        make_reply(200, {"objetos": []}),
        make_reply(200, {"numero": NUMBER}),
        None,
    ],
    ids=["404", "202", "204", "425", "429", "500", "503", "html", "half", "empty", "no-list", "hung-up"],
)
async def test_a_receipt_is_looked_at_until_it_stands_for_the_whole(not_yet: Reply | None) -> None:
    host = Correios(Many([not_yet, not_yet, objects_reply(found_object(A))]))
    (answer,) = await fetch_bulk(host, (A,))
    assert answer.outcome is Outcome.FOUND
    assert paths(host) == [ORDERS, RECEIPT, RECEIPT, RECEIPT]


async def test_only_plain_answers_are_taken_the_rest_is_asked_for_as_ever() -> None:
    """Missing, unreadable and unexpected objects are looked up by the ordinary interface."""
    unknown = {"codObjeto": B, "mensagem": "SRO-020: Objeto não encontrado na base de dados dos Correios"}
    wrong = {"codObjeto": C, "mensagem": "SRO-009: Objeto não pertence ao contrato"}
    odd = {"codObjeto": "LB528961554HK", "mensagem": "SRO-777: isto é novo"}
    empty = {"codObjeto": "QH991577104BR", "eventos": []}
    stranger = found_object("OI000000000BR")
    host = Correios(Many([objects_reply(unknown, found_object(A), wrong, odd, empty, stranger)]))
    answers = await fetch_bulk(host, (A, B, C, "LB528961554HK", "QH991577104BR", "IU135854648BR"))
    assert {a.tracking_code: a.outcome for a in answers} == {
        A: Outcome.FOUND,
        B: Outcome.NOT_FOUND,
        C: Outcome.REFUSED,
        "QH991577104BR": Outcome.NOT_FOUND,
    }
    assert next(a for a in answers if a.tracking_code == C).in_vain


async def test_of_an_object_listed_twice_the_one_with_events_counts() -> None:
    nothing = {"codObjeto": A, "mensagem": "SRO-020: Objeto não encontrado"}
    for objects in ((nothing, found_object(A)), (found_object(A), nothing)):
        (answer,) = await fetch_bulk(Correios(Many([objects_reply(*objects)])), (A,))
        assert answer.outcome is Outcome.FOUND


# Whether the contract has it


def token_with(permissions: dict[str, Any]) -> Callable[[Asked], Reply]:
    return lambda _: make_reply(
        201, {"token": "t1", "expiraEm": "2026-03-11T12:00:00", "zoneOffset": "-03:00", **permissions}
    )


HAS = [
    {"cartaoPostagem": {"api": [34, 87, 534]}},
    {"cartaoPostagem": {"apis": [{"api": 87}, {"api": 534}]}},
    {"contrato": {"api": [534]}},
    {"contrato": {"apis": [{"api": "534"}]}},
    {"api": [534]},
    {"apis": [{"api": 534}]},
]
HAS_NOT = [
    {},
    {"cartaoPostagem": {"api": [34, 87, 53]}},
    {"api": 534},
    {"api": ["rastro-async", None, {"x": 534}]},
    {"cartaoPostagem": [534], "contrato": "534"},
]


@pytest.mark.parametrize("permissions", HAS)
async def test_a_contract_that_has_it_by_its_token(permissions: dict[str, Any]) -> None:
    host = Correios(Many([objects_reply(found_object(A))]), token_answer=token_with(permissions))
    assert len(await fetch_bulk(host, (A,), **{"async": ""})) == 1


@pytest.mark.parametrize("permissions", HAS_NOT)
async def test_a_contract_without_it_is_never_asked(permissions: dict[str, Any]) -> None:
    host = Correios(Many([objects_reply(found_object(A))]), token_answer=token_with(permissions))
    assert await fetch_bulk(host, (A,), **{"async": ""}) == []
    assert host.questions == []


@pytest.mark.parametrize(("says", "asked"), [("no", 0), ("NÃO ", 0), ("off", 0), ("Sim", 2), ("true", 2)])
async def test_the_account_may_say_otherwise(says: str, asked: int) -> None:
    permissions = HAS[0] if asked == 0 else HAS_NOT[0]
    host = Correios(Many([objects_reply(found_object(A))]), token_answer=token_with(permissions))
    await fetch_bulk(host, (A,), **{"async": says})
    assert len(host.questions) == asked


async def test_without_a_token_nothing_is_asked() -> None:
    host = Correios(Many([objects_reply(found_object(A))]), token_answer=lambda _: Reply(401))
    assert await fetch_bulk(host, (A,)) == []
    assert host.questions == []


# When it fails


@pytest.mark.parametrize("status", [403, 404, 405, 410])
async def test_what_is_not_ours_is_not_asked_for_again(status: int) -> None:
    host = Correios(Many([], order=lambda _: Reply(status)))
    async with open_to(host, **{"async": "yes"}) as session:
        assert await session.fetch_many((A,)) == []
        host.clock = NOW + timedelta(days=1)
        assert await session.fetch_many((A,)) == []
    assert paths(host) == [ORDERS]


@pytest.mark.parametrize(
    "order",
    [
        Reply(500),
        Reply(429),
        None,
        Reply(400),
        make_reply(202, {}),
        make_reply(202, {"numero": "../../token"}),
        make_reply(202, {"numero": "a" * 65}),
        make_reply(202, {"numero": True}),
        make_reply(202, [NUMBER]),
        Reply(202, HTML),
    ],
    ids=["500", "429", "hung-up", "400", "no-number", "a-path", "long", "true", "a-list", "html"],
)
async def test_without_a_receipt_it_rests_for_ten_minutes(order: Reply | None) -> None:
    many = Many([objects_reply(found_object(A))], order=lambda _: order)
    host = Correios(many)
    async with open_to(host, **{"async": "yes"}) as session:
        assert await session.fetch_many((A,)) == []
        host.clock = NOW + timedelta(minutes=9, seconds=59)
        assert await session.fetch_many((A,)) == []
        assert paths(host) == [ORDERS], "few are asked for at a time meanwhile"
        many.order = None
        host.clock = NOW + timedelta(minutes=10)
        assert len(await session.fetch_many((A,))) == 1


async def test_a_receipt_that_is_never_ready_is_given_up() -> None:
    host = Correios(Many([Reply(404)]))
    async with open_to(host, **{"async": "yes"}) as session:
        assert await session.fetch_many((A,)) == []
        assert paths(host) == [ORDERS, *[RECEIPT] * 4]
        assert await session.fetch_many((A,)) == []
    assert len(host.questions) == 5, "and it rests"


async def test_a_refused_receipt_is_not_looked_at_again() -> None:
    host = Correios(Many([Reply(400)]))
    assert await fetch_bulk(host, (A,)) == []
    assert paths(host) == [ORDERS, RECEIPT]


async def test_it_never_takes_longer_than_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "_LONGEST_SECONDS", 0.05)
    host = Correios(Many([objects_reply(found_object(A))]), slow=0.2)
    async with open_to(host, **{"async": "yes"}) as session:
        assert await session.fetch_many((A,)) == []
        asked = len(host.asked)
        assert await session.fetch_many((A,)) == []
    assert len(host.asked) == asked, "and it rests"


async def test_too_many_at_once_are_asked_for_five_hundred_at_a_time() -> None:
    codes = tuple(f"AA{number:09}BR" for number in range(1100))
    asked: list[list[str]] = []

    def order(question: Asked) -> Reply:
        part = json.loads(question.body)
        if len(part) > 500:
            return Reply(413)
        asked.append(part)
        return make_reply(202, {"numero": NUMBER})

    host = Correios(Many([], order=order))
    host.answer = lambda q: order(q) if q.path == ORDERS else objects_reply(*(found_object(code) for code in asked[-1]))
    async with open_to(host, **{"async": "yes"}) as session:
        answers = await session.fetch_many(codes)
        assert [a.tracking_code for a in answers] == list(codes)
        assert [len(part) for part in asked] == [500, 500, 100]
        questions = len(host.questions)
        await session.fetch_many(codes[:600])
    assert len(host.questions) == questions + 4, "the limit is remembered: no question too many"


async def test_what_was_answered_before_it_broke_is_kept() -> None:
    codes = tuple(f"AA{number:09}BR" for number in range(1500))
    host = Correios(Many([objects_reply(*(found_object(code) for code in codes[:1000]))]))
    many, orders = host.answer, iter([make_reply(202, {"numero": NUMBER}), Reply(500)])
    host.answer = lambda q: next(orders) if q.path == ORDERS else many(q)
    answers = await fetch_bulk(host, codes)
    assert [a.tracking_code for a in answers] == list(codes[:1000])


@pytest.mark.parametrize(
    "refusal", [Reply(401), make_reply(400, {"msgs": [GTW_008]}), make_reply(200, {"msgs": [GTW_008]})]
)
async def test_a_token_that_is_refused_is_renewed_once(refusal: Reply) -> None:
    host = Correios(Many([objects_reply(found_object(A))]), refusal=refusal, stale={"t1"})
    assert len(await fetch_bulk(host, (A,))) == 1
    assert len(host.logins) == 2
    assert paths(host) == [ORDERS, ORDERS, RECEIPT]


# Cutting an answer


@given(st.binary(max_size=200), st.sampled_from([200, 400, 500]))
def test_any_bytes_can_be_cut(body: bytes, status: int) -> None:
    slice_answer(body, status)


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.just(A),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["codObjeto", "eventos", "mensagem", "tipo"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(st.lists(_JSON, max_size=4))
def test_one_odd_object_spoils_no_other(odd: list[Any]) -> None:
    named = slice_answer(json.dumps({"objetos": [*odd, found_object(B)]}).encode(), 200)
    assert named is not None
    assert named[B].outcome is Outcome.FOUND
