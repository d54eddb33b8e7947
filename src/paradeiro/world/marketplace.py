"""In: requests of the marketplace protocol (external seller); out: its answers by contract; what it was told."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from paradeiro.world.contract import breach
from paradeiro.world.scenario import MARKETPLACE
from paradeiro.world.truth import Truth

_CONTRACT = "vtex-marketplace.json"
_BASE = "/pvt/orders/{marketplaceOrderId}/invoice"


@dataclass(slots=True)
class Marketplace:
    """A channel that sold orders and wants to hear of them, in order: invoice, number, events."""

    truth: Truth
    clock: Callable[[], datetime]
    app_key: str
    app_token: str
    numbers: set[str] = field(default_factory=set)
    invoices: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    breaches: list[str] = field(default_factory=list)
    calls: dict[str, int] = field(default_factory=dict)
    told: list[dict[str, Any]] = field(default_factory=list)
    receipts: dict[str, str] = field(default_factory=dict)
    repeats: int = 0

    def __post_init__(self) -> None:
        self.numbers = {o.marketplace_number for o in self.truth.orders if o.affiliate == MARKETPLACE}

    def app(self) -> Starlette:
        """Its API."""
        base = "/pvt/orders/{order}/invoice"
        return Starlette(
            routes=[
                Route(base, self.invoice, methods=["POST"]),
                Route(f"{base}/{{number}}", self.number, methods=["POST"]),
                Route(f"{base}/{{number}}/tracking", self.tracking, methods=["POST"]),
            ]
        )

    async def _take(self, request: Request, what: str, operation: str) -> dict[str, Any] | Response:
        self.calls[what] = self.calls.get(what, 0) + 1
        said = (request.headers.get("x-vtex-api-appkey"), request.headers.get("x-vtex-api-apptoken"))
        if said != (self.app_key, self.app_token):
            return JSONResponse({"error": {"code": "1", "message": "Unauthorized access", "exception": None}}, 401)
        try:
            body = await request.json()
        except ValueError:
            return self._breach(f"{operation}: the body is not JSON")
        broken = breach(_CONTRACT, operation, body)
        if broken:
            return self._breach(broken)
        if request.path_params["order"] not in self.numbers:
            return JSONResponse({"error": {"code": "OMS007", "message": "Order Not Found", "exception": None}}, 404)
        taken: dict[str, Any] = body
        return taken

    def _breach(self, words: str) -> Response:
        self.breaches.append(words)
        return JSONResponse({"error": {"code": "OMS001", "message": words, "exception": None}}, 400)

    async def invoice(self, request: Request) -> Response:
        body = await self._take(request, "invoice", f"POST {_BASE}")
        if isinstance(body, Response):
            return body
        key = (request.path_params["order"], body["invoiceNumber"])
        return self._receipt(request, "invoice", body, lambda: self.invoices.setdefault(key, {"invoice": body}))

    async def number(self, request: Request) -> Response:
        body = await self._take(request, "number", f"POST {_BASE}/{{invoiceNumber}}")
        if isinstance(body, Response):
            return body
        invoice = self.invoices.get((request.path_params["order"], request.path_params["number"]))
        if invoice is None:
            return self._breach("a tracking number before its invoice")
        return self._receipt(request, "number", body, lambda: invoice.update(number=body["trackingNumber"]))

    async def tracking(self, request: Request) -> Response:
        body = await self._take(request, "tracking", f"POST {_BASE}/{{invoiceNumber}}/tracking")
        if isinstance(body, Response):
            return body
        invoice = self.invoices.get((request.path_params["order"], request.path_params["number"]))
        if invoice is None or "number" not in invoice:
            return self._breach("events before the invoice and its tracking number")
        changed = {"delivered": body["isDelivered"], "events": body.get("events", [])}
        return self._receipt(request, "tracking", body, lambda: invoice.update(changed))

    def _receipt(self, request: Request, what: str, body: dict[str, Any], change: Callable[[], object]) -> Response:
        """Do it once per idempotency key."""
        order, key = request.path_params["order"], request.headers.get("idempotency-key", secrets.token_hex(8))
        if key in self.receipts:
            self.repeats += 1
        else:
            self.receipts[key] = secrets.token_hex(16)
            change()
            number = request.path_params.get("number", body.get("invoiceNumber"))
            self.told.append(
                {"at": self.clock().isoformat(), "order": order, "invoice": number, "what": what, "body": body}
            )
        date = f"{self.clock().astimezone(UTC):%Y-%m-%dT%H:%M:%S}.0000000-00:00"
        return JSONResponse({"date": date, "orderId": order, "receipt": self.receipts[key]})
