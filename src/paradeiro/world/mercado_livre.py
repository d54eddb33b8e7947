"""In: requests of Mercado Livre's API as a seller makes them; out: its answers; what it was told. Strict where it is.

OAuth with refresh tokens that work once; one shipment per order, of Mercado Envios 1 (the seller moves it) or 2.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from paradeiro.world.scenario import MERCADO_LIVRE
from paradeiro.world.truth import SoldOrder, Truth

_LIFE = timedelta(hours=6)
_WORDS = {
    "shipped": {"", "out_for_delivery", "receiver_absent", "bad_address", "dangerous_area", "unauthorized_receiver"},
    "delivered": {""},
    "not_delivered": {"returning_to_sender"},
}
_FINAL = frozenset({"delivered", "not_delivered"})


@dataclass(slots=True)
class MercadoLivre:
    """One seller's part of Mercado Livre."""

    truth: Truth
    clock: Callable[[], datetime]
    client_id: str = "4934588586838432"
    client_secret: str = "segredo-do-mundo"  # noqa: S105 - the world's own
    first_refresh: str = "TG-do-mundo-0"
    shipments: dict[str, dict[str, Any]] = field(default_factory=dict)
    access: dict[str, datetime] = field(default_factory=dict)
    refresh: str = ""
    renewals: int = 0
    breaches: list[str] = field(default_factory=list)
    calls: dict[str, int] = field(default_factory=dict)
    told: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.refresh = self.first_refresh
        for at, order in enumerate(o for o in self.truth.orders if o.affiliate == MERCADO_LIVRE):
            self.shipments[order.marketplace_number] = _shipment(at, order)

    def app(self) -> Starlette:
        """Its API."""
        return Starlette(
            routes=[
                Route("/oauth/token", self.token, methods=["POST"]),
                Route("/orders/{order}/shipments", self.shown, methods=["GET"]),
                Route("/shipments/{shipment}", self.number, methods=["PUT"]),
                Route("/shipments/{shipment}/seller_notifications", self.notified, methods=["POST"]),
            ]
        )

    async def token(self, request: Request) -> Response:
        """A new access token for the only refresh token that is worth something; it is worth nothing afterwards."""
        self._count("token")
        form = dict((await request.form()).items())
        if (form.get("client_id"), form.get("client_secret")) != (self.client_id, self.client_secret):
            return _error(400, "invalid_client", "invalid client_id or client_secret.")
        if form.get("grant_type") != "refresh_token":
            return _error(400, "unsupported_grant_type", "the grant type is not supported")
        if form.get("refresh_token") != self.refresh:
            return _error(
                400, "invalid_grant", "Error validating grant. Your refresh token may be expired or it was already used"
            )
        self.renewals += 1
        self.refresh = f"TG-{secrets.token_hex(12)}"
        access = f"APP_USR-{self.client_id}-{secrets.token_hex(12)}"
        self.access[access] = self.clock() + _LIFE
        given = {"access_token": access, "token_type": "Bearer", "expires_in": int(_LIFE.total_seconds())}
        return JSONResponse(
            given | {"scope": "offline_access read write", "user_id": 8035443, "refresh_token": self.refresh}
        )

    async def shown(self, request: Request) -> Response:
        refused = self._door(request, "shipment")
        if refused is not None:
            return refused
        shipment = self.shipments.get(request.path_params["order"])
        return JSONResponse(shipment) if shipment else _error(404, "not_found", "order not found")

    async def number(self, request: Request) -> Response:
        """The tracking number, before any status."""
        refused = self._door(request, "number")
        if refused is not None:
            return refused
        shipment, body = self._of(request), await _json(request)
        if shipment is None:
            return _error(404, "not_found", "shipment not found")
        number = body.get("tracking_number")
        if shipment["mode"] != "me1" or not isinstance(number, str) or not number:
            return self._breach("a tracking number that is none, or of a shipment that moves by itself")
        shipment["tracking_number"] = number
        self._tell(shipment, "number", body)
        return JSONResponse(shipment)

    async def notified(self, request: Request) -> Response:
        """A status of the shipment, in the steps that there are."""
        refused = self._door(request, "notification")
        if refused is not None:
            return refused
        shipment, body = self._of(request), await _json(request)
        if shipment is None:
            return _error(404, "not_found", "shipment not found")
        wrong = _wrong(shipment, body)
        if wrong:
            return self._breach(wrong)
        shipment["status"], shipment["substatus"] = body["status"], _nullable(body.get("substatus"))
        self._tell(shipment, "notification", body)
        return JSONResponse({"status": "OK"})

    def _door(self, request: Request, what: str) -> Response | None:
        self._count(what)
        ends = self.access.get(request.headers.get("authorization", "").removeprefix("Bearer "))
        if ends is None or ends <= self.clock():
            return _error(401, "unauthorized", "invalid access token")
        return None

    def _of(self, request: Request) -> dict[str, Any] | None:
        wanted = request.path_params["shipment"]
        return next((s for s in self.shipments.values() if str(s["id"]) == wanted), None)

    def _tell(self, shipment: dict[str, Any], what: str, body: dict[str, Any]) -> None:
        at = self.clock().isoformat()
        told = {"at": at, "order": str(shipment["order_id"]), "invoice": "", "what": what, "body": body}
        self.told.append(told)

    def _count(self, what: str) -> None:
        self.calls[what] = self.calls.get(what, 0) + 1

    def _breach(self, words: str) -> Response:
        self.breaches.append(f"Mercado Livre: {words}")
        return _error(400, "bad_request", words)


def _shipment(at: int, order: SoldOrder) -> dict[str, Any]:
    """Every third order goes by Mercado Envios 2, which moves by itself."""
    return {
        "id": 28_264_263_908 + at,
        "mode": "me2" if at % 3 == 2 else "me1",
        "created_by": "receiver",
        "order_id": int(order.marketplace_number),
        "site_id": "MLB",
        "status": "pending",
        "substatus": None,
        "tracking_number": None,
    }


def _wrong(shipment: dict[str, Any], body: dict[str, Any]) -> str:
    """What is wrong with a notification; empty if nothing is."""
    status, substatus = body.get("status"), _nullable(body.get("substatus")) or ""
    payload, number = body.get("payload"), shipment["tracking_number"]
    was, now = (shipment["status"], shipment["substatus"]), (status, substatus or None)
    faults = {
        "a notification of a shipment that moves by itself": shipment["mode"] != "me1",
        "a status before the tracking number": not number or body.get("tracking_number") != number,
        "a payload without comment and date": not _is_payload(payload),
        f"the status {status}/{substatus} does not exist": substatus not in _WORDS.get(str(status), ()),
        f"{status} after {was[0]}, which is final": was[0] in _FINAL,
        f"{status} of what is not shipped": status != "shipped" and was[0] != "shipped",
        f"{status} twice": was == now,
    }
    return next((words for words, wrong in faults.items() if wrong), "")


def _is_payload(payload: object) -> bool:
    return isinstance(payload, dict) and _is_instant(payload.get("date")) and bool(payload.get("comment"))


def _nullable(value: object) -> str | None:
    return None if value in {None, "null", ""} else str(value)


def _is_instant(value: object) -> bool:
    try:
        return datetime.fromisoformat(str(value)).tzinfo is not None
    except ValueError:
        return False


async def _json(request: Request) -> dict[str, Any]:
    try:
        body = await request.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _error(status: int, error: str, message: str) -> Response:
    return JSONResponse({"message": message, "error": error, "status": status, "cause": []}, status)
