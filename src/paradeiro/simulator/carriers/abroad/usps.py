"""In: requests to USPS's tracking interface, version 3; out: a mail piece's events, newest first, or its errors.

Codes of two characters decide. The local time has no seconds and no offset; the one at Greenwich has seconds. A piece
that came back to its sender has the code of a delivery: only the event's name says to whom.
"""

from dataclasses import dataclass, field
from datetime import UTC, timedelta
from random import Random
from typing import Any, ClassVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from paradeiro.simulator.carriers.interface import (
    BRASILIA,
    JSON_TYPE,
    Tokens,
    bearer,
    destination,
    json_object,
    local,
    number_of,
    sent_as,
)
from paradeiro.simulator.carriers.simulated_carrier import SimulatedCarrier
from paradeiro.simulator.scenario.ground_truth import Happening, Package

# Code, name, and the category that it gives the piece.
VOCABULARY = {
    "registered": ("GX", "Shipping Label Created, USPS Awaiting Item", "Pre-Shipment"),
    "accepted": ("03", "USPS in possession of item", "Accepted"),
    "moved": ("T1", "Departed USPS Regional Facility", "In Transit"),
    "arrived": ("07", "Arrived at Post Office", "In Transit"),
    "out": ("OF", "Out for Delivery", "Out for Delivery"),
    "absent": ("02", "Notice Left (No Authorized Recipient Available)", "Delivery Attempt"),
    "refused": ("04", "Refused", "Alert"),
    "counter": ("16", "Available for Pickup", "Available for Pickup"),
    "returning": ("09", "Return to Sender", "Alert"),
    "returned": ("01", "Delivered, To Original Sender", "Delivered to Original Sender"),
    "delivered": ("01", "Delivered, Parcel Locker", "Delivered"),
}
_PATH = "/tracking/v3"
_Item = dict[str, Any]


@dataclass(slots=True)
class Usps(SimulatedCarrier):
    """Its part of the ground truth. `requests_an_hour`: None for no limit."""

    client_id: str = "usps-client"
    client_secret: str = "usps-secret"  # noqa: S105 - of a simulated account
    requests_an_hour: int | None = None
    tokens: Tokens = field(init=False)

    name: ClassVar[str] = "usps"
    courier: ClassVar[str] = "USPS"
    sayable: ClassVar[frozenset[str]] = frozenset(VOCABULARY)
    events_field: ClassVar[str] = "trackingEvents"
    secret_fields: ClassVar[tuple[str, ...]] = ("client_secret",)

    def __post_init__(self) -> None:
        self.tokens = Tokens(self.clock, timedelta(seconds=14399))

    @classmethod
    def new_code(cls, chance: Random, number: int) -> str:
        """Twenty-two digits, of which the last checks the others."""
        digits = f"94001{chance.randrange(10**8):08d}{number % 10**8:08d}"
        weighted = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits)))
        return f"{digits}{-weighted % 10}"

    def settings(self, url: str) -> dict[str, str]:
        return {"base_url": url, "client_id": self.client_id, "client_secret": self.client_secret}

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/oauth2/v3/token", self.token, methods=["POST"]),
                Route(f"{_PATH}/tracking/{{number}}", self.tracking, methods=["GET"]),
            ]
        )

    async def token(self, request: Request) -> Response:
        """By a form or JSON; a token lasts four hours."""
        sent = await json_object(request) if sent_as(request) == JSON_TYPE else dict(await request.form())
        given: dict[str, Any] = sent or {}
        self.count("token")
        known = (given.get("client_id"), given.get("client_secret")) == (self.client_id, self.client_secret)
        if not known or given.get("grant_type") != "client_credentials":
            error = "invalid_client" if not known else "unsupported_grant_type"
            told = {"error": error, "error_description": "Client authentication failed."}
            return JSONResponse({**told, "error_uri": "https://datatracker.ietf.org/doc/html/rfc6749#page-45"}, 401)
        told = {"access_token": self.tokens.give(), "token_type": "Bearer", "scope": "tracking"}
        told |= {"issued_at": str(int(self.clock().timestamp() * 1000)), "client_id": self.client_id}
        return JSONResponse({**told, "expires_in": "14399", "refresh_count": "0", "status": "approved"})

    async def tracking(self, request: Request) -> Response:
        """One piece a request: a summary in words, or its events with `expand=DETAIL`."""
        number = request.path_params["number"].strip()
        self.count("tracking", number)
        refusal = self._refusal(request)
        if refusal is not None:
            return refusal
        if not number.isalnum():
            return _error(400, "Bad Request", "The tracking number is invalid.")
        package = next((each for each in self.packages if each.code == number), None)
        shown = package.visible(self.clock()) if package else []
        if package is None or not shown:
            text = "The tracking number may be incorrect or the status update is not yet available."
            return _error(404, "Not Found", text)
        detail = request.query_params.get("expand", "SUMMARY").upper() == "DETAIL"
        return JSONResponse(_detail(package, shown) if detail else _summary(package, shown))

    def _refusal(self, request: Request) -> Response | None:
        if not self.tokens.holds(bearer(request)):
            return _error(401, "Unauthorized", "The access token is missing, invalid or expired.")
        if self.requests_an_hour is not None and self.calls["tracking"] > self.requests_an_hour:
            return _error(429, "Too Many Requests", "Quota is exceeded.", {"retry-after": "30"})
        return None


