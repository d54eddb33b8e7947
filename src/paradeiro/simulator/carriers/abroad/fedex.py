"""In: requests to FedEx's tracking interface; out: results per number, newest scan first, or its errors.

Up to thirty numbers a request; a number may carry several shipments, and its own error. A scan has its type and the
status that FedEx derives from it.
"""

import base64
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any, ClassVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from paradeiro.simulator.carriers.drawn_pictures import DrawnPicture, signed_delivery
from paradeiro.simulator.carriers.interface import (
    BRASILIA,
    JSON_TYPE,
    Tokens,
    bearer,
    destination,
    json_object,
    number_of,
    sent_as,
)
from paradeiro.simulator.carriers.simulated_carrier import SimulatedCarrier
from paradeiro.simulator.scenario.ground_truth import Happening, Package

_FAILED = ("DE", "Delivery exception", "DE", "Delivery exception")

# Type, words, the derived status and its words, the exception and its words.
VOCABULARY = {
    "registered": ("OC", "Shipment information sent to FedEx", "IN", "Initiated", "", ""),
    "accepted": ("PU", "Picked up", "PU", "Picked up", "", ""),
    "moved": ("DP", "Departed FedEx location", "IT", "In transit", "", ""),
    "arrived": ("AR", "At local FedEx facility", "IT", "In transit", "", ""),
    "handed_on": ("TR", "Delivered to agent for final delivery", "IT", "In transit", "", ""),
    "out": ("OD", "On FedEx vehicle for delivery", "IT", "In transit", "", ""),
    "absent": (
        "DE",
        "Delivery exception",
        "DE",
        "Delivery exception",
        "08",
        "Customer not available or business closed",
    ),
    "refused": (*_FAILED, "07", "Shipment Refused by Recipient"),
    "counter": (
        "HP",
        "Ready for recipient pickup",
        "HL",
        "Ready for pickup",
        "",
        "Delivered to FedEx location",
    ),
    "returning": ("RS", "Returning package to shipper", "RS", "Returning package to shipper", "", ""),
    "delivered": ("DL", "Delivered", "DL", "Delivered", "", ""),
}
_MOST = 30
_SIGNED = "SIGNATURE_PROOF_OF_DELIVERY"
_Item = dict[str, Any]


