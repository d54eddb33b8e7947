"""In: requests to Andreani's interface; out: a token from its login, a shipment's traces, oldest first, or 404.

Traces have words, for a few of them a number, and Buenos Aires' wall clock without an offset. The signed paper that
goes back days after the delivery is a trace like any other; a comment names the driver.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from paradeiro.simulator.carriers.interface import Tokens, basic
from paradeiro.simulator.carriers.simulated_carrier import SimulatedCarrier
from paradeiro.simulator.scenario.ground_truth import Happening

BUENOS_AIRES = ZoneInfo("America/Argentina/Buenos_Aires")
# The words, their number where it is known, and the reason of a visit.
VOCABULARY: dict[str, dict[str, Any]] = {
    "registered": {"Estado": "Pendiente de ingreso", "EstadoId": 1},
    "accepted": {"Estado": "Ingreso al circuito operativo", "EstadoId": 5},
    "moved": {"Estado": "En viaje"},
    "out": {"Estado": "En distribución", "EstadoId": 6},
    "absent": {"Estado": "Visita", "EstadoId": 11, "Motivo": "No se encuentra el titular", "MotivoId": 36},
    "counter": {"Estado": "Listo para retirar"},
    "lost": {"Estado": "Siniestrado"},
    "returned": {"Estado": "Devuelto"},
    "delivered": {"Estado": "Entregado"},
    "paper": {"Estado": "Rendición"},
}
_TOKEN = "x-authorization-token"  # noqa: S105 - a header's name
_Item = dict[str, Any]


@dataclass(slots=True)
class Andreani(SimulatedCarrier):
    """Its part of the ground truth. `token_in_body`: the login's token is in the body, as some saw it, not the header;
    `without_deliveries`: its traces leave the delivery out, as version 2 is said to have done.
    """

    user: str = "andreani-user"
    password: str = "andreani-password"  # noqa: S105 - of a simulated account
    token_in_body: bool = False
    without_deliveries: bool = False
    tokens: Tokens = field(init=False)

    name: ClassVar[str] = "andreani"
    courier: ClassVar[str] = "Andreani"
    sayable: ClassVar[frozenset[str]] = frozenset(VOCABULARY)
    events_field: ClassVar[str] = "eventos"
    secret_fields: ClassVar[tuple[str, ...]] = ("password",)

    def __post_init__(self) -> None:
        self.tokens = Tokens(self.clock, timedelta(days=1))

    @classmethod
    def new_code(cls, chance: Random, number: int) -> str:
        """Fifteen digits."""
        return f"3600{chance.randrange(1000):03d}{number % 10**8:08d}"

    def settings(self, url: str) -> dict[str, str]:
        return {"base_url": url, "user": self.user, "password": self.password}

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/login", self.login, methods=["GET"]),
                Route("/v2/envios/{number}/trazas", self.traces, methods=["GET"]),
            ]
        )

    async def login(self, request: Request) -> Response:
        """A token for a day."""
        self.count("login")
        if basic(request) != (self.user, self.password):
            return _problem(401, "Unauthorized")
        token = self.tokens.give()
        return JSONResponse({"token": token}) if self.token_in_body else Response(headers={_TOKEN: token})

    async def traces(self, request: Request) -> Response:
        """What happened to one shipment. One that nobody admitted yet is not known."""
        number = request.path_params["number"]
        self.count("trazas", number)
        if not self.tokens.holds(request.headers.get(_TOKEN, "")):
            return _problem(401, "Unauthorized")
        package = next((each for each in self.packages if each.code == number), None)
        shown = package.visible(self.clock()) if package else []
        if not shown:
            return _problem(404, "Not Found")
        told = [_trace(each) for each in shown if not (self.without_deliveries and each.code == "delivered")]
        return JSONResponse({"eventos": told})


def _problem(status: int, title: str) -> Response:
    told = {"type": "about:blank", "title": title, "detail": "No se encontro el envio", "status": status}
    return JSONResponse({**told, "errors": None}, status)


def _trace(happening: Happening) -> _Item:
    at: datetime = happening.happened_at.astimezone(BUENOS_AIRES)
    trace = {"Fecha": at.strftime("%Y-%m-%dT%H:%M:%S"), **VOCABULARY[happening.code]}
    if happening.code == "out":
        trace["Comentario"] = "Rep. FULANO DE TAL"
    return {**trace, "Sucursal": happening.city.title(), "SucursalId": 12, "Ciclo": "Distribution"}
