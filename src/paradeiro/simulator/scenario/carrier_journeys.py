"""In: a seeded random source, a package's posting; out: its events with a carrier that is not the post office.

Their codes are the plain words of `HAPPENINGS`; each simulated carrier writes them in its own vocabulary.
"""

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime
from random import Random

from paradeiro.simulator.scenario.ground_truth import Happening
from paradeiro.simulator.scenario.journeys import PackageJourney

# What can happen, and the status that it is. None: it does not concern the position.
HAPPENINGS: dict[str, str | None] = {
    "registered": "registered",  # a label or a transport document was made
    "accepted": "accepted",
    "moved": "in_transit",  # left for the next unit
    "arrived": "in_transit",
    "handed_on": "in_transit",  # to the next carrier; the words often say "delivered"
    "out": "out_for_delivery",
    "absent": "attempt_failed",
    "refused": "attempt_failed",
    "counter": "available_for_pickup",
    "damaged": "exception",
    "lost": "exception",
    "returning": "returning",
    "returned": "returned",  # the words often say "delivered"
    "delivered": "delivered",
    "paper": None,  # days after the delivery: its proof was attached
    "taken_back": None,  # withdraws the delivery before it
}

# Kinds of journey: how often each occurs in a thousand, and what makes it that kind, so has to be sayable. The rest is
# left out where the carrier cannot say it: many tell neither when a package was accepted nor when it went out.
KINDS: dict[str, tuple[int, frozenset[str]]] = {
    "plain": (450, frozenset({"accepted", "moved", "out", "delivered"})),
    "short": (100, frozenset({"delivered"})),
    "tried_again": (110, frozenset({"absent", "delivered"})),
    "sent_back": (90, frozenset({"returned"})),
    "paper_later": (90, frozenset({"delivered", "paper"})),
    "handed_on": (50, frozenset({"handed_on", "delivered"})),
    "counter": (40, frozenset({"counter", "delivered"})),
    "lost": (30, frozenset({"lost"})),
    "taken_back": (40, frozenset({"delivered", "taken_back"})),
    "same_second": (30, frozenset({"arrived", "delivered"})),
    "nothing": (20, frozenset()),
}


class _CarrierJourney(PackageJourney):
    """A journey that says only what its carrier can say."""

    def __init__(self, chance: Random, posted_at: datetime, sayable: Collection[str]) -> None:
        super().__init__(chance, posted_at)
        self.sayable = sayable

    def say(self, code: str, *, at_origin: bool = False, undoes: str | None = None) -> None:
        """Let it happen here and now, if the carrier can say it."""
        if code not in self.sayable:
            return
        city, state, *_ = self.origin if at_origin else self.target
        self.add_event(code, HAPPENINGS[code], code, (city, state), "Filial")
        if undoes:
            self.events[-1] = replace(self.events[-1], undoes=undoes)

    def travel(self) -> None:
        """From the sender to the unit that delivers."""
        self.say("registered", at_origin=True)
        self.wait(0.5, 4)
        self.say("accepted", at_origin=True)
        self.wait(2, 9)
        self.say("moved", at_origin=True)
        self.wait(6, 30)
        self.say("arrived")
        self.tomorrow(self.chance.uniform(8, 10))

    def deliver(self) -> None:
        """Out to the customer, and handed over."""
        self.say("out")
        self.wait(1, 6)
        self.say("delivered")


def _plain(life: _CarrierJourney) -> None:
    life.travel()
    life.deliver()


def _tried_again(life: _CarrierJourney) -> None:
    life.travel()
    life.say("out")
    life.wait(1, 5)
    life.say("absent")
    life.tomorrow(9)
    life.deliver()


def _sent_back(life: _CarrierJourney) -> None:
    life.travel()
    life.say("out")
    life.wait(1, 5)
    life.say("refused")
    life.tomorrow(9)
    life.say("returning")
    life.tomorrow(10)
    life.wait(20, 40)
    life.say("returned", at_origin=True)


def _paper_later(life: _CarrierJourney) -> None:
    _plain(life)
    life.tomorrow(9)
    life.tomorrow(11)
    life.say("paper")


def _handed_on(life: _CarrierJourney) -> None:
    life.travel()
    life.say("handed_on")
    life.tomorrow(9)
    life.deliver()


def _counter(life: _CarrierJourney) -> None:
    life.travel()
    life.say("counter")
    life.tomorrow(11)
    life.say("delivered")


def _lost(life: _CarrierJourney) -> None:
    life.travel()
    life.say("lost")


def _taken_back(life: _CarrierJourney) -> None:
    _plain(life)
    life.wait(2, 4)
    life.say("taken_back", undoes="delivery")
    life.tomorrow(9)
    life.deliver()


def _same_second(life: _CarrierJourney) -> None:
    """Three events in one second, as machines type them."""
    life.travel()
    for code in ("arrived", "out", "delivered"):
        life.say(code)


def _nothing(_: _CarrierJourney) -> None:
    """Never handed over to the carrier."""


_JOURNEYS: dict[str, Callable[[_CarrierJourney], None]] = {
    "plain": _plain,
    "short": _plain,
    "tried_again": _tried_again,
    "sent_back": _sent_back,
    "paper_later": _paper_later,
    "handed_on": _handed_on,
    "counter": _counter,
    "lost": _lost,
    "taken_back": _taken_back,
    "same_second": _same_second,
    "nothing": _nothing,
}


def carrier_journey(chance: Random, posted_at: datetime, sayable: Collection[str]) -> tuple[str, list[Happening]]:
    """A package's kind of journey and its future events, of those kinds that the carrier can tell."""
    kinds = [kind for kind, (_, needed) in KINDS.items() if needed <= set(sayable)]
    kind = chance.choices(kinds, [KINDS[each][0] for each in kinds])[0]
    life = _CarrierJourney(chance, posted_at, sayable)
    _JOURNEYS[kind](life)
    return kind, sorted(life.events, key=lambda happening: happening.happened_at)
