"""In: requests to Melhor Envio's interface, the clock; out: the state of labels, an hour old; its signed pushes.

It sells labels of other carriers and tells the label's state with an instant per state, not the carrier's events. The
pushes are fresh and have an offset; the answers have none.
"""

import base64
import hmac
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from random import Random
from typing import Any, ClassVar
from uuid import UUID

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from paradeiro.simulator.carriers.interface import bearer, json_object, local, news, number_of
from paradeiro.simulator.carriers.simulated_carrier import SentPush, SimulatedCarrier
from paradeiro.simulator.scenario.ground_truth import Happening, Package

# The state, and the field that says since when.
VOCABULARY = {
    "registered": ("generated", "generated_at"),
    "accepted": ("posted", "posted_at"),
    "lost": ("undelivered", ""),
    "delivered": ("delivered", "delivered_at"),
}
_CACHED_FOR = timedelta(hours=1)
_TIMES = ("created_at", "paid_at", "generated_at", "posted_at", "delivered_at", "canceled_at", "expired_at")
_Label = dict[str, Any]


@dataclass(slots=True)
class MelhorEnvio(SimulatedCarrier):
    """Its part of the ground truth. `in_hex`: pushes are signed in hexadecimal, not base64; `late_tracking`: how long
    after the posting the carrier's own code is still unknown; `wrongly_delivered`: labels that the answers tell as
    delivered without a carrier's code, though nothing was; `requests_per_minute`: None for no limit.
    """

    token: str = "melhor-envio-token"  # noqa: S105 - of a simulated account
    refresh_token: str = "melhor-envio-refresh"  # noqa: S105 - of a simulated account
    client_id: str = "4321"
    client_secret: str = "melhor-envio-secret"  # noqa: S105 - of a simulated account
    token_ends_at: datetime | None = None
    in_hex: bool = False
    late_tracking: timedelta = timedelta(hours=3)
    wrongly_delivered: frozenset[str] = frozenset()
    requests_per_minute: int | None = None
    cache: dict[str, tuple[datetime, _Label]] = field(default_factory=dict)
    moments: list[datetime] = field(default_factory=list)

    name: ClassVar[str] = "melhor_envio"
    courier: ClassVar[str] = "Melhor Envio"
    sayable: ClassVar[frozenset[str]] = frozenset(VOCABULARY)
    untimed: ClassVar[frozenset[str]] = frozenset(code for code, (_, since) in VOCABULARY.items() if not since)
    events_field: ClassVar[str] = "status"
    secret_fields: ClassVar[tuple[str, ...]] = ("token", "refresh_token")

    @classmethod
    def new_code(cls, chance: Random, number: int) -> str:  # noqa: ARG003 - a UUID needs no number
        """The label's identity, a UUID."""
        return str(UUID(int=chance.getrandbits(128), version=4))

    @classmethod
    def own_number(cls, code: str) -> str:
        """The platform's own code of a label, which it names as the tracking code unless the carrier's is known."""
        return f"ME26{number_of('own', code) % 10**7:07d}BR"

    def settings(self, url: str) -> dict[str, str]:
        return {
            "base_url": url,
            "token": self.token,
            "refresh_token": self.refresh_token,
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "contact": "loja@example.com.br",
        }

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/api/v2/me/shipment/tracking", self.tracking, methods=["POST"]),
                Route("/oauth/token", self.renew, methods=["POST"]),
            ]
        )

    async def renew(self, request: Request) -> Response:
        """A refresh token is good once."""
        sent = await json_object(request) if "json" in request.headers.get("content-type", "") else None
        given: dict[str, Any] = sent if sent is not None else dict(await request.form())
        self.count("token")
        known = (given.get("client_id"), given.get("client_secret")) == (self.client_id, self.client_secret)
        if not known:
            return JSONResponse({"error": "invalid_client", "message": "Client authentication failed"}, 401)
        if given.get("grant_type") != "refresh_token" or given.get("refresh_token") != self.refresh_token:
            return JSONResponse({"error": "invalid_request", "message": "The refresh token is invalid."}, 401)
        turn = self.calls["token"]
        self.token, self.refresh_token = f"melhor-envio-token-{turn}", f"melhor-envio-refresh-{turn}"
        self.token_ends_at = self.clock() + timedelta(days=30)
        told = {"token_type": "Bearer", "expires_in": 2592000, "access_token": self.token}
        return JSONResponse({**told, "refresh_token": self.refresh_token})

    async def tracking(self, request: Request) -> Response:
        """An object by label; labels that are not this account's are left out."""
        body = await json_object(request)
        labels = (body or {}).get("orders")
        asked = labels if isinstance(labels, list) else []
        self.count("tracking", *map(str, asked))
        refusal = self._refusal(request)
        if refusal is not None:
            return refusal
        if not asked:
            said = {"message": "The given data was invalid.", "errors": {"orders": ["O campo orders é obrigatório."]}}
            return JSONResponse(said, 422)
        by_code = {package.code: package for package in self.packages}
        found = {str(label): self._cached(by_code.get(str(label))) for label in asked}
        known = {label: state for label, state in found.items() if state is not None}
        return JSONResponse(known or [])  # nothing found is an empty list, not an object

    def _refusal(self, request: Request) -> Response | None:
        now = self.clock()
        self.moments = [moment for moment in self.moments if now - moment < timedelta(minutes=1)] + [now]
        ended = self.token_ends_at is not None and now >= self.token_ends_at
        if bearer(request) != self.token or ended:
            return JSONResponse({"message": "Unauthenticated."}, 401)
        if "@" not in request.headers.get("user-agent", ""):
            return JSONResponse({"message": "User-Agent com e-mail de contato é obrigatório."}, 403)
        if self.requests_per_minute is not None and len(self.moments) > self.requests_per_minute:
            return JSONResponse({"message": "Too Many Attempts."}, 429, {"retry-after": "60"})
        return None

    def _cached(self, package: Package | None) -> _Label | None:
        """What it said less than an hour ago it says again."""
        now = self.clock()
        if package is None or self._made_at(package) > now:
            return None
        read_at, state = self.cache.get(package.code, (None, {}))
        if read_at is None or now - read_at >= _CACHED_FOR:
            state = self._state(package, package.visible(now), now)
            self.cache[package.code] = (now, state)
        return state

    def _state(self, package: Package, shown: list[Happening], now: datetime) -> _Label:
        times = {name: at if at and at <= now else None for name, at in self._times(package, shown).items()}
        said = {name: local(at, "%Y-%m-%d %H:%M:%S") if at else None for name, at in times.items()}
        status = VOCABULARY[shown[-1].code][0] if shown else "released" if times["paid_at"] else "pending"
        code = self._carrier_code(package, shown, now)
        if package.code in self.wrongly_delivered:
            status, code = "delivered", None
            said["delivered_at"] = local(now, "%Y-%m-%d %H:%M:%S")
        return {
            "id": package.code,
            "protocol": _protocol(package),
            "status": status,
            "tracking": code,
            "melhorenvio_tracking": self.own_number(package.code),
            **said,
        }

    def _times(self, package: Package, shown: list[Happening]) -> dict[str, datetime | None]:
        """When each state began. The label was made and paid before anything happened to the package."""
        times: dict[str, datetime | None] = dict.fromkeys(_TIMES)
        times["created_at"] = self._made_at(package)
        times["paid_at"] = self._made_at(package) + timedelta(minutes=21)
        for happening in shown:
            since = VOCABULARY[happening.code][1]
            if since:
                times[since] = happening.happened_at
        return times

    def _made_at(self, package: Package) -> datetime:
        """Before the shop could write the label's id on the order, and before anything happened to it."""
        invoiced = [order.invoiced_at for order in self.ground_truth.orders if order.order_id == package.order_id]
        moments = [*invoiced, *(each.happened_at for each in package.happenings)]
        return min(moments).replace(microsecond=0) - timedelta(minutes=25)

    def _carrier_code(self, package: Package, shown: list[Happening], now: datetime) -> str | None:
        """The carrier's own code is named some time after the posting, at the latest with the delivery."""
        posted = next((each.visible_at for each in shown if each.code == "accepted"), None)
        delivered = any(each.code == "delivered" for each in shown)
        named = posted is not None and now >= posted + self.late_tracking
        return (package.own_number or self.own_number(package.code)) if named or delivered else None

    def pushes(self, since: datetime, until: datetime, secret: str) -> list[SentPush]:
        """One per change of a label's state; its signature is over the raw body."""
        sent = []
        for each in news(self.packages, since, until):
            body = self._push(each.package, each.happening)
            digest = hmac.new(secret.encode(), body, sha256).digest()
            proof = digest.hex() if self.in_hex else base64.b64encode(digest).decode()
            headers = {
                "user-agent": "Melhor Envio Webhooks/1.0",
                "accept": "application/json, text/plain, */*",
                "content-type": "application/json",
                "x-me-signature": proof,
            }
            sent += [SentPush(at, headers, body) for at in each.sent_at]
        return sorted(sent, key=lambda push: push.at)

    def _push(self, package: Package, happening: Happening) -> bytes:
        """The state as it was at this event."""
        happened = [each for each in package.visible(happening.visible_at) if each.happened_at <= happening.happened_at]
        shown = [each for each in happened if each is not happening] + [happening]
        times = self._times(package, shown).items()
        said = {name: at.astimezone(UTC).isoformat() if at else None for name, at in times}
        status = VOCABULARY[happening.code][0]
        data = {
            "id": package.code,
            "protocol": _protocol(package),
            "status": status,
            "tracking": self._carrier_code(package, shown, happening.visible_at),
            "self_tracking": self.own_number(package.code),
            "user_id": "0000111",
            "tags": [{"tag": package.order_id, "url": None}],
            **said,
            "tracking_url": f"https://www.melhorrastreio.com.br/rastreio/{self.own_number(package.code)}",
        }
        return json.dumps({"event": f"order.{status}", "data": data}, ensure_ascii=False).encode()

    def registration_call(self, secret: str) -> SentPush:
        """The call with which it tries an address that is being registered: it names no label."""
        body = b'{"event":"test","data":{}}'
        proof = base64.b64encode(hmac.new(secret.encode(), body, sha256).digest()).decode()
        return SentPush(self.clock(), {"content-type": "application/json", "x-me-signature": proof}, body)


def _protocol(package: Package) -> str:
    return f"ORD-2026{number_of('protocol', package.code) % 10**9:09d}"
