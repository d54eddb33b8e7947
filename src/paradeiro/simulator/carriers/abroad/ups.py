"""In: requests to UPS's tracking interface; out: a shipment's activity, newest first, or its errors.

The activity's type decides (D delivered, X exception, …), with a code and a status code; words do not. Date and time
stand apart, local and at Greenwich. A number that is not known is HTTP 200 with a warning.
"""

import base64
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, ClassVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from paradeiro.simulator.carriers.drawn_pictures import DrawnPicture, signed_delivery
from paradeiro.simulator.carriers.interface import BRASILIA, Tokens, basic, bearer, number_of, sent_as
from paradeiro.simulator.carriers.simulated_carrier import SimulatedCarrier
from paradeiro.simulator.scenario.ground_truth import Happening, Package

# Type, code, status code, description, the simplified words.
VOCABULARY = {
    "registered": (
        "M",
        "MP",
        "003",
        "Shipment ready for UPS, manifest processed. ",
        "Label Created",
    ),
    "accepted": ("P", "PU", "038", "Pickup Scan ", "We Have Your Package"),
    "moved": ("I", "DP", "005", "Departed from Facility", "On the Way"),
    "arrived": ("I", "AR", "005", "Arrived at Facility", "On the Way"),
    "handed_on": ("I", "ZP", "074", "Package delivered to UPS Delivery Partner", "On the Way"),
    "out": ("I", "OT", "021", "Out For Delivery Today", "Out for Delivery"),
    "absent": (
        "X",
        "48",
        "022",
        "The receiver was not available for delivery. We'll make a second attempt the next business day. ",
        "Delivery Attempted",
    ),
    "refused": ("X", "AM", "064", "The receiver has canceled the product order and refused delivery. ", "Exception"),
    "counter": ("I", "P0", "040", "Package Delivered to UPS Access Point™ ", "Ready for Pickup"),
    "damaged": ("X", "45", "059", "Your package was damaged in transit. We will notify the sender.", "Exception"),
    "lost": ("X", "LX", "068", "Sent to Lost and Found", "Exception"),
    "returning": ("X", "DL", "035", "The package will be returned to the sender. ", "Exception"),
    "delivered": ("D", "FS", "011", "DELIVERED ", "Delivered"),
}
# What is asked for in the query, and where it is in `deliveryInformation`: base64.
_PROOFS = {"returnSignature": ("signature", "image"), "returnPOD": ("pod", "content")}
_LEAST, _MOST = 7, 34
_Item = dict[str, Any]


