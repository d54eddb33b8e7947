"""In: requests to the order system; out: its answers by the official contract; a request that violates it is
counted.
"""

import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from paradeiro.simulator.contract_check import breach
from paradeiro.simulator.order_systems.vtex_shapes import (
    no_sums,
    no_tracking,
    order_in_list,
    shown_instant,
    vtex_time,
    whole_order,
)
from paradeiro.simulator.scenario.ground_truth import GroundTruth, SoldOrder

_INDEX_LAG = timedelta(minutes=4)
_MOST_PER_PAGE, _MOST_PAGES = 100, 30
_WINDOW = re.compile(r"(\w+):\[(\S+) TO (\S+)\]")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_MINUTE = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}")
_LONGEST_DESCRIPTION = 5000
_SORTED_BY = {"creationDate": "creationDate", "orderId": "orderId", "totalValue": "value", "origin": "origin"}
_RESOURCES = {
    "list": "List Orders",
    "get": "View order",
    "feed": "Feed v3 and Hook Admin",
    "hook": "Feed v3 and Hook Admin",
}
CONTRACT = "vtex-orders.json"
_INVOICE = "/api/oms/pvt/orders/{orderId}/invoice"
_TRACKING = f"{_INVOICE}/{{invoiceNumber}}/tracking"


@dataclass(slots=True)
class OrderSystem:
    """Orders as this party stores them. `writes` False: the key may not notify invoices (403); `lacks`: other resources
    that the key lacks. `forgets`: it accepts tracking and stores nothing, as merchants reported in 2017. `appends`: a
    PUT adds to the stored events (whether it replaces them is not documented).
    """

    ground_truth: GroundTruth
    clock: Callable[[], datetime]
    app_key: str
    app_token: str
    writes: bool = True
    lacks: set[str] = field(default_factory=set)
    forgets: bool = False
    appends: bool = False
    orders: dict[str, dict[str, Any]] = field(default_factory=dict)
    invoiced_at: dict[str, datetime] = field(default_factory=dict)
    breaches: list[str] = field(default_factory=list)
    calls: dict[str, int] = field(default_factory=dict)
    told: list[dict[str, Any]] = field(default_factory=list)  # every accepted update, in order

    def __post_init__(self) -> None:
        for order in self.ground_truth.orders:
            self.add(order)

    def add(self, order: SoldOrder) -> None:
        """An order that is sold here."""
        self.orders[order.order_id] = whole_order(order)
        self.invoiced_at[order.order_id] = order.invoiced_at

    def app(self, more: Sequence[Route] = ()) -> Starlette:
        """Its API."""
        base = "/api/oms/pvt/orders"
        return Starlette(
            routes=[
                *more,
                Route(base, self.list_orders),
                Route(f"{base}/{{order_id}}", self.get_order),
                Route(f"{base}/{{order_id}}/invoice", self.invoice, methods=["POST"]),
                Route(f"{base}/{{order_id}}/invoice/{{number}}", self.number, methods=["PATCH"]),
                Route(f"{base}/{{order_id}}/invoice/{{number}}/tracking", self.tracking, methods=["PUT"]),
            ]
        )

    def check_request(self, request: Request, what: str) -> Response | None:
        self.calls[what] = self.calls.get(what, 0) + 1
        said = (request.headers.get("x-vtex-api-appkey"), request.headers.get("x-vtex-api-apptoken"))
        if said != (self.app_key, self.app_token):
            return _error(401, "1", "Unauthorized access")
        if _RESOURCES.get(what, "Notify invoice") in self.lacks | ({"Notify invoice"} if not self.writes else set()):
            return Response(status_code=403)
        missing = [
            name for name in ("accept", "content-type") if "application/json" not in request.headers.get(name, "")
        ]
        if missing:
            return self.breach(f"{request.method} {request.url.path}: no {' and '.join(missing)} application/json")
        return None

    def breach(self, words: str) -> Response:
        self.breaches.append(words)
        return _error(400, "OMS001", words)

    def _known(self, order_id: str) -> dict[str, Any] | None:
        there = order_id in self.orders and self.invoiced_at[order_id] <= self.clock()
        return self.orders[order_id] if there else None

    async def list_orders(self, request: Request) -> Response:
        refusal = self.check_request(request, "list")
        if refusal is not None:
            return refusal
        asked = request.query_params
        try:
            page, per_page = int(asked.get("page", "1")), int(asked.get("per_page", "15"))
        except ValueError:
            return self.breach("page and per_page are numbers")
        if not (1 <= page <= _MOST_PAGES and 1 <= per_page <= _MOST_PER_PAGE):
            return self.breach(f"page {page} of {per_page}: at most {_MOST_PAGES} pages of {_MOST_PER_PAGE}")
        try:
            found = self._indexed(asked)
        except ValueError as problem:
            return self.breach(f"GET orders: {problem}")
        shown = found[(page - 1) * per_page : page * per_page]
        paging = {"total": len(found), "pages": -(-len(found) // per_page), "currentPage": page, "perPage": per_page}
        return JSONResponse(
            {"list": [order_in_list(o) for o in shown], "facets": [], "paging": paging, "stats": no_sums()}
        )

    def _indexed(self, asked: Mapping[str, str]) -> list[dict[str, Any]]:
        """Orders that the index shows by now and that match the query; ValueError for a query that cannot be
        understood.
        """
        name, _, direction = asked.get("orderBy", "creationDate,desc").partition(",")
        if name not in _SORTED_BY or direction not in {"asc", "desc", ""}:
            raise ValueError(f"orderBy {asked['orderBy']!r}")
        known_by = self.clock() - _INDEX_LAG
        shown = [order for order_id, order in self.orders.items() if self.invoiced_at[order_id] <= known_by]
        for date in ("invoicedDate", "creationDate"):
            if f"f_{date}" in asked:
                since, until = _window(date, asked[f"f_{date}"])
                shown = [o for o in shown if since <= datetime.fromisoformat(o[date]) <= until]
        if "f_status" in asked:
            wanted = asked["f_status"].split(",")
            shown = [o for o in shown if o["status"] in wanted]
        return sorted(shown, key=lambda o: o[_SORTED_BY[name]], reverse=direction == "desc")

    async def get_order(self, request: Request) -> Response:
        refusal = self.check_request(request, "get")
        if refusal is not None:
            return refusal
        asked = request.path_params["order_id"]
        if asked.startswith("seq"):
            asked = next((i for i, o in self.orders.items() if o["sequence"] == asked.removeprefix("seq")), asked)
        order = self._known(asked)
        return _error(404, "OMS007", "Order Not Found") if order is None else JSONResponse(order)

    async def _write(
        self, request: Request, what: str, operation: str
    ) -> tuple[dict[str, Any], dict[str, Any]] | Response:
        """The order and the body of a write that satisfies the contract."""
        refusal = self.check_request(request, what)
        if refusal is not None:
            return refusal
        try:
            body = await request.json()
        except ValueError:
            return self.breach(f"{operation}: the body is not JSON")
        broken = breach(CONTRACT, operation, body)
        if broken:
            return self.breach(broken)
        order = self._known(request.path_params["order_id"])
        return (order, body) if order is not None else _error(404, "OMS007", "Order Not Found")

    async def invoice(self, request: Request) -> Response:
        taken = await self._write(request, "invoice", f"POST {_INVOICE}")
        if isinstance(taken, Response):
            return taken
        order, body = taken
        known = _package(order, body["invoiceNumber"] or "")
        if known is None:
            fresh = {
                name: body.get(name)
                for name in ("courier", "trackingNumber", "trackingUrl", "invoiceKey", "invoiceUrl", "issuanceDate")
            }
            fresh |= {"invoiceNumber": body["invoiceNumber"], "type": body["type"], "items": _invoiced(order, body)}
            fresh |= {"invoiceValue": int(body["invoiceValue"]), "volumes": 1, "courierStatus": no_tracking()}
            order["packageAttachment"]["packages"].append(fresh)
        return self._receipt(order, body, "invoice", body["invoiceNumber"] or "")

    async def number(self, request: Request) -> Response:
        taken = await self._write(request, "number", f"PATCH {_INVOICE}/{{invoiceNumber}}")
        if isinstance(taken, Response):
            return taken
        order, body = taken
        package = _package(order, request.path_params["number"])
        if package is None:
            return _error(404, "OMS008", "Invoice Not Found")
        package |= {name: body[name] for name in ("trackingNumber", "trackingUrl", "courier")}
        return self._receipt(order, body, "number", package["invoiceNumber"])

    async def tracking(self, request: Request) -> Response:
        taken = await self._write(request, "tracking", f"PUT {_TRACKING}")
        if isinstance(taken, Response):
            return taken
        order, body = taken
        package = _package(order, request.path_params["number"])
        if package is None:
            return _error(404, "OMS008", "Invoice Not Found")
        if not package.get("trackingNumber"):
            return self.breach(f"PUT tracking of {package['invoiceNumber']}: the invoice has no tracking number")
        odd = _tracking_problem(body)
        if odd:
            return self.breach(f"PUT tracking: {odd}")
        now = vtex_time(self.clock())
        data = [
            {"lastChange": now, "createDate": shown_instant(e["date"])}
            | {name: e[name] for name in ("city", "state", "description")}
            for e in body["events"]
        ]
        if self.forgets:
            return self._receipt(order, body, "tracking", package["invoiceNumber"])
        kept = package["courierStatus"]["data"] if self.appends else []
        status = {"status": "unknown", "finished": body["isDelivered"], "data": [*kept, *data]}
        at = body["deliveredDate"]
        package["courierStatus"] = status | ({"deliveredDate": shown_instant(at)} if at else {})
        return self._receipt(order, body, "tracking", package["invoiceNumber"])

    def _receipt(self, order: dict[str, Any], body: dict[str, Any], what: str, number: str) -> JSONResponse:
        order_id = order["orderId"]
        self.told.append(
            {"at": self.clock().isoformat(), "order": order_id, "invoice": number, "what": what, "body": body}
        )
        return JSONResponse({"date": vtex_time(self.clock()), "orderId": order_id, "receipt": secrets.token_hex(16)})


def _error(status: int, code: str, message: str) -> JSONResponse:
    return JSONResponse({"error": {"code": code, "message": message, "exception": None}}, status)


def _window(date: str, text: str) -> tuple[datetime, datetime]:
    found = _WINDOW.fullmatch(text)
    if found is None or found[1] != date:
        raise ValueError(
            f"f_{date} {text!r}: it is written {date}:[2022-01-01T02:00:00.000Z TO 2022-01-02T01:59:59.999Z]"
        )
    since, until = datetime.fromisoformat(found[2]), datetime.fromisoformat(found[3])
    if since.tzinfo is None or until.tzinfo is None:
        raise ValueError(f"f_{date} {text!r}: without an offset")
    return since, until


def _tracking_problem(body: dict[str, Any]) -> str | None:
    """Violations of the documents that the schema lacks: date formats, the longest text (facts/vtex, 2.5)."""
    delivered = body["deliveredDate"]
    if delivered is not None and not _MINUTE.fullmatch(delivered):
        return f"deliveredDate {delivered!r} is not yyyy-mm-dd hh:mm"
    for event in body["events"]:
        if not _DAY.fullmatch(event["date"]):
            return f"the date {event['date']!r} of an event is not yyyy-mm-dd"
        if len(event["description"]) > _LONGEST_DESCRIPTION:
            return f"a description of {len(event['description'])} characters"
    return None


def _package(order: dict[str, Any], number: str) -> dict[str, Any] | None:
    return next((p for p in order["packageAttachment"]["packages"] if p["invoiceNumber"] == number), None)


def _invoiced(order: dict[str, Any], body: dict[str, Any]) -> list[dict[str, Any]]:
    """The lines of an invoice as the order shows them: by the index of their item in the order."""
    places = {item["id"]: index for index, item in enumerate(order["items"])}
    return [
        {"itemIndex": places[i["id"]], "quantity": i["quantity"], "price": i["price"], "description": None}
        for i in body["items"]
        if i["id"] in places
    ]
