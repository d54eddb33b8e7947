"""In: requests to Jadlog's tracking interface; out: its answers, as its contract and recorded answers describe them.

It tells words, not codes, oldest first, by Brasília's wall clock. It is asked by its own code, shipment, transport
document, the shop's order, or the invoice (number and series, or key, with the sender's tax number).
"""

from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any, ClassVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from paradeiro.simulator.carriers.interface import bearer, json_object, local, number_of
from paradeiro.simulator.carriers.simulated_carrier import SimulatedCarrier
from paradeiro.simulator.scenario.ground_truth import Happening, Package

VOCABULARY = {
    "registered": "EMISSAO",
    "moved": "TRANSFERENCIA",
    "arrived": "ENTRADA",
    "out": "EM ROTA",
    "delivered": "ENTREGUE",
}
_BASE = "/embarcador/api/tracking"
_MOST_FULL, _MOST_SHORT = 100, 500
_BY_CODE = ("codigo", "shipmentId", "cte")
_Item = dict[str, Any]


@dataclass(slots=True)
class Jadlog(SimulatedCarrier):
    """Its part of the ground truth. `older_under_same_key`: an invoice's key also finds the delivery of a shipment
    before this one, as happened in reality; `in_old_form`: "not found" as older versions said it; `empty_for_nothing`:
    if nothing was found, the answer is an empty object.
    """

    token: str = "jadlog-token"  # noqa: S105 - of a simulated account
    older_under_same_key: bool = False
    in_old_form: bool = False
    empty_for_nothing: bool = False

    name: ClassVar[str] = "jadlog"
    courier: ClassVar[str] = "Jadlog"
    sayable: ClassVar[frozenset[str]] = frozenset(VOCABULARY)
    events_field: ClassVar[str] = "eventos"
    secret_fields: ClassVar[tuple[str, ...]] = ("token",)

    @classmethod
    def new_code(cls, chance: Random, number: int) -> str:
        """Fourteen digits."""
        return f"1{chance.randrange(1000):03d}{number % 10**10:010d}"

    def settings(self, url: str) -> dict[str, str]:
        return {"base_url": f"{url}/embarcador/api", "token": self.token}

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route(f"{_BASE}/consultar", self.full, methods=["POST"]),
                Route(f"{_BASE}/simples/consultar", self.short, methods=["POST"]),
            ]
        )

    async def full(self, request: Request) -> Response:
        """All events of up to 100 shipments."""
        return await self._answer(request, "consultar", _MOST_FULL)

    async def short(self, request: Request) -> Response:
        """The last status of up to 500 shipments."""
        return await self._answer(request, "simples/consultar", _MOST_SHORT)

    async def _answer(self, request: Request, operation: str, most: int) -> Response:
        body = await json_object(request)
        asked = (body or {}).get("consulta")
        questions = asked if isinstance(asked, list) else []
        self.count(operation, *(_words(question) for question in questions))
        if bearer(request) != self.token:
            return JSONResponse({"descricao": "TOKEN INVALIDO", "id": 1}, 401)
        if not questions or not all(isinstance(question, dict) for question in questions):
            return JSONResponse({"erro": {"id": -1, "descricao": "Requisicao invalida."}}, 400)
        if len(questions) > most:
            return JSONResponse({"erro": {"id": -2, "descricao": f"Limite de {most} consultas excedido."}}, 400)
        packages = self.packages
        items = [self._item(question, packages, full=most == _MOST_FULL) for question in questions]
        if self.empty_for_nothing and not any("tracking" in item for item in items):
            return JSONResponse({})
        return JSONResponse({"consulta": items})

    def _item(self, question: _Item, packages: list[Package], *, full: bool) -> _Item:
        """The answer repeats what was asked. What it was told of but does not have, it finds empty, or not at all."""
        package = next((each for each in packages if _means(question, each)), None)
        shown = package.visible(self.clock()) if package else []
        if package is None or (not shown and number_of("empty", package.code) % 2):
            return {**question, **self._not_found()}
        if not shown:
            return {**question, "tracking": {"codigo": package.own_number or package.code, "eventos": []}}
        told = [_event(happening) for happening in shown]
        if self.older_under_same_key and "df" in question:
            told.insert(0, _older_delivery(shown[0]))
        tracking = _tracking(package, shown, told)
        if not full:
            tracking = {name: tracking[name] for name in ("codigo", "shipmentId", "dtEmissao", "status")}
        return {**question, "tracking": tracking, "previsaoEntrega": local(package.promised_at, "%Y-%m-%d")}

    def _not_found(self) -> _Item:
        if self.in_old_form:
            return {"error": {"id": -1, "descricao": "Nao localizado."}}
        return {"erro": {"id": 1, "descricao": "Não localizado"}}


def _means(question: _Item, package: Package) -> bool:
    """One question has one kind of key; a code is found as `codigo` or `shipmentId`, not as another's `cte`."""
    own = package.own_number or package.code
    if "codigo" in question:
        return question["codigo"] in {package.code, own}
    if "shipmentId" in question:
        return bool(question["shipmentId"] == own)
    if "cte" in question:
        return bool(question["cte"] == _transport_document(package))
    if "pedido" in question:
        return bool(question["pedido"] == package.order_id)
    return _is_invoice(question.get("df"), package)


def _is_invoice(document: Any, package: Package) -> bool:
    """Type 1: number and series; type 2: the key. Both with the sender's tax number. Leading zeros do not count."""
    key = package.invoice_key
    if not isinstance(document, dict) or not key or document.get("cnpjRemetente") != key[6:20]:
        return False
    if str(document.get("tpDocumento")) == "2":
        return bool(document.get("danfe") == key)
    number, series = str(document.get("nf", "")).lstrip("0"), str(document.get("serie", "")).lstrip("0")
    return str(document.get("tpDocumento")) == "1" and (number, series) == (
        key[25:34].lstrip("0"),
        key[22:25].lstrip("0"),
    )


def _transport_document(package: Package) -> str:
    return f"{number_of('cte', package.code) % 10**14:014d}"


def _event(happening: Happening) -> _Item:
    unit = f"CO {happening.city}" if happening.code in {"arrived", "out", "delivered"} else f"PA {happening.city} 02"
    return {
        "data": local(happening.happened_at, "%Y-%m-%d %H:%M:%S"),
        "status": VOCABULARY[happening.code],
        "unidade": unit.upper(),
    }


def _older_delivery(first: Happening) -> _Item:
    return _event(first) | {
        "data": local(first.happened_at - timedelta(days=90), "%Y-%m-%d %H:%M:%S"),
        "status": "ENTREGUE",
    }


def _tracking(package: Package, shown: list[Happening], told: list[_Item]) -> _Item:
    own = package.own_number or package.code
    tracking = {
        "codigo": own,
        "shipmentId": own,
        "dacte": _transport_document(package),
        "dtEmissao": local(shown[0].happened_at, "%d/%m/%Y"),
        "status": told[-1]["status"],
        "valor": 18.4,
        "peso": 1.0,
        "eventos": told,
        "volumes": [{"peso": 1.0, "altura": 10, "largura": 20, "comprimento": 20}],
    }
    if told[-1]["status"] == "ENTREGUE":
        tracking["recebedor"] = {"nome": "FULANO DE TAL", "doc": "00000000000", "data": told[-1]["data"]}
    return tracking


def _words(question: Any) -> str:
    if not isinstance(question, dict):
        return str(question)
    document = question.get("df")
    if isinstance(document, dict):
        return str(document.get("danfe") or document.get("nf"))
    return next((str(question[kind]) for kind in (*_BY_CODE, "pedido") if kind in question), "")
