"""In: what really happened to packages; out: what was visible at an instant, and the status they had then."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any


@dataclass(frozen=True, slots=True)
class Happening:
    """One event: when it happened, and when the carrier's interface first shows it. `says` is its status, None if it
    does not concern the position. `undoes`: 'previous' or 'delivery'.
    """

    happened_at: datetime
    visible_at: datetime
    code: str
    says: str | None
    text: str
    detail: str = ""
    city: str = ""
    state: str = ""
    unit: str = "Unidade de Tratamento"
    country: str = ""
    to_city: str = ""
    to_state: str = ""
    undoes: str | None = None
    deadline: str | None = None


@dataclass(slots=True)
class Package:
    """A package and all its future events. `by_hand`: its number reaches the invoice only later. `code`: what it is
    followed under, the carrier's code or the key of its invoice; `shown_number`: what the order system shows as its
    tracking number (None: the code); `own_number`: what the carrier calls it beside the code; `followed_as`: the text
    by which its carrier is asked.
    """

    code: str
    order_id: str
    invoice_number: str
    kind: str
    happenings: list[Happening]
    promised_at: datetime
    by_hand: bool = False
    carrier: str = "correios"
    courier: str = "Correios"
    invoice_key: str = ""
    shown_number: str | None = None
    own_number: str = ""
    followed_as: str = ""

    def __post_init__(self) -> None:
        self.followed_as = self.followed_as or self.code

    @property
    def numbers(self) -> set[str]:
        """The numbers by which a shop may call it."""
        return {number for number in (self.code, self.shown_number, self.own_number) if number}

    def visible(self, at: datetime) -> list[Happening]:
        """What the carrier shows at an instant, oldest first."""
        return sorted((h for h in self.happenings if h.visible_at <= at), key=lambda h: h.happened_at)


@dataclass(slots=True)
class Customer:
    first_name: str
    last_name: str
    email: str | None
    locale: str


@dataclass(slots=True)
class SoldOrder:
    """An order as the order system will show it, once invoiced."""

    order_id: str
    sequence: int
    customer: Customer
    created_at: datetime
    invoiced_at: datetime
    promised_at: datetime
    affiliate: str
    marketplace_number: str
    packages: list[Package] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class TrueStatus:
    """The correct status of a package."""

    status: str
    delivered_at: datetime | None


_FINAL_BUT_RETURN = ("returning", "returned")


def withdrawn(shown: list[Happening]) -> set[int]:
    """Indexes of the events, oldest first, that a later one withdraws."""
    gone: set[int] = set()
    for index, happening in enumerate(shown):
        if happening.undoes == "previous":
            older = [i for i in range(index) if i not in gone and shown[i].undoes != "previous"]
            gone |= set(older[-1:])
        elif happening.undoes == "delivery":
            gone |= {i for i in range(index) if shown[i].says == "delivered"}
    return gone


def history(package: Package, at: datetime) -> list[Happening]:
    """The expected history of an order, oldest first: without withdrawn events and without notes that do not concern
    the position; the withdrawal of a delivery is included, since the delivery was reported.
    """
    shown = package.visible(at)
    gone = withdrawn(shown)
    told = []
    for index, happening in enumerate(shown):
        before = shown[:index]
        takes_back = happening.undoes is not None and any(
            h.says == "delivered" for i, h in enumerate(before) if i in gone and i not in withdrawn(before)
        )
        if index not in gone and (happening.says is not None or takes_back):
            told.append(happening)
    return told


def true_status(package: Package, at: datetime) -> TrueStatus:
    """A package's status from its visible events: reversals undo, a delivery is final except for a return."""
    shown = package.visible(at)
    gone = withdrawn(shown)
    status, delivered_at = "registered", None
    for index, happening in enumerate(shown):
        if index in gone or happening.says is None:
            continue
        if status == "delivered" and happening.says not in _FINAL_BUT_RETURN:
            continue
        status = happening.says
        delivered_at = happening.happened_at if status == "delivered" else None
    return TrueStatus(status, delivered_at)


@dataclass(slots=True)
class GroundTruth:
    """All events of a simulator, independent of the parties, each of which shows a part."""

    orders: list[SoldOrder]
    start: datetime
    end: datetime

    @property
    def packages(self) -> list[Package]:
        return [package for order in self.orders for package in order.packages]

    def package(self, code: str) -> Package | None:
        return next((p for p in self.packages if p.code == code), None)

    def packages_of(self, carrier: str) -> list[Package]:
        """The packages that go by a carrier, named as its connector."""
        return [p for p in self.packages if p.carrier == carrier]

    def needs_registration(self, at: datetime) -> list[dict[str, Any]]:
        """Packages of invoiced orders whose number only the shop has, and would register by hand."""
        return [
            {"order_id": o.order_id, "invoice_number": p.invoice_number, "tracking_code": p.code}
            for o in self.orders
            for p in o.packages
            if p.by_hand and o.invoiced_at + timedelta(minutes=30) <= at
        ]
