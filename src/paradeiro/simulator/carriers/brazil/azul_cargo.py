"""In: requests to Azul Cargo's interface; out: its answers, as clients have recorded them.

It is asked by the invoice's key, its own waybill without the airline's prefix, or the order. "Not yet received" is an
error's text, or HTTP 201 or 204. Events have no order and repeat; a code is typed in more than one way.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any, ClassVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from paradeiro.simulator.carriers.interface import Tokens, json_object, local, number_of
from paradeiro.simulator.carriers.simulated_carrier import SimulatedCarrier
from paradeiro.simulator.scenario.ground_truth import Happening, Package

# Code and words; what moves nothing is told beside them.
VOCABULARY = {
    "registered": ("102", "CT-e emitido"),
    "returned": ("25", "ENTREGUE AO REMETENTE"),
    "delivered": ("1", "ENTREGA REALIZADA"),
}
_BOOKED = ("BKD", "BKD")
_BASE = "/toolkit/api"
_PREFIX = "577-"
_NOT_FOUND = "AWB não encontrada!"
_Item = dict[str, Any]


@dataclass(slots=True)
class AzulCargo(SimulatedCarrier):
    """Its part of the ground truth. `released`: the account may look up; `other_senders`: tax numbers of the company
    that this account may not see; `fixed_token`: made in the portal, good for days.
    """

    email: str = "loja@example.com.br"
    password: str = "azul-password"  # noqa: S105 - of a simulated account
    fixed_token: str = ""
    released: bool = True
    other_senders: frozenset[str] = frozenset()
    tokens: Tokens = field(init=False)

    name: ClassVar[str] = "azul_cargo"
    courier: ClassVar[str] = "Azul Cargo"
    sayable: ClassVar[frozenset[str]] = frozenset(VOCABULARY)
    known_by_key: ClassVar[bool] = True
    events_field: ClassVar[str] = "Ocorrencias"
    secret_fields: ClassVar[tuple[str, ...]] = ("password",)

    def __post_init__(self) -> None:
        self.tokens = Tokens(self.clock, timedelta(hours=8))

    @classmethod
    def new_code(cls, chance: Random, number: int) -> str:
        """Its waybill, without the prefix: eight digits. The order system shows none: the key is asked for."""
        return f"{10_000_000 + chance.randrange(8) * 10_000_000 + number % 10_000_000}"

    def settings(self, url: str) -> dict[str, str]:
        return {"base_url": f"{url}/toolkit", "email": self.email, "password": self.password}

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route(f"{_BASE}/Autenticacao/AutenticarUsuario", self.log_in, methods=["POST"]),
                Route(f"{_BASE}/Rastreio/Consultar", self.look_up, methods=["POST"]),
            ]
        )

    async def log_in(self, request: Request) -> Response:
        """Wrong credentials are HTTP 200 with an error's text."""
        body = await json_object(request) or {}
        self.count("AutenticarUsuario")
        if (body.get("Email"), body.get("Senha")) != (self.email, self.password):
            return JSONResponse(_failure("Usuário ou senha inválidos"))
        return JSONResponse({"HasErrors": False, "ErrorText": "", "Value": self.tokens.give()})

    async def look_up(self, request: Request) -> Response:
        """All waybills of an invoice, an order, or the one that was asked for."""
        body = await json_object(request) or {}
        key, awb, order = (str(body.get(name) or "").strip() for name in ("ChaveNfe", "Awb", "Pedido"))
        self.count("Consultar", key or awb or order)
        refusal = self._refusal(str(body.get("Token") or ""))
        if refusal is not None:
            return refusal
        if not (key or awb or order):
            return JSONResponse(_failure("Informe a Chave da NFe, o AWB ou o Pedido"))
        packages = [package for package in self.packages if _means(package, key, awb, order)]
        if any(_sender(package) in self.other_senders for package in packages):
            return JSONResponse(_failure("Usuário não tem permissão para acessar este AWB"))
        return self._told(packages)

    def _refusal(self, token: str) -> Response | None:
        if not self.tokens.holds(token) and token != (self.fixed_token or None):
            return JSONResponse(_failure("Token inválido ou expirado"), 401)
        if not self.released:
            return JSONResponse(_failure("Usuário não possui acesso a funcionalidade"), 401)
        return None

    def _told(self, packages: list[Package]) -> Response:
        shown = [(package, package.visible(self.clock())) for package in packages]
        values = [_waybill(package, happenings) for package, happenings in shown if happenings]
        if values:
            return JSONResponse({"HasErrors": False, "ErrorText": "", "Value": values})
        # What it will know but does not yet, it says in three ways.
        way = number_of("way", packages[0].code) % 3 if packages else 0
        if way == 1:
            return Response(status_code=204)
        if way == 2:
            return JSONResponse({"HasErrors": False, "ErrorText": "", "Value": []}, 201)
        return JSONResponse(_failure(_NOT_FOUND))


