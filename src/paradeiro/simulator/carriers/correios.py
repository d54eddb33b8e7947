"""In: requests to Correios' REST gateway; out: its answers, as the facts describe them: token and srorastro."""

import asyncio
import base64
import re
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from paradeiro.simulator.scenario.ground_truth import GroundTruth, Happening, Package
from paradeiro.simulator.scenario.recorded_answers import RecordedAnswers

ZONE = ZoneInfo("America/Sao_Paulo")
_S10 = re.compile(r"[A-Z]{2}\d{9}[A-Z]{2}")
_LANGUAGES = {"pt-BR", "en", "es-ES"}
_MOST_CODES = 50
_TOKENS_PER_SECOND = 3
_WITH_STREET = {"OEC", "LDI"}  # only these carry the unit's whole address (facts/correios, section 1.3)
# The hours that recorded answers have in `dtPrevista`.
_UNTIL = ("23:59:59", "20:58:00", "20:59:59")
_SHOWN = {"T": "Todos os Eventos", "P": "Primeiro Evento", "U": "Último Evento"}
_MESSAGES = {
    "SRO-019": "SRO-019: Objeto inválido",
    "SRO-020": "SRO-020: Objeto não encontrado na base de dados dos Correios.",
    "SRO-009": "SRO-009: Objeto não pertence ao contrato",
}


@dataclass(slots=True)
class Contract:
    """The customer's contract: credentials and released APIs. `tracks` False: the tracking API is not in the contract
    (403); `pushes` False: the API 78 is not; `bulk` False: the API 534 is not.
    """

    user: str
    access_code: str
    posting_card: str
    number: str = "9912345678"
    api_key: str = ""
    tracks: bool = True
    pushes: bool = True
    bulk: bool = True


