"""In: the bytes of FedEx's answers about a number and its document; out: what to ask, and the pictures. Pure."""

from typing import Any

import msgspec

from paradeiro.domain.words import Outcome, ProofKind
from paradeiro.sdk.carriers.proofs import NOT_YET, answer_with, picture_of
from paradeiro.sdk.contract import ProofAnswer

_KIND = "SIGNATURE_PROOF_OF_DELIVERY"
# Pages can show a PNG; the other form is PDF.
_FORM = "PNG"
_MOST_PICTURES = 20
_NAMES = ("trackingNumber", "trackingNumberUniqueId", "carrierCode")
# What FedEx says where there is no document, at the end of its error's or alert's code.
_NONE = ("NOTFOUND", "NOT.FOUND", "UNAVAILABLE", "NOTAVAILABLE")


class _Result(msgspec.Struct):
    trackingNumberInfo: Any = None  # noqa: N815 - FedEx's name
    availableImages: Any = None  # noqa: N815 - FedEx's name


class _Number(msgspec.Struct):
    trackResults: list[_Result] | None = None  # noqa: N815 - FedEx's name


class _Tracked(msgspec.Struct):
    completeTrackResults: list[_Number]  # noqa: N815 - FedEx's name


class _Root(msgspec.Struct):
    output: _Tracked


def offered(images: object) -> frozenset[ProofKind]:
    """The proofs that `availableImages` of a shipment names."""
    named = images if isinstance(images, list) else []
    found = any(isinstance(each, dict) and each.get("type") == _KIND for each in named)
    return frozenset({ProofKind.SIGNED}) if found else frozenset()


def shipment_of(code: str, body: bytes) -> dict[str, str] | ProofAnswer:
    """How the document of a number's only shipment is asked for, or why not. Of several shipments under one number
    nothing says here which is ours: another customer's signature would be kept.
    """
    try:
        numbers = msgspec.json.decode(body, type=_Root).output.completeTrackResults
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return ProofAnswer(code, Outcome.MALFORMED, message="an answer that cannot be read")
    results = [result for number in numbers for result in number.trackResults or []]
    if len(results) > 1:
        message = "the number carries several shipments: whose proof this would be is not certain"
        return ProofAnswer(code, Outcome.NOT_FOUND, message=message)
    if not results or not offered(results[0].availableImages):
        return ProofAnswer(code, Outcome.NOT_FOUND, message=NOT_YET)
    told = results[0].trackingNumberInfo
    named = {name: told.get(name) for name in _NAMES} if isinstance(told, dict) else {}
    kept = {name: value for name, value in named.items() if isinstance(value, str) and value}
    return {"trackingNumber": code} | kept


def document_request(shipment: dict[str, str], account_number: str) -> bytes:
    """The body that asks for the document. With the number of the account that paid it has the signature in it."""
    asked: dict[str, object] = {"trackingNumberInfo": shipment}
    if account_number:
        asked["accountNumber"] = account_number
    detail = {"documentType": _KIND, "documentFormat": _FORM}
    return msgspec.json.encode({"trackDocumentDetail": detail, "trackDocumentSpecification": [asked]})


def read_document(code: str, body: bytes) -> ProofAnswer:
    """The pictures in the answer. FedEx's description calls the list `document`, its clients read `documents`."""
    try:
        told = msgspec.json.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return ProofAnswer(code, Outcome.MALFORMED, message="an answer that cannot be read")
    if is_none(body):
        return ProofAnswer(code, Outcome.NOT_FOUND, message=NOT_YET)
    output = told.get("output") if isinstance(told, dict) else None
    if not isinstance(output, dict):
        return ProofAnswer(code, Outcome.MALFORMED, message="an answer without output")
    texts = output.get("documents") or output.get("document") or []
    pages = texts if isinstance(texts, list) else [texts]
    return answer_with(code, [picture_of(page) for page in pages[:_MOST_PICTURES]])


def is_none(body: bytes) -> bool:
    """Whether errors or alerts say that there is no document, and none came beside them."""
    try:
        told = msgspec.json.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return False
    if not isinstance(told, dict):
        return False
    inner = told.get("output")
    output: dict[str, Any] = inner if isinstance(inner, dict) else {}
    if output.get("documents") or output.get("document"):
        return False
    return any(
        _code(each).endswith(_NONE) for holder in (told.get("errors"), output.get("alerts")) for each in _list(holder)
    )


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _code(said: object) -> str:
    """The code of an error or an alert; one written as a text begins with it."""
    text = said.get("code") if isinstance(said, dict) else said
    return text.split()[0].upper() if isinstance(text, str) and text.strip() else ""
