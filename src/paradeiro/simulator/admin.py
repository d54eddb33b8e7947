"""In: a request about the simulator; out: pages and JSON: mailboxes, orders, accepted updates, clock, faults."""

from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, select_autoescape
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from paradeiro.simulator.faults import Fault
from paradeiro.simulator.parties import Simulator
from paradeiro.simulator.scenario.ground_truth import SoldOrder, true_status

_PAGES = Environment(loader=FileSystemLoader(Path(__file__).parent / "pages"), autoescape=select_autoescape(["html"]))
_SHOWN = 200


def admin_app(simulator: Simulator) -> Starlette:
    """The entry point for people and for tests. It is no party: nothing of the product may use it."""
    door = _AdminPages(simulator)
    return Starlette(
        routes=[
            Route("/", door.home),
            Route("/mails/{number:int}", door.mail),
            Route("/clock", door.clock, methods=["GET", "POST"]),
            Route("/truth", door.ground_truth),
            Route("/registrations", door.registrations),
            Route("/mercado_livre", door.mercado_livre, methods=["GET", "POST"]),
            Route("/faults", door.faults, methods=["GET", "POST", "DELETE"]),
            Route("/mailboxes", door.mailboxes),
            Route("/mailboxes.json", door.mailboxes),
            Route("/calls", door.calls),
            Route("/told", door.told),
            Route("/breaches", door.breaches),
            Route("/orders.json", door.orders),
            Route("/orders", door.order_list),
            Route("/orders/{order_id}", door.order),
        ]
    )


@dataclass(frozen=True, slots=True)
class _AdminPages:
    """The simulator's pages and the same data as JSON."""

    simulator: Simulator

    async def home(self, _: Request) -> Response:
        simulator = self.simulator
        page = _PAGES.get_template("home.html")
        mails = list(reversed(simulator.mail.mails))[:_SHOWN]
        told = sorted(_accepted_updates(simulator), key=lambda t: str(t["at"]), reverse=True)
        return HTMLResponse(page.render(simulator=simulator, now=simulator.clock(), mails=mails, told=told[:_SHOWN]))

    async def mail(self, request: Request) -> Response:
        number = int(request.path_params["number"])
        if not number < len(self.simulator.mail.mails):
            return HTMLResponse("no such mail", 404)
        return HTMLResponse(_PAGES.get_template("mail.html").render(mail=self.simulator.mail.mails[number]))

    async def clock(self, request: Request) -> Response:
        clock = self.simulator.clock
        if request.method == "POST":
            try:
                now = datetime.fromisoformat((await request.json())["now"])
            except (ValueError, KeyError, TypeError) as problem:
                return JSONResponse({"error": f"send {{'now': an ISO instant}}: {problem!r}"}, 400)
            if now.tzinfo is None:
                return JSONResponse({"error": f"{now} has no offset"}, 400)
            clock.set(now)
        return JSONResponse({"now": clock().isoformat(), **clock.described()})

    async def ground_truth(self, _: Request) -> Response:
        return JSONResponse(
            [_known_package(self.simulator, package) for package in self.simulator.ground_truth.packages]
        )

    async def registrations(self, _: Request) -> Response:
        return JSONResponse(self.simulator.ground_truth.needs_registration(self.simulator.clock()))

    async def faults(self, request: Request) -> Response:
        if request.method == "DELETE":
            self.simulator.faults.clear()
        if request.method == "POST":
            try:
                self.simulator.faults.order(_fault(await request.json()))
            except (ValueError, TypeError) as problem:
                return JSONResponse({"error": str(problem)}, 400)
        return JSONResponse([_json_ready(asdict(fault)) for fault in self.simulator.faults.active])

    async def mercado_livre(self, request: Request) -> Response:
        """The state and the received requests of Mercado Livre. POST sets `switches` by name, or `typed` (tracking
        numbers typed by hand there, by the number of the sale).
        """
        there = self.simulator.mercado_livre
        if request.method == "POST":
            try:
                told = await request.json()
                there.switches.set(dict(told.get("switches", {})))
                for sale, number in dict(told.get("typed", {})).items():
                    there.sales.typed(sale, str(number))
            except (ValueError, KeyError, TypeError, AttributeError) as problem:
                return JSONResponse({"error": f"send {{'switches': {{…}}, 'typed': {{sale: number}}}}: {problem}"}, 400)
        return JSONResponse(there.described())

    async def mailboxes(self, _: Request) -> Response:
        told = [
            {"at": m.at.isoformat(), "to": m.to, "subject": str(m.message["subject"]), "id": m.message["message-id"]}
            for m in self.simulator.mail.mails
        ]
        return JSONResponse(told)

    async def calls(self, _: Request) -> Response:
        simulator = self.simulator
        counts = {
            "correios": simulator.post.calls,
            "seventeen_track": simulator.aggregator.calls,
            "vtex": simulator.order_system.calls,
            "marketplace": simulator.marketplace.calls,
            "mercado_livre": simulator.mercado_livre.calls,
        }
        return JSONResponse({**counts, "mails": len(simulator.mail.mails), "breaches": simulator.breaches})

    async def breaches(self, _: Request) -> Response:
        return JSONResponse(self.simulator.breaches)

    async def orders(self, _: Request) -> Response:
        """Every order as the order system has it now, and the marketplace's data about it."""
        return JSONResponse([_order_everywhere(self.simulator, order) for order in self._invoiced()])

    async def order_list(self, _: Request) -> Response:
        page = _PAGES.get_template("orders.html")
        orders = list(reversed(self._invoiced()))[:_SHOWN]
        return HTMLResponse(page.render(orders=[_order_everywhere(self.simulator, order) for order in orders]))

    async def order(self, request: Request) -> Response:
        found = next((o for o in self._invoiced() if o.order_id == request.path_params["order_id"]), None)
        if found is None:
            return HTMLResponse("no such order", 404)
        told = [
            t for t in _accepted_updates(self.simulator) if t["order"] in {found.order_id, found.marketplace_number}
        ]
        page = _PAGES.get_template("order.html")
        both = _order_everywhere(self.simulator, found)
        return HTMLResponse(page.render(told=sorted(told, key=lambda t: str(t["at"])), customer=found.customer, **both))

    def _invoiced(self) -> list[SoldOrder]:
        """Invoiced orders, oldest first."""
        now = self.simulator.clock()
        return sorted(
            (o for o in self.simulator.ground_truth.orders if o.invoiced_at <= now), key=lambda o: o.invoiced_at
        )

    async def told(self, _: Request) -> Response:
        simulator = self.simulator
        told = {"vtex": simulator.order_system.told, "marketplace": simulator.marketplace.told}
        return JSONResponse(told | {"mercado_livre": simulator.mercado_livre.told})


