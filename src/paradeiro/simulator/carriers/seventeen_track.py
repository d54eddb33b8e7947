"""In: requests to an aggregator's API; out: its answers, as its documentation describes them: register, look up.

It reads the carrier through a channel of its own (so an outage of the carrier's interface does not affect it), when a
number is new and then every few hours; it reports events in its own vocabulary, in minutes, not seconds.
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from paradeiro.simulator.scenario.ground_truth import GroundTruth, Happening

ZONE = ZoneInfo("America/Sao_Paulo")
CARRIER = 2151
_MOST_NUMBERS = 40
_NUMBER = re.compile(r"(?=.*\d)[A-Za-z0-9-]{5,50}")
_FIRST_LOOK = timedelta(minutes=5)
_LOOKS_EVERY = timedelta(hours=6)  # to twice that, by the number

# By the carrier's code, else by what it means: the stage (a milestone, often none) and the sub-status.
_BY_CODE: dict[str, tuple[str | None, str]] = {
    "PAR/16": ("Arrival", "InTransit_Arrival"),
    "PAR/21": (None, "InTransit_CustomsProcessing"),
    "PAR/17": (None, "InTransit_CustomsRequiringInformation"),
    "PAR/31": (None, "InTransit_CustomsReleased"),
    "PAR/10": (None, "InTransit_CustomsReleased"),
    "BDE/09": (None, "Exception_Delayed"),
    "BDE/28": (None, "Exception_Damage"),
    "RO/01": (None, "InTransit_Other"),  # also on the way back: the same sub-status
}
_BY_MEANING: dict[str | None, tuple[str | None, str]] = {
    None: (None, "InTransit_Other"),  # what it cannot classify, such as a reversal
    "registered": ("InfoReceived", "InfoReceived"),
    "accepted": ("PickedUp", "InTransit_PickedUp"),
    "in_transit": (None, "InTransit_Other"),
    "out_for_delivery": ("OutForDelivery", "OutForDelivery_Other"),
    "available_for_pickup": ("AvailableForPickup", "AvailableForPickup_Other"),
    "attempt_failed": (None, "DeliveryFailure_NoBody"),
    "exception": (None, "Exception_Other"),
    "returning": ("Returning", "Exception_Returning"),
    "returned": ("Returned", "Exception_Returned"),
    "delivered": ("Delivered", "Delivered_Other"),
}
_MESSAGES = {
    -18010012: "The format of the number is invalid.",  # the real one contains the number
    -18010002: "Invalid security key.",
    -18010013: "Invalid submitted data.",
    -18010014: "Tracking numbers exceed the 40 limit.",
    -18019901: "Already registered.",
    -18019902: "Not registered yet.",
    -18019903: "Carrier cannot be detected.",
    -18019908: "Quota is used up.",
    -18019909: "No tracking information at this time.",
}
_Item = dict[str, Any]


@dataclass(slots=True)
class Aggregator:
    """The part of the ground truth that it shows, to whom, and its quota and rate limit."""

    ground_truth: GroundTruth
    token: str
    clock: Callable[[], datetime]
    quota: int = 1_000_000
    requests_per_second: float | None = None
    registered: dict[str, datetime] = field(default_factory=dict)
    calls: dict[str, int] = field(default_factory=dict)
    asked: list[list[str]] = field(default_factory=list)
    moments: list[float] = field(default_factory=list)

    def app(self) -> Starlette:
        """Its API."""
        return Starlette(
            routes=[
                Route("/track/v2.2/register", self.register, methods=["POST"]),
                Route("/track/v2.2/gettrackinfo", self.look_up, methods=["POST"]),
                Route("/track/v2.2/getquota", self.remaining_quota, methods=["POST"]),
            ]
        )

    async def register(self, request: Request) -> Response:
        """Each new number costs one of the quota; one that is registered costs nothing."""
        return await self._answer_each(request, "register", self._register)

    async def look_up(self, request: Request) -> Response:
        return await self._answer_each(request, "gettrackinfo", self._look_up)

    async def remaining_quota(self, request: Request) -> Response:
        refusal = self._refusal(request, "getquota")
        used = len(self.registered)
        told = {"quota_total": self.quota, "quota_used": used, "quota_remain": self.quota - used}
        return refusal or JSONResponse({"code": 0, "data": told})

    def _refusal(self, request: Request, what: str) -> Response | None:
        self.calls[what] = self.calls.get(what, 0) + 1
        now = time.monotonic()
        self.moments = [m for m in self.moments if now - m < 1] + [now]
        if self.requests_per_second is not None and len(self.moments) > self.requests_per_second:
            return Response(status_code=429)
        if request.headers.get("17token") != self.token:
            return JSONResponse(_failure(-18010002), 401)
        return None

    async def _answer_each(self, request: Request, what: str, one: Callable[[str, int], _Item]) -> Response:
        refusal = self._refusal(request, what)
        if refusal is not None:
            return refusal
        try:
            items = [(str(each["number"]), int(each.get("carrier", 0))) for each in await request.json()]
        except (ValueError, TypeError, KeyError, AttributeError):
            return JSONResponse({"code": 0, "data": {"errors": [_error(-18010013)]}})
        if len(items) > _MOST_NUMBERS:
            return JSONResponse({"code": 0, "data": {"errors": [_error(-18010014)]}})
        self.asked.append([number for number, _ in items])
        told = [one(number, carrier) for number, carrier in items]
        accepted = [each for each in told if "error" not in each]
        return JSONResponse(
            {"code": 0, "data": {"accepted": accepted, "rejected": [each for each in told if "error" in each]}}
        )

    def _register(self, number: str, carrier: int) -> _Item:
        if not _NUMBER.fullmatch(number):
            return _rejected_part(number, -18010012)
        if number in self.registered:
            return _rejected_part(number, -18019901)
        if carrier not in {0, CARRIER}:
            return _rejected_part(number, -18019903)
        if len(self.registered) >= self.quota:
            return _rejected_part(number, -18019908)
        self.registered[number] = self.clock()
        return {"origin": 1, "number": number, "carrier": CARRIER, "email": None, "tag": None, "lang": None}

    def _look_up(self, number: str, _: int) -> _Item:
        if number not in self.registered:
            return _rejected_part(number, -18019902)
        looked = self.last_look_at(number)
        package = self.ground_truth.package(number)
        if looked is None:
            return _rejected_part(number, -18019909)
        if package is None:
            return _track_info(number, [], looked, None)
        return _track_info(number, package.visible(looked), looked, package.promised_at)

    def last_look_at(self, number: str) -> datetime | None:
        """When it last read the carrier for this number; None if it has not yet."""
        since = self.clock() - self.registered[number]
        if since < _FIRST_LOOK:
            return None
        every = _LOOKS_EVERY * (1 + sha256(number.encode()).digest()[0] / 256)
        return self.registered[number] + _FIRST_LOOK + ((since - _FIRST_LOOK) // every) * every


def _error(code: int) -> _Item:
    return {"code": code, "message": _MESSAGES[code]}


def _failure(code: int) -> _Item:
    return {"code": code, "message": _MESSAGES[code], "data": {}}


def _rejected_part(number: str, code: int) -> _Item:
    return {"number": number, "carrier": CARRIER, "error": _error(code)}


def _track_info(number: str, happenings: list[Happening], looked: datetime, promised_at: datetime | None) -> _Item:
    events = [_event(happening) for happening in reversed(happenings)]
    status = events[0]["sub_status"] if events else "NotFound_Other"
    provider = {
        "provider": {"key": CARRIER, "name": "Correios", "alias": "Brazil Post", "country": "BR"},
        "latest_sync_status": "Success",
        "latest_sync_time": f"{looked:%Y-%m-%dT%H:%M:%S}Z",
        "events": events,
    }
    info = {
        "latest_status": {"status": status.split("_")[0], "sub_status": status, "sub_status_descr": None},
        "latest_event": events[0] if events else None,
        "time_metrics": {"estimated_delivery_date": _estimate(promised_at) if events else None},
        "tracking": {"providers_hash": len(events), "providers": [provider]},
    }
    return {"number": number, "carrier": CARRIER, "param": None, "tag": None, "track_info": info}


def _estimate(promised_at: datetime | None) -> _Item:
    """The carrier's own estimate, as it passes it on: from the first moment of a day to its last."""
    if promised_at is None:
        return {"source": None, "from": None, "to": None}
    day = f"{promised_at.astimezone(ZONE):%Y-%m-%d}"
    return {"source": "Official", "from": f"{day}T00:00:00-03:00", "to": f"{day}T23:59:59-03:00"}


def _event(happening: Happening) -> _Item:
    stage, sub_status = _BY_CODE.get(happening.code) or _BY_MEANING[happening.says]
    local = happening.happened_at.astimezone(ZONE).replace(second=0)
    # Abroad it takes the carrier's wall clock for that country's; deliveries often have no zone at all.
    offset = "+08:00" if happening.country else "-03:00"
    zoned = happening.says != "delivered"
    raw = {"date": f"{local:%Y-%m-%d}", "time": f"{local:%H:%M:%S}", "timezone": offset if zoned else None}
    city = happening.city.title() or None
    iso = f"{local:%Y-%m-%dT%H:%M:%S}{offset}" if zoned else None
    return {
        "time_iso": iso,
        "time_utc": f"{datetime.fromisoformat(iso).astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if iso else None,
        "time_raw": raw,
        "description": f"{happening.text} [{sub_status}]",
        "location": f"{city} - {happening.state}" if city else happening.country or None,
        "stage": stage,
        "sub_status": sub_status,
        "address": {"country": None if happening.country else "BR", "state": happening.state or None, "city": city},
    }