def _error(status: int, title: str, detail: str, headers: dict[str, str] | None = None) -> Response:
    part = {"status": str(status), "code": f"{status}000", "title": title, "detail": detail}
    error = {"code": str(status), "message": detail, "errors": [{**part, "source": {"parameter": "trackingNumber"}}]}
    return JSONResponse({"apiVersion": _PATH, "error": error}, status, headers)


def _summary(package: Package, shown: list[Happening]) -> _Item:
    told = [
        f"{VOCABULARY[each.code][1]}, {local(each.happened_at, '%B %d, %Y, %I:%M %p')}, {each.city}, {each.state}"
        for each in reversed(shown)
    ]
    return {"trackingNumber": package.code, "eventSummaries": told}


def _detail(package: Package, shown: list[Happening]) -> _Item:
    first, last, target = shown[0], shown[-1], destination(package)
    code, name, category = VOCABULARY[last.code]
    told = {
        "destinationCity": target.city,
        "destinationState": target.state,
        "destinationZIP": None,
        "mailClass": "USPS Ground Advantage<SUP>&#153;</SUP>",
        "mailType": "DM",
        "originCity": first.city,
        "originState": first.state,
        "services": ["USPS Tracking<SUP>&#174;</SUP>"],
        "serviceTypeCode": "001",
        "status": name,
        "statusCategory": category,
        "statusSummary": f"{name} at {local(last.happened_at, '%I:%M %p on %B %d, %Y')} in {last.city}, {last.state}.",
        "uniqueMailPieceID": str(number_of("piece", package.code) % 10**9),
        "mailPieceIntakeDate": local(first.happened_at, "%Y-%m-%d %H:%M:%S.000000"),
        "trackingEvents": [_event(happening) for happening in reversed(shown)],
        "trackingNumber": package.code,
    }
    if code != "01":
        told["expectedDeliveryDate"] = local(package.promised_at, "%Y-%m-%d")
    return told


def _event(happening: Happening) -> _Item:
    code, name, _ = VOCABULARY[happening.code]
    offset = happening.happened_at.astimezone(BRASILIA).strftime("%z")
    return {
        "eventType": name,
        "eventTimestamp": local(happening.happened_at, "%Y-%m-%dT%H:%M:00"),
        "GMTTimestamp": f"{happening.happened_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "GMTOffset": f"{offset[:3]}:{offset[3:]}",
        "eventCountry": None,
        "eventCity": happening.city,
        "eventState": happening.state,
        "eventZIP": None,
        "firm": None,
        "name": None,
        "authorizedAgent": "false",
        "eventCode": code,
        "additionalProp": None,
    }
