"""In: a seller's requests to Mercado Livre's API; out: its answers by contract; all received updates.

Written from its documentation, not from any client: docs/simulators.md names the source of each rule.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from paradeiro.simulator.marketplaces.mercado_livre_rules import (
    FINAL,
    FORBIDDEN_CLIENT,
    SERVICE_IN_BRAZIL,
    Refusal,
    Switches,
    apply_notification,
    refusal_of_form,
    refusal_of_v1,
    refusal_of_v2,
)
from paradeiro.simulator.marketplaces.mercado_livre_sales import (
    SELLER,
    Sale,
    Sales,
    format_instant,
    new_format,
    old_format,
    sales_of,
)
from paradeiro.simulator.scenario.ground_truth import GroundTruth
from paradeiro.simulator.scenario.scenario import MERCADO_LIVRE

_LIFE, _REFRESH_LIFE = timedelta(hours=6), timedelta(days=180)
_USED = "Error validating grant. Your authorization code or refresh token may be expired or it was already used"
_ENDED = "ended on 2026-10-31; V2 is /v2/shipments/{id}/seller_notifications"
_NO_PUT = "on no page of 2026; the number goes with a notification"
_TOLD_BY_SELLER = frozenset({"custom", "not_specified"})


@dataclass(slots=True)
class MercadoLivre:
    """One seller's part of Mercado Livre. `told` are the updates answered with 200, `requests` all update requests,
    with the answer's status and whether anything changed.
    """

    ground_truth: GroundTruth
    clock: Callable[[], datetime]
    client_id: str = "4934588586838432"
    client_secret: str = "segredo-do-mundo"  # noqa: S105 - the simulator's own
    redirect_uri: str = "https://loja.example.com/mercado-livre"
    first_refresh: str = "TG-do-mundo-0"
    code: str = "TG-codigo-do-mundo"
    switches: Switches = field(default_factory=Switches)
    sales: Sales = field(default_factory=Sales)
    access: dict[str, datetime] = field(default_factory=dict)
    refresh: str = ""
    refreshed_at: datetime | None = None
    renewals: int = 0
    breaches: list[str] = field(default_factory=list)
    calls: dict[str, int] = field(default_factory=dict)
    told: list[dict[str, Any]] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.refresh = self.first_refresh
        self.sales = sales_of([o for o in self.ground_truth.orders if o.affiliate == MERCADO_LIVRE], self.clock())

    def __setstate__(self, kept: tuple[None, dict[str, Any]]) -> None:
        """A state saved by another version may lack attributes: `KeyError`, and the simulator starts from the
        beginning.
        """
        for each in fields(self):
            setattr(self, each.name, kept[1][each.name])

    @property
    def shipments(self) -> dict[str, dict[str, Any]]:
        """The data of each shipment, by the number by which the order system names its sale."""
        return self.sales.named

    def app(self) -> Starlette:
        """Its API."""
        return Starlette(
            routes=[
                Route("/oauth/token", self.token, methods=["POST"]),
                Route("/orders/{number}", self.order, methods=["GET"]),
                Route("/orders/{number}/shipments", self.shipment_of_order, methods=["GET"]),
                Route("/packs/{number}", self.pack, methods=["GET"]),
                Route("/shipments/{number}", self.shipment, methods=["GET"]),
                Route("/shipments/{number}", self.put, methods=["PUT"]),
                Route("/shipments/{number}/seller_notifications", self.notify_v1, methods=["POST"]),
                Route("/v2/shipments/{number}/seller_notifications", self.notify, methods=["POST"]),
            ]
        )

    def revoke_tokens(self) -> None:
        """The seller changes the password: all earlier tokens are invalid."""
        self.access.clear()
        self.refresh = secrets.token_hex(12)

    def described(self) -> dict[str, Any]:
        """For the admin page: the switches, the data of each sale, and all received update requests."""
        sales = {name: {**old_format(s), "tracking_url": s["tracking_url"]} for name, s in self.shipments.items()}
        return {"switches": self.switches.described(), "sales": sales, "heard": self.requests}

    async def token(self, request: Request) -> Response:
        """Tokens for an authorisation code or a refresh token, each valid once."""
        self._count("token")
        form = {name: str(value) for name, value in (await request.form()).items()}
        grant = form.get("grant_type")
        if (form.get("client_id"), form.get("client_secret")) != (self.client_id, self.client_secret):
            return _error(400, "invalid_client", "invalid client_id or client_secret.")
        if grant not in {"authorization_code", "refresh_token"}:
            return _error(400, "unsupported_grant_type", "the grant type is not supported")
        given = form.get("code" if grant == "authorization_code" else grant)
        if not given or (grant == "authorization_code" and not form.get("redirect_uri")):
            return _error(400, "invalid_request", "a required parameter is missing")
        if not self._is_valid_grant(grant, given, form.get("redirect_uri", "")):
            return _error(400, "invalid_grant", _USED)
        return JSONResponse(self._issue_tokens(spent_code=grant == "authorization_code"))

    def _is_valid_grant(self, grant: str, given: str, redirect_uri: str) -> bool:
        if grant == "authorization_code":
            return given == self.code and redirect_uri == self.redirect_uri
        old = self.refreshed_at is not None and self.refreshed_at + _REFRESH_LIFE <= self.clock()
        return given == self.refresh and not old

    def _issue_tokens(self, *, spent_code: bool) -> dict[str, object]:
        self.renewals += 1
        self.refresh, self.refreshed_at = f"TG-{secrets.token_hex(12)}-{SELLER}", self.clock()
        if spent_code:
            self.code = ""
        access = f"APP_USR-{self.client_id}-{secrets.token_hex(12)}-{SELLER}"
        self.access[access] = self.clock() + _LIFE
        return {
            "access_token": access,
            "token_type": "Bearer",
            "expires_in": int(_LIFE.total_seconds()),
            "scope": "offline_access read write",
            "user_id": SELLER,
            "refresh_token": self.refresh,
        }

    async def order(self, request: Request) -> Response:
        return self._shown(request, "order", self.sales.orders, lambda sale, number: sale.as_order(number))

    async def pack(self, request: Request) -> Response:
        return self._shown(request, "pack", self.sales.packs, lambda sale, _: sale.as_pack())

    async def shipment_of_order(self, request: Request) -> Response:
        return self._shown(request, "shipment", self.sales.orders, lambda sale, _: self._format(request, sale))

    async def shipment(self, request: Request) -> Response:
        return self._shown(request, "shipment", self.sales.shipments, lambda sale, _: self._format(request, sale))

    def _shown(
        self, request: Request, what: str, known: dict[int, Sale], show: Callable[[Sale, int], dict[str, Any] | None]
    ) -> Response:
        """The object with a number of that kind; a number of another kind is 404."""
        refused = self._check_token(request, what)
        if refused is not None:
            return refused
        number = _digits(request)
        sale = known.get(number)
        if sale is not None and sale.sender != SELLER:
            return _error(403, "forbidden", f"the caller may not see {what} {number}")
        shown = show(sale, number) if sale else None
        return JSONResponse(shown) if shown is not None else _error(404, f"{what}_not_found", f"{what} not found")

    def _format(self, request: Request, sale: Sale) -> dict[str, Any] | None:
        if sale.shipment is None:
            return None
        asked = "new" if request.headers.get("x-format-new", "").lower() == "true" else "old"
        wanted = self.switches.shipment_format
        return (new_format if (asked if wanted == "asked" else wanted) == "new" else old_format)(sale.shipment)

    async def notify(self, request: Request) -> Response:
        """V2: a status, with or without a tracking number."""
        refused = self._check_token(request, "notification")
        if refused is not None:
            return refused
        body, sale = await _json(request), self.sales.shipments.get(_digits(request))
        shipment = sale.shipment if sale else None
        refusal = refusal_of_form(body) or _refused_sender(request, sale)
        if refusal is None and shipment is not None:
            refusal = refusal_of_v2(body, shipment, self.switches)
        if refusal is None and shipment is not None:
            return self._accept(request, "notification", shipment, body, self.switches)
        assert refusal is not None, "without a shipment there is one"
        self._record(request, "notification", shipment, body, refusal.status)
        self._record_breach(request, refusal.words)
        at = f"{self.clock().astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        told = {"status_code": refusal.status, "error_code": refusal.code, "message": refusal.message}
        return JSONResponse(told | {"timestamp": at, "request_id": secrets.token_hex(16)}, refusal.status)

    async def notify_v1(self, request: Request) -> Response:
        """V1: switched off, or as it was."""
        body, sale = await _json(request), self.sales.shipments.get(_digits(request))
        shipment = sale.shipment if sale else None
        if self.switches.v1 != "works":
            self._count("notification_v1")
            self._record_breach(request, _ENDED)
            self._record(request, "notification_v1", shipment, body, int(self.switches.v1))
            return _error(int(self.switches.v1), "not_found", "resource not found")
        refused = self._check_token(request, "notification_v1")
        if refused is not None:
            return refused
        if sale is None or shipment is None:
            return self._refuse(request, shipment, body, Refusal(404, "not_found", "shipment not found"))
        if sale.sender != SELLER or request.scope.get("fault") == "not_sender":
            # A 401 that no new token cures.
            words = f"Unauthorized receiver_id for order_id: {shipment['order_id']}"
            return self._refuse(request, shipment, body, Refusal(401, "invalid_user_id_for_order", words))
        refusal = refusal_of_v1(body, shipment)
        if refusal is not None:
            return self._refuse(request, shipment, body, refusal)
        return self._accept(request, "notification_v1", shipment, body, replace(self.switches, shipped_first=False))

    async def put(self, request: Request) -> Response:
        """The number alone (ME1), or number and status (custom, not_specified): where the switches allow it."""
        refused = self._check_token(request, "number")
        if refused is not None:
            return refused
        body, sale = await _json(request), self.sales.shipments.get(_digits(request))
        shipment = sale.shipment if sale and sale.sender == SELLER else None
        if shipment is None:
            return self._refuse(request, shipment, body, Refusal(404, "not_found", "shipment not found"))
        refusal = self._refused_put(shipment, body)
        if refusal is not None:
            return self._refuse(request, shipment, body, refusal)
        effect = request.scope.get("fault") != "no_effect" and shipment["status"] not in FINAL
        if effect:
            shipment |= {name: body[name] for name in ("tracking_number", "status") if name in body}
            shipment |= {"tracking_method": "Otros", "last_updated": format_instant(self.clock())}
        self._record(request, "number", shipment, body, 200, effect=effect)
        shown = ("date_created", "last_updated", "tracking_number", "tracking_method", "service_id")
        return JSONResponse({name: shipment[name] for name in shown} | {"carrier_info": None})

    def _refused_put(self, shipment: dict[str, Any], body: Any) -> Refusal | None:
        told, mode = body if isinstance(body, dict) else {}, shipment["mode"]
        number = told.get("tracking_number")
        if not isinstance(number, str) or not number:
            return Refusal(400, "bad_request", "tracking_number is required", "no tracking_number")
        if mode == "me1" and self.switches.number_put:
            wrong = told.get("service_id") != SERVICE_IN_BRAZIL
            return Refusal(400, "invalid_service_id", "Invalid service id", f"{told}") if wrong else None
        if mode in _TOLD_BY_SELLER and self.switches.custom_put != "no":
            taken = {"shipped"} if self.switches.custom_put == "shipped" else {"shipped", "delivered"}
            wrong = told.get("status", "shipped") not in taken or not told.keys() <= {"status", "tracking_number"}
            return Refusal(400, "bad_request", "not allowed", f"{told}") if wrong else None
        words = _NO_PUT if mode != "me2" else "a shipment that moves by itself"
        return Refusal(404, "not_found", "resource not found", words)

    def _accept(
        self, request: Request, what: str, shipment: dict[str, Any], body: dict[str, Any], switches: Switches
    ) -> Response:
        unheard = request.scope.get("fault") == "no_effect"
        effect = not unheard and apply_notification(shipment, body, self.clock(), switches)
        self._record(request, what, shipment, body, 200, effect=effect)
        return JSONResponse({"status": "OK"})

    def _refuse(self, request: Request, shipment: dict[str, Any] | None, body: Any, refusal: Refusal) -> Response:
        """The refusal in the form of every interface but V2."""
        self._record(request, "refused", shipment, body, refusal.status)
        self._record_breach(request, refusal.words)
        return _error(refusal.status, refusal.code, refusal.message)

    def _record(
        self,
        request: Request,
        what: str,
        shipment: dict[str, Any] | None,
        body: Any,
        status: int,
        *,
        effect: bool = False,
    ) -> None:
        names = self.sales.names(shipment) if shipment else []
        requests = {
            "at": self.clock().isoformat(),
            "order": names[0] if names else str(request.path_params["number"]),
            "shipment": request.path_params["number"],
            "invoice": "",
            "what": what,
            "body": body,
            "status": status,
            "effect": effect,
        }
        self.requests.append(requests)
        if status == 200:
            self.told.append(requests)

    def _check_token(self, request: Request, what: str) -> Response | None:
        self._count(what)
        ends = self.access.get(request.headers.get("authorization", "").removeprefix("Bearer "))
        if ends is None or ends <= self.clock():
            return _error(401, "invalid_token", "invalid access token")
        return None

    def _count(self, what: str) -> None:
        self.calls[what] = self.calls.get(what, 0) + 1

    def _record_breach(self, request: Request, words: str) -> None:
        if words:
            self.breaches.append(f"Mercado Livre: {request.method} {request.url.path}: {words}")


def _refused_sender(request: Request, sale: Sale | None) -> Refusal | None:
    if sale is None or sale.shipment is None:
        return Refusal(404, "not_found", "shipment not found", "no such shipment")
    if sale.sender != SELLER:
        return replace(FORBIDDEN_CLIENT, words="another seller's shipment")
    return FORBIDDEN_CLIENT if request.scope.get("fault") == "not_sender" else None


def _digits(request: Request) -> int:
    written = str(request.path_params["number"])
    return int(written) if written.isascii() and written.isdigit() else 0


async def _json(request: Request) -> Any:
    """The body; None if it is not JSON."""
    try:
        return await request.json()
    except ValueError:
        return None


def _error(status: int, error: str, message: str) -> Response:
    """The error form of everything but V2's notifications."""
    return JSONResponse({"message": message, "error": error, "status": status, "cause": []}, status)
