"""In: a gateway with pictures of deliveries, in every state; out: the session's results, one answer per code."""

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paradeiro.connectors.correios import images, proofs, token
from paradeiro.connectors.correios.images import read_pictures
from paradeiro.domain.words import Outcome, ProofKind
from paradeiro.sdk.contract import ProofAnswer, ProofAsked
from tests.connectors.gateway import HTML, A, Asked, B, C, Correios, Reply, make_reply, open_to

NUMBER = "fedcba9876543210fedcba9876543210"
ORDERS, RECEIPT = "/srorastro/v1/objetos/imagens", f"/srorastro/v1/recibo/{NUMBER}"
SIGNED = "/srorastro/v1/ar-digital"
HOUSE, DOOR = b"\x89PNG\r\n\x1a\nhouse", b"\xff\xd8\xffdoor"


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(token, "_PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(proofs, "_PAUSES", (0.0, 0.0))


def text(content: bytes) -> str:
    return base64.b64encode(content).decode()


def pictures_object(code: str, *contents: bytes, comment: str = "FACHADA", remark: str = "") -> dict[str, Any]:
    pictures = [{"imagem": text(content), "comentario": comment} for content in contents]
    return {"objeto": code, "observacao": remark, "imagens": pictures}


def receipt_of(code: str, content: bytes = HOUSE, **more: object) -> dict[str, Any]:
    told = {"objeto": code, "dataBaixa": "2026-03-09T14:30:00", "contentType": "image/tiff"}
    return told | {"imagemBase64": text(content)} | more


@dataclass
class Archive:
    """Orders are answered with receipts, receipts by the next of `ready` (the last for ever), `signed` as it is."""

    ready: list[Reply | None] = field(default_factory=list)
    signed: Callable[[Asked], Reply | None] = lambda _: Reply(404)
    order: Callable[[Asked], Reply | None] = lambda _: make_reply(202, {"numero": NUMBER})

    def __call__(self, asked: Asked) -> Reply | None:
        if asked.path == ORDERS:
            return self.order(asked)
        if asked.path == SIGNED:
            return self.signed(asked)
        assert asked.path.startswith("/srorastro/v1/recibo/")
        return self.ready.pop(0) if len(self.ready) > 1 else self.ready[0]


async def fetch_proofs(host: Correios, kind: ProofKind, *codes: str | ProofAsked) -> Sequence[ProofAnswer]:
    asked = [ProofAsked(each) if isinstance(each, str) else each for each in codes]
    async with open_to(host) as session:
        answers: Sequence[ProofAnswer] = await session.fetch_proofs(kind, asked)
    assert [each.tracking_code for each in answers] == [each.tracking_code for each in asked]
    assert "house" not in repr(answers)
    return answers


def paths(host: Correios) -> list[str]:
    return [asked.path for asked in host.questions]


# Pictures


async def test_pictures_are_ordered_and_fetched() -> None:
    told = [pictures_object(B, DOOR), pictures_object(A, HOUSE, DOOR, comment="  <b>FACHADA</b> ", remark="casa azul")]
    host = Correios(Archive([make_reply(200, told)]))
    first, second = await fetch_proofs(host, ProofKind.IMAGE, A, B)
    assert first.outcome is Outcome.FOUND
    assert [each.content for each in first.pictures] == [HOUSE, DOOR]
    assert first.pictures[0].comment == "FACHADA · casa azul"
    assert [each.content for each in second.pictures] == [DOOR]
    order, receipt = host.questions
    assert (order.method, json.loads(order.body)) == ("POST", [A, B])
    assert order.headers["content-type"] == "application/json"
    assert (receipt.method, receipt.path) == ("GET", RECEIPT)


async def test_not_ready_is_a_ticket_to_come_back_with() -> None:
    host = Correios(Archive([Reply(404)]))
    (answer,) = await fetch_proofs(host, ProofKind.IMAGE, A)
    assert (answer.outcome, answer.ticket) == (Outcome.NOT_FOUND, NUMBER)
    assert paths(host) == [ORDERS, RECEIPT, RECEIPT], "nobody waits for a picture"


async def test_with_a_ticket_nothing_is_ordered_again() -> None:
    host = Correios(Archive([make_reply(200, [pictures_object(A, HOUSE)])]))
    (answer,) = await fetch_proofs(host, ProofKind.IMAGE, ProofAsked(A, NUMBER))
    assert answer.outcome is Outcome.FOUND
    assert paths(host) == [RECEIPT]


async def test_what_a_ticket_does_not_bring_is_ordered_anew_together() -> None:
    host = Correios(
        Archive(
            [
                make_reply(200, [pictures_object(A, HOUSE), pictures_object(B)]),
                make_reply(200, [pictures_object(B, DOOR), pictures_object(C, DOOR)]),
            ]
        )
    )
    asked = (ProofAsked(A, NUMBER), ProofAsked(B, NUMBER), ProofAsked(C))
    answers = await fetch_proofs(host, ProofKind.IMAGE, *asked)
    assert [each.outcome for each in answers] == [Outcome.FOUND] * 3
    assert paths(host) == [RECEIPT, ORDERS, RECEIPT]
    assert json.loads(host.questions[1].body) == [B, C]


@pytest.mark.parametrize("gone", [Reply(404), Reply(500), Reply(410), Reply(200, HTML), None])
async def test_a_ticket_that_is_over_is_ordered_anew(gone: Reply | None) -> None:
    host = Correios(Archive([gone, make_reply(200, [pictures_object(A, HOUSE)])]))
    (answer,) = await fetch_proofs(host, ProofKind.IMAGE, ProofAsked(A, NUMBER))
    assert answer.outcome is Outcome.FOUND
    assert paths(host) == [RECEIPT, ORDERS, RECEIPT]


async def test_a_package_that_is_not_named_or_has_none_has_no_picture_yet() -> None:
    host = Correios(Archive([make_reply(200, [pictures_object(A, HOUSE), pictures_object(B)])]))
    answers = await fetch_proofs(host, ProofKind.IMAGE, A, B, C)
    assert [each.outcome for each in answers] == [Outcome.FOUND, Outcome.NOT_FOUND, Outcome.NOT_FOUND]
    assert {each.ticket for each in answers} == {NUMBER}


@pytest.mark.parametrize(
    "order",
    [make_reply(202, {}), make_reply(202, {"numero": "../x"}), Reply(202, HTML), make_reply(202, [])],
    ids=["no-number", "a-path", "html", "a-list"],
)
async def test_an_order_without_a_receipt_is_not_understood(order: Reply) -> None:
    host = Correios(Archive([], order=lambda _: order))
    answers = await fetch_proofs(host, ProofKind.IMAGE, A, B)
    assert [each.outcome for each in answers] == [Outcome.MALFORMED] * 2
    assert paths(host) == [ORDERS]


async def test_one_code_that_is_refused_spoils_no_other() -> None:
    def order(asked: Asked) -> Reply:
        return Reply(400) if B in json.loads(asked.body) else make_reply(202, {"numero": NUMBER})

    host = Correios(Archive([make_reply(200, [pictures_object(A, HOUSE), pictures_object(C, DOOR)])], order=order))
    answers = await fetch_proofs(host, ProofKind.IMAGE, A, B, C)
    assert [each.outcome for each in answers] == [Outcome.FOUND, Outcome.REFUSED, Outcome.FOUND]
    assert [json.loads(q.body) for q in host.questions if q.path == ORDERS] == [[A, B, C], [A], [B], [C]]


# Signed receipts


async def test_signed_receipts_are_read_in_one_question() -> None:
    host = Correios(Archive(signed=lambda _: make_reply(200, [receipt_of(B, DOOR), receipt_of(A)])))
    first, second, third = await fetch_proofs(host, ProofKind.SIGNED, A, B, C)
    (asked,) = host.questions
    assert (asked.method, asked.path, asked.query) == ("GET", SIGNED, [("objetos", f"{A},{B},{C}")])
    assert first.pictures[0].content == HOUSE
    assert first.pictures[0].taken_at == datetime(2026, 3, 9, 17, 30, tzinfo=UTC), "Brasília's wall clock"
    assert second.pictures[0].content == DOOR
    assert third.outcome is Outcome.NOT_FOUND


async def test_a_signed_receipt_without_a_date_or_a_picture() -> None:
    told = [receipt_of(A, dataBaixa="ontem"), receipt_of(B, imagemBase64="")]
    first, second = await fetch_proofs(
        Correios(Archive(signed=lambda _: make_reply(200, told))), ProofKind.SIGNED, A, B
    )
    assert (first.outcome, first.pictures[0].taken_at) == (Outcome.FOUND, None)
    assert second.outcome is Outcome.NOT_FOUND


# When it fails

FAILURES = [
    (Reply(401), Outcome.AUTH_FAILED),
    (make_reply(400, {"msgs": ["GTW-008: Token não válido"]}), Outcome.AUTH_FAILED),
    (Reply(403), Outcome.AUTH_FAILED),
    (Reply(404), Outcome.NOT_FOUND),
    (Reply(429), Outcome.RETRY),
    (Reply(500), Outcome.RETRY),
    (Reply(503, HTML), Outcome.RETRY),
    (None, Outcome.RETRY),
    (Reply(400), Outcome.REFUSED),
]


@pytest.mark.parametrize(("reply", "outcome"), FAILURES)
@pytest.mark.parametrize("kind", ProofKind)
async def test_a_failure_is_said_of_each(reply: Reply | None, outcome: Outcome, kind: ProofKind) -> None:
    host = Correios(Archive([], signed=lambda _: reply, order=lambda _: reply))
    (answer,) = await fetch_proofs(host, kind, A)
    assert answer.outcome is outcome
    assert answer.message
    assert answer.pictures == ()


async def test_a_ready_receipt_may_be_refused_too() -> None:
    host = Correios(Archive([Reply(403)]))
    (answer,) = await fetch_proofs(host, ProofKind.IMAGE, A)
    assert (answer.outcome, answer.ticket) == (Outcome.AUTH_FAILED, NUMBER)


async def test_a_token_that_is_refused_is_renewed_once() -> None:
    host = Correios(Archive(signed=lambda _: make_reply(200, [receipt_of(A)])), refusal=Reply(401), stale={"t1"})
    (answer,) = await fetch_proofs(host, ProofKind.SIGNED, A)
    assert answer.outcome is Outcome.FOUND
    assert len(host.logins) == 2


async def test_without_a_token_it_says_why() -> None:
    host = Correios(Archive([]), token_answer=lambda _: Reply(401))
    (answer,) = await fetch_proofs(host, ProofKind.SIGNED, A)
    assert answer.outcome is Outcome.AUTH_FAILED
    assert host.questions == []


# Reading


def read_one(body: object, kind: ProofKind = ProofKind.IMAGE) -> ProofAnswer:
    found = read_pictures(kind, json.dumps(body).encode())
    assert found is not None
    (answer,) = found.values()
    return answer


@pytest.mark.parametrize(
    "spoilt", ["*" + text(HOUSE), text(HOUSE)[:-3], "data:image/png;base64,", 7, ["x"], {"a": 1}, "héé="]
)
def test_an_unreadable_picture_is_reported_and_the_others_are_returned(spoilt: object) -> None:
    told = pictures_object(A, HOUSE)
    told["imagens"].append({"imagem": spoilt, "comentario": ""})
    answer = read_one([told])
    assert answer.outcome is Outcome.MALFORMED
    assert [each.content for each in answer.pictures] == [HOUSE]
    assert "1 of 2 pictures" in answer.message


def test_how_a_picture_may_be_written() -> None:
    wrapped = "\r\n".join([text(HOUSE)[:8], text(HOUSE)[8:]])
    told = pictures_object(A)
    told["imagens"] = [{"imagem": t} for t in (wrapped, f"data:image/jpeg;base64,{text(DOOR)}")]
    assert [each.content for each in read_one([told]).pictures] == [HOUSE, DOOR]


def test_a_picture_that_is_too_large_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "LARGEST_PICTURE", 3000)
    assert read_one([pictures_object(A, b"x" * 3000)]).outcome is Outcome.FOUND
    assert read_one([pictures_object(A, b"x" * 3001)]).outcome is Outcome.MALFORMED
    assert read_one([pictures_object(A, b"x" * 30000)]).outcome is Outcome.MALFORMED


