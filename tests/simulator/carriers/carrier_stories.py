"""In: a simulated carrier's class; out: packages that live through its words one after another, and its interface."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, TypeVar

import httpx

from paradeiro.simulator.carriers.simulated_carrier import SimulatedCarrier
from paradeiro.simulator.scenario.carrier_journeys import HAPPENINGS
from paradeiro.simulator.scenario.ground_truth import Customer, GroundTruth, Happening, Package, SoldOrder

START = datetime(2026, 3, 9, 13, 0, tzinfo=UTC)  # a Monday, ten o'clock in Brasília
STEP = timedelta(hours=6)
SHOWN_AFTER = timedelta(minutes=10)
SHOP = "99888777000100"
URL = "http://carrier"

Carrier = TypeVar("Carrier", bound=SimulatedCarrier)


class Now:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> datetime:
        return self.at

    def after(self, steps: float) -> None:
        """Shortly after the step with this number (0: the first word) has become visible."""
        self.at = START + steps * STEP + 2 * SHOWN_AFTER


def key(number: int) -> str:
    """The key of the shop's invoice of series 1 with a number."""
    return f"352603{SHOP}55001{number:09d}1{number:08d}5"


def happening(word: str, at: datetime) -> Happening:
    undoes = "delivery" if word == "taken_back" else None
    return Happening(at, at + SHOWN_AFTER, word, HAPPENINGS[word], word, city="SAO PAULO", state="SP", undoes=undoes)


def package(cls: type[SimulatedCarrier], number: int, *words: str, step: timedelta = STEP) -> Package:
    """A package of which each word happens `step` after the one before."""
    own = cls.new_code(Random(number), number)
    happenings = [happening(word, START + index * step) for index, word in enumerate(words)]
    return Package(
        key(number) if cls.known_by_key else own,
        f"P-{number}",
        str(number),
        "story",
        happenings,
        START + timedelta(days=4),
        carrier=cls.name,
        courier=cls.courier,
        invoice_key=key(number),
        own_number=own,
    )


def everything(cls: type[SimulatedCarrier]) -> list[str]:
    """Every word that a carrier can tell, in the order of a long life."""
    return [word for word in HAPPENINGS if word in cls.sayable]


def carrier(cls: Callable[..., Carrier], *packages: Package, **settings: Any) -> tuple[Carrier, Now]:
    """The carrier of these packages, and its clock."""
    someone = Customer("Ana", "Exemplo", None, "pt-BR")
    order = SoldOrder("P-1", 1, someone, START, START, START, "", "", list(packages))
    now = Now()
    return cls(GroundTruth([order], START, START + timedelta(days=30)), now, **settings), now


def client(simulated: SimulatedCarrier) -> httpx.AsyncClient:
    """A client of its interface."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=simulated.app()), base_url=URL)


def true_words(told: Package, at: datetime) -> list[str]:
    """The status of each visible event; what does not concern the position is 'unknown', as in the published tables."""
    return [each.says or "unknown" for each in told.visible(at)]
