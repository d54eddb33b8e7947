"""In: requests to Intelipost's interface, the clock; out: a shipment order with its history, and pushes, one per event.

A macro state gives the direction, a micro state the reason; either alone misleads. Instants have an offset. The push
is proven with the API key, as the user of HTTP Basic or in a header.
"""

import base64
import json
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any, ClassVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from paradeiro.simulator.carriers.interface import BRASILIA, news, number_of
from paradeiro.simulator.carriers.simulated_carrier import SentPush, SimulatedCarrier
from paradeiro.simulator.scenario.ground_truth import Happening, Package

# Macro state, micro state, what the carrier behind it said.
VOCABULARY = {
    "registered": ("NEW", "ETIQUETA CRIADA", ""),
    "accepted": ("IN_TRANSIT", "COLETA REALIZADA", "COLETADO NO REMETENTE"),
    "moved": ("IN_TRANSIT", "SAIDA FILIAL", "SAIDA DA FILIAL DE ORIGEM"),
    "arrived": ("IN_TRANSIT", "ENTRADA FILIAL DESTINO", "CHEGADA NA FILIAL"),
    "handed_on": ("IN_TRANSIT", "CARGA REDESPACHADA", "ENTREGUE AO REDESPACHO"),
    "out": ("TO_BE_DELIVERED", "SAIU PARA ENTREGA", "EM ROTA"),
    "absent": ("CLARIFY_DELIVERY_FAIL", "DESTINATÁRIO AUSENTE", "CLIENTE AUSENTE, NOVA TENTATIVA OU DEVOLUÇÃO"),
    "refused": ("CLARIFY_DELIVERY_FAIL", "CARGA RECUSADA PELO DESTINATARIO", "RECUSADO"),
    "counter": ("IN_TRANSIT", "ENTREGUE NO LOCAL DE RETIRADA", "ENTREGUE NO PONTO"),
    "damaged": ("DELIVERY_FAILED", "AVARIA CONFIRMADA", "AVARIA"),
    "lost": ("DELIVERY_FAILED", "EXTRAVIO CONFIRMADO", "EXTRAVIO"),
    "returning": ("IN_TRANSIT", "EM DEVOLUÇÃO", "EM DEVOLUCAO AO REMETENTE"),
    "returned": ("DELIVERY_FAILED", "DEVOLVIDO ORIGEM", "ENTREGUE AO REMETENTE"),
    "delivered": ("DELIVERED", "ENTREGUE", "ENTREGA REALIZADA"),
    "paper": ("DELIVERED", "MANTER STATUS ANTERIOR", "COMPROVANTE DIGITALIZADO"),
    "taken_back": ("IN_TRANSIT", "CORRECAO INFORMACAO DE EVENTO", "BAIXA INDEVIDA"),
}
_LOCALIZED = {
    "NEW": "Novo",
    "IN_TRANSIT": "Em trânsito",
    "TO_BE_DELIVERED": "Saiu para entrega",
    "DELIVERED": "Entregue",
    "CLARIFY_DELIVERY_FAIL": "Averiguar falha na entrega",
    "DELIVERY_FAILED": "Falha na entrega",
}
# The only numbers that are known: the micro state's, and its code.
_NUMBERS = {"ENTRADA FILIAL DESTINO": (125, "1"), "CARGA REDESPACHADA": (28, "27")}
_Item = dict[str, Any]


@dataclass(slots=True)
class Intelipost(SimulatedCarrier):
    """Its part of the ground truth. `key_in_header`: pushes are proven as older clients expect it."""

    api_key: str = "intelipost-api-key"
    key_in_header: bool = False

    name: ClassVar[str] = "intelipost"
    courier: ClassVar[str] = "Intelipost"
    sayable: ClassVar[frozenset[str]] = frozenset(VOCABULARY)
    events_field: ClassVar[str] = "shipment_order_volume_state_history_array"
    secret_fields: ClassVar[tuple[str, ...]] = ("api_key",)

    @classmethod
    def new_code(cls, chance: Random, number: int) -> str:
        """A code of the carrier behind it, as it passes it on."""
        return f"IP{chance.randrange(10**4):04d}{number % 10**6:06d}BR"

    def settings(self, url: str) -> dict[str, str]:
        return {"base_url": url, "api_key": self.api_key}

    def app(self) -> Starlette:
        base = "/api/v1/shipment_order"
        return Starlette(
            routes=[
                Route(f"{base}/invoice/{{number}}", self.by_invoice, methods=["GET"]),
                Route(f"{base}/{{order}}", self.shipment_order, methods=["GET"]),
            ]
        )

    async def shipment_order(self, request: Request) -> Response:
        """One order of the shop, all its volumes."""
        order = request.path_params["order"]
        self.count("shipment_order", order)
        found = self._refusal(request) or self._orders({order})
        if isinstance(found, Response):
            return found
        return JSONResponse(self._envelope("OK", found[0]))

    async def by_invoice(self, request: Request) -> Response:
        """All orders with an invoice of this number; none is an empty list, not an error."""
        number = request.path_params["number"]
        self.count("invoice", number)
        orders = {package.order_id for package in self.packages if package.invoice_number == number.lstrip("0")}
        found = self._refusal(request) or self._orders(orders)
        if isinstance(found, Response):
            return found if found.status_code == 401 else JSONResponse(self._envelope("OK", []))
        return JSONResponse(self._envelope("OK", found))

    def _refusal(self, request: Request) -> Response | None:
        if request.headers.get("api-key") == self.api_key:
            return None
        return JSONResponse(self._envelope("ERROR", None, "Chave de API inválida"), 401)

    def _orders(self, orders: set[str]) -> list[_Item] | Response:
        """Orders of which anything is visible."""
        now, packages = self.clock(), self.packages
        found = []
        for order in sorted(orders):
            shown = [(package, package.visible(now)) for package in packages if package.order_id == order]
            if any(happenings for _, happenings in shown):
                found.append(_shipment_order(order, shown))
        return found or JSONResponse(self._envelope("ERROR", None, "Pedido não encontrado"), 404)

    def _envelope(self, status: str, content: _Item | list[_Item] | None, text: str = "") -> _Item:
        messages = [{"type": "ERROR", "text": text, "key": "shipment.order"}] if text else []
        told = {"status": status, "messages": messages, "content": content, "time": "12 ms"}
        return {**told, "timezone": "America/Sao_Paulo", "locale": "pt_BR"}

    def pushes(self, since: datetime, until: datetime, secret: str) -> list[SentPush]:
        """One per event of one volume; `secret` is the API key."""
        packed = base64.b64encode(f"{secret}:".encode()).decode()
        proof = {"api-key": secret} if self.key_in_header else {"authorization": f"Basic {packed}"}
        packages, sent = self.packages, []
        volumes = _volume_numbers(packages)
        for each in news(packages, since, until):
            told = _push(each.package, each.happening, volumes[each.package.code])
            body = json.dumps(told, ensure_ascii=False).encode()
            sent += [SentPush(at, {"content-type": "application/json", **proof}, body) for at in each.sent_at]
        return sorted(sent, key=lambda push: push.at)