def test_a_remark_is_clean_and_short() -> None:
    answer = read_one([pictures_object(A, HOUSE, comment="<script>x</script>na\r\n porta " + "y" * 500, remark=" ")])
    comment = answer.pictures[0].comment
    assert "<" not in comment
    assert "\n" not in comment
    assert len(comment) == 200


def test_an_object_listed_twice_has_all_its_pictures() -> None:
    assert [
        each.content for each in read_one([pictures_object(A, HOUSE), pictures_object(A.lower(), DOOR)]).pictures
    ] == [HOUSE, DOOR]


def test_an_object_may_stand_alone() -> None:
    assert read_one(pictures_object(A, HOUSE)).outcome is Outcome.FOUND


@pytest.mark.parametrize("body", [b"", b"{}", b'"x"', b"7", HTML, b'{"objetos": []}', b"[" * 100_000, b"\xff\xfe"])
def test_what_is_no_list_of_objects_is_nothing(body: bytes) -> None:
    assert read_pictures(ProofKind.IMAGE, body) is None


_KEYS = ["objeto", "imagens", "imagem", "comentario", "observacao", "imagemBase64", "dataBaixa"]
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8) | st.just(text(HOUSE)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(_KEYS), inner, max_size=5),
    max_leaves=14,
)


@given(_JSON, st.sampled_from(ProofKind))
def test_any_json_can_be_read(told: Any, kind: ProofKind) -> None:
    for answer in (read_pictures(kind, json.dumps(told).encode()) or {}).values():
        assert (answer.outcome is Outcome.FOUND) <= bool(answer.pictures)
        assert all(each.content for each in answer.pictures)


@given(st.binary(max_size=200), st.sampled_from(ProofKind))
def test_any_bytes_can_be_read(body: bytes, kind: ProofKind) -> None:
    read_pictures(kind, body)
