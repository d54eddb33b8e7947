"""In: orders sold at Mercado Livre; out: its orders, packs and shipments by their numbers, in both formats."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from paradeiro.simulator.scenario.ground_truth import SoldOrder

SELLER, ANOTHER_SELLER = 8035443, 1944693
# Its answers are dated in this zone, whatever the site.
_ZONE = ZoneInfo("America/Caracas")
# A sale of another seller, and one without a shipment (the buyer fetches it): no store names them, but they exist.
_OF_ANOTHER, _WITHOUT_SHIPMENT = 9_999_999_991, 9_999_999_992
_SHIPMENT_DIGITS = 11
# Stored fields of a shipment that no answer shows.
_UNSHOWN = frozenset({"tracking_url", "typed", "sender_id"})


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of sale: which of its numbers the store's order system uses, and its shipping mode."""

    named: str
    mode: str
    logistic_type: str
    orders: int = 1


# Used in rotation. VTEX's bridge names sales by their shipment, other bridges by the pack or by an order.
KINDS = (
    Kind("order", "me1", "default"),
    Kind("shipment", "me1", "default"),
    Kind("pack", "me1", "default", orders=2),
    Kind("order", "me2", "drop_off"),
    Kind("order", "me1", "default", orders=2),
    Kind("shipment", "custom", "custom"),
    Kind("pack", "me1", "default"),
    Kind("shipment", "me1", "default", orders=3),
    Kind("order", "me1", "default"),
    Kind("shipment", "me2", "self_service"),
    Kind("order", "not_specified", "not_specified"),
    Kind("pack", "me2", "cross_docking", orders=2),
)


@dataclass(frozen=True, slots=True)
class Numbers:
    """A sale's three kinds of number: one order for each line of the cart, the pack, the shipment."""

    serial: int

    @property
    def pack(self) -> int:
        return self.order(0)

    @property
    def shipment(self) -> int:
        return 40_000_000_000 + self.serial

    def order(self, line: int) -> int:
        """The order of a line, from 1."""
        return 2_000_000_000_000_000 + self.serial * 10 + line

    def named(self, by: str) -> str:
        """The number under which the store's order system knows the sale."""
        return str({"order": self.order(1), "pack": self.pack, "shipment": self.shipment}[by])


def number_of_sale(base: int, at: int) -> str:
    """The order system's number of the sale that is number `at` (from 0) of its kind of channel."""
    return Numbers(base % 10**10).named(KINDS[at % len(KINDS)].named)


