"""In: requests of the marketplace protocol; out: its answers by contract; the accepted updates.

Two parties in one: a marketplace on VTEX, called by external sellers (`/pvt`,
openapi-external-seller-marketplace.json), and a marketplace's connector, called as VTEX calls it (`/pub`, facts/vtex,
section 4a: one call for invoice and number, every parameter present, null while unknown). The protocol has no
idempotency key.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from paradeiro.simulator.contract_check import breach
from paradeiro.simulator.scenario.ground_truth import GroundTruth
from paradeiro.simulator.scenario.scenario import MARKETPLACE

_CONTRACT = "vtex-marketplace.json"
_BASE = "/pvt/orders/{marketplaceOrderId}/invoice"
# The fields of a connector's call: those of the documented example.
_OF_CONNECTOR = {
    "type": str,
    "invoiceNumber": str,
    "courier": str | None,
    "trackingNumber": str | None,
    "trackingUrl": str | None,
    "items": list,
    "issuanceDate": str | None,
    "invoiceValue": int | None,
}


@dataclass(slots=True)
class Marketplace:
    """A channel that sold orders and expects, in this sequence, invoice, number and events. `news`: its connector
    accepts events (at an address that no document has).
    """

    ground_truth: GroundTruth
    clock: Callable[[], datetime]
    app_key: str
    app_token: str
    numbers: set[str] = field(default_factory=set)
    invoices: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    breaches: list[str] = field(default_factory=list)
    calls: dict[str, int] = field(default_factory=dict)
    told: list[dict[str, Any]] = field(default_factory=list)
    known_bodies: dict[tuple[str, str, str], Any] = field(default_factory=dict)
    repeats: int = 0
    news: bool = False

    def __post_init__(self) -> None:
        self.numbers = {o.marketplace_number for o in self.ground_truth.orders if o.affiliate == MARKETPLACE}

    def app(self) -> Starlette:
        """Its API."""
        base = "/pvt/orders/{order}/invoice"
        return Starlette(
            routes=[
                Route(base, self.invoice, methods=["POST"]),
                Route(f"{base}/{{number}}", self.number, methods=["POST"]),
                Route(f"{base}/{{number}}/tracking", self.tracking, methods=["POST"]),
                Route("/pub/orders/{order}/invoice", self.invoice_by_connector, methods=["POST"]),
                Route("/pub/orders/{order}/invoice/{number}/tracking", self.tracking_by_connector, methods=["POST"]),
            ]
        )

    async def _read_body(
        self, request: Request, what: str, operation: str, broken: Callable[[Any], str | None] | None = None
    ) -> dict[str, Any] | Response:
        self.calls[what] = self.calls.get(what, 0) + 1
        known_bodies = (request.headers.get("x-vtex-api-appkey"), request.headers.get("x-vtex-api-apptoken"))
        if known_bodies != (self.app_key, self.app_token):
            return JSONResponse({"error": {"code": "1", "message": "Unauthorized access", "exception": None}}, 401)
        try:
            body = await request.json()
        except ValueError:
            return self._breach(f"{operation}: the body is not JSON")
        problem = broken(body) if broken else breach(_CONTRACT, operation, body)
        if problem:
            return self._breach(problem)
        if request.path_params["order"] not in self.numbers:
            return JSONResponse({"error": {"code": "OMS007", "message": "Order Not Found", "exception": None}}, 404)
        taken: dict[str, Any] = body
        return taken

    def _breach(self, words: str) -> Response:
        self.breaches.append(words)
        return JSONResponse({"error": {"code": "OMS001", "message": words, "exception": None}}, 400)

    async def invoice(self, request: Request) -> Response:
        body = await self._read_body(request, "invoice", f"POST {_BASE}")
        if isinstance(body, Response):
            return body
        return self._receipt(request, "invoice", body, lambda: self._store_invoice(request, body))

    async def invoice_by_connector(self, request: Request) -> Response:
        body = await self._read_body(request, "connector", "POST /pub/orders/{id}/invoice", _connector_call_problem)
        if isinstance(body, Response):
            return body
        what = "number" if body["trackingNumber"] else "invoice"
        return self._receipt(request, what, body, lambda: self._store_invoice(request, body), receipted=False)

    async def tracking_by_connector(self, request: Request) -> Response:
        return await self.tracking(request) if self.news else Response(status_code=404)

    def _store_invoice(self, request: Request, body: dict[str, Any]) -> None:
        """Store an invoice, with its number if it has one; a repeated invoice may add the number."""
        known = self.invoices.setdefault((request.path_params["order"], body["invoiceNumber"]), {"invoice": body})
        if body.get("trackingNumber"):
            known["number"] = body["trackingNumber"]

    async def number(self, request: Request) -> Response:
        body = await self._read_body(request, "number", f"POST {_BASE}/{{invoiceNumber}}")
        if isinstance(body, Response):
            return body
        invoice = self.invoices.get((request.path_params["order"], request.path_params["number"]))
        if invoice is None:
            return self._breach("a tracking number before its invoice")
        return self._receipt(request, "number", body, lambda: invoice.update(number=body["trackingNumber"]))

    async def tracking(self, request: Request) -> Response:
        body = await self._read_body(request, "tracking", f"POST {_BASE}/{{invoiceNumber}}/tracking")
        if isinstance(body, Response):
            return body
        invoice = self.invoices.get((request.path_params["order"], request.path_params["number"]))
        if invoice is None or "number" not in invoice:
            return self._breach("events before the invoice and its tracking number")
        changed = {"delivered": body["isDelivered"], "events": body.get("events", [])}
        return self._receipt(request, "tracking", body, lambda: invoice.update(changed))

    def _receipt(
        self,
        request: Request,
        what: str,
        body: dict[str, Any],
        change: Callable[[], object],
        *,
        receipted: bool = True,
    ) -> Response:
        """A new receipt for each call (a connector's may be null); a repeated body changes nothing."""
        order, number = request.path_params["order"], str(request.path_params.get("number", body.get("invoiceNumber")))
        if self.known_bodies.get((order, number, what)) == body:
            self.repeats += 1
        else:
            self.known_bodies[order, number, what] = body
            change()
            self.told.append(
                {"at": self.clock().isoformat(), "order": order, "invoice": number, "what": what, "body": body}
            )
        date = f"{self.clock().astimezone(UTC):%Y-%m-%dT%H:%M:%S}.0000000+00:00"
        return JSONResponse({"date": date, "orderId": order, "receipt": secrets.token_hex(16) if receipted else None})


def _connector_call_problem(body: Any) -> str | None:
    """What is wrong with a connector's call; None if nothing."""
    if not isinstance(body, dict):
        return "POST /pub/orders/{id}/invoice: no object"
    wrong = [name for name, kind in _OF_CONNECTOR.items() if name not in body or not isinstance(body[name], kind)]
    return f"POST /pub/orders/{{id}}/invoice: {', '.join(wrong)}" if wrong else None