@dataclass(slots=True)
class PostOffice:
    """Correios: the part of the ground truth that it shows, to whom, and how strict it is."""

    ground_truth: GroundTruth
    contract: Contract
    clock: Callable[[], datetime]
    recorded: RecordedAnswers
    strict_batch: bool = False  # a comma list is one code (the facts disagree: both are seen)
    bad_code_spoils_batch: bool = False
    old_root: bool = False  # until 2023 the root said `resultado`
    requests_per_second: float | None = None
    rewrite: Callable[[dict[str, Any]], dict[str, Any]] | None = None  # content faults: changes each answer
    seconds: float = 0.0  # how long it takes to answer
    foreign_codes: set[str] = field(default_factory=set)
    calls: dict[str, int] = field(default_factory=dict)
    asked: list[list[str]] = field(default_factory=list)
    tokens: dict[str, datetime] = field(default_factory=dict)
    bare_tokens: set[str] = field(default_factory=set)  # issued for the user alone: no contract, so no tracking
    token_moments: list[float] = field(default_factory=list)
    moments: list[float] = field(default_factory=list)
    packages: dict[str, Package] = field(default_factory=dict)
    service_of: Callable[[str], dict[str, str] | None] = lambda _: None

    def __post_init__(self) -> None:
        self.packages = {package.code: package for package in self.ground_truth.packages_of("correios")}

    def app(self, more: Sequence[Route] = ()) -> Starlette:
        """Its gateway, with the routes of other interfaces on it."""
        return Starlette(
            routes=[
                Route("/token/v1/autentica", self.token, methods=["POST"]),
                Route("/token/v1/autentica/contrato", self.token, methods=["POST"]),
                Route("/token/v1/autentica/cartaopostagem", self.token, methods=["POST"]),
                Route("/srorastro/v1/objetos", self.objects),
                Route("/srorastro/v1/objetos/{code}", self.one_object),
                *more,
            ]
        )

    def count(self, what: str) -> None:
        """Count one call of a kind."""
        self.calls[what] = self.calls.get(what, 0) + 1

    async def token(self, request: Request) -> Response:
        self.count("token")
        now = time.monotonic()
        self.token_moments = [m for m in self.token_moments if now - m < 1] + [now]
        if len(self.token_moments) > _TOKENS_PER_SECOND:
            return Response(status_code=429)
        if not self._is_valid_login(request.headers.get("authorization", "")):
            return self.refusal(request, 401, "PSW-001: Usuário ou código de acesso inválido")
        by = request.url.path.rsplit("/", 1)[-1]
        asked = (await json_body(request)).get("numero")
        if by == "cartaopostagem" and asked != self.contract.posting_card:
            return self.refusal(request, 400, "CAR-002: Cartão de postagem inválido")
        if by == "contrato" and asked != self.contract.number:
            return self.refusal(request, 400, "CON-001: Contrato inválido")
        return JSONResponse(self._new_token(by), 201)

    def _new_token(self, by: str) -> dict[str, Any]:
        """A token answer: for a posting card, a contract, or the user alone."""
        text = ".".join(("eyJhbGciOiJSUzI1NiJ9", secrets.token_urlsafe(48), secrets.token_urlsafe(32)))
        begins, ends = self.clock(), self.clock() + timedelta(hours=24)
        self.tokens[text] = ends
        contract = self.contract
        released = [34, 35, 36] + ([87] if contract.tracks else []) + ([78] if contract.pushes else [])
        released += [534] if contract.bulk else []
        permissions: dict[str, Any] = {"api": released, "apis": [{"api": each} for each in released]}
        match by:
            case "cartaopostagem":
                card = {"contrato": contract.number, "numero": contract.posting_card, "dr": 36}
                scope: dict[str, Any] = {"cartaoPostagem": card | permissions}
            case "contrato":
                scope = {"contrato": {"numero": contract.number, "dr": 36} | permissions}
            case _:
                self.bare_tokens.add(text)
                scope = {"api": [41], "apis": [{"api": 41}]}
        return {
            "ambiente": "PRODUCAO",
            "id": contract.user,
            "ip": "203.0.113.10, 192.168.1.131",
            "perfil": "PJ",
            "cnpj": "00000000000000",
            "categoria": "Bz0",
            "emissao": wall_clock(begins),
            "expiraEm": wall_clock(ends),
            "zoneOffset": "-03:00",
            **scope,
            "token": text,
        }

    def _is_valid_login(self, header: str) -> bool:
        scheme, _, value = header.partition(" ")
        try:
            said = base64.b64decode(value, validate=True).decode()
        except ValueError:  # neither base64 nor ASCII nor UTF-8
            return False
        return scheme == "Basic" and said == f"{self.contract.user}:{self.contract.access_code}"

    def refusal(self, request: Request, status: int, message: str) -> JSONResponse:
        """The gateway's error form."""
        body = {"msgs": [message], "date": wall_clock(self.clock()), "method": request.method, "path": request.url.path}
        return JSONResponse(body, status)

    def check_request(self, request: Request, *, released: bool) -> Response | None:
        """The refusal of a request to one of the APIs (rate, token, language); None if it may be answered."""
        now = time.monotonic()
        self.moments = [m for m in self.moments if now - m < 1] + [now]
        if self.requests_per_second is not None and len(self.moments) > self.requests_per_second:
            rate = {"x-ratelimit-replenish-rate": "50", "x-ratelimit-burst-capacity": "55"}
            return Response(status_code=429, headers=rate)
        refusal = self.check_token(request, released=released)
        if refusal is not None:
            return refusal
        language = request.headers.get("accept-language")
        if language is not None and language not in _LANGUAGES:
            words = "SRO-018: Permitido apenas os valores pt-BR(Português), en(Inglês) e es-ES(Espanhol) para o idioma"
            return self.refusal(request, 400, words)
        return None

    def check_token(self, request: Request, *, released: bool) -> Response | None:
        """The refusal of a request without a valid token for the API; None if it may be answered."""
        key = request.headers.get("authorization", "").removeprefix("Bearer ")
        ready_made = bool(self.contract.api_key) and key == self.contract.api_key
        if not ready_made and self.tokens.get(key, self.clock()) <= self.clock():
            return self.refusal(request, 401, "GTW-008: Token não válido para este ambiente.")
        if not released or key in self.bare_tokens:
            return self.refusal(request, 403, "API não liberada para o contrato")
        return None

    async def one_object(self, request: Request) -> Response:
        await asyncio.sleep(self.seconds)
        return self._show(request, [request.path_params["code"]], request.query_params.get("resultado", "T"))

    async def objects(self, request: Request) -> Response:
        await asyncio.sleep(self.seconds)
        codes = request.query_params.getlist("codigosObjetos")
        if not self.strict_batch:
            codes = [code for text in codes for code in text.split(",")]
        return self._show(request, codes, request.query_params.get("resultado", "U"))

    def _show(self, request: Request, codes: list[str], shown: str) -> Response:
        self.count("srorastro")
        refusal = self.check_request(request, released=self.contract.tracks)
        if refusal is not None:
            return refusal
        if not 1 <= len(codes) <= _MOST_CODES or shown not in _SHOWN:
            return self.refusal(request, 400, f"SRO-001: informe de 1 a {_MOST_CODES} objetos e resultado T, P ou U")
        if self.bad_code_spoils_batch and any(not _S10.fullmatch(code) for code in codes):
            return self.refusal(request, 400, _MESSAGES["SRO-019"])
        self.asked.append(codes)
        whole = self.recorded.whole(codes, self.clock())
        if whole is not None:
            return Response(whole, media_type="application/json")
        answer: dict[str, Any] = {"versao": "3.5.38", "quantidade": len(codes)}
        answer["objetos"] = [self.object_of(code, shown) for code in codes]
        answer["resultado" if self.old_root else "tipoResultado"] = _SHOWN[shown]
        return JSONResponse(self.rewrite(answer) if self.rewrite else answer)

    def object_of(self, code: str, shown: str) -> dict[str, Any]:
        """The answer about one code: all (T), the first (P) or the last (U) of its events, or why there are none."""
        told = self.recorded.object(code, self.clock())
        if told is not None:
            return told
        if not _S10.fullmatch(code):
            return {"codObjeto": code, "mensagem": _MESSAGES["SRO-019"]}
        if code in self.foreign_codes:
            return {"codObjeto": code, "mensagem": _MESSAGES["SRO-009"]}
        package = self.packages.get(code)
        happenings = package.visible(self.clock()) if package else []
        if package is None or not happenings:
            return {"codObjeto": code, "mensagem": _MESSAGES["SRO-020"]}
        newest_first = [_event(h) for h in reversed(happenings)]
        events = {"T": newest_first, "U": newest_first[:1], "P": newest_first[-1:]}[shown]
        told = {
            "codObjeto": code,
            "tipoPostal": {"sigla": code[:2], "descricao": "ETIQUETA LOGICA PAC", "categoria": "ENCOMENDA PAC"},
            "dtPrevista": f"{package.promised_at.astimezone(ZONE):%Y-%m-%d}T{_UNTIL[int(code[8:10]) % len(_UNTIL)]}",
            "modalidade": "F",
            "eventos": events,
        }
        service = self.service_of(code)
        return told | {"servico": service} if service else told


