"""In: requests to Frenet's tracking interface, the clock; out: its answers, one or many, and its pushes.

It passes on what carriers said, with its own eight types of event, newest first, by Brasília's wall clock, in minutes.
An error is HTTP 200 with a message.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any, ClassVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from paradeiro.simulator.carriers.interface import json_object, local, news, number_of
from paradeiro.simulator.carriers.simulated_carrier import SentPush, SimulatedCarrier
from paradeiro.simulator.scenario.ground_truth import Happening, Package

# The type, and the words of the carrier behind it. Type 3 means both on the way back and back.
VOCABULARY = {
    "registered": ("18", "Objeto entregue no ponto de coleta"),
    "accepted": ("0", "Objeto postado"),
    "moved": ("1", "Objeto em transferência - por favor aguarde"),
    "arrived": ("1", "Objeto recebido na unidade de distribuição"),
    "handed_on": ("1", "Objeto entregue à transportadora parceira"),
    "out": ("5", "Objeto saiu para entrega ao destinatário"),
    "lost": ("4", "Objeto não localizado"),
    "returning": ("3", "Objeto em devolução ao remetente"),
    "delivered": ("9", "Objeto entregue ao destinatário"),
}
_MOST = 10
_Item = dict[str, Any]


@dataclass(slots=True)
class Frenet(SimulatedCarrier):
    """Its part of the ground truth. `service_code`: the account's own code of the service that sends."""

    token: str = "frenet-token"  # noqa: S105 - of a simulated account
    service_code: str = "03220"

    name: ClassVar[str] = "frenet"
    courier: ClassVar[str] = "Frenet"
    sayable: ClassVar[frozenset[str]] = frozenset(VOCABULARY)
    events_field: ClassVar[str] = "TrackingEvents"
    secret_fields: ClassVar[tuple[str, ...]] = ("token",)

    @classmethod
    def new_code(cls, chance: Random, number: int) -> str:
        """A code of the carrier behind it: fourteen digits."""
        return f"6{chance.randrange(1000):03d}{number % 10**10:010d}"

    def settings(self, url: str) -> dict[str, str]:
        return {"base_url": url, "token": self.token, "service_code": self.service_code}

    def app(self) -> Starlette:
        return Starlette(routes=[Route("/tracking/trackinginfo", self.tracking_info, methods=["POST"])])

    async def tracking_info(self, request: Request) -> Response:
        """One number, or many in `TrackingNumbers`."""
        body = await json_object(request) or {}
        numbers = body.get("TrackingNumbers")
        many = numbers if isinstance(numbers, list) else []
        self.count("trackinginfo", *(map(str, many) if many else [_question(body)]))
        if request.headers.get("token") != self.token:
            return JSONResponse({"Message": "Authorization has been denied for this request."}, 401)
        if many:
            return self._collection([str(number) for number in many], body)
        if not _question(body):
            return JSONResponse(_failure(None, "Informe o número de rastreamento"))
        return JSONResponse(self._one(body, "TrackingEvents"))

    def _collection(self, numbers: list[str], body: _Item) -> Response:
        """In this form the list of events has another name."""
        if len(numbers) > _MOST:
            return JSONResponse({"Message": f"O limite é de {_MOST} rastreamentos por consulta."}, 400)
        each = [self._one({**body, "TrackingNumber": number}, "Events") for number in numbers]
        return JSONResponse({"TrackingResponseCollection": each})

    def _one(self, question: _Item, name: str) -> _Item:
        number = question.get("TrackingNumber")
        service = question.get("ShippingServiceCode")
        if service not in {None, self.service_code}:
            return _failure(number, "Serviço não encontrado", name)
        package = next((package for package in self.packages if _means(question, package)), None)
        shown = package.visible(self.clock()) if package else []
        if package is None or not shown:
            return _failure(number, "Objeto não encontrado na base de dados", name)
        return {**_head(package), name: [_event(happening) for happening in reversed(shown)]}

    def pushes(self, since: datetime, until: datetime, secret: str) -> list[SentPush]:
        """All events up to this one, with the account's token as the proof."""
        sent = []
        for each in news(self.packages, since, until):
            package, happening = each.package, each.happening
            shown = [h for h in package.visible(happening.visible_at) if h.happened_at <= happening.happened_at]
            body = {
                "OrderId": package.order_id,
                "ShipmentId": str(number_of("shipment", package.code) % 10**9),
                **_head(package),
                "TrackingEvents": [_event(h) for h in reversed(shown)],
            }
            raw = json.dumps(body, ensure_ascii=False).encode()
            sent += [SentPush(at, {"content-type": "application/json", "token": secret}, raw) for at in each.sent_at]
        return sorted(sent, key=lambda push: push.at)


def _question(body: _Item) -> str:
    return str(body.get("TrackingNumber") or body.get("OrderNumber") or body.get("InvoiceNumber") or "")


def _means(question: _Item, package: Package) -> bool:
    """By the number, else by the order, else by the invoice's number and series."""
    if question.get("TrackingNumber"):
        return bool(str(question["TrackingNumber"]).strip().upper() == (package.own_number or package.code))
    if question.get("OrderNumber"):
        return bool(question["OrderNumber"] == package.order_id)
    series = str(question.get("InvoiceSerie") or "").lstrip("0")
    same = str(question.get("InvoiceNumber") or "").lstrip("0") == package.invoice_number.lstrip("0")
    return same and series in {"", package.invoice_key[22:25].lstrip("0")}


def _head(package: Package) -> _Item:
    number = package.own_number or package.code
    return {
        "TrackingNumber": number,
        "TrackingUrl": f"https://rastreio.frenet.com.br/{number}",
        "ServiceDescrition": "SEDEX",
        "ExpectedDate": local(package.promised_at, "%d/%m/%Y"),
        "ErrorMessage": None,
    }


def _failure(number: Any, text: str, name: str = "TrackingEvents") -> _Item:
    return {
        "TrackingNumber": number,
        "TrackingUrl": None,
        "ServiceDescrition": None,
        "ErrorMessage": text,
        name: [],
    }


def _event(happening: Happening) -> _Item:
    kind, words = VOCABULARY[happening.code]
    return {
        "EventDateTime": local(happening.happened_at, "%d/%m/%Y %H:%M"),
        "EventDescription": words,
        "EventLocation": f"{happening.city}/{happening.state}".upper(),
        "EventType": kind,
    }
