"""In: a look at the world, or a hand on it; out: pages and JSON: mailboxes, orders, what was told, clock, faults."""

from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, select_autoescape
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from paradeiro.world.faults import Fault
from paradeiro.world.parties import World
from paradeiro.world.truth import SoldOrder, standing

_PAGES = Environment(loader=FileSystemLoader(Path(__file__).parent / "pages"), autoescape=select_autoescape(["html"]))
_SHOWN = 200


def admin_app(world: World) -> Starlette:
    """The door for people and for tests. It is no party: nothing of the product may use it."""
    door = _Door(world)
    return Starlette(
        routes=[
            Route("/", door.home),
            Route("/mails/{number:int}", door.mail),
            Route("/clock", door.clock, methods=["GET", "POST"]),
            Route("/truth", door.truth),
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
class _Door:
    """The world's pages and their JSON twins."""

    world: World

    async def home(self, _: Request) -> Response:
        world = self.world
        page = _PAGES.get_template("home.html")
        mails = list(reversed(world.mail.mails))[:_SHOWN]
        told = sorted(_told(world), key=lambda t: str(t["at"]), reverse=True)
        return HTMLResponse(page.render(world=world, now=world.clock(), mails=mails, told=told[:_SHOWN]))

    async def mail(self, request: Request) -> Response:
        number = int(request.path_params["number"])
        if not number < len(self.world.mail.mails):
            return HTMLResponse("no such mail", 404)
        return HTMLResponse(_PAGES.get_template("mail.html").render(mail=self.world.mail.mails[number]))

    async def clock(self, request: Request) -> Response:
        clock = self.world.clock
        if request.method == "POST":
            try:
                now = datetime.fromisoformat((await request.json())["now"])
            except (ValueError, KeyError, TypeError) as problem:
                return JSONResponse({"error": f"send {{'now': an ISO instant}}: {problem!r}"}, 400)
            if now.tzinfo is None:
                return JSONResponse({"error": f"{now} has no offset"}, 400)
            clock.set(now)
        return JSONResponse({"now": clock().isoformat(), **clock.described()})

    async def truth(self, _: Request) -> Response:
        return JSONResponse([_known(self.world, package) for package in self.world.truth.packages])

    async def registrations(self, _: Request) -> Response:
        return JSONResponse(self.world.truth.needs_registration(self.world.clock()))

    async def faults(self, request: Request) -> Response:
        if request.method == "DELETE":
            self.world.faults.clear()
        if request.method == "POST":
            try:
                self.world.faults.order(_fault(await request.json()))
            except (ValueError, TypeError) as problem:
                return JSONResponse({"error": str(problem)}, 400)
        return JSONResponse([_plain(asdict(fault)) for fault in self.world.faults.active])

    async def mercado_livre(self, request: Request) -> Response:
        """What Mercado Livre knows and heard. POST sets `switches` by name, or `typed` (numbers typed by hand there,
        by the number of the sale).
        """
        there = self.world.mercado_livre
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
            for m in self.world.mail.mails
        ]
        return JSONResponse(told)

    async def calls(self, _: Request) -> Response:
        world = self.world
        counts = {
            "correios": world.post.calls,
            "seventeen_track": world.aggregator.calls,
            "vtex": world.order_system.calls,
            "marketplace": world.marketplace.calls,
            "mercado_livre": world.mercado_livre.calls,
        }
        return JSONResponse({**counts, "mails": len(world.mail.mails), "breaches": world.breaches})

    async def breaches(self, _: Request) -> Response:
        return JSONResponse(self.world.breaches)

    async def orders(self, _: Request) -> Response:
        """Every order as the order system has it now, and what the marketplace knows of it."""
        return JSONResponse([_at_both(self.world, order) for order in self._invoiced()])

    async def order_list(self, _: Request) -> Response:
        page = _PAGES.get_template("orders.html")
        orders = list(reversed(self._invoiced()))[:_SHOWN]
        return HTMLResponse(page.render(orders=[_at_both(self.world, order) for order in orders]))

    async def order(self, request: Request) -> Response:
        found = next((o for o in self._invoiced() if o.order_id == request.path_params["order_id"]), None)
        if found is None:
            return HTMLResponse("no such order", 404)
        told = [t for t in _told(self.world) if t["order"] in {found.order_id, found.marketplace_number}]
        page = _PAGES.get_template("order.html")
        both = _at_both(self.world, found)
        return HTMLResponse(page.render(told=sorted(told, key=lambda t: str(t["at"])), customer=found.customer, **both))

    def _invoiced(self) -> list[SoldOrder]:
        """Oldest first."""
        now = self.world.clock()
        return sorted((o for o in self.world.truth.orders if o.invoiced_at <= now), key=lambda o: o.invoiced_at)

    async def told(self, _: Request) -> Response:
        world = self.world
        told = {"vtex": world.order_system.told, "marketplace": world.marketplace.told}
        return JSONResponse(told | {"mercado_livre": world.mercado_livre.told})


def _told(world: World) -> list[dict[str, Any]]:
    """What the order system and the marketplaces were told."""
    return world.order_system.told + world.marketplace.told + world.mercado_livre.told


def _at_both(world: World, order: SoldOrder) -> dict[str, Any]:
    packages = world.order_system.orders[order.order_id]["packageAttachment"]["packages"]
    invoices = {
        i: kept for (number, i), kept in world.marketplace.invoices.items() if number == order.marketplace_number
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


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()}


def _known(world: World, package: Any) -> dict[str, Any]:
    now = world.clock()
    stands = standing(package, now)
    return {
        "tracking_code": package.code,
        "order_id": package.order_id,
        "kind": package.kind,
        "status": stands.status,
        "delivered_at": stands.delivered_at.isoformat() if stands.delivered_at else None,
        "events": [[h.happened_at.isoformat(), h.code] for h in package.visible(now)],
    }