@dataclass(slots=True)
class FedEx(SimulatedCarrier):
    """Its part of the ground truth. `older_under_same_number`: a number also carries a shipment of years ago that was
    delivered; `pickup_by_day`: the scan of a pick-up has midnight for its time, without an offset.
    """

    client_id: str = "fedex-client"
    client_secret: str = "fedex-secret"  # noqa: S105 - of a simulated account
    older_under_same_number: bool = False
    pickup_by_day: bool = False
    tokens: Tokens = field(init=False)

    name: ClassVar[str] = "fedex"
    courier: ClassVar[str] = "FedEx"
    sayable: ClassVar[frozenset[str]] = frozenset(VOCABULARY)
    events_field: ClassVar[str] = "scanEvents"
    secret_fields: ClassVar[tuple[str, ...]] = ("client_secret",)

    def __post_init__(self) -> None:
        self.tokens = Tokens(self.clock, timedelta(seconds=3599))

    @classmethod
    def new_code(cls, chance: Random, number: int) -> str:
        """Twelve digits, of which the last checks the others."""
        digits = f"77{chance.randrange(100):02d}{number % 10**7:07d}"
        weighted = sum(int(digit) * weight for digit, weight in zip(digits, (3, 1, 7) * 4, strict=False))
        return f"{digits}{weighted % 11 % 10}"

    def settings(self, url: str) -> dict[str, str]:
        return {"base_url": url, "client_id": self.client_id, "client_secret": self.client_secret}

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/oauth/token", self.token, methods=["POST"]),
                Route("/track/v1/trackingnumbers", self.track, methods=["POST"]),
                Route("/track/v1/trackingdocuments", self.documents, methods=["POST"]),
            ]
        )

    async def token(self, request: Request) -> Response:
        """By a form; a token lasts an hour."""
        form = await request.form()
        self.count("token")
        known = (form.get("client_id"), form.get("client_secret")) == (self.client_id, self.client_secret)
        if not known or form.get("grant_type") != "client_credentials":
            text = "The given client credentials were not valid. Please modify your request and try again."
            return self._errors(401, "NOT.AUTHORIZED.ERROR", text)
        told = {"access_token": self.tokens.give(), "token_type": "bearer"}
        return JSONResponse({**told, "expires_in": 3599, "scope": "CXS-TP"})

    async def track(self, request: Request) -> Response:
        """Numbers in `trackingInfo`; all scans only if `includeDetailedScans`."""
        body = await json_object(request) or {}
        numbers = _numbers(body)
        self.count("trackingnumbers", *numbers)
        if not self.tokens.holds(bearer(request)):
            text = "Access token expired. Please modify your request and try again."
            return self._errors(401, "NOT.AUTHORIZED.ERROR", text)
        if sent_as(request) != JSON_TYPE:
            return self._errors(415, "UNSUPPORTED.MEDIA.TYPE", "Please send application/json.")
        if not any(numbers):
            return self._errors(400, "TRACKING.TRACKINGNUMBER.EMPTY", "Please provide tracking number.")
        if len(numbers) > _MOST:
            text = f"Please limit your inquiry to {_MOST} references."
            return self._errors(400, "TRACKING.REFERENCENUMBER.LIMITEXCEEDED", text)
        by_code = {package.code: package for package in self.packages}
        detailed = body.get("includeDetailedScans") is True
        results = [self._complete(number, by_code.get(number), detailed=detailed) for number in numbers]
        return JSONResponse({"transactionId": self._transaction(), "output": {"completeTrackResults": results}})

    async def documents(self, request: Request) -> Response:
        """The signed proof of one delivery, as a picture."""
        body = await json_object(request) or {}
        self.count("trackingdocuments")
        if not self.tokens.holds(bearer(request)):
            text = "Access token expired. Please modify your request and try again."
            return self._errors(401, "NOT.AUTHORIZED.ERROR", text)
        detail, numbers = body.get("trackDocumentDetail") or {}, _numbers(body, "trackDocumentSpecification")
        if detail.get("documentType") != _SIGNED or not any(numbers):
            return self._errors(400, "TRACKING.DOCUMENTTYPE.INVALID", "Please provide a valid document type.")
        package = next((each for each in self.packages if each.code == numbers[0]), None)
        drawn = self.pictures(package, self.clock()) if package else []
        told: _Item = {"documentType": _SIGNED, "documentFormat": detail.get("documentFormat", "PDF")}
        told["document"] = [base64.b64encode(each.content).decode() for each in drawn]
        if not drawn:
            text = "Tracking information is not available at this time."
            told["alerts"] = [{"code": "TRACKING.DATA.NOTFOUND", "alertType": "NOTE", "message": text}]
        return JSONResponse({"transactionId": self._transaction(), "output": told})

    def pictures(self, package: Package, at: datetime) -> list[DrawnPicture]:
        """Of every other package the signature."""
        signed = signed_delivery(package, at) if number_of("signed", package.code) % 2 else None
        return [] if signed is None else [signed]

    def _transaction(self) -> str:
        return f"624deea6-b709-470c-8c39-{number_of(len(self.asked)):012x}"

    def _errors(self, status: int, code: str, message: str) -> Response:
        told = {"transactionId": self._transaction(), "errors": [{"code": code, "message": message}]}
        return JSONResponse(told, status)

    def _complete(self, number: str, package: Package | None, *, detailed: bool) -> _Item:
        """All shipments that the number carries; one that is not known, or its error."""
        shown = package.visible(self.clock()) if package else []
        if package is None or not shown:
            return {"trackingNumber": number, "trackResults": [_error(number)]}
        results = [self._result(package, shown, detailed=detailed)]
        if self.older_under_same_number:
            results.append(_older(results[0], shown[0]))
        return {"trackingNumber": number, "trackResults": results}

    def _result(self, package: Package, shown: list[Happening], *, detailed: bool) -> _Item:
        scans = [self._scan(happening) for happening in reversed(shown)]
        last = VOCABULARY[shown[-1].code]
        return {
            "trackingNumberInfo": _number_info(package.code, f"246{number_of(package.code) % 10**7:07d}"),
            "additionalTrackingInfo": {
                "nickname": "",
                "packageIdentifiers": [{"type": "CUSTOMER_REFERENCE", "values": [package.order_id]}],
                "hasAssociatedShipments": self.older_under_same_number,
            },
            "shipperInformation": {"contact": {}, "address": _place(shown[0])},
            "recipientInformation": {"contact": {}, "address": _place(destination(package))},
            "latestStatusDetail": {
                "code": last[0],
                "derivedCode": last[2],
                "statusByLocale": last[3],
                "description": last[1],
                "scanLocation": _place(shown[-1]),
            },
            "dateAndTimes": _dates(package, shown),
            "availableImages": [{"type": _SIGNED, "size": "LARGE"}] if self.pictures(package, self.clock()) else [],
            "scanEvents": scans if detailed else scans[:1],
        }

    def _scan(self, happening: Happening) -> _Item:
        kind, words, derived, derived_words, exception, exception_words = VOCABULARY[happening.code]
        here = happening.happened_at.astimezone(BRASILIA)
        by_day = self.pickup_by_day and happening.code == "accepted"
        return {
            "date": f"{here:%Y-%m-%dT00:00:00}" if by_day else here.isoformat(timespec="seconds"),
            "eventType": kind,
            "eventDescription": words,
            "exceptionCode": exception,
            "exceptionDescription": exception_words,
            "scanLocation": {"streetLines": [""], **_place(happening)},
            "locationId": happening.city[:4].upper(),
            "locationType": "FEDEX_FACILITY",
            "derivedStatusCode": derived,
            "derivedStatus": derived_words,
        }


