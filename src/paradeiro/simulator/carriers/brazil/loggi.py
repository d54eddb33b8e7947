"""In: questions to Loggi by its tracking code; out: its answers, and its pushes, which have the same body.

A token is fetched first and lives an hour. Times are UTC with a Z; a code is a number in quotation marks.
"""

import base64
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from random import Random
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from paradeiro.simulator.carriers.correios import json_body
from paradeiro.simulator.carriers.simulated_carrier import SentPush, SimulatedCarrier
from paradeiro.simulator.scenario.ground_truth import Happening, Package

ZONE = ZoneInfo("America/Sao_Paulo")
PUSHED_BY = "loggi"
_TOKEN_LIVES = timedelta(hours=1)
_PUSHED_AFTER = timedelta(seconds=20)
_AGAIN_AFTER = timedelta(seconds=45)

VOCABULARY: dict[str, tuple[int, str]] = {
    "registered": (1, "Adicionado no sistema"),
    "accepted": (14, "Coletado"),
    "moved": (16, "Saiu de uma base"),
    "arrived": (17, "Chegou em uma base"),
    "handed_on": (30, "Entregue a transportadora"),
    "out": (11, "Em rota"),
    "absent": (18, "Destinatário ausente"),
    "refused": (6, "Recusado pelo destinatário"),
    "counter": (10, "Retirar nos correios"),
    "damaged": (19, "Avariado"),
    "lost": (9, "Extraviado"),
    "returning": (7, "Devolução iniciada"),
    "returned": (8, "Devolvido"),
    "delivered": (5, "Entregue"),
}


@dataclass(slots=True)
class Loggi(SimulatedCarrier):
    """`volumes`: packages under one tracking code; `misspelt`: whether a step's place is under "locatiion"."""

    client_id: str = "loja-loggi"
    client_secret: str = "segredo-loggi"  # noqa: S105 - of the simulated account
    company_id: str = "4711"
    volumes: int = 1
    misspelt: bool = False
    tokens: dict[str, datetime] = field(default_factory=dict)

    name: ClassVar[str] = "loggi"
    courier: ClassVar[str] = "Loggi"
    sayable: ClassVar[frozenset[str]] = frozenset(VOCABULARY)
    events_field: ClassVar[str] = "trackingHistory"
    secret_fields: ClassVar[tuple[str, ...]] = ("client_secret",)

    @classmethod
    def new_code(cls, chance: Random, number: int) -> str:  # noqa: ARG003 - its codes are counted
        return f"LGI{number:07d}BR"

    def app(self) -> Starlette:
        path = "/v1/companies/{company}/packages/{code}/tracking"
        return Starlette(
            routes=[
                Route("/v2/oauth2/token", self.token, methods=["POST"]),
                Route(path, self.tracking, methods=["GET"]),
            ]
        )

    def settings(self, url: str) -> dict[str, str]:
        return {
            "base_url": url,
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "company_id": self.company_id,
        }

    async def token(self, request: Request) -> Response:
        """A new token at each call."""
        body = await json_body(request)
        self.count("token")
        if (body.get("client_id"), body.get("client_secret")) != (self.client_id, self.client_secret):
            return _error(401, 16, "Unauthenticated")
        made = sha256(f"{self.client_secret}{len(self.tokens)}".encode()).hexdigest()
        self.tokens[made] = self.clock() + _TOKEN_LIVES
        return JSONResponse({"idToken": made, "expiresIn": str(int(_TOKEN_LIVES.total_seconds()))})

    async def tracking(self, request: Request) -> Response:
        code = request.path_params["code"]
        self.count("tracking", code)
        expires = self.tokens.get(request.headers.get("authorization", "").removeprefix("Bearer "))
        if expires is None or expires <= self.clock():
            return _error(401, 16, "Unauthenticated")
        if request.path_params["company"] != self.company_id:
            return _error(403, 7, "Permission denied")
        package = next((p for p in self.packages if p.code == code), None)
        if package is None or not package.visible(self.clock()):
            return _error(404, 5, "Package not found")
        return JSONResponse({"packages": self._told(package, self.clock())})

    def _told(self, package: Package, at: datetime) -> list[dict[str, Any]]:
        """Each volume of a package, as it was at an instant."""
        steps = [self._step(happening) for happening in package.visible(at)]
        last = package.visible(at)[-1]
        status = {**_status(last), "highLevelStatus": "", "actionRequired": _action(last)}
        shared = {
            "trackingCode": package.code,
            "status": status,
            "location": _place(last),
            "promisedDate": f"{package.promised_at.astimezone(ZONE):%Y-%m-%d}",
            "requestTime": _utc(at),
            "trackingHistory": steps,
            "deliveryInformation": {"receiverName": "PESSOA EXEMPLO"} if last.code == "delivered" else None,
        }
        return [{"loggiKey": f"{package.code}-{n}", "barcode": f"{n}", **shared} for n in range(1, self.volumes + 1)]

    def _step(self, happening: Happening) -> dict[str, Any]:
        return {"status": _status(happening), "locatiion" if self.misspelt else "location": _place(happening)}

    def pushes(self, since: datetime, until: datetime, secret: str) -> list[SentPush]:
        """The packages as an event left them, with HTTP Basic: user "loggi", the secret as password."""
        proof = base64.b64encode(f"{PUSHED_BY}:{secret}".encode()).decode()
        headers = {"authorization": f"Basic {proof}", "content-type": "application/json"}
        told = []
        for package in self.packages:
            for happening in package.happenings:
                if since < happening.visible_at <= until:
                    body = json.dumps({"packages": self._told(package, happening.visible_at)}, ensure_ascii=False)
                    at = happening.visible_at + _PUSHED_AFTER
                    copies = 1 + (sha256(f"{package.code}{happening.code}".encode()).digest()[0] % 6 == 0)
                    told += [SentPush(at + n * _AGAIN_AFTER, headers, body.encode()) for n in range(copies)]
        return sorted(told, key=lambda push: push.at)


def _status(happening: Happening) -> dict[str, Any]:
    number, words = VOCABULARY[happening.code]
    return {"code": str(number), "description": words, "updatedTime": _utc(happening.happened_at)}


def _action(happening: Happening) -> dict[str, str] | None:
    """What the sender should decide; in words of its own, which tell no position."""
    if happening.code != "refused":
        return None
    return {"reasonDescription": "Entregue novamente ou devolva", "reasonLabel": "REFUSED"}


def _place(happening: Happening) -> dict[str, str]:
    return {"city": happening.city.title(), "state": happening.state}


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _error(status: int, code: int, message: str) -> Response:
    return JSONResponse({"code": code, "message": message, "details": []}, status)