async def json_body(request: Request) -> dict[str, Any]:
    """The request's JSON object; empty for any other body."""
    try:
        body = await request.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def wall_clock(at: datetime) -> str:
    """Brasília's wall clock, without an offset."""
    return f"{at.astimezone(ZONE):%Y-%m-%dT%H:%M:%S}"


def _unit(kind: str, city: str, state: str, country: str) -> dict[str, Any]:
    if country:
        return {"codSro": "00344000", "nome": country, "tipo": kind, "endereco": {}}
    address = {name: value for name, value in (("cidade", city), ("uf", state)) if value}
    return {"tipo": kind, "endereco": address}


def _event(happening: Happening) -> dict[str, Any]:
    kind, _, number = happening.code.partition("/")
    event: dict[str, Any] = {
        "codigo": kind,
        "tipo": number,
        "dtHrCriado": wall_clock(happening.happened_at),
        "descricao": happening.text,
        "unidade": _unit(happening.unit, happening.city, happening.state, happening.country),
    }
    if happening.detail:
        event["detalhe"] = happening.detail
    if happening.deadline:
        event["dtLimiteRetirada"] = happening.deadline
    if kind in _WITH_STREET:
        street = {"cep": "01001000", "logradouro": "RUA DAS FLORES", "numero": "165", "bairro": "CENTRO"}
        event["unidade"]["endereco"] = street | event["unidade"]["endereco"]
    if happening.to_city:
        event["unidadeDestino"] = _unit("Unidade de Distribuição", happening.to_city, happening.to_state, "")
    return event