def _numbers(body: _Item, name: str = "trackingInfo") -> list[str]:
    try:
        return [str(each["trackingNumberInfo"]["trackingNumber"]).strip() for each in body[name]]
    except (KeyError, TypeError):
        return []


def _number_info(number: str, unique: str) -> _Item:
    return {
        "trackingNumber": number,
        "trackingNumberUniqueId": f"{unique}~{number}~FDEG",
        "carrierCode": "FDXE",
    }


def _error(number: str) -> _Item:
    text = "Tracking number cannot be found. Please correct the tracking number and try again."
    info = {"trackingNumber": number, "trackingNumberUniqueId": "", "carrierCode": ""}
    return {"trackingNumberInfo": info, "error": {"code": "TRACKING.TRACKINGNUMBER.NOTFOUND", "message": text}}


def _place(happening: Happening) -> _Item:
    return {
        "city": happening.city,
        "stateOrProvinceCode": happening.state,
        "countryCode": "BR",
        "residential": False,
        "countryName": "Brazil",
    }


def _dates(package: Package, shown: list[Happening]) -> list[_Item]:
    """What is known: the day it was shipped, the delivery or its estimate."""
    shipped = shown[0].happened_at.astimezone(BRASILIA)
    told = [{"type": "SHIP", "dateTime": f"{shipped:%Y-%m-%d}T00:00:00-06:00"}]
    delivered = next((each for each in shown if each.code == "delivered"), None)
    kind, at = ("ACTUAL_DELIVERY", delivered.happened_at) if delivered else ("ESTIMATED_DELIVERY", package.promised_at)
    return [*told, {"type": kind, "dateTime": at.astimezone(BRASILIA).isoformat(timespec="seconds")}]


def _older(result: _Item, first: Happening) -> _Item:
    """A shipment of two years ago, to someone else, that was delivered."""
    number = result["trackingNumberInfo"]["trackingNumber"]
    at = (first.happened_at - timedelta(days=730)).astimezone(BRASILIA).isoformat(timespec="seconds")
    kind, words, derived, derived_words, *_ = VOCABULARY["delivered"]
    scan: _Item = {
        "date": at,
        "eventType": kind,
        "eventDescription": words,
        "exceptionCode": "",
        "exceptionDescription": "",
    }
    scan |= {"scanLocation": {"city": "MEMPHIS", "stateOrProvinceCode": "TN", "countryCode": "US"}}
    return {
        **result,
        "trackingNumberInfo": _number_info(number, "244000000"),
        "additionalTrackingInfo": {"nickname": "", "packageIdentifiers": [], "hasAssociatedShipments": True},
        "latestStatusDetail": {"code": kind, "derivedCode": derived, "statusByLocale": words, "description": words},
        "dateAndTimes": [{"type": "SHIP", "dateTime": at}, {"type": "ACTUAL_DELIVERY", "dateTime": at}],
        "scanEvents": [{**scan, "derivedStatusCode": derived, "derivedStatus": derived_words}],
    }
