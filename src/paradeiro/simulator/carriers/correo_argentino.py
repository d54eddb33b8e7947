"""In: requests to Correo Argentino's MiCorreo; out: a token from its login, a shipment's events, newest first, or none.

The number that is asked about is in the body of a GET. Events have words and Buenos Aires' wall clock, to the minute; a
visit is always the same event, with what came of it beside. What is not known comes with status 200 and an error. What
sources disagree about is not said: handing over at a branch, and the end of a return.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from paradeiro.simulator.carriers.interface import Tokens, basic, bearer, json_object
from paradeiro.simulator.carriers.simulated_carrier import SimulatedCarrier
from paradeiro.simulator.scenario.ground_truth import Happening

BUENOS_AIRES = ZoneInfo("America/Argentina/Buenos_Aires")
FORM = "%d-%m-%Y %H:%M"
_VISIT = "INTENTO DE ENTREGA"
# The event, and what came of it.
VOCABULARY: dict[str, tuple[str, str]] = {
    "registered": ("PREIMPOSICION", ""),
    "accepted": ("INGRESO AL CORREO", ""),
    "moved": ("EN PROCESO DE CLASIFICACIÓN", ""),
    "arrived": ("LLEGADA AL CENTRO DE PROCESAMIENTO", ""),
    "out": ("EN PODER DEL DISTRIBUIDOR", ""),
    "absent": (_VISIT, "DOMICILIO CERRADO/1 VISITA"),
    "refused": (_VISIT, "RECHAZADO"),
    "returning": (_VISIT, "RETORNANDO"),
    "delivered": (_VISIT, "ENTREGADO"),
}
_LIFE = timedelta(hours=2, minutes=30)


@dataclass(slots=True)
class CorreoArgentino(SimulatedCarrier):
    """Its part of the ground truth. `null_outcomes`: an event without an outcome has null, not an empty text."""

    user: str = "correo-user"
    password: str = "correo-password"  # noqa: S105 - of a simulated account
    null_outcomes: bool = False
    tokens: Tokens = field(init=False)

    name: ClassVar[str] = "correo_argentino"
    courier: ClassVar[str] = "Correo Argentino"
    sayable: ClassVar[frozenset[str]] = frozenset(VOCABULARY)
    events_field: ClassVar[str] = "events"
    secret_fields: ClassVar[tuple[str, ...]] = ("password",)

    def __post_init__(self) -> None:
        self.tokens = Tokens(self.clock, _LIFE)

    @classmethod
    def new_code(cls, chance: Random, number: int) -> str:
        """Twenty-three letters and digits."""
        return f"0005{number % 10**11:011d}A{chance.randrange(1000):03d}C501"

    def settings(self, url: str) -> dict[str, str]:
        return {"base_url": url, "user": self.user, "password": self.password}

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/token", self.login, methods=["POST"]),
                Route("/shipping/tracking", self.tracking, methods=["GET"]),
            ]
        )

    async def login(self, request: Request) -> Response:
        """A token for two and a half hours."""
        self.count("token")
        if basic(request) != (self.user, self.password):
            return _problem(401, "Unauthorized")
        until = (self.clock() + _LIFE).astimezone(BUENOS_AIRES)
        return JSONResponse({"token": self.tokens.give(), "expires": f"{until:%Y-%m-%d %H:%M:%S}"})

    async def tracking(self, request: Request) -> Response:
        """What happened to one shipment. With events it is a list."""
        asked = (await json_object(request) or {}).get("shippingId")
        self.count("tracking", str(asked))
        if not self.tokens.holds(bearer(request)):
            return _problem(401, "Unauthorized")
        if not isinstance(asked, str):
            return _problem(400, "shippingId")
        package = next((each for each in self.packages if each.code == asked), None)
        if package is None:
            now = self.clock().astimezone(BUENOS_AIRES).isoformat(timespec="milliseconds")
            return JSONResponse({"date": now, "error": "No existe el cliente o pedido", "code": "0"})
        told = [self._event(each) for each in reversed(package.visible(self.clock()))]
        if not told:
            return JSONResponse({"id": None, "productId": None, "trackingNumber": asked, "events": []})
        return JSONResponse([{"id": "000017496", "productId": "CP", "trackingNumber": asked, "events": told}])

    def _event(self, happening: Happening) -> dict[str, Any]:
        event, outcome = VOCABULARY[happening.code]
        branch = "CORREO ARGENTINO" if happening.code == "registered" else happening.city.upper()
        at = happening.happened_at.astimezone(BUENOS_AIRES).strftime(FORM)
        status = outcome or (None if self.null_outcomes else "")
        signed = "FULANO DE TAL" if happening.code == "delivered" else ""
        return {"event": event, "date": at, "branch": branch, "status": status, "sign": signed}


def _problem(status: int, message: str) -> Response:
    return JSONResponse({"code": str(status), "message": message}, status)
