"""In: how many packages, how many days, a seed; out: the ground truth: orders, customers, packages, their journeys."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from paradeiro.simulator.carriers.registry import simulated_carriers
from paradeiro.simulator.carriers.simulated_carrier import SimulatedCarrier
from paradeiro.simulator.marketplaces.mercado_livre_sales import number_of_sale
from paradeiro.simulator.s10 import s10
from paradeiro.simulator.scenario.carrier_packages import ONE_PER_ORDER, carrier_package
from paradeiro.simulator.scenario.ground_truth import Customer, GroundTruth, Package, SoldOrder
from paradeiro.simulator.scenario.journeys import journey

_FIRST = (
    "Ana",
    "Beatriz",
    "Caio",
    "Daniela",
    "Eduardo",
    "Fátima",
    "Gustavo",
    "Helena",
    "João",
    "Luísa",
    "Márcia",
    "Zé",
)
_LAST = ("Souza", "Oliveira", "da Silva", "dos Santos", "Pereira", "Lima", "Araújo", "Conceição", "d'Ávila", "Nóbrega")
_BY_POST = 0.4
_LOCALES = ("pt-BR",) * 8 + ("en-US", "es-AR")
MARKETPLACE, MERCADO_LIVRE = "MKT", "MLB"
# The channel of each marketplace's account.
CHANNELS = {"vtex_marketplace": MARKETPLACE, "mercado_livre": MERCADO_LIVRE}


@dataclass(frozen=True, slots=True)
class Scenario:
    """The parameters of a simulator. Orders are invoiced during the first two thirds of its days. `carriers`: who
    carries the orders beside the post office, which has two of five.
    """

    packages: int
    days: int
    seed: int
    start: datetime
    carriers: tuple[str, ...] = ()

    def ground_truth(self) -> GroundTruth:
        """Always the same for the same values."""
        chance = Random(self.seed)
        orders: list[SoldOrder] = []
        made = 0
        while made < self.packages:
            count = min(chance.choices((1, 2, 3), (80, 15, 5))[0], self.packages - made)
            sold = sum(order.affiliate == MERCADO_LIVRE for order in orders)
            carrier = self._carrier(chance)
            count = 1 if carrier is not None and carrier.name in ONE_PER_ORDER else count
            orders.append(self._order(chance, len(orders), count, made, sold, carrier))
            made += count
        return GroundTruth(orders, self.start, self.start + timedelta(days=self.days))

    def _carrier(self, chance: Random) -> type[SimulatedCarrier] | None:
        """Who carries the next order; None: the post office."""
        if not self.carriers or chance.random() < _BY_POST:
            return None
        return simulated_carriers()[chance.choice(self.carriers)]

    def _order(
        self,
        chance: Random,
        number: int,
        count: int,
        made: int,
        sold: int,
        carrier: type[SimulatedCarrier] | None = None,
    ) -> SoldOrder:
        invoiced = self.start + timedelta(days=chance.uniform(0, self.days * 2 / 3))
        channel = (MERCADO_LIVRE if number % 2 else MARKETPLACE) if chance.random() < 0.25 else ""
        base = 1_300_000_000_000 + (self.seed % 90_000) * 1_000_000 + number
        order = SoldOrder(
            order_id=f"{channel}-{base}-01" if channel else f"{base}-01",
            sequence=500_000 + number,
            customer=self._customer(chance, number),
            created_at=invoiced - timedelta(hours=chance.uniform(2, 48)),
            invoiced_at=invoiced,
            promised_at=invoiced + timedelta(days=chance.randint(4, 9)),
            affiliate=channel,
            marketplace_number=_marketplace_number(channel, base, sold),
        )
        for index in range(count):
            posted = invoiced + timedelta(hours=chance.uniform(1, 20))
            if carrier is not None:
                order.packages.append(carrier_package(chance, order, carrier, made + index + 1, posted))
                continue
            kind, happenings = journey(chance, posted)
            code = (
                s10("LB", self.seed * 7919 + made + index, "HK")
                if kind == "abroad"
                else s10(chance.choice(("QQ", "AD", "OV", "SX")), self.seed * 7919 + made + index)
            )
            invoice = f"NF{number:05d}-{index + 1}"
            by_hand = chance.random() < 0.1
            order.packages.append(Package(code, order.order_id, invoice, kind, happenings, order.promised_at, by_hand))
        return order

    def _customer(self, chance: Random, number: int) -> Customer:
        first, last = chance.choice(_FIRST), chance.choice(_LAST)
        email = None if chance.random() < 0.03 else f"customer{number}.{self.seed}@example.com"
        return Customer(first, last, email, chance.choice(_LOCALES))


def _marketplace_number(channel: str, base: int, sold: int) -> str:
    """The number of an order at the marketplace that sold it; at Mercado Livre, after `sold` earlier sales."""
    numbers = {MARKETPLACE: f"M{base % 10**9}", MERCADO_LIVRE: number_of_sale(base, sold)}
    return numbers.get(channel, f"{base}-01")