def _volume_numbers(packages: list[Package]) -> dict[str, str]:
    """By code: which volume of its order a package is."""
    seen: Counter[str] = Counter()
    numbers = {}
    for package in packages:
        seen[package.order_id] += 1
        numbers[package.code] = str(seen[package.order_id])
    return numbers


def _push(package: Package, happening: Happening, volume: str) -> _Item:
    estimate = _estimate(package.promised_at)
    return {
        "history": _history(package, happening),
        "invoice": _invoice(package),
        "order_number": package.order_id,
        "tracking_code": package.code,
        "volume_number": volume,
        "estimated_delivery_date": {"client": estimate, "logistic_provider": estimate},
    }


def _iso(at: datetime) -> str:
    return at.astimezone(BRASILIA).isoformat(timespec="milliseconds")


def _millis(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def _micro_state(micro: str) -> _Item:
    number, code = _NUMBERS.get(micro, (1000 + number_of(micro) % 1000, str(number_of(micro) % 900)))
    return {
        "id": number,
        "code": code,
        "default_name": micro,
        "i18n_name": None,
        "description": "O objeto não foi entregue. Aguarde nova tentativa ou devolução." if "AUSENTE" in micro else "",
        "shipment_order_volume_state_id": 12,
        "shipment_volume_state_source_id": 2,
        "name": micro,
    }


def _history(package: Package, happening: Happening) -> _Item:
    """`event_date`: when it happened; `created`: when Intelipost heard of it."""
    macro, micro, said = VOCABULARY[happening.code]
    heard, happened = happening.visible_at, happening.happened_at
    return {
        "shipment_order_volume_id": number_of("volume", package.code) % 10**8,
        "shipment_order_volume_state": macro,
        "tracking_state": None,
        "created": _millis(heard),
        "created_iso": _iso(heard),
        "provider_message": said,
        "provider_state": micro[:6],
        "shipper_provider_state": None,
        "esprinter_message": micro,
        "shipment_volume_micro_state": _micro_state(micro),
        "attachments": _attachments(heard) if happening.code == "paper" else [],
        "shipment_order_volume_state_localized": _LOCALIZED[macro],
        "shipment_order_volume_state_history": number_of(package.code, happening.code, happened) % 10**8,
        "event_date": _millis(happened),
        "event_date_iso": _iso(happened),
    }


def _attachments(at: datetime) -> list[_Item]:
    made = {"created": _millis(at), "created_iso": _iso(at)}
    kind = {"file_name": "comprovante.jpg", "mime_type": "image/jpg", "type": "OTHER"}
    return [{**kind, "processing_status": "PROCESSING", "additional_information": {}, "url": None, **made}]


def _invoice(package: Package) -> _Item:
    series = package.invoice_key[22:25].lstrip("0") or "1"
    key = package.invoice_key or None
    return {"invoice_series": series, "invoice_number": package.invoice_number, "invoice_key": key}


def _estimate(promised_at: datetime) -> _Item:
    at = {"current": _millis(promised_at), "current_iso": _iso(promised_at)}
    return {**at, "original": at["current"], "original_iso": at["current_iso"]}


def _shipment_order(order: str, shown: list[tuple[Package, list[Happening]]]) -> _Item:
    promised = max(package.promised_at for package, _ in shown)
    volumes = [_volume(number, package, happenings) for number, (package, happenings) in enumerate(shown, 1)]
    return {
        "id": number_of(order) % 10**8,
        "order_number": order,
        "sales_order_number": order,
        "tracking_url": f"https://status.ondeestameupedido.com/tracking/1/{order}",
        "estimated_delivery_date": _millis(promised),
        "estimated_delivery_date_iso": _iso(promised),
        "logistic_provider_name": "Transportadora",
        "delivery_method_name": "Rodoviário",
        "shipment_order_volume_array": volumes,
    }


def _volume(number: int, package: Package, happenings: list[Happening]) -> _Item:
    """Its history is told newest first."""
    history = [_history(package, happening) for happening in reversed(happenings)]
    return {
        "shipment_order_volume_id": number_of("volume", package.code) % 10**8,
        "shipment_order_volume_number": str(number),
        "shipment_order_volume_state": history[0]["shipment_order_volume_state"] if history else "NEW",
        "tracking_code": package.code,
        "shipment_order_volume_invoice": _invoice(package),
        "shipment_order_volume_state_history_array": history,
    }