def _failure(text: str) -> _Item:
    return {"HasErrors": True, "ErrorText": text, "Value": None}


def _means(package: Package, key: str, awb: str, order: str) -> bool:
    """Each that is given must fit."""
    given = ((key, _key(package)), (awb, _awb(package)), (order, package.order_id))
    return all(asked == own for asked, own in given if asked)


def _key(package: Package) -> str:
    return package.invoice_key or package.code


def _sender(package: Package) -> str:
    return _key(package)[6:20]


def _awb(package: Package) -> str:
    own = package.own_number or str(10_000_000 + number_of("awb", package.code) % 80_000_000)
    return own.removeprefix(_PREFIX)


def _waybill(package: Package, shown: list[Happening]) -> _Item:
    first, last = shown[0], shown[-1]
    delivered = next((h for h in shown if h.code == "delivered"), None)
    return {
        "Awb": f"{_PREFIX}{_awb(package)}",
        "NumeroOperacional": _awb(package),
        "DataEntregaPrevisao": local(package.promised_at),
        "DataHoraEmissao": local(first.happened_at),
        "DataHoraEntrega": local(delivered.happened_at) if delivered else None,
        "OrigemCidade": first.city.upper(),
        "OrigemUnidade": first.city[:3].upper(),
        "DestinoCidade": last.city.upper(),
        "DestinoUnidade": last.city[:3].upper(),
        "Volumes": 1,
        "PesoReal": 1.2,
        "ResponsavelRecebimentoNome": "FULANO DE TAL" if delivered else "",
        "ResponsavelRecebimentoDocumentoIdentidade": "00000000000" if delivered else "",
        "ResponsavelRecebimentoCargo": "",
        "DoorDelivery": True,
        "Ocorrencias": _events(package, shown),
    }


def _events(package: Package, shown: list[Happening]) -> list[_Item]:
    """Newest first or mixed, some twice; a booking stands beside the document that was issued."""
    told = []
    for happening in shown:
        dice = number_of(package.code, happening.code, happening.happened_at)
        code, words = VOCABULARY[happening.code]
        if happening.code == "delivered" and dice % 3 == 0:
            code = "24"
        told.append(_event(happening, f"{code}.0" if dice % 4 == 0 else code, words, dice))
        if dice % 5 == 0:
            told.append(dict(told[-1]))
        if happening.code == "registered":
            told.append(_event(happening, _BOOKED[0].lower() if dice % 2 else _BOOKED[0], _BOOKED[1], dice))
    return _mixed(told, package.code)


def _mixed(events: Iterable[_Item], code: str) -> list[_Item]:
    return sorted(events, key=lambda event: number_of(code, event["Codigo"], event["DataHora"]))


def _event(happening: Happening, code: str, words: str, dice: int) -> _Item:
    form = ("%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S.0")[dice % 3]
    return {
        "Codigo": code,
        "Descricao": words,
        "Comentario": "",
        "DataHora": local(happening.happened_at, form),
        "Unidade": happening.city[:3].upper(),
        "UnidadeMunicipio": happening.city.upper(),
        "UnidadeUf": happening.state,
        "Volumes": 1,
        "Latitude": "",
        "Longitude": "",
        "UrlPOD": "",
        "UrlAssinatura": "",
        "UrlInsucesso": "",
    }
