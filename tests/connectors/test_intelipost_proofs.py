"""In: an Intelipost on loopback with attachments in every state; out: the proofs, one answer per shipment."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from paradeiro.connectors.intelipost import CONNECTOR
from paradeiro.connectors.intelipost.parse import parse
from paradeiro.domain.words import Outcome, ProofKind
from paradeiro.sdk.contract import AccountRef, ProofAnswer, ProofAsked
from tests.connectors.parties import Asked, Party, Reply, party
from tests.connectors.test_intelipost import NOW, fixture

ORDER = "order:PEDIDO0004"
PATH = "/api/v1/shipment_order/PEDIDO0004"
PICTURE, PAPER = b"\xff\xd8\xffmade-up picture", b"%PDF-1.4 made-up paper"
FILES = {"/pod.jpg": PICTURE, "/pod.pdf": PAPER, "/page": b"<html>made-up: log in</html>"}


def attached(url: str | None, kind: str = "POD") -> dict[str, Any]:
    status = "PROCESSED" if url else "PROCESSING"
    named = {"nome": "MADE-UP NAME", "rg": "000000"}
    return {
        "file_name": "pod.jpg",
        "type": kind,
        "processing_status": status,
        "additional_information": named,
        "url": url,
    }


def happened(macro: str, micro: str, at: str, *attachments: dict[str, Any]) -> dict[str, Any]:
    state = {"id": 1, "default_name": micro, "name": micro}
    told = {"shipment_order_volume_state": macro, "shipment_volume_micro_state": state, "event_date_iso": at}
    return told | {"attachments": list(attachments)}


def delivered(*attachments: dict[str, Any], at: str = "2026-03-12T16:00:00.000-03:00") -> dict[str, Any]:
    return happened("DELIVERED", "ENTREGUE", at, *attachments)


def order(*histories: list[dict[str, Any]]) -> dict[str, Any]:
    volumes = [
        {"shipment_order_volume_number": number, "shipment_order_volume_state_history_array": history}
        for number, history in enumerate(histories, 1)
    ]
    return {"order_number": "PEDIDO0004", "shipment_order_volume_array": volumes}


def answer(content: object) -> Reply:
    return Reply(body=json.dumps({"status": "OK", "messages": [], "content": content}).encode())


def intelipost(make: Callable[[str], Reply], url: list[str]) -> Callable[[Asked], Reply]:
    def reply(asked: Asked) -> Reply:
        if asked.path.startswith("/api/"):
            return make(url[0])
        return Reply(body=FILES[asked.path]) if asked.path in FILES else Reply(404)

    return reply


async def prove(make: Callable[[str], Reply], code: str = ORDER) -> tuple[ProofAnswer, Party]:
    """The answer about one shipment; `make` is given the server's address."""
    url = [""]
    async with party(intelipost(make, url)) as host:
        url[0] = host.url
        account = AccountRef(1, 1, "intelipost", "Intelipost", {"base_url": host.url, "api_key": "k"})
        session = CONNECTOR.open(account, lambda: NOW)
        try:
            (found,) = await session.fetch_proofs(ProofKind.SIGNED, [ProofAsked(code)])
        finally:
            await session.close()
    assert found.tracking_code == code
    assert "made-up" not in repr(found).lower()
    assert "/pod" not in found.message
    return found, host


async def test_the_files_of_a_delivery_are_fetched() -> None:
    def make(url: str) -> Reply:
        return answer(order([delivered(attached(f"{url}/pod.jpg")), delivered(attached(f"{url}/pod.pdf"))]))

    proof, host = await prove(make)
    assert proof.outcome is Outcome.FOUND
    assert [picture.content for picture in proof.pictures] == [PICTURE, PAPER]
    assert not any(picture.comment for picture in proof.pictures), "who received it stays at the carrier"
    assert host.asked[0].path == PATH
    files = host.asked[1:]
    assert sorted(asked.path for asked in files) == ["/pod.jpg", "/pod.pdf"]
    assert not any("api-key" in asked.headers for asked in files)


async def test_the_files_of_all_volumes_each_once() -> None:
    def make(url: str) -> Reply:
        one, two = attached(f"{url}/pod.jpg"), attached(f"{url}/pod.pdf")
        return answer([order([delivered(one)], [delivered(one, two)])])

    proof, host = await prove(make, "35260312345678000195550010001234561123456783")
    assert [picture.content for picture in proof.pictures] == [PICTURE, PAPER]
    assert len(host.asked) == 3
    assert host.asked[0].path.startswith("/api/v1/shipment_order/invoice_key/")