def _accepted_updates(simulator: Simulator) -> list[dict[str, Any]]:
    """The updates that the order system and the marketplaces accepted."""
    return simulator.order_system.told + simulator.marketplace.told + simulator.mercado_livre.told


def _order_everywhere(simulator: Simulator, order: SoldOrder) -> dict[str, Any]:
    packages = simulator.order_system.orders[order.order_id]["packageAttachment"]["packages"]
    invoices = {
        i: kept for (number, i), kept in simulator.marketplace.invoices.items() if number == order.marketplace_number
    }
    return {
        "order_id": order.order_id,
        "invoiced_at": order.invoiced_at.isoformat(),
        "packages": packages,
        "marketplace": {"order": order.marketplace_number, "invoices": invoices} if order.affiliate else None,
    }


def _fault(told: object) -> Fault:
    """A fault from JSON; instants are ISO texts with an offset."""
    if not isinstance(told, dict):
        raise TypeError("a fault is an object: party, kind, count, status, seconds, path, since, until")
    windows = {name: datetime.fromisoformat(told[name]) for name in ("since", "until") if told.get(name)}
    if any(at.tzinfo is None for at in windows.values()):
        raise ValueError("since and until need an offset")
    return Fault(**{**told, **windows})


def _json_ready(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()}


def _known_package(simulator: Simulator, package: Any) -> dict[str, Any]:
    now = simulator.clock()
    stands = true_status(package, now)
    return {
        "tracking_code": package.code,
        "order_id": package.order_id,
        "kind": package.kind,
        "status": stands.status,
        "delivered_at": stands.delivered_at.isoformat() if stands.delivered_at else None,
        "events": [[h.happened_at.isoformat(), h.code] for h in package.visible(now)],
    }
