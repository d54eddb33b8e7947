"""In: the bytes of an answer of UPS that was asked for proofs; out: the letter and the signature in it. Pure."""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from paradeiro.connectors.ups.names import names_package
from paradeiro.connectors.ups.parse import parse
from paradeiro.domain.following.tracking_codes import tidy_code
from paradeiro.domain.words import Outcome
from paradeiro.sdk.carriers.proofs import answer_with, picture_of
from paradeiro.sdk.contract import Picture, ProofAnswer

# UPS leaves both out for whoever has no rights to the package, and for some days after the delivery.
_NOTHING = "UPS gives no proof of this delivery yet, or not to this account"


class _Package(msgspec.Struct):
    trackingNumber: Any = None  # noqa: N815 - UPS's name
    deliveryInformation: Any = None  # noqa: N815 - UPS's name


class _Shipment(msgspec.Struct):
    package: list[_Package] | None = None


class _Tracked(msgspec.Struct):
    shipment: list[_Shipment]


class _Answer(msgspec.Struct):
    trackResponse: _Tracked  # noqa: N815 - UPS's name


def read_proof(code: str, body: bytes) -> ProofAnswer:
    """The proof of one number's delivery. Names and places beside it are not read."""
    outcome = parse(body)[0].outcome
    if outcome in {Outcome.NOT_FOUND, Outcome.REFUSED}:
        return ProofAnswer(code, Outcome.NOT_FOUND, message="UPS does not know the number now")
    try:
        shipments = msgspec.json.decode(body, type=_Answer).trackResponse.shipment
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return ProofAnswer(code, Outcome.MALFORMED, message="an answer that cannot be read")
    packages = (package for shipment in shipments for package in shipment.package or [])
    return answer_with(code, list(_pictures(tidy_code(code), packages)), _NOTHING)


def _pictures(code: str, packages: Iterable[_Package]) -> Iterator[Picture | None]:
    """The letter and the signature's picture of the first package with this number; None for one that is unreadable."""
    for each in packages:
        told = each.deliveryInformation
        own = each.trackingNumber if isinstance(each.trackingNumber, str) else ""
        if not isinstance(told, dict) or not names_package(tidy_code(own), code):
            continue
        for holder, name in (("pod", "content"), ("signature", "image")):
            text = told[holder].get(name) if isinstance(told.get(holder), dict) else None
            if text:
                yield picture_of(text)
        return