def numbers_of_sale(named: str) -> Numbers:
    """The numbers of the sale with this number in the order system."""
    digits = int(named)
    return Numbers((digits if len(named) == _SHIPMENT_DIGITS else digits // 10) % 10**10)


@dataclass(slots=True)
class Sale:
    """A pack: its orders, its seller, and the shipment in which all of them travel."""

    pack: int
    orders: list[int]
    sender: int
    created_at: datetime
    shipment: dict[str, Any] | None

    def as_pack(self) -> dict[str, Any]:
        """`GET /packs/{id}`."""
        return {
            "shipment": {"id": self.shipment["id"]} if self.shipment else None,
            "orders": [{"id": order} for order in self.orders],
            "id": self.pack,
            "status": "released",
            "status_detail": None,
            "buyer": {"id": 1944693439},
            "date_created": format_instant(self.created_at),
            "last_updated": format_instant(self.created_at),
        }

    def as_order(self, order: int) -> dict[str, Any]:
        """`GET /orders/{id}`: contains only the number of the shipment."""
        return {
            "id": order,
            "status": "paid",
            "pack_id": self.pack,
            "date_created": format_instant(self.created_at),
            "shipping": {"id": self.shipment["id"] if self.shipment else None},
            "seller": {"id": self.sender},
            "tags": ["paid", "not_delivered"],
        }


@dataclass(slots=True)
class Sales:
    """All sales, listed separately by each kind of number: a pack's number is not an order's."""

    orders: dict[int, Sale] = field(default_factory=dict)
    packs: dict[int, Sale] = field(default_factory=dict)
    shipments: dict[int, Sale] = field(default_factory=dict)
    # The shipment by the number by which the order system names its sale.
    named: dict[str, dict[str, Any]] = field(default_factory=dict)

    def add(self, sale: Sale) -> None:
        self.packs[sale.pack] = sale
        self.orders |= dict.fromkeys(sale.orders, sale)
        if sale.shipment:
            self.shipments[sale.shipment["id"]] = sale

    def share(self, named: str, other: str) -> None:
        """Two orders of the store were bought in one cart: the other's orders travel in the first one's shipment."""
        first, second = self._sale_of(named), self._sale_of(other)
        del self.packs[second.pack], self.shipments[int(self.named[other]["id"])]
        first.orders += second.orders
        self.orders |= dict.fromkeys(second.orders, first)
        self.named[other] = self.named[named]

    def typed(self, named: str, number: str) -> None:
        """The seller types a number on the marketplace's own page."""
        shipment = self.named[named]
        shipment |= {"tracking_number": number, "typed": number}

    def names(self, shipment: dict[str, Any]) -> list[str]:
        """The order system's numbers of the sales in a shipment."""
        return [name for name, known in self.named.items() if known is shipment]

    def _sale_of(self, named: str) -> Sale:
        return self.shipments[self.named[named]["id"]]


def sales_of(orders: list[SoldOrder], now: datetime) -> Sales:
    """The sales of a store's orders, and two that are not the store's."""
    sales = Sales()
    for at, order in enumerate(orders):
        kind, numbers = KINDS[at % len(KINDS)], numbers_of_sale(order.marketplace_number)
        sale = _sale(kind, numbers, SELLER, order.created_at)
        sales.add(sale)
        if sale.shipment:
            sales.named[order.marketplace_number] = sale.shipment
    sales.add(_sale(KINDS[0], Numbers(_OF_ANOTHER), ANOTHER_SELLER, now))
    fetched = _sale(KINDS[0], Numbers(_WITHOUT_SHIPMENT), SELLER, now)
    fetched.shipment = None
    sales.add(fetched)
    return sales


def foreign_sale_numbers() -> Numbers:
    """The numbers of another seller's sale that every simulator has."""
    return Numbers(_OF_ANOTHER)


def numbers_without_shipment() -> Numbers:
    """The numbers of the sale without a shipment that every simulator has."""
    return Numbers(_WITHOUT_SHIPMENT)


def _sale(kind: Kind, numbers: Numbers, sender: int, created_at: datetime) -> Sale:
    orders = [numbers.order(line) for line in range(1, kind.orders + 1)]
    shipment = {
        "id": numbers.shipment,
        "mode": kind.mode,
        "logistic_type": kind.logistic_type,
        "created_by": "receiver",
        "order_id": orders[0],
        "order_cost": 99.9,
        "base_cost": 22.07,
        "site_id": "MLB",
        "status": "pending",
        "substatus": None,
        "date_created": format_instant(created_at),
        "last_updated": format_instant(created_at),
        "tracking_number": None,
        "tracking_method": None,
        "service_id": None,
        "tracking_url": None,
        "typed": None,
        "sender_id": sender,
    }
    return Sale(numbers.pack, orders, sender, created_at, shipment)


def old_format(shipment: dict[str, Any]) -> dict[str, Any]:
    """The old format: the mode at the top level."""
    return {name: value for name, value in shipment.items() if name not in _UNSHOWN}


def new_format(shipment: dict[str, Any]) -> dict[str, Any]:
    """The new format: the mode in `logistic` only; no order."""
    return {
        "id": shipment["id"],
        "external_reference": None,
        "status": shipment["status"],
        "substatus": shipment["substatus"],
        "date_created": shipment["date_created"],
        "last_updated": shipment["last_updated"],
        "declared_value": shipment["order_cost"],
        "dimensions": {"height": 10, "width": 10, "length": 10, "weight": 500},
        "logistic": {"direction": "forward", "mode": shipment["mode"], "type": shipment["logistic_type"]},
        "source": {"site_id": shipment["site_id"], "market_place": "MELI", "application_id": None},
        "tracking_number": shipment["tracking_number"],
    }


def format_instant(at: datetime) -> str:
    """An instant as its answers write it: milliseconds, truncated to seconds, with the offset."""
    there = at.astimezone(_ZONE)
    return (there - timedelta(microseconds=there.microsecond % 1000)).isoformat(timespec="milliseconds")
