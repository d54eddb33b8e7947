"""In: a kind of simulated carrier; out: packages of it in a ground truth, a clock, and a client of its interface."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from paradeiro.simulator.carriers.simulated_carrier import SimulatedCarrier
from paradeiro.simulator.clock import SimulatorClock
from paradeiro.simulator.scenario.carrier_journeys import HAPPENINGS, carrier_journey
from paradeiro.simulator.scenario.ground_truth import (
    Customer,
    GroundTruth,
    Happening,
    Package,
    SoldOrder,
    TrueStatus,
    true_status,
)

START = datetime(2026, 10, 5, 12, 0, tzinfo=UTC)  # a Monday
END = START + timedelta(days=30)
BRASILIA = ZoneInfo("America/Sao_Paulo")
SENDER = "12345678000195"


def invoice_key(number: int, sender: str = SENDER) -> str:
    """An invoice's key: state, month, sender, model, series, number, form, code, check digit."""
    return f"352610{sender}55001{number:09d}1{number % 10**8:08d}0"


def happening(word: str, hour: float, *, seen_after: float = 0.5, city: str = "CURITIBA") -> Happening:
    at = START + timedelta(hours=hour)
    return Happening(at, at + timedelta(hours=seen_after), word, HAPPENINGS[word], word, city=city, state="PR")


@dataclass(slots=True)
class World:
    """A carrier and the packages that go by it; the clock stands where it is set."""

    kind: type[SimulatedCarrier]
    clock: SimulatorClock = field(default_factory=lambda: SimulatorClock(END))
    truth: GroundTruth = field(default_factory=lambda: GroundTruth([], START, END))
    number: int = 100
    chance: Random = field(default_factory=lambda: Random(7))

    def carrier(self, **more: Any) -> Any:
        return self.kind(self.truth, self.clock, **more)

    def add(self, happenings: Iterable[Happening], **more: Any) -> Package:
        """A package of an order of its own."""
        self.number += 1
        key = more.pop("invoice_key", invoice_key(self.number))
        own = self.kind.new_code(self.chance, self.number)
        package = Package(
            key if self.kind.known_by_key else own,
            more.pop("order_id", f"15{self.number:05d}-01"),
            str(self.number),
            "by hand",
            list(happenings),
            START + timedelta(days=9),
            carrier=self.kind.name,
            courier=self.kind.courier,
            invoice_key=key,
            own_number=own if self.kind.known_by_key else "",
            **more,
        )
        self.truth.orders.append(_order(package))
        return package

    def words(self, *words: str) -> Package:
        """These happen, six hours apart."""
        return self.add(happening(word, 6.0 * place) for place, word in enumerate(words))

    def journeys(self, count: int) -> list[Package]:
        """Packages as a scenario makes them."""
        made = []
        for _ in range(count):
            posted = START + timedelta(hours=self.chance.uniform(0, 72))
            kind, happenings = carrier_journey(self.chance, posted, self.kind.sayable)
            made.append(self.add(happenings))
            made[-1].kind = kind
        return made

    def true_now(self, package: Package) -> TrueStatus:
        return true_status(package, self.clock())


def _order(package: Package) -> SoldOrder:
    customer = Customer("Ana", "Souza", None, "pt-BR")
    return SoldOrder(package.order_id, 1, customer, START, START, package.promised_at, "", "", [package])


def client(carrier: SimulatedCarrier) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(carrier.app()), base_url="http://carrier")


def follow(statuses: Iterable[tuple[str | None, datetime]]) -> TrueStatus:
    """The status that events leave behind, oldest first: a delivery is final except for a return."""
    status, delivered_at = "registered", None
    for told, at in statuses:
        if told is None or (status == "delivered" and told not in {"returning", "returned"}):
            continue
        status, delivered_at = told, at if told == "delivered" else None
    return TrueStatus(status, delivered_at)


def moments(packages: Iterable[Package]) -> list[datetime]:
    """When to look: early, in the middle, at the end."""
    seen = sorted(h.visible_at for package in packages for h in package.happenings)
    return [seen[0] - timedelta(seconds=1), *seen[:: max(1, len(seen) // 12)], END]
