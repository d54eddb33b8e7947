"""In: requests to DHL's unified tracking interface; out: shipments with their events, or a problem document.

A status code of five decides; status and description are free words. Times are the place's own, without an offset.
"""

import time
from dataclasses import dataclass, field
from random import Random
from typing import Any, ClassVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from paradeiro.simulator.carriers.interface import local
from paradeiro.simulator.carriers.simulated_carrier import SimulatedCarrier
from paradeiro.simulator.scenario.ground_truth import Happening, Package

# Status code, status, description. "transit" says no more than that it is on its way.
VOCABULARY = {
    "registered": ("pre-transit", "Shipment information received", "The shipment data was transmitted"),
    "moved": ("transit", "DEPARTED", "Shipment has departed from a DHL facility"),
    "arrived": ("transit", "ARRIVED", "Arrived at DHL delivery facility"),
    "handed_on": ("transit", "DELIVERED TO PARTNER", "The shipment was delivered to the service partner"),
    "damaged": ("failure", "DAMAGED", "The shipment was damaged"),
    "lost": ("failure", "LOST", "The shipment could not be found"),
    "delivered": ("delivered", "DELIVERED", "The shipment has been successfully delivered"),
}
_PROBLEM = "application/problem+json"
_MOST = 5
_Item = dict[str, Any]


@dataclass(slots=True)
class Dhl(SimulatedCarrier):
    """Its part of the ground truth. `requests_per_second`: None for no limit."""

    api_key: str = "dhl-api-key"
    requests_per_second: float | None = None
    moments: list[float] = field(default_factory=list)

    name: ClassVar[str] = "dhl"
    courier: ClassVar[str] = "DHL"
    sayable: ClassVar[frozenset[str]] = frozenset(VOCABULARY)
    # Without `events` a shipment's own status is read, which is its newest event.
    events_field: ClassVar[str] = "shipments"
    secret_fields: ClassVar[tuple[str, ...]] = ("api_key",)

    @classmethod
    def new_code(cls, chance: Random, number: int) -> str:
        """Twenty digits, of which the last checks the others."""
        digits = f"00340434{chance.randrange(10**3):03d}{number % 10**8:08d}"
        weighted = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits)))
        return f"{digits}{-weighted % 10}"

    def settings(self, url: str) -> dict[str, str]:
        return {"base_url": url, "api_key": self.api_key}

    def app(self) -> Starlette:
        return Starlette(routes=[Route("/track/shipments", self.shipments, methods=["GET"])])

    async def shipments(self, request: Request) -> Response:
        """One number a request."""
        number = request.query_params.get("trackingNumber", "").strip()
        self.count("shipments", number)
        refusal = self._refusal(request)
        if refusal is not None:
            return refusal
        if not number:
            return _problem(400, "Bad request", "Required request parameter 'trackingNumber' is not present.")
        package = next((each for each in self.packages if each.code == number), None)
        shown = package.visible(self.clock()) if package else []
        if package is None or not shown:
            detail = "No shipment with given tracking number found."
            return _problem(404, "No result found", detail, f"/shipment/{number}")
        here = f"/shipments?trackingNumber={number}?offset=0&limit={_MOST}"
        told = {"url": here, "firstUrl": here, "lastUrl": here, "shipments": [_shipment(package, shown)]}
        return JSONResponse({**told, "possibleAdditionalShipmentsUrl": []})

    def _refusal(self, request: Request) -> Response | None:
        now = time.monotonic()
        self.moments = [moment for moment in self.moments if now - moment < 1] + [now]
        if request.headers.get("dhl-api-key") != self.api_key:
            return _problem(401, "Unauthorized", "Unauthorized for given resource.")
        if self.requests_per_second is not None and len(self.moments) > self.requests_per_second:
            return _problem(429, "Too many requests", "Too many requests within defined time period.")
        return None


def _problem(status: int, title: str, detail: str, instance: str = "") -> Response:
    told = {"title": title, "detail": detail, "status": status}
    return JSONResponse(told | ({"instance": instance} if instance else {}), status, media_type=_PROBLEM)


def _shipment(package: Package, shown: list[Happening]) -> _Item:
    """Its events are told newest first; the shipment's own status is the newest one's."""
    events = [_event(happening) for happening in reversed(shown)]
    delivered = events[0]["statusCode"] == "delivered"
    shipment = {
        "id": package.code,
        "service": "ecommerce",
        "origin": _place(shown[0]),
        "destination": _place(shown[-1]),
        "status": dict(events[0]),
        "estimatedTimeOfDelivery": local(package.promised_at),
        "details": {
            "product": {"productName": "DHL eCommerce"},
            "proofOfDeliverySignedAvailable": delivered,
            "totalNumberOfPieces": 1,
            "references": [{"number": package.order_id, "type": "customer-reference"}],
        },
        "events": events,
    }
    if delivered:
        shipment.pop("estimatedTimeOfDelivery")
    return shipment


def _place(happening: Happening) -> _Item:
    return {"address": {"countryCode": "BR", "addressLocality": f"{happening.city}, {happening.state}"}}


def _event(happening: Happening) -> _Item:
    code, status, description = VOCABULARY[happening.code]
    return {
        "timestamp": local(happening.happened_at),
        "location": _place(happening),
        "statusCode": code,
        "status": status,
        "description": description,
    }
