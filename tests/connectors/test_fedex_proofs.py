"""In: a FedEx on loopback with documents in every state; out: the session's results, one answer per package."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from paradeiro.connectors.fedex import CONNECTOR
from paradeiro.connectors.fedex.parse import parse
from paradeiro.domain.words import Outcome, ProofKind
from paradeiro.sdk.contract import AccountRef, ProofAnswer, ProofAsked
from tests.connectors.parties import Asked, Party, Reply, party
from tests.connectors.test_fedex import NOW, with_token

CODE, OTHER = "123456789012", "123456789023"
TRACKED, DOCUMENTS = "/track/v1/trackingnumbers", "/track/v1/trackingdocuments"
PICTURE, SECOND = b"\x89PNG\r\n\x1a\nmade-up signature", b"\x89PNG\r\n\x1a\nmade-up second page"
SPOD = [{"type": "SIGNATURE_PROOF_OF_DELIVERY", "size": "LARGE"}]


def shipment(number: str = CODE, unique: str = "12034~made~FDEG", images: object = SPOD) -> dict[str, Any]:
    info = {"trackingNumber": number, "trackingNumberUniqueId": unique, "carrierCode": "FDXG"}
    scan = {"date": "2026-03-09T14:30:00-06:00", "eventType": "DL", "derivedStatusCode": "DL"}
    return {"trackingNumberInfo": info, "availableImages": images, "scanEvents": [scan]}


def tracked(number: str, *results: dict[str, Any]) -> Reply:
    told = {"completeTrackResults": [{"trackingNumber": number, "trackResults": list(results)}]}
    return Reply(body=json.dumps({"output": told}).encode())


def document(*pictures: object, name: str = "documents", **more: object) -> Reply:
    told = {"documentType": "SIGNATURE_PROOF_OF_DELIVERY", "documentFormat": "PNG", name: list(pictures)} | more
    return Reply(body=json.dumps({"output": told}).encode())


def text(content: bytes) -> str:
    return base64.b64encode(content).decode()


def fedex(reply: Callable[[], Reply], *results: dict[str, Any]) -> Callable[[Asked], Reply]:
    def answer(asked: Asked) -> Reply:
        if asked.path == DOCUMENTS:
            return reply()
        number = json.loads(asked.body)["trackingInfo"][0]["trackingNumberInfo"]["trackingNumber"]
        return tracked(number, *(results or (shipment(number),)))

    return with_token(answer)


async def prove(host: Party, *codes: str, **settings: str) -> list[ProofAnswer]:
    told = {"base_url": host.url, "client_id": "id", "client_secret": "secret"} | settings
    session = CONNECTOR.open(AccountRef(1, 1, "fedex", "FedEx", told), lambda: NOW)
    try:
        asked = [ProofAsked(code) for code in codes or (CODE,)]
        answers: list[ProofAnswer] = await session.fetch_proofs(ProofKind.SIGNED, asked)
    finally:
        await session.close()
    assert "made-up" not in repr(answers)
    return answers


def questions(host: Party) -> list[Asked]:
    return [asked for asked in host.asked if asked.path == DOCUMENTS]


async def test_the_document_of_the_very_shipment_is_asked_for() -> None:
    async with party(fedex(lambda: document(text(PICTURE), text(SECOND)))) as host:
        (proof,) = await prove(host)
    assert (proof.tracking_code, proof.outcome) == (CODE, Outcome.FOUND)
    assert [picture.content for picture in proof.pictures] == [PICTURE, SECOND]
    (asked,) = questions(host)
    assert (asked.method, asked.headers["content-type"]) == ("POST", "application/json")
    told = json.loads(asked.body)
    assert told["trackDocumentDetail"] == {
        "documentType": "SIGNATURE_PROOF_OF_DELIVERY",
        "documentFormat": "PNG",
    }
    assert told["trackDocumentSpecification"] == [
        {
            "trackingNumberInfo": {
                "trackingNumber": CODE,
                "trackingNumberUniqueId": "12034~made~FDEG",
                "carrierCode": "FDXG",
            }
        }
    ]


async def test_the_number_of_the_account_goes_along_if_there_is_one() -> None:
    async with party(fedex(lambda: document(text(PICTURE)))) as host:
        await prove(host, account_number=" 740000000 ")
    (asked,) = questions(host)
    assert json.loads(asked.body)["trackDocumentSpecification"][0]["accountNumber"] == "740000000"


async def test_one_document_a_request_in_the_order_asked() -> None:
    async with party(fedex(lambda: document(text(PICTURE)))) as host:
        answers = await prove(host, OTHER, CODE)
    assert [proof.tracking_code for proof in answers] == [OTHER, CODE]
    assert [proof.outcome for proof in answers] == [Outcome.FOUND] * 2
    assert len(questions(host)) == 2


async def test_of_several_shipments_under_one_number_none_is_guessed() -> None:
    several = (shipment(), shipment(unique="12035~other~FDEG"))
    async with party(fedex(lambda: document(text(PICTURE)), *several)) as host:
        (proof,) = await prove(host)
    assert (proof.outcome, proof.pictures, questions(host)) == (Outcome.NOT_FOUND, (), [])


async def test_without_an_image_at_fedex_no_document_is_asked_for() -> None:
    async with party(fedex(lambda: document(text(PICTURE)), shipment(images=[{"type": "BILL_OF_LADING"}]))) as host:
        (proof,) = await prove(host)
    assert (proof.outcome, questions(host)) == (Outcome.NOT_FOUND, [])


ERROR = b'{"errors": [{"code": "TRACKING.TRACKINGNUMBER.NOTFOUND", "message": "made-up"}]}'
ALERT = "TRACKING.DATA.NOTFOUND -  Tracking data unavailable"
REPLIES: dict[str, tuple[Callable[[], Reply], Outcome]] = {
    "under the other name": (lambda: document(text(PICTURE), name="document"), Outcome.FOUND),
    "nothing, and an alert": (
        lambda: document(name="document", alerts=[{"code": ALERT.split(maxsplit=1)[0]}]),
        Outcome.NOT_FOUND,
    ),
    "nothing, and an alert as a text": (lambda: document(name="document", alerts=ALERT), Outcome.NOT_FOUND),
    "nothing at all": (document, Outcome.NOT_FOUND),
    "a document beside an alert": (lambda: document(text(PICTURE), alerts=ALERT), Outcome.FOUND),
    "not known, with 400": (lambda: Reply(400, ERROR), Outcome.NOT_FOUND),
    "not known, with 404": (lambda: Reply(404, ERROR), Outcome.NOT_FOUND),
    "another 400": (lambda: Reply(400, b'{"errors": [{"code": "ACCOUNT.NUMBER.MISMATCH"}]}'), Outcome.REFUSED),
    "not in the project": (lambda: Reply(403, b'{"errors": [{"code": "FORBIDDEN.ERROR"}]}'), Outcome.AUTH_FAILED),
    "too many": (lambda: Reply(429), Outcome.RETRY),
    "an outage": (lambda: Reply(503), Outcome.RETRY),
    "no base64": (lambda: document("not base64!"), Outcome.MALFORMED),
    "another type": (lambda: document(17), Outcome.MALFORMED),
    "without output": (lambda: Reply(body=b"{}"), Outcome.MALFORMED),
    "no JSON": (lambda: Reply(body=b"{"), Outcome.MALFORMED),
    "a list": (lambda: Reply(body=b"[]"), Outcome.MALFORMED),
    "a web page": (lambda: Reply(body=b"<html>made-up</html>"), Outcome.MALFORMED),
}


@pytest.mark.parametrize(("reply", "outcome"), REPLIES.values(), ids=REPLIES)
async def test_what_else_it_says(reply: Callable[[], Reply], outcome: Outcome) -> None:
    async with party(fedex(reply)) as host:
        (proof,) = await prove(host)
    assert proof.outcome is outcome


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (Reply(body=b"{}"), Outcome.MALFORMED),
        (Reply(503), Outcome.RETRY),
        (tracked(CODE), Outcome.NOT_FOUND),
        (Reply(403), Outcome.AUTH_FAILED),
    ],
)
async def test_what_the_number_alone_may_say(reply: Reply, outcome: Outcome) -> None:
    async with party(with_token(lambda _: reply)) as host:
        (proof,) = await prove(host)
    assert (proof.outcome, questions(host)) == (outcome, [])


async def test_refused_credentials() -> None:
    async with party(lambda _: Reply(401, b"{}")) as host:
        assert (await prove(host))[0].outcome is Outcome.AUTH_FAILED


def test_a_proof_is_offered_where_fedex_has_the_image() -> None:
    assert CONNECTOR.proofs == {ProofKind.SIGNED}
    offered = {True: SPOD, False: [{"type": "BILL_OF_LADING"}]}
    for is_there, images in offered.items():
        (parsed,) = parse(tracked(CODE, shipment(images=images)).body)
        assert parsed.outcome is Outcome.FOUND
        assert (parsed.proofs == {ProofKind.SIGNED}) is is_there
    for odd in (None, "SIGNATURE_PROOF_OF_DELIVERY", ["SIGNATURE_PROOF_OF_DELIVERY"], {}):
        assert parse(tracked(CODE, shipment(images=odd)).body)[0].proofs == frozenset()
