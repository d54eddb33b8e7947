"""In: a UPS on loopback with proofs in every state; out: the session's results, one answer per package."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from paradeiro.connectors import ups
from paradeiro.connectors.ups import CONNECTOR
from paradeiro.connectors.ups.parse import parse
from paradeiro.domain.words import Outcome, ProofKind
from paradeiro.sdk.contract import AccountRef, ProofAnswer, ProofAsked
from tests.connectors.parties import Asked, Party, Reply, party
from tests.connectors.test_ups import CODE, NOW, saved, with_token

LETTER, SIGNATURE = b"<html><body>Proof of Delivery (made up)</body></html>", b"GIF89a made-up signature"
OTHER = "1Z5R89390357567136"
FIXTURES = Path(ups.__file__).parent / "fixtures"


def text(content: bytes) -> str:
    return base64.b64encode(content).decode()


def package(number: str = CODE, letter: object = text(LETTER), signature: object = text(SIGNATURE)) -> dict[str, Any]:
    told = json.loads(saved("delivered"))["trackResponse"]["shipment"][0]["package"][0]
    proof = {"receivedBy": "MADEUP NAME", "pod": {"content": letter}, "signature": {"image": signature}}
    return told | {"trackingNumber": number, "deliveryInformation": proof}


def answer(*packages: dict[str, Any]) -> Reply:
    shipment = {"inquiryNumber": CODE, "package": list(packages)}
    return Reply(body=json.dumps({"trackResponse": {"shipment": [shipment]}}).encode())


async def prove(host: Party, *codes: str) -> list[ProofAnswer]:
    settings = {"base_url": host.url, "client_id": "id", "client_secret": "secret"}
    session = CONNECTOR.open(AccountRef(1, 1, "ups", "UPS", settings), lambda: NOW)
    try:
        asked = [ProofAsked(code) for code in codes or (CODE,)]
        answers: list[ProofAnswer] = await session.fetch_proofs(ProofKind.SIGNED, asked)
    finally:
        await session.close()
    assert "MADEUP" not in repr(answers)
    assert "made up" not in repr(answers)
    return answers


async def test_letter_and_signature_are_asked_for_and_kept() -> None:
    async with party(with_token(lambda _: answer(package()))) as host:
        (proof,) = await prove(host)
    assert (proof.tracking_code, proof.outcome) == (CODE, Outcome.FOUND)
    assert [picture.content for picture in proof.pictures] == [LETTER, SIGNATURE]
    assert not any(picture.comment for picture in proof.pictures)
    asked = host.asked[-1]
    assert (asked.method, asked.path) == ("GET", f"/api/track/v1/details/{CODE}")
    assert (asked.query["returnSignature"], asked.query["returnPOD"]) == ("true", "true")


async def test_one_answer_per_package_in_the_order_asked() -> None:
    def reply(asked: Asked) -> Reply:
        number = asked.path.rpartition("/")[2]
        return answer(package(number, letter=text(number.encode()), signature=""))

    async with party(with_token(reply)) as host:
        answers = await prove(host, OTHER, CODE)
    assert [proof.tracking_code for proof in answers] == [OTHER, CODE]
    assert [proof.pictures[0].content for proof in answers] == [OTHER.encode(), CODE.encode()]


async def test_the_proof_of_another_package_is_not_ours() -> None:
    async with party(with_token(lambda _: answer(package(OTHER), package(letter="", signature="")))) as host:
        (proof,) = await prove(host)
    assert (proof.outcome, proof.pictures) == (Outcome.NOT_FOUND, ())


REPLIES: dict[str, tuple[Callable[[], Reply], Outcome]] = {
    "an account without the right": (lambda: Reply(body=saved("delivered")), Outcome.NOT_FOUND),
    "empty texts": (lambda: answer(package(letter="", signature=None)), Outcome.NOT_FOUND),
    "the number is not known any more": (lambda: Reply(body=saved("not_found")), Outcome.NOT_FOUND),
    "not known, as an error": (lambda: Reply(404, saved("not_found_as_error")), Outcome.NOT_FOUND),
    "no base64": (lambda: answer(package(signature="not base64!")), Outcome.MALFORMED),
    "another type": (lambda: answer(package(letter={"a": 1})), Outcome.MALFORMED),
    "an empty object": (lambda: Reply(body=b"{}"), Outcome.MALFORMED),
    "a web page": (lambda: Reply(body=saved("web_page")), Outcome.MALFORMED),
    "a web page with 404": (lambda: Reply(404, saved("web_page")), Outcome.MALFORMED),
    "another 400": (lambda: Reply(400, saved("unknown_error")), Outcome.MALFORMED),
    "blocked": (lambda: Reply(403), Outcome.AUTH_FAILED),
    "too many": (lambda: Reply(429), Outcome.RETRY),
    "an outage": (lambda: Reply(503), Outcome.RETRY),
}


@pytest.mark.parametrize(("reply", "outcome"), REPLIES.values(), ids=REPLIES)
async def test_what_else_it_says(reply: Callable[[], Reply], outcome: Outcome) -> None:
    async with party(with_token(lambda _: reply())) as host:
        (proof,) = await prove(host)
    assert proof.outcome is outcome


async def test_a_readable_picture_beside_an_unreadable_one_is_kept() -> None:
    async with party(with_token(lambda _: answer(package(signature="%")))) as host:
        (proof,) = await prove(host)
    assert proof.outcome is Outcome.MALFORMED
    assert [picture.content for picture in proof.pictures] == [LETTER]


async def test_refused_credentials_and_a_closed_connection() -> None:
    async with party(lambda _: Reply(401, b"{}")) as host:
        assert (await prove(host))[0].outcome is Outcome.AUTH_FAILED
    async with party(lambda _: None) as host:
        assert (await prove(host))[0].outcome is Outcome.RETRY


def test_a_proof_is_offered_with_a_delivery_only() -> None:
    assert CONNECTOR.proofs == {ProofKind.SIGNED}
    assert parse(saved("delivered"))[0].proofs == {ProofKind.SIGNED}
    assert parse(saved("returned_and_delivered_to_the_sender"))[0].proofs == frozenset()
    assert parse(saved("not_found"))[0].proofs == frozenset()