@dataclass(slots=True)
class Ups(SimulatedCarrier):
    """Its part of the ground truth. `missing_is_error`: a number that is not known is HTTP 404, as in the schema."""

    client_id: str = "ups-client"
    client_secret: str = "ups-secret"  # noqa: S105 - of a simulated account
    missing_is_error: bool = False
    tokens: Tokens = field(init=False)

    name: ClassVar[str] = "ups"
    courier: ClassVar[str] = "UPS"
    sayable: ClassVar[frozenset[str]] = frozenset(VOCABULARY)
    events_field: ClassVar[str] = "activity"
    secret_fields: ClassVar[tuple[str, ...]] = ("client_secret",)

    def __post_init__(self) -> None:
        self.tokens = Tokens(self.clock, timedelta(seconds=14399))

    @classmethod
    def new_code(cls, chance: Random, number: int) -> str:
        """1Z, fifteen letters and digits, and one that checks them."""
        shipper = "".join(chance.choice("ABCEFHRVWXY0123456789") for _ in range(6))
        body = f"{shipper}03{number % 10**7:07d}"
        values = [int(each) if each.isdigit() else (ord(each) - 63) % 10 for each in body]
        return f"1Z{body}{-(sum(values[::2]) + 2 * sum(values[1::2])) % 10}"

    def settings(self, url: str) -> dict[str, str]:
        return {"base_url": url, "client_id": self.client_id, "client_secret": self.client_secret}

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/security/v1/oauth/token", self.token, methods=["POST"]),
                Route("/api/track/v1/details/{number}", self.details, methods=["GET"]),
            ]
        )

    async def token(self, request: Request) -> Response:
        """By HTTP Basic; a token lasts four hours."""
        form = await request.form()
        self.count("token")
        if basic(request) != (self.client_id, self.client_secret):
            return _errors(401, "10401", "ClientId is Invalid")
        right_form = sent_as(request) == "application/x-www-form-urlencoded"
        if not right_form or form.get("grant_type") != "client_credentials":
            return _errors(400, "10400", "Invalid/Missing Grant Type")
        told = {"token_type": "Bearer", "issued_at": str(int(self.clock().timestamp() * 1000))}
        told |= {"client_id": self.client_id, "access_token": self.tokens.give(), "scope": ""}
        return JSONResponse({**told, "expires_in": "14399", "refresh_count": "0", "status": "approved"})

    async def details(self, request: Request) -> Response:
        """One number a request."""
        number = request.path_params["number"].strip().upper()
        self.count("details", number)
        if not self.tokens.holds(bearer(request)):
            return _errors(401, "250002", "Invalid Authentication Information.")
        if not request.headers.get("transid") or not request.headers.get("transactionsrc"):
            return _errors(400, "TV1001", "Missing transId or transactionSrc")
        if not _LEAST <= len(number) <= _MOST or not number.isalnum():
            return _errors(400, "TV1002", "Invalid inquiry number")
        package = next((each for each in self.packages if each.code == number), None)
        shown = package.visible(self.clock()) if package else []
        if package is None or not shown:
            return self._missing(number)
        told = _package(package, shown)
        asked = {name for name in _PROOFS if request.query_params.get(name, "").lower() == "true"}
        for picture in self.pictures(package, self.clock()) if asked else ():
            packed = base64.b64encode(picture.content).decode()
            told.setdefault("deliveryInformation", {}).update(
                {
                    part: {field: packed}
                    for name, (part, field) in _PROOFS.items()
                    if name in asked and part == picture.remark
                }
            )
        shipment = {"inquiryNumber": number, "package": [told]}
        return JSONResponse({"trackResponse": {"shipment": [shipment]}})

    def pictures(self, package: Package, at: datetime) -> list[DrawnPicture]:
        """Of two packages in three that were signed for: the signature, and the letter that proves it."""
        if number_of("signed", package.code) % 3 == 0:
            return []
        drawn = [signed_delivery(package, at, part) for part, _ in _PROOFS.values()]
        return [each for each in drawn if each is not None]

    def _missing(self, number: str) -> Response:
        if self.missing_is_error:
            return _errors(404, "TW0001", "Tracking Information Not Found")
        warning = {"code": "TW0001", "message": "Tracking Information Not Found"}
        return JSONResponse({"trackResponse": {"shipment": [{"inquiryNumber": number, "warnings": [warning]}]}})


def _errors(status: int, code: str, message: str) -> Response:
    return JSONResponse({"response": {"errors": [{"code": code, "message": message}]}}, status)


def _package(package: Package, shown: list[Happening]) -> _Item:
    activity = [_activity(happening) for happening in reversed(shown)]
    current = activity[0]["status"]
    delivered = current["type"] == "D"
    told = {
        "trackingNumber": package.code,
        "deliveryDate": _delivery_dates(package, shown[-1] if delivered else None),
        "activity": activity,
        "currentStatus": {name: current[name] for name in ("description", "code", "statusCode", "type")},
        "packageCount": 1,
        "referenceNumber": [{"type": "SHIPMENT", "number": package.order_id}],
        "service": {"code": "008", "levelCode": "008", "description": "UPS Worldwide Expedited®"},
        "weight": {"unitOfMeasurement": "KGS", "weight": "1.00"},
    }
    if delivered:
        told["deliveryInformation"] = {"location": "Front Desk", "receivedBy": "FULANO"}
    return told


def _delivery_dates(package: Package, delivered: Happening | None) -> list[_Item]:
    if delivered is None:
        return [{"type": "SDD", "date": f"{package.promised_at.astimezone(BRASILIA):%Y%m%d}"}]
    return [{"type": "DEL", "date": f"{delivered.happened_at.astimezone(BRASILIA):%Y%m%d}"}]


def _activity(happening: Happening) -> _Item:
    kind, code, number, words, simple = VOCABULARY[happening.code]
    here, greenwich = happening.happened_at.astimezone(BRASILIA), happening.happened_at.astimezone(UTC)
    offset = here.strftime("%z")
    place = {"city": happening.city.title(), "stateProvince": happening.state, "countryCode": "BR", "country": "BR"}
    return {
        "location": {"address": place, "slic": "3501"},
        "status": {
            "type": kind,
            "description": words,
            "code": code,
            "statusCode": number,
            "simplifiedTextDescription": simple,
        },
        "date": f"{here:%Y%m%d}",
        "time": f"{here:%H%M%S}",
        "gmtDate": f"{greenwich:%Y%m%d}",
        "gmtOffset": f"{offset[:3]}:{offset[3:]}",
        "gmtTime": f"{greenwich:%H:%M:%S}",
    }