async def test_what_was_attached_before_a_correction_proves_nothing() -> None:
    def make(url: str) -> Reply:
        wrong = delivered(attached(f"{url}/pod.jpg"), at="2026-03-11T10:00:00.000-03:00")
        corrected = happened("IN_TRANSIT", "CORRECAO INFORMACAO DE EVENTO", "2026-03-11T18:00:00.000-03:00")
        return answer(order([delivered(attached(f"{url}/pod.pdf")), corrected, wrong]))

    proof, _ = await prove(make)
    assert (proof.outcome, [picture.content for picture in proof.pictures]) == (Outcome.FOUND, [PAPER])


async def test_a_file_in_the_works_is_asked_for_again() -> None:
    proof, _ = await prove(lambda url: answer(order([delivered(attached(f"{url}/pod.jpg"), attached(None))])))
    assert (proof.outcome, [picture.content for picture in proof.pictures]) == (Outcome.NOT_FOUND, [PICTURE])


async def test_at_most_four_files_are_fetched() -> None:
    def make(url: str) -> Reply:
        return answer(order([delivered(*(attached(f"{url}/pod.jpg?n={n}") for n in range(9)))]))

    proof, host = await prove(make)
    assert (proof.outcome, len(proof.pictures), len(host.asked)) == (Outcome.FOUND, 4, 5)


CASES: dict[str, tuple[Callable[[str], Reply], Outcome]] = {
    "no attachment": (lambda _: answer(order([delivered()])), Outcome.NOT_FOUND),
    "one of another type": (lambda u: answer(order([delivered(attached(f"{u}/pod.jpg", "OTHER"))])), Outcome.NOT_FOUND),
    "none has an address": (lambda _: answer(order([delivered(attached(None))])), Outcome.NOT_FOUND),
    "several shipments": (
        lambda u: answer({"shipment_orders": [order([delivered(attached(f"{u}/pod.jpg"))])] * 2}),
        Outcome.NOT_FOUND,
    ),
    "a link that ran out": (lambda u: answer(order([delivered(attached(f"{u}/gone"))])), Outcome.NOT_FOUND),
    "a page to log in at": (lambda u: answer(order([delivered(attached(f"{u}/page"))])), Outcome.MALFORMED),
    "a private address": (
        lambda _: answer(order([delivered(attached("http://169.254.169.254/latest/meta-data/"))])),
        Outcome.MALFORMED,
    ),
    "an address on this machine": (
        lambda _: answer(order([delivered(attached("https://127.0.0.1:9/pod.jpg"))])),
        Outcome.MALFORMED,
    ),
    "not known any more": (lambda _: Reply(404, b'{"status": "ERROR", "messages": []}'), Outcome.NOT_FOUND),
    "an error with 200": (lambda _: Reply(body=b'{"status": "ERROR", "messages": []}'), Outcome.NOT_FOUND),
    "an empty object": (lambda _: Reply(body=b"{}"), Outcome.MALFORMED),
    "no JSON": (lambda _: Reply(body=b"{"), Outcome.MALFORMED),
    "a web page": (lambda _: Reply(404, b"<html></html>"), Outcome.MALFORMED),
    "the key is refused": (lambda _: Reply(401), Outcome.AUTH_FAILED),
    "an outage": (lambda _: Reply(503), Outcome.RETRY),
    "odd attachments": (
        lambda _: answer(order([{**delivered(), "attachments": [None, 1, {"type": "POD", "url": 1}]}])),
        Outcome.NOT_FOUND,
    ),
}


@pytest.mark.parametrize(("make", "outcome"), CASES.values(), ids=CASES)
async def test_what_else_it_says(make: Callable[[str], Reply], outcome: Outcome) -> None:
    proof, host = await prove(make)
    assert (proof.outcome, proof.pictures) == (outcome, ())
    assert host.asked[0].headers["api-key"] == "k"


def test_a_proof_is_offered_where_a_file_is_named() -> None:
    assert CONNECTOR.proofs == {ProofKind.SIGNED}
    assert parse(fixture("failed_absent.json"))[0].proofs == frozenset()
    for name in ("delivered.json", "push_delivered.json"):
        assert parse(fixture(name))[0].proofs == {ProofKind.SIGNED}
    told = answer(order([delivered(attached(None))]))
    assert parse(told.body)[0].proofs == {ProofKind.SIGNED}, "the file follows"
