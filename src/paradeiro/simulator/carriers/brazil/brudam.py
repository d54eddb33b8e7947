"""In: questions to Brudam, a platform of regional carriers, by invoice keys; out: the occurrences of each known one.

A token lives an hour. Its codes are the tenant's, which agree with no other list.
"""

import base64
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from random import Random
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from paradeiro.simulator.carriers.correios import json_body, wall_clock
from paradeiro.simulator.carriers.simulated_carrier import SimulatedCarrier
from paradeiro.simulator.scenario.ground_truth import Happening, Package

ZONE = ZoneInfo("America/Sao_Paulo")
_MOST_KEYS = 50
_TOKEN_LIVES = timedelta(hours=1)

VOCABULARY: dict[str, tuple[str, str]] = {
    "registered": ("125", "CTE AUTORIZADO"),
    "accepted": ("147", "COLETA REALIZADA"),
    "moved": ("103", "SAIDA EFETIVA"),
    "arrived": ("111", "HUB DA TRANSPORTADORA"),
    "returning": ("199", "EM DEVOLUCAO"),
    "returned": ("25", "MERCADORIA ENTREGUE AO REMETENTE - DEVOLVIDA"),
    "delivered": ("1", "ENTREGA REALIZADA NORMALMENTE"),
    "paper": ("105", "COMPROVANTE DE ENTREGA"),
}


@dataclass(slots=True)
class Brudam(SimulatedCarrier):
    """`names`: what a tenant calls the lists of documents and of occurrences; `packed`: whether the outer one comes as
    base64 of JSON; `down`: whether a web page with status 404 comes instead of an answer.
    """

    user: str = "loja-brudam"
    password: str = "senha-brudam"  # noqa: S105 - of the simulated account
    names: tuple[str, str] = ("data", "dados")
    packed: bool = False
    down: bool = False
    tokens: dict[str, datetime] = field(default_factory=dict)

    name: ClassVar[str] = "brudam"
    courier: ClassVar[str] = "Rodoviário Exemplo"
    sayable: ClassVar[frozenset[str]] = frozenset(VOCABULARY)
    known_by_key: ClassVar[bool] = True
    events_field: ClassVar[str] = "dados"
    secret_fields: ClassVar[tuple[str, ...]] = ("password",)

    @classmethod
    def new_code(cls, chance: Random, number: int) -> str:  # noqa: ARG003 - transport documents are counted
        """The number of the transport document."""
        return str(50_000 + number)

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/api/v1/acesso/auth/login", self.log_in, methods=["POST"]),
                Route("/api/v1/tracking/ocorrencias/nfe", self.occurrences, methods=["GET"]),
            ]
        )

    def settings(self, url: str) -> dict[str, str]:
        return {"base_url": url, "user": self.user, "password": self.password}

    async def log_in(self, request: Request) -> Response:
        """Refused with status 200 and `status` 0."""
        body = await json_body(request)
        self.count("login")
        if (body.get("usuario"), body.get("senha")) != (self.user, self.password):
            return JSONResponse({"status": 0, "message": "Usuario ou senha invalidos"})
        made = sha256(f"{self.password}{len(self.tokens)}".encode()).hexdigest()
        self.tokens[made] = self.clock() + _TOKEN_LIVES
        return JSONResponse({"status": 1, "message": "OK", "data": {"access_key": made}})

    async def occurrences(self, request: Request) -> Response:
        """Of the known ones among the keys; 404 if none is."""
        keys = [key for key in request.query_params.get("chave", "").split(",") if key]
        self.count("nfe", *keys)
        if self.down:
            return Response("<html><body>404 Not Found</body></html>", 404, media_type="text/html")
        expires = self.tokens.get(request.headers.get("authorization", "").removeprefix("Bearer "))
        if expires is None or expires <= self.clock():
            return JSONResponse({"status": 0, "message": "Token invalido ou expirado"}, 401)
        if not 0 < len(keys) <= _MOST_KEYS:
            return JSONResponse({"status": 0, "message": "Informe de 1 a 50 chaves"}, 400)
        shown = [(p, p.visible(self.clock())) for p in self.packages if p.code in keys]
        proof = request.query_params.get("comprovante") == "1"
        found = [self._document(package, events, proof=proof) for package, events in shown if events]
        if not found:
            return JSONResponse({"status": 0, "message": "Nenhum registro encontrado"}, 404)
        packed = base64.b64encode(json.dumps(found).encode()).decode() if self.packed else found
        return JSONResponse({"status": 1, self.names[0]: packed})

    def _document(self, package: Package, shown: list[Happening], *, proof: bool) -> dict[str, Any]:
        events = [self._event(package, happening, proof=proof) for happening in shown]
        return {"documento": package.code, self.names[1]: events}

    def _event(self, package: Package, happening: Happening, *, proof: bool) -> dict[str, Any]:
        """The time is written with a T by one part of the platform, with a blank by the other."""
        status, words = VOCABULARY[happening.code]
        when = wall_clock(happening.happened_at)
        told = {
            "status": "01" if status == "1" and int(package.own_number or 0) % 2 else status,
            "descricao": words,
            "obs": "",
            "data": when if happening.code in {"accepted", "delivered"} else when.replace("T", " "),
            "prev_entrega": f"{package.promised_at.astimezone(ZONE):%Y-%m-%d}",
            "cte_numero": package.own_number,
            "nf_numero": str(int(package.code[25:34])),
        }
        if happening.code == "delivered":
            told |= {"entrega_nome": "PESSOA EXEMPLO", "entrega_rg": "000000000"}
        if happening.code == "paper" and proof:
            told["comprovante"] = "https://example.com/comprovante.jpg"
        return told
