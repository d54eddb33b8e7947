"""In: questions to ESL Cloud, a platform of regional carriers; out: a feed of occurrences with a cursor, or by key.

The shop's side is a feed by the time at which an occurrence was typed. The codes are those of the base table of OCOREN.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from paradeiro.simulator.carriers.simulated_carrier import SimulatedCarrier
from paradeiro.simulator.scenario.ground_truth import Happening, Package

ZONE = ZoneInfo("America/Sao_Paulo")
_FIRST_ID = 1001
_PER_PAGE, _MOST_PER_PAGE = 25, 100

VOCABULARY: dict[str, tuple[int, str]] = {
    "accepted": (0, "Processo de Transporte já Iniciado"),
    "moved": (91, "Entrega Programada"),
    "arrived": (98, "Chegada na cidade ou filial de destino"),
    "handed_on": (52, "Mercadoria Redespachada (Entregue para Redespacho)"),
    "absent": (46, "Responsável de Recebimento Ausente"),
    "refused": (9, "Mercadoria em Desacordo com o Pedido Compra"),
    "counter": (29, "Cliente Retira Mercadoria na Transportadora"),
    "damaged": (14, "Mercadoria Sinistrada"),
    "lost": (23, "Extravio de Mercadoria em Trânsito"),
    "returned": (25, "Mercadoria Devolvida ao Cliente de Origem"),
    "delivered": (1, "Entrega Realizada Normalmente"),
    "paper": (67, "Fins Estatísticos"),
}
_Line = tuple[int, Package, Happening]


@dataclass(slots=True)
class EslCloud(SimulatedCarrier):
    """`seconds_between`: the least time between two requests, else status 429."""

    token: str = "token-esl"  # noqa: S105 - of the simulated account
    tenant: str = "transportadora"
    seconds_between: float | None = None
    last_asked: datetime | None = None

    name: ClassVar[str] = "esl_cloud"
    courier: ClassVar[str] = "Cargas Exemplo"
    sayable: ClassVar[frozenset[str]] = frozenset(VOCABULARY)
    known_by_key: ClassVar[bool] = True
    events_field: ClassVar[str] = "occurrence"
    secret_fields: ClassVar[tuple[str, ...]] = ("token",)
    feed_path: ClassVar[str] = "/customer/"

    @classmethod
    def new_code(cls, chance: Random, number: int) -> str:  # noqa: ARG003 - transport documents are counted
        """The number of the transport document."""
        return str(12_000 + number)

    def app(self) -> Starlette:
        """The shop's side for customers; the carrier's side by key."""
        routes = {
            "/api/customer/invoice_occurrences": self.occurrence_feed,
            "/api/customer/freight_invoice_delivery_receipts": self.receipt_feed,
            "/api/invoice_occurrences": self.occurrences_of_key,
            "/api/freight_invoice_delivery_receipts": self.receipts_of_key,
        }
        return Starlette(routes=[Route(path, answer, methods=["GET"]) for path, answer in routes.items()])

    def settings(self, url: str) -> dict[str, str]:
        return {"base_url": url, "token": self.token, "tenant": self.tenant, "codes": "ocoren"}

    async def occurrence_feed(self, request: Request) -> Response:
        """What was typed since a time, by ascending number; `start` is the number to go on with."""
        return self._feed(request, "invoice_occurrences", _occurrence, self._lines())

    async def receipt_feed(self, request: Request) -> Response:
        """Pictures of the proofs."""
        return self._feed(request, "receipts", _receipt, [line for line in self._lines() if line[2].code == "paper"])

    async def occurrences_of_key(self, request: Request) -> Response:
        return self._of_key(request, "invoice_occurrences", _occurrence, self._lines())

    async def receipts_of_key(self, request: Request) -> Response:
        return self._of_key(request, "receipts", _receipt, [line for line in self._lines() if line[2].code == "paper"])

    def _lines(self) -> list[_Line]:
        """What is visible, numbered in the order in which it was typed: a number never changes."""
        typed = [(p, h) for p in self.packages for h in p.happenings]
        typed.sort(key=lambda line: (line[1].visible_at, line[1].happened_at))
        numbered = [(_FIRST_ID + index, package, happening) for index, (package, happening) in enumerate(typed)]
        return [line for line in numbered if line[2].visible_at <= self.clock()]

    def _feed(
        self, request: Request, operation: str, shown: Callable[[_Line], dict[str, Any]], lines: list[_Line]
    ) -> Response:
        since = request.query_params.get("since", "")
        self.count(operation, since)
        refusal = self._refusal(request, tenant=True)
        if refusal is not None:
            return refusal
        try:
            at = datetime.fromisoformat(since.replace(" ", "+"))  # a plus that was not escaped
        except ValueError:
            return JSONResponse({"error": "since is invalid"}, 400)
        at = at if at.tzinfo else at.replace(tzinfo=ZONE)
        return _page(request, shown, [line for line in lines if line[2].visible_at >= at])

    def _of_key(
        self, request: Request, operation: str, shown: Callable[[_Line], dict[str, Any]], lines: list[_Line]
    ) -> Response:
        """Of an unknown key there is an empty page."""
        key = request.query_params.get("invoice_key", "")
        self.count(operation, key)
        refusal = self._refusal(request, tenant=False)
        return refusal or _page(request, shown, [line for line in lines if line[1].code == key])

    def _refusal(self, request: Request, *, tenant: bool) -> Response | None:
        if request.headers.get("authorization") != f"Bearer {self.token}":
            return JSONResponse({"error": "Unauthorized"}, 401)
        if tenant and request.headers.get("tenant") != self.tenant:
            return JSONResponse({"error": "Tenant not found"}, 401)
        last, self.last_asked = self.last_asked, self.clock()
        least = None if self.seconds_between is None else timedelta(seconds=self.seconds_between)
        if least is not None and last is not None and self.clock() - last < least:
            return JSONResponse({"error": "Too Many Requests"}, 429, {"retry-after": "4"})
        return None


def _page(request: Request, shown: Callable[[_Line], dict[str, Any]], lines: list[_Line]) -> Response:
    """Some of the lines, and the number of the first that is left."""
    start, per = (request.query_params.get(name, "") for name in ("start", "per"))
    rest = [line for line in lines if line[0] >= (int(start) if start.isdecimal() else 0)]
    most = min(int(per) if per.isdecimal() else _PER_PAGE, _MOST_PER_PAGE)
    left = rest[most : most + 1]
    return JSONResponse(
        {"data": [shown(line) for line in rest[:most]], "paging": {"next_id": left[0][0] if left else None}}
    )


def _occurrence(line: _Line) -> dict[str, Any]:
    number, package, happening = line
    code, words = VOCABULARY[happening.code]
    return {
        "id": number,
        "occurrence": {"code": code, "description": words},
        "occurrence_at": _local(happening.happened_at),
        "created_at": _local(happening.visible_at),
        "invoice": {"key": package.code, "number": str(int(package.code[25:34]))},
        "freight": {"cte_number": package.own_number, "corporation": {"document": "11222333000181"}},
        "receiver": "PESSOA EXEMPLO" if happening.code == "delivered" else "",
        "document_number": "000000000" if happening.code == "delivered" else "",
    }


def _receipt(line: _Line) -> dict[str, Any]:
    number, package, happening = line
    return {
        "id": number,
        "invoice": {"key": package.code, "number": str(int(package.code[25:34]))},
        "image_url": f"https://example.com/canhotos/{number}.jpg",
        "created_at": _local(happening.visible_at),
    }


def _local(at: datetime) -> str:
    """Brasília's time with its offset and milliseconds."""
    return at.astimezone(ZONE).isoformat(timespec="milliseconds")
